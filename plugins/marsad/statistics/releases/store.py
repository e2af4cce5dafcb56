"""Builds in schema ``release``: written by the role publisher, read back to be signed, built again, or held against."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marsad.errors import PlatformFault, UsageFault
from marsad.intake.calendar import Period, parse
from marsad.quality.warehouse import Facts
from marsad.statistics.disclosure.cells import TOTAL, Cube, Dimension, Key
from marsad.statistics.disclosure.policy import Policy
from marsad.statistics.releases.counted import Base
from marsad.statistics.releases.definition import Definition
from marsad.statistics.releases.tables import Table, printed
from marsad.warehouse.model import LANGUAGES
from marsad.warehouse.release_tables import HIDDEN

_ONE_AT_A_TIME = 7_262_721  # any constant: who builds or signs waits for who does
_BUILD = (
    "build_id", "name", "period", "number", "as_of", "ledger", "definition", "policy", "paths", "missing", "facts",
    "broken", "verdict", "tools", "sha256", "state", "built_by", "reckoned",
)  # fmt: skip
_INSERT_COUNT = """
    INSERT INTO release.base (build_id, cube, period, codes, "count") VALUES (:build, :cube, :period, :codes, :count)
"""
_INSERT_CELL = """
    INSERT INTO release.built_cell (build_id, "table", codes, value, flag)
    VALUES (:build, :table, :codes, :value, :flag)
"""
_OF = "SELECT build_id::text FROM release.build WHERE (name, period) = (:name, :period)"
_LATEST = f"{_OF} ORDER BY number DESC LIMIT 1"
_BEST = f"{_OF} AND state <> 'rejected' AND verdict <> 'fail' ORDER BY state = 'signed' DESC, number DESC LIMIT 1"
_DOCUMENTS = ("definition", "policy", "paths", "missing", "facts", "broken", "reckoned")


@dataclass(frozen=True)
class Build:
    """One build with all that it was made of. ``bases``, ``dimensions`` and ``hidden`` are by cube.

    ``reckoned``: ids of the signed builds that it was held against.
    """

    build_id: str
    name: str
    period: Period
    number: int
    as_of: datetime
    ledger: str
    definition: Definition
    policy: Policy
    dimensions: Mapping[str, tuple[Dimension, ...]]
    missing: Sequence[Mapping[str, str]]
    facts: Facts
    broken: Sequence[Mapping[str, Any]]
    verdict: str
    tools: str
    sha256: str
    bases: Mapping[str, Base]
    hidden: Mapping[str, frozenset[Key]]
    state: str = "built"
    built_by: str = ""
    reckoned: Sequence[str] = ()
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str | None = None
    package_sha256: str | None = None

    def cube(self, name: str) -> Cube:
        """What was counted."""
        return self.bases[name].cube(self.dimensions[name], self.period)

    def tables(self) -> list[Table]:
        """The tables, built again from what was counted and the cells that were chosen then."""
        return printed(self.definition, {name: self.cube(name) for name in self.bases}, self.hidden, self.policy)


def alone(connection: sa.Connection) -> None:
    """Waits until nobody else builds or signs."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})


def new_id() -> str:
    """An id for a build."""
    return str(uuid.uuid4())


def next_number(connection: sa.Connection, name: str, period: str) -> int:
    """The number of the next build of a release and period."""
    query = "SELECT coalesce(max(number), 0) + 1 FROM release.build WHERE (name, period) = (:name, :period)"
    return int(connection.execute(sa.text(query), {"name": name, "period": period}).scalar_one())


def write(connection: sa.Connection, build: Build) -> None:
    """Stores a build with its tables, cells and counts."""
    values = {
        **{name: getattr(build, name) for name in _BUILD if name not in _DOCUMENTS},
        "period": build.period.label,
        "definition": build.definition.model_dump(mode="json"),
        "policy": build.policy.model_dump(mode="json"),
        **{name: getattr(build, name) for name in ("missing", "facts", "broken", "reckoned")},
        "paths": {
            cube: [[one.name, list(one.paths.values())] for one in found] for cube, found in build.dimensions.items()
        },
    }
    values |= {name: json.dumps(values[name], ensure_ascii=False) for name in _DOCUMENTS}
    marks = ", ".join(f"CAST(:{name} AS json)" if name in _DOCUMENTS else f":{name}" for name in _BUILD)
    connection.execute(sa.text(f"INSERT INTO release.build ({', '.join(_BUILD)}) VALUES ({marks})"), values)  # noqa: S608 - our own names
    for position, table in enumerate(build.tables()):
        _write_table(connection, build.build_id, position, table)
    counted = [
        {"build": build.build_id, "cube": cube, "period": label, "codes": list(codes), "count": count}
        for cube, base in build.bases.items()
        for (label, codes), count in base.counts.items()
    ]
    if counted:
        connection.execute(sa.text(_INSERT_COUNT), counted)


def _write_table(connection: sa.Connection, build_id: str, position: int, table: Table) -> None:
    rule = table.counting
    values = {
        "build_id": build_id, "table": table.name, "position": position, "cube": table.spec.cube,
        "dimensions": list(table.spec.by),
        "counting_unit": rule.unit, "counting_stage": rule.stage, "reference_date": rule.reference_date,
        "source": rule.source, "cells": len(table.cells), "shown": table.shown,
        **{f"title_{one}": table.spec.title[one] for one in LANGUAGES},
    }  # fmt: skip
    columns = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO release.built_table ({columns}) VALUES ({marks})"), values)  # noqa: S608
    cells = [
        {
            "build": build_id,
            "table": table.name,
            "codes": list(codes),
            "value": value,
            "flag": "" if value is not None else HIDDEN,
        }
        for codes, value in table.cells.items()
    ]
    connection.execute(sa.text(_INSERT_CELL), cells)


