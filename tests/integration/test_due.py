"""What is due, what is late, and which reminder is meant: over the real ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.integration.postbox import FEED, noon, sent_on, standing
from tests.integration.station import Clock, Station, visit, visits

from marsad.intake import due, notices, quiet, reminders
from marsad.intake.due import Slot

pytestmark = pytest.mark.usefixtures("afresh")


# -- the calendar ------------------------------------------------------------------------------------------------------


def test_a_provider_is_expected_from_its_first_file_on(station: Station, sender: str) -> None:
    assert standing(station, "2030-06-20", sender) == {}
    sent_on(station, "2030-02-05", "01/2030", sender)
    assert standing(station, "2030-02-05", sender) == {"2030-01": ("received", 0), "2030-02": ("open", 0)}


def test_the_same_periods_go_from_open_to_due_to_late_and_a_late_file_ends_it(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-05", "01/2030", sender)
    assert standing(station, "2030-02-28", sender)["2030-02"] == ("open", 0)
    assert standing(station, "2030-03-01", sender)["2030-02"] == ("due", 0)
    assert standing(station, "2030-03-10", sender)["2030-02"] == ("due", 0)  # ten days of grace
    assert standing(station, "2030-03-11", sender)["2030-02"] == ("late", 1)
    assert standing(station, "2030-03-20", sender)["2030-02"] == ("late", 10)
    sent_on(station, "2030-03-21", "02/2030", sender, "V2")
    assert standing(station, "2030-05-01", sender)["2030-02"] == ("received", 11)


def test_rows_that_run_ahead_do_not_count_as_the_next_month(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-03", "01/2030", sender)
    sent_on(station, "2030-02-03", "02/2030", sender, "V2")
    assert standing(station, "2030-03-15", sender)["2030-02"] == ("late", 5)
    sent_on(station, "2030-03-30", "03/2030", sender, "V3")  # so near its end it is the month's
    assert standing(station, "2030-04-20", sender)["2030-03"] == ("received", 0)


def test_a_refused_file_is_not_a_delivery_and_a_retracted_one_is_none_any_more(station: Station, sender: str) -> None:
    from marsad.intake import pipeline

    station.office = replace(station.office, clock=Clock(noon("2030-02-03")))
    refused = station.send(FEED, visits(visit("")), sender)
    assert refused["status"] == "refused"
    assert standing(station, "2030-02-12", sender)["2030-01"] == ("late", 2)
    receipt = sent_on(station, "2030-02-13", "01/2030", sender)
    assert standing(station, "2030-02-14", sender)["2030-01"] == ("received", 3)
    pipeline.retract(station.office, receipt["delivery_id"], "tester")
    assert standing(station, "2030-02-14", sender)["2030-01"] == ("late", 4)


def test_nothing_to_report_is_not_late_and_is_audited_once(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-05", "01/2030", sender)
    for first in (True, False):
        with station.office.engine.begin() as connection:
            assert quiet.declare(connection, FEED, sender, "2030-02", "amina", noon("2030-03-02")) is first
    assert standing(station, "2030-04-01", sender)["2030-02"] == ("quiet", 0)
    events = station.rows("SELECT actor, object FROM audit.event WHERE action = 'period.quiet'")
    assert events.count({"actor": "amina", "object": f"{FEED} {sender} 2030-02"}) == 1
    sent_on(station, "2030-04-02", "02/2030", sender, "V2")  # there was something after all
    assert standing(station, "2030-04-03", sender)["2030-02"][0] == "received"


def test_who_has_nothing_to_report_is_expected_from_that_period_on(station: Station, sender: str) -> None:
    with station.office.engine.begin() as connection:
        quiet.declare(connection, FEED, sender, "2030-01", "amina", noon("2030-02-20"))
    expected = {"2030-01": ("quiet", 0), "2030-02": ("late", 5), "2030-03": ("open", 0)}
    assert standing(station, "2030-03-15", sender) == expected


def test_a_wrong_contract_takes_away_its_own_feed_alone(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-05", "01/2030", sender)
    path = station.office.settings.contract_dirs[0] / "lab" / "notes.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("mode: increment", "mode: sometimes"), "utf-8")
    try:
        assert standing(station, "2030-02-05", sender)["2030-01"] == ("received", 0)
    finally:
        path.write_text(text, "utf-8")


def test_analysts_read_the_calendar(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-05", "01/2030", sender)
    assert reminders.compute(station.office.settings, noon("2030-03-20")) == {"expected": 3, "late": 1, "recorded": 0}
    rows = station.rows("SELECT * FROM mart.punctuality WHERE provider = :p ORDER BY period", p=sender)
    assert [(row["period"], row["state"], row["received_on"], row["days_late"]) for row in rows] == [
        ("2030-01", "received", date(2030, 2, 5), 0), ("2030-02", "late", None, 10), ("2030-03", "open", None, 0),
    ]  # fmt: skip
    assert {row["agency"] for row in rows} == {"lab"}


# -- which reminder ----------------------------------------------------------------------------------------------------


def slot_due(day: date, state: str = "due") -> Slot:
    from marsad.intake.calendar import period_of

    period = period_of("monthly", day - timedelta(days=10))
    return Slot(FEED, "S", period, day, state, None, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days", "step"),
    [(-10, None), (-8, None), (-7, "soon"), (-2, "soon"), (-1, "tomorrow"), (0, "tomorrow"), (1, "late"), (6, "late"),
     (7, "very_late"), (13, "very_late"), (14, "escalated"), (20, "escalated"), (21, None), (300, None)],
)  # fmt: skip
def test_the_step_of_a_day(station: Station, days: int, step: str | None) -> None:
    rules = due.load_policy(station.office.settings.schemas)
    slot = slot_due(date(2030, 3, 10), "late" if days > 0 else "due")
    found = notices.step_of(slot, rules, slot.due_on + timedelta(days=days))
    assert (found.name if found else None) == step


@pytest.mark.parametrize("state", ["received", "quiet"])
def test_nobody_is_reminded_of_what_came(station: Station, state: str) -> None:
    rules = due.load_policy(station.office.settings.schemas)
    assert notices.step_of(slot_due(date(2030, 3, 10), state), rules, date(2030, 3, 11)) is None
