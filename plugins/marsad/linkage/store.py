"""What linkage keeps: tokens, pairs, persons. SQL only; every function works in the caller's transaction."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from psycopg2.extras import execute_values

from marsad.linkage.queue import ENDS, KEYS, columns
from marsad.linkage.scored import Scored
from marsad.linkage.stock import Key
from marsad.linkage.tokens import KIND_BITS
from marsad.linkage.worth import needed

Edge = tuple[int, int]
"""Two contents, the smaller first."""


class Linked(NamedTuple):
    """A record as it was linked: the state that was looked at, the person it is of, and since when."""

    content: int
    person: str
    since: datetime


def current(connection: sa.Connection, keys: Sequence[Key]) -> dict[Key, int]:
    """The content that counts now of each record that has one."""
    rows = connection.execute(sa.text(_CURRENT), columns(keys))
    return {Key(*key): content for *key, content in rows}


def linked(connection: sa.Connection, keys: Sequence[Key]) -> dict[Key, Linked]:
    """Those of the records that were linked before."""
    rows = connection.execute(sa.text(_LINKED), columns(keys))
    return {Key(*row[:3]): Linked(*row[3:]) for row in rows}


def linked_contents(connection: sa.Connection, contents: Collection[int]) -> dict[int, tuple[Key, str]]:
    """Record and person of contents that are linked."""
    rows = connection.execute(sa.text(_OF_CONTENTS), {"contents": list(contents)})
    return {content: (Key(*key), person) for content, *key, person in rows}


def forget(connection: sa.Connection, contents: Collection[int]) -> None:
    """Removes tokens and pairs of contents that count no longer, and what people are asked about them."""
    for statement in _FORGET:
        connection.execute(sa.text(statement), {"contents": list(contents)})


def token_key(connection: sa.Connection) -> int:
    """Number of the key that tokens are made with."""
    return connection.execute(sa.text("SELECT number FROM vault.token_key")).scalar() or 1


def put_tokens(connection: sa.Connection, tokens: Mapping[int, Iterable[int]]) -> None:
    """Writes the tokens of contents, in the order of their index: each of its pages is then met once."""
    rows = sorted((token, content) for content, held in tokens.items() for token in held)
    insert(connection, "vault.token (token, content_id)", rows)


def candidates(connection: sa.Connection, contents: Collection[int], most: int, worth: Collection[int]) -> list[Edge]:
    """Pairs of ``contents`` with any content that share tokens of kinds that are ``worth`` it (``worth.worthy``).

    A token that more than ``most`` contents hold finds nobody.
    """
    places = [kind.place for kind in needed(worth)]
    values = {"contents": list(contents), "most": most, "worth": list(worth), "places": places, "bits": KIND_BITS}
    rows = connection.execute(sa.text(_CANDIDATES), values)
    return [(left, right) for left, right in rows]


def put_pairs(connection: sa.Connection, contents: Sequence[int], pairs: Iterable[Scored], version: int) -> int:
    """Keeps pairs, whose ends are places in ``contents``; returns how many."""
    rows = [_pair(contents, pair, version) for pair in pairs]
    insert(connection, "link.pair (left_content, right_content, weight, levels, weights, model_version)", rows)
    return len(rows)


def _pair(contents: Sequence[int], pair: Scored, version: int) -> tuple[object, ...]:
    left, right = sorted((contents[pair.left], contents[pair.right]))
    return left, right, pair.weight, _array(pair.levels), _array(pair.weights), version


def _array(values: Iterable[object]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def edges(connection: sa.Connection, contents: Collection[int], least: float) -> dict[Edge, float]:
    """Pairs of at least that weight with an end among ``contents``."""
    rows = connection.execute(sa.text(_EDGES), {"contents": list(contents), "least": least})
    return {(left, right): weight for left, right, weight in rows}


def ends_between(connection: sa.Connection, low: float, high: float) -> dict[int, Key]:
    """Linked contents at the ends of pairs whose weight is from ``low`` to below ``high``."""
    rows = connection.execute(sa.text(_ENDS_BETWEEN), {"low": low, "high": high})
    return {content: Key(*key) for content, *key in rows}


def housemates(connection: sa.Connection, persons: Collection[str]) -> dict[int, tuple[Key, str]]:
    """All contents that are of these persons now."""
    rows = connection.execute(sa.text(_OF_PERSONS), {"persons": list(persons)})
    return {content: (Key(*key), person) for content, *key, person in rows}


def decisions(connection: sa.Connection, keys: Sequence[Key]) -> dict[tuple[Key, Key], bool]:
    """What people decided of these records and any other; True: one person. Of who was erased nothing counts."""
    rows = connection.execute(sa.text(_DECISIONS), columns(keys))
    return {(Key(*row[:3]), Key(*row[3:6])): row[6] for row in rows}


def insert(connection: sa.Connection, target: str, rows: Iterable[Sequence[object]]) -> None:
    """Appends rows to a table; ``target`` names it and its columns. Empty texts are nulls."""
    cursor = connection.connection.cursor()
    if connection.execute(sa.text(_ROW_SECURITY), {"table": target.partition(" ")[0]}).scalar():
        plain = [[None if value == "" else value for value in row] for row in rows]  # noqa: PLC1901 - not 0 or False
        execute_values(cursor, f"INSERT INTO {target} VALUES %s", plain)  # noqa: S608 - where COPY is not allowed
        return
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    buffer.seek(0)
    cursor.copy_expert(f"COPY {target} FROM STDIN (FORMAT csv)", buffer)


_ROW_SECURITY = "SELECT row_security_active(CAST(:table AS regclass))"
_CURRENT = f"""
    SELECT k.feed, k.provider, k.record_id, k.content_id
    FROM {KEYS} JOIN core.sighting k USING (provider, record_id) WHERE k.feed = i.feed AND k.current