def read(connection: sa.Connection, build_id: str) -> Build:
    """A build by its id, or by its first signs. Raises UsageFault if there is none, or more than one."""
    query = "SELECT build_id::text FROM release.build WHERE starts_with(build_id::text, :id) LIMIT 2"
    found = list(connection.execute(sa.text(query), {"id": build_id}).scalars())
    if len(found) != 1:
        raise UsageFault(
            f"there is {'no' if not found else 'more than one'} build {build_id}: `marsad release show` lists them"
        )
    row = (
        connection.execute(sa.text("SELECT * FROM release.build WHERE build_id = :id"), {"id": found[0]})
        .mappings()
        .one()
    )
    return _build(connection, dict(row))


def signed(connection: sa.Connection, period: Period) -> list[Build]:
    """Releases that are out and overlap a period, or overlap one that does and so on, oldest first.

    What is hidden of a quarter can follow from a year and its other quarters, though these share no day with it.
    """
    query = "SELECT * FROM release.build WHERE state = 'signed' ORDER BY decided_at, build_id"
    rows = [dict(row) for row in connection.execute(sa.text(query)).mappings()]
    near = _connected(period, {_period(row["period"]) for row in rows})
    return [_build(connection, row) for row in rows if _period(row["period"]) in near]


def _connected(period: Period, others: Collection[Period]) -> list[Period]:
    reached, left = [period], set(others)
    for one in reached:  # grows
        near = {other for other in left if other.overlaps(one)}
        reached.extend(near)
        left -= near
    return reached


def listed(connection: sa.Connection) -> list[dict[str, Any]]:
    """All builds in short, newest first."""
    query = """SELECT build_id::text, name, period, number, verdict, state, as_of, built_by, decided_by
        FROM release.build ORDER BY as_of DESC, build_id"""
    return [dict(row) for row in connection.execute(sa.text(query)).mappings()]


def latest(connection: sa.Connection, name: str, period: str) -> str | None:
    """The newest build of a release and period, None if there is none."""
    return connection.execute(sa.text(_LATEST), {"name": name, "period": period}).scalar()


def best(connection: sa.Connection, name: str, period: str) -> str | None:
    """The newest that is signed, else the newest that may be, None if there is neither."""
    return connection.execute(sa.text(_BEST), {"name": name, "period": period}).scalar()


def decide(connection: sa.Connection, build: Build, state: str, by: str, note: str | None, at: datetime) -> None:
    """Writes what was decided of a build that waits."""
    update = """UPDATE release.build SET state = :state, decided_by = :by, decided_at = :at, note = :note
        WHERE build_id = :id AND state = 'built'"""
    values = {"state": state, "by": by, "at": at, "note": note, "id": build.build_id}
    if not connection.execute(sa.text(update), values).rowcount:
        raise UsageFault(f"the build was {build.state} by {build.decided_by} already")


def seal(connection: sa.Connection, build_id: str, package_sha256: str) -> None:
    """Notes which files a signed release is handed out as."""
    update = "UPDATE release.build SET package_sha256 = :sha256 WHERE build_id = :id"
    connection.execute(sa.text(update), {"sha256": package_sha256, "id": build_id})


def _build(connection: sa.Connection, row: dict[str, Any]) -> Build:
    definition, policy = Definition.model_validate(row.pop("definition")), Policy.model_validate(row.pop("policy"))
    dimensions = {
        cube: tuple(Dimension(name, {path[0]: tuple(path) for path in paths}) for name, paths in found)
        for cube, found in row.pop("paths").items()
    }
    build_id, period = str(row.pop("build_id")), _period(row.pop("period"))
    return Build(
        **row, build_id=build_id, period=period, definition=definition, policy=policy, dimensions=dimensions,
        bases=_bases(connection, build_id, dimensions), hidden=_hidden(connection, build_id, definition, dimensions),
    )  # fmt: skip


def _period(label: str) -> Period:
    if (period := parse(label)) is None:
        raise PlatformFault(f"a build of the period {label}, which is none")
    return period


def _bases(
    connection: sa.Connection, build_id: str, dimensions: Mapping[str, tuple[Dimension, ...]]
) -> dict[str, Base]:
    query = (
        'SELECT cube, period, codes, "count" AS n FROM release.base WHERE build_id = :id ORDER BY cube, period, codes'
    )
    found: dict[str, dict[tuple[str, tuple[str, ...]], int]] = {cube: {} for cube in dimensions}
    for row in connection.execute(sa.text(query), {"id": build_id}):
        found[row.cube][row.period, tuple(row.codes)] = row.n
    return {cube: Base(tuple(one.name for one in dimensions[cube]), counts) for cube, counts in found.items()}


def _hidden(
    connection: sa.Connection,
    build_id: str,
    definition: Definition,
    dimensions: Mapping[str, tuple[Dimension, ...]],
) -> dict[str, frozenset[Key]]:
    query = 'SELECT "table", codes FROM release.built_cell WHERE build_id = :id AND flag = :hidden'
    found: defaultdict[str, set[Key]] = defaultdict(set)
    for row in connection.execute(sa.text(query), {"id": build_id, "hidden": HIDDEN}):
        spec = definition.tables[row.table]
        said = dict(zip(spec.by, row.codes, strict=True))
        found[spec.cube].add(tuple(said.get(one.name, TOTAL) for one in dimensions[spec.cube]))
    return {cube: frozenset(found[cube]) for cube in dimensions}
