"""Small histories of one sender, and what must count after all of it whatever the order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from tests.integration.station import STAYS, VISITS_OR_NOT, Station, csv, visit, withdrawn_visit

from marsad.intake import pipeline

PROVIDER = "HISTORY"


@dataclass(frozen=True)
class Sending:
    """One file; ``withdrawn`` if the sender takes it back when all has come."""

    feed: str
    content: str
    withdrawn: bool


DAYS = ("01/02/2024", "02/02/2024", "03/02/2024")


@st.composite
def _increment(draw: st.DrawFn) -> str:
    def row(number: int) -> list[object]:
        if draw(st.integers(0, 4)) == 0:
            return withdrawn_visit(number, draw(st.sampled_from(DAYS)))
        told = {"Enfants": draw(st.sampled_from([0, 1, 2, "viele"])), "Nom": draw(st.sampled_from(["A", "B"]))}
        month = draw(st.sampled_from(["15/01/2024", "15/02/2024"]))
        return [*visit(number, draw(st.sampled_from(DAYS)), **told, Rencontre=month), ""]

    return csv(VISITS_OR_NOT, *(row(draw(st.integers(1, 3))) for _ in range(draw(st.integers(1, 4)))))


@st.composite
def _snapshot(draw: st.DrawFn) -> str:
    sent = draw(st.sampled_from(["2024-03-01", "2024-03-02", "2024-03-03"]))

    def row(number: int) -> tuple[object, ...]:
        entered = draw(st.sampled_from(["2024-01-10", "2024-02-10"]))
        return number, draw(st.sampled_from("AB")), draw(st.sampled_from([1, 1, 1, "viele"])), entered, sent

    numbers = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True))
    return csv(STAYS, *map(row, numbers))


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Sending], list[Sending]]:
    """Two orders of the same sendings: corrections, contradictions, snapshots, bad rows, withdrawals."""
    feed, contents = draw(st.sampled_from([("lab/visits", _increment()), ("lab/stays", _snapshot())]))
    files = draw(st.lists(contents, min_size=2, max_size=4, unique=True))
    withdrawn = draw(st.lists(st.booleans(), min_size=len(files), max_size=len(files)))
    sendings = [Sending(feed, *told) for told in zip(files, withdrawn, strict=True)]
    return sendings, draw(st.permutations(sendings))


def final_state(station: Station, sendings: Sequence[Sending]) -> tuple[object, object]:
    """What counts, and which quarantined rows wait, after these sendings alone; withdrawals come last.

    By content: no id of a delivery or a content, and nothing of when it came.
    """
    station.forget()
    ids = [station.send(sending.feed, sending.content, PROVIDER)["delivery_id"] for sending in sendings]
    before = _seen(station, sendings[0].feed)
    for delivery_id, sending in zip(ids, sendings, strict=True):
        if sending.withdrawn:
            pipeline.retract(station.office, delivery_id, "tester")
    return before, _seen(station, sendings[0].feed)


def _seen(station: Station, feed: str) -> tuple[object, object]:
    quarantined = station.rows(
        "SELECT d.sha256, q.row FROM quarantine.record q JOIN ops.delivery d USING (delivery_id) ORDER BY 1, 2"
    )
    return station.state(feed, PROVIDER), quarantined


def assert_any_order(station: Station, history: tuple[list[Sending], list[Sending]]) -> None:
    """Both orders end in one state, before and after the withdrawals, and each record counts at most once."""
    first, second = history
    expected, found = final_state(station, first), final_state(station, second)
    assert found == expected, f"{first}\n{second}\n{expected}\n{found}"
    twice = "SELECT count(*) FROM core.sighting WHERE current GROUP BY feed, provider, record_id HAVING count(*) > 1"
    assert station.rows(twice) == []
