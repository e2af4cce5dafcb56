"""Admitting a refused file: its good rows are loaded though a rule on the whole delivery refused it (docs/adr/0011).

A decision is one row beside the ledger; the next drain judges the same bytes again and sets the refusal aside. So
whoever decides needs no key, and whoever is killed in between left nothing half done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from marsad import audit
from marsad.audit import Head
from marsad.errors import UsageFault
from marsad.identity.keys import KeyDestroyed
from marsad.intake import landing, ledger
from marsad.intake.judging import Judged
from marsad.intake.ledger import Arrival, Delivery
from marsad.intake.naming import name_facts
from marsad.intake.office import Office
from marsad.quality.findings import Broken
from marsad.quality.messages import message_rule
from marsad.quality.refusal import ON_THE_WHOLE
from marsad.warehouse.engine import clean_errors

REASONS = ("confirmed", "known_change", "good_rows_needed")
LONGEST = 500  # characters of a note


@dataclass(frozen=True, slots=True)
class Admission:
    """A decision; ``became`` is the judgement that it led to, None while it waits for the next drain."""

    delivery_id: str
    reason: str
    note: str
    decided_at: datetime
    became: str | None


_ADMITTABLE = """
    d.status = 'refused' AND NOT EXISTS (
        SELECT FROM ops.delivery n WHERE n.rejudges = d.delivery_id AND n.status <> 'retracted')
    AND EXISTS (SELECT FROM quarantine.finding f WHERE f.delivery_id = d.delivery_id AND f.rule = ANY(:rules))
"""
_BECAME = """
    (SELECT n.delivery_id FROM ops.delivery n WHERE n.rejudges = a.delivery_id AND n.admitted <> ''
     ORDER BY n.seq DESC LIMIT 1)"""
_OF = sa.text(
    f"""
    SELECT a.delivery_id::text, a.reason, a.note, a.decided_at, {_BECAME}::text AS became FROM ops.admission a
    WHERE :id IN (a.delivery_id::text, {_BECAME}::text)
    """  # noqa: S608 - only our own words
)
_DECIDE = sa.text("INSERT INTO ops.admission VALUES (:id, :reason, :note, :actor, :at) ON CONFLICT DO NOTHING")
_WAITING = sa.text(
    f"""
    SELECT a.delivery_id::text FROM ops.admission a JOIN ops.delivery d USING (delivery_id)
    WHERE d.feed = :feed AND d.status = 'refused' AND {_BECAME} IS NULL ORDER BY d.seq
    """  # noqa: S608
)


def clean_note(text: str) -> str:
    """A note as its reader sees it, on one line. Raises UsageFault when it is empty, too long or no text."""
    note = " ".join(text.split())
    if not 0 < len(note) <= LONGEST or not note.isprintable():
        raise UsageFault(f"a note has 1 to {LONGEST} characters")
    return note


def check_reason(reason: str) -> str:
    """``reason`` itself. Raises UsageFault when it is none of ``REASONS``."""
    if reason not in REASONS:
        raise UsageFault(f"there is no reason '{reason}'; reasons: {', '.join(REASONS)}")
    return reason


def is_admittable(connection: sa.Connection, delivery_id: str) -> bool:
    """Whether a rule on the whole delivery alone keeps its good rows out, and nobody judged it again since."""
    query = sa.text(f"SELECT EXISTS (SELECT FROM ops.delivery d WHERE d.delivery_id::text = :id AND {_ADMITTABLE})")  # noqa: S608
    return bool(connection.execute(query, {"id": delivery_id, "rules": list(ON_THE_WHOLE)}).scalar())


def of(connection: sa.Connection, delivery_id: str) -> Admission | None:
    """The decision about a refused delivery, or the one that an admitted delivery goes back to."""
    row = connection.execute(_OF, {"id": delivery_id}).one_or_none()
    return Admission(**row._mapping) if row else None


def decide(
    connection: sa.Connection, delivery_id: str, reason: str, note: str, actor: str, at: datetime
) -> Head | None:
    """Enters that a refused delivery is admitted; None when that was decided before, which stands.

    Audited with reason and actor, without the words of the note. Takes the lock of the audit chain, so call it last.

    Raises:
        UsageFault: an unknown reason, an empty or too long note, or a delivery that cannot be admitted.
    """
    values = {"id": delivery_id, "reason": check_reason(reason), "note": clean_note(note), "actor": actor, "at": at}
    known = of(connection, delivery_id)
    if known and ledger.get(connection, known.became or known.delivery_id).status != "retracted":
        return None
    if not is_admittable(connection, delivery_id):
        raise UsageFault(
            f"delivery {delivery_id} cannot be admitted: only a file whose rows were read and which a rule on the "
            "whole file refused, in its newest judgement; one that cannot be read must be sent again"
        )
    if not connection.execute(_DECIDE, values).rowcount:
        return None
    return audit.append(connection, actor, "delivery.admitted", delivery_id, {"reason": reason}, at)


def judgement(office: Office, delivery_id: str) -> Delivery:
    """What an admitted delivery, or the judgement that its admission led to, is judged as; entered if it is not yet."""
    with clean_errors(), office.engine.connect() as connection:
        decided = of(connection, delivery_id)
        known = ledger.get(connection, (decided and (decided.became or decided.delivery_id)) or delivery_id)
    return known if known.admitted else judge_again(office, known)[0]


def take_decided(office: Office, feed: str) -> int:
    """Enters the new judgements of a feed's admitted files in the ledger, open; returns how many."""
    with clean_errors(), office.engine.connect() as connection:
        waiting = connection.execute(_WAITING, {"feed": feed}).scalars().all()
        old = [ledger.get(connection, delivery_id) for delivery_id in waiting]
    kept = [one for one in old if landing.is_kept(one.sha256, office.landing, office.keyring.public)]
    return sum(judge_again(office, delivery)[1] for delivery in kept)


def judge_again(office: Office, old: Delivery) -> tuple[Delivery, bool]:
    """A new judgement of the same bytes in the ledger, and whether it is new; an admitted file stays admitted.

    Raises:
        KeyDestroyed: what was sent is gone by policy.
    """
    if not landing.is_kept(old.sha256, office.landing, office.keyring.public):
        raise KeyDestroyed(f"what was sent as delivery {old.delivery_id} is gone by policy: ask for it again")
    with clean_errors(), office.engine.begin() as connection:
        decided = of(connection, old.delivery_id)
        came = ledger.last_arrived(connection, old)  # a feed without versions orders by it
        facts = name_facts(office.contract(old.feed), old.file_name)
        arrival = Arrival(old.feed, old.provider, old.file_name, old.sha256, old.size, came, facts)
        admitted = old.admitted or (decided.reason if decided else "")
        again, new = ledger.register(connection, arrival, office.terms(old.feed), old.delivery_id, admitted)
        if old.status == "refused" and again.status in ledger.ACCEPTED:  # which that refusal had left as it was
            ledger.supersede(connection, [old.delivery_id], again.delivery_id)
        return again, new


def set_aside(judged: Judged) -> Judged:
    """The verdict without its refusal by a rule on the whole delivery; as it was where no good row is left."""
    if not any(one.rule.id in ON_THE_WHOLE for one in judged.broken) or judged.refused == judged.rows:
        return judged
    kept = [one for one in judged.broken if one.rule.id not in ON_THE_WHOLE]
    return replace(judged, file_refused=False, broken=[*kept, Broken(message_rule("delivery.admitted"))])
