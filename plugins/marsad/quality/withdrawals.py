"""Rows that withdraw a record, and which rules speak of them (docs/adr/0010-withdrawals.md)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.model import Contract
from marsad.quality.frames import SHAPE, STATE, Judged, plain
from marsad.quality.states import LATEST


def withdrawing(contract: Contract, block: Judged) -> npt.NDArray[np.bool_]:
    """A flag a row: true where the contract's withdrawal column holds one of the codes that withdraw the record."""
    rule = contract.withdrawal
    if rule is None:
        return np.zeros(len(block.raw.rows), np.bool_)
    codes = pa.array(sorted(rule.values), pa.string())
    found: npt.NDArray[np.bool_] = pc.is_in(plain(block.values[rule.column]), codes).to_numpy(zero_copy_only=False)
    return found


def columns_of_withdrawals(contract: Contract) -> frozenset[str]:
    """What must be right of a withdrawing row: its shape, its day, the cells that say which record, version, and that.

    Names of the judge's frame. Rules that read anything else do not speak of such a row.
    """
    names = {column.name for column in contract.key}
    if contract.revision.kind == "column":
        names.add(contract.revision.value)
    if contract.withdrawal is not None:
        names.add(contract.withdrawal.column)
    return frozenset({SHAPE, LATEST, *names, *(f"{name}{STATE}" for name in names)})


def without(rows: npt.NDArray[np.int64], left_out: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Those of the positions ``rows`` that are not flagged."""
    kept: npt.NDArray[np.int64] = rows[~left_out[rows]]
    return kept
