"""What calamine does not tell of an ODS: merged cells, formulas that failed, and rows that one row stands for."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from marsad.errors import ProviderFault
from marsad.intake.reading import limits
from marsad.intake.reading.grouped import Span

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"
_CELLS = frozenset({f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"})
_ROW = f"{_TABLE}table-row"
_DIGITS = 8
_FAILED, _NUMBERED = re.compile(r"#[^\W_a-z][^a-z]{1,19}"), re.compile(r"\w{1,12} ?:\d{3}")


@dataclass(slots=True)
class Facts:
    """Of one sheet: its merged cells; by row (from 1) and column (from 0) what failed formulas show."""

    spans: list[Span] = field(default_factory=list)
    failed: dict[int, dict[int, str]] = field(default_factory=dict)


def sheets_of_ods(path: Path) -> dict[str, Facts]:
    """The facts by sheet. Raises ProviderFault, also where a few rows stand for more than a table ever has."""
    found: dict[str, Facts] = {}
    repeated = 0
    try:
        with zipfile.ZipFile(path) as archive, archive.open("content.xml") as file:
            for name, row, element in _rows(ET.iterparse(file, ("start", "end"))):  # noqa: S314 - in a process of its own
                repeated += _repeated(element)
                if repeated > limits.MAX_REPEATED_CELLS:
                    raise ProviderFault("file.too_large", limit=limits.MAX_UNZIPPED_BYTES >> 20)
                _note(found.setdefault(name, Facts()), element, row)
    except ET.ParseError:
        raise ProviderFault("file.unreadable") from None
    return found


def _rows(events: Iterable[tuple[str, ET.Element]]) -> Iterator[tuple[str, int, ET.Element]]:
    """Each row as it is written, with its sheet and its number there (from 0)."""
    name, row, depth = "", 0, 0
    for event, element in events:
        if element.tag == f"{_TABLE}table":
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                name, row = element.get(f"{_TABLE}name", ""), 0
        elif element.tag == _ROW and event == "end" and depth == 1:
            yield name, row, element
            row += _number(element, "number-rows-repeated")
            element.clear()


def _repeated(element: ET.Element) -> int:
    """How many cells with content the row stands for beyond those that are written."""
    filled = [cell for cell in element if cell.tag in _CELLS and len(cell)]
    cells = sum(_number(cell, "number-columns-repeated") for cell in filled)
    return cells * _number(element, "number-rows-repeated") - len(filled)


def _note(facts: Facts, element: ET.Element, row: int) -> None:
    place = 0
    for cell in element:
        if cell.tag in _CELLS:
            wide, deep = _number(cell, "number-columns-spanned"), _number(cell, "number-rows-spanned")
            if wide > 1 or deep > 1:
                facts.spans.append(Span(row, place, row + deep - 1, place + wide - 1))
            again = _number(cell, "number-columns-repeated")
            if text := _failure(cell):
                for number in range(row + 1, row + 1 + _number(element, "number-rows-repeated")):
                    facts.failed.setdefault(number, {}).update(dict.fromkeys(range(place, place + again), text))
            place += again


def _failure(cell: ET.Element) -> str:
    """What a cell shows whose formula failed (LibreOffice also has numbers, ``Err:502``); empty for every other."""
    if f"{_TABLE}formula" not in cell.attrib:
        return ""
    text = "".join("".join(part.itertext()) for part in cell.findall(_TEXT))
    if _NUMBERED.fullmatch(text):
        return "#VALUE!"
    return text if _FAILED.fullmatch(text) else ""


def _number(element: ET.Element, name: str) -> int:
    text = element.get(_TABLE + name, "1")
    return int(text[:_DIGITS]) if text.isascii() and text.isdigit() else 1