"""  # noqa: S608 - our own rows, here and below
_LINKED = f"""
    SELECT r.feed, r.provider, r.record_id, r.content_id, r.person_id::text, r.since
    FROM {KEYS} JOIN link.record r USING (feed, provider, record_id)
"""  # noqa: S608
_OF_CONTENTS = """
    SELECT content_id, feed, provider, record_id, person_id::text FROM link.record
    WHERE content_id = ANY(CAST(:contents AS bigint[]))
"""
_OF_PERSONS = """
    SELECT content_id, feed, provider, record_id, person_id::text FROM link.record
    WHERE person_id = ANY(CAST(:persons AS uuid[]))
"""
_FORGET = (
    "DELETE FROM vault.token WHERE content_id = ANY(CAST(:contents AS bigint[]))",
    "DELETE FROM link.pair WHERE left_content = ANY(CAST(:contents AS bigint[]))",
    "DELETE FROM link.pair WHERE right_content = ANY(CAST(:contents AS bigint[]))",
    """DELETE FROM link.review WHERE left_content = ANY(CAST(:contents AS bigint[]))
        OR right_content = ANY(CAST(:contents AS bigint[]))""",
)
# Counting stops at the bound: a name that half the register bears costs no more than a rare one.
_CANDIDATES = """
    WITH own AS MATERIALIZED (
        SELECT content_id, token FROM vault.token
        WHERE content_id = ANY(CAST(:contents AS bigint[])) AND token & :bits = ANY(:places)
    ), fitting AS MATERIALIZED (
        SELECT o.token, holders FROM (SELECT DISTINCT token FROM own ORDER BY token) o, LATERAL (
            SELECT array_agg(content_id) AS holders FROM (
                SELECT content_id FROM vault.token t WHERE t.token = o.token LIMIT :most + 1
            ) AS bounded
        ) AS held
        WHERE cardinality(holders) BETWEEN 2 AND :most
    )
    SELECT least(o.content_id, other), greatest(o.content_id, other)
    FROM fitting JOIN own o USING (token), unnest(holders) AS other WHERE o.content_id <> other
    GROUP BY 1, 2 HAVING bit_or(1 << CAST(token & :bits AS int)) = ANY(:worth)
"""
_EDGES = """
    SELECT left_content, right_content, weight FROM link.pair
    WHERE weight >= :least AND left_content = ANY(CAST(:contents AS bigint[]))
    UNION
    SELECT left_content, right_content, weight FROM link.pair
    WHERE weight >= :least AND right_content = ANY(CAST(:contents AS bigint[]))
"""
_ENDS_BETWEEN = """
    SELECT DISTINCT r.content_id, r.feed, r.provider, r.record_id FROM link.pair p
    JOIN link.record r ON r.content_id IN (p.left_content, p.right_content)
    WHERE p.weight >= :low AND p.weight < :high
"""
_DECISIONS = f"""
    SELECT DISTINCT ON ({ENDS}) {ENDS}, same FROM (
        SELECT d.* FROM {KEYS} JOIN link.decision d
          ON (d.left_feed, d.left_provider, d.left_record) = (i.feed, i.provider, i.record_id)
        UNION
        SELECT d.* FROM {KEYS} JOIN link.decision d
          ON (d.right_feed, d.right_provider, d.right_record) = (i.feed, i.provider, i.record_id)
    ) AS touching
    WHERE NOT EXISTS (SELECT FROM vault.erased e
                      WHERE (e.feed, e.provider, e.record_id) = (left_feed, left_provider, left_record))
      AND NOT EXISTS (SELECT FROM vault.erased e
                      WHERE (e.feed, e.provider, e.record_id) = (right_feed, right_provider, right_record))
    ORDER BY {ENDS}, decision_id DESC
"""  # noqa: S608
