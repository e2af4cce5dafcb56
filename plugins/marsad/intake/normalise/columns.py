"""One column of a block: certain cells as a whole, all others once a distinct text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

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

# Texts remembered a column across blocks, about 5 MB when full; dates and clean texts are read without remembering.
REMEMBERED = 20_000

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

    def until(self, last: date) -> ColumnRead:
        """The dates up to ``last``; later ones, and years after its own, have no value and are ``FUTURE``."""
        late = pc.greater(self.values, pa.scalar(last)).fill_null(False)
        if self.years is not None:
            late = pc.or_(late, pc.greater(self.years, last.year).fill_null(False))
        if not pc.any(late).as_py():
            return self
        states = np.where(late, State.FUTURE, self.states).astype(np.uint8)
        years = None if self.years is None else pc.if_else(late, pa.scalar(None, pa.int64()), self.years)
        return ColumnRead(pc.if_else(late, pa.scalar(None, self.values.type), self.values), states, years)


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
        if self._fast is None:
            return self._distinct(cells, self._by_text)
        if pa.types.is_date(self._kind):  # a century has fewer days than a block has rows
            return self._distinct(cells, self._by_vector)
        return self._by_vector(cells)

    def _distinct(self, cells: pa.StringArray, read: Callable[[pa.StringArray], ColumnRead]) -> ColumnRead:
        encoded = cells.dictionary_encode()
        found = read(encoded.dictionary)
        years = found.years.take(encoded.indices) if found.years is not None else None
        states = found.states[encoded.indices.to_numpy()]
        return ColumnRead(found.values.take(encoded.indices), states, years)

    def _by_vector(self, cells: pa.StringArray) -> ColumnRead:
        if self._fast is None or not len(cells):
            return self._by_text(cells)
        values, sure = self._fast(cells)
        years = pc.year(values) if self._years else None
        states = np.zeros(len(cells), np.uint8)
        if sure.all():
            return ColumnRead(values, states, years)
        doubtful = pa.array(~sure)
        rest = self._distinct(cells.filter(doubtful), self._by_text)
        states[~sure] = rest.states
        years = pc.replace_with_mask(years, doubtful, rest.years) if self._years else None
        return ColumnRead(pc.replace_with_mask(values, doubtful, rest.values), states, years)

    def _by_text(self, texts: pa.StringArray) -> ColumnRead:
        found = [self._look_up(text) for text in texts.to_pylist()]
        values = pa.array([cell.value for cell in found], self._kind)
        states = np.array([cell.state for cell in found], np.uint8)
        years = pa.array([cell.year for cell in found], pa.int64()) if self._years else None
        return ColumnRead(values, states, years)

    def _look_up(self, text: str) -> Cell:
        cell = self._known.get(text)
        if cell is None:
            cell = self._cell(text)
            if len(self._known) < REMEMBERED:
                self._known[text] = cell
        return cell
