"""Cells hidden so that others cannot be calculated: table by table with Tau-Argus, then across tables and releases.

Tau-Argus sees one table at a time. Common cells of tables are hidden in all of them, until nothing changes; what still
follows from several tables, or from older releases, the attack finds, and of the numbers that give a cell away the
smallest is hidden too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from marsad.errors import PolicyRefusal
from marsad.statistics.disclosure import tau
from marsad.statistics.disclosure.attack import Attack, Finding, What, attack
from marsad.statistics.disclosure.cells import Cube, Key
from marsad.statistics.disclosure.policy import Policy, Zeros
from marsad.statistics.disclosure.primary import unsafe
from marsad.statistics.disclosure.system import NOW, Published, Row

Further = Callable[[Cube, Sequence[str], Collection[Key], int], set[Key]]
_ROUNDS = 20
_TOO_MUCH = "no choice of cells protects these tables: older releases tell too much, or they have too few people"


@dataclass(frozen=True)
class Older:
    """Releases that are out: their tables, what was counted of their cells, and small changes since.

    ``changes`` are of cells that grew or shrank by so little that nobody is to know.
    """

    tables: tuple[Published, ...] = ()
    counts: Mapping[Row, int] = field(default_factory=dict)
    changes: Mapping[Row, int] = field(default_factory=dict)

    def printed(self, key: Key, span: frozenset[str], number: int) -> bool:
        """Whether this number of the cell is out already."""
        return any(table.span == span and table.cells.get(key) == number for table in self.tables)


@dataclass(frozen=True)
class Plan:
    """The tables that are published together of one cube: by name, with their dimensions; what zeros are in all."""

    cube: Cube
    tables: Mapping[str, tuple[str, ...]]
    zeros: Zeros
    span: frozenset[str]


def primary(plan: Plan, policy: Policy, older: Older) -> set[Key]:
    """Cells not to be shown in themselves, in any of the tables."""
    known = [table.cells for table in older.tables if table.span == plan.span]
    return {
        key for dimensions in plan.tables.values() for key in unsafe(plan.cube, dimensions, policy, plan.zeros, known)
    }


def protect(plan: Plan, policy: Policy, older: Older, further: Further = tau.further) -> set[Key]:
    """All cells that are not shown: those of ``primary`` and those that protect them.

    Raises:
        PolicyRefusal: older releases already tell what is not to be known.
        PlatformFault: Tau-Argus could not be used.
    """
    hidden = _linked(plan, policy, primary(plan, policy, older), further)
    for _ in range(_ROUNDS):
        more = _given_away(plan, policy, older, hidden)
        if not more:
            return hidden
        hidden |= more
    raise PolicyRefusal(_TOO_MUCH)


def _views(older: Older) -> Iterator[Older]:
    """What is attacked together with the new tables: nothing, and what is out.

    Who believes that little changed is led astray where much did; the new tables withstand who does not, too.
    """
    yield Older()
    if older.tables:
        yield older


def _given_away(plan: Plan, policy: Policy, older: Older, hidden: Collection[Key]) -> set[Key]:
    """For each cell that is given away, the smallest of the numbers that do, until it is not."""
    more = set[Key]()
    for view in _views(older):
        more |= _given_away_by(view, plan, policy, older, {*hidden, *more})
    return more


def _given_away_by(view: Older, plan: Plan, policy: Policy, older: Older, hidden: Collection[Key]) -> set[Key]:
    asked = Attack(plan.cube.dimensions, [*shown(plan, policy, hidden), *view.tables], policy.width, view.changes)
    counts, more, place = _counts(plan), set[Key](), 0
    while place < len(asked.targets):
        found = asked.look(place)
        if found.width >= policy.width or not _matters(found, plan, policy, older, counts):
            place += 1
            continue
        left = {
            row for row in found.held_by if row.state == NOW and counts[row.key] and row.key not in {*hidden, *more}
        }
        if not left:
            raise PolicyRefusal(_TOO_MUCH)
        weakest = min(left, key=lambda row: (counts[row.key], row))
        asked.hide(weakest)
        more.add(weakest.key)
    return more


def shown(plan: Plan, policy: Policy, hidden: Collection[Key]) -> list[Published]:
    """The tables as they would be printed."""
    return [
        Published(
            dimensions,
            {key: None if key in hidden else policy.shown(count) for key, count in plan.cube.cells(dimensions).items()},
            policy,
            plan.zeros,
            span=plan.span,
        )
        for dimensions in plan.tables.values()
    ]


def told(plan: Plan, policy: Policy, older: Older, hidden: Collection[Key]) -> list[Finding]:
    """What the attack finds out that is true and was not printed before; of each cell the closest."""
    tables, counts = shown(plan, policy, hidden), _counts(plan)
    found: dict[tuple[What, Row], Finding] = {}
    for view in _views(older):
        for one in attack(plan.cube.dimensions, [*tables, *view.tables], policy.width, view.changes):
            place = one.what, one.row
            closer = place not in found or one.width < found[place].width
            if closer and _matters(one, plan, policy, older, counts):
                found[place] = one
    return list(found.values())


def _matters(one: Finding, plan: Plan, policy: Policy, older: Older, counts: Mapping[Key, int]) -> bool:
    """Whether it is true and was not printed before."""
    if one.what == "cell" and older.printed(one.row.key, plan.span, policy.shown(counts[one.row.key])):
        return False
    return one.holds(_true(one, counts, older))


def _true(one: Finding, counts: Mapping[Key, int], older: Older) -> int:
    if one.what == "cell":
        return counts[one.row.key]
    return (older.changes if one.what == "change" else older.counts)[one.row]


def _counts(plan: Plan) -> Mapping[Key, int]:
    return {key: count for names in plan.tables.values() for key, count in plan.cube.cells(names).items()}


def _linked(plan: Plan, policy: Policy, hidden: set[Key], further: Further) -> set[Key]:
    """Each table by itself, again whenever another one hid a cell that they share."""
    hidden = set(hidden)
    seen: dict[str, set[Key]] = {}
    keys = {name: set(plan.cube.keys(dimensions)) for name, dimensions in plan.tables.items()}
    while stale := [name for name in plan.tables if seen.get(name) != hidden & keys[name]]:
        for name in stale:
            own = hidden & keys[name]
            hidden |= further(plan.cube, plan.tables[name], own, policy.width) if own else set()
            seen[name] = hidden & keys[name]
    return hidden
