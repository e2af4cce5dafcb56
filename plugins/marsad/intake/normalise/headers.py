"""Which raw column is which contract column: by folded header text, alias or name, each used once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from marsad.contracts.model import Column
from marsad.contracts.text import fold
from marsad.intake.normalise.cells import clean


def match_headers(columns: Sequence[Column], header: Sequence[str]) -> Mapping[str, str]:
    """Contract column -> raw column (``c0`` is the first).

    A header that is exactly one of a column's texts wins over those that only fold alike, then the first wins.
    """
    exact = [clean(text)[0] for text in header]
    folded = [fold(text) for text in header]
    matched: dict[str, str] = {}
    _claim(matched, exact, ((column.name, set(_texts(column))) for column in columns))
    _claim(matched, folded, ((column.name, {fold(text) for text in _texts(column)}) for column in columns))
    return {column.name: matched[column.name] for column in columns if column.name in matched}


def _claim(matched: dict[str, str], header: Sequence[str], wanted: Iterable[tuple[str, set[str]]]) -> None:
    taken = set(matched.values())
    for name, texts in wanted:
        if name in matched:
            continue
        place = next((f"c{i}" for i, text in enumerate(header) if text in texts - {""} and f"c{i}" not in taken), None)
        if place is not None:
            matched[name] = place
            taken.add(place)


def _texts(column: Column) -> Iterable[str]:
    return (column.name, *column.headers.values(), *column.aliases)
