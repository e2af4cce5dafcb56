"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS) through calamine: one table a sheet."""

from __future__ import annotations

import datetime as dt
import errno
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import python_calamine as calamine

from marsad import durable
from marsad.contracts.text import fold
from marsad.errors import ProviderFault
from marsad.intake.reading import limits
from marsad.intake.reading.areas import Area, areas
from marsad.intake.reading.failed_formulas import failed_formulas
from marsad.intake.reading.grouped import Span
from marsad.intake.reading.header import Header, find_header
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.merged import rows_within
from marsad.intake.reading.notes import Note
from marsad.intake.reading.opendocument import sheets_of_ods
from marsad.intake.reading.records import Piece, grid_piece, without_nul
from marsad.intake.reading.tables import TableInfo, demand, locate

_EXACT = 10**15
"""Up to here a double holds every integer that a workbook shows."""

_GROUP = 10_000
_DAMAGED = (calamine.CalamineError, OSError, ValueError, OverflowError)
_PANIC = "PanicException"
"""What a bug in the Rust library raises; it derives from BaseException and cannot be imported."""

_OS_ERROR = re.compile(r"\(os error (\d+)\)")
"""How Rust ends the text of an error of the system; its other OSErrors are about bytes that are not there."""

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""What the standards of workbooks allow (ISO/IEC 29500-2 annex B, ODF 1.3 part 2)."""


def guard_zip(path: Path) -> frozenset[str]:
    """Names of the parts of an archive, after its size, number of parts and checksums were found harmless.

    calamine unpacks without limit, so the limits are kept here. Raises ProviderFault; OSError when the disk fails.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(archive.infolist())
            _refuse_unknown(archive.infolist())
            damaged = archive.testzip()
            names = frozenset(name.replace("\\", "/") for name in archive.namelist())
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, zlib.error):
        raise ProviderFault("file.truncated_archive") from None
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise ProviderFault("file.truncated_archive") from None  # a place before the start of the file
    if damaged is not None:
        raise ProviderFault("file.truncated_archive")
    return names


def _refuse_unknown(entries: list[zipfile.ZipInfo]) -> None:
    if any(entry.flag_bits & 1 for entry in entries):
        raise ProviderFault("file.encrypted")
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise ProviderFault("file.unreadable")


def _refuse_bomb(entries: list[zipfile.ZipInfo]) -> None:
    size = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    dense = size > limits.RATIO_FREE_BYTES and size > limits.MAX_ZIP_RATIO * packed
    if size > limits.MAX_UNZIPPED_BYTES or dense or len(entries) > limits.MAX_ZIP_ENTRIES:
        raise ProviderFault("file.too_large", limit=limits.MAX_UNZIPPED_BYTES >> 20)


@dataclass(frozen=True, slots=True)
class _Found:
    """A table as first seen: its sheet, where it is there, its first rows, its header."""

    sheet: str
    hidden: bool
    left: int  # blank columns of the sheet before those that calamine gives
    area: Area
    head: list[list[str]]
    spans: list[Span]
    header: Header | None

    @property
    def known(self) -> frozenset[int]:
        """The contract's columns that its header names."""
        return self.header.found if self.header else frozenset()

    @property
    def has_rows(self) -> bool:
        """Whether there is more than its titles."""
        return self.header is not None and self.area.rows > self.header.data

    def goes_on_in(self, other: _Found) -> bool:
        """Whether another one has the same titles in the same columns further down."""
        place = (self.sheet, self.area.left, self.area.right) == (other.sheet, other.area.left, other.area.right)
        return place and self.area.bottom <= other.area.top and self.titles == other.titles != []

    @property
    def titles(self) -> list[str]:
        """Its header as titles are compared."""
        return list(map(fold, self.header.cells)) if self.header else []


