"""What a spreadsheet program takes for a formula, so that nothing we write ever is one, and how it names columns."""

from __future__ import annotations

# OWASP, "CSV Injection": what starts with one of these is calculated when a cell is edited or a CSV opened; the wide
# forms of East Asian keyboards count as well.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the wide forms are meant

LONGEST = 32_767
"""Characters of one cell, by the limits of Excel."""


def looks_calculated(text: str) -> bool:
    """True when a text must be marked as text (Excel's quote prefix) in all that we write."""
    return text.startswith(_STARTS)


def letters(place: int) -> str:
    """The column's name in a spreadsheet: ``A`` for 0, ``AA`` for 26."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
