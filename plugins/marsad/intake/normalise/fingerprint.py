"""The bytes of a row that a fingerprint is made of: equal when, and only when, the rows say the same.

The bytes hold identities in clear. They are for a keyed hash (HMAC) in memory and never stored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from marsad.intake.blocks import NormalBlock, State
from marsad.intake.normalise.cells import ascii_digits, clean

# Clean text holds none of these: cleaning removes control characters.
_NEXT_COLUMN = "\x1f"
_NEXT_VALUE = "\x1e"
_AS_SENT = "\x01"


def row_bytes(block: NormalBlock, columns: Sequence[str]) -> pa.BinaryArray:
    """One binary value a row over the named columns, in their order; injective on what the cells say.

    A cell with a value counts by its value: the same day written otherwise is the same. A cell that was not understood
    counts by its clean text, so that two rows never become equal by what could not be read. A blank cell counts as
    nothing, and so do blank cells at the end: columns added to the end of a contract leave older rows as they were.
    ``columns`` are contract columns or raw ones that the contract does not know (``c3``).
    """
    if not columns:
        return pa.array([b""] * len(block), pa.binary())
    parts = [_unknown(block, name) if name in block.unknown else _known(block, name) for name in columns]
    joined = pc.binary_join_element_wise(*parts, _NEXT_COLUMN, null_handling="replace", null_replacement="")
    return pc.ascii_rtrim(joined, _NEXT_COLUMN).cast(pa.binary())


def _known(block: NormalBlock, name: str) -> pa.StringArray:
    values, states = block.values[name], block.states[name]
    text = _rendered(values)
    if not values.null_count or name not in block.matched:
        return text
    odd = values.is_null().to_numpy(zero_copy_only=False) & (states != State.BLANK)
    if not odd.any():
        return text
    return pc.replace_with_mask(text, pa.array(odd), _as_sent(block, block.matched[name], odd))


def _rendered(values: pa.Array) -> pa.StringArray:
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_list(values.type):
        return pc.binary_join(values, _NEXT_VALUE)
    return values.cast(pa.string())


def _as_sent(block: NormalBlock, raw: str, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pa.StringArray:
    encoded = _column(block, raw).filter(pa.array(rows)).dictionary_encode()
    texts = [_AS_SENT + ascii_digits(clean(text)[0]) for text in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _unknown(block: NormalBlock, raw: str) -> pa.StringArray:
    encoded = _column(block, raw).dictionary_encode()
    texts = [clean(text)[0] or None for text in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _column(block: NormalBlock, raw: str) -> pa.StringArray:
    return block.raw.cells.column(raw).combine_chunks()
