"""Rows that hold a total: a cell that reads exactly "Total", "المجموع" … however it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from marsad.contracts.text import fold

Indexes = npt.NDArray[np.int64]
_SCRIPTS = (range(0x20, 0x250), range(0x600, 0x700))  # Latin and Arabic letters, which is what total words have
_SLACK = 3
"""Bytes of a spelling to bytes of the folded word: accents, vowel signs, spaces around."""


class TotalWords:
    """Finds cells that fold to one of the given words.

    Folding a cell costs microseconds and a file has millions of them, so that length, first and last letter are
    compared on the bytes of whole columns first, and only the different cells among the rest are folded.
    """

    def __init__(self, words: frozenset[str], columns: Sequence[int]) -> None:
        self.words, self.columns = words - {""}, columns
        self._longest = max((len(word.encode()) for word in self.words), default=0) * _SLACK
        self._shortest = min((len(word) for word in self.words), default=0)
        self._first = _allowed({word[0] for word in self.words}, last=False)
        self._last = _allowed({word[-1] for word in self.words}, last=True)
        self._begins: npt.NDArray[np.bool_] = np.logical_or.reduce(self._first.reshape(256, 256), axis=1)

    def rows(self, table: pa.Table) -> Indexes:
        """Indexes of the rows of ``table`` with such a cell in one of the columns."""
        if not self.words or not len(table):
            return np.empty(0, np.int64)
        found = [self._column(column.combine_chunks()) for column in map(table.column, self.columns)]
        return np.unique(np.concatenate([np.empty(0, np.int64), *found]))

    def _column(self, column: pa.Array) -> Indexes:
        likely = self._likely(column)
        if not len(likely):
            return likely
        cells = column.take(pa.array(likely)).dictionary_encode()
        hits = [index for index, text in enumerate(cells.dictionary.to_pylist()) if fold(text) in self.words]
        return likely[np.isin(cells.indices.to_numpy(), hits)]

    def _likely(self, column: pa.Array) -> Indexes:
        offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)
        surplus = (np.diff(offsets) - np.int32(self._shortest)).view(np.uint32)  # one comparison for both bounds
        likely: Indexes = np.flatnonzero(surplus <= max(0, self._longest - self._shortest))
        if len(likely):
            text = np.frombuffer(column.buffers()[2], np.uint8)
            likely = likely[self._begins[text[offsets[likely]]]]
            likely = likely[self._first[_pairs(text, offsets[likely])]]
            likely = likely[self._last[_pairs(text, np.maximum(offsets[likely + 1] - 2, 0))]]
        return likely


def _pairs(text: npt.NDArray[np.uint8], starts: npt.NDArray[np.int32]) -> npt.NDArray[np.uint16]:
    high, low = text[starts].astype(np.uint16), text[np.minimum(starts + 1, len(text) - 1)].astype(np.uint16)
    return np.bitwise_or(np.left_shift(high, np.uint16(8)), low)


@cache
def _spellings() -> Mapping[str, str]:
    """Folded letter to the characters that fold to it."""
    found: dict[str, str] = defaultdict(str)
    for script in _SCRIPTS:
        for point in script:
            found[fold(chr(point))] += chr(point)
    return found


def _allowed(letters: set[str], *, last: bool) -> npt.NDArray[np.bool_]:
    """By the two bytes at an end of a text: may it be a spelling? Not if another Latin or Arabic letter is there."""
    table = np.ones((256, 256), np.bool_)
    for point in (point for script in _SCRIPTS for point in script if chr(point).isalnum()):
        table[_place(chr(point), last=last)] = False
    for letter in letters:
        for spelling in {letter, *_spellings().get(letter, "")}:
            table[_place(spelling, last=last)] = True
    return table.ravel()


def _place(letter: str, *, last: bool) -> tuple[int | slice, int | slice]:
    first, *second = letter.encode()
    if second:
        return first, second[0]
    return (slice(None), first) if last else (first, slice(None))
