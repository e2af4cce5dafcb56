"""A table's raw blocks made into values and states under one contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import pyarrow as pa

from marsad.contracts.codelists import CodeList
from marsad.contracts.model import Column, Contract
from marsad.contracts.text import fold
from marsad.intake.blocks import NormalBlock, RawBlock
from marsad.intake.normalise.age import AgeDeriver
from marsad.intake.normalise.columns import ColumnRead, ColumnReader
from marsad.intake.normalise.headers import match_headers
from marsad.quality.states import LATEST

YEAR_SUFFIX = "__year"


class Normaliser:
    """Reads all blocks of one table: ``header`` holds the header texts in file order, ``came`` is its day of arrival.

    Raises UsageFault when the contract cannot be followed (unknown code list, a format that is none); never because of
    anything in the file.
    """

    def __init__(
        self,
        contract: Contract,
        codelists: Mapping[str, CodeList],
        header: Sequence[str],
        came: date | None = None,
    ) -> None:
        self._last_day = came + timedelta(1) if came else None
        latest = datetime.combine(self._last_day, time.max) if self._last_day else None
        self._latest = pa.scalar(latest, pa.timestamp("us"))
        self._columns = contract.columns
        self._header = tuple(header)
        self._matched = match_headers(contract.columns, header)
        self._readers = {column.name: ColumnReader(column, codelists) for column in contract.columns}
        self._age = AgeDeriver(contract, contract.age, codelists) if contract.age else None

    @property
    def matched(self) -> Mapping[str, str]:
        """Contract column -> raw column (``c0``), of those the file has."""
        return self._matched

    @property
    def missing(self) -> tuple[Column, ...]:
        """Contract columns that the file does not have; their cells read as blank."""
        return tuple(column for column in self._columns if column.name not in self._matched)

    @property
    def unknown(self) -> Mapping[str, str]:
        """Raw columns that fill no contract column, with their header text."""
        used = set(self._matched.values())
        return {f"c{i}": text for i, text in enumerate(self._header) if f"c{i}" not in used}

    @property
    def repeated(self) -> Mapping[str, str]:
        """Those of ``unknown`` whose header reads like one already matched: raw column -> contract column."""
        folded = {f"c{i}": fold(text) for i, text in enumerate(self._header)}
        first = {folded[raw]: name for name, raw in self._matched.items()}
        return {raw: first[folded[raw]] for raw in self.unknown if folded[raw] in first}

    def block(self, raw: RawBlock) -> NormalBlock:
        """The block as understood: every contract column, in the contract's order, and the derived columns."""
        reads = {column.name: self._read(column, raw) for column in self._columns}
        years = {name: read.years for name, read in reads.items() if read.years is not None}
        values = {name: read.values for name, read in reads.items()}
        states = {name: read.states for name, read in reads.items()}
        if self._age:
            arrays, marks = self._age.derive(values, years, len(raw))
            values |= arrays
            states |= marks
        values |= {name + YEAR_SUFFIX: known for name, known in years.items()}
        values[LATEST] = pa.repeat(self._latest, len(raw))
        return NormalBlock(raw, values, states, self.unknown, self._matched)

    def _read(self, column: Column, raw: RawBlock) -> ColumnRead:
        source = self._matched.get(column.name)
        if source is None:
            return ColumnRead.absent(column, len(raw))
        read = self._readers[column.name].read(_flat(raw.cells.column(source)))
        hidden = column.vaulted and column.type == "date"  # judges see the other days themselves
        return read.until(self._last_day) if hidden and self._last_day else read


def _flat(cells: pa.ChunkedArray) -> pa.StringArray:
    """The column as one array of strings, without a copy where it is one already."""
    whole = cells.chunk(0) if cells.num_chunks == 1 else cells.combine_chunks()
    return whole if pa.types.is_string(whole.type) else whole.cast(pa.string())
