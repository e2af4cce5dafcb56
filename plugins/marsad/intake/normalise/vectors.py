"""Whole columns at once: which cells of a column are certain, and their values, found without touching each in Python.

A fast reader returns values and a mask; where the mask is True, value and state OK are exactly what the cell reader of
the column would give. It may be unsure of any cell, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.model import Column
from marsad.intake.normalise.cells import FAILED_SIGN, CellReader, blank_keys, clean, placeholder_keys
from marsad.intake.normalise.fixed_dates import dates, timestamps
from marsad.intake.normalise.numbers import integer_reader, number_reader
from marsad.intake.normalise.scan import Bytes, FastReader, Mask, as_mask, is_digit, only, scan

# Characters that cleaning leaves as they are in any company: none combines with a neighbour under NFC, none changes
# length in lower case (as ß would). First those of two bytes in UTF-8 (Latin-1 and Arabic letters, punctuation), then
# the rest that French needs.
_INERT_PAIRS = "".join(map(chr, (*range(0xC0, 0xDF), *range(0xE0, 0x100), *range(0x621, 0x63B), *range(0x640, 0x64B))))
_INERT_PAIRS += "Œœ«»°،؛؟"
_INERT = _INERT_PAIRS + "’–"
_MULTIBYTE = 0xC0  # first bytes of characters of several bytes start here
_LONGEST_INTEGER = 18  # any number of so many digits fits
_LONGEST_FLOAT = 15  # and of so many is read exactly alike by all parsers


def fast_reader(column: Column) -> FastReader | None:
    """The fast reader for a column, or None where its cells repeat so much that there is nothing to gain."""
    if column.many or column.codelist:
        return None
    makers: Mapping[str, Callable[[Column], FastReader | None]] = {
        "text": _texts,
        "identifier": _identifiers,
        "integer": _integers,
        "number": _numbers,
        "date": dates,
        "timestamp": timestamps,
    }
    maker = makers.get(column.type)
    reader = maker(column) if maker else None
    return _without_blanks(reader, column) if reader else None


def _without_blanks(reader: FastReader, column: Column) -> FastReader:
    """The reader, unsure of cells that are a blank spelling or a placeholder as they stand."""
    keys = (blank_keys(column.blanks) | placeholder_keys(column.placeholders)) - {""}
    if not keys:
        return reader
    find = _blank_finder(keys)

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        values, sure = reader(cells)
        return values, sure & ~find(cells)

    return read


def _blank_finder(keys: frozenset[str]) -> Callable[[pa.StringArray], Mask]:
    """Finds the blank spellings among cells that need no cleaning."""
    values = pa.array(sorted(keys))
    lengths = sorted({len(key) for key in keys})

    def find_any(cells: pa.StringArray) -> Mask:
        return as_mask(pc.is_in(pc.utf8_lower(cells), value_set=values))

    def find_ascii(cells: pa.StringArray) -> Mask:
        found: Mask = np.isin(scan(cells).lengths, lengths)
        if found.any():
            few = cells.filter(pa.array(found))
            found[found] = as_mask(pc.is_in(pc.ascii_lower(few), value_set=values))
        return found

    return find_ascii if all(key.isascii() for key in keys) else find_any


def _texts(_: Column) -> FastReader:
    return lambda cells: (cells, _typed(cells))


def _typed(cells: pa.StringArray) -> Mask:
    """Cells to take as they are: untouched, and for certain no formula that failed."""
    return _untouched(cells) & ~as_mask(pc.starts_with(cells, FAILED_SIGN))


def _identifiers(column: Column) -> FastReader | None:
    if column.pattern is None:
        return _texts(column)
    pattern = rf"\A(?:{column.pattern})\z"
    if not _linear(pattern):
        return None

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        return cells, _typed(cells) & as_mask(pc.match_substring_regex(cells, pattern))

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
    if len(seen.data) and seen.data.max() >= _MULTIBYTE:
        odd = seen.count(_odd_characters(seen.data)) > 0
        if odd.any():
            odd[odd] = as_mask(pc.match_substring_regex(cells.filter(pa.array(odd)), rf"[^ -~{_INERT}]"))
            sure &= ~odd
    return sure


def _odd_characters(data: Bytes) -> Mask:
    """First bytes of characters beyond ASCII that are none of the inert pairs."""
    pairs = data.astype(np.uint16) << 8
    pairs[:-1] |= data[1:]
    odd: Mask = _odd_pairs()[pairs]
    return odd


@cache
def _odd_pairs() -> Mask:
    odd = np.arange(2**16) >= _MULTIBYTE << 8
    odd[[int.from_bytes(character.encode(), "big") for character in _INERT_PAIRS]] = False
    return odd


def _integers(column: Column) -> FastReader:
    nothing = _blank_values(integer_reader(column.formats, (), column.name), column)

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        seen = scan(cells)
        sure: Mask = (seen.lengths > 0) & (seen.lengths <= _LONGEST_INTEGER) & (seen.count(~is_digit(seen.data)) == 0)
        return _figures(cells, sure, pa.int64(), nothing)

    return read


def _numbers(column: Column) -> FastReader:
    nothing = _blank_values(number_reader(column.formats, (), column.name), column)
    points = 0 if column.formats else 1  # a listed pattern may give the point another meaning

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        seen = scan(cells)
        digits, point = is_digit(seen.data), seen.data == ord(".")
        sure: Mask = (seen.lengths > 0) & (seen.lengths <= _LONGEST_FLOAT) & (seen.count(~digits & ~point) == 0)
        sure &= (seen.count(point) <= points) & ~seen.edge(lambda byte: byte == ord("."))
        return _figures(cells, sure, pa.float64(), nothing)

    return read


def _blank_values(read: CellReader, column: Column) -> pa.Array:
    found = {read(clean(blank)[0]).value for blank in (*column.blanks, *column.placeholders)} - {None}
    return pa.array(sorted(found, key=str))


def _figures(cells: pa.StringArray, sure: Mask, kind: pa.DataType, nothing: pa.Array) -> tuple[pa.Array, Mask]:
    values = only(cells, sure).cast(kind)
    if len(nothing):
        sure = sure & ~as_mask(pc.is_in(values, value_set=nothing.cast(kind)))
    return values, sure