class _Book:
    """A workbook that stays open: its tables are read after it was looked into, and several may share a sheet."""

    def __init__(self, path: Path, *, ods: bool) -> None:
        self._path = path
        self._facts = sheets_of_ods(path) if ods else None
        self._book = calamine.CalamineWorkbook.from_path(path)
        self._sheet: calamine.CalamineSheet | None = None

    @property
    def sheets(self) -> list[calamine.SheetMetadata]:
        """Those with tables."""
        return [sheet for sheet in self._book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]

    def sheet(self, name: str) -> calamine.CalamineSheet:
        """The sheet, kept until another is asked for."""
        if self._sheet is None or self._sheet.name != name:
            self._sheet = None  # its memory is needed for the next
            self._sheet = self._book.get_sheet_by_name(name)
        return self._sheet

    def release(self) -> None:
        """Let go of the sheet that was read last."""
        self._sheet = None

    def merged(self, name: str) -> list[Span]:
        """The merged cells of a sheet."""
        if self._facts is not None:
            return self._facts[name].spans if name in self._facts else []
        return [Span(*first, *last) for first, last in self.sheet(name).merged_cell_ranges or ()]

    def texts(self, name: str) -> Iterator[list[str]]:
        """The rows of a sheet with what failed formulas show."""
        if self._facts is None:
            failed = failed_formulas(self._path, name)
        else:
            failed = self._facts[name].failed if name in self._facts else {}
        return _with_failed(_texts(self.sheet(name)), failed, self.sheet(name))


@dataclass(frozen=True, slots=True)
class Stretches:
    """Parts of a sheet that are read as one table, each below a header; ``last`` of that sheet, or more will follow."""

    book: _Book
    sheet: str
    parts: tuple[tuple[Area, Header], ...]
    last: bool

    def pieces(self, _table: TableInfo) -> Iterator[Piece]:
        """The rows below the headers."""
        with _Defects():
            rows = enumerate(self.book.texts(self.sheet), 1)
            at = 0
            for area, header in self.parts:
                first = area.top + header.data
                below = ((number, area.cut(row)) for number, row in islice(rows, first - at, area.bottom - at))
                while group := list(islice(below, _GROUP)):
                    yield grid_piece(group, area.right - area.left)
                at = area.bottom
        if self.last:
            self.book.release()


def open_workbook(path: Path, hints: Hints | None, *, ods: bool = False) -> list[TableInfo]:
    """Tables of a workbook; with hints the one that the contract means. Raises ProviderFault."""
    with _Defects():
        book = _Book(path, ods=ods)
        found = [each for sheet in book.sheets for each in _tables(book, sheet, hints)]
        if hints and not found and any(any(row) for sheet in book.sheets for row in book.texts(sheet.name)):
            demand(frozenset(), hints)  # its sender sees failed formulas, and no empty file
    if not found:
        raise ProviderFault("file.empty")
    if hints:
        return [_meant(book, found, hints)]
    book.release()
    following = [*(each.sheet for each in found[1:]), None]
    return [_table(book, [each], None, last=each.sheet != then) for each, then in zip(found, following, strict=True)]


def _tables(book: _Book, about: calamine.SheetMetadata, hints: Hints | None) -> Iterator[_Found]:
    sheet = book.sheet(about.name)
    if sheet.start is None:
        return
    columns, rows = sheet.total_width + 1, sheet.total_height + 1
    if columns > limits.MAX_COLUMNS:
        raise ProviderFault("file.too_many_columns", columns=columns, limit=limits.MAX_COLUMNS)
    if columns * rows > limits.MAX_CELLS:
        raise ProviderFault("file.too_large", limit=limits.MAX_UNZIPPED_BYTES >> 20)
    hidden, shift = about.visible != calamine.SheetVisibleEnum.Visible, sheet.start[1]
    spans = [span._replace(left=span.left - shift, right=span.right - shift) for span in book.merged(about.name)]
    for area, head in _heads(sheet, areas(sheet.iter_rows(), sheet.width, cell_text, hints)):
        within = [span for each in spans if (span := area.span(each))]
        yield _Found(about.name, hidden, shift, area, head, within, find_header(head, hints, within))


def _heads(sheet: calamine.CalamineSheet, found: list[Area]) -> Iterator[tuple[Area, list[list[str]]]]:
    """Each area with its first rows, in one pass: areas stand below one another, or side by side from one row on."""
    rows, at = _texts(sheet), 0
    for top, beside in groupby(found, key=lambda area: area.top):
        group = list(beside)
        stop = min(max(area.bottom for area in group), top + limits.SAMPLE_ROWS)
        head = list(islice(rows, top - at, stop - at))
        at = stop
        yield from ((area, [area.cut(row) for row in head[: area.bottom - top]]) for area in group)


