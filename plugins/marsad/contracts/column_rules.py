"""What each column of a contract must satisfy by itself, besides its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from marsad.contracts.model import AGE_COLUMNS, RESERVED, Column
from marsad.contracts.parts import ColumnPart
from marsad.contracts.patterns import LETTERS, number_signs, pattern_fault
from marsad.contracts.problems import Problem, did_you_mean
from marsad.contracts.reading import Reading
from marsad.warehouse.model import PrivacyClass

STATED = "stated_"  # before a name that is taken
NAME_LENGTH = 50  # leaves room for suffixes in the 63 bytes of a PostgreSQL name
_NAME = re.compile(r"[a-z](?:_?[a-z0-9])*")
_DATES, _NUMBERS = ("date", "timestamp"), ("integer", "number")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?")


def column_problems(reading: Reading) -> Iterator[Problem]:
    """Faults of the columns, each on its own."""
    for part in reading.parts.columns:
        yield from _name(reading, part)
        yield from _privacy(reading, part)
        if part.column:
            yield from _type(reading, part, part.column)
            yield from _codelist(reading, part, part.column)
            yield from _formats(reading, part, part.column)
            yield from _bounds(reading, part, part.column)
            yield from _severities(reading, part, part.column)
            yield from _example(reading, part, part.column)


def _name(reading: Reading, part: ColumnPart) -> Iterator[Problem]:
    if not part.name:
        return  # the standard's schema has said so
    path = [*part.path, "name"]
    if not _NAME.fullmatch(part.name) or len(part.name) > NAME_LENGTH:
        hint = f"lower case a-z, digits, single underscores, at most {NAME_LENGTH} characters"
        yield reading.document.problem(path, "name", f"'{part.name}' is no column name", hint)
    derives = reading.parts.feed is not None and reading.parts.feed.age is not None
    if derives and part.name in AGE_COLUMNS:
        message = f"'{part.name}' is the name of a derived column, since this contract has 'age'"
        yield reading.document.problem(path, "name", message, f"call it '{STATED}{part.name}'")
    if part.name in RESERVED:
        message = f"'{part.name}' is the name of a column that Marsad adds to every row"
        yield reading.document.problem(path, "name", message, f"call it '{STATED}{part.name}'")


def _privacy(reading: Reading, part: ColumnPart) -> Iterator[Problem]:
    given = part.node.get("classification")
    known = get_args(PrivacyClass)
    if isinstance(given, str) and given not in known:
        hint = did_you_mean(given, known, f"one of {', '.join(known)}")
        yield reading.document.problem([*part.path, "classification"], "value", f"unknown class '{given}'", hint)


def _type(reading: Reading, part: ColumnPart, column: Column) -> Iterator[Problem]:
    problem = reading.document.problem
    logical = part.node.get("logicalType", "string")
    if part.spec and part.spec.identifier and (logical != "string" or column.codelist):
        yield problem([*part.own, "identifier"], "type", "an identifier is of logicalType string and has no codelist")
    if column.codelist and logical != "string":
        hint = "write logicalType: string"
        yield problem([*part.path, "logicalType"], "type", f"a column with a codelist is text, not {logical}", hint)
    if column.many and not column.codelist:
        yield problem([*part.own, "many"], "type", "only columns with a codelist can be multi-valued")


def _codelist(reading: Reading, part: ColumnPart, column: Column) -> Iterator[Problem]:
    if column.codelist and column.codelist not in reading.codelists:
        hint = did_you_mean(
            column.codelist,
            reading.codelists,
            "add schemas/codelists/<name>.csv, or <name>.csv in a folder of MARSAD_CODELISTS",
        )
        message = f"unknown code list '{column.codelist}'"
        yield reading.document.problem([*part.own, "codelist"], "unknown-codelist", message, hint)


def _formats(reading: Reading, part: ColumnPart, column: Column) -> Iterator[Problem]:
    if column.formats and column.type not in {*_DATES, *_NUMBERS}:
        message = f"'formats' are patterns of dates and numbers, but '{column.name}' is of type {column.type}"
        yield reading.document.problem([*part.own, "formats"], "type", message, key=True)
        return
    for number, pattern in enumerate(column.formats):
        fault, hint = _pattern_fault(column, pattern)
        if fault:
            yield reading.document.problem([*part.own, "formats", number], "format", fault, hint)


def _pattern_fault(column: Column, pattern: str) -> tuple[str | None, str]:
    if column.type in _NUMBERS:
        fault = None if number_signs(pattern) else f"'{pattern}' is not a number pattern"
        return fault, "write how thousands and decimals are set apart, e.g. #,##0.##"
    return pattern_fault(pattern), f"write it with {', '.join(LETTERS)}, e.g. dd/MM/yyyy"


def _bounds(reading: Reading, part: ColumnPart, column: Column) -> Iterator[Problem]:
    options = [*part.path, "logicalTypeOptions"]
    low, high = column.minimum, column.maximum
    if column.type == "boolean" and part.node.get("logicalTypeOptions"):
        yield reading.document.problem(options, "type", "a boolean column has no options", key=True)
    for name, value in (("minimum", low), ("maximum", high)):
        if isinstance(value, str) and column.type in {"date", "timestamp"} and not _DAY.fullmatch(value):
            yield reading.document.problem([*options, name], "value", f"'{name}' must be a date like 2024-01-31")
    if _above(low, high):
        yield reading.document.problem([*options, "minimum"], "value", "'minimum' is above 'maximum'")
    if column.pattern is not None and not compiles(column.pattern):
        yield reading.document.problem([*options, "pattern"], "value", "'pattern' is not a regular expression")


def _above(low: float | str | None, high: float | str | None) -> bool:
    if isinstance(low, str) and isinstance(high, str):
        return low > high
    return isinstance(low, int | float) and isinstance(high, int | float) and low > high


def compiles(pattern: str) -> bool:
    """True when the text is a regular expression."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _severities(reading: Reading, part: ColumnPart, column: Column) -> Iterator[Problem]:
    can_happen = {
        "blank": True,
        "placeholder": bool(column.placeholders),
        "repaired": True,
        "unparsed": True,
        "unmapped": column.type == "code",
        "range": column.minimum is not None or column.maximum is not None,
        "pattern": column.pattern is not None,
        "length": column.max_length is not None,
    }
    for state in column.severities:
        if not can_happen[state]:
            message = f"'{state}' never happens to this column of type {column.type}"
            yield reading.document.problem([*part.own, "severity", state], "value", message, key=True)


def _example(reading: Reading, part: ColumnPart, column: Column) -> Iterator[Problem]:
    path, given = [*part.path, "examples"], column.example
    if given and column.type in _DATES and not _DAY.fullmatch(given):
        yield reading.document.problem(path, "value", "the first of 'examples' must be a date like 2024-01-31")
    if given and column.type in _NUMBERS and not _NUMBER.fullmatch(given):
        yield reading.document.problem(path, "value", "the first of 'examples' must be a number like 12 or 12.5")
    listed = reading.codelists.get(column.codelist or "")
    for code in set(given.split(column.many)) - listed.codes.keys() if given and listed else ():
        hint = did_you_mean(code, listed.codes if listed else (), "write the code, not its label")
        message = f"'{code}' in 'examples' is no code of {column.codelist}"
        yield reading.document.problem(path, "value", message, hint)
