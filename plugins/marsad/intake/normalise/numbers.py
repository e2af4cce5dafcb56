"""Integers and numbers: thousands and decimals as the contract says, and never "1,234" without being told.

Always read: ``1234``, ``12 345`` (any kind of space), ``12.5``, Arabic-Indic and Persian digits with their own
thousands and decimal signs. A contract adds ``,`` (decimal comma) or patterns such as ``#,##0.##`` and ``#.##0,##``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence

from marsad.contracts.patterns import number_signs
from marsad.errors import UsageFault
from marsad.intake.blocks import State
from marsad.intake.normalise.cells import (
    BLANK,
    LONGEST_FIGURE,
    PLACEHOLDER,
    UNPARSED,
    Cell,
    CellReader,
    ascii_digits,
    clean,
)

_SPACE = " \u2009"
_EXPONENT = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}")
_INT64 = 2**63
_Figure = Callable[[str], int | float | None]
_LONGEST_INTEGER = 19  # digits of int64


class Style:
    """One way to write numbers: which sign groups thousands, which one starts the decimals."""

    def __init__(self, groups: str, decimal: str) -> None:
        sign, group = re.escape(decimal), re.escape(groups + _SPACE)
        self._expression = re.compile(
            rf"(?P<sign>[+\-−]?)\s?"
            rf"(?P<whole>\d{{1,3}}(?P<group>[{group}])\d{{3}}(?:(?P=group)\d{{3}})*|\d*)(?:{sign}(?P<part>\d+))?"
        )

    def read(self, text: str) -> tuple[str, str] | None:
        """Signed whole part and decimals as ASCII digits; None when the text is not written in this style."""
        found = self._expression.fullmatch(text)
        if not found or not (found["whole"] or found["part"]):
            return None
        whole = re.sub(r"\D", "", found["whole"]) or "0"
        return ("-" if found["sign"] in {"-", "−"} else "") + whole, found["part"] or ""


_PLAIN = Style("", ".")
_ARABIC = Style("٬", "٫")


def integer_reader(
    formats: Sequence[str], blanks: Iterable[str], column: str, placeholders: Iterable[str] = ()
) -> CellReader:
    """Reads clean texts into ``int`` (64 bits). ``19.0`` is 19; ``1.000`` may be a thousand and is unparsed."""
    listed = _styles(formats, column)

    def integer(text: str) -> int | None:
        parts = _parts(text, listed)
        if parts is None:
            return None
        whole, decimals, told = parts
        if decimals.strip("0") or (len(decimals) == 3 and not told):
            return None
        digits = whole.lstrip("-").lstrip("0") or "0"
        value = int(digits) if len(digits) <= _LONGEST_INTEGER else _INT64
        value = -value if whole.startswith("-") else value
        return value if -_INT64 <= value < _INT64 else None

    return _reader(integer, blanks, placeholders)


def number_reader(
    formats: Sequence[str], blanks: Iterable[str], column: str, placeholders: Iterable[str] = ()
) -> CellReader:
    """Reads clean texts into a finite ``float``; also ``1.5e-3``, as programs write it."""
    listed = _styles(formats, column)

    def number(text: str) -> float | None:
        parts = _parts(text, listed)
        if parts is None and not _EXPONENT.fullmatch(text):
            return None
        value = float(text if parts is None else f"{parts[0]}.{parts[1] or 0}")
        return value + 0.0 if math.isfinite(value) else None  # -0.0 and 0.0 are one number

    return _reader(number, blanks, placeholders)


def _reader(value_of: _Figure, blanks: Iterable[str], placeholders: Iterable[str]) -> CellReader:
    """Blank spellings and placeholders count by value too: where "0" means nothing, "0.0" and "٠" do."""
    nothing = {value: cell for cell, texts in ((PLACEHOLDER, placeholders), (BLANK, blanks))
               for text in texts if (value := value_of(ascii_digits(clean(text)[0]))) is not None}  # fmt: skip

    def cell(text: str) -> Cell:
        value = None if len(text) > LONGEST_FIGURE else value_of(ascii_digits(text))
        if value is None:
            return UNPARSED
        return nothing.get(value) or Cell(value, State.OK)

    return cell


def _parts(text: str, listed: Sequence[Style]) -> tuple[str, str, bool] | None:
    """Whole part, decimals and whether the contract (or the script) told how to read them; one reading or none."""
    told = {parts for style in (*listed, _ARABIC) if (parts := style.read(text))}
    if len(told) > 1:
        return None
    if told and (listed or not _PLAIN.read(text)):
        return (*told.pop(), True)
    plain = _PLAIN.read(text)
    return (*plain, False) if plain else None


def _styles(formats: Sequence[str], column: str) -> tuple[Style, ...]:
    return tuple(_style(pattern, column) for pattern in formats)


def _style(pattern: str, column: str) -> Style:
    signs = number_signs(pattern)
    if signs is None:
        raise UsageFault(f"column '{column}': '{pattern}' is no number pattern; write ',' or one like #,##0.##")
    return Style(*signs)