def _meant(book: _Book, found: list[_Found], hints: Hints) -> TableInfo:
    """The table of the sheet that the contract names, else the one whose header names most of its columns.

    Visible sheets come first. What has the same titles further down the sheet is read with it.
    """
    named = [each for each in found if fold(each.sheet) in hints.sheets]
    best = max(named or found, key=lambda each: (len(each.known), not each.hidden))
    read = [best, *(each for each in found if best.goes_on_in(each))]
    others = [each for each in found if each.sheet == best.sheet and each not in read]
    needed = hints.required or best.known
    rivals = [each for each in others if each.known and each.known >= needed]
    if rivals:
        raise ProviderFault("file.tables_several", tables=len(rivals) + 1)
    table = _table(book, read, hints)
    if others:
        table.found_notes.append(Note("file.note.other_tables", sum(each.area.rows for each in others)))
    fitting = [each for each in found if each.sheet != best.sheet and each.known >= needed and each.has_rows]
    sheets = {each.sheet for each in fitting if not each.hidden and fold(each.sheet) not in hints.examples}
    if sheets:
        table.found_notes.append(Note("file.note.other_sheets", len(sheets)))
    return table


def _table(book: _Book, read: list[_Found], hints: Hints | None, *, last: bool = True) -> TableInfo:
    first, *others = read
    header = locate(first.head, hints, first.spans, first.left + first.area.left)
    again = [each.header for each in others if each.header]
    parts = ((first.area, header), *((each.area, each.header) for each in others if each.header))
    counts = {
        "file.note.banner": header.banner + sum(other.banner for other in again),
        "file.note.titles_again": sum(len(other.rows) for other in again),
        "file.note.merged": sum(map(_rows_merged, read, (at for _, at in parts))),
        "file.note.hidden_sheet": int(first.hidden),
    }
    return TableInfo(
        header=list(header.cells),
        header_rows=[first.area.top + row + 1 for row in header.rows],
        pieces=Stretches(book, first.sheet, parts, last).pieces,
        sheet=first.sheet,
        hints=hints,
        left=first.left + first.area.left,
        found_notes=[Note(rule, count) for rule, count in counts.items() if count],
    )


def _rows_merged(found: _Found, header: Header) -> int:
    """Rows of data with merged cells; not lines over the whole width, which are notes."""
    width = found.area.right - found.area.left
    spans = [span for span in found.spans if span.right - span.left + 1 < max(width, 2)]
    return rows_within(spans, header.data, found.area.bottom - found.area.top)


def _texts(sheet: calamine.CalamineSheet) -> Iterator[list[str]]:
    for row in sheet.iter_rows():
        texts = [cell if type(cell) is str else cell_text(cell) for cell in row]
        yield [without_nul(text) for text in texts] if "\0" in "".join(texts) else texts


def _with_failed(
    rows: Iterator[list[str]], failed: dict[int, dict[int, str]], sheet: calamine.CalamineSheet
) -> Iterator[list[str]]:
    """The rows with what failed formulas show, where calamine gives blanks."""
    left = sheet.start[1] if sheet.start else 0
    for number, row in enumerate(rows, 1):
        for column, text in failed.get(number, {}).items():
            if left <= column < left + len(row) and not row[column - left]:
                row[column - left] = text
        yield row


def cell_text(cell: object) -> str:
    """A workbook's value as the text its sender would write: ISO dates, no ``.0``, ``true``/``false``."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else f"{cell:.15g}"
        case dt.datetime():
            return (cell.date() if cell.time() == dt.time() else cell).isoformat()
        case dt.timedelta():
            return _duration(cell)
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)


def _duration(cell: dt.timedelta) -> str:
    minutes, seconds = divmod(round(cell.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


class _Defects:
    """Makes what calamine says of a damaged or locked workbook the sender's fault (its texts may quote cells).

    A disk that fails is ours.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: object, _trace: object) -> None:
        if kind is None:
            return
        if issubclass(kind, (OSError, calamine.CalamineError)) and (number := _OS_ERROR.search(str(error))):
            raise durable.os_fault(OSError(int(number[1]), ""), "reading a workbook") from None
        if issubclass(kind, calamine.PasswordError):
            raise ProviderFault("file.encrypted") from None
        if issubclass(kind, _DAMAGED) or kind.__name__ == _PANIC:
            raise ProviderFault("file.unreadable") from None
