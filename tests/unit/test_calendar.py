"""Periods: every day is in exactly one, labels and days agree, and what is no label is none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marsad.intake.calendar import CADENCES, parse, period_of, periods

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@given(DAYS, st.sampled_from(CADENCES))
def test_a_label_names_its_days(day: date, cadence) -> None:
    period = period_of(cadence, day)
    assert period.starts_on <= day <= period.ends_on
    assert parse(period.label) == period
    assert period.cadence == cadence


@given(DAYS, st.integers(0, 800), st.sampled_from(CADENCES))
def test_periods_follow_each_other_without_gap(first: date, length: int, cadence) -> None:
    last = first + timedelta(days=length)
    found = list(periods(cadence, first, last))
    assert found[0].starts_on <= first
    assert found[-1].starts_on <= last <= found[-1].ends_on
    assert all(a.ends_on + timedelta(days=1) == b.starts_on for a, b in zip(found, found[1:], strict=False))


@pytest.mark.parametrize(
    ("label", "starts_on", "ends_on"),
    [
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-Q4", date(2025, 10, 1), date(2025, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2025-W01", date(2024, 12, 30), date(2025, 1, 5)),  # ISO 8601: the week of the first Thursday
        ("2025-03-15", date(2025, 3, 15), date(2025, 3, 15)),
    ],
)
def test_days_of_periods(label: str, starts_on: date, ends_on: date) -> None:
    period = parse(label)
    assert period is not None
    assert (period.starts_on, period.ends_on) == (starts_on, ends_on)


@pytest.mark.parametrize("label", ["unknown", "", "2025-13", "2025-02-30", "2025-Q5", "2025-W54", "25-01", "2025-1",
                                   "2025-00", "2025-W00", "2025-01-00"])  # fmt: skip
def test_what_is_no_period(label: str) -> None:
    assert parse(label) is None
