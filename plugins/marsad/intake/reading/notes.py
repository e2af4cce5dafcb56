"""What the reader left out on purpose, for receipts and for ``marsad read``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Note(NamedTuple):
    """An id of ``schemas/messages.yaml`` and how many rows it is about."""

    rule: str
    rows: int


def summed(notes: Iterable[Note]) -> list[Note]:
    """One note a rule, in the order of the first of each."""
    counts: dict[str, int] = {}
    for note in notes:
        counts[note.rule] = counts.get(note.rule, 0) + note.rows
    return [Note(rule, rows) for rule, rows in counts.items()]
