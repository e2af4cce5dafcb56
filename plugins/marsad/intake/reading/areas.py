"""Where tables stand on a sheet: below one another after blank rows, side by side after blank columns.

Neither parts a table by itself, since people leave rows and columns blank within one: what follows must have titles of
its own. In doubt there is one table, whose odd rows show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations
from operator import or_

from marsad.contracts.text import fold
from marsad.intake.reading.forms import are_titles, column, could_be_data, stands_out
from marsad.intake.reading.grouped import Span
from marsad.intake.reading.hints import Hints

_PROBE = 30
"""Rows looked at after a blank row to tell titles from data."""

_CAPTIONS = 3
"""Lines of one cell that may stand between a blank row and titles."""

_MOST = 200
"""Tables of a sheet told apart at most; further ones stay with the last."""

_ROWS = 3
"""What lines of one table are at least where nothing else tells it from lines above a table."""

_PAIR = 2
_DATE = re.compile(r"\d[/:-]\d")
Text = Callable[[object], str]


@dataclass(frozen=True, slots=True)
class Area:
    """Part of a sheet with one table: rows and columns from 0, ends excluded, and how many rows hold something."""

    top: int
    bottom: int
    left: int
    right: int
    rows: int

    def span(self, sheet: Span) -> Span | None:
        """Merged cells of the sheet as rows and columns of the area; None if they begin elsewhere."""
        if not (self.top <= sheet.top < self.bottom and self.left <= sheet.left < self.right):
            return None
        top, left = self.top, self.left
        return Span(sheet.top - top, sheet.left - left, sheet.bottom - top, sheet.right - left)

    def cut(self, row: list[str]) -> list[str]:
        """The cells of a row of the sheet that are in it."""
        return row[self.left : self.right]


def areas(rows: Iterable[Sequence[object]], width: int, text: Text, hints: Hints | None) -> list[Area]:
    """The areas of a sheet in reading order; none for a blank one. ``text`` makes texts of cells.

    With hints, columns side by side that are all the contract's are one table.
    """
    tables: list[_Table] = []
    for part in _parts(rows, text):
        if tables and (len(tables) == _MOST or not tables[-1].ends_before(part)):
            tables[-1].parts.append(part)
        else:
            tables.append(_Table([part]))
    tops = [0, *(table.parts[0].top for table in tables[1:])]
    ends = [*tops[1:], *(table.parts[-1].bottom for table in tables[-1:])]
    found = []
    for table, top, end in zip(tables, tops, ends, strict=False):
        found += [Area(top, end, left, right, table.rows(left, right)) for left, right in table.sides(width, hints)]
    return found


@dataclass(slots=True)
class _Part:
    """Rows without a blank one between: what is filled in each (a bit a column), and the texts of the first."""

    top: int
    masks: list[int] = field(default_factory=list)
    probe: list[list[str]] = field(default_factory=list)

    @property
    def bottom(self) -> int:
        return self.top + len(self.masks)

    def titles(self) -> int | None:
        """Index of the row that may hold titles, below captions of one cell; None if no row can."""
        first = next((i for i, mask in enumerate(self.masks[: _CAPTIONS + 1]) if mask.bit_count() > 1), None)
        if first is None or first + 1 >= len(self.masks) or not are_titles(self.probe[first]):
            return None
        unnamed = reduce(or_, self.masks[first + 1 :]) & ~self.masks[first]
        return None if unnamed else first

    def stands_out(self) -> bool:
        """Whether its titles are such that nobody could take them for data."""
        first = self.titles()
        if first is None:
            return False
        names, below = self.probe[first], self.probe[first + 1 :]
        return stands_out(names, below) and not could_be_data(names, below)

    def is_table(self) -> bool:
        """Whether it has titles and rows, and is not ``Service: … / Date: …`` above a table."""
        first = self.titles()
        if first is None:
            return False
        even = self.masks[first].bit_count() > _PAIR or (self.stands_out() and self._is_even(first))
        return even and len(self.masks) - first >= _ROWS

    def _is_even(self, first: int) -> bool:
        """Whether no column has dates as well as other cells."""
        columns = (column(self.probe[first + 1 :], place) for place in range(len(self.probe[first])))
        return all(len({_DATE.search(cell) is None for cell in cells}) < 2 for cells in columns)


@dataclass(slots=True)
class _Table:
    parts: list[_Part]

    @property
    def masks(self) -> Iterator[int]:
        return (mask for part in self.parts for mask in part.masks)

    def rows(self, left: int, right: int) -> int:
        """How many rows hold something between two columns."""
        return sum(1 for mask in self.masks if mask & _bits(left, right))

    def ends_before(self, part: _Part) -> bool:
        """Whether a part begins another table."""
        if not any(own.is_table() for own in self.parts):
            return False
        return self.is_repeated_by(part) or (part.stands_out() and not self._continues_in(part))

    def is_repeated_by(self, part: _Part) -> bool:
        """Whether a part begins with the same titles."""
        first, own = part.titles(), self._titles
        return first is not None and own is not None and _folded(own) == _folded(part.probe[first])

    def _continues_in(self, part: _Part) -> bool:
        """Whether what seem to be titles are cells like those of this table's rows."""
        first = part.titles()
        rows = [row for own in self.parts for row in own.probe if row is not self._titles]
        return first is not None and could_be_data(part.probe[first], rows)

    @property
    def _titles(self) -> list[str] | None:
        return next((row for part in self.parts for row in part.probe if are_titles(row)), None)

    def sides(self, width: int, hints: Hints | None) -> list[tuple[int, int]]:
        """Left and right end of each table where several stand side by side; else from its first cell to the margin."""
        runs = _runs(reduce(or_, self.masks))
        whole = [(runs[0][0], width)]
        if len(runs) < 2:
            return whole
        names = [next(self._titles_within(run), []) for run in runs]
        apart = any(_folded(one) == _folded(other) != [] for one, other in combinations(names, 2))
        apart = apart or len({self._extent(run) for run in runs} - {None}) > 1
        return whole if not apart or (hints and _is_one_form(names, hints)) else runs

    def _extent(self, run: tuple[int, int]) -> tuple[int, int] | None:
        """First and last row of what stands in a run of columns; None where rows between are blank there."""
        wanted = _bits(*run)
        filled = [row for row, mask in enumerate(self.masks) if (mask & wanted).bit_count() > 1]
        return (filled[0], filled[-1]) if filled and filled[-1] - filled[0] + 1 == len(filled) else None

    def _titles_within(self, run: tuple[int, int]) -> Iterator[list[str]]:
        rows = (row[slice(*run)] for part in self.parts for row in part.probe)
        return (row for row in rows if are_titles(row))


