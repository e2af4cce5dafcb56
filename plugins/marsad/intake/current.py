"""Which statement of a record counts now: a pure function of all sightings, whatever the order of arrival.

That is the greatest (version, fingerprint) not retracted; none if that one withdraws the record, and, for a snapshot
feed, none if the newest snapshot of its period no longer names it (docs/adr/0002-ledger-decides.md and
0010-withdrawals.md). Of statements of one version those that withdraw come last: a version may be no more than a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from marsad.intake.ledger import Delivery


@dataclass(frozen=True, slots=True)
class Target:
    """Which delivery's rows are merged, and when."""

    delivery_id: str
    feed: str
    provider: str
    attempt: int
    at: datetime

    def values(self) -> dict[str, object]:
        """Bind parameters of every statement here."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def lock(connection: sa.Connection, feed: str, provider: str) -> None:
    """Lets one merge of a feed and provider run at a time: which state is current depends on all sightings."""
    query = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
    connection.execute(query, {"key": f"merge|{feed}|{provider}"})


def supersede(connection: sa.Connection, target: Target, earlier: str, *, snapshot: bool) -> None:
    """Takes back what an earlier judgement of the same bytes stated: the bytes say what they are read as now.

    The periods it spoke of may have another newest snapshot now. The delivery's state is the caller's.
    """
    connection.execute(sa.text(_CEASED), {"delivery_id": earlier, "at": target.at})
    connection.execute(sa.text(_SUPERSEDE), {**target.values(), "earlier": earlier})
    if snapshot:
        connection.execute(sa.text(_TOUCH_PERIODS), {**target.values(), "delivery_id": earlier})
    _reopen(connection, target, earlier)


def _reopen(connection: sa.Connection, target: Target, withdrawn: str) -> None:
    """Refused rows that a withdrawn delivery had corrected wait again, unless another delivery corrects them too."""
    connection.execute(sa.text(_REOPEN), {**target.values(), "withdrawn": withdrawn})


def refresh_current(connection: sa.Connection, target: Target, *, snapshot: bool) -> None:
    """Decides anew which sighting counts for every record in the temporary table ``touched``."""
    join, rule = (_IN_SNAPSHOT, "n.record_id IS NOT NULL") if snapshot else ("", "true")
    first = (_NEWEST, _TOUCH_PERIODS, _NAMED) if snapshot else ()
    for statement in (*first, _INDEX_TOUCHED):
        connection.execute(sa.text(statement), target.values())
    connection.execute(sa.text(_REFRESH.format(join=join, rule=rule)), target.values())


# A refused row (q, of delivery d) is corrected by a newer revision (k, of delivery o), or by the same revision sent
# again. Where the refused row states no version, what came later is the correction.
NEWER = """
    ((q.version <> '' AND k.version > q.version) OR (o.seq > d.seq AND (q.version = '' OR k.version = q.version)))
"""
CORRECTED = f"""
    UPDATE quarantine.record q SET corrected_by = :delivery_id
    FROM ops.delivery d, ops.delivery o, {{table}} k
    WHERE q.corrected_by IS NULL AND d.delivery_id = q.delivery_id AND d.feed = :feed AND d.provider = :provider
      AND o.delivery_id = :delivery_id AND q.record_id = k.record_id AND NOT k.refused AND {NEWER}
"""  # noqa: S608 - our own condition
# Judgements of the same bytes replace each other: what the earlier ones refused stays corrected by them.
_REOPEN = f"""
    UPDATE quarantine.record q SET corrected_by = (
        SELECT k.delivery_id FROM core.sighting k JOIN ops.delivery o ON o.delivery_id = k.delivery_id
        WHERE k.feed = :feed AND k.provider = :provider AND k.record_id = q.record_id AND NOT k.retracted
          AND k.delivery_id <> q.delivery_id AND {NEWER}
        ORDER BY o.seq LIMIT 1)
    FROM ops.delivery d, ops.delivery w
    WHERE q.corrected_by = :withdrawn AND d.delivery_id = q.delivery_id AND w.delivery_id = :withdrawn
      AND d.sha256 <> w.sha256 AND d.live
"""  # noqa: S608 - our own condition
# Figures as of an earlier day are told by this. What the same moment recorded needs no note.
_TURN = "INSERT INTO core.turn (delivery_id, row, at, counts) SELECT delivery_id, row, :at, "
_CEASED = f"""
    {_TURN} false FROM core.sighting
    WHERE delivery_id = :delivery_id AND current AND recorded_at < :at
"""  # noqa: S608 - our own words, here and below
_SUPERSEDE = """
    WITH taken_back AS (
        UPDATE core.sighting SET retracted = true, current = false
        WHERE delivery_id = :earlier AND NOT retracted RETURNING record_id
    )
    INSERT INTO touched SELECT record_id FROM taken_back
