"""Legal holds: while one stands on a person or a delivery, neither erasing nor retention takes anything of it.

A hold on a person goes with her records wherever linkage takes them (view ``link.held``): it neither ends when she
becomes one with somebody, nor when a record of hers is withdrawn or found to be another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from marsad import audit
from marsad.errors import PolicyRefusal, UsageFault
from marsad.intake.office import Office
from marsad.linkage import queue
from marsad.linkage.stock import Key
from marsad.warehouse.engine import clean_errors

REASONS = ("court_order", "investigation", "complaint")


def place(office: Office, held: str, reason: str, actor: str) -> None:
    """Holds a person or a delivery; the newest reason stands.

    Raises:
        UsageFault: neither a person nor a delivery has that id, or there is no such reason.
    """
    if reason not in REASONS:
        raise UsageFault(f"'{reason}' is no reason for a hold; reasons: {', '.join(REASONS)}")
    with clean_errors(), office.engine.begin() as connection:
        if not connection.execute(sa.text(_KNOWN), {"id": _id(held)}).scalar():
            raise UsageFault(f"there is no person or delivery {held}")
        connection.execute(sa.text(_PLACE), {"id": held, "reason": reason, "by": actor, "at": office.clock()})
        head = audit.append(connection, actor, "hold.placed", _id(held), {"reason": reason}, office.clock())
    audit.write_head_file(office.settings.place("audit"), head, office.clock(), office.keyring.signer)


def lift(office: Office, held: str, actor: str) -> None:
    """Ends a hold. Raises UsageFault if there is none."""
    with clean_errors(), office.engine.begin() as connection:
        if not connection.execute(sa.text("DELETE FROM ops.hold WHERE held_id = :id"), {"id": _id(held)}).rowcount:
            raise UsageFault(f"nothing holds {held}")
        head = audit.append(connection, actor, "hold.lifted", _id(held), {}, office.clock())
    audit.write_head_file(office.settings.place("audit"), head, office.clock(), office.keyring.signer)


def wait(connection: sa.Connection) -> None:
    """Whoever would place or lift a hold waits from now until the transaction's end."""
    connection.execute(sa.text("LOCK TABLE ops.hold IN SHARE MODE"))


def check(connection: sa.Connection, person: str, records: Sequence[Key]) -> None:
    """Raises PolicyRefusal while a hold stands on any of a person's records, or on a delivery that has one of them."""
    if reason := standing(connection, records):
        raise PolicyRefusal(f"person {person} is held, or a delivery with her ({reason}): lift the hold first")


def standing(connection: sa.Connection, records: Sequence[Key]) -> str | None:
    """Why records are held; None if they are not."""
    return connection.execute(sa.text(_STANDING), queue.columns(records)).scalar()


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise UsageFault(f"'{text}' is not the id of a person or a delivery") from None


_KNOWN = """
    SELECT EXISTS (SELECT FROM link.person WHERE person_id = CAST(:id AS uuid))
        OR EXISTS (SELECT FROM ops.delivery WHERE delivery_id = CAST(:id AS uuid))
"""
_PLACE = """
    INSERT INTO ops.hold (held_id, reason, placed_by, placed_at) VALUES (CAST(:id AS uuid), :reason, :by, :at)
    ON CONFLICT (held_id) DO UPDATE
    SET reason = EXCLUDED.reason, placed_by = EXCLUDED.placed_by, placed_at = EXCLUDED.placed_at
"""
_STANDING = f"""
    SELECT min(reason) FROM (
        SELECT h.reason FROM {queue.KEYS} JOIN link.held h USING (feed, provider, record_id)
        UNION ALL
        SELECT h.reason FROM ops.hold h JOIN core.sighting k ON k.delivery_id = h.held_id
        JOIN {queue.KEYS} ON (i.feed, i.provider, i.record_id) = (k.feed, k.provider, k.record_id)
        UNION ALL
        SELECT h.reason FROM ops.hold h JOIN ops.delivery d ON d.delivery_id = h.held_id
        JOIN quarantine.record q ON q.delivery_id = h.held_id
        JOIN {queue.KEYS} ON (i.feed, i.provider, i.record_id) = (d.feed, d.provider, q.record_id)
    ) AS reasons
"""  # noqa: S608 - our own words
