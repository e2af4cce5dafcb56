"""What linkage writes down of its work: models, runs, persons, and every record that changed its person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from marsad.linkage.identities import Past
from marsad.linkage.policy import Policy
from marsad.linkage.queue import KEYS, columns
from marsad.linkage.stock import Key
from marsad.linkage.store import Linked, insert


class Move(NamedTuple):
    """A record that was of ``before`` and is of ``after``; None: it counts no longer."""

    key: Key
    before: str
    after: str | None


def adopted(connection: sa.Connection) -> int | None:
    """Version of the model in use; None before the first."""
    return connection.execute(sa.text("SELECT version FROM link.model ORDER BY since DESC LIMIT 1")).scalar()


def model(connection: sa.Connection, version: int) -> Mapping[str, object] | None:
    """The document of a model that was ever in use."""
    return connection.execute(sa.text("SELECT policy FROM link.model WHERE version = :v"), {"v": version}).scalar()


def adopt(connection: sa.Connection, policy: Policy, at: datetime) -> None:
    """Notes a model as the one in use from now on."""
    values = {"version": policy.version, "policy": policy.model_dump_json(), "at": at}
    connection.execute(sa.text(_ADOPT), values)


def records_linked(connection: sa.Connection) -> int:
    """How many records are linked, as the last run left them."""
    return connection.execute(sa.text("SELECT size FROM link.run ORDER BY run_id DESC LIMIT 1")).scalar() or 0


def note_run(connection: sa.Connection, at: datetime, version: int, size: int, counts: Mapping[str, int]) -> int:
    """Writes the row of a run; returns its number."""
    names = ", ".join(counts)
    values = ", ".join(f":{name}" for name in counts)
    statement = f"INSERT INTO link.run (at, model_version, size, {names}) VALUES (:at, :version, :size, {values})"  # noqa: S608
    bound = {"at": at, "version": version, "size": size, **counts}
    return int(connection.execute(sa.text(statement + " RETURNING run_id"), bound).scalar_one())


def past(connection: sa.Connection, keys: Sequence[Key], was: Mapping[Key, Linked], unchanged: Set[Key]) -> Past:
    """What is known of the persons of records."""
    now = {key: one.person for key, one in was.items()}
    before: dict[Key, set[str]] = {}
    for *key, person in connection.execute(sa.text(_BEFORE), columns(keys)):
        before.setdefault(Key(*key), set()).add(person)
    persons = {*now.values(), *(person for some in before.values() for person in some)}
    ages = connection.execute(sa.text(_AGES), {"persons": list(persons)})
    older = {key: frozenset(some) for key, some in before.items()}
    return Past(now, older, {row[0]: row[1] for row in ages}, unchanged)


def make_persons(connection: sa.Connection, persons: Iterable[str], at: datetime) -> None:
    """Writes new persons."""
    insert(connection, "link.person (person_id, made_at)", ((person, at) for person in persons))


def settle(connection: sa.Connection, records: Mapping[Key, Linked]) -> None:
    """Writes which person each record is of."""
    connection.execute(sa.text(_DROP), columns(list(records)))
    rows = ((*key, *one) for key, one in records.items())
    insert(connection, "link.record (feed, provider, record_id, content_id, person_id, since)", rows)


def leave(connection: sa.Connection, keys: Sequence[Key]) -> None:
    """Records that count no longer are of nobody."""
    connection.execute(sa.text(_DROP), columns(keys))


def note_moves(connection: sa.Connection, moves: Iterable[Move], at: datetime) -> None:
    """Writes down what moved."""
    rows = ((at, *move.key, move.before, move.after or "") for move in moves)
    insert(connection, "link.move (at, feed, provider, record_id, from_person, to_person)", rows)


def note_heirs(connection: sa.Connection, heirs: Mapping[str, str], filled: Collection[str]) -> None:
    """Says of persons whose records went to another who has them; not of those that have records again."""
    connection.execute(sa.text(_FILLED), {"persons": list(filled)})
    connection.execute(sa.text(_MERGED), {"old": list(heirs), "new": list(heirs.values())})


_ADOPT = """
    INSERT INTO link.model (version, policy, since) VALUES (:version, CAST(:policy AS json), :at)
    ON CONFLICT (version) DO UPDATE SET policy = EXCLUDED.policy, since = EXCLUDED.since
"""
_BEFORE = f"""
    SELECT DISTINCT m.feed, m.provider, m.record_id, m.from_person::text
    FROM {KEYS} JOIN link.move m USING (feed, provider, record_id)
    WHERE NOT EXISTS (SELECT FROM link.record r WHERE r.person_id = m.from_person)
"""  # noqa: S608 - our own rows, here and below
_AGES = "SELECT person_id::text, number FROM link.person WHERE person_id = ANY(CAST(:persons AS uuid[]))"
_DROP = f"""
    DELETE FROM link.record r USING {KEYS}
    WHERE (r.feed, r.provider, r.record_id) = (i.feed, i.provider, i.record_id)
"""  # noqa: S608
_FILLED = """
    UPDATE link.person SET merged_into = NULL
    WHERE person_id = ANY(CAST(:persons AS uuid[])) AND merged_into IS NOT NULL
"""
_MERGED = """
    UPDATE link.person p SET merged_into = h.new
    FROM unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[])) AS h (old, new) WHERE p.person_id = h.old
"""
