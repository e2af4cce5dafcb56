"""Legal holds: while one stands on a person or a delivery, neither erasing nor retention takes anything of it."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from marsad import audit
from marsad.errors import PolicyRefusal, UsageFault
from marsad.intake.office import Office
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
        audit.append(connection, actor, "hold.placed", _id(held), {"reason": reason}, office.clock())


def lift(office: Office, held: str, actor: str) -> None:
    """Ends a hold. Raises UsageFault if there is none."""
    with clean_errors(), office.engine.begin() as connection:
        if not connection.execute(sa.text("DELETE FROM ops.hold WHERE held_id = :id"), {"id": _id(held)}).rowcount:
            raise UsageFault(f"nothing holds {held}")
        audit.append(connection, actor, "hold.lifted", _id(held), {}, office.clock())


def check(connection: sa.Connection, person: str) -> None:
    """Raises PolicyRefusal while a hold stands on a person."""
    reason = connection.execute(sa.text("SELECT reason FROM ops.hold WHERE held_id = :id"), {"id": person}).scalar()
    if reason:
        raise PolicyRefusal(f"person {person} is held ({reason}): lift the hold first")


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
