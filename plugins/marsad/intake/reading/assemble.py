"""Pieces of records to blocks of rows: one width, shapes marked, blank rows and footers left out and counted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.text import fold
from marsad.errors import ProviderFault
from marsad.intake.blocks import BLOCK_ROWS, RawBlock, Shape
from marsad.intake.reading.encoding import BROKEN
from marsad.intake.reading.limits import BLOCK_BYTES, FOOTER_ROWS
from marsad.intake.reading.notes import Note
from marsad.intake.reading.records import Piece, column_names, text_table
from marsad.intake.reading.totals import TotalWords

EXTRA = "extra"
"""Name of the additional last column of a block with long rows: the surplus cells as a JSON list, else ``""``."""

_NOTE_WORDS = re.compile(
    r"\W*(sources?|notes?|nb|n\.b|remarques?|observations?|légende|fait (à|le)|édité|extrait|imprimé|generated|exported"
    r"|المصدر|مصدر|ملاحظة|ملاحظات|ملحوظة|تاريخ الاستخراج)\b",
    re.IGNORECASE,
)
_NOTE_MARKS = ("*", "(", "[", "©", "†", "—", "--")
_FEW = 1_000
_TITLES = 3  # cells that are titles, the first two among them: no row of data looks so
_NOTE_LENGTH = 5  # words: no single cell of a form's row stands alone with so many


@dataclass(slots=True)
class _Rows:
    """Rows of one width with their numbers and shapes: a block in the making."""

    table: pa.Table
    rows: npt.NDArray[np.int64]
    shapes: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.rows)

    def slice(self, start: int, stop: int) -> _Rows:
        return _Rows(self.table.slice(start, stop - start), self.rows[start:stop], self.shapes[start:stop])

    def take(self, indexes: npt.NDArray[np.int64]) -> _Rows:
        return _Rows(self.table.take(pa.array(indexes)), self.rows[indexes], self.shapes[indexes])


class Assembler:
    """Collects pieces of one table and gives blocks; knows at the end what was left out."""

    def __init__(
        self, sheet: str | None, width: int, totals: TotalWords, titles: Sequence[str] = (), header: Sequence[str] = ()
    ) -> None:
        """With ``titles``, folded, rows that are these once more are left out: two files joined, or printed pages.

        With ``header``, as written, a row that has these in another order is refused: it begins another table.
        """
        self.sheet, self.width = sheet, width
        self._totals = totals
        self._titles = titles
        self._header = list(header)
        self._waiting: list[_Rows] = []
        self._held: list[_Rows] = []
        self._last_row = 0
        self._blank = self._footers = self._footer_gap = self._again = 0

    def add(self, piece: Piece) -> Iterator[RawBlock]:
        """Take the next piece; yields the blocks that are full now. Raises ProviderFault where another table begins."""
        rows = self._without_titles(self._without_blank(_shaped(piece, self.width)))
        self._refuse_another_order(rows)
        self._mark_totals(rows)
        self._queue(rows)
        yield from self._full_blocks()

    def finish(self) -> Iterator[RawBlock]:
        """What is left, without the footers."""
        held = _joined(self._held) if self._held else None
        if held is not None:
            first = self._first_footer(held)
            self._footers = len(held) - first
            self._waiting.append(held.slice(0, first))
        yield from self._blocks(keep=0)

    def notes(self) -> list[Note]:
        """What was left out so far."""
        counts = {
            "file.note.blank_rows": self._blank,
            "file.note.footers": self._footers,
            "file.note.titles_again": self._again,
        }
        return [Note(rule, count) for rule, count in counts.items() if count]

    def _without_blank(self, rows: _Rows) -> _Rows:
        blank = _blank_rows(rows.table)
        if not len(blank):
            return rows
        self._blank += len(blank)
        return rows.take(np.delete(np.arange(len(rows)), blank))

    def _without_titles(self, rows: _Rows) -> _Rows:
        again = np.arange(len(rows) if self._titles else 0)
        for size, test in ((1, _may_begin), (None, _is)):  # folding costs: first letters leave few rows to fold
            for column, title in zip(rows.table.columns, self._titles, strict=False):
                cells = pc.utf8_slice_codeunits(column.take(pa.array(again)), 0, size)
                alike = [text for text in pc.unique(cells).to_pylist() if test(title, text)]
                again = again[np.asarray(pc.is_in(cells, pa.array(alike, pa.string())))]
                if not len(again):
                    return rows
        self._again += len(again)
        return rows.take(np.delete(np.arange(len(rows)), again)) if len(again) else rows

    def _refuse_another_order(self, rows: _Rows) -> None:
        """What stands below titles in another order would be read under the wrong ones, and nobody would see it."""
        titles = set(self._header) - {""}
        if len(titles) < _TITLES or not len(rows):
            return
        first, second = (pc.is_in(column, pa.array(titles, pa.string())) for column in rows.table.columns[:2])
        for place in np.flatnonzero(np.asarray(pc.and_(first, second))):
            cells = [column[int(place)].as_py() for column in rows.table.columns]
            moved = any(cell in titles and cell != title for cell, title in zip(cells, self._header, strict=False))
            if moved and len(titles.intersection(cells)) >= _TITLES:
                raise ProviderFault("file.tables_several", tables=2)

    def _mark_totals(self, rows: _Rows) -> None:
        found = self._totals.rows(rows.table)
        rows.shapes[found] = np.where(rows.shapes[found] == Shape.BROKEN, Shape.BROKEN, Shape.TOTAL)

    def _queue(self, rows: _Rows) -> None:
        """Hold back single cells at the end: they are footers unless data follows."""
        if not len(rows):
            return
        tail = _tail(rows) if self.width > 1 else 0
        body = len(rows) - tail
        if body or sum(map(len, self._held)) + tail > FOOTER_ROWS:
            if self._held:
                self._last_row = int(self._held[-1].rows[-1])
            self._waiting.extend(self._held)
            self._held = []
            if body:
                self._last_row = int(rows.rows[body - 1])
                self._waiting.append(rows.slice(0, body))
        if tail:
            self._held.append(rows.slice(body, len(rows)))

    def _first_footer(self, held: _Rows) -> int:
        """Index of the first held row that is a note below the table: after a blank row, or worded like one."""
        before = self._last_row
        for index in range(len(held)):
            row = int(held.rows[index])
            if (before and row > before + 1) or _is_note(_only_cell(held.table, index)):
                return index
            before = row
        return len(held)

    def _full_blocks(self) -> Iterator[RawBlock]:
        if sum(map(len, self._waiting)) >= BLOCK_ROWS or sum(r.table.nbytes for r in self._waiting) >= BLOCK_BYTES:
            yield from self._blocks(keep=BLOCK_ROWS - 1)

    def _blocks(self, keep: int) -> Iterator[RawBlock]:
        rows = _joined(self._waiting) if self._waiting else None
        self._waiting = []
        if rows is None:
            return
        size = _block_rows(rows)
        start = 0
        while len(rows) - start > (keep if size == BLOCK_ROWS else 0):
            yield self._block(rows.slice(start, start + size))
            start = min(start + size, len(rows))
        if start < len(rows):
            self._waiting.append(rows.slice(start, len(rows)))

    def _block(self, rows: _Rows) -> RawBlock:
        table = rows.table.combine_chunks()
        if table.num_columns > self.width and not pc.any(pc.not_equal(table.column(EXTRA), "")).as_py():
            table = table.select(column_names(self.width))
        return RawBlock(self.sheet, table, rows.rows, rows.shapes)


def _may_begin(title: str, sign: str) -> bool:
    """Whether a cell that begins so can be the title; marks of order and quotes stand before any."""
    return title.startswith(fold(sign)) if sign.isalnum() else bool(sign) or not title


def _is(title: str, cell: str) -> bool:
    return fold(cell) == title


def _block_rows(rows: _Rows) -> int:
    """How many of the rows fit in a block."""
    each = max(1, rows.table.nbytes // max(1, len(rows)))
    return int(min(BLOCK_ROWS, max(1, BLOCK_BYTES // each)))


def _joined(parts: Sequence[_Rows]) -> _Rows:
    uneven = len({part.table.num_columns for part in parts}) > 1
    tables = [_with_extra(part.table) if uneven else part.table for part in parts]
    return _Rows(
        pa.concat_tables(tables),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.shapes for part in parts]),
    )


def _with_extra(table: pa.Table) -> pa.Table:
    return (
        table if EXTRA in table.column_names else table.append_column(EXTRA, pa.array([""] * len(table), pa.string()))
    )


def _shaped(piece: Piece, width: int) -> _Rows:
    """The records of a piece in their order, cut or filled to the table's width."""
    rows = _regular(piece, width)
    if piece.ragged:
        rows = _merged(rows, _ragged(piece.ragged, width))
    if piece.tainted:
        rows = _cleaned(rows)
    if piece.broken:
        rows.shapes[np.isin(rows.rows, piece.broken)] = Shape.BROKEN
    return rows


