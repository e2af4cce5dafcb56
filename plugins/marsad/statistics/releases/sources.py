"""From a published cell back to the deliveries that it is made of: counts alone, for publishers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marsad.errors import PolicyRefusal, UsageFault
from marsad.intake.office import Office
from marsad.linkage.access import reading
from marsad.statistics.disclosure.cells import TOTAL, Dimension, Key
from marsad.statistics.releases import store
from marsad.statistics.releases.counted import as_known, inside
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import Table

_DELIVERED = {"victim_totals": "core.delivered_victims", "persons": "register.delivered_persons"}
"""Marts that are told by delivery too, and where."""

Delivery = tuple[str, str, str]
"""Feed, provider, number."""


@dataclass(frozen=True)
class Source:
    """A delivery behind a cell, and how many of the counted it speaks of; None: fewer than may be told."""

    feed: str
    provider: str
    delivery_id: str
    counted: int | None


@dataclass(frozen=True)
class Traced:
    """A published cell and what it is made of, as it was known when it was counted.

    Sources of records add up to the cell. A person may stand in several deliveries, so sources of persons do not; which
    records are hers is known as of today alone.
    """

    build: Build
    table: str
    cell: Mapping[str, str]
    value: int
    as_of: datetime
    sources: Sequence[Source]


def trace(office: Office, build_id: str, table: str, cell: Mapping[str, str]) -> Traced:
    """The deliveries behind a cell; ``cell`` names a code by dimension, what it leaves out is the total.

    Raises:
        UsageFault: there is no such build, table or cell, or its mart does not know deliveries.
        PolicyRefusal: the build is not signed, or does not show the cell.
    """
    with reading(office.engine, "publisher") as connection:
        build = store.read(connection, build_id)
        found = _table(build, table)
        value = _shown(build, found, cell)
        as_known(connection, build.as_of)
        counted = _counted(connection, build, found, cell)
    return Traced(build, table, cell, value, build.as_of, told(counted, value, build.policy.threshold))


def told(counted: Mapping[Delivery, int], value: int, threshold: int) -> list[Source]:
    """The most first, then those not told: no small number can be had by taking those that are from ``value``.

    Of persons, each may stand in all deliveries: taking one from the whole says how many it does not know.
    """
    rows = sorted(counted.items(), key=lambda row: (-row[1], row[0]))
    open_, few = [row for row in rows if row[1] >= threshold], [row for row in rows if row[1] < threshold]
    while open_ and few and (len(few) == 1 or sum(count for _, count in few) < threshold):
        few.insert(0, open_.pop())
    shown = {one: count for one, count in open_ if not 0 < value - count < threshold}
    return [Source(*one, count) for one, count in shown.items()] + [
        Source(*one, None) for one in sorted(counted.keys() - shown)
    ]


def _table(build: Build, name: str) -> Table:
    tables = {one.name: one for one in build.tables()}
    if name not in tables:
        raise UsageFault(f"there is no table {name}; this release has {', '.join(tables)}")
    mart = build.definition.cubes[tables[name].spec.cube].mart
    if mart not in _DELIVERED:
        raise UsageFault(f"the mart {mart} does not know deliveries; those that do are {', '.join(_DELIVERED)}")
    return tables[name]


def _shown(build: Build, table: Table, cell: Mapping[str, str]) -> int:
    if unknown := set(cell) - set(table.spec.by):
        raise UsageFault(f"the table is not by {', '.join(sorted(unknown))}, but by {', '.join(table.spec.by)}")
    key = tuple(cell.get(name, TOTAL) for name in table.spec.by)
    if key not in table.cells:
        raise UsageFault(f"the table has no cell {', '.join(key)}")
    value = table.cells[key]
    if build.state != "signed" or value is None:
        raise PolicyRefusal("only what is published is told of: a number that is shown of a release that is signed")
    return value


def _counted(
    connection: sa.Connection, build: Build, table: Table, cell: Mapping[str, str]
) -> Mapping[Delivery, int]:  # fmt: skip
    spec, dimensions = build.definition.cubes[table.spec.cube], build.dimensions[table.spec.cube]
    labels = {label for label, _ in build.bases[table.spec.cube].counts if inside(label, build.period)}
    asked_of = {**spec.where, spec.period: labels}
    columns = ", ".join(f'"{one.name}"' for one in dimensions)
    kept = " AND ".join(f'"{name}" = ANY(CAST(:w_{name} AS text[]))' for name in asked_of)
    query = f"""
        SELECT feed, provider, delivery_id::text AS delivery_id, ARRAY[{columns}] AS codes, "{spec.measure}" AS n
        FROM {_DELIVERED[spec.mart]} WHERE {kept}
    """  # noqa: S608 - names that the definition's model lets through
    values = {f"w_{name}": list(codes) for name, codes in asked_of.items()}
    asked = tuple(cell.get(one.name, TOTAL) for one in dimensions)
    found: Counter[Delivery] = Counter()
    for row in connection.execute(sa.text(query), values):
        if _within(dimensions, tuple(row.codes), asked):
            found[row.feed, row.provider, row.delivery_id] += row.n
    return found


def _within(dimensions: Sequence[Dimension], codes: Key, asked: Key) -> bool:
    """Whether who stands under these codes is counted in the cell."""
    return all(
        wanted in (TOTAL, *one.paths.get(one.leaf(code), ()))
        for one, code, wanted in zip(dimensions, codes, asked, strict=True)
    )
