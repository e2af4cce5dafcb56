"""One door to all formats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from marsad.errors import ProviderFault
from marsad.intake.blocks import RawBlock
from marsad.intake.reading.archives import Member, members
from marsad.intake.reading.documents import open_document
from marsad.intake.reading.formats import Format, demand_format, detect_format
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.notes import Note
from marsad.intake.reading.tables import TableInfo
from marsad.intake.reading.text import open_text
from marsad.intake.reading.workbook import open_workbook

_PACKED = frozenset({"zip", "gz"})


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that can be read. With hints ``tables`` holds exactly the one that the contract means."""

    path: Path
    format: Format
    tables: list[TableInfo]

    def blocks(self) -> Iterator[RawBlock]:
        """The rows of all tables in order, streamed; may be called again. Raises ProviderFault on what shows late."""
        for table in self.tables:
            yield from table.blocks()


def open_file(path: Path, *, hints: Hints | None = None, name: str | None = None) -> ReadFile:
    """Look into a file and find its tables.

    ``name`` is the original file name where ``path`` has none of its own. Raises ProviderFault, with a rule of
    ``schemas/messages.yaml``, for what cannot be read or is not what ``hints`` expect.
    """
    found = detect_format(path, name or path.name)
    if found in _PACKED:
        return ReadFile(path, found, _unpacked(path, name or path.name, hints))
    return ReadFile(path, found, _tables(path, found, hints))


def _tables(path: Path, found: Format, hints: Hints | None) -> list[TableInfo]:
    if hints:
        demand_format(found, hints.formats)
    if found == "csv":
        return [open_text(path, hints)]
    if found == "json":
        return [open_document(path, hints)]
    return open_workbook(path, hints, ods=found == "ods")


def _unpacked(path: Path, name: str, hints: Hints | None) -> list[TableInfo]:
    """Tables of the files in an archive; with hints those of the one file that the contract means."""
    if hints is None:
        return [table for member in members(path, name) for table in _tables_within(member, None)]
    fitting, faults = [], []
    for member in members(path, name):
        try:
            fitting.append(_tables_within(member, hints))
        except ProviderFault as fault:
            faults.append(fault)
    if len(fitting) > 1:
        raise ProviderFault("file.archive_several", files=len(fitting))
    if not fitting:
        raise faults[0]
    for table in fitting[0] if faults else ():
        table.found_notes.append(Note("file.note.archive", len(faults)))
    return fitting[0]


def _tables_within(member: Member, hints: Hints | None) -> list[TableInfo]:
    found = detect_format(member.path, member.name)
    if found in _PACKED:
        raise ProviderFault("file.archive")
    tables = _tables(member.path, found, hints)
    for table in tables:
        table.held, table.member = member, member.name
    return tables
