"""A workbook made from the rows of any file, with a summary in front and marked cells."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from marsad.contracts.spreadsheet import LONGEST, looks_calculated
from marsad.intake.reports.marks import COLOURS, Mark, Place
from marsad.intake.reports.own import NOTES
from marsad.intake.reports.summary import WIDTHS, Line

Rows = Iterator[tuple[int, Sequence[str]]]  # row of the sheet from 0, ascending, and its cells


def make(
    lines: Sequence[Line], sheet: tuple[str, str], rows: Rows, marked: Mapping[Place, Mark], *, rtl: bool
) -> bytes:
    """The workbook as bytes. ``sheet`` are the names of the summary and of the sheet of ``rows``."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        styles = _Styles(book)
        first, second = book.add_worksheet(sheet[0]), book.add_worksheet(sheet[1])
        if rtl:
            first.right_to_left()
            second.right_to_left()
        _write_summary(first, lines, styles)
        _write_rows(second, rows, marked, styles)
    return buffer.getvalue()


class _Styles:
    """Formats by their properties: a workbook must not hold one for each cell."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def of(self, text: object = "", **properties: object) -> Format:
        """The format with these properties, marked as text where ``text`` needs it."""
        if isinstance(text, str) and looks_calculated(text):
            properties["quote_prefix"] = True
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]


def _write_summary(sheet: Worksheet, lines: Sequence[Line], styles: _Styles) -> None:
    for place, width in enumerate(WIDTHS):
        sheet.set_column(place, place, width)
    for row, line in enumerate(lines):
        for column, value in enumerate(line.cells):
            style = styles.of(value, **_look(line, column))
            if isinstance(value, int):
                sheet.write_number(row, column, value, style)
            else:
                sheet.write_string(row, column, value[:LONGEST], style)
    sheet.activate()


def _look(line: Line, column: int) -> dict[str, object]:
    if line.kind == "title":
        return {"bold": True, "font_size": 16, "font_color": f"#{line.colour}"}
    look: dict[str, object] = {"valign": "top", "align": "left"} if line.kind == "plain" else {"valign": "top"}
    if len(line.cells) == len(WIDTHS):
        look["text_wrap"] = True
    if line.kind == "head" or (line.kind in COLOURS and column == 0):
        look["bold"] = True
    if line.kind in COLOURS and column == 0:
        look["bg_color"] = f"#{COLOURS[line.kind]}"
    return look


def _write_rows(sheet: Worksheet, rows: Rows, marked: Mapping[Place, Mark], styles: _Styles) -> None:
    plain, top = styles.of(num_format="@"), None
    for row, cells in rows:
        if top is None:
            top = row
            sheet.set_column(0, max(0, len(cells) - 1), 18, plain)
            sheet.freeze_panes(row + 1, 0)
        for column, text in enumerate(cells):
            mark = marked.get((row, column))
            look = {"bg_color": f"#{COLOURS[mark.severity]}"} if mark else {"bold": True} if row == top else {}
            if text and (look or looks_calculated(text)):
                sheet.write_string(row, column, text[:LONGEST], styles.of(text, num_format="@", **look))
            elif look:
                sheet.write_blank(row, column, None, styles.of(num_format="@", **look))
            elif text:
                sheet.write_string(row, column, text[:LONGEST], plain)
    for (row, column), mark in list(marked.items())[:NOTES]:
        sheet.write_comment(row, column, mark.note[:LONGEST], {"x_scale": 3, "y_scale": 2, "author": "Marsad"})
