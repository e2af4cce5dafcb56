"""What the reader hands on: tables found in a file, and their rows in blocks of one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from marsad.contracts.spreadsheet import letters
from marsad.contracts.text import fold
from marsad.errors import ProviderFault
from marsad.intake.blocks import RawBlock
from marsad.intake.reading.assemble import Assembler
from marsad.intake.reading.forms import Records
from marsad.intake.reading.grouped import Span
from marsad.intake.reading.header import Header, find_header
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.limits import MAX_COLUMNS
from marsad.intake.reading.notes import Note, summed
from marsad.intake.reading.records import Piece
from marsad.intake.reading.totals import TotalWords

_SHOWN = 8
"""Columns that a refusal names at most."""


@dataclass(slots=True)
class TableInfo:
    """One table of a file. ``header_rows`` are row numbers from 1, empty when the table has no header.

    ``rows_read`` and the notes on what was left out are complete once ``blocks`` is exhausted; ``encoding`` is final
    then too (a file that begins in ASCII shows its encoding late). ``member`` is the file of an archive that holds the
    table, ``held`` what must live as long as it can be read, ``left`` how many columns of the sheet stand before it.
    """

    header: list[str]
    header_rows: list[int]
    pieces: Callable[[TableInfo], Iterator[Piece]]
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    line_end: str | None = None
    hints: Hints | None = None
    rows_read: int = 0
    found_notes: list[Note] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    member: str | None = None
    left: int = 0
    held: object = None

    def blocks(self) -> Iterator[RawBlock]:
        """Rows in order, in blocks of at most ``BLOCK_ROWS`` rows and about 24 MB. Can be called again."""
        self.rows_read, self.notes = 0, list(self.found_notes)
        titles = list(map(fold, self.header)) if self.hints and len(self.header_rows) == 1 else []
        titles = titles if len(set(titles)) > 1 else []
        header = self.header if titles else []
        assembler = Assembler(self.sheet, max(1, len(self.header)), self._totals(), titles, header)
        for piece in self.pieces(self):
            yield from self._counted(assembler.add(piece))
        yield from self._counted(assembler.finish())
        self.notes = summed([*self.notes, *assembler.notes()])

    def _totals(self) -> TotalWords:
        if self.hints is None:
            return TotalWords(frozenset(), ())
        return TotalWords(self.hints.total_words, self.hints.marked(self.header))

    def _counted(self, blocks: Iterator[RawBlock]) -> Iterator[RawBlock]:
        for block in blocks:
            self.rows_read += len(block)
            yield block


def locate(records: Records, hints: Hints | None, spans: Sequence[Span] = (), left: int = 0) -> Header:
    """The header of a table; ProviderFault if there is none, if it is too wide, or if it is another feed's.

    ``left`` are the columns of the sheet before the first of ``records``.
    """
    width = max(map(len, records), default=0)
    if width > MAX_COLUMNS:
        raise ProviderFault("file.too_many_columns", columns=width, limit=MAX_COLUMNS)
    header = find_header(records, hints, spans)
    if header is None:
        raise ProviderFault("file.empty")
    if hints:
        unread = [left + at for at, cell in enumerate(header.cells) if cell and not hints.matches([cell])]
        demand(header.found, hints, unread)
    return header


def demand(found: frozenset[int], hints: Hints, unread: Sequence[int] = ()) -> None:
    """Raise ProviderFault unless the header names the contract's columns well enough to read the rows by it.

    ``unread`` are positions of titles that name none. They are told by letter: what stands there may be a value.
    """
    expected, missing = len(hints.headers), sorted(hints.required - found)
    if not found:
        raise ProviderFault("file.no_header", expected=_names(range(expected), hints))
    if missing and len(found) * 2 < max(len(hints.required), 2):
        raise ProviderFault("file.wrong_feed", found=len(found), columns=expected, expected=_names(missing, hints))
    if missing and unread:
        places = _listed([letters(place) for place in unread])
        raise ProviderFault("file.columns_unread", columns=_names(missing, hints), letters=places)
    if missing:
        raise ProviderFault("file.columns_missing", columns=_names(missing, hints))


def _names(indexes: range | list[int], hints: Hints) -> str:
    return _listed([hints.label(index) for index in indexes])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
