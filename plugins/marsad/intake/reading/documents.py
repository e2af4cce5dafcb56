"""JSON and JSON Lines: streamed, whatever the size; one object a row, nested values as JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from marsad.errors import ProviderFault
from marsad.intake.reading.encoding import ERRORS, Utf8Stream, detect_encoding
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.limits import HEAD_BYTES, MAX_COLUMNS, SAMPLE_ROWS
from marsad.intake.reading.notes import Note
from marsad.intake.reading.records import Piece, grid_piece, without_nul
from marsad.intake.reading.scanner import Decimal, Repeated, Scanner, keep_all
from marsad.intake.reading.tables import TableInfo, demand, locate

VALUE = "value"
"""Name of the only column when a document lists plain values."""

_CONTAINERS = frozenset({"data", "records", "rows", "items", "results", "donnees", "données"})
"""Keys under which programs wrap their list of records."""

_GROUP = 10_000


def _chunks(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        carry = b""
        for chunk, final in Utf8Stream(file, detect_encoding(head), HEAD_BYTES):
            data = carry + chunk
            cut = len(data) if final else _whole_characters(data)
            carry = data[cut:]
            yield data[:cut].decode("utf-8", ERRORS)


def _whole_characters(data: bytes) -> int:
    """Where the last character that is complete ends."""
    for back in range(1, min(4, len(data)) + 1):
        lead = data[-back]
        if lead & 0xC0 != 0x80:
            size = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1
            return len(data) - back if size > back else len(data)
    return len(data)


def documents(path: Path) -> Iterator[object]:
    """The records of a JSON file: of its list, of the list in its envelope, or of its lines."""
    scanner = Scanner(_chunks(path))
    for record in _top(scanner):
        scanner.records += 1
        yield record


def _top(scanner: Scanner) -> Iterator[object]:
    first = scanner.peek()
    if first == "[":
        yield from _list(scanner)
    elif first == "{":
        yield from _object(scanner)
    else:
        yield scanner.value()
    while scanner.next_line():
        yield scanner.value()


def _list(scanner: Scanner) -> Iterator[object]:
    scanner.take("[")
    if scanner.peek() == "]":
        scanner.take("]")
        return
    while True:
        yield scanner.value()
        if scanner.peek() == "]":
            scanner.take("]")
            return
        scanner.take(",")


def _object(scanner: Scanner) -> Iterator[object]:
    """An envelope gives the records of its lists; any other object is a record itself."""
    scanner.take("{")
    pairs: list[tuple[str, object]] = []
    listed = False
    while scanner.peek() != "}":
        if pairs or listed:
            scanner.take(",")
        name = scanner.value()
        if not isinstance(name, str):
            scanner.broken()
        scanner.take(":")
        if name.casefold() in _CONTAINERS and scanner.peek() == "[":
            listed = True
            yield from _list(scanner)
        else:
            pairs.append((name, scanner.value()))
    scanner.take("}")
    if not listed:
        yield keep_all(pairs)


@dataclass(slots=True)
class _Shape:
    """What the records of a document look like, learnt in a first pass."""

    names: dict[str, int] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=list)
    objects: int = 0
    lists: int = 0
    plain: int = 0

    def see(self, record: object) -> None:
        if isinstance(record, dict):
            self.objects += 1
            for name in record:
                self.names.setdefault(name, len(self.names))
        elif isinstance(record, list):
            self.lists += 1
            if len(self.rows) < SAMPLE_ROWS:
                self.rows.append(list(map(cell_text, record)))
        else:
            self.plain += 1
        if len(self.names) > MAX_COLUMNS:
            raise ProviderFault("file.too_many_columns", columns=len(self.names), limit=MAX_COLUMNS)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.names) or max(map(len, self.rows), default=1) or 1

    def cells(self, record: object) -> list[str]:
        """A record as cells; what has no column of its own becomes a surplus cell, so that it shows.

        That is a record that is no object among objects, and what a name holds when it is given again.
        """
        if isinstance(record, dict):
            parts = [_parts(record.get(name)) for name in self.names]
            return [*(first for first, _ in parts), *(text for _, again in parts for text in again)]
        if isinstance(record, list) and not self.objects:
            return list(map(cell_text, record))
        return [*[""] * len(self.names), cell_text(record)]


def _parts(value: object) -> tuple[str, list[str]]:
    """What a name holds as text, and what it holds when it is given again."""
    if isinstance(value, Repeated):
        first, *again = map(cell_text, value)
        return first, again
    return cell_text(value), []


def open_document(path: Path, hints: Hints | None) -> TableInfo:
    """The table of a JSON or JSON Lines file. Raises ProviderFault where the text is not JSON."""
    shape = _Shape()
    for record in documents(path):
        shape.see(record)
    if hints and not (shape.names or shape.rows):
        raise ProviderFault("file.no_objects" if shape.plain else "file.empty")
    header, rows, skip = _header(shape, hints)

    def pieces(_table: TableInfo) -> Iterator[Piece]:
        records = islice(enumerate(map(shape.cells, documents(path)), 1), skip, None)
        while group := list(islice(records, _GROUP)):
            yield grid_piece(group, shape.width)

    banner = [Note("file.note.banner", rows[0])] if rows and rows[0] else []
    return TableInfo(
        header,
        [row + 1 for row in rows],
        pieces,
        encoding=_encoding(path),
        hints=hints,
        found_notes=banner,
    )


def _header(shape: _Shape, hints: Hints | None) -> tuple[list[str], tuple[int, ...], int]:
    """Names of the columns, the records that they stand in, and the first one with data."""
    if shape.names:
        if hints:
            demand(hints.matches(shape.names), hints)
        return [" ".join(without_nul(name).split()) for name in shape.names], (), 0
    if any(map(any, shape.rows)):
        header = locate(shape.rows, hints)
        return list(header.cells), header.rows, header.data
    return ([VALUE] if shape.plain else []), (), 0


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        found = detect_encoding(file.read(HEAD_BYTES))
    return "utf-8" if found == "ascii" else found


def cell_text(value: object) -> str:
    """A JSON value as text: null is blank, nested values stay JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return value.text
        case str():
            return without_nul(value)
        case int():
            return str(value)
        case _:
            return without_nul(json.dumps(value, ensure_ascii=False))
