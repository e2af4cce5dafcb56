"""What cells look like: figures or words, titles or data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from marsad.contracts.text import fold

Records = Sequence[Sequence[str]]
ALIKE_SHARE = 0.8
"""Share of a column's cells that must look alike for it to be a column of such cells."""

_FIGURE = re.compile(r"[-+]?[\d٠-٩۰-۹][\d٠-٩۰-۹\s.,:/%TZ+-]*")
_DIGIT, _LETTERS = re.compile(r"\d"), re.compile(r"[^\W\d_]+")


def is_figure(cell: str) -> bool:
    """A number, a date, a time."""
    return _FIGURE.fullmatch(cell.strip()) is not None


def form(cell: str) -> str:
    """``D-0017`` and ``D-0456`` are both ``a-9999``."""
    return _LETTERS.sub("a", _DIGIT.sub("9", cell.strip()))


def column(records: Records, place: int) -> list[str]:
    """The filled cells of a column."""
    return [record[place].strip() for record in records if place < len(record) and record[place].strip()]


def has_figures(records: Records, place: int) -> bool:
    """Whether a column is one of numbers or dates."""
    cells = column(records, place)
    return bool(cells) and sum(map(is_figure, cells)) >= ALIKE_SHARE * len(cells)


def are_titles(record: Sequence[str]) -> bool:
    """Several words that differ from each other, and no figure."""
    cells = [cell for cell in record if cell.strip()]
    return len(cells) > 1 and not any(map(is_figure, cells)) and len(set(map(fold, cells))) == len(cells)


def stands_out(names: Sequence[str], below: Records) -> bool:
    """Whether words stand above a column of figures."""
    filled = (place for place, cell in enumerate(names) if cell.strip())
    return any(has_figures(below, place) and not is_figure(names[place]) for place in filled)


def could_be_data(names: Sequence[str], rows: Records) -> bool:
    """Whether a cell among ``names`` is one of its column, or of the form of most there (``A-17`` over ``A-18``)."""
    return any(_is_of(cell.strip(), column(rows, place)) for place, cell in enumerate(names) if cell.strip())


def _is_of(cell: str, cells: list[str]) -> bool:
    shape = form(cell)
    alike = "9" in shape and sum(form(other) == shape for other in cells) >= ALIKE_SHARE * len(cells) > 0
    return alike or cell in cells
