"""From staging into the warehouse: the statements of the one transaction that makes a delivery true.

Order of arrival must not matter: a record's current state is its sighting with the greatest (version, fingerprint)
that is not retracted, and, for a snapshot feed, only if the newest snapshot of its period still names the record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from marsad.contracts.model import Binding, Column, Condition, Contract
from marsad.intake.ledger import Delivery
from marsad.intake.stage import Stage, quoted
from marsad.warehouse.model import Concept, Entity


@dataclass(frozen=True, slots=True)
class Target:
    """Which delivery's rows are merged, and when."""

    delivery_id: str
    feed: str
    provider: str
    attempt: int
    at: datetime

    def values(self) -> dict[str, object]:
        """Bind parameters of every statement here."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def lock(connection: sa.Connection, feed: str, provider: str) -> None:
    """Lets one merge of a feed and provider run at a time: which state is current depends on all sightings."""
    query = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
    connection.execute(query, {"key": f"merge|{feed}|{provider}"})


def merge_rows(
    connection: sa.Connection, stage: Stage, contract: Contract, model: dict[str, Entity], target: Target
) -> int:
    """Writes sightings, entities, vault and quarantine of all rows not refused; returns how many were unchanged."""
    run = _Runner(connection, stage, target)
    run(_SEEN)
    run("ANALYZE seen")
    unchanged = int(run(_UNCHANGED).scalar_one())
    run(_SIGHTINGS)
    for statement in (*entity_statements(contract, model), _VAULT):
        run(statement + _FIRST)
        run(statement + _AGAIN)
    run(_CORRECTED)
    run(_TOUCHED)
    return unchanged


def foresee(connection: sa.Connection, stage: Stage, target: Target) -> tuple[int, str | None]:
    """How many good rows are unchanged and which period most of them speak of; writes a temporary table only."""
    run = _Runner(connection, stage, target)
    run(_SEEN)
    return int(run(_UNCHANGED).scalar_one()), run(_PERIOD).scalar()


def supersede(connection: sa.Connection, target: Target, earlier: str) -> None:
    """Takes back what an earlier judgement of the same bytes stated: the bytes say what they are read as now."""
    connection.execute(sa.text(_SUPERSEDE), {**target.values(), "earlier": earlier})
    _reopen(connection, target, earlier)


def _reopen(connection: sa.Connection, target: Target, withdrawn: str) -> None:
    """Refused rows that a withdrawn delivery had corrected wait again, unless another delivery corrects them too."""
    connection.execute(sa.text(_REOPEN), {**target.values(), "withdrawn": withdrawn})


def merge_quarantine(connection: sa.Connection, stage: Stage, target: Target) -> None:
    """Keeps the refused rows, sealed. One that is older than what is known already is corrected from the start."""
    _Runner(connection, stage, target)(_QUARANTINE)


def cover(connection: sa.Connection, stage: Stage, target: Target, unmapped_share: float) -> None:
    """Notes which periods the delivery speaks of (only good rows count)."""
    _Runner(connection, stage, target)(_COVERAGE, unmapped_share=unmapped_share)


def refresh_current(connection: sa.Connection, target: Target, *, snapshot: bool) -> None:
    """Decides anew which sighting counts for every record in the temporary table ``touched``."""
    join, rule = (_IN_SNAPSHOT, "n.record_id IS NOT NULL") if snapshot else ("", "true")
    first = (_NEWEST, _TOUCH_PERIODS, _NAMED) if snapshot else ()
    for statement in (*first, _INDEX_TOUCHED):
        connection.execute(sa.text(statement), target.values())
    connection.execute(sa.text(_REFRESH.format(join=join, rule=rule)), target.values())


def entity_statements(contract: Contract, model: dict[str, Entity]) -> list[str]:
    """One INSERT for each entity and item that the contract feeds."""
    items = sorted({(b.entity, b.item) for b in _bindings(contract)})
    first = next((b.entity for b in _bindings(contract)), None)
    return [_entity_statement(contract, model[entity], item, extra=item == 1 and _takes_extra(contract, entity, first))
            for entity, item in items]  # fmt: skip


def _takes_extra(contract: Contract, entity: str, first: str | None) -> bool:
    return entity == first or entity in contract.conditions


def _bindings(contract: Contract) -> list[Binding]:
    derived = [Binding(contract.age.entity, "age")] if contract.age else []
    return [b for c in contract.columns for b in c.bindings] + list(contract.constants) + derived


def _entity_statement(contract: Contract, entity: Entity, item: int, *, extra: bool) -> str:
    chosen = dict(_fields(contract, entity, item))
    if extra and (own := _extra(contract)):
        chosen["extra"] = own
    names = "".join(f", {quoted(name)}" for name in chosen)
    values = "".join(f", {value}" for value in chosen.values())
    table = f"core.{quoted(entity.name)}"
    conditions = [f"AND {condition}" for condition in _conditions(contract, entity.name, item)]
    return (
        f"INSERT INTO {table} (content_id, item, feed, provider, record_id, delivery_id, recorded_at{names}) "  # noqa: S608
        f"SELECT s.content_id, {item}, :feed, :provider, s.record_id, :delivery_id, :at{values} "
        f"FROM {{table}} s LEFT JOIN seen n USING (row) "
        f"WHERE NOT s.refused AND n.content_id IS NULL {' '.join(conditions)} "
    )


def _fields(contract: Contract, entity: Entity, item: int) -> Iterable[tuple[str, str]]:
    for column in contract.columns:
        for binding in column.bindings:
            concept = entity.fields.get(binding.field) if binding.entity == entity.name else None
            if concept and binding.item == item and not concept.vaulted and not column.vaulted:
                yield binding.field, _cast(column, concept)
    for binding, value in contract.constants.items():
        if (binding.entity, binding.item) == (entity.name, item):
            yield binding.field, _constant(entity.fields[binding.field], value)
    if contract.age and contract.age.entity == entity.name and item == 1:
        yield from (("age", "s.age_years"), ("age_band", "s.age_band"), ("minor", "s.minor"))


def _cast(column: Column, concept: Concept) -> str:
    name = f"s.{quoted(column.name)}"
    if concept.many and not column.many:
        return f"CASE WHEN {name} IS NOT NULL THEN ARRAY[{name}::text] END"
    return name


def _constant(concept: Concept, value: str) -> str:
    escaped = value.replace("'", "''").replace(":", "\\:").replace("{", "{{").replace("}", "}}")
    literal = f"'{escaped}'"
    types = {"date": "date", "integer": "bigint", "number": "double precision", "boolean": "boolean"}
    cast = types.get(concept.type, "text")
    return f"ARRAY[{literal}]" if concept.many else f"CAST({literal} AS {cast})"


def _extra(contract: Contract) -> str | None:
    version = contract.revision.value if contract.revision.kind == "column" else None  # belongs to the sighting
    unbound = [c for c in contract.columns if not c.vaulted and not c.bindings and c.name != version]
    if not unbound:
        return None
    pairs = ", ".join(f"'{c.name}', s.{quoted(c.name)}" for c in unbound)
    return f"nullif(jsonb_strip_nulls(jsonb_build_object({pairs})), '{{{{}}}}'::jsonb)"


def _conditions(contract: Contract, entity: str, item: int) -> Iterable[str]:
    condition = contract.conditions.get(entity)
    if condition:
        yield _holds(condition)
    if item > 1 or _repeats(contract, entity):
        filled = [
            f"s.{quoted(c.name)} IS NOT NULL"
            for c in contract.columns
            if not c.vaulted and any((b.entity, b.item) == (entity, item) for b in c.bindings)
        ]
        yield f"({' OR '.join(filled) or 'false'})"


def _repeats(contract: Contract, entity: str) -> bool:
    """Whether the entity is a repeated group beside the row's own entity: then its first item too may be missing."""
    bindings = _bindings(contract)
    return entity != bindings[0].entity and any(b.entity == entity and b.item > 1 for b in bindings)


