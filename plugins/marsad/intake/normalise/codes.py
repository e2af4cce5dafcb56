"""Codes and booleans: what agencies wrote, mapped by a code list or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce

from marsad.contracts.codelists import CodeList
from marsad.contracts.text import fold
from marsad.intake.blocks import State
from marsad.intake.normalise.cells import BLANK, UNMAPPED, UNPARSED, Cell, CellReader, ascii_digits, clean

_TRUE = ("true", "vrai", "oui", "yes", "نعم", "1")
_FALSE = ("false", "faux", "non", "no", "لا", "0")
_WORDS: Mapping[str, bool] = {fold(word): value for words, value in ((_TRUE, True), (_FALSE, False)) for word in words}
_PARTS = 10_000  # single values remembered: cells combine the same few
_ARABIC_MARKS = {",": "،", ";": "؛"}
_ARABIC_LIST = re.compile("[،؛]")


def code_reader(codelist: CodeList) -> CellReader:
    """Reads clean texts into a code; UNMAPPED when the list knows no such spelling."""

    def cell(text: str) -> Cell:
        code = codelist.spelling(text)
        return UNMAPPED if code is None else Cell(code, State.OK)

    return cell


def boolean_reader() -> CellReader:
    """Reads yes and no in three languages into ``bool``."""

    def cell(text: str) -> Cell:
        value = _WORDS.get(fold(text))
        return UNPARSED if value is None else Cell(value, State.OK)

    return cell


def _repaired(part: Cell) -> Cell:
    return part._replace(state=State.REPAIRED) if part.state is State.OK else part


def many_reader(one: CellReader, separator: str, blanks: frozenset[str], others: Sequence[str] = ()) -> CellReader:
    """Reads cells of several values into a sorted list without repeats; one value not understood spoils the cell.

    ``others`` separate too; where the separator is a comma or semicolon, so does the Arabic one. A text that holds the
    separator but is one known value as a whole ("Domestique, agricole") is that value when its parts are none. What is
    no value by itself but several with an Arabic comma or semicolon between is REPAIRED.
    """
    marks = [_ARABIC_MARKS.get(separator, separator), *others]

    @lru_cache(_PARTS)
    def part_of(raw: str) -> Cell:
        text = clean(raw)[0]
        return BLANK if ascii_digits(text).casefold() in blanks else one(text)

    def parts_of(raw: str) -> list[Cell]:
        part = part_of(raw)
        if part.value is not None or not _ARABIC_LIST.search(raw):
            return [part]
        return [_repaired(part_of(piece)) for piece in _ARABIC_LIST.split(raw)]

    def cell(text: str) -> Cell:
        split = reduce(lambda left, mark: left.replace(mark, separator), marks, text)
        parts = [part for raw in split.split(separator) for part in parts_of(raw)]
        found = [part for part in parts if part.state is not State.BLANK]
        if not found:
            return BLANK
        spoilt = next((part for part in found if part.value is None), None)
        if spoilt is None:
            return Cell(sorted({str(part.value) for part in found}), max(part.state for part in found))
        whole = one(text)
        return spoilt if whole.value is None else whole._replace(value=[whole.value])

    return cell
