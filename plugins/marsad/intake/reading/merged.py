"""Merged cells of a sheet. Their text stands in the first; the others are blank, and stay so."""

from __future__ import annotations

from collections.abc import Iterable

from marsad.intake.reading.grouped import Span


def rows_within(spans: Iterable[Span], top: int, bottom: int) -> int:
    """How many rows from ``top`` to before ``bottom`` have cells of a merged one."""
    count = 0
    for span in sorted(spans):
        first, end = max(span.top, top), min(span.bottom + 1, bottom)
        count += max(0, end - first)
        top = max(top, end)
    return count
