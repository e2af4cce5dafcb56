"""Retention: what ``schemas/policies/retention.yaml`` says is kept long enough is destroyed, with proof in the audit.

What is destroyed are keys, so backups of the database lose it too. Codes, counts, hashes, receipts and findings stay.
Of referrals nothing goes: they end, and with them what one body sees of another's person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
from pydantic import Field

from marsad import audit, policies
from marsad.identity import mirror, vault
from marsad.identity.vault import KeyRef
from marsad.intake import landing
from marsad.intake.office import Office
from marsad.policies import Part
from marsad.register import erasure, holds, referrals
from marsad.warehouse.engine import clean_errors

ACTOR = "retention"
Count = Annotated[int, Field(gt=0)]


class Landing(Part):
    """Files as sent, days after the last verdict; or after somebody of whom they speak was erased."""

    accepted_days: Count
    refused_days: Count
    erased_days: Count


class Quarantine(Part):
    """Refused rows, days after their correction, or after they came."""

    corrected_days: Count
    waiting_days: Count


class Vault(Part):
    """Identities of states that count no longer, and of persons who were met last long ago."""

    replaced_days: Count
    persons_years: Count


class Policy(Part):
    """The whole policy."""

    version: Count
    owner: str
    decided: date
    landing: Landing
    quarantine: Quarantine
    vault: Vault
    referrals: referrals.Terms

    def before(self, at: datetime) -> Mapping[str, datetime]:
        """For each number of the policy, the moment before which things go."""
        named = (self.landing, self.quarantine, self.referrals)
        days = {name: number for part in named for name, number in part} | {"replaced_days": self.vault.replaced_days}
        moments = {name.removesuffix("_days"): at - timedelta(days=number) for name, number in days.items()}
        return {**moments, "persons": at - timedelta(days=365.25 * self.vault.persons_years)}


def load_policy(schemas: Path) -> Policy:
    """The policy in force. Raises UsageFault with what is wrong."""
    return policies.load(Policy, schemas, "retention")


@dataclass(frozen=True, slots=True)
class Due:
    """What the policy takes now: landed files (SHA-256), refused rows and identities (data keys), persons.

    And which referrals it ends.
    """

    landed: Sequence[str]
    quarantined: Sequence[KeyRef]
    identities: Sequence[KeyRef]
    persons: Sequence[str]
    referrals: Sequence[referrals.Late]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(getattr(self, name)) for name in self.__dataclass_fields__}


def due(office: Office, policy: Policy) -> Due:
    """What goes now; nothing on which a legal hold stands."""
    with clean_errors(), office.engine.connect() as connection:
        return _due(connection, office, policy)


def _due(connection: sa.Connection, office: Office, policy: Policy) -> Due:
    moments = policy.before(office.clock())
    old = connection.execute(sa.text(_LANDED), moments).scalars().all()
    landed = [sha for sha in old if landing.is_kept(sha, office.landing, office.keyring.public)]
    landed += _unknown(connection, office, moments["refused"])
    quarantined = [KeyRef(*row) for row in connection.execute(sa.text(_QUARANTINED), moments)]
    identities = [KeyRef(*row) for row in connection.execute(sa.text(_REPLACED), moments)]
    persons = connection.execute(sa.text(_PERSONS), moments).scalars().all()
    if connection.execute(sa.text("SELECT EXISTS (SELECT FROM ops.hold)")).scalar():
        persons = [one for one in persons if not holds.standing(connection, erasure.records_of(connection, one))]
    over = referrals.late(connection, moments["unanswered"], moments["answered"])
    return Due(landed, quarantined, identities, persons, over)


def _unknown(connection: sa.Connection, office: Office, before: datetime) -> list[str]:
    """Landed files of which the ledger knows nothing: it was restored from a backup that is older than they."""
    old = {path.stem for path in office.landing.glob("*/*.age") if path.stat().st_mtime < before.timestamp()}
    known = connection.execute(sa.text("SELECT sha256 FROM ops.delivery WHERE sha256 = ANY(:old)"), {"old": [*old]})
    return sorted(old - set(known.scalars()))


def apply(office: Office) -> dict[str, int]:
    """Finishes erasures, then destroys what is due and says how many of each; safe to be killed, and beside intake.

    ``unreached`` copies of the keys are not there: what they hold of it goes when they are renewed. Nobody places a
    hold meanwhile: what a hold is placed on is there still, or was gone before.

    Raises:
        UsageFault: the policy is wrong.
        PassingFault, PlatformFault: database, key store or landing.
    """
    policy = load_policy(office.settings.schemas)
    erasure.finish(office, ACTOR)
    with clean_errors(), office.engine.begin() as connection:
        holds.wait(connection)
        now = _due(connection, office, policy)
        head = None
        if any(now.counts.values()):
            detail = {**now.counts, "policy": policy.version}
            _announce(office, detail)
            _destroy(connection, office, now)
            head = audit.append(connection, ACTOR, "retention.applied", "policy", detail, office.clock())
    if head:
        office.write_head(head)
    away = mirror.renew(office.keyring)  # also after a run that was killed before it came here
    return {**now.counts, "unreached": len(away)}


def _announce(office: Office, detail: Mapping[str, int]) -> None:
    """Writes down what is about to go: a run that is killed leaves no trace of the landed files it took."""
    with clean_errors(), office.engine.begin() as connection:
        head = audit.append(connection, ACTOR, "retention.begun", "policy", detail, office.clock())
    office.write_head(head)


def _destroy(connection: sa.Connection, office: Office, now: Due) -> None:
    for person in now.persons:
        erasure.erase_linked(office, person, "retention", ACTOR)
    for sha256 in now.landed:
        landing.destroy_landed(sha256, office.landing, office.keyring.public)
    keys = [*now.quarantined, *now.identities]
    vault.destroy(office.keyring, keys)
    gone = {"deliveries": [key.delivery_id for key in keys], "attempts": [key.attempt for key in keys],
            "slots": [key.slot for key in keys]}  # fmt: skip
    for table in ("vault", "quarantine"):
        connection.execute(sa.text(_EMPTY.format(table=table)), gone)
    for one in referrals.close(connection, now.referrals, ACTOR, office.clock()):
        said = {"referral": one.referral}
        audit.append(connection, ACTOR, f"referral.{one.became}", one.person, said, office.clock())


_HELD_DELIVERY = "SELECT held_id FROM ops.hold"
_NOT_HELD = "NOT EXISTS (SELECT FROM held h WHERE (h.feed, h.provider, h.record_id) = ({record}))"
_HELD = "WITH held AS MATERIALIZED (SELECT feed, provider, record_id FROM link.held)"
_LANDED = f"""
    {_HELD}
    SELECT d.sha256 FROM ops.delivery d
    LEFT JOIN (SELECT delivery_id, max(received_at) AS came FROM ops.arrival GROUP BY 1) a USING (delivery_id)
    WHERE d.sha256 NOT IN (
        SELECT o.sha256 FROM ops.delivery o WHERE o.delivery_id IN ({_HELD_DELIVERY})
        UNION ALL
        SELECT o.sha256 FROM held JOIN core.sighting USING (feed, provider, record_id)
        JOIN ops.delivery o USING (delivery_id)
        UNION ALL
        SELECT o.sha256 FROM held JOIN ops.delivery o USING (feed, provider)
        JOIN quarantine.record USING (delivery_id, record_id))
    GROUP BY d.sha256
    HAVING bool_and(d.status <> 'received')
       AND (max(greatest(d.finished_at, d.received_at, a.came)) <
            CASE WHEN bool_or(d.status = 'refused') THEN CAST(:refused AS timestamptz)
                 ELSE CAST(:accepted AS timestamptz) END
         OR d.sha256 IN (SELECT sha256 FROM vault.erased_row WHERE erased_at < :erased))
    ORDER BY 1
