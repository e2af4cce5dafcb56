"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS) through calamine: one table a sheet."""

from __future__ import annotations

import datetime as dt
import errno
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import python_calamine as calamine

from marsad import durable
from marsad.contracts.text import fold
from marsad.errors import ProviderFault
from marsad.intake.reading import limits
from marsad.intake.reading.header import Header, find_header
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.notes import Note
from marsad.intake.reading.records import Piece, grid_piece, without_nul
from marsad.intake.reading.tables import TableInfo, locate

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
class Sheet:
    """One sheet of a workbook, read again from the file for each pass."""

    path: Path
    name: str
    header: Header
    width: int

    def pieces(self, _table: TableInfo) -> Iterator[Piece]:
        """The rows below the header."""
        with _Defects(), calamine.CalamineWorkbook.from_path(self.path) as book:
            rows = enumerate(_texts(book.get_sheet_by_name(self.name)), 1)
            below = islice(rows, self.header.data, None)
            while group := list(islice(below, _GROUP)):
                yield grid_piece(group, self.width)


def open_workbook(path: Path, hints: Hints | None) -> list[TableInfo]:
    """Tables of a workbook; with hints the one that the contract means. Raises ProviderFault."""
    with _Defects(), calamine.CalamineWorkbook.from_path(path) as book:
        hidden = {sheet.name for sheet in book.sheets_metadata if sheet.visible != calamine.SheetVisibleEnum.Visible}
        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
        heads = {name: head for name in names if any(map(any, head := _head(book, name)))}
    if not heads:
        raise ProviderFault("file.empty")
    chosen = [_chosen(heads, hidden, hints)] if hints else list(heads)
    return [_table(path, name, heads[name], name in hidden, hints) for name in chosen]


def _table(path: Path, name: str, head: list[list[str]], hidden: bool, hints: Hints | None) -> TableInfo:
    header, width = locate(head, hints), max(map(len, head))
    notes = [Note("file.note.banner", header.banner)] if header.banner else []
    return TableInfo(
        header=list(header.cells),
        header_rows=[row + 1 for row in header.rows],
        pieces=Sheet(path, name, header, width).pieces,
        sheet=name,
        hints=hints,
        found_notes=[*notes, Note("file.note.hidden_sheet", 1)] if hidden else notes,
    )


def _chosen(heads: dict[str, list[list[str]]], hidden: set[str], hints: Hints) -> str:
    """The sheet that the contract names, else the one whose header names most of its columns; visible ones first."""
    named = [name for name in heads if hints.sheet and fold(name) == fold(hints.sheet)]
    return max(named or heads, key=lambda name: (_found(heads[name], hints), name not in hidden))


def _found(head: list[list[str]], hints: Hints) -> int:
    header = find_header(head, hints)
    return len(header.found) if header else 0


def _head(book: calamine.CalamineWorkbook, name: str) -> list[list[str]]:
    sheet = book.get_sheet_by_name(name)
    if sheet.start is None:
        return []
    columns, rows = sheet.total_width + 1, sheet.total_height + 1
    if columns > limits.MAX_COLUMNS:
        raise ProviderFault("file.too_many_columns", columns=columns, limit=limits.MAX_COLUMNS)
    if columns * rows > limits.MAX_CELLS:
        raise ProviderFault("file.too_large", limit=limits.MAX_UNZIPPED_BYTES >> 20)
    return list(islice(_texts(sheet), limits.SAMPLE_ROWS))


def _texts(sheet: calamine.CalamineSheet) -> Iterator[list[str]]:
    if sheet.start is not None:
        for row in sheet.iter_rows():
            texts = [cell if type(cell) is str else cell_text(cell) for cell in row]
            yield [without_nul(text) for text in texts] if "\0" in "".join(texts) else texts


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