"""
_NEWEST = """
    DROP TABLE IF EXISTS pg_temp.newest;
    CREATE TEMP TABLE newest ON COMMIT DROP AS
    SELECT DISTINCT ON (c.period) c.period, c.delivery_id
    FROM ops.coverage c JOIN ops.delivery d USING (delivery_id)
    WHERE c.feed = :feed AND c.provider = :provider AND d.status IN ('accepted', 'accepted_with_findings')
    ORDER BY c.period, c.version DESC, d.sha256 DESC, d.seq DESC
"""
_TOUCH_PERIODS = """
    INSERT INTO touched SELECT DISTINCT k.record_id FROM core.sighting k
    JOIN ops.coverage c ON c.period = k.period AND c.delivery_id = :delivery_id
    WHERE k.feed = :feed AND k.provider = :provider
"""
# What the newest snapshots name, each once. A row that one states badly is quarantined, not absent: its record is not
# withdrawn.
_NAMED = """
    DROP TABLE IF EXISTS pg_temp.named;
    CREATE TEMP TABLE named ON COMMIT DROP AS
    SELECT x.delivery_id, x.record_id FROM core.sighting x WHERE x.delivery_id IN (SELECT delivery_id FROM newest)
      AND x.feed = :feed AND x.provider = :provider AND NOT x.retracted
    UNION SELECT q.delivery_id, q.record_id FROM quarantine.record q
    WHERE q.delivery_id IN (SELECT delivery_id FROM newest);
    CREATE INDEX ON named (record_id, delivery_id);
    ANALYZE named
"""
# The planner takes core.sighting, just filled, for nearly empty and joins row by row. Without indexes on the other side
# a first snapshot of 46,000 rows took more than four minutes, with them a second. For the same reason feed and provider
# are joined too: as constants they make it believe in a handful of rows, and it looks up every row of the provider.
_INDEX_TOUCHED = "CREATE INDEX ON touched (record_id); ANALYZE touched"
_IN_SNAPSHOT = """
    LEFT JOIN newest w ON w.period = k.period
    LEFT JOIN named n ON n.delivery_id = w.delivery_id AND n.record_id = k.record_id
"""
_REFRESH = f"""
    WITH asked AS MATERIALIZED (
        SELECT DISTINCT :feed AS feed, :provider AS provider, record_id FROM touched
    ), ranked AS (
        SELECT k.ctid AS place, k.current,
               NOT k.retracted AND NOT k.withdraws AND row_number() OVER (
                   PARTITION BY k.record_id
                   ORDER BY k.retracted, k.version DESC, k.withdraws DESC, k.fingerprint DESC, ({{rule}}) DESC,
                            k.delivery_id
               ) = 1 AND ({{rule}}) AS counts
        FROM core.sighting k JOIN asked USING (feed, provider, record_id) {{join}}
    ), turned AS (
        UPDATE core.sighting k SET current = r.counts FROM ranked r WHERE k.ctid = r.place AND k.current <> r.counts
        RETURNING k.delivery_id, k.row, k.recorded_at, k.current
    )
    {_TURN} current FROM turned WHERE recorded_at < :at
"""  # noqa: S608


def restate(connection: sa.Connection, delivery: Delivery, at: datetime, *, snapshot: bool) -> None:
    """Makes what a delivery stated the newest statement, as of ``at``."""
    target = Target(delivery.delivery_id, delivery.feed, delivery.provider, 0, at)
    version = at.astimezone(UTC).isoformat(timespec="microseconds")
    for statement in _RESTATE:
        connection.execute(sa.text(statement), {**target.values(), "version": version})
    stated = "(SELECT *, retracted AS refused FROM core.sighting WHERE delivery_id = :delivery_id)"
    connection.execute(sa.text(CORRECTED.format(table=stated)), target.values())
    refresh_current(connection, target, snapshot=snapshot)


def retract(connection: sa.Connection, delivery: Delivery, at: datetime, *, snapshot: bool) -> int:
    """Withdraws what a delivery stated; returns the number of its records. The delivery's state is the caller's."""
    target = Target(delivery.delivery_id, delivery.feed, delivery.provider, 0, at)
    connection.execute(sa.text(_TOUCH_DELIVERY), target.values())
    connection.execute(sa.text(_CEASED), target.values())
    rows = int(connection.execute(sa.text(_RETRACT), target.values()).rowcount)
    _reopen(connection, target, delivery.delivery_id)
    refresh_current(connection, target, snapshot=snapshot)
    return rows


_TOUCH_DELIVERY = """
    DROP TABLE IF EXISTS pg_temp.touched;
    CREATE TEMP TABLE touched ON COMMIT DROP AS
    SELECT DISTINCT record_id FROM core.sighting WHERE delivery_id = :delivery_id
"""
_RESTATE = (
    _TOUCH_DELIVERY,
    "UPDATE core.sighting SET version = :version WHERE delivery_id = :delivery_id AND version < :version",
    "UPDATE ops.coverage SET version = :version WHERE delivery_id = :delivery_id AND version < :version",
)
_RETRACT = """
    UPDATE core.sighting SET retracted = true, current = false WHERE delivery_id = :delivery_id AND NOT retracted
"""
