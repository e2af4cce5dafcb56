"""From staging into the warehouse: the statements of the one transaction that makes a delivery true.

Rows go in block by block while later ones are still judged. What only the whole file can tell comes at the end: rows
that a delivery rule refuses are taken out again, records that the file states more than once are put in last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from marsad.contracts.model import Contract
from marsad.intake.current import CORRECTED, Target, lock
from marsad.intake.entities import BLOCK, entity_statements, fed_entities
from marsad.intake.stage import Stage
from marsad.warehouse.model import Entity

_LAST_ROW = 1 << 62


@dataclass(frozen=True, slots=True)
class Known:
    """What the warehouse knew of a delivery's good rows: see ``receipts.Counts``."""

    unchanged: int
    withdrawn: int
    outdated: int


class Merge:
    """The rows of one delivery on their way into core, within a transaction of the caller's."""

    def __init__(
        self, connection: sa.Connection, stage: Stage, contract: Contract, model: dict[str, Entity], target: Target
    ) -> None:
        self._connection = connection
        self._target = target
        self._run = _Runner(connection, stage, target)
        self._tables = (*(f"core.{name}" for name in fed_entities(contract)), "vault.record")
        self._inserts = (*entity_statements(contract, model), _VAULT)
        self._savepoint: sa.NestedTransaction | None = None
        self._known = False
        self._taken = 0

    def take(self, last: int) -> None:
        """Writes sightings, entities and vault of the staged rows up to number ``last`` that were not taken before.

        But for refused rows, and for those whose record stands further up in the file.
        """
        self._begin()
        block = {"first": self._taken + 1, "last": last}
        if self._known:
            self._run(_SEEN.format(chosen=_FIRST, others="true", table="{table}"), **block)
        for statement in (_SIGHTINGS, *self._inserts):
            self._run(statement + _FIRST, **block)
        self._taken = last

    def finish(self) -> Known:
        """Takes what is left, and brings in what delivery rules said; returns what was known of the rows."""
        self._begin()
        if self._taken and self._run(_ANY_LATE).scalar():
            self._take_back()
        self.take(_LAST_ROW)
        self._take_repeats()
        if self._known:
            self._run(_REFILL)
        known = self._counted()
        self._run(CORRECTED)
        self._run(_TOUCHED)
        if self._savepoint is not None:
            self._savepoint.commit()
        return known

    def undo(self) -> None:
        """Takes everything back: the file as a whole was refused."""
        if self._savepoint is not None:
            self._savepoint.rollback()

    def keep_quarantine(self) -> None:
        """Keeps the refused rows, sealed. One that is older than what is known already is corrected from the start."""
        self._run(_QUARANTINE)

    def erased(self, sha256: str) -> list[int]:
        """Slots of staged rows that speak of erased persons, by their record or by their place in the file ``sha256``.

        Nobody is erased from now until the transaction's end.
        """
        lock(self._connection, self._target.feed, self._target.provider)
        return [slot for row in self._run(_ERASED, sha256=sha256) for slot in row if slot is not None]

    def cover(self, unmapped_share: float) -> None:
        """Notes which periods the delivery speaks of: only good rows count, and none that withdraws its record."""
        self._run(_COVERAGE, unmapped_share=unmapped_share)

    def foresee(self) -> tuple[Known, list[str]]:
        """What is known of the good rows and which periods they speak of, that of most first.

        Writes a temporary table only.
        """
        self._run(_NOTHING_SEEN)
        self._run(_SEEN.format(chosen="", others="true", table="{table}"), first=0, last=_LAST_ROW)
        return self._counted(), list(self._run(_PERIODS).scalars())

    def _counted(self) -> Known:
        return Known(*map(int, self._run(_COUNTED).one()))

    def _begin(self) -> None:
        if self._savepoint is None:
            lock(self._connection, self._target.feed, self._target.provider)
            self._savepoint = self._connection.begin_nested()
            self._run(_NOTHING_SEEN)
            self._known = bool(self._run(_SENT_BEFORE).scalar())

    def _take_back(self) -> None:
        """Removes rows taken early that were refused late; what an earlier delivery stated too stays."""
        self._run(_SIGHTINGS_BACK)
        for table in self._tables:
            self._run(_CONTENTS_BACK.format(contents=table, table="{table}"))
        self._run(_SEEN_BACK)

    def _take_repeats(self) -> None:
        if not self._run(_ANY_REPEATS).scalar():
            return
        whole = {"first": 0, "last": _LAST_ROW}
        self._run(_SEEN.format(chosen=_AGAIN, others="k.delivery_id <> :delivery_id", table="{table}"), **whole)
        for statement in (_SIGHTINGS, *self._inserts):
            self._run(statement + _AGAIN + " ON CONFLICT DO NOTHING", **whole)


class _Runner:
    """Executes statements with the staging table's name and the target's values filled in."""

    def __init__(self, connection: sa.Connection, stage: Stage, target: Target) -> None:
        self._connection, self._stage, self._target = connection, stage, target

    def __call__(self, statement: str, **more: object) -> sa.CursorResult[Any]:
        text = sa.text(statement.format(table=self._stage.table))
        return self._connection.execute(text, {**self._target.values(), **more})