def _parts(rows: Iterable[Sequence[object]], text: Text) -> Iterator[_Part]:
    part = None
    for number, row in enumerate(rows):
        mask = _mask(row)
        if not mask:
            if part:
                yield part
            part = None
            continue
        part = part or _Part(number)
        if len(part.probe) < _PROBE:
            part.probe.append(list(map(text, row)))
        part.masks.append(mask)
    if part:
        yield part


def _mask(row: Sequence[object]) -> int:
    if all(row):  # 0 and False are no blanks, so the other rows are looked at cell by cell
        return (1 << len(row)) - 1
    filled = (place for place, cell in enumerate(row) if cell != "" and not (type(cell) is str and cell.isspace()))
    return sum(1 << place for place in filled)


def _runs(used: int) -> list[tuple[int, int]]:
    """Runs of used columns; a single column beside a gap belongs to the run at its left (remarks, a note)."""
    runs: list[tuple[int, int]] = []
    for place in range(used.bit_length()):
        if used >> place & 1:
            if runs and runs[-1][1] == place:
                runs[-1] = (runs[-1][0], place + 1)
            else:
                runs.append((place, place + 1))
    joined: list[tuple[int, int]] = []
    for left, right in runs:
        if joined and (right - left == 1 or joined[-1][1] - joined[-1][0] == 1):
            joined[-1] = (joined[-1][0], right)
        else:
            joined.append((left, right))
    return joined


def _is_one_form(names: list[list[str]], hints: Hints) -> bool:
    """Whether the sides all name columns of the contract, and different ones."""
    found = [hints.matches(cells) for cells in names]
    return all(found) and not any(one & other for one, other in combinations(found, 2))


def _bits(left: int, right: int) -> int:
    return (1 << right) - (1 << left)


def _folded(row: Sequence[str]) -> list[str]:
    return [fold(cell) for cell in row]
