"""Quiet periods: a provider says that there is nothing to report, so that silence is never mistaken for lateness."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marsad import audit


def declare(connection: sa.Connection, feed: str, provider: str, period: str, by: str, at: datetime) -> bool:
    """Enters that ``provider`` has nothing of ``feed`` for ``period`` (as in ``Slot.period``); False if it was known.

    Within the caller's transaction, audited; takes the lock of the audit chain, so call it last. ``by`` is an account,
    ``at`` has a time zone. A delivery that covers the period later counts before the declaration.
    """
    values = {"feed": feed, "provider": provider, "period": period, "by": by, "at": at}
    new = connection.execute(
        sa.text(
            "INSERT INTO ops.quiet (feed, provider, period, declared_by, declared_at) "
            "VALUES (:feed, :provider, :period, :by, :at) ON CONFLICT DO NOTHING"
        ),
        values,
    ).rowcount
    if new:
        audit.append(connection, by, "period.quiet", f"{feed} {provider} {period}", {}, at)
    return bool(new)