def _regular(piece: Piece, width: int) -> _Rows:
    table, count = piece.table, len(piece.rows)
    if table.num_columns == width:
        return _Rows(table, piece.rows, np.zeros(count, np.uint8))
    if table.num_columns > width:
        surplus = table.select(range(width, table.num_columns))
        extra = _surplus(surplus)
        shapes = np.where(extra.to_numpy(zero_copy_only=False) != "", Shape.LONG, Shape.OK).astype(np.uint8)
        table = table.select(range(width))
        if shapes.any():
            table = table.append_column(EXTRA, extra)
        return _Rows(table, piece.rows, shapes)
    for name in column_names(width)[table.num_columns :]:
        table = table.append_column(name, pa.array([""] * count, pa.string()))
    return _Rows(table, piece.rows, np.full(count, Shape.SHORT, np.uint8))


def _surplus(table: pa.Table) -> pa.Array:
    """The cells beyond the header as JSON, ``""`` for rows where they are all blank."""
    texts = np.full(len(table), "", object)
    filled = np.delete(np.arange(len(table)), _blank_rows(table))
    for index, cells in zip(filled, table.take(pa.array(filled)).to_pylist(), strict=True):
        texts[index] = _as_json(list(cells.values()))
    return pa.array(texts, pa.string())


def _as_json(cells: list[str]) -> str:
    return json.dumps(cells, ensure_ascii=False) if any(map(str.strip, cells)) else ""


