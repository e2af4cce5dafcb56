"""Whole columns at once: which cells of a column are certain, and their values, found without touching each in Python.

A fast reader returns values and a mask; where the mask is True, value and state OK are exactly what the cell reader of
the column would give. It may be unsure of any cell, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.model import Column
from marsad.intake.normalise.cells import CellReader, blank_keys, clean
from marsad.intake.normalise.layouts import layouts
from marsad.intake.normalise.numbers import integer_reader, number_reader

Mask = npt.NDArray[np.bool_]
FastReader = Callable[[pa.StringArray], tuple[pa.Array, Mask]]

# Characters that cleaning leaves as they are in any company: printable ASCII, Latin-1 letters, Arabic letters, and
# punctuation of both; none of them combines with a neighbour under NFC or changes length in lower case (as ß would).
_INERT = "À-ÞàáâãäåæçèéêëìíîïñòóôöùúûüÿŒœ«»°’–،؛؟ء-غف-ي"
_LONGEST_INTEGER = 18  # any number of so many digits fits
_LONGEST_FLOAT = 15  # and of so many is read exactly alike by all parsers


@dataclass(frozen=True, slots=True)
class Scan:
    """The bytes of a string column: ``data`` of all cells, ``ends`` where each starts (one more than cells)."""

    data: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int32]

    @property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Bytes a cell."""
        return np.diff(self.ends)

    def count(self, flags: Mask) -> npt.NDArray[np.int32]:
        """Flagged bytes a cell."""
        if not flags.any():
            return np.zeros(len(self.ends) - 1, np.int32)
        before = np.concatenate((np.zeros(1, np.int32), np.cumsum(flags, dtype=np.int32)))
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


def fast_reader(column: Column) -> FastReader | None:
    """The fast reader for a column, or None where its cells repeat so much that there is nothing to gain."""
    if column.many or column.codelist:
        return None
    makers: Mapping[str, Callable[[Column], FastReader | None]] = {
        "text": _texts,
        "identifier": _identifiers,
        "integer": _integers,
        "number": _numbers,
        "timestamp": _timestamps,
    }
    maker = makers.get(column.type)
    return maker(column) if maker else None


def _texts(column: Column) -> FastReader:
    nothing = _blank_finder(column)

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        return cells, _untouched(cells) & ~nothing(cells)

    return read


def _identifiers(column: Column) -> FastReader | None:
    nothing = _blank_finder(column)
    pattern = rf"\A(?:{column.pattern})\z" if column.pattern else None
    if pattern and not _linear(pattern):
        return None

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        sure = _untouched(cells) & ~nothing(cells)
        if pattern:
            sure &= _numpy(pc.match_substring_regex(cells, pattern))
        return cells, sure

    return read


def _linear(pattern: str) -> bool:
    """Whether Arrow's regular expressions (RE2: no look-around, no back references) take the pattern."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def _untouched(cells: pa.StringArray) -> Mask:
    """Cells, not empty, that cleaning would return as they are."""
    seen = scan(cells)
    sure: Mask = (seen.lengths > 0) & ~seen.edge(lambda byte: byte == ord(" "))
    sure &= seen.count((seen.data < ord(" ")) | (seen.data == 0x7F)) == 0
    if len(seen.data) and seen.data.max() >= 0x80:
        other = ~_numpy(pc.string_is_ascii(cells))
        foreign = cells.filter(pa.array(other))
        sure[other] &= ~_numpy(pc.match_substring_regex(foreign, rf"[^ -~{_INERT}]"))
    return sure


def _blank_finder(column: Column) -> Callable[[pa.StringArray], Mask]:
    """Finds blank spellings among cells that need no cleaning."""
    keys = blank_keys(column.blanks) - {""}
    if not keys:
        return lambda cells: np.zeros(len(cells), np.bool_)
    foreign = not all(key.isascii() for key in keys)
    lengths = sorted({len(key) for key in keys})
    values = pa.array(sorted(keys))

    def find(cells: pa.StringArray) -> Mask:
        if foreign:
            return _numpy(pc.is_in(pc.utf8_lower(cells), value_set=values))
        found: Mask = np.isin(scan(cells).lengths, lengths)
        if found.any():
            few = cells.filter(pa.array(found))
            found[found] = _numpy(pc.is_in(pc.ascii_lower(few), value_set=values))
        return found

    return find


def _integers(column: Column) -> FastReader:
    nothing = _blank_values(integer_reader(column.formats, (), column.name), column)

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        seen = scan(cells)
        sure: Mask = (seen.lengths > 0) & (seen.lengths <= _LONGEST_INTEGER) & (seen.count(~_digit(seen.data)) == 0)
        return _figures(cells, sure, pa.int64(), nothing)

    return read


def _numbers(column: Column) -> FastReader:
    nothing = _blank_values(number_reader(column.formats, (), column.name), column)
    points = 0 if column.formats else 1  # a listed pattern may give the point another meaning

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        seen = scan(cells)
        digits, point = _digit(seen.data), seen.data == ord(".")
        sure: Mask = (seen.lengths > 0) & (seen.lengths <= _LONGEST_FLOAT) & (seen.count(~digits & ~point) == 0)
        sure &= (seen.count(point) <= points) & ~seen.edge(lambda byte: byte == ord("."))
        return _figures(cells, sure, pa.float64(), nothing)

    return read


def _digit(data: npt.NDArray[np.uint8]) -> Mask:
    return (data >= ord("0")) & (data <= ord("9"))


def _blank_values(read: CellReader, column: Column) -> pa.Array:
    found = {read(clean(blank)[0]).value for blank in column.blanks} - {None}
    return pa.array(sorted(found, key=str))


def _figures(cells: pa.StringArray, sure: Mask, kind: pa.DataType, nothing: pa.Array) -> tuple[pa.Array, Mask]:
    kept = cells if sure.all() else pc.if_else(pa.array(sure), cells, pa.scalar(None, pa.string()))
    values = kept.cast(kind)
    if len(nothing):
        sure = sure & ~_numpy(pc.is_in(values, value_set=nothing.cast(kind)))
    return values, sure


_ISO_SECONDS = r"\A(?:1[6-9]|[2-9]\d)\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d\z"


def _timestamps(column: Column) -> FastReader | None:
    if any(layout.order == "ydM" for layout in layouts(column.formats, column.name)):
        return None

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        kind = pa.timestamp("us")
        sure = _numpy(pc.match_substring_regex(cells, _ISO_SECONDS))
        try:
            return pc.if_else(pa.array(sure), cells, pa.scalar(None, pa.string())).cast(kind), sure
        except pa.ArrowInvalid:  # a day or an hour that does not exist: the cell reader finds which
            return pa.nulls(len(cells), kind), np.zeros(len(cells), np.bool_)

    return read


def _numpy(values: pa.Array) -> Mask:
    mask: Mask = values.to_numpy(zero_copy_only=False)
    return mask
