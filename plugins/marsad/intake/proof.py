"""Proof that the audit trail is whole: the chain against every receipt in the ledger and every head file outside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from marsad import audit
from marsad.intake.office import Office
from marsad.warehouse.engine import clean_errors

_RECEIPTS = sa.text(
    "SELECT receipt FROM ops.delivery WHERE receipt IS NOT NULL "
    "UNION ALL SELECT receipt FROM ops.arrival WHERE receipt IS NOT NULL"
)


def verify_trail(office: Office) -> list[audit.Fault]:
    """Every fault found; none means that nothing was changed, removed, reordered or cut off."""
    with clean_errors(), office.engine.connect() as connection:
        documents = list(_documents(connection, office))
        return audit.verify(connection, documents, office.keyring.public.verifier)


def _documents(connection: sa.Connection, office: Office) -> Iterator[Mapping[str, Any]]:
    yield from connection.execute(_RECEIPTS).scalars()
    yield from audit.read_head_files(office.settings.place("audit"))
