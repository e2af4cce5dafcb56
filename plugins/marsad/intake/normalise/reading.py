"""From a contract column to the function that reads one of its cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from marsad.contracts.codelists import CodeList
from marsad.contracts.model import Column
from marsad.errors import UsageFault
from marsad.intake.blocks import State
from marsad.intake.normalise.cells import (
    BLANK,
    FAILED,
    FAILED_SIGN,
    PLACEHOLDER,
    UNPARSED,
    Cell,
    CellReader,
    ascii_digits,
    blank_keys,
    clean,
    placeholder_keys,
)
from marsad.intake.normalise.codes import boolean_reader, code_reader, many_reader
from marsad.intake.normalise.dates import date_reader, timestamp_reader
from marsad.intake.normalise.numbers import integer_reader, number_reader

_FOLDED = frozenset({"code", "boolean"})  # read through fold: invisible characters make no difference there
_FLOAT_TAIL = ".0"  # what spreadsheets and data frames add to a number that is an identifier


def cell_reader(column: Column, codelists: Mapping[str, CodeList]) -> CellReader:
    """Reads cells of the column as they stand in the file; never raises on any text.

    Raises UsageFault when the column names an unknown code list or a format that is none.
    """
    blanks, stand_ins = blank_keys(column.blanks), placeholder_keys(column.placeholders)
    parse = _parser(column, codelists)
    if column.many:
        parse = many_reader(parse, column.many, blanks, column.many_also)
    remark = column.type not in _FOLDED

    def read(raw: str) -> Cell:
        text, touched = clean(raw)
        key = ascii_digits(text).casefold()
        if key in blanks:
            return BLANK
        if key in stand_ins:
            return PLACEHOLDER
        if key.startswith(FAILED_SIGN) and key.replace(" ", "") in FAILED:
            return UNPARSED
        cell = parse(text)
        if touched and remark and cell.state is State.OK:
            return cell._replace(state=State.REPAIRED)
        return cell

    return read


def _parser(column: Column, codelists: Mapping[str, CodeList]) -> CellReader:
    if column.type == "code" or column.codelist:
        return code_reader(_codelist(column, codelists))
    makers: Mapping[str, Callable[[], CellReader]] = {
        "text": lambda: _text,
        "identifier": lambda: identifier_reader(column.pattern, column.name),
        "date": lambda: date_reader(column.formats, column.name),
        "timestamp": lambda: timestamp_reader(column.formats, column.name),
        "integer": lambda: integer_reader(column.formats, column.blanks, column.name, column.placeholders),
        "number": lambda: number_reader(column.formats, column.blanks, column.name, column.placeholders),
        "boolean": boolean_reader,
    }
    return makers[column.type]()


def _codelist(column: Column, codelists: Mapping[str, CodeList]) -> CodeList:
    found = codelists.get(column.codelist or "")
    if found is None:
        raise UsageFault(f"column '{column.name}': there is no code list '{column.codelist}'")
    return found


def _text(text: str) -> Cell:
    return Cell(text, State.OK)


def identifier_reader(pattern: str | None, column: str) -> CellReader:
    """Reads clean texts into identifiers with ASCII digits; the pattern (no regex flags) must match the whole.

    ``123.0`` loses its tail (REPAIRED) only where the pattern matches without and not with it.
    """
    matches = _matcher(pattern, column)

    def cell(text: str) -> Cell:
        value = ascii_digits(text)
        if matches(value):
            return Cell(value, State.OK)
        bare = value.removesuffix(_FLOAT_TAIL)
        return Cell(bare, State.REPAIRED) if bare != value and matches(bare) else UNPARSED

    return cell


def _matcher(pattern: str | None, column: str) -> Callable[[str], object]:
    if pattern is None:
        return lambda _: True
    try:
        return re.compile(pattern, re.ASCII).fullmatch
    except re.error as error:
        raise UsageFault(f"column '{column}': the pattern is no regular expression ({error.msg})") from None
