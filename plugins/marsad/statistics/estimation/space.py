"""What so many lists can show: capture histories, pairs of lists, and the terms of log-linear models over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

Model = tuple[int, ...]
"""The pairs of lists, by their number in ``Space.pairs``, that are not independent of each other. Empty: all are."""

INDEPENDENT: Model = ()


@dataclass(frozen=True, eq=False)
class Space:
    """``design`` has a row a history (1, 2, 3 … as bits) and a column a term: constant, lists, pairs of lists."""

    pairs: tuple[tuple[int, int], ...]
    design: Floats
    width: int
    """Terms that are in every model: the constant and the lists."""

    def terms(self, model: Model) -> Floats:
        """The columns of ``design`` that ``model`` has."""
        return self.design[:, [*range(self.width), *(self.width + pair for pair in model)]]

    def pair(self, pair: int) -> Floats:
        """1 for the histories that are on both lists of ``pair``."""
        return self.design[:, self.width + pair]

    def names(self, model: Model, lists: Sequence[str]) -> list[str]:
        """The pairs of ``model`` as people write them, ``police:ngo``."""
        return [":".join(lists[one] for one in self.pairs[pair]) for pair in model]


@cache
def space_of(lists: int) -> Space:
    """The space of so many lists."""
    histories = np.arange(1, 1 << lists)[:, None] >> np.arange(lists) & 1
    pairs = tuple(combinations(range(lists), 2))
    both = [histories[:, one] * histories[:, other] for one, other in pairs]
    design = np.column_stack([np.ones(len(histories)), histories, *both]).astype(np.float64)
    return Space(pairs, design, lists + 1)


def absent_terms(terms: Floats, counts: Floats) -> tuple[Flags, Flags]:
    """Terms whose histories nobody shows, and the histories that are left without them; a row a table of ``counts``.

    Such a term is minus infinity (Chan, Silverman and Vincent 2021): its histories are expected to stay empty and are
    left out, instead of letting a fit crawl towards -20.
    """
    absent = counts @ terms == 0
    return absent, absent @ terms.T == 0
