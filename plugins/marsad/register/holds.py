"""Legal holds: while one stands on a person or a delivery, neither erasing nor retention takes anything of it.

A hold on a person goes with her records wherever linkage takes them (view ``link.held``): it neither ends when she
becomes one with somebody, nor when a record of hers is withdrawn or found to be another's. Holds are also written down
beside the keys: a database that is brought back from before knows them too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from marsad import audit, durable
from marsad.errors import PolicyRefusal, UsageFault
from marsad.intake.office import Office
from marsad.linkage import queue
from marsad.linkage.stock import Key
from marsad.warehouse.engine import clean_errors

REASONS = ("court_order", "investigation", "complaint")
_DOING = "writing down a hold"


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
        told = {"reason": reason, "by": actor, "at": office.clock().isoformat()}
        connection.execute(sa.text(_PLACE), told | {"id": _id(held)})
        with durable.os_faults(_DOING):
            durable.write_whole(_path(office, held), json.dumps(told).encode())
        head = audit.append(connection, actor, "hold.placed", _id(held), {"reason": reason}, office.clock())
    office.write_head(head)


def lift(office: Office, held: str, actor: str) -> None:
    """Ends a hold. Raises UsageFault if there is none."""
    with clean_errors(), office.engine.begin() as connection:
        if not connection.execute(sa.text("DELETE FROM ops.hold WHERE held_id = :id"), {"id": _id(held)}).rowcount:
            raise UsageFault(f"nothing holds {held}")
        with durable.os_faults(_DOING):
            _path(office, held).unlink(missing_ok=True)
        head = audit.append(connection, actor, "hold.lifted", _id(held), {}, office.clock())
    office.write_head(head)


def bring_back(office: Office) -> int:
    """Places again what is written down and unknown to the database, one from before; returns how many holds.

    Raises:
        PassingFault, PlatformFault: database, or the folder of keys.
    """
    with durable.os_faults(_DOING):
        told = [{**json.loads(path.read_bytes()), "id": path.stem} for path in office.keyring.held.glob("*.json")]
    with clean_errors(), office.engine.begin() as connection:
        return sum(connection.execute(sa.text(_BRING_BACK), one).rowcount for one in told)


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


def _path(office: Office, held: str) -> Path:
    return durable.private_folder(office.keyring.held) / f"{_id(held)}.json"


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise UsageFault(f"'{text}' is not the id of a person or a delivery") from None


_KNOWN = """
    SELECT EXISTS (SELECT FROM link.person WHERE person_id = CAST(:id AS uuid))
        OR EXISTS (SELECT FROM ops.delivery WHERE delivery_id = CAST(:id AS uuid))
"""
_ROW = """
    INSERT INTO ops.hold (held_id, reason, placed_by, placed_at)
    VALUES (CAST(:id AS uuid), :reason, :by, CAST(:at AS timestamptz)) ON CONFLICT (held_id)
"""
_BRING_BACK = f"{_ROW} DO NOTHING"
_PLACE = f"""
    {_ROW} DO UPDATE
    SET reason = EXCLUDED.reason, placed_by = EXCLUDED.placed_by, placed_at = EXCLUDED.placed_at
"""  # noqa: S608 - our own words, here and below
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
"""  # noqa: S608
