"""Text to records: Arrow's parser where it is exact, Python's where quoting is irregular. Both give the same cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from marsad.errors import ProviderFault
from marsad.intake.reading.dialect import MARK, Dialect
from marsad.intake.reading.encoding import BROKEN, BROKEN_BYTES, ERRORS
from marsad.intake.reading.limits import MAX_RECORD_BYTES

Rows = npt.NDArray[np.int64]
_ARROW_BLOCK = 1 << 20
_LF, _CR = 0x0A, 0x0D
_UNSTORABLE = re.compile("[\\0\ud800-\udfff]")

csv.field_size_limit(MAX_RECORD_BYTES)


@dataclass(slots=True)
class Piece:
    """Consecutive records. ``table`` holds those of the usual width, ``rows`` their numbers.

    ``ragged`` are the other records with their numbers, ``broken`` the numbers of records whose quoting never ends,
    ``tainted`` says that some text held what could not be decoded.
    """

    table: pa.Table
    rows: Rows
    ragged: list[tuple[int, list[str]]] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    tainted: bool = False


def column_names(width: int) -> list[str]:
    """``c0 … cn``."""
    return [f"c{i}" for i in range(width)]


def text_table(records: Iterable[list[str]], width: int) -> pa.Table:
    """Records of one width as string columns."""
    columns = list(zip(*records, strict=True)) or [()] * width
    return pa.table([pa.array(column, pa.string()) for column in columns], names=column_names(width))


def read_pieces(chunks: Iterable[tuple[bytes, bool]], dialect: Dialect, width: int, row: int) -> Iterator[Piece]:
    """Pieces of a UTF-8 stream whose first record has number ``row``.

    Memory stays within a few chunks and ``MAX_RECORD_BYTES``. Raises ProviderFault ``file.line_too_long``.
    """
    carry, one = b"", dialect.one
    for chunk, final in chunks if one is dialect else _marked(chunks, dialect.delimiter):
        data = carry + chunk if carry else chunk
        piece, carry = _parse(data, final, one, width, row)
        if piece is not None:
            row += len(piece.rows) + len(piece.ragged)
            yield piece if one is dialect else _unmarked(piece, dialect.delimiter)
        elif len(carry) > MAX_RECORD_BYTES:
            raise ProviderFault("file.line_too_long", limit=MAX_RECORD_BYTES >> 20, row=row)


def _marked(chunks: Iterable[tuple[bytes, bool]], delimiter: str) -> Iterator[tuple[bytes, bool]]:
    """The stream with ``MARK`` for each delimiter, also for one that two chunks share."""
    long, mark, carry = delimiter.encode(), MARK.encode(), b""
    for chunk, final in chunks:
        data = (carry + chunk).replace(long, mark)
        kept = 0 if final else next((size for size in range(len(long) - 1, 0, -1) if data.endswith(long[:size])), 0)
        carry = data[len(data) - kept :]
        yield data[: len(data) - kept], final


def _unmarked(piece: Piece, delimiter: str) -> Piece:
    """The delimiters that stood inside quoted cells are text again."""
    piece.ragged = [(row, [cell.replace(MARK, delimiter) for cell in cells]) for row, cells in piece.ragged]
    columns = [pc.replace_substring(column, MARK, delimiter) for column in piece.table.columns]
    piece.table = pa.table(columns, names=piece.table.column_names)
    return piece


def _parse(data: bytes, final: bool, dialect: Dialect, width: int, row: int) -> tuple[Piece | None, bytes]:
    """What can be parsed of ``data`` and what is left of it; no piece when more is needed."""
    cut = plain_cut(data, final, dialect) if dialect.plain else None
    if cut and (piece := _fast(data[:cut], dialect, width, row)) is not None:
        return piece, data[cut:]
    if cut == 0 and len(data) <= MAX_RECORD_BYTES:
        return None, data
    return _slow(data, final, dialect, width, row)


def plain_cut(data: bytes, final: bool, dialect: Dialect) -> int | None:
    """Where the last complete record ends; None if quotes stand where parsers differ about them.

    Quotes are regular when each odd one follows a separator and each even one is followed by one, a doubled quote
    counting as end and beginning: then a line end is a record's end exactly where the quotes before it are even.
    """
    end = len(data) if final else _last_end(data)
    quotes = _quotes(data, dialect)
    if not len(quotes):
        return end
    inside = int(np.searchsorted(quotes, end))
    if inside % 2 and not final:  # an open quote reaches over the cut: cut before it
        end = _last_end(data[: quotes[inside - 1]])
        inside = int(np.searchsorted(quotes, end))
    if inside % 2:
        return None
    return end if _regular(data, quotes[:inside], end, dialect) else None


def _last_end(data: bytes) -> int:
    """Just after the last line end; a carriage return at the very end may be half of one."""
    newline = data.rfind(b"\n") + 1
    return newline or data.rfind(b"\r", 0, len(data) - 1) + 1


def _quotes(data: bytes, dialect: Dialect) -> Rows:
    if dialect.quote is None or dialect.quote.encode() not in data:
        return np.empty(0, np.int64)
    return np.flatnonzero(np.frombuffer(data, np.uint8) == ord(dialect.quote))


def _regular(data: bytes, quotes: Rows, end: int, dialect: Dialect) -> bool:
    text = np.frombuffer(data, np.uint8)
    border = np.zeros(256, np.bool_)
    border[[_LF, _CR, ord(dialect.delimiter), ord(dialect.quote or '"')]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = border[text[np.maximum(opening - 1, 0)]] | (opening == 0)
    after = border[text[np.minimum(closing + 1, end - 1)]] | (closing == end - 1)
    return bool(before.all() and after.all())


def _fast(data: bytes, dialect: Dialect, width: int, row: int) -> Piece | None:
    """Arrow's reading; None where a record is longer than Arrow's own blocks."""
    data = _valid(data)
    ragged: list[tuple[int, str]] = []

    def keep(invalid: pacsv.InvalidRow) -> str:
        ragged.append((invalid.number - 1, invalid.text))
        return "skip"

    try:
        table = _arrow(data, dialect, width, keep)
    except pa.ArrowInvalid:
        return None
    total = len(table) + len(ragged)
    numbers = np.arange(row, row + total, dtype=np.int64)
    if ragged:
        numbers = np.delete(numbers, [index for index, _ in ragged])
    records = [(row + index, _single(text, dialect)) for index, text in ragged]
    return Piece(table, numbers, records, tainted=BROKEN_BYTES in data)


def _arrow(data: bytes, dialect: Dialect, width: int, keep: Callable[[pacsv.InvalidRow], str]) -> pa.Table:
    names = column_names(width)
    return pacsv.read_csv(
        pa.BufferReader(data),
        pacsv.ReadOptions(column_names=names, use_threads=False, block_size=_ARROW_BLOCK),
        pacsv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=keep,
        ),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )


def _valid(data: bytes) -> bytes:
    """The same bytes if they are UTF-8, else with what is not text replaced."""
    if data.isascii():
        return data
    ends = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return data.decode("utf-8", ERRORS).encode()
    return data


def _single(text: str, dialect: Dialect) -> list[str]:
    return next(dialect.reader(io.StringIO(text, newline="")), [])


class _Feed:
    """Lines one at a time, knowing which came last and whether more were asked for than there are."""

    def __init__(self, lines: list[str], start: int) -> None:
        self.lines, self.index, self.exhausted = lines, start, False

    def __iter__(self) -> Iterator[str]:
        while self.index < len(self.lines):
            self.index += 1
            yield self.lines[self.index - 1]
        self.exhausted = True


def _slow(data: bytes, final: bool, dialect: Dialect, width: int, row: int) -> tuple[Piece | None, bytes]:
    end = len(data) if final else _last_end(data)
    text = data[:end].decode("utf-8", ERRORS)
    lines = list(io.StringIO(text, newline=""))
    give_up = final or len(data) > MAX_RECORD_BYTES
    records, broken, ends = parse_lines(lines, dialect, give_up)
    if not records:
        return None, data
    piece = _piece(records, broken, width, row)
    piece.tainted = BROKEN in text
    return piece, "".join(lines[ends[-1] :]).encode() + data[end:]


def parse_lines(lines: list[str], dialect: Dialect, give_up: bool) -> tuple[list[list[str]], list[int], list[int]]:
    """Records of physical lines, the indexes of broken ones, and after how many lines each record ends.

    A quote that is never closed makes its line a broken record of its own, so that the lines after it are not
    swallowed; without ``give_up`` such a record is left for when more lines are known.
    """
    records: list[list[str]] = []
    broken: list[int] = []
    ends: list[int] = []
    start = 0
    while start < len(lines):
        start = _run(_Feed(lines, start), dialect, records, ends)
        if start < len(lines):
            if not give_up:
                break
            broken.append(len(records))
            records.append(lines[start].rstrip("\r\n").split(dialect.delimiter))
            start += 1
            ends.append(start)
    return records, broken, ends


def _run(feed: _Feed, dialect: Dialect, records: list[list[str]], ends: list[int]) -> int:
    """Append records until the lines end; gives the first line of a record that does not end, else their number."""
    reader = dialect.reader(iter(feed))
    start = feed.index
    while True:
        try:
            record = next(reader, None)
        except csv.Error:
            return start
        if record is None:
            return len(feed.lines)
        if feed.exhausted:
            return start
        records.append(record)
        start = feed.index
        ends.append(start)


def _piece(records: list[list[str]], broken: list[int], width: int, row: int) -> Piece:
    piece = grid_piece(enumerate(records, row), width)
    piece.broken = [row + index for index in broken]
    return piece


def grid_piece(records: Iterable[tuple[int, list[str]]], width: int) -> Piece:
    """A piece of numbered records that were parsed elsewhere."""
    regular, rows, ragged = [], [], []
    for number, record in records:
        if len(record) == width:
            regular.append(record)
            rows.append(number)
        else:
            ragged.append((number, record))
    return Piece(text_table(regular, width), np.array(rows, np.int64), ragged, tainted=True)


def without_nul(text: str) -> str:
    """Text of a workbook or of JSON with NUL and lone surrogates made ``BROKEN``: PostgreSQL holds neither."""
    return _UNSTORABLE.sub(BROKEN, text)
