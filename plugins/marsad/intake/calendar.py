"""Periods and the days that deliveries are due: plain calendar arithmetic, without clock, database or Airflow."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

Cadence = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
CADENCES: tuple[Cadence, ...] = get_args(Cadence)
_DAY = timedelta(days=1)
LABEL = r"(\d{4})(?:-(?:Q([1-4])|W(0[1-9]|[1-5]\d)|(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?))?"
"""What labels of periods look like; not all that do are one (``2025-02-30``)."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A day, week (ISO 8601), month, quarter or year; ``label`` as in ``ops.coverage``, both days included."""

    starts_on: date
    ends_on: date
    label: str

    def overlaps(self, other: Period) -> bool:
        """Whether the two share a day."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on

    @property
    def cadence(self) -> Cadence:
        """How long it is: ``daily`` is a day."""
        return next(one for one in CADENCES if period_of(one, self.starts_on) == self)


def as_cadence(text: str) -> Cadence | None:
    """A contract's cadence, or None where nothing is ever due (``irregular``)."""
    return text if text in CADENCES else None


def period_of(cadence: Cadence, day: date) -> Period:
    """The period of that length that ``day`` is in."""
    if cadence == "daily":
        return Period(day, day, day.isoformat())
    if cadence == "weekly":
        monday, iso = day - timedelta(days=day.weekday()), day.isocalendar()
        return Period(monday, monday + timedelta(days=6), f"{iso.year:04}-W{iso.week:02}")
    if cadence == "monthly":
        return _months(day.year, day.month, 1, f"{day.year:04}-{day.month:02}")
    if cadence == "quarterly":
        quarter = (day.month + 2) // 3
        return _months(day.year, 3 * quarter - 2, 3, f"{day.year:04}-Q{quarter}")
    return _months(day.year, 1, 12, f"{day.year:04}")


def _months(year: int, first: int, count: int, label: str) -> Period:
    last = first + count - 1
    return Period(date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]), label)


def parse(label: str) -> Period | None:
    """The period that a label names, whatever its length; None for any other text."""
    found = re.fullmatch(LABEL, label)
    if found is None:
        return None
    year, quarter, week, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        if week:
            return period_of("weekly", date.fromisocalendar(year, week, 1))
        cadence: Cadence = "daily" if day else "monthly" if month else "quarterly" if quarter else "yearly"
        return period_of(cadence, date(year, month or 3 * quarter or 1, day or 1))
    except ValueError:
        return None


def periods(cadence: Cadence, first: date, last: date) -> Iterator[Period]:
    """All periods from the one that ``first`` is in to the one that ``last`` is in, in order."""
    period = period_of(cadence, first)
    while period.starts_on <= last:
        yield period
        period = period_of(cadence, period.ends_on + _DAY)
