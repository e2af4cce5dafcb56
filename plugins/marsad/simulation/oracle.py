"""What must come out, counted from what was put in: verdicts, records, figures. Nothing here reads a file back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from marsad.contracts.model import Contract
from marsad.simulation.faults import FAULTS, critical, warned
from marsad.simulation.figures import period
from marsad.simulation.histories import statuses
from marsad.simulation.rows import Row

LEAST_VOLUME, MOST_VOLUME = 0.5, 2.0
"""Rows of a file as a share of the last one taken, beyond which offices are asked whether it is whole."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One file as sent: its rows in order, the line of the first one, and what is wrong with the file as a whole.

    ``trouble`` is the kind of a file fault that refuses it before rows are judged. ``first`` names the file whose bytes
    are sent again. ``total_line`` is true when a total row ends the table. ``version`` orders the sendings of a feed.
    """

    file: str
    contract: Contract
    provider: str
    rows: Sequence[Row]
    first_line: int
    version: date
    notes: tuple[str, ...] = ()
    trouble: str | None = None
    first: str | None = None
    total_row: bool = False

    @property
    def feed(self) -> str:
        """The feed whose inbox gets the file."""
        return self.contract.feed

    @property
    def rows_read(self) -> int:
        """Rows a reader finds; none where it cannot get as far as the rows."""
        return 0 if self.trouble else len(self.rows) + self.total_row


@dataclass(frozen=True, slots=True)
class Expect:
    """The verdict on one file."""

    status: str
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    rows_unchanged: int


@dataclass(slots=True)
class _Record:
    """The revisions of one record by version; the newest is in force unless a snapshot withdrew it."""

    revisions: dict[date, Row] = field(default_factory=dict)
    withdrawn: bool = False

    @property
    def current(self) -> Row:
        return self.revisions[max(self.revisions)]


class Oracle:
    """Keeps the books of all sendings, in the order of sending."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], dict[str, _Record]] = defaultdict(dict)
        self._contracts: dict[str, Contract] = {}
        self._expects: dict[str, Expect] = {}
        self._before: dict[tuple[str, str], int] = {}
        self.files: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []

    def take(self, sending: Sending) -> Expect:
        """Book one sending and tell its verdict."""
        self._contracts[sending.feed] = sending.contract
        expect = self._verdict(sending)
        self._expects[sending.file] = expect
        entry = {"file": sending.file, "feed": sending.feed, "provider": sending.provider, "expect": asdict(expect)}
        first = {"first": sending.first} if sending.first else {}
        self.files.append({**entry, "cases": list(sending.notes), **first})
        return expect

    def _verdict(self, sending: Sending) -> Expect:
        if sending.first:
            first = self._expects[sending.first]
            return Expect(
                "duplicate", first.rows_read, first.rows_accepted, first.rows_quarantined, first.rows_unchanged
            )
        self._name_faults(sending)
        read = sending.rows_read
        bad = sum(critical(row) for row in sending.rows) + sending.total_row
        if sending.trouble:
            return Expect("refused", read, 0, read, 0)
        if bad > read * sending.contract.refuse_above:
            self._name(sending, None, None, "half_broken")
            return Expect("refused", read, 0, read, 0)
        good = [row for row in sending.rows if not critical(row)]
        unchanged = sum(self._store(sending, row) for row in good)
        self._withdraw(sending, good)
        odd = self._odd_volume(sending)
        clean = bad == 0 and not odd and not any(warned(row) for row in good)
        return Expect("accepted" if clean else "accepted_with_findings", read, len(good) - unchanged, bad, unchanged)

    def _odd_volume(self, sending: Sending) -> bool:
        """Whether the size of a whole list differs much from the provider's last one that was taken."""
        if sending.contract.mode != "snapshot":
            return False
        place = sending.feed, sending.provider
        before = self._before.get(place, sending.rows_read)
        if any(not critical(row) for row in sending.rows):
            self._before[place] = sending.rows_read
        odd = not before * LEAST_VOLUME <= sending.rows_read <= before * MOST_VOLUME
        if odd:
            self._name(sending, None, None, "odd_volume")
        return odd

    def _name_faults(self, sending: Sending) -> None:
        if sending.trouble:
            self._name(sending, None, None, sending.trouble)
            return
        for line, row in enumerate(sending.rows, sending.first_line):
            for kind in row.faults:
                self._name(sending, line, None if kind == "missing_key" else row.key, kind)
        if sending.total_row:
            self._name(sending, sending.first_line + len(sending.rows), None, "total_row")

    def _name(self, sending: Sending, line: int | None, record_id: str | None, kind: str) -> None:
        place = {"file": sending.file, "row": line, "record_id": record_id}
        self.faults.append({**place, "kind": kind, "severity": FAULTS[kind].severity})

    def _store(self, sending: Sending, row: Row) -> bool:
        """Add a statement; True when the warehouse already says the same of the record."""
        record = self._records[sending.feed, sending.provider].setdefault(row.key, _Record())
        version = sending.contract.revision.value
        known = [] if record.withdrawn or not record.revisions else [record.current]
        known += [record.revisions[sending.version]] if sending.version in record.revisions else []
        unchanged = any(old.content(version) == row.content(version) for old in known)
        record.revisions[sending.version] = row
        record.withdrawn = False
        return unchanged

    def _withdraw(self, sending: Sending, good: Sequence[Row]) -> None:
        """In a snapshot feed, a record not named again in a period that the sending covers is withdrawn."""
        if sending.contract.mode != "snapshot":
            return
        covered = {period(sending.contract, row) for row in good}
        named = {row.key for row in sending.rows}
        for key, record in self._records[sending.feed, sending.provider].items():
            if key not in named and period(sending.contract, record.current) in covered:
                record.withdrawn = True

    def current(self) -> Iterable[tuple[Contract, str, Row]]:
        """Contract, provider and row of each record in force."""
        for contract, provider, _, row in self.in_force():
            yield contract, provider, row

    def in_force(self) -> Iterable[tuple[Contract, str, date, Row]]:
        """The same with the version of each."""
        for (feed, provider), records in self._records.items():
            for record in records.values():
                if not record.withdrawn:
                    yield self._contracts[feed], provider, max(record.revisions), record.current

    def statuses(self) -> list[dict[str, Any]]:
        """The history of statuses of each victim's record in force."""
        return statuses(
            (self._contracts[feed], provider, record.revisions)
            for (feed, provider), records in self._records.items()
            for record in records.values()
            if not record.withdrawn
        )

    def persons(self) -> list[dict[str, Any]]:
        """Each true person with the records in force that speak of her or him."""
        found: dict[str, list[list[str]]] = defaultdict(list)
        for contract, provider, row in self.current():
            if row.person:
                found[row.person].append([contract.feed, provider, row.key])
        return [{"person": person, "records": sorted(found[person])} for person in sorted(found)]

    def others(self) -> list[list[str]]:
        """The records in force that speak of nobody."""
        return sorted([one.feed, provider, row.key] for one, provider, row in self.current() if not row.person)
