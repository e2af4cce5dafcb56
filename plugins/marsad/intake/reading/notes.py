"""What the reader left out on purpose, for receipts and for ``marsad read``."""

from __future__ import annotations

from typing import NamedTuple


class Note(NamedTuple):
    """An id of ``schemas/messages.yaml`` and how many rows it is about."""

    rule: str
    rows: int
