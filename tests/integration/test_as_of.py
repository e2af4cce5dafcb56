"""Figures of an earlier day stay what they were, whatever is corrected, withdrawn, judged again or retracted later."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
import sqlalchemy as sa
from tests.integration.station import Station, notes, stays, visit, visits

from marsad.errors import UsageFault
from marsad.intake import pipeline
from marsad.warehouse.query import query

DAYS = [f"{day:02d}/02/2024" for day in range(1, 10)]
FIGURES = """
    SELECT 'records', feed, period, records FROM mart.records WHERE provider = '{sender}'
    UNION ALL SELECT sex, feed, period, victim_records FROM mart.victim_totals WHERE provider = '{sender}'
    UNION ALL SELECT shelter, feed, period, stays FROM mart.shelter_occupancy WHERE provider = '{sender}'
"""


def told(station: Station, sender: str, as_of: str = "") -> list[list[object]]:
    with station.office.engine.connect() as connection:
        connection.execute(sa.text("SELECT set_config('marsad.as_of', :moment, true)"), {"moment": as_of})
        return sorted(list(row) for row in connection.execute(sa.text(FIGURES.format(sender=sender))))


def asked(station: Station, sender: str, as_of: str | None = None) -> list[list[object]]:
    return sorted(query(station.office.settings, FIGURES.format(sender=sender), "analyst", as_of)[1])


def happen(station: Station, sender: str, chance: random.Random, sent: list[str]) -> None:
    """Something that a sender does: a file with corrections, a whole list, a file without a date, or a file back."""
    day, numbers = chance.choice(DAYS), chance.sample(range(1, 6), 2)
    if chance.random() < 0.25 and sent:
        pipeline.retract(station.office, sent.pop(chance.randrange(len(sent))), "tester")
        return
    files = {
        "lab/visits": visits(*(visit(n, day, Sexe=chance.choice("FM")) for n in numbers)),
        "lab/stays": stays(day, **{f"S{n}": chance.choice("AB") for n in numbers}),
        "lab/notes": notes(**{f"N{n}": chance.choice("AB") for n in numbers[:1]}),
    }
    feed = chance.choice(list(files))
    receipt = station.send(feed, files[feed], sender)
    if receipt["status"] != "duplicate":
        sent.append(receipt["delivery_id"])


LONG = [pytest.param(seed, 9, marks=pytest.mark.long) for seed in range(2, 20)]


@pytest.mark.parametrize(("seed", "events"), [(1, 6), *LONG])
def test_what_happens_later_changes_no_figure_of_an_earlier_moment(
    station: Station, sender: str, seed: int, events: int
) -> None:
    chance, sent, then = random.Random(seed), list[str](), dict[datetime, list[list[object]]]()
    for _ in range(events):
        happen(station, sender, chance, sent)
        then[station.office.clock()] = told(station, sender)
    assert len({repr(figures) for figures in then.values()}) > 2, "hardly anything changed"
    for moment, figures in then.items():
        assert told(station, sender, moment.isoformat()) == figures


def test_a_day_is_told_to_its_end_and_nothing_that_is_no_day(station: Station, sender: str) -> None:
    station.send("lab/visits", visits(visit(1)), sender)
    today = station.office.clock().date()
    assert asked(station, sender, today.isoformat()) == asked(station, sender) == told(station, sender) != []
    assert asked(station, sender, today.replace(year=today.year - 1).isoformat()) == []
    with pytest.raises(UsageFault):
        asked(station, sender, "yesterday week")
