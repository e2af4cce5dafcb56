"""Overlap tables as analysts have them: which lists a person is on, and how many persons are on just these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from marsad import durable
from marsad.errors import ProviderFault, UsageFault
from marsad.intake.reading import open_file
from marsad.quality.messages import render

MOST_LISTS = 10
"""More lists have more than 1,023 histories: small lists of one kind are joined first."""

_COUNT = frozenset({"count", "counts", "n", "freq", "frequency"})
_MARKS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}
_LARGEST = 10**9

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class OverlapTable:
    """``counts[h - 1]`` persons are on exactly the lists whose bits are set in ``h`` (bit 0 is the first list)."""

    lists: tuple[str, ...]
    counts: Counts


def read_table(path: Path) -> OverlapTable:
    """The table of ``path``: columns of 0 and 1, and how many persons each row stands for.

    The count is the column that is called so (count, n, freq) or the only one that holds other numbers; without one,
    a row is a person. Histories that are not there count nobody.

    Raises:
        UsageFault: there is no such file, or it is no overlap table; says what to change.
        PassingFault, PlatformFault: the disk.
    """
    header, rows = _cells(path)
    position = _count_position(path, header, rows)
    lists = tuple(name for index, name in enumerate(header) if index != position)
    if not 2 <= len(lists) <= MOST_LISTS:
        raise UsageFault(f"{path}: {len(lists)} lists; an overlap table has 2 to {MOST_LISTS} columns of 0 and 1")
    counts = np.zeros((1 << len(lists)) - 1, dtype=np.int64)
    for number, (history, persons) in enumerate(_histories(path, header, rows, position), start=1):
        if persons and not history:
            raise UsageFault(f"{path}, row {number} of the data: on no list, so nobody can have counted it")
        if persons:
            counts[history - 1] += persons
    return OverlapTable(lists, counts)


def _cells(path: Path) -> tuple[list[str], list[list[str]]]:
    if not path.is_file():
        raise UsageFault(f"{path} is not a file")
    try:
        with durable.os_faults("reading the file"):
            table = open_file(path).tables[0]
            blocks = [block.cells.to_pydict().values() for block in table.blocks()]
    except ProviderFault as fault:
        raise UsageFault(f"{path}: {render(fault.rule, 'en', fault.params)}") from None
    rows = [[cell.strip() for cell in row] for columns in blocks for row in zip(*columns, strict=True)]
    header = table.header if table.header_rows else rows.pop(0) if rows else []  # lists may be called 1, 2, 3
    if not rows or len(set(header)) < len(header):
        raise UsageFault(f"{path}: an overlap table has a row of titles, all different, and rows below it")
    return header, rows


def _count_position(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    others = [i for i in range(len(header)) if any(row[i].casefold() not in _MARKS for row in rows)]
    named = [i for i, name in enumerate(header) if name.strip().casefold() in _COUNT]
    if len(others) > 1:
        titles = ", ".join(header[i] for i in others)
        raise UsageFault(f"{path}: only one column, the count, may hold other cells than 0 and 1, but {titles} do")
    if not others:
        return named[-1] if named else None
    seen = [tuple(row[: others[0]]) + tuple(row[others[0] + 1 :]) for row in rows]
    if others[0] not in named and len(set(seen)) < len(seen):
        raise UsageFault(f"{path}: is {header[others[0]]} a count? Call it count, or leave it out if a row is a person")
    return others[0]


def _histories(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], position: int | None
) -> Iterator[tuple[int, int]]:
    for number, row in enumerate(rows, start=1):
        persons = 1 if position is None else _count(row[position])
        if persons is None:
            raise UsageFault(f"{path}, row {number} of the data: {header[position or 0]} is no count of persons")
        marks = [_MARKS[cell.casefold()] for index, cell in enumerate(row) if index != position]
        yield sum(mark << bit for bit, mark in enumerate(marks)), persons


def _count(cell: str) -> int | None:
    text = cell.removesuffix(".0") or "0"
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _LARGEST else None
