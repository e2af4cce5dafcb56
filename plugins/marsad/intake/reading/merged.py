"""Merged cells of a sheet. Their text stands in the first; the others are blank, and stay so."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from marsad.errors import ProviderFault
from marsad.intake.reading.grouped import Span

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CELLS = frozenset({f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"})
_ROW = f"{_TABLE}table-row"


def spans_of_ods(path: Path) -> dict[str, list[Span]]:
    """The merged cells by sheet; calamine does not tell them of this format. Raises ProviderFault."""
    found: dict[str, list[Span]] = {}
    try:
        with zipfile.ZipFile(path) as archive, archive.open("content.xml") as file:
            for name, span in _spans(ET.iterparse(file, ("start", "end"))):  # noqa: S314 - in a process of its own
                found.setdefault(name, []).append(span)
    except ET.ParseError:
        raise ProviderFault("file.unreadable") from None
    return found


def _spans(events: Iterable[tuple[str, ET.Element]]) -> Iterator[tuple[str, Span]]:
    name, row, depth = "", 0, 0
    for event, element in events:
        if element.tag == f"{_TABLE}table":
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                name, row = element.get(f"{_TABLE}name", ""), 0
        elif element.tag == _ROW and event == "end" and depth == 1:
            yield from ((name, span) for span in _of_row(element, row))
            row += _number(element, "number-rows-repeated")
            element.clear()


def _of_row(element: ET.Element, row: int) -> Iterator[Span]:
    place = 0
    for cell in element:
        if cell.tag in _CELLS:
            wide, deep = _number(cell, "number-columns-spanned"), _number(cell, "number-rows-spanned")
            if wide > 1 or deep > 1:
                yield Span(row, place, row + deep - 1, place + wide - 1)
            place += _number(cell, "number-columns-repeated")


def _number(element: ET.Element, name: str) -> int:
    text = element.get(_TABLE + name, "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def rows_within(spans: Iterable[Span], top: int, bottom: int) -> int:
    """How many rows from ``top`` to before ``bottom`` have cells of a merged one."""
    count = 0
    for span in sorted(spans):
        first, end = max(span.top, top), min(span.bottom + 1, bottom)
        count += max(0, end - first)
        top = max(top, end)
    return count
