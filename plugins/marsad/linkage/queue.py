"""Which records linkage has to look at: those of deliveries it has not read, and those whose state changed since.

Taking them is part of the transaction that links them, so a killed linker leaves the queue as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from marsad.intake.ledger import ACCEPTED
from marsad.linkage.stock import Key

_DONE = ", ".join(f"'{status}'" for status in ACCEPTED)


def notice(connection: sa.Connection, feeds: Sequence[str], others: Sequence[str], at: datetime) -> None:
    """Puts into the queue what came and what changed since it was last asked; in proportion to that.

    What changed in ``others`` is of no concern. Of a feed that is neither, what changed waits for its contract.
    Records of erased persons are settled here: nobody opens or compares them again, so they are of whom they were of
    while they count, and of nobody when they are withdrawn.
    """
    unread = connection.execute(sa.text(_UNREAD), {"feeds": list(feeds)}).scalars().all()
    if unread:
        connection.execute(sa.text(_READ), {"deliveries": unread})
    connection.execute(sa.text(_CHANGED), {"feeds": list(feeds), "others": list(others)})
    connection.execute(sa.text(_SETTLE_ERASED), {"at": at})


def left_out(connection: sa.Connection, feeds: Iterable[str]) -> list[str]:
    """Other feeds than ``feeds`` of which somebody's record came or changed and was not put into the queue yet."""
    return list(connection.execute(sa.text(_LEFT_OUT), {"feeds": [*feeds]}).scalars())


def everything_again(connection: sa.Connection) -> None:
    """Puts every record that is linked into the queue, and forgets what was compared: the model is another."""
    for statement in _AGAIN:
        connection.execute(sa.text(statement))


def take(connection: sa.Connection, most: int) -> list[Key]:
    """Takes up to ``most`` records out of the queue, and those that wait and are of one person with them."""
    taken = [Key(*row) for row in connection.execute(sa.text(_TAKE), {"most": most})]
    if taken:
        taken += [Key(*row) for row in connection.execute(sa.text(_TAKE_WITH), columns(taken))]
    return taken


def put(connection: sa.Connection, keys: Sequence[Key]) -> None:
    """Has linkage look at records again."""
    connection.execute(sa.text(_PUT), columns(keys))


def columns(keys: Sequence[Key]) -> dict[str, list[str]]:
    """Keys as the statements here and elsewhere take them (``KEYS``)."""
    feeds, providers, ids = zip(*keys, strict=True) if keys else ((), (), ())
    return {"feeds": list(feeds), "providers": list(providers), "ids": list(ids)}


def ends(left: Key, right: Key) -> dict[str, str]:
    """Two records as statements take them (``END_VALUES``)."""
    return dict(zip(_ENDS, (*left, *right), strict=True))


_ENDS = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("feed", "provider", "record"))
ENDS = ", ".join(_ENDS)
"""The columns of two records, and the values of ``ends`` for them."""
END_VALUES = ", ".join(f":{name}" for name in _ENDS)


def ends_of(table: str) -> str:
    """The columns of two records as a row of ``table``, to be compared with another's."""
    return f"({', '.join(f'{table}.{name}' for name in _ENDS)})"


KEYS = """
    unnest(CAST(:feeds AS text[]), CAST(:providers AS text[]), CAST(:ids AS text[])) AS i (feed, provider, record_id)
"""
"""The keys of ``columns`` as rows ``i``."""

_UNREAD = f"""
    INSERT INTO link.delivery
    SELECT d.delivery_id FROM ops.delivery d
    WHERE d.status IN ({_DONE}) AND d.feed = ANY(:feeds)
      AND NOT EXISTS (SELECT FROM link.delivery l WHERE l.delivery_id = d.delivery_id)
    RETURNING delivery_id::text
"""  # noqa: S608 - our own words
_READ = """
    INSERT INTO link.due
    SELECT DISTINCT feed, provider, record_id FROM core.sighting WHERE delivery_id = ANY(CAST(:deliveries AS uuid[]))
    ON CONFLICT DO NOTHING
"""
_CHANGED = """
    WITH changed AS (
        DELETE FROM core.changed WHERE feed = ANY(:feeds) OR feed = ANY(:others) RETURNING feed, provider, record_id
    )
    INSERT INTO link.due SELECT DISTINCT feed, provider, record_id FROM changed WHERE feed = ANY(:feeds)
    ON CONFLICT DO NOTHING
"""
_OF_SOMEBODY = """EXISTS (SELECT FROM core.sighting k WHERE {its}
    AND EXISTS (SELECT FROM core.victim v WHERE v.content_id = k.content_id
                UNION ALL SELECT FROM core.contact c WHERE c.content_id = k.content_id))"""
