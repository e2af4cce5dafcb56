"""Reasons given for warnings: kept with the record in the state that was doubted, so that nobody is asked twice.

A content is one state of one record (``core.sighting``), so a reason is known by content and rule: it holds for every
later row that states the same, and for none that states something else (docs/adr/0013-justifications.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from marsad import audit
from marsad.contracts.codelists import CodeList
from marsad.errors import UsageFault
from marsad.intake.ledger import ACCEPTED
from marsad.intake.stage import Stage, quoted
from marsad.quality.findings import Broken, RowIds
from marsad.warehouse.engine import clean_errors

IN_THE_FILE = "file"  # who gave a reason, where it stood in a column


@dataclass(frozen=True, slots=True)
class Standing:
    """Rows of one delivery for which a rule asks for a reason, by whether it is known."""

    open: tuple[int, ...]
    confirmed: tuple[int, ...]


def told_apart(broken: Sequence[Broken], stage: Stage, provider: str) -> list[Broken]:
    """The findings, those parted in two that ask for a reason: rows still in doubt, rows with a reason.

    The reason stands in the staged row, or was given before for the same state of the same record.
    """
    return [part for one in broken for part in (_parts(one, stage, provider) if one.rule.justify else [one])]


def _parts(one: Broken, stage: Stage, provider: str) -> Iterator[Broken]:
    confirmed = np.isin(one.rows, _confirmed(one, stage, provider))
    for choice in (False, True):
        rows = one.rows[confirmed == choice]
        if len(rows):
            yield replace(one, rows=rows, confirmed=choice)


def _confirmed(one: Broken, stage: Stage, provider: str) -> RowIds:
    query = sa.text(_CONFIRMED.format(table=stage.table, given=_given(stage)))
    values = {"rows": one.rows.tolist(), "rule": one.rule.id, "feed": stage.contract.feed, "provider": provider}
    with clean_errors(), stage.engine.connect() as connection:
        return np.array(connection.execute(query, values).scalars().all(), np.int64)


def keep(connection: sa.Connection, stage: Stage, delivery_id: str, broken: Sequence[Broken], at: datetime) -> None:
    """Ties the delivery's findings that ask for a reason to their contents, and keeps the reasons that its rows give.

    Within the transaction that merged the rows (``seen`` tells which contents were known) and wrote the findings.
    """
    rules = sorted({one.rule.id for one in broken if one.rule.justify})
    if not rules:
        return
    values = {"id": delivery_id, "rules": rules, "by": IN_THE_FILE, "at": at}
    for statement in (_TIE, _KEEP):
        connection.execute(sa.text(statement.format(table=stage.table, given=_given(stage))), values)


def _given(stage: Stage) -> str:
    """SQL of the reason that a staged row gives."""
    column = stage.contract.justification
    return f"s.{quoted(column)}" if column else "NULL::text"


def standing(connection: sa.Connection, delivery_id: str) -> Mapping[str, Standing]:
    """How it stands now with the recorded rows of a delivery, by each rule that asks for a reason."""
    rows = connection.execute(sa.text(_STANDING), {"id": delivery_id})
    return {row.rule: Standing(tuple(row.open), tuple(row.confirmed)) for row in rows}


def confirm(
    connection: sa.Connection,
    reasons: CodeList,
    delivery_id: str,
    rule: str,
    reason: str,
    by: str,
    at: datetime,
    row: int | None = None,
) -> int:
    """Keeps ``reason`` for the rows of an accepted delivery that ``rule`` doubts, or for ``row`` alone.

    Returns for how many: a reason that was given before stays. Audited; takes the lock of the audit chain, so call it
    last.

    Raises:
        UsageFault: no such reason, or nothing that it could be given for.
    """
    if reason not in reasons.codes:
        raise UsageFault(f"there is no reason '{reason}'; reasons: {', '.join(reasons.codes)}")
    values = {"id": delivery_id, "rule": rule, "reason": reason, "by": by, "at": at, "row": row}
    kept = connection.execute(sa.text(_CONFIRM), {**values, "accepted": list(ACCEPTED)}).rowcount
    if not kept:
        raise UsageFault("no recorded row of this delivery waits for a reason under this rule")
    detail = {"rule": rule, "reason": reason, "rows": kept}
    audit.append(connection, by, "warnings.confirmed", f"delivery:{delivery_id}", detail, at)
    return kept


_CONFIRMED = """
    SELECT s.row FROM {table} s WHERE s.row = ANY(:rows) AND NOT s.refused AND ({given} IS NOT NULL OR EXISTS (
        SELECT FROM core.sighting k JOIN ops.justification j USING (content_id)
        WHERE k.feed = :feed AND k.provider = :provider AND k.record_id = s.record_id
          AND k.fingerprint = s.fingerprint AND j.rule = :rule))
"""
_TIE = """
    UPDATE quarantine.finding f SET content_id = coalesce(n.content_id, s.content_id)
    FROM {table} s LEFT JOIN seen n ON n.row = s.row
    WHERE f.delivery_id = :id AND f.rule = ANY(:rules) AND s.row = f.row AND NOT s.refused
"""
_KEEP = """
    INSERT INTO ops.justification (content_id, rule, delivery_id, row, reason, given_by, given_at)
    SELECT f.content_id, f.rule, f.delivery_id, f.row, {given}, :by, :at
    FROM quarantine.finding f JOIN {table} s ON s.row = f.row
    WHERE f.delivery_id = :id AND f.rule = ANY(:rules) AND f.content_id IS NOT NULL AND {given} IS NOT NULL
    ON CONFLICT DO NOTHING
"""
_STANDING = """
    SELECT f.rule, coalesce(array_agg(f.row ORDER BY f.row) FILTER (WHERE j.rule IS NULL), '{}') AS open,
           coalesce(array_agg(f.row ORDER BY f.row) FILTER (WHERE j.rule IS NOT NULL), '{}') AS confirmed
    FROM quarantine.finding f LEFT JOIN ops.justification j ON j.content_id = f.content_id AND j.rule = f.rule
    WHERE f.delivery_id = :id AND f.content_id IS NOT NULL GROUP BY f.rule ORDER BY f.rule
"""
_CONFIRM = """
    INSERT INTO ops.justification (content_id, rule, delivery_id, row, reason, given_by, given_at)
    SELECT f.content_id, f.rule, f.delivery_id, f.row, :reason, :by, :at
    FROM quarantine.finding f JOIN ops.delivery d ON d.delivery_id = f.delivery_id
    WHERE f.delivery_id = :id AND f.rule = :rule AND f.content_id IS NOT NULL AND d.status = ANY(:accepted)
      AND (f.row = CAST(:row AS bigint) OR CAST(:row AS bigint) IS NULL)
    ON CONFLICT DO NOTHING
"""
