"""Patterns of contracts: dates in the letters of ICU (Unicode TR 35) that Marsad reads, numbers like ``#,##0.##``."""

from __future__ import annotations

import re

SERIAL = "serial"  # the day counts of spreadsheets, where a contract says that a column has them
LETTERS = ("yyyy", "yy", "MMMM", "MMM", "MM", "M", "dd", "d", "HH", "H", "mm", "ss")
_NUMBER = re.compile(r"#?(?:(?P<group>[^#0\d])##)?0?(?:(?P<decimal>[.,٫])[0#]*)?")
_PART = re.compile(r"(yyyy|yy|M{1,4}|dd?|HH?|mm|ss)|('[^']*')|([^A-Za-z']+)")


def pattern_fields(pattern: str) -> tuple[str, ...] | None:
    """``dd/MM/yyyy`` -> ``('dd', '/', 'MM', '/', 'yyyy')``: fields and literal texts; None when not understood.

    Literal letters stand between apostrophes and keep them here (``'T'``), so that ``'d'`` is no day; fields may
    follow each other directly (``yyyyMMdd``).
    """
    parts: list[str] = []
    place = 0
    while place < len(pattern):
        found = _PART.match(pattern, place)
        if found is None:
            return None
        parts.append(next(text for text in found.groups() if text is not None))
        place = found.end()
    return tuple(parts)


def number_signs(pattern: str) -> tuple[str, str] | None:
    """``#.##0,##`` -> ``('.', ',')``: the sign between thousands (or none) and before decimals; None for no pattern."""
    found = _NUMBER.fullmatch(pattern)
    if not found or not pattern or found["group"] == found["decimal"] is not None:
        return None
    group = (found["group"] or "").strip()
    return group, found["decimal"] or ("," if group == "." else ".")


def pattern_fault(pattern: str) -> str | None:
    """What keeps a pattern from naming a day, month or year without a guess; None when it is fine."""
    if pattern == SERIAL:
        return None
    fields = pattern_fields(pattern)
    if fields is None:
        return f"'{pattern}' is not a date pattern"
    letters = [part[0] for part in fields if part in LETTERS]
    if len(letters) != len(set(letters)):
        return f"'{pattern}' has a field twice"
    if "y" not in letters:
        return f"'{pattern}' has no year"
    if "d" in letters and "M" not in letters:
        return f"'{pattern}' has a day but no month"
    return None
