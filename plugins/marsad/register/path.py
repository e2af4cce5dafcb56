"""One person's dated history for pages: what is believed, what was decided, her way. Never her identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from marsad.linkage.identities import person_id
from marsad.linkage.stock import Key
from marsad.register import referrals
from marsad.register.referrals import Referral
from marsad.register.survivorship import Value
from marsad.warehouse.register_tables import FIELDS


@dataclass(frozen=True, slots=True)
class Believed:
    """A value and the records it comes from by their place, 1 the one believed: those that the reader may know."""

    value: Value
    sources: Mapping[int, Key]


class Teller(NamedTuple):
    """Whose record says so; its number is told apart, since not every reader may know it. No feed: the pages."""

    feed: str | None
    provider: str


@dataclass(frozen=True, slots=True)
class Status:
    """One decision of her being a victim; ``replaced`` once its record says otherwise."""

    status: str
    decided_on: date | None
    deciding_body: str
    source: Teller
    replaced: str | None
    current: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``days`` since the one before; ``referral``: sent in the pages."""

    kind: str
    began_on: date | None
    ended_on: date | None
    detail: str | None
    consent: str | None
    days: int | None
    referral: str | None
    source: Teller


@dataclass(frozen=True, slots=True)
class Proceeding:
    """One stage of a case of hers at court: her own place there, or a defendant's."""

    source: Teller
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
    """What the register holds of a person, as far as the reader's database role may know.

    ``erased``: nothing is left of who she is.
    ``identity``: which records to open for what, in order; with consent. ``records``: all that she is made of.
    """

    person: str
    purpose: str
    consent: str | None
    erased: bool
    values: Mapping[str, Believed]
    identity: Mapping[str, tuple[Key, ...]]
    statuses: tuple[Status, ...]
    steps: tuple[Step, ...]
    proceedings: tuple[Proceeding, ...]
    seen_by: tuple[Seen, ...]
    referrals: Mapping[str, Referral]
    records: tuple[Key, ...]

    @property
    def status(self) -> Status:
        """What counts now."""
        return next(one for one in self.statuses if one.current)

    @property
    def agencies(self) -> tuple[str, ...]:
        """Kinds of organisation that know her, in the order of her way."""
        sources = (*(one.source for one in self.steps), *(one.source for one in self.statuses))
        return tuple(dict.fromkeys(source.feed.partition("/")[0] for source in sources if source.feed))


def history(connection: sa.Connection, person: str) -> History | None:
    """The history of a registered person; None for anybody else, and for whom the reader may not see.

    Raises:
        UsageFault: ``person`` is no id.
    """
    values = {"person": person_id(person)}
    row = connection.execute(sa.text(_PERSON), values).mappings().first()
    if row is None:
        return None
    sources: dict[tuple[bool, str], dict[int, Key]] = {}
    for identity, field, place, *key in connection.execute(sa.text(_SOURCES), values):
        sources.setdefault((identity, field), {})[place] = Key(*key)
    return History(
        person=row["person_id"],
        purpose=row["purpose"],
        consent=row["consent"],
        erased=row["erased"],
        values={n: Believed(row[n], sources.get((False, n), {})) for n in ("birth_year", *FIELDS) if row[n]},
        identity={field: tuple(keys.values()) for (identity, field), keys in sources.items() if identity},
        statuses=tuple(Status(**_sourced(one)) for one in _rows(connection, _STATUSES, values)),
        steps=tuple(Step(**_sourced(one)) for one in _rows(connection, _STEPS, values)),
        proceedings=tuple(Proceeding(**_sourced(one)) for one in _rows(connection, _PROCEEDINGS, values)),
        seen_by=tuple(Seen(**one) for one in _rows(connection, _SEEN_BY, values)),
        referrals=referrals.of(connection, values["person"]),
        records=tuple(Key(*one) for one in connection.execute(sa.text(_RECORDS), values)),
    )


def told(one: History) -> Sequence[str]:
    """The history in lines of text, for a terminal."""
    way = [_step(step) for step in one.steps]
    return (
        f"{one.person}: seen by {len(one.agencies)} agencies in {len(one.records)} records; "
        f"registered for {one.purpose}",
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
    rest = {name: value for name, value in row.items() if name not in Teller._fields}
    return rest | {"source": Teller(row["feed"], row["provider"])}


_PERSON = """
    SELECT p.*, p.person_id::text AS person_id, register.is_erased(p.person_id) AS erased FROM register.person p
    WHERE p.person_id = CAST(:person AS uuid)
"""
_RECORDS = """
    SELECT feed, provider, record_id FROM register.record WHERE person_id = CAST(:person AS uuid) ORDER BY 1, 2, 3
"""
_SOURCES = """
    SELECT identity, field, place, feed, provider, record_id FROM register.source
    WHERE person_id = CAST(:person AS uuid) ORDER BY identity, field, place
"""
_STATUSES = """
    SELECT feed, provider, status, decided_on, deciding_body, replaced, current FROM register.status
    WHERE person_id = CAST(:person AS uuid)
    ORDER BY decided_on NULLS FIRST, feed, provider, replaced NULLS LAST, status, deciding_body
"""
_STEPS = """
    SELECT feed, provider, kind, began_on, ended_on, detail, consent, days, referral_id::text AS referral
    FROM register.path
    WHERE person_id = CAST(:person AS uuid) ORDER BY place
"""
_PROCEEDINGS = """
    SELECT * FROM register.at_court(CAST(:person AS uuid))
    ORDER BY received_on NULLS LAST, feed, provider, decided_on NULLS LAST, stage
"""
# Of other bodies an officer reads no row of seen_by; the steps that they tell of say the same.
_SEEN_BY = """
    SELECT provider, min(first_day) AS first_seen, max(last_day) AS last_seen FROM (
        SELECT provider, first_seen, last_seen FROM register.seen_by WHERE person_id = CAST(:person AS uuid)
        UNION ALL
        SELECT provider, began_on, coalesce(ended_on, began_on) FROM register.step
        WHERE person_id = CAST(:person AS uuid)
    ) AS met (provider, first_day, last_day)
    GROUP BY provider ORDER BY first_seen NULLS LAST, provider
"""
