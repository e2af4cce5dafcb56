"""Which rows of a delivery state a record that stands further up in it, found while the file still flows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Mask = npt.NDArray[np.bool_]


class Met:
    """The records of a delivery met so far, as hashes of their ids: eight bytes each, so five million take 40 MB.

    Of two records with one hash the second looks like a repeat; that costs a moment and changes nothing.
    """

    def __init__(self) -> None:
        self._hashes = np.empty(0, np.uint64)  # sorted

    def again(self, ids: pa.StringArray, refused: Mask) -> Mask:
        """A flag a row: True where a row further up, not refused, states the same record. Takes the block in."""
        again = np.zeros(len(ids), np.bool_)
        rows = np.flatnonzero(~refused)
        hashes = pd.util.hash_array(ids.to_numpy(zero_copy_only=False)[rows], categorize=False)
        distinct, first = np.unique(hashes, return_index=True)
        places = np.searchsorted(self._hashes, distinct)
        new = np.ones(len(distinct), np.bool_)
        inside = places < len(self._hashes)
        new[inside] = self._hashes[places[inside]] != distinct[inside]
        again[rows] = True
        again[rows[first[new]]] = False
        self._hashes = np.insert(self._hashes, places[new], distinct[new])
        return again
