"""Refused files that a steward gave back to their sender with a note."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marsad import audit
from marsad.errors import UsageFault
from marsad.intake.admission import clean_note
from marsad.portal.accounts import Account

_INSERT = sa.text(
    """
    INSERT INTO portal.returned (delivery_id, at, account_id, note)
    SELECT delivery_id, :at, :account, :note FROM ops.delivery WHERE delivery_id = :id AND status = 'refused'
    """
)


def give_back(connection: sa.Connection, delivery_id: str, note: str, account: Account, at: datetime) -> None:
    """Keeps the note; audited without its words. Takes the lock of the audit chain, so call it last.

    Raises:
        UsageFault: the note is empty or too long, or the delivery is not a refused one.
    """
    values = {"id": delivery_id, "at": at, "account": account.account_id, "note": clean_note(note)}
    if not connection.execute(_INSERT, values).rowcount:
        raise UsageFault("only a refused delivery is given back")
    audit.append(connection, account.actor, "delivery.returned", f"delivery:{delivery_id}", {}, at)


def notes(connection: sa.Connection, delivery_id: str) -> list[tuple[datetime, str]]:
    """When a delivery was given back and with which note, oldest first."""
    query = sa.text("SELECT at, note FROM portal.returned WHERE delivery_id = :id ORDER BY at")
    return [(row.at, row.note) for row in connection.execute(query, {"id": delivery_id})]
