"""What published tables say together, as a linear programme over everybody who may have been counted.

A variable is a number of people at one combination of codes (those that no table tells apart are one), so whatever
follows from several tables, their margins and older releases follows here too. Who attacks is taken to believe that
between two releases as little changed as what was published allows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse

from marsad.errors import PlatformFault
from marsad.statistics.disclosure.cells import Cube, Dimension, Key
from marsad.statistics.disclosure.policy import Policy, Zeros

NOW = 0
_SLACK = 1e-6


@dataclass(frozen=True)
class Published:
    """A table as it can be read: numbers, and None where one is not shown.

    ``state`` is NOW for the release at hand, another number for each older one, ``span`` the months it counts.
    """

    dimensions: tuple[str, ...]
    cells: Mapping[Key, int | None]
    policy: Policy
    zeros: Zeros = "published"
    state: int = NOW
    span: frozenset[str] = frozenset({""})


@dataclass(frozen=True, order=True)
class Row:
    """One statement: how many people a cell held in a state."""

    state: int
    span: tuple[str, ...]
    key: Key


@dataclass(frozen=True)
class Solution:
    """Where a sum is at its end: its value, all variables, and the rows that hold it there."""

    value: float
    variables: np.ndarray[Any, np.dtype[np.float64]]
    held_by: tuple[Row, ...]


@dataclass(frozen=True)
class _Model:
    """A linear programme as it is solved: of which variables, and what holds of them."""

    of: tuple[int, float]
    columns: np.ndarray[Any, np.dtype[np.int64]]
    said: Mapping[str, Any]


class System:
    """The linear programme of some tables. Variables: people now, then for each older state who came and who went."""

    def __init__(self, dimensions: Sequence[Dimension], tables: Iterable[Published]) -> None:
        self._limits: dict[Row, tuple[float, float]] = {}
        self._least: dict[Row, int] = {}
        for table in tables:
            self._limit(table)
        self.rows = sorted(self._limits)
        self._groups = _groups(dimensions, self.rows, list(tables))
        self._states = sorted({row.state for row in self.rows} - {NOW})
        self._members = self._incidence()
        self._met = self._counted_in()
        self.size = len(self._groups) + 2 * sum(map(len, self._met.values()))
        self._matrix = scipy.sparse.csr_matrix(scipy.sparse.vstack([self.of(row) for row in self.rows]))
        self._low, self._high = (np.array([self._limits[row][end] for row in self.rows]) for end in (0, 1))
        self._more = self._never_negative()
        self._made: _Model | None = None
        self._changes = np.zeros(self.size)
        self._changes[len(self._groups) :] = 1
        self._used, self._budget = len(self._groups), np.inf  # variables
        if self._states and self._solve(np.zeros(self.size)).status == _INFEASIBLE:  # not even if nothing had changed
            self._used = self.size
            self._budget = self.extreme(self._changes, 1).value + _SLACK

    def of(self, row: Row) -> scipy.sparse.csr_matrix:
        """The sum of variables that a statement is about."""
        return self._parts(row, now=1.0, came=-1.0, went=1.0)

    def change(self, row: Row) -> scipy.sparse.csr_matrix:
        """By how much a cell of an older state has grown since."""
        return self._parts(row, now=0.0, came=1.0, went=-1.0)

    def hide(self, row: Row) -> None:
        """From here on the number of a statement is not shown."""
        place = bisect_left(self.rows, row)
        self._low[place], self._high[place] = self._least[row], np.inf
        self._made = None

    def extreme(self, target: Any, sense: int) -> Solution:  # noqa: ANN401 - dense or sparse
        """The least (``sense`` 1) or largest (-1) value of a sum. Raises PlatformFault if the tables contradict."""
        cost = sense * (target.toarray().ravel() if scipy.sparse.issparse(target) else target)
        found = self._solve(cost)
        if found.status == _UNBOUNDED:
            return Solution(-sense * np.inf, np.zeros(self.size), ())
        if found.status:
            raise PlatformFault(f"the linear programme of the tables was not solved (status {found.status})")
        equal, numbers = self._low == self._high, self._numbers()
        duals = np.concatenate([found.eqlin.marginals, found.ineqlin.marginals[: len(numbers)]])
        asked = np.concatenate([np.flatnonzero(equal), numbers])
        held = asked[np.abs(duals) > _SLACK]
        variables = np.zeros(self.size)
        variables[self._model.columns] = found.x
        return Solution(sense * found.fun, variables, tuple(self.rows[place] for place in held))

    def _solve(self, cost: np.ndarray[Any, np.dtype[np.float64]]) -> Any:  # noqa: ANN401 - scipy's result
        model = self._model
        return scipy.optimize.linprog(cost[model.columns], **model.said, bounds=(0, None), method="highs")

    @property
    def _model(self) -> _Model:
        """What is solved, made anew only when it is another: without the variables that a printed nought says are 0."""
        if self._made is None or self._made.of != (self._used, self._budget):
            columns = np.flatnonzero(self._free()[: self._used])
            equal, (upper, limits) = self._low == self._high, self._upper()
            said: dict[str, Any] = {}
            if upper.shape[0]:
                said |= {"A_ub": upper[:, columns], "b_ub": limits}
            if equal.any():
                said |= {"A_eq": self._matrix[equal][:, columns], "b_eq": self._low[equal]}
            self._made = _Model((self._used, self._budget), columns, said)
        return self._made

    def _free(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """False for people of whom a number that says nobody tells; with changes only of those there now."""
        changing = self._used == self.size
        nobody = [row for row, high in zip(self.rows, self._high, strict=True)
                  if high == 0 and not (changing and row.state != NOW)]  # fmt: skip
        free = np.ones(self.size, np.bool_)
        for row in nobody:
            free[self._members.get(row, [])] = False
        for state, groups in self._met.items():  # who came is there now
            first = self._first(state)
            free[first : first + len(groups)] = free[groups]
        return free

    def _limit(self, table: Published) -> None:
        least = 0 if table.zeros == "risk" else 1
        span = tuple(sorted(table.span))
        for key, shown in table.cells.items():
            row = Row(table.state, span, key)
            low, high = (least, np.inf) if shown is None else table.policy.meant(shown)
            before = self._limits.get(row, (0, np.inf))
            self._limits[row] = max(low, before[0]), min(high, before[1])
            self._least[row] = max(least, self._least.get(row, 0))

    def _incidence(self) -> Mapping[Row, np.ndarray[Any, np.dtype[np.int64]]]:
        members: dict[int, list[int]] = {}
        for place, group in enumerate(self._groups):
            for row in group:
                members.setdefault(row, []).append(place)
        return {self.rows[row]: np.array(places) for row, places in members.items()}

    def _counted_in(self) -> Mapping[int, np.ndarray[Any, np.dtype[np.int64]]]:
        """The variables of people whom an older state counts at all: others neither came nor went since."""
        return {
            state: np.unique(np.concatenate([places for row, places in self._members.items() if row.state == state]))
            for state in self._states
        }

    def _first(self, state: int) -> int:
        """Where the variables of who came since a state begin; those of who went follow."""
        earlier = (len(self._met[one]) for one in self._states if one < state)
        return len(self._groups) + 2 * sum(earlier)

    def _parts(self, row: Row, now: float, came: float, went: float) -> scipy.sparse.csr_matrix:
        groups = self._members.get(row, np.empty(0, np.int64))
        places, values = [groups], [np.full(len(groups), now)]
        if row.state != NOW:
            own = self._first(row.state) + np.searchsorted(self._met[row.state], groups)
            places += [own, own + len(self._met[row.state])]
            values += [np.full(len(groups), came), np.full(len(groups), went)]
        columns = np.concatenate(places)
        shape = (1, self.size)
        return scipy.sparse.csr_matrix((np.concatenate(values), (np.zeros(len(columns), int), columns)), shape=shape)

    def _never_negative(self) -> scipy.sparse.csr_matrix:
        """Who came since an older state is there now."""
        now = np.concatenate([np.empty(0, np.int64), *self._met.values()])
        came = np.concatenate(
            [np.empty(0, np.int64), *(self._first(state) + np.arange(len(met)) for state, met in self._met.items())]
        )
        places, ones = np.arange(len(now)), np.ones(len(now))
        shape = (len(now), self.size)
        return scipy.sparse.csr_matrix((ones, (places, came)), shape) - scipy.sparse.csr_matrix(
            (ones, (places, now)), shape
        )

    def _above_below(self) -> tuple[Any, Any]:
        equal = self._low == self._high
        return np.flatnonzero(~equal & np.isfinite(self._high)), np.flatnonzero(~equal & (self._low > 0))

    def _numbers(self) -> Any:  # noqa: ANN401 - an array
        """The statements that are no equations, in the order of ``_upper``."""
        return np.concatenate(self._above_below())

    def _upper(self) -> tuple[Any, Any]:
        """All that is no equation, as ``rows <= limits``; statements first."""
        above, below = self._above_below()
        parts = [self._matrix[above], -self._matrix[below]]
        limits = [self._high[above], -self._low[below]]
        if self._used == self.size:  # changes are possible
            parts.append(self._more)
            limits.append(np.zeros(self._more.shape[0]))
        if np.isfinite(self._budget):
            parts.append(scipy.sparse.csr_matrix(self._changes))
            limits.append(np.array([self._budget]))
        return scipy.sparse.csr_matrix(scipy.sparse.vstack(parts)), np.concatenate(limits)


_INFEASIBLE = 2
_UNBOUNDED = 3


def _groups(dimensions: Sequence[Dimension], rows: Sequence[Row], tables: Sequence[Published]) -> list[tuple[int, ...]]:
    """The rows that count each kind of people, once for all kinds that no row tells apart."""
    place = {row: number for number, row in enumerate(rows)}
    cube = Cube(tuple(dimensions), {})
    asked = sorted({(table.state, tuple(sorted(table.span)), table.dimensions) for table in tables})
    months = {month for table in tables for month in table.span}
    slices = sorted({tuple(month in span for _, span, _ in asked) for month in months})  # months that none tells apart
    found: dict[tuple[int, ...], None] = {}
    for leaf in cube.leaves():
        counted = [
            [place[row] for row in _rows(cube, leaf, state, span, names) if row in place]
            for state, span, names in asked
        ]
        for inside in slices:
            rows_here = {row for within, numbers in zip(inside, counted, strict=True) if within for row in numbers}
            found[tuple(sorted(rows_here))] = None
    found.pop((), None)
    return list(found)


def _rows(cube: Cube, leaf: Key, state: int, span: tuple[str, ...], names: tuple[str, ...]) -> Iterator[Row]:
    return (Row(state, span, key) for key in cube.within(leaf, names))
