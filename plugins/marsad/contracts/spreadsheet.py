"""What a spreadsheet program would take for a formula, so that nothing we write ever is one."""

from __future__ import annotations

# OWASP, "CSV Injection": what starts with one of these is calculated when a cell is edited or a CSV opened; the wide
# forms of East Asian keyboards count as well.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the wide forms are meant

LONGEST = 32_767
"""Characters of one cell, by the limits of Excel."""


def looks_calculated(text: str) -> bool:
    """True when a text must be marked as text (Excel's quote prefix) in all that we write."""
    return text.startswith(_STARTS)
