"""``marsad register --check``: whether core and register hold together, told by the suites of the warehouse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from marsad.errors import PlatformFault
from marsad.intake.office import Office
from marsad.linkage.access import transaction
from marsad.quality.findings import Broken
from marsad.quality.messages import render
from marsad.quality.warehouse import Facts, judge_facts, warehouse_suites

Checked = Mapping[str, Sequence[Broken]]
"""Suite -> its rules that do not hold."""


def check(office: Office) -> Checked:
    """Judges the warehouse as a whole and keeps in ``ops.breach`` since when which rule is broken; safe to repeat.

    Raises:
        UsageFault: a suite is wrong, or there are no counts for it.
        PassingFault, PlatformFault: the database, or Great Expectations.
    """
    suites = warehouse_suites(office.settings.expectation_dirs)
    with transaction(office.engine, "registrar") as connection:
        connection.execute(sa.text(_MEASURE), {"at": office.clock()})
        facts = {name: _facts(connection, name) for name in suites}
    found = {name: judge_facts(suite, facts[name]) for name, suite in suites.items()}
    with transaction(office.engine, "registrar") as connection:
        for name, broken in found.items():
            _note(connection, office, name, broken)
    return found


def insist(found: Checked) -> None:
    """Raises PlatformFault that names what is broken, if that is critical."""
    critical = [one for broken in found.values() for one in broken if one.severity == "critical"]
    if critical:
        raise PlatformFault("; ".join(sentence(one, "en") for one in critical))


def sentence(broken: Broken, language: str) -> str:
    """A broken rule in words."""
    return f"{broken.rule.id}: {render(broken.rule, language, broken.params)}"


def _facts(connection: sa.Connection, suite: str) -> Facts:
    row = connection.execute(sa.text(f'SELECT * FROM register."facts_of_{suite}"')).mappings().one()  # noqa: S608
    return dict(row)


def _note(connection: sa.Connection, office: Office, suite: str, broken: Sequence[Broken]) -> None:
    """A rule that is broken keeps its spell or begins one; all other spells of the suite end."""
    rules = [one.rule.id for one in broken]
    values = {"suite": suite, "at": office.clock()}
    connection.execute(sa.text(_END), {**values, "rules": rules})
    for one in broken:
        said = {"rule": one.rule.id, "severity": one.severity, "facts": json.dumps(dict(one.params))}
        if not connection.execute(sa.text(_GO_ON), {**values, **said}).rowcount:
            connection.execute(sa.text(_BEGIN), {**values, **said})


# Only what differs from the last measure is one: asking again compares with the same.
_MEASURE = """
    INSERT INTO register.measure (at, records, shared, persons, largest)
    SELECT CAST(:at AS timestamptz), now.* FROM (
        SELECT coalesce(sum(size), 0)::bigint AS records,
               coalesce(sum(size) FILTER (WHERE size > 1), 0)::bigint AS shared,
               count(*) AS persons, coalesce(max(size), 0) AS largest
        FROM (SELECT count(*) AS size FROM link.record GROUP BY person_id) AS sizes
    ) AS now
    WHERE (records, shared, persons, largest) IS DISTINCT FROM (
        SELECT (m.records, m.shared, m.persons, m.largest) FROM register.measure m ORDER BY m.at DESC LIMIT 1)
"""
_END = """
    UPDATE ops.breach SET until = :at WHERE suite = :suite AND until IS NULL AND NOT rule = ANY(CAST(:rules AS text[]))
"""
_GO_ON = """
    UPDATE ops.breach SET facts = CAST(:facts AS jsonb), severity = :severity
    WHERE suite = :suite AND rule = :rule AND until IS NULL
"""
_BEGIN = """
    INSERT INTO ops.breach (suite, rule, since, severity, facts)
    VALUES (:suite, :rule, :at, :severity, CAST(:facts AS jsonb))
"""
