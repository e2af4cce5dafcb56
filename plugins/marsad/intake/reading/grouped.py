"""Titles over several rows: names of groups above, of their columns below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from marsad.contracts.text import fold
from marsad.intake.reading.forms import Records, could_be_data, is_figure, stands_out

_DEEPEST = 3
_YEAR = re.compile(r"(19|20)\d\d")


class Span(NamedTuple):
    """Cells merged into one: rows and columns from 0, ends included. The text stands in the first."""

    top: int
    left: int
    bottom: int
    right: int


def title_rows(records: Records, first: int, spans: Sequence[Span]) -> tuple[range, list[str]] | None:
    """The rows of titles over several rows, one of which is ``first``, and what they say joined; None for one row.

    Rows belong together where cells are merged, or where blank cells of the upper row have names below and no name
    has another below it; the lowest must differ from data.
    """
    for depth in range(_DEEPEST, 1, -1):
        for top in range(max(0, first - depth + 1), first + 1):
            rows, below = records[top : top + depth], records[top + depth :]
            own = [Span(s.top - top, s.left, s.bottom - top, s.right) for s in spans if top <= s.top < top + depth]
            if len(rows) == depth and _Block(rows, own).fits(below, chosen=first == top + depth - 1):
                return range(top, top + depth), _Block(rows, own).names()
    return None


class _Block:
    """Rows that may be titles together."""

    def __init__(self, rows: Records, spans: list[Span]) -> None:
        self.width = max(map(len, rows))
        self.rows = [[*map(str.strip, row), *[""] * (self.width - len(row))] for row in rows]
        self.spans = [span for span in spans if span.right - span.left + 1 < self.width]  # else a line above a table

    def fits(self, below: Records, *, chosen: bool) -> bool:
        """Whether these are titles above the rows ``below``; ``chosen``: the lowest would be them by itself."""
        cells = [cell for row in self.rows for cell in row if cell]
        filled = [place for place in range(self.width) if any(row[place] for row in self.rows)]
        if any(is_figure(cell) and not _YEAR.fullmatch(cell) for cell in cells) or not filled:
            return False
        if filled != list(range(filled[0], filled[-1] + 1)) or not all(map(self._groups, range(len(self.rows) - 1))):
            return False
        last = self.rows[-1]
        if chosen or stands_out(last, below):
            return True
        return bool(self.spans) and len(below) > 0 and not could_be_data(last, below)

    def _groups(self, number: int) -> bool:
        """Whether a row names groups of columns, or columns that have no name below."""
        row, lower = self.rows[number], self.rows[number + 1 :]
        merged = any(span.top == number for span in self.spans)
        starts = [place for place, cell in enumerate(row) if cell]
        if not starts or (len(starts) < 2 and not merged):
            return False
        named = [any(other[place] for other in lower) for place in range(self.width)]
        sizes = [end - start for start, end in pairwise([*starts, self.width]) if named[start]]
        wide = not sizes or sizes[0] > 1 or (merged and max(sizes) > 1)  # else: ``Service | Rabat`` above a table
        return wide and any(named[place] and not row[place] for place in range(self.width))

    def names(self) -> list[str]:
        """The titles joined from the top down, each text once."""
        parts = [
            list(filter(None, (self._text(number, place) for number in range(len(self.rows)))))
            for place in range(self.width)
        ]
        return [" ".join(text for at, text in enumerate(own) if fold(text) not in map(fold, own[:at])) for own in parts]

    def _text(self, number: int, place: int) -> str:
        """The text of a cell, or of what it is part of."""
        own = self.rows[number][place]
        if own or number == len(self.rows) - 1 or not any(row[place] for row in self.rows[number + 1 :]):
            return own
        span = next((s for s in self.spans if s.top == number and s.left < place <= s.right), None)
        return self.rows[number][span.left] if span else self._group(number, place)

    def _group(self, number: int, place: int) -> str:
        """The name at the left whose group nothing but blank cells parts from ``place``; not one for a column alone."""
        row = self.rows[number]
        start = next((at for at in range(place, -1, -1) if row[at]), None)
        if start is None or any(
            span.top <= number <= span.bottom and span.left <= start <= span.right for span in self.spans
        ):
            return ""
        return row[start] if any(other[start] for other in self.rows[number + 1 :]) else ""
