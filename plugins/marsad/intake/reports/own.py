"""The sender's own workbook with a summary in front and marked cells, as far as openpyxl can carry it."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import openpyxl
from openpyxl.comments import Comment
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import IllegalCharacterError, InvalidFileException
from openpyxl.workbook import Workbook
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from marsad.contracts.spreadsheet import looks_calculated
from marsad.intake.reports.marks import COLOURS, Mark, Place
from marsad.intake.reports.summary import WIDTHS, Line

MOST_CELLS = 60_000
"""Used area of all sheets together that openpyxl carries in a few seconds."""

MOST_BYTES = 32 << 20
"""Its parts unpacked: looked at before openpyxl builds an object of every cell."""

NOTES = 1_000
"""Cells that get a note; a spreadsheet program is slow with more. All are coloured."""

# What openpyxl raises on workbooks that other programs read; its own kinds are few.
_UNABLE = (
    AttributeError, ET.ParseError, IllegalCharacterError, IndexError, InvalidFileException, KeyError, OverflowError,
    TypeError, ValueError, zipfile.BadZipFile,
)  # fmt: skip
_NOT_FILLED = frozenset({"autoFilter", "c", "dimension", "f", "sortCondition", "sortState", "table"})
"""Elements whose range openpyxl only keeps as text."""

_AUTHOR = "Marsad"
_NOTE_WIDTH, _NOTE_HEIGHT = 380, 150  # pixels


def annotate_own(
    path: Path, sheet: str, lines: Sequence[Line], marked: Mapping[Place, Mark], names: tuple[str, bool]
) -> bytes | None:
    """The workbook at ``path`` with marks on ``sheet``; None where openpyxl is not able to carry it.

    Formulas become the values that were read, links go. ``names`` are the summary's name and whether it runs from
    right to left.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                return None
            if sum(_cells_named(archive)) > MOST_CELLS:
                return None
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, data_only=True, keep_links=False)
        if sum(each.max_row * each.max_column for each in book.worksheets) > MOST_CELLS:
            return None
        _make_harmless(book)
        _mark(book[sheet], marked)
        _add_summary(book, lines, names)
        return _saved(book)
    except _UNABLE:
        return None


def _cells_named(archive: zipfile.ZipFile) -> Iterator[int]:
    """Cells of each range that openpyxl fills with objects as it loads: a few bytes can name thousands of millions.

    All parts are looked at, since those that are sheets may have any name.
    """
    for entry in archive.infolist():
        with archive.open(entry) as part:
            try:
                for _, element in ET.iterparse(part):  # noqa: S314 - expat bounds entities; openpyxl reads it so too
                    if "ref" in element.attrib and element.tag.rpartition("}")[2] not in _NOT_FILLED:
                        left, top, right, bottom = range_boundaries(element.attrib["ref"])
                        yield (right - left + 1) * (bottom - top + 1)
                    element.clear()
            except ET.ParseError:  # a picture, or what openpyxl cannot read either
                continue


class _MemoryWriter(ExcelWriter):  # type: ignore[misc]  # openpyxl has no types
    """Writes sheets in memory: openpyxl's own writer puts each, in clear, into a temporary file first."""

    def write_worksheet(self, ws: Worksheet) -> None:
        ws._drawing = SpreadsheetDrawing()  # noqa: SLF001 - as in the method that this one replaces (openpyxl 3.1)
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images  # noqa: SLF001
        content = io.BytesIO()
        writer = WorksheetWriter(ws, content)
        writer.write()
        ws._rels = writer._rels  # noqa: SLF001
        self._archive.writestr(ws.path[1:], content.getvalue())
        self.manifest.append(ws)


def _saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _MemoryWriter(book, archive).save()
    return buffer.getvalue()


def _make_harmless(book: Workbook) -> None:
    for name, defined in list(book.defined_names.items()):
        if "|" in (defined.value or "") or "[" in (defined.value or ""):  # other programs, other workbooks
            del book.defined_names[name]
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and looks_calculated(cell.value):
                    cell.data_type, cell.quotePrefix = "s", True
                if cell.hyperlink:
                    cell.hyperlink = None


def _mark(sheet: Worksheet, marked: Mapping[Place, Mark]) -> None:
    for count, ((row, column), mark) in enumerate(marked.items()):
        cell = sheet.cell(row + 1, column + 1)
        cell.fill = PatternFill("solid", start_color=COLOURS[mark.severity])
        if count < NOTES:
            before = f"{cell.comment.text}\n\n" if cell.comment else ""
            cell.comment = Comment(before + mark.note, _AUTHOR, height=_NOTE_HEIGHT, width=_NOTE_WIDTH)


def _add_summary(book: Workbook, lines: Sequence[Line], names: tuple[str, bool]) -> None:
    name, rtl = names
    sheet = book.create_sheet(name, 0)
    sheet.sheet_view.rightToLeft = rtl
    for place, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCD"[place]].width = width
    for row, line in enumerate(lines, 1):
        for column in range(1, len(line.cells) + 1):
            _write(sheet, row, column, line)
    for each in book.worksheets:
        each.sheet_view.tabSelected = False
    book.active = 0


def _write(sheet: Worksheet, row: int, column: int, line: Line) -> None:
    value = line.cells[column - 1]
    cell = sheet.cell(row, column)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # also a file name that begins like a formula
        cell.quotePrefix = looks_calculated(value)
    cell.alignment = Alignment(wrap_text=len(line.cells) == len(WIDTHS), vertical="top", horizontal=None)
    if line.kind == "title":
        cell.font = Font(bold=True, size=16, color=line.colour)
    elif line.kind == "head":
        cell.font = Font(bold=True)
    elif line.kind in COLOURS and column == 1:
        cell.fill = PatternFill("solid", start_color=COLOURS[line.kind])
        cell.font = Font(bold=True)
