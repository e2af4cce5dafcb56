"""What a judge sees of a block: states, shapes, and the values of columns that may stand in clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.model import AGE_COLUMNS, Contract
from marsad.quality.states import LATEST, Shape, State

SHAPE = "row__shape"
STATE = "__state"
LIST_SEPARATOR = ";"

_STATE_WORDS = pa.array([state.word for state in State])
_SHAPE_WORDS = pa.array([shape.word for shape in Shape])
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


class RawRows(Protocol):
    """Part of a block that says where its rows stand in the file."""

    @property
    def sheet(self) -> str | None: ...  # noqa: D102
    @property
    def rows(self) -> npt.NDArray[np.int64]: ...  # noqa: D102
    @property
    def shapes(self) -> npt.NDArray[np.uint8]: ...  # noqa: D102


class Judged(Protocol):
    """What a judge needs of a block; ``intake.blocks.NormalBlock`` is one."""

    @property
    def raw(self) -> RawRows: ...  # noqa: D102
    @property
    def values(self) -> Mapping[str, pa.Array]: ...  # noqa: D102
    @property
    def states(self) -> Mapping[str, npt.NDArray[np.uint8]]: ...  # noqa: D102


def frame_columns(contract: Contract) -> frozenset[str]:
    """All names a row rule may read: states, values neither identity nor free text, derived age, what rows have."""
    states = {f"{column.name}{STATE}" for column in contract.columns}
    values = {column.name for column in contract.columns if not column.vaulted}
    return frozenset({SHAPE, LATEST, *states, *values, *(AGE_COLUMNS if contract.age else ())})


def kind_of(name: str, contract: Contract) -> str:
    """What decides the data type of a column of the judge's frame; columns of one kind hold comparable cells."""
    own = next((column for column in contract.columns if column.name == name), None)
    if own is None:
        return {"age_years": "integer", LATEST: "timestamp"}.get(name, "text")
    return own.type if own.type in {"date", "timestamp", "integer", "number", "boolean"} else "text"


def coded(block: Judged, name: str) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """One column of the judge's frame as (code a row, distinct values by code). Null is a value of its own."""
    if name == SHAPE:
        return block.raw.shapes.astype(np.int64), _SHAPE_WORDS
    if name.endswith(STATE) and name not in block.values:
        return block.states[name.removesuffix(STATE)].astype(np.int64), _STATE_WORDS
    encoded = plain(block.values[name]).dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary


def plain(values: pa.Array) -> pa.Array:
    """The array as one that GX can compare: several codes as one text, days and moments as naive timestamps (UTC)."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_list(values.type):
        return pc.binary_join(values, LIST_SEPARATOR)
    if pa.types.is_date(values.type):
        return values.cast(pa.timestamp("s"))
    return values.cast(pa.timestamp(values.type.unit)) if pa.types.is_timestamp(values.type) else values


def to_pandas(values: pa.Array) -> pd.Series:
    """The column as pandas; integers and booleans keep their nulls, so the type never depends on the rows."""
    series: pd.Series = values.to_pandas(types_mapper=_NULLABLE.get)
    return series


def combine(
    columns: Sequence[tuple[npt.NDArray[np.int64], int]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Distinct combinations of coded columns, each (code a row, number of codes).

    Returns the combination of each row, numbered from 0, and for each combination a row that has it.
    """
    combined, size = columns[0]
    for codes, width in columns[1:]:
        if size * width > _DENSE:
            combined, firsts = _factorised(combined)
            size = len(firsts)
        combined = combined * width + codes
        size *= width
    return _counted(combined, size) if size <= _SMALL else _factorised(combined)


_DENSE = 1 << 40  # products of code counts stay far below int64
_SMALL = 1 << 12  # so few codes are cheaper to tick off than to hash


def _counted(codes: npt.NDArray[np.int64], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    first = np.full(size, -1, np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    met = np.flatnonzero(first >= 0)
    if len(met) == 1:
        return np.zeros(len(codes), np.int64), first[met]
    number = np.empty(size, np.int64)
    number[met] = np.arange(len(met))
    return number[codes], first[met]


def _factorised(codes: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    ids, distinct = pd.factorize(codes)
    first = np.empty(len(distinct), np.int64)
    first[ids[::-1]] = np.arange(len(ids) - 1, -1, -1)
    return ids.astype(np.int64), first


def stacked(parts: Sequence[tuple[Sequence[str], Sequence[pa.Array]]]) -> dict[str, pd.Series]:
    """Columns of a frame that holds the parts below each other; what a part lacks is null in its rows."""
    types = {name: cells.type for names, arrays in parts for name, cells in zip(names, arrays, strict=True)}
    return {
        name: to_pandas(
            pa.concat_arrays(
                [
                    arrays[names.index(name)] if name in names else pa.nulls(len(arrays[0]), kind)
                    for names, arrays in parts
                ]
            )
        )
        for name, kind in types.items()
    }
