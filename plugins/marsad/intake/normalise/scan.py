"""The bytes of a string column, looked at all at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
FastReader = Callable[[pa.StringArray], tuple[pa.Array, Mask]]


@dataclass(frozen=True, slots=True)
class Scan:
    """The bytes of a string column: ``data`` of all cells, ``ends`` where each starts (one more than cells)."""

    data: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int32]

    @property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Bytes a cell."""
        return np.diff(self.ends)

    def count(self, flags: Mask) -> npt.NDArray[np.int64]:
        """Flagged bytes a cell."""
        cells = len(self.ends) - 1
        flagged = np.flatnonzero(flags)
        if len(flagged) < cells:  # looking up few places is cheaper than summing over all bytes
            return np.bincount(np.searchsorted(self.ends, flagged, side="right") - 1, minlength=cells)
        before = np.zeros(len(flags) + 1, np.int64)
        np.cumsum(flags, out=before[1:])
        return before[self.ends[1:]] - before[self.ends[:-1]]

    def edge(self, test: Callable[[npt.NDArray[np.uint8]], Mask]) -> Mask:
        """Cells whose first or last byte passes the test; meaningless for empty cells."""
        if not len(self.data):
            return np.zeros(len(self.ends) - 1, np.bool_)
        first = self.data[np.minimum(self.ends[:-1], len(self.data) - 1)]
        last = self.data[self.ends[1:] - 1]
        return test(first) | test(last)


def scan(cells: pa.StringArray) -> Scan:
    """A view (no copy) of the column's bytes."""
    _, offsets, data = cells.buffers()
    ends = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    content = np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8)
    return Scan(content[ends[0] : ends[-1]], ends - ends[0])


def only(cells: pa.StringArray, kept: Mask) -> pa.StringArray:
    """The cells with null in all rows that are not kept."""
    return cells if kept.all() else pc.if_else(pa.array(kept), cells, pa.scalar(None, pa.string()))


def is_digit(data: Bytes) -> Mask:
    """Which bytes are 0-9."""
    digit: Mask = (data >= ord("0")) & (data <= ord("9"))
    return digit


def as_mask(values: pa.Array) -> Mask:
    """A boolean array of arrow as one of numpy."""
    mask: Mask = values.to_numpy(zero_copy_only=False)
    return mask
