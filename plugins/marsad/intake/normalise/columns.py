"""One column of a block: certain cells as a whole, all others once a distinct text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.codelists import CodeList
from marsad.contracts.model import Column
from marsad.intake.blocks import State
from marsad.intake.normalise.cells import Cell
from marsad.intake.normalise.layouts import layouts
from marsad.intake.normalise.reading import cell_reader
from marsad.intake.normalise.vectors import fast_reader

# Texts remembered a column across blocks: all dates of a century, every code; about 10 MB when full.
REMEMBERED = 50_000

_KINDS: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "identifier": pa.string(),
    "code": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}

States = npt.NDArray[np.uint8]


def kind_of(column: Column) -> pa.DataType:
    """Arrow type of a column's values; a list of strings where a cell may hold several."""
    if column.many:
        return pa.list_(pa.string())
    return pa.string() if column.codelist else _KINDS[column.type]


def allows_years(column: Column) -> bool:
    """Whether the contract lists a date pattern without a day (``yyyy``, ``MM/yyyy``)."""
    return column.type == "date" and any("d" not in layout.order for layout in layouts(column.formats, column.name))


@dataclass(frozen=True, slots=True)
class ColumnRead:
    """A column as understood. ``years`` (int64) only for dates that may be known by their year alone."""

    values: pa.Array
    states: States
    years: pa.Array | None = None

    @classmethod
    def absent(cls, column: Column, rows: int) -> ColumnRead:
        """What a column that the file does not have reads as: blank in every row."""
        years = pa.nulls(rows, pa.int64()) if allows_years(column) else None
        return cls(pa.nulls(rows, kind_of(column)), np.full(rows, State.BLANK, np.uint8), years)


class ColumnReader:
    """Reads one column block by block. What it remembers saves time only: no cell depends on another."""

    def __init__(self, column: Column, codelists: Mapping[str, CodeList]) -> None:
        self._kind = kind_of(column)
        self._cell = cell_reader(column, codelists)
        self._fast = fast_reader(column)
        self._years = allows_years(column)
        self._known: dict[str, Cell] = {}

    def read(self, cells: pa.StringArray) -> ColumnRead:
        """The column of one block."""
        if self._fast is None or not len(cells):
            return self._by_text(cells)
        values, sure = self._fast(cells)
        if sure.all():
            return ColumnRead(values, np.zeros(len(cells), np.uint8))
        doubtful = pa.array(~sure)
        rest = self._by_text(cells.filter(doubtful))
        states = np.zeros(len(cells), np.uint8)
        states[~sure] = rest.states
        return ColumnRead(pc.replace_with_mask(values, doubtful, rest.values), states)

    def _by_text(self, cells: pa.StringArray) -> ColumnRead:
        encoded = cells.dictionary_encode()
        found = [self._look_up(text) for text in encoded.dictionary.to_pylist()]
        values = pa.array([cell.value for cell in found], self._kind).take(encoded.indices)
        states = np.array([cell.state for cell in found], np.uint8)[encoded.indices.to_numpy()]
        if not self._years:
            return ColumnRead(values, states)
        years = pa.array([cell.year for cell in found], pa.int64()).take(encoded.indices)
        return ColumnRead(values, states, years)

    def _look_up(self, text: str) -> Cell:
        cell = self._known.get(text)
        if cell is None:
            cell = self._cell(text)
            if len(self._known) < REMEMBERED:
                self._known[text] = cell
        return cell
