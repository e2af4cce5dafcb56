"""The attack: between which numbers every cell lies that is not shown, for who has all tables and older releases.

It reads what is published and nothing else, so it does not depend on what chose the cells.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse

from marsad.statistics.disclosure.cells import Dimension
from marsad.statistics.disclosure.system import NOW, Published, Row, Solution, System

_NEAR = 1e-6
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


def attack(
    dimensions: Sequence[Dimension],
    tables: Sequence[Published],
    width: int,
    changes: Collection[Row] = (),
) -> list[Finding]:
    """What can be calculated of every cell that is not shown, and of the ``changes`` that should not be.

    Intervals are told as wide as ``width`` where they are at least so.

    Raises:
        PlatformFault: the tables contradict each other.
    """
    targets = list(_targets(tables, changes))
    if not targets:
        return []
    system = System(dimensions, tables)
    sums = scipy.sparse.csr_matrix(
        scipy.sparse.vstack([(system.change if what == "change" else system.of)(row) for what, row in targets])
    )
    seen = _Seen(len(targets))
    held = [_narrow(system, sums, place, seen, width) for place in range(len(targets))]
    return [
        Finding(what, row, float(seen.low[place]), float(seen.high[place]), held[place])
        for place, (what, row) in enumerate(targets)
    ]


def _targets(tables: Sequence[Published], changes: Collection[Row]) -> Iterator[tuple[What, Row]]:
    hidden: dict[Row, None] = {}
    for table in tables:
        span = tuple(sorted(table.span))
        hidden.update((Row(table.state, span, key), None) for key, shown in table.cells.items() if shown is None)
    for row in sorted(hidden):
        yield ("cell" if row.state == NOW else "earlier"), row
    for row in sorted(changes):
        yield "change", row


class _Seen:
    """The least and the largest value of each target among all solutions so far: all between them is possible."""

    def __init__(self, size: int) -> None:
        self.low = np.full(size, np.inf)
        self.high = np.full(size, -np.inf)

    def note(self, values: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        self.low, self.high = np.minimum(self.low, values), np.maximum(self.high, values)

    def wide(self, place: int, width: int) -> bool:
        low, high = self.low[place], self.high[place]
        return bool(low <= high and math.floor(high + _NEAR) - math.ceil(low - _NEAR) >= width)


def _narrow(system: System, sums: scipy.sparse.csr_matrix, place: int, seen: _Seen, width: int) -> tuple[Row, ...]:
    """Looks for a target's ends until it is wide enough; else the rows that hold it."""
    held: Mapping[Row, None] = {}
    for sense in (-1, 1):
        if seen.wide(place, width):
            return ()
        found: Solution = system.extreme(sums[place], sense)
        if math.isinf(found.value):
            seen.high[place] = np.inf
            seen.low[place] = min(seen.low[place], 0.0)
            return ()
        seen.note(sums @ found.variables)
        held = {**held, **dict.fromkeys(found.held_by)}
    return () if seen.wide(place, width) else tuple(held)


def utility(tables: Mapping[str, Mapping[Any, int | None]]) -> Mapping[str, tuple[int, int]]:
    """How many cells of each table are shown, of how many."""
    return {name: (sum(shown is not None for shown in cells.values()), len(cells)) for name, cells in tables.items()}
