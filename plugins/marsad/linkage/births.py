"""Birth dates of a column that no contract describes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

from marsad.intake.normalise.cells import CellReader, clean
from marsad.intake.normalise.dates import date_reader
from marsad.linkage.records import Birth

_DAY_FIRST = ("dd/MM/yyyy", "dd/MM/yy", "d MMMM yyyy", "yyyyMMdd", "MM/yyyy", "yyyy")
_MONTH_FIRST = ("MM/dd/yyyy", "MM/dd/yy", "MMMM d, yyyy", "yyyyMMdd", "MM/yyyy", "yyyy")
_CENTURY = 100
_OLDEST = 120  # years: before them lie what stands for no date, and what spreadsheets make of a blank (1900, 1899)
_REMEMBERED = 100_000


def read_births(texts: Sequence[str], today: date) -> list[Birth | None]:
    """What each text says of a birth; None for a blank, for what cannot be read, for a day too long ago.

    A column is read day first, or month first where more of it can be read so. Nobody is born after ``today``: a year
    of two digits means the last century then.
    """
    readings = [_read(texts, formats, today) for formats in (_DAY_FIRST, _MONTH_FIRST)]
    return min(readings, key=lambda births: births.count(None))


def birth_reader(today: date, formats: Sequence[str] = _DAY_FIRST) -> Callable[[str], Birth | None]:
    """Reads one text at a time, day first."""
    cell = date_reader(formats, "birth_date")
    return lru_cache(_REMEMBERED)(lambda text: _birth(cell, text, today))


def _read(texts: Sequence[str], formats: Sequence[str], today: date) -> list[Birth | None]:
    return list(map(birth_reader(today, formats), texts))


def _birth(cell: CellReader, text: str, today: date) -> Birth | None:
    found = cell(clean(text)[0])
    day = found.value if isinstance(found.value, date) else None
    birth = Birth.of(day, found.year)
    if birth is None or birth.year < today.year - _OLDEST:
        return None
    if birth.year <= today.year:
        return birth
    past = birth.year - _CENTURY
    return Birth(past, birth.month, birth.day) if past > today.year - _CENTURY else None
