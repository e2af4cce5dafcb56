"""Cells that tell too much by themselves: few people, nobody where that is a risk, nearly all of a few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from marsad.statistics.disclosure.cells import Cube, Key
from marsad.statistics.disclosure.policy import Policy, Zeros


def unsafe(
    cube: Cube, table: Iterable[str], policy: Policy, zeros: Zeros, earlier: Iterable[Mapping[Key, int | None]] = ()
) -> set[Key]:
    """The cells of a table that are not to be shown whatever else is; ``earlier`` are its cells in older releases."""
    names = tuple(table)
    cells = cube.cells(names)
    found = {key for key, count in cells.items() if 0 < count < policy.threshold or (not count and zeros == "risk")}
    found.update(_dominant(cube, names, cells, policy))
    for published in earlier:
        found.update(_changed(cells, published, policy))
    return found


def _dominant(cube: Cube, names: tuple[str, ...], cells: Mapping[Key, int], policy: Policy) -> Iterator[Key]:
    rule = policy.dominance
    for whole, parts in cube.lines(names):
        if 0 < cells[whole] < rule.below and len(parts) > 1:
            yield from (part for part in parts if cells[part] >= rule.share * cells[whole])


def _changed(cells: Mapping[Key, int], published: Mapping[Key, int | None], policy: Policy) -> Iterator[Key]:
    for key, before in published.items():
        if before is not None and key in cells and 0 < abs(cells[key] - before) < policy.differences_below:
            yield key
