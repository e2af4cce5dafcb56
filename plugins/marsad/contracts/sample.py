"""What a sample of a column says about its type. Looks at values, hands none of them on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from marsad.contracts.codelists import CodeList
from marsad.contracts.model import ColumnType
from marsad.contracts.text import fold

MOST = 0.9  # share of the filled cells that must fit a type
MOST_DISTINCT = 0.6  # of the different spellings that a code list knows, when fewer cells than MOST fit
MOST_CELLS = 0.5
MOST_DATES = 0.5  # of the filled cells that must be dates where no list knows them: who mixes formats still means days
SOME_DATES = 0.2
_CODES = 2  # different codes that such a column must show: one word known by chance is no classification
_SHOWN = 5
BLANKS = ("-", "--", "/", "N/A", "NA", "NULL", "néant", "nd", "n.d.", "لا شيء", "غير متوفر")
SEPARATORS = (";", "|", ",", "/", "،", "؛")
_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,14})")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,9})?")
_DATE = re.compile(r"(\d{4}|\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{1,2})(?:[ T](\d{1,2}):(\d{2})(:\d{2})?(?:\.\d+)?)?")
_BOOLEANS = frozenset({"true", "false"})
_CHECKED = {
    "date": "add their pattern to formats if it is another one, e.g. d MMMM yyyy",
    "timestamp": "add their pattern to formats if it is another one",
    "integer": "each is a finding as it stands; write number for decimals, add texts for no value to blanks",
    "number": "each is a finding as it stands; write signs between thousands in formats, e.g. #,##0",
}
_LONG_TEXT = 40  # average characters of a cell from which on a text is taken for a story
_FEW = 30  # different values up to which a column can be a classification


@dataclass(frozen=True, slots=True)
class Guess:
    """How a column of a sample is best read. ``notes`` are for the reviewer and quote no cell."""

    type: ColumnType
    codelist: str | None = None
    formats: tuple[str, ...] = ()
    many: str | None = None
    blanks: tuple[str, ...] = ()
    filled: bool = False
    unique: bool = False
    few: bool = False
    long: bool = False
    notes: tuple[str, ...] = ()


def guess(
    cells: Sequence[str],
    codelists: Mapping[str, CodeList],
    wanted: str | None = None,
    rows: Sequence[int] | None = None,
) -> Guess:
    """The guess for one column, by the first of ``codelists`` that knows its cells; ``wanted`` is asked before them.

    ``rows`` are the numbers that the cells' rows have in the sample, if not from 1 on.
    """
    spelt = {fold(text): text for text in BLANKS}
    met = sorted({spelt[key] for cell in cells if (key := fold(cell)) in spelt})
    values = [cell.strip() for cell in cells if cell.strip() and fold(cell) not in spelt]
    distinct = set(values)
    kind = _kind(values, codelists, wanted)
    return Guess(
        type=kind.type,
        codelist=kind.codelist,
        formats=kind.formats,
        many=kind.many,
        blanks=tuple(met),
        filled=bool(cells) and len(values) == len(cells),
        unique=len(values) > 1 and len(distinct) == len(values),
        few=len(values) >= 10 and len(distinct) <= min(_FEW, len(values) / 5),
        long=bool(values) and sum(map(len, values)) / len(values) > _LONG_TEXT,
        notes=(*kind.notes, *_misfits(dict(_filled(cells, spelt, rows)), kind, codelists)),
    )


def _filled(cells: Sequence[str], blanks: Mapping[str, str], rows: Sequence[int] | None) -> Iterator[tuple[int, str]]:
    """The cells that say something, by the numbers of their rows."""
    for row, cell in zip(rows or range(1, len(cells) + 1), cells, strict=True):
        if cell.strip() and fold(cell) not in blanks:
            yield row, cell.strip()


def _misfits(cells: Mapping[int, str], kind: Guess, codelists: Mapping[str, CodeList]) -> Iterator[str]:
    """Where cells do not fit what the column is taken for: by row, because a draft quotes no cell."""
    if kind.codelist:
        unknown = _unknown_spellings(cells, kind, codelists[kind.codelist])
        if unknown:
            yield (
                f"REVIEW: {len(unknown)} spelling(s) of the sample are not in the list {kind.codelist} (first met in "
                f"row {_shown(unknown.values())}): add them to the list, or remove codelist"
            )
        return
    fits = {row: _fits(_ascii_digits(cell)) for row, cell in cells.items()}
    missed = [row for row, types in fits.items() if kind.type not in types]
    if kind.type in _CHECKED and missed:
        told = f"{len(missed)} of {len(fits)} cells do not read as {kind.type} (row {_shown(missed)})"
        yield f"REVIEW: {told}: {_CHECKED[kind.type]}"
    for name, least in (("date", SOME_DATES), ("number", MOST_CELLS)) if kind.type == "text" else ():
        some = sum(name in types for types in fits.values())
        if some and some >= least * len(fits):
            yield f"REVIEW: {some} of {len(fits)} cells read as {name}, too few to take the column for that"


def _unknown_spellings(cells: Mapping[int, str], kind: Guess, codelist: CodeList) -> Mapping[str, int]:
    """Folded spellings that the list does not know, each with the row where it was met first."""
    met: dict[str, int] = {}
    for row, cell in cells.items():
        for part in cell.split(kind.many) if kind.many else (cell,):
            if (key := fold(part)) and key not in codelist.known:
                met.setdefault(key, row)
    return met


def _fits(value: str) -> set[str]:
    """The types that a cell can be read as."""
    day = _DATE.fullmatch(value)
    dates = {"date", "timestamp"} if day and _is_date(day) else set[str]()
    numbers = {"number"} if _NUMBER.fullmatch(value) else set[str]()
    return dates | numbers | ({"integer"} if _INTEGER.fullmatch(value) else set())


def _shown(rows: Iterable[int]) -> str:
    first = sorted(rows)
    return ", ".join(map(str, first[:_SHOWN])) + (" …" if len(first) > _SHOWN else "")


def _kind(values: Sequence[str], codelists: Mapping[str, CodeList], wanted: str | None) -> Guess:
    if not values:
        return Guess("text", notes=("REVIEW: no filled cell in the sample",))
    if wanted is not None and wanted in codelists:
        found = _in_list(values, codelists[wanted])
        if found or _mostly_in_list(values, codelists[wanted]):
            return found or Guess("code", wanted)
    digits = [_ascii_digits(value) for value in values]
    return (
        _dates(digits, MOST) or _plain(digits) or _any_list(values, codelists) or _dates(digits, MOST_DATES)
        or Guess("text")
    )  # fmt: skip


def _ascii_digits(text: str) -> str:
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)


def _share(values: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(value) is not None for value in values) / len(values)


def _plain(values: Sequence[str]) -> Guess | None:
    if all(value.casefold() in _BOOLEANS for value in values):
        return Guess("boolean")
    if _share(values, _INTEGER) >= MOST:
        return Guess("integer")
    leading_zero = any(value[0] == "0" and value.isdigit() and len(value) > 1 for value in values)
    if _share(values, _NUMBER) >= MOST and not leading_zero:
        return Guess("number")
    return None


def _any_list(values: Sequence[str], codelists: Mapping[str, CodeList]) -> Guess | None:
    found = [guess for codelist in codelists.values() if (guess := _in_list(values, codelist))]
    found = found or [Guess("code", c.scheme) for c in codelists.values() if _mostly_in_list(values, c)]
    return min(found, key=lambda guess: guess.many is not None, default=None)


def _mostly_in_list(values: Sequence[str], codelist: CodeList) -> bool:
    """Whether the column is that classification with a few spellings of its own."""
    distinct = {fold(value) for value in values}
    known = distinct & codelist.known.keys()
    enough = len({codelist.known[key] for key in known}) >= _CODES and len(known) >= MOST_DISTINCT * len(distinct)
    return enough and len(distinct) <= _FEW and _known_share(values, codelist) >= MOST_CELLS


def _in_list(values: Sequence[str], codelist: CodeList) -> Guess | None:
    if _known_share(values, codelist) >= MOST:
        return Guess("code", codelist.scheme)
    for separator in SEPARATORS:
        parts = [part.strip() for value in values for part in value.split(separator) if part.strip()]
        if len(parts) > len(values) and _known_share(parts, codelist) >= MOST:
            return Guess("code", codelist.scheme, many=separator)
    return None


def _known_share(values: Sequence[str], codelist: CodeList) -> float:
    return sum(codelist.spelling(value) is not None for value in values) / len(values) if values else 0.0


def _dates(values: Sequence[str], most: float) -> Guess | None:
    found = [match for value in values if (match := _DATE.fullmatch(value)) and _is_date(match)]
    if not found or len(found) / len(values) < most:
        return None
    timed = any(match[5] for match in found)
    first = max((int(match[1]) for match in found if _year_last(match)), default=0)
    second = max((int(match[3]) for match in found if _year_last(match)), default=0)
    notes: tuple[str, ...] = ()
    if first and first <= 12 and second <= 12:
        notes = ("REVIEW: the sample does not tell whether day or month comes first",)
    if first > 12 and second > 12:
        notes = ("REVIEW: some dates put the day first, some the month; only the day first is read",)
    month_first = second > 12 >= first
    patterns = sorted({_pattern(match, month_first=month_first) for match in found})
    return Guess("timestamp" if timed else "date", formats=tuple(patterns), notes=notes)


def _year_last(match: re.Match[str]) -> bool:
    return len(match[1]) < 3


def _is_date(match: re.Match[str]) -> bool:
    """True when one end is a year and the other two parts can be a day and a month."""
    first, middle, last = match[1], match[3], match[4]
    if len(first) == 4:
        return len(last) < 3 and _day_and_month(int(last), int(middle))
    return len(last) in {2, 4} and _day_and_month(int(first), int(middle))


def _day_and_month(one: int, other: int) -> bool:
    return 1 <= min(one, other) <= 12 and max(one, other) <= 31


def _pattern(match: re.Match[str], *, month_first: bool) -> str:
    separator = match[2]
    if len(match[1]) == 4:
        day = separator.join(("yyyy", "MM" if len(match[3]) == 2 else "M", "dd" if len(match[4]) == 2 else "d"))
    else:
        fields = [("M" if month_first else "d") * len(match[1]), ("d" if month_first else "M") * len(match[3])]
        day = separator.join((*fields, "yyyy" if len(match[4]) == 4 else "yy"))
    time = f" {'HH' if len(match[5]) == 2 else 'H'}:mm{':ss' if match[7] else ''}" if match[5] else ""
    return day + (time.replace(" ", "'T'") if "T" in match[0] else time)
