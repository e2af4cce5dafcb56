"""The numbers that the suite of releases judges, all taken from the tables as they would be printed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from marsad.quality.warehouse import Facts
from marsad.statistics.disclosure.cells import Key
from marsad.statistics.disclosure.policy import Policy
from marsad.statistics.disclosure.secondary import Older, Plan, shown, told
from marsad.statistics.disclosure.system import Published


def facts(
    plans: Mapping[str, Plan],
    known: Mapping[str, Older],
    hidden: Mapping[str, Collection[Key]],
    policy: Policy,
    missing: int,
    waiting: int,
    beside: int,
) -> Facts:
    """What the attack finds, what is shown, and whether it adds up. Raises PlatformFault if the tables contradict."""
    found = [one for cube, plan in plans.items() for one in told(plan, policy, known[cube], hidden[cube])]
    tables = [(plan, table) for cube, plan in plans.items() for table in shown(plan, policy, hidden[cube])]
    shares = [_share(table) for _, table in tables]
    numbers = [value for _, table in tables for value in table.cells.values() if value]
    return {
        "cells_recovered": sum(one.exact for one in found),
        "cells_narrow": sum(not one.exact and one.width < policy.width for one in found),
        "cells_attacked": len(found),
        "cells_too_small": sum(value < policy.threshold - policy.rounding // 2 for value in numbers),
        "margins_not_added": sum(_not_added(plan, table) for plan, table in tables) if policy.rounding == 1 else None,
        "percent_shown": min(shares, default=0),
        "percent_shown_of_all": _percent(
            sum(value is not None for _, table in tables for value in table.cells.values()),
            sum(len(table.cells) for _, table in tables),
        ),
        "deliveries_missing": missing,
        "records_waiting": waiting,
        "cubes_beside": beside,
        "counted": sum(sum(plan.cube.counts.values()) for plan in plans.values()),
    }


def _share(table: Published) -> int:
    return _percent(sum(value is not None for value in table.cells.values()), len(table.cells))


def _percent(part: int, whole: int) -> int:
    return 100 * part // whole if whole else 0


def _not_added(plan: Plan, table: Published) -> int:
    """Margins that are not what their parts add up to, where all are shown."""
    wrong = 0
    for whole, parts in plan.cube.lines(table.dimensions):
        values = [table.cells[part] for part in parts]
        printed = table.cells[whole]
        if printed is not None and None not in values and printed != sum(value or 0 for value in values):
            wrong += 1
    return wrong
