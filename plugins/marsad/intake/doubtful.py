"""Which refused rows may be called by the number in their key cell, and which hold something else there.

A line that broke off a text (a line break or a quotation mark within a cell) has the rest of that text in its first
cells, where the key stands. Kept as a record's number it would be a sentence about a person in clear.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.model import Contract
from marsad.intake.blocks import NormalBlock, Shape


def doubtful_keys(contract: Contract, block: NormalBlock, refused: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """A flag a row: True for a refused one whose key cell cannot be trusted to hold a key.

    That is in total rows, in rows with fewer than half of their cells filled, and in rows with too many cells when a
    column left of the key may hold any text.
    """
    shapes = block.raw.shapes
    doubtful: npt.NDArray[np.bool_] = refused & (shapes == Shape.TOTAL)
    if _text_before_key(contract, block):
        doubtful |= refused & (shapes == Shape.LONG)
    if refused.any():
        cells = block.raw.cells.filter(pa.array(refused))
        doubtful[refused] |= _filled(cells) * 2 < cells.num_columns
    return doubtful


def _text_before_key(contract: Contract, block: NormalBlock) -> bool:
    names = block.raw.cells.column_names
    last = max((names.index(block.matched[c.name]) for c in contract.key if c.name in block.matched), default=-1)
    texts = {block.matched[c.name] for c in contract.columns if c.vaulted and c.name in block.matched}
    return any(name in texts or name in block.unknown for name in names[:last])


def _filled(cells: pa.Table) -> npt.NDArray[np.int64]:
    count = np.zeros(cells.num_rows, np.int64)
    for column in cells.columns:
        count += pc.greater(pc.utf8_length(column), 0).to_numpy()
    return count
