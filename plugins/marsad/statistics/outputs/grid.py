"""A table of a release as it stands on a page, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from marsad.statistics.disclosure.cells import TOTAL
from marsad.statistics.outputs.words import Words, above, ordered
from marsad.statistics.releases.tables import Table


@dataclass(frozen=True)
class Line:
    """One line: how deep its code lies below the total, what it is called, its numbers."""

    depth: int
    label: str
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """Lines under the titles of their columns, the first of which is that of the labels."""

    head: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Bar:
    """One bar of a chart; ``part`` is its colour's label, empty where there is one colour; None is not shown."""

    label: str
    part: str
    value: int | None


def grid(words: Words, table: Table) -> Grid:
    """All cells of a table: the dimension of the fewest codes goes across, the others down."""
    down, across = _sides(words, table)
    columns = ordered(words, table, across) if across else [TOTAL]
    titles = [words.label(across, code) for code in columns] if across else [words.say("number_of")]
    return Grid(
        (" · ".join(words.title(name) for name in down), *titles),
        tuple(
            Line(
                sum(len(above(words.build, table, name)[code]) + (code != TOTAL) for name, code in said.items()),
                " · ".join(words.label(name, code) for name, code in said.items()),
                tuple(words.number(_cell(table, said | ({across: code} if across else {}))) for code in columns),
            )
            for said in _rows(words, table, down)
        ),
    )


def bars(words: Words, table: Table) -> list[Bar]:
    """The uppermost codes of the first dimension that goes down, in the colours of the one that goes across."""
    (first, *_), across = _sides(words, table)
    return [
        Bar(words.label(first, code), words.label(across, part) if across else "", value)
        for code in _uppermost(words, table, first)
        for part in (_uppermost(words, table, across) if across else [TOTAL])
        for value in (_cell(table, {first: code} | ({across: part} if across else {})),)
        if value != 0
    ]


def _sides(words: Words, table: Table) -> tuple[list[str], str]:
    """Which dimensions go down, and which across: none where there is one only."""
    if len(table.spec.by) == 1:
        return [*table.spec.by], ""
    across = min(table.spec.by, key=lambda name: len(ordered(words, table, name)))
    return [name for name in table.spec.by if name != across], across


def _rows(words: Words, table: Table, down: Sequence[str]) -> list[dict[str, str]]:
    return [dict(zip(down, codes, strict=True)) for codes in product(*(ordered(words, table, name) for name in down))]


def _uppermost(words: Words, table: Table, dimension: str) -> list[str]:
    ancestors = above(words.build, table, dimension)
    return [code for code in ordered(words, table, dimension) if code != TOTAL and not ancestors[code]]


def _cell(table: Table, said: Mapping[str, str]) -> int | None:
    return table.cells[tuple(said.get(name, TOTAL) for name in table.spec.by)]
