"""A bulletin as a PDF, in the direction of its language."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from fpdf.enums import Align, TableBordersLayout
from fpdf.fonts import FontFace

from marsad.register.printed import LINE, Paper
from marsad.statistics.outputs import charts
from marsad.statistics.outputs.grid import Grid

if TYPE_CHECKING:
    from marsad.statistics.outputs.bulletin import Bulletin, Section

_Part = TypeVar("_Part")
_TITLE, _SECTION, _TEXT, _SMALL = 20, 14, 11, 9  # points
_GREY, _BLACK = 90, 0
_CHART = 0.75  # of the width between the margins
_DEEPER = "\u00a0" * 4
_ROOM = 110  # mm that a heading wants below it, else it goes to the next page
_LABELS, _NUMBERS = 3, 1  # widths of columns
_THIN = 0.1  # mm


def pdf(said: Bulletin, at: datetime) -> bytes:
    """The pages of a bulletin, made ``at`` that moment."""
    sheet = _Sheet(f"{said.title} · {said.facts[0]}", at, left=said.language == "ar")
    sheet.say(said.heading, _TEXT, _GREY)
    sheet.say(said.title, _TITLE)
    for fact in said.facts:
        sheet.say(fact, _TEXT, _GREY)
    for remark in said.remarks:
        sheet.say(remark, _TEXT)
    for section in said.sections:
        _add(sheet, section)
    return bytes(sheet.output())


def _add(sheet: _Sheet, section: Section) -> None:
    sheet.ln(LINE)
    if sheet.will_page_break(_ROOM):
        sheet.add_page()
    sheet.say(section.title, _SECTION)
    sheet.picture(charts.png(section.chart), section.chart_title)
    for text in (section.rule, section.note):
        sheet.say(text, _SMALL, _GREY)
    sheet.ln(LINE / 2)
    sheet.numbers(section.grid)
    for text in (section.rule, section.note):
        sheet.say(text, _SMALL, _GREY)


class _Sheet(Paper):
    def __init__(self, title: str, at: datetime, *, left: bool) -> None:
        self._left = left
        super().__init__(title, at)
        self.set_text_shaping(True, direction="rtl" if left else "ltr")

    def say(self, text: str, size: int, grey: int = _BLACK) -> None:
        """A paragraph."""
        self.set_font_size(size)
        self.set_text_color(grey)
        line = size * LINE / _TEXT
        self.multi_cell(0, line, self.printable(text), align=self._start, new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(_BLACK)

    def picture(self, content: bytes, told: str) -> None:
        """A chart, where lines begin."""
        width = self.epw * _CHART
        self.image(io.BytesIO(content), x=self._start, w=width, alt_text=told)

    def numbers(self, grid: Grid) -> None:
        """A table; its first column stands where lines begin."""
        self.set_font_size(_SMALL)
        self.set_line_width(_THIN)
        widths = [_LABELS, *[_NUMBERS] * (len(grid.head) - 1)]
        aligned = [self._start, *[Align.C] * (len(grid.head) - 1)]
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            col_widths=self._sided(widths),
            text_align=self._sided(aligned),
            headings_style=FontFace(emphasis=""),
            line_height=LINE,
        ) as table:
            table.row([self.printable(title) for title in self._sided(grid.head)])
            for line in grid.lines:
                label = _DEEPER * line.depth + line.label
                table.row([self.printable(text) for text in self._sided([label, *line.numbers])])

    @property
    def _start(self) -> Align:
        return Align.R if self._left else Align.L

    def _sided(self, parts: Sequence[_Part]) -> tuple[_Part, ...]:
        return tuple(parts[::-1] if self._left else parts)
