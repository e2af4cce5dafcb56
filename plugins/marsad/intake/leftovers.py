"""What killed processes leave behind: keys that no row refers to, staging tables that nobody fills, unborn reports."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from marsad import durable
from marsad.identity import keystore
from marsad.identity.keystore import StoreName
from marsad.intake import stage
from marsad.intake.office import Office
from marsad.intake.reports import files
from marsad.warehouse.engine import clean_errors

GRACE = timedelta(hours=1)  # PostgreSQL may still be committing for a loader that died a moment ago
_EVERY = timedelta(hours=1)  # looking at every file of the key store takes seconds when there are many thousands

# A loader's delivery is in the ledger before it seals anything. A file of any other delivery is of another database
# (one that will be restored, while this one is new): its keys open what nothing else can.
_KNOWN = sa.text(
    """
    SELECT NOT EXISTS (SELECT FROM ops.delivery WHERE delivery_id = :delivery_id)
        OR EXISTS (SELECT FROM vault.record WHERE delivery_id = :delivery_id AND attempt = :attempt)
        OR EXISTS (SELECT FROM quarantine.record WHERE delivery_id = :delivery_id AND attempt = :attempt)
    """
)

_JUDGED = sa.text(
    """
    SELECT delivery_id::text, receipt FROM ops.delivery
    WHERE delivery_id::text = ANY(:ids) AND (status <> 'received' OR receipt IS NOT NULL)
    """
)


def sweep(office: Office) -> None:
    """Removes what is left; safe while others load. The key store is looked at once an hour.

    Raises:
        PassingFault, PlatformFault: database or disk.
    """
    stage.sweep(office.engine)
    _sweep_drafts(office)
    if _due(office.keyring.store / ".swept", office.clock()):
        sweep_keys(office)


def _sweep_drafts(office: Office) -> None:
    """Drafts of a verdict are published, however long ago its loader died; those of none that will be go."""
    place = office.settings.place("reports")
    found = files.drafted(place)
    if not found:
        return
    with clean_errors(), office.engine.connect() as connection:
        judged = connection.execute(_JUDGED, {"ids": found}).all()
    for _, receipt in judged:
        if receipt:
            files.publish_reports(place, receipt)
            files.write_receipt(place, receipt)
    files.drop_drafts(place, [delivery_id for delivery_id, receipt in judged if not receipt])


def sweep_keys(office: Office) -> int:
    """Removes files of the key store of deliveries in this ledger that no sealed record refers to; gives how many."""
    with clean_errors(), office.engine.connect() as connection:

        def is_known(name: StoreName) -> bool:
            values = {"delivery_id": name.delivery_id, "attempt": name.attempt}
            return bool(connection.execute(_KNOWN, values).scalar())

        return keystore.sweep(office.keyring, is_known, office.clock() - GRACE)


def _due(marker: Path, now: datetime) -> bool:
    with durable.os_faults("sweeping the key store"):
        if marker.exists() and now.timestamp() - marker.stat().st_mtime < _EVERY.total_seconds():
            return False
        marker.touch(mode=0o600)
        os.utime(marker, (now.timestamp(), now.timestamp()))
    return True
