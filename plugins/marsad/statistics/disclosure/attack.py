"""The attack: between which numbers every cell lies that is not shown, for who has all tables and older releases.

It reads what is published and nothing else, so it does not depend on what chose the cells.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse

from marsad.statistics.disclosure.cells import Dimension
from marsad.statistics.disclosure.system import NOW, Published, Row, Solution, System

_NEAR = 1e-6
_FEW = 5  # targets: fewer are asked for one by one
What = Literal["cell", "earlier", "change"]


@dataclass(frozen=True)
class Finding:
    """What can be calculated: ``low`` to ``high`` is possible, and no wider only where that was not asked.

    ``what``: a cell of the release, one that an older release does not show, or how much a cell changed since.
    ``held_by`` are the statements that keep it so narrow.
    """

    what: What
    row: Row
    low: float
    high: float
    held_by: tuple[Row, ...] = ()

    @property
    def width(self) -> float:
        """How far apart the least and the largest possible count are; 0 is known exactly."""
        if math.isinf(self.high):
            return math.inf
        return math.floor(self.high + _NEAR) - math.ceil(self.low - _NEAR)

    @property
    def exact(self) -> bool:
        """Whether it can be calculated as if it had been printed."""
        return self.width <= 0

    def holds(self, count: int) -> bool:
        """Whether ``count`` lies within: who believes that little changed between releases can be led astray."""
        return self.low - _NEAR <= count <= self.high + _NEAR


class Attack:
    """The attack on some tables: asks what can be calculated of one cell after the other.

    Intervals are told as wide as ``width`` where they are at least so. ``changes`` are those since older releases that
    should not be known.

    Raises:
        PlatformFault: the tables contradict each other.
    """

    def __init__(
        self, dimensions: Sequence[Dimension], tables: Sequence[Published], width: int, changes: Collection[Row] = ()
    ) -> None:
        self.targets = list(_targets(tables, changes))
        self._width = width
        if self.targets:
            self._system = System(dimensions, tables)
            self._sums = scipy.sparse.csr_matrix(scipy.sparse.vstack([self._sum(*one) for one in self.targets]))
            self._low, self._high = np.full(len(self.targets), np.inf), np.full(len(self.targets), -np.inf)
            self._spread()

    def look(self, place: int) -> Finding:
        """What can be calculated of a target."""
        held: dict[Row, None] = {}
        for sense in (-1, 1):
            if not self._wide(place):
                held.update(dict.fromkeys(self._extreme(place, sense)))
        what, row = self.targets[place]
        by = () if self._wide(place) else tuple(held)
        return Finding(what, row, float(self._low[place]), float(self._high[place]), by)

    def hide(self, row: Row) -> None:
        """Goes on as if a cell of the release were not shown either; it is a target too."""
        self._system.hide(row)
        self.targets.append(("cell", row))
        self._sums = scipy.sparse.csr_matrix(scipy.sparse.vstack([self._sums, self._sum("cell", row)]))
        self._low, self._high = np.append(self._low, np.inf), np.append(self._high, -np.inf)

    def _spread(self) -> None:
        """Shows at once of most targets that they are wide, by what is possible: half of them large and half small.

        Which half is told by the binary places of their numbers, so that any two are pulled apart once. What is not
        shown to be wide here is asked for by itself (``look``).
        """
        for place in range(len(self.targets).bit_length() + 1):
            left = np.array([number for number in range(len(self.targets)) if not self._wide(number)], np.int64)
            if len(left) < _FEW:
                return
            pulled = self._sums[left].T @ np.where(left >> place & 1, -1.0, 1.0)
            for sense in (-1, 1):
                self._note(self._system.extreme(pulled, sense))

    def _sum(self, what: What, row: Row) -> scipy.sparse.csr_matrix:
        return (self._system.change if what == "change" else self._system.of)(row)

    def _wide(self, place: int) -> bool:
        low, high = self._low[place], self._high[place]
        return bool(low <= high and Finding("cell", self.targets[place][1], low, high).width >= self._width)

    def _extreme(self, place: int, sense: int) -> Sequence[Row]:
        """One end of a target. Each solution is one of all others too: what lies between two of them is possible."""
        found = self._system.extreme(self._sums[place], sense)
        if math.isinf(found.value):
            self._low[place], self._high[place] = min(self._low[place], 0.0), np.inf
            return ()
        self._note(found)
        return found.held_by

    def _note(self, found: Solution) -> None:
        if math.isfinite(found.value):
            values = self._sums @ found.variables
            self._low, self._high = np.minimum(self._low, values), np.maximum(self._high, values)


def attack(
    dimensions: Sequence[Dimension], tables: Sequence[Published], width: int, changes: Collection[Row] = ()
) -> list[Finding]:
    """What can be calculated of every cell that is not shown, and of the ``changes`` that should not be."""
    asked = Attack(dimensions, tables, width, changes)
    return [asked.look(place) for place in range(len(asked.targets))]


def _targets(tables: Sequence[Published], changes: Collection[Row]) -> Iterator[tuple[What, Row]]:
    hidden: dict[Row, None] = {}
    for table in tables:
        span = tuple(sorted(table.span))
        hidden.update((Row(table.state, span, key), None) for key, shown in table.cells.items() if shown is None)
    for row in sorted(hidden):
        yield ("cell" if row.state == NOW else "earlier"), row
    for row in sorted(changes):
        yield "change", row