# Only a record met again in the file may state a content twice. Being ready for that costs all other rows a third more.
_FIRST = " AND NOT s.later"
_AGAIN = " AND s.later"
# Counted, because for EXISTS the planner would read the table from its start: what was updated stands at the end.
_ANY_REPEATS = "SELECT count(*) > 0 FROM {table} WHERE later AND NOT refused"
_ANY_LATE = "SELECT count(*) > 0 FROM {table} WHERE refused AND late AND NOT later"
_SENT_BEFORE = """
    SELECT EXISTS (SELECT FROM ops.delivery WHERE feed = :feed AND provider = :provider AND rows_read > 0)
"""
# What the warehouse already knows of the staged records; rows not in it are records never met.
_NOTHING_SEEN = """
    DROP TABLE IF EXISTS pg_temp.seen;
    CREATE TEMP TABLE seen (row bigint PRIMARY KEY, content_id bigint, same boolean, newer boolean, withdrawn text)
    ON COMMIT DROP
"""
_SEEN = """
    INSERT INTO seen
    SELECT s.row,
           min(k.content_id) FILTER (WHERE k.fingerprint = s.fingerprint) AS content_id,
           bool_or(k.fingerprint = s.fingerprint AND NOT k.retracted AND (k.current OR k.version = s.version)) AS same,
           bool_or(k.version > s.version AND s.version <> '' AND NOT k.retracted) AS newer,
           min(s.record_id) FILTER (WHERE s.withdraws AND k.current AND k.version <= s.version) AS withdrawn
    FROM {table} s
    JOIN core.sighting k ON k.feed = :feed AND k.provider = :provider AND k.record_id = s.record_id AND {others}
    WHERE NOT s.refused AND s.row BETWEEN :first AND :last {chosen} GROUP BY s.row
"""
_COUNTED = """
    SELECT count(*) FILTER (WHERE same), count(DISTINCT withdrawn), count(*) FILTER (WHERE newer) FROM seen
"""
_PERIODS = """
    SELECT period FROM {table} WHERE NOT refused AND NOT withdraws
    GROUP BY period ORDER BY count(*) DESC, period
"""
_SIGHTINGS = f"""
    INSERT INTO core.sighting (feed, provider, record_id, version, fingerprint, delivery_id, content_id, row, period,
                               current, withdraws, recorded_at)
    SELECT :feed, :provider, s.record_id, s.version, s.fingerprint, :delivery_id,
           coalesce(n.content_id, s.content_id), s.row, s.period,
           n.row IS NULL AND NOT s.later AND NOT s.withdraws, s.withdraws, :at {BLOCK}
"""  # noqa: S608
_VAULT = f"""
    INSERT INTO vault.record (content_id, delivery_id, attempt, key_slot, sealed)
    SELECT s.content_id, :delivery_id, :attempt, s.slot, s.sealed {BLOCK}
      AND n.content_id IS NULL AND s.sealed IS NOT NULL
"""  # noqa: S608
# A state whose identity retention destroyed counts again: it is sealed anew, but not of who was erased.
_REFILL = """
    UPDATE vault.record v
    SET delivery_id = CAST(:delivery_id AS uuid), attempt = :attempt, key_slot = s.slot, sealed = s.sealed
    FROM seen n JOIN {table} s USING (row)
    WHERE v.content_id = n.content_id AND v.sealed = '' AND s.sealed IS NOT NULL AND NOT s.refused
      AND NOT EXISTS (SELECT FROM vault.erased e
                      WHERE (e.feed, e.provider, e.record_id) = (:feed, :provider, s.record_id))
"""
_SIGHTINGS_BACK = """
    DELETE FROM core.sighting k USING {table} s LEFT JOIN seen n USING (row)
    WHERE s.late AND NOT s.later AND k.delivery_id = :delivery_id AND k.row = s.row
      AND k.content_id = coalesce(n.content_id, s.content_id)
"""
_CONTENTS_BACK = """
    DELETE FROM {contents} c USING {table} s
    WHERE s.late AND NOT s.later AND c.delivery_id = :delivery_id AND c.content_id = s.content_id
"""
_SEEN_BACK = "DELETE FROM seen n USING {table} s WHERE s.late AND n.row = s.row"
_TOUCHED = """
    DROP TABLE IF EXISTS pg_temp.touched;
    CREATE TEMP TABLE touched ON COMMIT DROP AS
    SELECT s.record_id FROM {table} s WHERE NOT s.refused AND (s.again OR s.later)
    UNION SELECT s.record_id FROM {table} s JOIN seen n USING (row) WHERE NOT s.refused
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
_ERASED = """
    SELECT s.slot, s.late_slot FROM vault.erased e JOIN {table} s USING (record_id)
    WHERE e.feed = :feed AND e.provider = :provider
    UNION SELECT s.slot, s.late_slot FROM vault.erased_row e JOIN {table} s USING (row) WHERE e.sha256 = :sha256
"""
_COVERAGE = """
    INSERT INTO ops.coverage (delivery_id, period, feed, provider, version, rows, unmapped_share)
    SELECT :delivery_id, period, :feed, :provider, max(version), count(*), :unmapped_share
    FROM {table} WHERE NOT refused AND NOT withdraws GROUP BY period
"""
