"""Where the header of a table stands, under banner lines and over two rows too."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from marsad.contracts.text import fold
from marsad.intake.reading.encoding import BROKEN
from marsad.intake.reading.forms import ALIKE_SHARE, Records, form, has_figures, is_figure
from marsad.intake.reading.grouped import Span, title_rows
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.limits import HEADER_ROWS

_TYPED_SHARE = 0.5
"""Share of filled cells of a first row that must be numbers or dates, over such columns, for it to be data."""

_FEW_ALIKE = 3
_SHORT = 4  # signs: shorter forms such as "a9" or "9999" stand in headers too
_YEAR = re.compile(r"(19|20)\d\d")
_REPEATS = 3
"""Rows of one header at most: beyond that, rows alike are data."""


@dataclass(frozen=True, slots=True)
class Header:
    """Cells of the header, indexes of its rows (none if the table has no header), index of the first data row."""

    cells: tuple[str, ...]
    rows: tuple[int, ...]
    data: int
    found: frozenset[int] = frozenset()

    @property
    def banner(self) -> int:
        """Number of rows above the table."""
        return self.rows[0] if self.rows else self.data


def usual_width(records: Records) -> int:
    """The most frequent width of the records that hold something; the larger one of equals; 0 if there are none."""
    widths = Counter(len(record) for record in records if any(map(str.strip, record)))
    return max(widths, key=lambda width: (widths[width], width), default=0)


def find_header(records: Records, hints: Hints | None, spans: Sequence[Span] = ()) -> Header | None:
    """The header among the first records; None if every record is blank. ``spans`` are merged cells among them.

    With hints the row (or pair of rows) that names most contract columns; without, or if none is named, the first row
    of the usual width whose cells are all text and differ from each other, else the best row there is, with the rows
    that belong to it.
    """
    named = _named(records[:HEADER_ROWS], hints) if hints else None
    found = named or _whole(_likely(records), records, spans)
    return _trimmed(found, records) if found else None


def _named(records: Records, hints: Hints) -> Header | None:
    candidates = [*_single_rows(records, hints), *_two_rows(records, hints)]
    best = max(candidates, key=lambda header: (len(header.found), -len(header.rows), -header.data), default=None)
    return best if best and best.found else None


def _whole(header: Header | None, records: Records, spans: Sequence[Span]) -> Header | None:
    """The header with the rows above or below that are part of it."""
    found = title_rows(records, header.rows[0], spans) if header and header.rows else None
    if found is None:
        return header
    rows, cells = found
    return Header(tuple(cells), tuple(rows), rows.stop)


def _single_rows(records: Records, hints: Hints) -> Iterator[Header]:
    for index, record in enumerate(records):
        yield Header(tuple(record), (index,), index + 1, hints.matches(record))


def _two_rows(records: Records, hints: Hints) -> Iterator[Header]:
    """Pairs of rows where the upper one groups the columns of the lower one."""
    for index in range(len(records) - 1):
        upper, lower = records[index], records[index + 1]
        if any(map(str.strip, upper)) and len(lower) >= len(upper):
            cells = tuple(_joined(upper, lower, hints))
            yield Header(cells, (index, index + 1), index + 2, hints.matches(cells))


def _joined(upper: Sequence[str], lower: Sequence[str], hints: Hints) -> Iterator[str]:
    group = ""
    for position, below in enumerate(lower):
        above = upper[position].strip() if position < len(upper) else ""
        group = above or group
        choices = [cell for cell in (below, above, f"{group} {below}") if cell.strip()]
        yield next((cell for cell in choices if hints.matches([cell])), choices[0] if choices else "")


def _likely(records: Records) -> Header | None:
    width = usual_width(records)
    filled = [index for index, record in enumerate(records) if _filled(record)]
    if not filled:
        return None
    half = max(_filled(record) for record in records[:HEADER_ROWS]) / 2
    wide = [index for index in filled if len(records[index]) >= width and index < HEADER_ROWS]
    full = [index for index in wide if _filled(records[index]) >= half] or wide or filled
    first = _above_wider_rows(records, filled, full[0])
    if first is None:
        first = _first_row(records, full, width)
    if _is_data(records, first):
        return Header(tuple(f"c{i + 1}" for i in range(width)), (), first)
    return Header(tuple(records[first]), (first,), first + 1)


def _first_row(records: Records, full: list[int], width: int) -> int:
    """The first clean row, unless the rows above it look like the table already."""
    clean = [index for index in full if len(records[index]) == width and _is_clean(records[index])]
    if clean and not _is_table_row(records, full[0], clean[0], width):
        return clean[0]
    return full[0]


def _above_wider_rows(records: Records, filled: list[int], first: int) -> int | None:
    """A header right above a table whose rows are wider, by separators at their ends: it names half of it or more."""
    above = [index for index in filled if index < first]
    if not above:
        return None
    names, below = records[above[-1]], records[first]
    fits = len(names) > 1 and 2 * len(names) >= len(below) and _is_clean(names)
    return above[-1] if fits and not _is_clean(below) else None


def _is_table_row(records: Records, early: int, late: int, width: int) -> bool:
    """True when the rows from ``early`` on already look like the table, so that a clean row below is data."""
    between = records[early:late]
    full = [record for record in between if len(record) == width and _filled(record) * 2 > width]
    return width > 1 and len(full) == len(between)


def _filled(record: Sequence[str]) -> int:
    return sum(1 for cell in record if cell.strip())


def _is_clean(record: Sequence[str]) -> bool:
    """All cells filled, none a number or a date, no two alike."""
    cells = [cell.strip() for cell in record]
    return all(cells) and not any(map(is_figure, cells)) and len(set(cells)) == len(cells)


def _is_data(records: Records, first: int) -> bool:
    """True when the first row holds numbers and dates where the rows below it hold them too."""
    below = [record for record in records[first + 1 :] if len(record) == len(records[first])]
    filled = [position for position, cell in enumerate(records[first]) if cell.strip()]
    typed = [p for p in filled if is_figure(records[first][p]) and has_figures(below, p)]
    if _are_years([records[first][position].strip() for position in typed]):
        return False
    return (bool(typed) and len(typed) >= _TYPED_SHARE * len(filled)) or _is_alike(records[first], below, filled)


def _are_years(cells: list[str]) -> bool:
    """True for ``2019 2020 2021``: titles of a table by year."""
    years = [int(cell) for cell in cells if _YEAR.fullmatch(cell)]
    rising = all(later > sooner for sooner, later in pairwise(years))
    return len(years) == len(cells) > 2 and (rising or years == sorted(set(years), reverse=True))


def _is_alike(first: Sequence[str], below: Records, filled: list[int]) -> bool:
    """True when two columns have dates, times or numbers like ``D-0017`` of one form from the first row on."""
    return len(below) >= _FEW_ALIKE and sum(1 for position in filled if _formed_alike(first, below, position)) > 1


def _formed_alike(first: Sequence[str], below: Records, position: int) -> bool:
    own = form(first[position])
    cells = [form(record[position]) for record in below if record[position].strip()]
    return "9" in own and len(own) > _SHORT and cells.count(own) >= ALIKE_SHARE * len(below)


def _is_used(records: Records, position: int) -> bool:
    filled = [record for record in records if _filled(record)]
    used = sum(1 for record in filled if len(record) > position and record[position].strip())
    return 2 * used > len(filled)


def _trimmed(header: Header, records: Records) -> Header:
    """Without blank cells at the right end (unless most rows have data there), and past rows that repeat the header."""
    cells = [" ".join(cell.replace(BROKEN, "\ufffd").split()) for cell in header.cells]
    while cells and not cells[-1] and not _is_used(records[header.data :], len(cells) - 1):
        cells.pop()
    rows, data = list(header.rows), header.data
    folded = list(map(fold, cells))
    while 0 < len(rows) < _REPEATS and data < len(records) and list(map(fold, records[data]))[: len(cells)] == folded:
        rows.append(data)
        data += 1
    return Header(tuple(cells), tuple(rows), data, header.found)
