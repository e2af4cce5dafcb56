"""Delimited text files: one table, streamed."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from marsad.errors import ProviderFault
from marsad.intake.reading.dialect import MARK, Dialect, detect_dialect
from marsad.intake.reading.encoding import BROKEN, ERRORS, Utf8Stream, detect_encoding
from marsad.intake.reading.header import Header, usual_width
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.limits import DIALECT_BYTES, HEAD_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES, SAMPLE_ROWS
from marsad.intake.reading.notes import Note
from marsad.intake.reading.records import Piece, parse_lines, read_pieces
from marsad.intake.reading.tables import TableInfo, locate

_WORDS = re.compile(r"[,;|\t\r\n\"]+")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_DENSE = 50
"""From one NUL in so many bytes on, decoded text was never text."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file after the first look: enough to read it again and again from the start."""

    path: Path
    encoding: str
    dialect: Dialect
    width: int
    header: Header
    header_lines: int

    def pieces(self, table: TableInfo) -> Iterator[Piece]:
        """The records below the header; tells ``table`` the encoding when it shows late."""
        with self.path.open("rb") as file:
            stream = Utf8Stream(file, self.encoding)
            below = _below(iter(stream), self.header_lines)
            yield from read_pieces(below, self.dialect, self.width, self.header.data + 1)
            table.encoding = _shown(stream.encoding)


def open_text(path: Path, hints: Hints | None) -> TableInfo:
    """The table of a text file. Raises ProviderFault when it is not one."""
    encoding, head, whole = _head(path, hints)
    _refuse_wide(head)
    dialect = detect_dialect(head, hints)
    records, ends = _records(head, dialect, whole)
    header = locate(records, hints)
    width = usual_width(records[header.data :]) or max(len(records[header.data - 1]), 1)
    lines = ends[header.data - 1] if header.data else 0
    text = TextFile(path, encoding, dialect, min(width, MAX_COLUMNS), header, lines)
    return TableInfo(
        header=list(header.cells),
        header_rows=[row + 1 for row in header.rows],
        pieces=text.pieces,
        encoding=_shown(encoding),
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        escape=dialect.escape,
        line_end=dialect.line_end,
        hints=hints,
        found_notes=[Note("file.note.banner", header.banner)] if header.banner else [],
    )


def _head(path: Path, hints: Hints | None) -> tuple[str, str, bool]:
    """Encoding, decoded beginning up to a line end, and whether that is all."""
    with path.open("rb") as file:
        raw = file.read(HEAD_BYTES)
        if not raw:
            raise ProviderFault("file.empty")
        encoding = _by_titles(raw, detect_encoding(raw), hints)
        file.seek(0)
        text, whole = _first_lines(Utf8Stream(file, encoding, HEAD_BYTES))
    if not text.replace(BROKEN, "").strip():
        raise ProviderFault("file.empty")
    if _is_binary(text):
        raise ProviderFault("file.not_a_table")
    return encoding, text, whole


def _by_titles(raw: bytes, encoding: str, hints: Hints | None) -> str:
    """UTF-8 where more of the contract's titles can be read so: a few damaged cells make no other encoding."""
    if hints is None or codecs.lookup(encoding).name.startswith(("utf", "ascii")):
        return encoding
    titles = [hints.matches(_WORDS.split(raw[:DIALECT_BYTES].decode(name, ERRORS))) for name in ("utf-8", encoding)]
    return "utf-8" if len(titles[0]) > len(titles[1]) else encoding


def _first_lines(stream: Utf8Stream) -> tuple[str, bool]:
    data = b""
    for chunk, final in stream:
        data += chunk
        if final or b"\n" in data or b"\r" in data[:-1]:
            return data.decode("utf-8", ERRORS), final
        if len(data) > MAX_RECORD_BYTES:
            break
    raise ProviderFault("file.line_too_long", limit=MAX_RECORD_BYTES >> 20, row=1)


def _is_binary(text: str) -> bool:
    sample = text[:DIALECT_BYTES]
    control = sum(map(sample.count, map(chr, chain(range(9), range(14, 27))))) + sample.count(BROKEN)
    return control * _DENSE > len(sample) and control > 1


def _refuse_wide(head: str) -> None:
    """Before anything costly: a first line with so many separators cannot be a form."""
    line = head[: head.find("\n") if "\n" in head else len(head)]
    columns = max(map(line.count, ",;\t|")) + 1
    if columns > MAX_COLUMNS:
        raise ProviderFault("file.too_many_columns", columns=columns, limit=MAX_COLUMNS)


def _records(head: str, dialect: Dialect, whole: bool) -> tuple[list[list[str]], list[int]]:
    lines = list(io.StringIO(head, newline=""))
    if not whole and len(lines) > 1:
        lines.pop()
    lines = lines[: 4 * SAMPLE_ROWS]
    if dialect.one is not dialect:
        lines = [line.replace(dialect.delimiter, MARK) for line in lines]
    records, _, ends = parse_lines(lines, dialect.one, give_up=True)
    return [[cell.replace(MARK, dialect.delimiter) for cell in record] for record in records[:SAMPLE_ROWS]], ends


def _below(chunks: Iterator[tuple[bytes, bool]], lines: int) -> Iterator[tuple[bytes, bool]]:
    """The stream from after its first lines on."""
    data = b""
    for chunk, final in chunks:
        data += chunk
        start = _after(data, lines, final)
        if start is not None:
            yield data[start:], final
            break
    yield from chunks


def _after(data: bytes, lines: int, final: bool) -> int | None:
    """Where the line after the first ``lines`` begins; None if that is not known yet."""
    ends = (match.end() for match in _LINE_END.finditer(data))
    start = next(islice(ends, lines - 1, None), None) if lines else 0
    if start is None or (start == len(data) and not final):
        return len(data) if final else None
    return start


def _shown(encoding: str) -> str:
    return "utf-8" if encoding == "ascii" else encoding
