"""Rows that hold a total: a cell that reads exactly "Total", "المجموع" … however it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from marsad.contracts.text import fold

Indexes = npt.NDArray[np.int64]
_SCRIPTS = (range(0x20, 0x250), range(0x600, 0x700))  # Latin and Arabic letters, which is what total words have
_BETWEEN = r"[^\p{L}\p{N}]*"
_SLACK = 3  # bytes of a spelling to bytes of the folded word: accents, vowel signs, spaces around


class TotalWords:
    """Finds cells that fold to one of the given words, at little cost where there are none."""

    def __init__(self, words: frozenset[str]) -> None:
        self.words = words - {""}
        self._longest = max((len(word.encode()) for word in self.words), default=0) * _SLACK
        self._shortest = min((len(word) for word in self.words), default=0)
        self._first = _first_pairs(self.words)
        self._pattern = "^" + _BETWEEN + "(?:" + "|".join(map(_pattern, sorted(self.words))) + ")" + _BETWEEN + "$"

    def rows(self, table: pa.Table) -> Indexes:
        """Indexes of the rows of ``table`` with such a cell in any column."""
        if not self.words or not len(table):
            return np.empty(0, np.int64)
        found = [self._column(column.combine_chunks()) for column in table.itercolumns()]
        return np.unique(np.concatenate([np.empty(0, np.int64), *found]))

    def _column(self, column: pa.Array) -> Indexes:
        offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)
        lengths = np.diff(offsets)
        likely: Indexes = np.flatnonzero((lengths >= self._shortest) & (lengths <= self._longest))
        if not len(likely):
            return likely
        text = np.frombuffer(column.buffers()[2], np.uint8)
        starts = offsets[likely]
        pairs = text[starts].astype(np.uint16) << 8 | text[np.minimum(starts + 1, len(text) - 1)]
        likely = likely[self._first[pairs]]
        if not len(likely):
            return likely
        cells = column.take(pa.array(likely))
        matching = np.flatnonzero(pc.match_substring_regex(cells, self._pattern).to_numpy(zero_copy_only=False))
        sure = [index for index in matching if fold(cells[int(index)].as_py()) in self.words]
        return likely[sure]


@cache
def _spellings() -> Mapping[str, str]:
    """Folded letter to the characters that fold to it."""
    found: dict[str, str] = defaultdict(str)
    for script in _SCRIPTS:
        for point in script:
            found[fold(chr(point))] += chr(point)
    return found


def _pattern(word: str) -> str:
    return _BETWEEN.join(_letter(char) for char in word.replace(" ", ""))


def _letter(char: str) -> str:
    return "[" + "".join(f"\\x{{{ord(other):x}}}" for other in {char, *_spellings().get(char, "")}) + "]"


def _first_pairs(words: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Pairs of bytes that a spelling may begin with: one of its first letters, or no Latin or Arabic letter at all."""
    table = np.ones(1 << 16, np.bool_)
    letters = [chr(point) for script in _SCRIPTS for point in script if chr(point).isalnum()]
    for letter in letters:
        table[_pairs(letter)] = False
    for word in words:
        for letter in {word[:1], *_spellings().get(word[:1], "")} & set(letters):
            table[_pairs(letter)] = True
    return table


def _pairs(letter: str) -> slice:
    """The pairs of bytes at the beginning of a text that begins with the letter, as a range."""
    first, *second = letter.encode()
    return (
        slice(first << 8 | second[0], (first << 8 | second[0]) + 1) if second else slice(first << 8, (first + 1) << 8)
    )