def _holds(condition: Condition) -> str:
    values = ", ".join("'" + v.replace("'", "''") + "'" for v in sorted(condition.values))
    return f"s.{quoted(condition.column)} IN ({values})"


class _Runner:
    """Executes statements with the staging table's name and the target's values filled in."""

    def __init__(self, connection: sa.Connection, stage: Stage, target: Target) -> None:
        self._connection, self._stage, self._target = connection, stage, target

    def __call__(self, statement: str, **more: object) -> sa.CursorResult[Any]:
        text = sa.text(statement.format(table=self._stage.table))
        return self._connection.execute(text, {**self._target.values(), **more})


# What the warehouse already knows of the staged records; rows not in it are records never met.
_SEEN = """
    DROP TABLE IF EXISTS pg_temp.seen;
    CREATE TEMP TABLE seen ON COMMIT DROP AS
    SELECT s.row,
           min(k.content_id) FILTER (WHERE k.fingerprint = s.fingerprint) AS content_id,
           bool_or(k.fingerprint = s.fingerprint AND NOT k.retracted AND (k.current OR k.version = s.version)) AS same
    FROM {table} s
    JOIN core.sighting k ON k.feed = :feed AND k.provider = :provider AND k.record_id = s.record_id
    WHERE NOT s.refused GROUP BY s.row
"""
_UNCHANGED = "SELECT count(*) FROM seen WHERE same"
_PERIOD = "SELECT period FROM {table} WHERE NOT refused GROUP BY period ORDER BY count(*) DESC, period LIMIT 1"
_SIGHTINGS = """
    INSERT INTO core.sighting (feed, provider, record_id, version, fingerprint, delivery_id, content_id, row, period,
                               current, recorded_at)
    SELECT :feed, :provider, s.record_id, s.version, s.fingerprint, :delivery_id,
           coalesce(n.content_id, s.content_id), s.row, s.period, n.row IS NULL AND NOT s.again, :at
    FROM {table} s LEFT JOIN seen n USING (row) WHERE NOT s.refused
"""
_VAULT = """
    INSERT INTO vault.record (content_id, delivery_id, attempt, key_slot, sealed)
    SELECT s.content_id, :delivery_id, :attempt, s.slot, s.sealed
    FROM {table} s LEFT JOIN seen n USING (row)
    WHERE NOT s.refused AND n.content_id IS NULL AND s.sealed IS NOT NULL
"""
# Only a record met again in the file may state a content twice. Being ready for that costs all other rows a third more.
_FIRST = " AND NOT s.again"
_AGAIN = " AND s.again ON CONFLICT DO NOTHING"
# A refused row (q, of delivery d) is corrected by a newer revision (k, of delivery o), or by the same revision sent
# again. Where the refused row states no version, what came later is the correction.
_NEWER = """
    ((q.version <> '' AND k.version > q.version) OR (o.seq > d.seq AND (q.version = '' OR k.version = q.version)))
"""
_CORRECTED = f"""
    UPDATE quarantine.record q SET corrected_by = :delivery_id
    FROM ops.delivery d, ops.delivery o, {{table}} k
    WHERE q.corrected_by IS NULL AND d.delivery_id = q.delivery_id AND d.feed = :feed AND d.provider = :provider
      AND o.delivery_id = :delivery_id AND q.record_id = k.record_id AND NOT k.refused AND {_NEWER}
"""  # noqa: S608 - our own condition
# Judgements of the same bytes replace each other: what the earlier ones refused stays corrected by them.
_REOPEN = f"""
    UPDATE quarantine.record q SET corrected_by = (
        SELECT k.delivery_id FROM core.sighting k JOIN ops.delivery o ON o.delivery_id = k.delivery_id
        WHERE k.feed = :feed AND k.provider = :provider AND k.record_id = q.record_id AND NOT k.retracted
          AND k.delivery_id <> q.delivery_id AND {_NEWER}
        ORDER BY o.seq LIMIT 1)
    FROM ops.delivery d, ops.delivery w
    WHERE q.corrected_by = :withdrawn AND d.delivery_id = q.delivery_id AND w.delivery_id = :withdrawn
      AND d.sha256 <> w.sha256
"""  # noqa: S608 - our own condition
_TOUCHED = """
    DROP TABLE IF EXISTS pg_temp.touched;
    CREATE TEMP TABLE touched ON COMMIT DROP AS
    SELECT DISTINCT s.record_id FROM {table} s LEFT JOIN seen n USING (row)
    WHERE NOT s.refused AND (s.again OR n.row IS NOT NULL)
"""
_SUPERSEDE = """
    WITH taken_back AS (
        UPDATE core.sighting SET retracted = true, current = false
        WHERE delivery_id = :earlier AND NOT retracted RETURNING record_id
    )
    INSERT INTO touched SELECT record_id FROM taken_back
"""
_QUARANTINE = """
    INSERT INTO quarantine.record (delivery_id, row, sheet, record_id, version, key_slot, attempt, sealed, corrected_by)
    SELECT :delivery_id, s.row, s.sheet, s.record_id, s.version, s.slot, :attempt, s.sealed,
           (SELECT k.delivery_id FROM core.sighting k
            WHERE k.feed = :feed AND k.provider = :provider AND k.record_id = s.record_id AND NOT k.retracted
              AND s.version <> '' AND k.version > s.version AND k.delivery_id <> :delivery_id
            ORDER BY k.version, k.delivery_id LIMIT 1)
    FROM {table} s WHERE s.refused AND s.sealed IS NOT NULL
"""
_COVERAGE = """
    INSERT INTO ops.coverage (delivery_id, period, feed, provider, version, rows, unmapped_share)
    SELECT :delivery_id, period, :feed, :provider, max(version), count(*), :unmapped_share
    FROM {table} WHERE NOT refused GROUP BY period
"""
_NEWEST = """
    DROP TABLE IF EXISTS pg_temp.newest;
    CREATE TEMP TABLE newest ON COMMIT DROP AS
    SELECT DISTINCT ON (c.period) c.period, c.delivery_id
    FROM ops.coverage c JOIN ops.delivery d USING (delivery_id)
    WHERE c.feed = :feed AND c.provider = :provider AND d.status IN ('accepted', 'accepted_with_findings')
    ORDER BY c.period, c.version DESC, d.sha256 DESC, d.seq DESC
"""
_TOUCH_PERIODS = """
    INSERT INTO touched SELECT DISTINCT k.record_id FROM core.sighting k
    JOIN ops.coverage c ON c.period = k.period AND c.delivery_id = :delivery_id
    WHERE k.feed = :feed AND k.provider = :provider
"""
# What the newest snapshots name, each once. A row that one states badly is quarantined, not absent: its record is not
# withdrawn.
_NAMED = """
    DROP TABLE IF EXISTS pg_temp.named;
    CREATE TEMP TABLE named ON COMMIT DROP AS
    SELECT x.delivery_id, x.record_id FROM core.sighting x WHERE x.delivery_id IN (SELECT delivery_id FROM newest)
      AND x.feed = :feed AND x.provider = :provider AND NOT x.retracted
    UNION SELECT q.delivery_id, q.record_id FROM quarantine.record q
    WHERE q.delivery_id IN (SELECT delivery_id FROM newest);
    CREATE INDEX ON named (record_id, delivery_id);
    ANALYZE named
"""
# The planner takes core.sighting, just filled, for nearly empty and joins row by row. Without indexes on the other side
# a first snapshot of 46,000 rows took more than four minutes, with them a second.
_INDEX_TOUCHED = "CREATE INDEX ON touched (record_id); ANALYZE touched"
_IN_SNAPSHOT = """
    LEFT JOIN newest w ON w.period = k.period
    LEFT JOIN named n ON n.delivery_id = w.delivery_id AND n.record_id = k.record_id
"""
_REFRESH = """
    WITH ranked AS (
        SELECT k.ctid AS place, k.current,
               NOT k.retracted AND row_number() OVER (
                   PARTITION BY k.record_id
                   ORDER BY k.retracted, k.version DESC, k.fingerprint DESC, k.delivery_id) = 1 AND ({rule}) AS counts
        FROM core.sighting k {join}
        WHERE k.feed = :feed AND k.provider = :provider AND k.record_id IN (SELECT record_id FROM touched)
    )
    UPDATE core.sighting k SET current = r.counts FROM ranked r WHERE k.ctid = r.place AND k.current <> r.counts
"""


