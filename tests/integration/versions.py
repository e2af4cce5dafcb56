"""Five versions of a feed's files with withdrawals of every kind, and a model of what must count in the end.

The model reads the sequence in order of versions. It knows nothing of tables, deliveries or order of arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from tests.integration.station import STAYS, VISITS_OR_NOT, Station, csv, visit, withdrawn_visit

from marsad.intake import pipeline

VERSIONS = 5
WITHDRAWN = "Retrait"
CHILDREN = {"lab/visits": "children", "lab/stays": "accompanying_children"}
Told = int | str  # how many children, or that the record is withdrawn


@dataclass(frozen=True, slots=True)
class Version:
    """One file: what it says of each record that it names. ``retracted``: the sender takes it back as a whole."""

    number: int
    told: Mapping[int, Told]
    retracted: bool

    def content(self, feed: str) -> str:
        """The file."""
        if feed == "lab/stays":
            return csv((*STAYS, "Opération"), *(self._stay(*one) for one in self.told.items()))
        return csv(VISITS_OR_NOT, *(self._visit(*one) for one in self.told.items()))

    def _stay(self, record: int, told: Told) -> list[object]:
        if told == WITHDRAWN:
            return [record, "", "", "", f"2024-03-0{self.number}", WITHDRAWN]
        return [record, "A", told, "2024-01-10", f"2024-03-0{self.number}", ""]

    def _visit(self, record: int, told: Told) -> list[object]:
        sent = f"0{self.number}/03/2024"
        return withdrawn_visit(record, sent) if told == WITHDRAWN else [*visit(record, sent, Enfants=told), ""]


@st.composite
def sequences(draw: st.DrawFn) -> tuple[str, list[Version], list[tuple[str, int]]]:
    """A feed, its five versions, and an order of events: ``send`` n, and ``retract`` n some time after it came."""
    feed = draw(st.sampled_from(["lab/visits", "lab/stays"]))
    told = st.sampled_from([0, 1, 2, WITHDRAWN])
    files = draw(st.lists(st.dictionaries(st.integers(1, 3), told, min_size=1), min_size=VERSIONS, max_size=VERSIONS))
    retracted = draw(st.sets(st.integers(1, VERSIONS), max_size=2))
    sent = [Version(n, said, n in retracted) for n, said in enumerate(files, 1)]
    events = [("send", n) for n in draw(st.permutations(range(1, VERSIONS + 1)))]
    for number in sorted(retracted):
        come = events.index(("send", number))
        events.insert(draw(st.integers(come + 1, len(events))), ("retract", number))
    return feed, sent, events


def arrive(
    station: Station, feed: str, provider: str, sent: Sequence[Version], events: Sequence[tuple[str, int]]
) -> None:
    """Sends and retracts in the order of the events."""
    ids: dict[int, str] = {}
    for what, number in events:
        if what == "send":
            receipt = station.send(feed, sent[number - 1].content(feed), provider)
            assert receipt["rows_quarantined"] == 0, receipt
            ids[number] = receipt["delivery_id"]
        else:
            pipeline.retract(station.office, ids[number], "tester")


def counting(feed: str, sent: Sequence[Version]) -> list[tuple[str, str, int]]:
    """Record, version and children of all that must count: what was said last, unless that was its withdrawal.

    In a feed of snapshots also only what the last list names. A file of nothing but withdrawals is no list.
    """
    valid = [version for version in sent if not version.retracted]
    last: dict[int, tuple[int, Told]] = {}
    for version in valid:
        last |= {record: (version.number, told) for record, told in version.told.items()}
    lists = [version.told for version in valid if set(version.told.values()) != {WITHDRAWN}]
    listed = lists[-1] if lists else {}
    return sorted(
        (str(record), f"2024-03-0{number}", told)
        for record, (number, told) in last.items()
        if isinstance(told, int) and (feed != "lab/stays" or record in listed)
    )
