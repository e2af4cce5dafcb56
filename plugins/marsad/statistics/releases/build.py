"""Builds a release: counts, protects, attacks, has it judged, stores it. Nothing is published before a person signs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from marsad import __version__, audit, durable
from marsad.contracts.codelists import load_codelists
from marsad.errors import UsageFault
from marsad.intake.calendar import Period, parse
from marsad.intake.office import Office
from marsad.linkage.access import reading
from marsad.quality.findings import Broken
from marsad.quality.messages import render
from marsad.quality.warehouse import Facts, judge_facts, warehouse_suites
from marsad.statistics.disclosure import tau
from marsad.statistics.disclosure.cells import Dimension
from marsad.statistics.disclosure.policy import Policy, load_policy
from marsad.statistics.disclosure.secondary import Plan, protect
from marsad.statistics.releases import due, store
from marsad.statistics.releases.counted import Base, count, ledger, months
from marsad.statistics.releases.definition import Definition, load
from marsad.statistics.releases.facts import facts
from marsad.statistics.releases.older import beside, columns_out, older
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import content_hash
from marsad.warehouse.model import LANGUAGES

SUITES = "releases"
_LEFT = 3_600  # seconds after which nobody works at a table any more


def build(office: Office, name: str, label: str, actor: str) -> Build:
    """Builds a release for a period and stores it, unsigned; always a new build.

    Raises:
        UsageFault: there is no such release or period, or a mart lacks what the release asks for.
        PolicyRefusal: older releases tell so much that no choice of cells protects these tables.
        PassingFault, PlatformFault: the database, Tau-Argus or Great Expectations.
    """
    definition, policy = load(office.settings.schemas, name), load_policy(office.settings.schemas)
    period = parse(label)
    if period is None:
        raise UsageFault(f"'{label}' is no period: write 2025, 2025-Q1 or 2025-03")
    waited_for, waiting = due.missing(office, definition, period), due.waiting(office, definition)
    with reading(office.engine, "publisher") as connection:
        connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        out, state, as_of = store.signed(connection, period), ledger(connection), office.clock()
        bases = {
            cube: count(connection, spec, columns_out(definition, cube, out), period)
            for cube, spec in definition.cubes.items()
        }
    parents = _parents(office, definition)
    dimensions = {cube: _dimensions(base, definition, cube, parents, out) for cube, base in bases.items()}
    plans = {cube: plan(definition, cube, bases[cube], dimensions[cube], policy, period) for cube in bases}
    known = {cube: older(definition, cube, plans[cube], bases[cube], out) for cube in bases}
    tables = partial(tau.further, tmp=_swept(office))
    hidden = {cube: frozenset(protect(plans[cube], policy, known[cube], tables)) for cube in bases}
    told = facts(plans, known, hidden, policy, len(waited_for), waiting, beside(definition, out))
    broken = judge(office, told)
    made = Build(
        build_id=store.new_id(), name=name, period=period, number=0, as_of=as_of, ledger=state, definition=definition,
        policy=policy, dimensions=dimensions, missing=waited_for, facts=told, broken=[_said(one) for one in broken],
        verdict=verdict(broken), tools=f"marsad {__version__}, pytauargus {version('pytauargus')}", sha256="",
        bases=bases, hidden=hidden, built_by=actor, reckoned=[one.build_id for one in out],
    )  # fmt: skip
    return _stored(office, made)


def _swept(office: Office) -> Path:
    """Where a table may lie for the minutes that protecting it takes; what a killed build left there is gone."""
    tmp = durable.private_folder(office.settings.place("tmp"))
    tau.sweep(tmp, office.clock().timestamp() - _LEFT)
    return tmp


def build_once(office: Office, name: str, label: str, actor: str) -> Build:
    """As ``build``, but takes over what the same actor built of the same deliveries and nobody decided yet.

    A task that was killed after its build was stored runs again.
    """
    schemas = office.settings.schemas
    with reading(office.engine, "publisher") as connection:
        latest = store.latest(connection, name, label)
        found = store.read(connection, latest) if latest else None
        asked = ("built", actor, ledger(connection), load(schemas, name), load_policy(schemas))
    if found and (found.state, found.built_by, found.ledger, found.definition, found.policy) == asked:
        return found
    return build(office, name, label, actor)


def plan(
    definition: Definition, cube: str, base: Base, dimensions: Sequence[Dimension], policy: Policy, period: Period
) -> Plan:
    """The tables of a cube with what is counted in a period."""
    tables = definition.of_cube(cube)
    return Plan(
        base.cube(dimensions, period),
        {name: table.asked(one.name for one in dimensions) for name, table in tables.items()},
        definition.cubes[cube].zeros or policy.zeros,
        months(period),
    )


def judge(office: Office, told: Facts) -> list[Broken]:
    """The rules of ``expectations/releases`` that do not hold."""
    suites = warehouse_suites(office.settings.expectation_dirs, SUITES)
    return [one for suite in suites.values() for one in judge_facts(suite, told)]


def verdict(broken: Iterable[Broken]) -> str:
    """Fail where something critical does not hold, review where a warning does not."""
    severities = {one.severity for one in broken}
    return "fail" if "critical" in severities else "review" if severities else "pass"


def _said(broken: Broken) -> Mapping[str, Any]:
    texts = {language: render(broken.rule, language, broken.params) for language in LANGUAGES}
    return {"rule": broken.rule.id, "severity": broken.severity, "message": texts}


def _parents(office: Office, definition: Definition) -> Mapping[str, Mapping[str, str]]:
    """What each code of a dimension belongs to, for dimensions that are added up."""
    lists = load_codelists(*office.settings.codelist_dirs)
    found: dict[str, Mapping[str, str]] = {}
    for name, column in definition.dimensions.items():
        if column.codelist not in lists:
            raise UsageFault(f"dimension {name}: there is no code list {column.codelist}")
        codes = lists[column.codelist].codes.values()
        found[name] = {code.code: code.parent for code in codes if code.parent} if column.tree else {}
    return found


def _dimensions(
    base: Base,
    definition: Definition,
    cube: str,
    parents: Mapping[str, Mapping[str, str]],
    out: Sequence[Build],
) -> tuple[Dimension, ...]:
    """The codes that are counted now or in a release that is out, so that both have the same cells."""
    codes = {name: base.codes(name) for name in base.columns}
    for one in out:
        for other, spec in one.definition.cubes.items():
            if spec.counted == definition.cubes[cube].counted:
                for name in one.bases[other].columns:
                    codes[name] |= one.bases[other].codes(name)
    return tuple(Dimension.of(name, codes[name], parents.get(name)) for name in base.columns)


def _stored(office: Office, made: Build) -> Build:
    made = replace(made, sha256=content_hash(made.tables(), made.period.label))
    with reading(office.engine, "publisher") as connection:
        store.alone(connection)
        made = replace(made, number=store.next_number(connection, made.name, made.period.label))
        store.write(connection, made)
        detail = {"release": made.name, "period": made.period.label, "number": made.number, "verdict": made.verdict,
                  "sha256": made.sha256}  # fmt: skip
        head = audit.append(connection, made.built_by, "release.built", made.build_id, detail, made.as_of)
    office.write_head_where_signed(head)
    return made
