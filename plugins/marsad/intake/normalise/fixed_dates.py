"""Whole columns of dates and timestamps whose digits stand at fixed places (15/03/2024, 2024-03-15 10:20:00)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.model import Column
from marsad.intake.normalise.layouts import FIRST_YEAR, layouts, rivals
from marsad.intake.normalise.scan import FastReader, Mask, Scan, as_mask, only, scan

_ISO_SECONDS = r"\A(?:1[6-9]|[2-9]\d)\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d\z"
_DATE_BYTES = 10
_WIDTHS: Mapping[str, int] = {"y": 4, "M": 2, "d": 2}
_ORDERS = ("dMy", "Mdy", "yMd", "ydM")
_SEPARATORS = "/-."


@dataclass(frozen=True, slots=True)
class _Places:
    """Where day, month, year and separators stand in ten bytes."""

    fields: Mapping[str, slice]
    marks: tuple[int, ...]
    separator: str


def dates(column: Column) -> FastReader | None:
    """Reads dates of two, two and four digits in the listed patterns; None where those contradict each other."""
    known = layouts(column.formats, column.name)
    if any(rivals(layout, known) for layout in known):
        return None
    shapes = [places for pattern in dict.fromkeys((*column.formats, "yyyy-MM-dd")) if (places := _places(pattern))]

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        seen = scan(cells)
        days, sure = np.zeros(len(cells), "M8[D]"), np.zeros(len(cells), np.bool_)
        for places in shapes:
            rows = np.flatnonzero((seen.lengths == _DATE_BYTES) & ~sure)
            found, real = _read_places(seen, rows, places)
            days[rows[real]], sure[rows[real]] = found[real], True
        return pa.array(days, pa.date32(), mask=~sure), sure

    return read


def _places(pattern: str) -> _Places | None:
    """The places of a pattern such as dd/MM/yyyy; None for all others."""
    for order in _ORDERS:
        for separator in _SEPARATORS:
            if pattern == separator.join(letter * _WIDTHS[letter] for letter in order):
                return _Places(dict(_slices(order)), tuple(_marks(order)), separator)
    return None


def _slices(order: str) -> Iterable[tuple[str, slice]]:
    start = 0
    for letter in order:
        yield letter, slice(start, start + _WIDTHS[letter])
        start += _WIDTHS[letter] + 1


def _marks(order: str) -> Iterable[int]:
    return (place.stop for _, place in list(_slices(order))[:-1])


def _read_places(seen: Scan, rows: npt.NDArray[np.int64], places: _Places) -> tuple[npt.NDArray[np.datetime64], Mask]:
    starts = seen.ends[:-1][rows]
    real = np.ones(len(rows), np.bool_)
    for mark in places.marks:
        real &= seen.data[starts + mark] == ord(places.separator)
    numbers: dict[str, npt.NDArray[np.int64]] = {}
    for letter, place in places.fields.items():
        value = np.zeros(len(rows), np.int64)
        for offset in range(place.start, place.stop):
            digit = seen.data[starts + offset] - ord("0")  # wraps for what lies below "0", so one test is enough
            real &= digit <= 9
            value = value * 10 + digit
        numbers[letter] = value
    return _days(numbers["y"], numbers["M"], numbers["d"], real)


def _days(
    year: npt.NDArray[np.int64], month: npt.NDArray[np.int64], day: npt.NDArray[np.int64], real: Mask
) -> tuple[npt.NDArray[np.datetime64], Mask]:
    """Days of the calendar; a day beyond its month would fall into the next one and is not real."""
    real = real & (year >= FIRST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    first = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    days = first.astype("M8[D]") + (day - 1).astype("m8[D]")
    return days, real & (days.astype("M8[M]") == first)


def timestamps(column: Column) -> FastReader | None:
    """Reads ISO 8601 to the second; None where the contract gives year-first days another order."""
    if any(layout.order == "ydM" for layout in layouts(column.formats, column.name)):
        return None

    def read(cells: pa.StringArray) -> tuple[pa.Array, Mask]:
        kind = pa.timestamp("us")
        sure = as_mask(pc.match_substring_regex(cells, _ISO_SECONDS))
        try:
            return only(cells, sure).cast(kind), sure
        except pa.ArrowInvalid:  # a day or an hour that does not exist: the cell reader finds which
            return pa.nulls(len(cells), kind), np.zeros(len(cells), np.bool_)

    return read
