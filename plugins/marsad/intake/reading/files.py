"""One door to all formats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from marsad.intake.blocks import RawBlock
from marsad.intake.reading.documents import open_document
from marsad.intake.reading.formats import Format, demand_format, detect_format
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.tables import TableInfo
from marsad.intake.reading.text import open_text
from marsad.intake.reading.workbook import open_workbook


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
    if hints:
        demand_format(found, hints.formats)
    if found == "csv":
        return ReadFile(path, found, [open_text(path, hints)])
    if found == "json":
        return ReadFile(path, found, [open_document(path, hints)])
    return ReadFile(path, found, open_workbook(path, hints))
