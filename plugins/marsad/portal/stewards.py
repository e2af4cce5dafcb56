"""What the ledger says to stewards: deliveries of all providers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marsad.quality.structural import SUFFIXES

_FIELDS = """d.delivery_id::text, d.feed, d.provider, d.period, d.receipt -> 'periods' AS periods, d.file_name,
    d.received_at, d.status, d.rows_read, d.rows_accepted, d.rows_quarantined, d.rows_unchanged,
    CAST(d.receipt ->> 'withdrawn' AS bigint) AS withdrawn"""
_LATEST = sa.text(f"SELECT {_FIELDS} FROM ops.delivery d ORDER BY d.received_at DESC, d.seq DESC LIMIT :limit")  # noqa: S608
_UNANSWERED = sa.text(
    f"""
    SELECT {_FIELDS} FROM ops.delivery d
    WHERE d.status = 'refused' AND NOT EXISTS (
        SELECT FROM ops.delivery n WHERE n.feed = d.feed AND n.provider = d.provider AND n.seq > d.seq
        AND n.status IN ('accepted', 'accepted_with_findings', 'refused'))
    ORDER BY d.received_at DESC
    """  # noqa: S608 - only our own words
)
_UNMAPPED = sa.text(
    """
    SELECT d.feed, d.provider, f."column", count(*) AS cells, count(DISTINCT d.delivery_id) AS files,
           (array_agg(d.delivery_id::text ORDER BY d.seq DESC))[1] AS newest
    FROM quarantine.finding f JOIN ops.delivery d USING (delivery_id)
    WHERE f.rule = f."column" || :suffix AND d.live
    GROUP BY d.feed, d.provider, f."column" ORDER BY cells DESC, d.feed, d.provider, f."column"
    """
)
_ONE = sa.text("SELECT receipt, status, received_at FROM ops.delivery WHERE delivery_id = :id")


def latest(connection: sa.Connection, limit: int) -> list[dict[str, Any]]:
    """Deliveries of everybody, newest first."""
    return [dict(row) for row in connection.execute(_LATEST, {"limit": limit}).mappings()]


def unanswered(connection: sa.Connection) -> list[dict[str, Any]]:
    """Of each feed and provider the last file, where it was refused: its sender has not sent another since."""
    return [dict(row) for row in connection.execute(_UNANSWERED).mappings()]


def one(connection: sa.Connection, delivery_id: str) -> dict[str, Any] | None:
    """Receipt (None while it is judged), status and time of one delivery; None when there is none."""
    row = connection.execute(_ONE, {"id": delivery_id}).mappings().one_or_none()
    return dict(row) if row else None


def unmapped(connection: sa.Connection) -> list[dict[str, Any]]:
    """How many cells held a spelling that their code list lacks, by the newest judgement of each file; most first.

    ``feed``, ``provider``, ``column`` (its name in the contract), ``cells``, ``files`` and ``newest``, a delivery.
    """
    return [dict(row) for row in connection.execute(_UNMAPPED, {"suffix": f".{SUFFIXES['unmapped']}"}).mappings()]
