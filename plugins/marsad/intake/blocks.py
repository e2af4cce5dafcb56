"""The two shapes data has between a file and the warehouse: raw text blocks, then normalised blocks with states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from marsad.quality.states import Shape, State

__all__ = ["BLOCK_ROWS", "NormalBlock", "RawBlock", "Shape", "State"]

BLOCK_ROWS = 32_768  # six blocks are on their way at once: their size is most of the memory a load takes


@dataclass(frozen=True, slots=True)
class RawBlock:
    """Rows as read. ``cells`` has one string column a header cell, named ``c0 … cn`` in file order, never null.

    ``rows`` are row numbers as the sender sees them (1 is the file's first line or the sheet's first row).
    ``shapes`` holds a ``Shape`` a row. Blank rows and footers are not in the block.
    """

    sheet: str | None
    cells: pa.Table
    rows: npt.NDArray[np.int64]
    shapes: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class NormalBlock:
    """Rows as understood: ``values`` and ``states`` by contract column (plus derived columns), all of one length.

    ``values``: arrow string/date32/timestamp/int64/float64/bool arrays, list<string> for multi-valued codes; null
    unless the state is OK or REPAIRED. A date column that allows bare years adds ``<column>__year`` (int64): a bare
    year is the one such cell whose date is null. ``raw`` is the block it came from (quarantine and vault keep what
    was sent). ``unknown`` are raw columns (``c3``) that the contract does not know, with their header text;
    ``matched`` is the raw column of each contract column that the file has.
    """

    raw: RawBlock
    values: Mapping[str, pa.Array]
    states: Mapping[str, npt.NDArray[np.uint8]]
    unknown: Mapping[str, str]
    matched: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.raw)