def restate(connection: sa.Connection, delivery: Delivery, at: datetime, *, snapshot: bool) -> None:
    """Makes what a delivery stated the newest statement, as of ``at``."""
    target = Target(delivery.delivery_id, delivery.feed, delivery.provider, 0, at)
    version = at.astimezone(UTC).isoformat(timespec="microseconds")
    for statement in _RESTATE:
        connection.execute(sa.text(statement), {**target.values(), "version": version})
    refresh_current(connection, target, snapshot=snapshot)


def retract(connection: sa.Connection, delivery: Delivery, at: datetime, *, snapshot: bool) -> int:
    """Withdraws what a delivery stated; returns the number of its records. The delivery's state is the caller's."""
    target = Target(delivery.delivery_id, delivery.feed, delivery.provider, 0, at)
    connection.execute(sa.text(_TOUCH_DELIVERY), target.values())
    rows = int(connection.execute(sa.text(_RETRACT), target.values()).rowcount)
    _reopen(connection, target, delivery.delivery_id)
    refresh_current(connection, target, snapshot=snapshot)
    return rows


_TOUCH_DELIVERY = """
    DROP TABLE IF EXISTS pg_temp.touched;
    CREATE TEMP TABLE touched ON COMMIT DROP AS
    SELECT DISTINCT record_id FROM core.sighting WHERE delivery_id = :delivery_id
"""
_RESTATE = (
    _TOUCH_DELIVERY,
    "UPDATE core.sighting SET version = :version WHERE delivery_id = :delivery_id AND version < :version",
    "UPDATE ops.coverage SET version = :version WHERE delivery_id = :delivery_id AND version < :version",
)
_RETRACT = """
    UPDATE core.sighting SET retracted = true, current = false WHERE delivery_id = :delivery_id AND NOT retracted
"""