_LEFT_OUT = f"""
    SELECT d.feed FROM ops.delivery d
    WHERE d.status IN ({_DONE}) AND d.feed <> ALL(:feeds)
      AND NOT EXISTS (SELECT FROM link.delivery l WHERE l.delivery_id = d.delivery_id)
      AND {_OF_SOMEBODY.format(its="k.delivery_id = d.delivery_id")}
    UNION
    SELECT o.feed FROM core.changed o
    WHERE o.feed <> ALL(:feeds)
      AND {_OF_SOMEBODY.format(its="(k.feed, k.provider, k.record_id) = (o.feed, o.provider, o.record_id)")}
    ORDER BY feed
"""  # noqa: S608 - our own words
_AGAIN = (
    "INSERT INTO link.due SELECT feed, provider, record_id FROM link.record ON CONFLICT DO NOTHING",
    "DELETE FROM link.pair",
    "DELETE FROM link.review",
    "DELETE FROM vault.token",
    """UPDATE link.record r SET content_id = -content_id WHERE content_id > 0 AND NOT EXISTS (
        SELECT FROM vault.erased e WHERE (e.feed, e.provider, e.record_id) = (r.feed, r.provider, r.record_id))""",
)
_SETTLE_ERASED = """
    WITH met AS (
        DELETE FROM link.due d USING vault.erased e
        WHERE (d.feed, d.provider, d.record_id) = (e.feed, e.provider, e.record_id)
        RETURNING d.feed, d.provider, d.record_id, e.person_id
    ), now AS MATERIALIZED (
        SELECT met.*, k.content_id FROM met LEFT JOIN core.sighting k
        ON (k.feed, k.provider, k.record_id) = (met.feed, met.provider, met.record_id) AND k.current
    ), gone AS (
        DELETE FROM link.record r USING now
        WHERE (r.feed, r.provider, r.record_id) = (now.feed, now.provider, now.record_id) AND now.content_id IS NULL
        RETURNING r.feed, r.provider, r.record_id, r.person_id
    ), noted AS (
        INSERT INTO link.move (at, feed, provider, record_id, from_person) SELECT :at, gone.* FROM gone
    ), restated AS (
        UPDATE link.record r SET content_id = now.content_id FROM now
        WHERE (r.feed, r.provider, r.record_id) = (now.feed, now.provider, now.record_id)
          AND r.content_id <> now.content_id
    )
    INSERT INTO link.record (feed, provider, record_id, content_id, person_id, since)
    SELECT now.*, :at FROM (SELECT feed, provider, record_id, content_id, person_id FROM now) AS now
    WHERE content_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM link.record r WHERE (r.feed, r.provider, r.record_id) = (now.feed, now.provider, now.record_id))
"""
_TAKE = """
    DELETE FROM link.due d USING (
        SELECT feed, provider, record_id FROM link.due ORDER BY feed, provider, record_id LIMIT :most
    ) i
    WHERE (d.feed, d.provider, d.record_id) = (i.feed, i.provider, i.record_id)
    RETURNING d.feed, d.provider, d.record_id
"""
_TAKE_WITH = f"""
    DELETE FROM link.due d USING (
        SELECT DISTINCT o.feed, o.provider, o.record_id
        FROM {KEYS} JOIN link.record r USING (feed, provider, record_id) JOIN link.record o USING (person_id)
    ) t
    WHERE (d.feed, d.provider, d.record_id) = (t.feed, t.provider, t.record_id)
    RETURNING d.feed, d.provider, d.record_id
"""  # noqa: S608 - our own rows
_PUT = f"""
    INSERT INTO link.due SELECT DISTINCT feed, provider, record_id FROM {KEYS} ON CONFLICT DO NOTHING
"""  # noqa: S608
