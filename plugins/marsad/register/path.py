"""One person's dated history for pages: what is believed, what was decided, her way. Never her identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from marsad.linkage.identities import person_id
from marsad.linkage.stock import Key
from marsad.register.survivorship import Value
from marsad.warehouse.register_tables import FIELDS


@dataclass(frozen=True, slots=True)
class Believed:
    """A value and the records it comes from, the one believed first at the front."""

    value: Value
    sources: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """One decision of her being a victim; ``replaced`` once its record says otherwise."""

    status: str
    decided_on: date | None
    deciding_body: str
    source: Key
    stated: str
    replaced: str | None
    current: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``days`` since the one before."""

    kind: str
    began_on: date | None
    ended_on: date | None
    detail: str | None
    consent: str | None
    days: int | None
    source: Key
    item: int


@dataclass(frozen=True, slots=True)
class Proceeding:
    """One stage of a case of hers at court: her own place there, or a defendant's."""

    source: Key
    as_victim: bool
    court: str | None
    instance: str | None
    stage: str | None
    received_on: date | None
    decided_on: date | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A sending body that knows her, and between which days."""

    provider: str
    first_seen: date | None
    last_seen: date | None


@dataclass(frozen=True, slots=True)
class History:
    """All that the register holds of a person. ``identity``: which records to open for what, in order; with consent."""

    person: str
    purpose: str
    consent: str | None
    values: Mapping[str, Believed]
    identity: Mapping[str, tuple[Key, ...]]
    statuses: tuple[Status, ...]
    steps: tuple[Step, ...]
    proceedings: tuple[Proceeding, ...]
    seen_by: tuple[Seen, ...]
    records: int

    @property
    def status(self) -> Status:
        """What counts now."""
        return next(one for one in self.statuses if one.current)

    @property
    def agencies(self) -> tuple[str, ...]:
        """Kinds of organisation that know her, in the order of her way."""
        sources = (*(one.source for one in self.steps), *(one.source for one in self.statuses))
        return tuple(dict.fromkeys(source.feed.partition("/")[0] for source in sources))


def history(connection: sa.Connection, person: str) -> History | None:
    """The history of a registered person; None for anybody else.

    Raises:
        UsageFault: ``person`` is no id.
    """
    values = {"person": person_id(person)}
    row = connection.execute(sa.text(_PERSON), values).mappings().first()
    if row is None:
        return None
    sources: dict[tuple[bool, str], list[Key]] = {}
    for identity, field, *key in connection.execute(sa.text(_SOURCES), values):
        sources.setdefault((identity, field), []).append(Key(*key))
    return History(
        person=row["person_id"],
        purpose=row["purpose"],
        consent=row["consent"],
        values={n: Believed(row[n], tuple(sources.get((False, n), ()))) for n in ("birth_year", *FIELDS) if row[n]},
        identity={field: tuple(keys) for (identity, field), keys in sources.items() if identity},
        statuses=tuple(Status(**_sourced(one)) for one in _rows(connection, _STATUSES, values)),
        steps=tuple(Step(**_sourced(one)) for one in _rows(connection, _STEPS, values)),
        proceedings=tuple(Proceeding(**_sourced(one)) for one in _rows(connection, _PROCEEDINGS, values)),
        seen_by=tuple(Seen(**one) for one in _rows(connection, _SEEN_BY, values)),
        records=row["records"],
    )


def told(one: History) -> Sequence[str]:
    """The history in lines of text, for a terminal."""
    way = [_step(step) for step in one.steps]
    return (
        f"{one.person}: seen by {len(one.agencies)} agencies in {one.records} records; registered for {one.purpose}",
        f"  now {one.status.status} ({one.status.deciding_body}, {one.status.decided_on or 'no day'}), before: "
        + (", ".join(f"{s.status} ({s.deciding_body}, {s.decided_on})" for s in one.statuses if not s.current) or "-"),
        "  " + " → ".join(way),
    )


def _step(step: Step) -> str:
    when = f"{step.began_on:%d/%m/%Y}" if step.began_on else "no day"
    return f"{step.kind.replace('_', ' ')} {when}" + (f" (+{step.days})" if step.days else "")


def _rows(connection: sa.Connection, query: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.text(query), values).mappings()]


def _sourced(row: Mapping[str, Any]) -> dict[str, Any]:
    key = ("feed", "provider", "record_id")
    return {name: value for name, value in row.items() if name not in key} | {"source": Key(*(row[k] for k in key))}


_PERSON = """
    SELECT p.*, p.person_id::text AS person_id, (
        SELECT count(*) FROM register.record r WHERE r.person_id = p.person_id) AS records
    FROM register.person p WHERE p.person_id = CAST(:person AS uuid)
"""
_SOURCES = """
    SELECT identity, field, feed, provider, record_id FROM register.source
    WHERE person_id = CAST(:person AS uuid) ORDER BY identity, field, place
"""
_STATUSES = """
    SELECT feed, provider, record_id, status, decided_on, deciding_body, stated, replaced, current FROM register.status
    WHERE person_id = CAST(:person AS uuid)
    ORDER BY decided_on NULLS FIRST, feed, provider, record_id, stated, content_id
"""
_STEPS = """
    SELECT feed, provider, record_id, item, kind, began_on, ended_on, detail, consent, days FROM register.path
    WHERE person_id = CAST(:person AS uuid) ORDER BY place
"""
_PROCEEDINGS = """
    SELECT feed, provider, record_id, as_victim, court, instance, stage, received_on, decided_on, decision
    FROM register.proceeding WHERE person_id = CAST(:person AS uuid)
    ORDER BY received_on NULLS LAST, feed, provider, record_id
"""
_SEEN_BY = """
    SELECT provider, first_seen, last_seen FROM register.seen_by
    WHERE person_id = CAST(:person AS uuid) ORDER BY first_seen NULLS LAST, provider
"""