def _ragged(records: list[tuple[int, list[str]]], width: int) -> _Rows:
    cells = [(record + [""] * width)[:width] for _, record in records]
    extra = [_as_json(record[width:]) for _, record in records]
    shapes = [
        Shape.LONG if surplus else Shape.SHORT if len(record) < width else Shape.OK
        for (_, record), surplus in zip(records, extra, strict=True)
    ]
    table = text_table(cells, width)
    if any(extra):
        table = table.append_column(EXTRA, pa.array(extra, pa.string()))
    return _Rows(table, np.array([row for row, _ in records], np.int64), np.array(shapes, np.uint8))


def _merged(regular: _Rows, ragged: _Rows) -> _Rows:
    """All rows in order: cut and put together, which copies faster than taking rows one by one unless most are odd."""
    if EXTRA in regular.table.column_names or EXTRA in ragged.table.column_names:
        regular.table, ragged.table = _with_extra(regular.table), _with_extra(ragged.table)
    if len(ragged) > _FEW:
        both = _joined([regular, ragged])
        both.table = both.table.combine_chunks()
        return both.take(np.argsort(both.rows, kind="stable"))
    parts, start = [], 0
    for index, cut in enumerate(np.searchsorted(regular.rows, ragged.rows).tolist()):
        parts += [regular.slice(start, cut), ragged.slice(index, index + 1)]
        start = cut
    merged = _joined([part for part in [*parts, regular.slice(start, len(regular))] if len(part)])
    merged.table = merged.table.combine_chunks()
    return merged


def _cleaned(rows: _Rows) -> _Rows:
    """Rows that hold what was not text are marked and show the usual replacement character instead."""
    table = rows.table
    for position, name in enumerate(table.column_names):
        hit = pc.match_substring(table.column(name), BROKEN).to_numpy()
        if hit.any():
            rows.shapes[hit] = Shape.BROKEN
            clean = pc.replace_substring(table.column(name), BROKEN, "\ufffd")
            table = table.set_column(position, name, clean)
    return _Rows(table, rows.rows, rows.shapes)


def _blank_rows(table: pa.Table) -> npt.NDArray[np.int64]:
    """Indexes of rows without anything but white space: few survive the first columns, so later ones cost little."""
    indexes = np.arange(len(table))
    for column in table.itercolumns():
        if not len(indexes):
            break
        cells = column if len(indexes) == len(column) else column.take(pa.array(indexes))
        empty = pc.equal(pc.binary_length(cells), 0).to_numpy()
        if not empty.all():
            others = np.flatnonzero(~empty)
            blank = pc.equal(pc.utf8_trim_whitespace(cells.take(pa.array(others))), "").to_numpy()
            empty = empty.copy()
            empty[others] = blank
        indexes = indexes[empty]
    return indexes


def _tail(rows: _Rows) -> int:
    """How many rows at the end have one filled cell only (total rows are never among them)."""
    count = 0
    while count < min(len(rows), FOOTER_ROWS + 1):
        index = len(rows) - 1 - count
        if rows.shapes[index] in {Shape.TOTAL, Shape.BROKEN} or _only_cell(rows.table, index) is None:
            break
        count += 1
    return count


def _only_cell(table: pa.Table, index: int) -> str | None:
    """The single filled cell of a row; None if there are more."""
    filled = [text for column in table.itercolumns() if (text := column[index].as_py()).strip()]
    return filled[0].strip() if len(filled) == 1 else None


def _is_note(cell: str | None) -> bool:
    if cell is None:
        return False
    return bool(_NOTE_WORDS.match(cell)) or cell.startswith(_NOTE_MARKS) or len(cell.split()) >= _NOTE_LENGTH
