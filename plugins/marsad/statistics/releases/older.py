"""Releases that are out, as the next one has to reckon with them: same counts, overlapping periods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from marsad.statistics.disclosure.cells import TOTAL, Cube, Dimension, Key
from marsad.statistics.disclosure.secondary import Older, Plan
from marsad.statistics.disclosure.system import Published, Row
from marsad.statistics.releases.counted import Base, months
from marsad.statistics.releases.definition import Definition
from marsad.statistics.releases.store import Build


def columns_out(definition: Definition, cube: str, out: Sequence[Build]) -> tuple[str, ...]:
    """The columns to count by: those of the release, and those by which the same was published before."""
    found = dict.fromkeys(definition.columns(cube))
    for one, name in _same(definition, cube, out):
        found.update(dict.fromkeys(one.bases[name].columns))
    return tuple(found)


def older(definition: Definition, cube: str, plan: Plan, base: Base, out: Sequence[Build]) -> Older:
    """What releases that are out tell of a cube's people."""
    tables: list[Published] = []
    counts: dict[Row, int] = {}
    changes: dict[Row, int] = {}
    for state, (one, name) in enumerate(_same(definition, cube, out), 1):
        then = one.bases[name].cube(_known(plan.cube.dimensions, one.bases[name]), one.period)
        now = base.cube(then.dimensions, one.period) if months(one.period) <= plan.span else None
        for published in _tables(one, name, state, then, plan.cube):
            tables.append(published)
            _note(published, then, now, plan, one, counts, changes)
    return Older(tuple(tables), counts, changes)


def beside(definition: Definition, out: Sequence[Build]) -> int:
    """How many cubes that are out count a mart of the release otherwise: the attack does not reckon with them."""
    marts = {spec.mart for spec in definition.cubes.values()}
    own = [spec.counted for spec in definition.cubes.values()]
    return sum(spec.mart in marts and spec.counted not in own for one in out for spec in one.definition.cubes.values())


def _same(definition: Definition, cube: str, out: Sequence[Build]) -> Iterator[tuple[Build, str]]:
    for one in out:
        yield from (
            (one, name) for name, spec in one.definition.cubes.items() if spec.counted == definition.cubes[cube].counted
        )


def _known(dimensions: Sequence[Dimension], base: Base) -> tuple[Dimension, ...]:
    return tuple(one for one in dimensions if one.name in base.columns)


def _tables(one: Build, cube: str, state: int, then: Cube, now: Cube) -> Iterator[Published]:
    """The tables of a build with the keys of the new cube; a code that is another today is left out."""
    for table in one.tables():
        if table.spec.cube == cube:
            cells = {
                _key(now, dict(zip(table.spec.by, codes, strict=True))): shown for codes, shown in table.cells.items()
            }
            known = {key: shown for key, shown in cells.items()
                     if all(code in own.nodes for code, own in zip(key, now.dimensions, strict=True))}  # fmt: skip
            zeros = one.definition.cubes[cube].zeros or one.policy.zeros
            yield Published(table.spec.asked(now.names), known, one.policy, zeros, state, months(one.period))


def _key(cube: Cube, said: dict[str, str]) -> Key:
    return tuple(said.get(name, TOTAL) for name in cube.names)


def _note(
    published: Published,
    then: Cube,
    now: Cube | None,
    plan: Plan,
    one: Build,
    counts: dict[Row, int],
    changes: dict[Row, int],
) -> None:
    """What was counted of its cells, and by how much they changed where that is so little that it must not be known."""
    span = tuple(sorted(published.span))
    before, after = then.cells(published.dimensions), now.cells(published.dimensions) if now else {}
    for key in published.cells:
        own = tuple(code for code, name in zip(key, plan.cube.names, strict=True) if name in then.names)
        row = Row(published.state, span, key)
        counts[row] = before[own]
        if now and 0 < abs(after[own] - before[own]) < one.policy.differences_below:
            changes[row] = after[own] - before[own]