"""  # noqa: S608 - our own words, here and below
_QUARANTINED = f"""
    {_HELD}
    SELECT q.delivery_id::text, q.attempt, q.key_slot
    FROM quarantine.record q JOIN ops.delivery d USING (delivery_id)
    LEFT JOIN ops.delivery o ON o.delivery_id = q.corrected_by
    WHERE q.sealed <> '' AND (o.finished_at < :corrected OR greatest(d.finished_at, d.received_at) < :waiting)
      AND d.delivery_id NOT IN ({_HELD_DELIVERY}) AND {_NOT_HELD.format(record="d.feed, d.provider, q.record_id")}
"""  # noqa: S608
# A state counts no longer from the moment at which another of its record was stated, else from when it was stated last.
_REPLACED = f"""
    {_HELD}, old AS (
        SELECT v.content_id, v.delivery_id, v.attempt, v.key_slot, k.feed, k.provider, k.record_id,
               max(k.recorded_at) AS stated_at
        FROM vault.record v JOIN core.sighting k USING (content_id)
        WHERE v.sealed <> '' GROUP BY v.content_id, k.feed, k.provider, k.record_id
        HAVING NOT bool_or(k.current OR k.delivery_id IN ({_HELD_DELIVERY})) AND max(k.recorded_at) < :replaced
    )
    SELECT delivery_id::text, attempt, key_slot FROM old
    WHERE {_NOT_HELD.format(record="old.feed, old.provider, old.record_id")}
      AND coalesce((SELECT min(n.recorded_at) FROM core.sighting n
                    WHERE (n.feed, n.provider, n.record_id) = (old.feed, old.provider, old.record_id)
                      AND n.recorded_at > old.stated_at), old.stated_at) < :replaced
"""  # noqa: S608
_PERSONS = """
    SELECT p.person_id::text FROM link.person_record p JOIN core.sighting k USING (feed, provider, record_id)
    WHERE NOT EXISTS (SELECT FROM vault.erased e
                      WHERE (e.feed, e.provider, e.record_id) = (p.feed, p.provider, p.record_id))
    GROUP BY 1 HAVING max(k.recorded_at) < :persons ORDER BY 1
"""
_EMPTY = """
    UPDATE {table}.record r SET sealed = ''
    FROM unnest(CAST(:deliveries AS uuid[]), CAST(:attempts AS integer[]), CAST(:slots AS integer[]))
        AS g (delivery_id, attempt, key_slot)
    WHERE (r.delivery_id, r.attempt, r.key_slot) = (g.delivery_id, g.attempt, g.key_slot) AND sealed <> ''
"""
