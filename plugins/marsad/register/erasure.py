"""Erasing a person: the data keys and tokens of all her records are destroyed, and nothing brings them back.

Codes, dates and who is whom stay, so statistics keep their counts. What was erased is first written down beside the
keys, outside the database: whoever is killed in the middle, or restores a database from before, finishes it from there;
each night retention does, where nobody did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from marsad import audit, durable
from marsad.errors import PlatformFault, UsageFault
from marsad.identity import mirror, vault
from marsad.identity.keys import KeyRing
from marsad.identity.vault import KeyRef
from marsad.intake import current, landing
from marsad.intake.office import Office
from marsad.linkage import access, linker, queue, store
from marsad.linkage.identities import person_id
from marsad.linkage.stock import Key
from marsad.register import holds
from marsad.warehouse.engine import clean_errors

REASONS = ("own_request", "court_order", "retention", "error")
_DOING = "writing down an erasure"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is erased of one person: records, rows of landed files (SHA-256 and row), data keys. No identity."""

    person: str
    at: str
    reason: str
    records: Sequence[Key]
    rows: Sequence[tuple[str, int]]
    keys: Sequence[KeyRef]

    @classmethod
    def read(cls, path: Path) -> Erasure:
        """The erasure written down at ``path``; PlatformFault if it is damaged."""
        try:
            told: dict[str, Any] = json.loads(path.read_bytes())
            records, keys = [Key(*one) for one in told["records"]], [KeyRef(*one) for one in told["keys"]]
            return cls(**told | {"records": records, "rows": [(sha, row) for sha, row in told["rows"]], "keys": keys})
        except (ValueError, TypeError, KeyError):
            raise PlatformFault(f"the erasure {path.name} beside the keys is damaged") from None

    def write(self, folder: Path) -> None:
        """Writes it down durably; what an earlier erasure of the same person named stays named."""
        path = folder / f"{self.person}.json"
        before = Erasure.read(path) if path.exists() else None
        told: dict[str, Any] = asdict(self)
        told["keys"] = [[key.delivery_id, key.attempt, key.slot] for key in self.keys]
        for name in ("records", "rows", "keys") if before else ():
            known = [[*one] for one in told[name]]
            told[name] = known + [one for one in _listed(before, name) if one not in known]
        with durable.os_faults(_DOING):
            durable.private_folder(folder)
            durable.write_whole(path, json.dumps(told).encode())


def _listed(erasure: Erasure | None, name: str) -> list[list[object]]:
    parts = getattr(erasure, name)
    return [[one.delivery_id, one.attempt, one.slot] if isinstance(one, KeyRef) else [*one] for one in parts]


@dataclass(frozen=True, slots=True)
class Erased:
    """What one run did: how many records and data keys; landed files that hold her still; copies of keys not reached.

    Landed files go by the retention policy. ``before``: nothing was left, all of it was erased by an earlier run.
    """

    person: str
    records: int
    keys: int
    landed: int
    unreached: Sequence[str]
    before: bool


def erase(office: Office, person: str, reason: str, actor: str) -> Erased:
    """Erases a person for good; again, or after a kill, it finishes what is left to do.

    Raises:
        UsageFault: no such person or reason, her records went to another person, or what may be hers waits to be linked
            and a contract is in the way.
        PolicyRefusal: a legal hold stands on her.
        PassingFault, PlatformFault: database or key store; run it again.
    """
    if reason not in REASONS:
        raise UsageFault(f"'{reason}' is no reason for erasing; reasons: {', '.join(REASONS)}")
    try:
        linker.link_sound(office)  # what waits may be hers
    except UsageFault as fault:
        raise UsageFault(f"nothing was erased: {fault}") from None
    done, before = erase_linked(office, person, reason, actor)
    landed = {sha for sha, _ in done.rows if landing.is_kept(sha, office.landing, office.keyring.public)}
    return Erased(done.person, len(done.records), len(done.keys), len(landed), mirror.renew(office.keyring), before)


def erase_linked(office: Office, person: str, reason: str, actor: str) -> tuple[Erasure, bool]:
    """The same for who is linked already, without the copies of the keys: the caller renews them.

    Returns what is erased, and whether all of it was before.

    Raises:
        PolicyRefusal: a legal hold stands on her.
    """
    with clean_errors(), office.engine.begin() as connection:
        access.alone(connection)
        records = _records(connection, person_id(person))
        holds.wait(connection)
        holds.check(connection, person_id(person), records)
        _wait_for_loads(connection, records)
        erasure = _erasure(connection, person_id(person), reason, records, office.clock())
        before = _known(connection, erasure)
        erasure.write(office.keyring.erased)
        apply(connection, office.keyring, erasure)
        head = _note(connection, office, erasure, actor)
    office.write_head(head)
    return erasure, before


def apply(connection: sa.Connection, keyring: KeyRing, erasure: Erasure) -> None:
    """Destroys keys, ciphertext, tokens and pairs, and keeps them from coming back; repeatable, in any database.

    Also what was stated of her since it was written down, if whoever erased her was killed.
    """
    values = {**_values(erasure.records, erasure.rows), "person": erasure.person, "at": erasure.at}
    keys = {*erasure.keys, *_slots(connection, values)}
    vault.destroy(keyring, [key for key in keys if (keyring.store / key.store.file_name).exists()])
    contents = list(connection.execute(sa.text(_CONTENTS), values).scalars())
    store.forget(connection, contents)
    for statement in (_TOMBSTONES, _ROW_TOMBSTONES, _NOT_DUE, _EMPTY_VAULT, _EMPTY_QUARANTINE):
        connection.execute(sa.text(statement), {**values, "contents": contents})


def finish(office: Office, actor: str) -> int:
    """Applies erasures that are written down and that the database does not know; returns how many.

    Whoever erased was killed, or the database is older: it was restored from a backup.

    Raises:
        PassingFault, PlatformFault: database, key store, or a list that is damaged.
    """
    with clean_errors(), office.engine.begin() as connection:
        access.alone(connection)
        erasures = [one for one in written(office.keyring) if not _known(connection, one)]
        _wait_for_loads(connection, [key for erasure in erasures for key in erasure.records])
        for erasure in erasures:
            apply(connection, office.keyring, erasure)
        heads = [_note(connection, office, erasure, actor) for erasure in erasures]
    for head in heads[-1:]:
        office.write_head(head)
    return len(erasures)


def _known(connection: sa.Connection, erasure: Erasure) -> bool:
    return bool(connection.execute(sa.text(_ARE_KNOWN), _values(erasure.records, erasure.rows)).scalar())


def _note(connection: sa.Connection, office: Office, erasure: Erasure, actor: str) -> audit.Head:
    detail = {"reason": erasure.reason, "records": len(erasure.records), "keys": len(erasure.keys)}
    return audit.append(connection, actor, "person.erased", erasure.person, detail, office.clock())


def written(keyring: KeyRing) -> Iterator[Erasure]:
    """Every erasure that was written down beside the keys."""
    for path in sorted(keyring.erased.glob("*.json")):
        yield Erasure.read(path)


def _wait_for_loads(connection: sa.Connection, records: Sequence[Key]) -> None:
    """Waits for loads that may state one of the records, and keeps new ones waiting."""
    for feed, provider in sorted({(key.feed, key.provider) for key in records}):
        current.lock(connection, feed, provider)


def ids_of(connection: sa.Connection, person: str) -> list[str]:
    """The id that her records go by now, then those that she had before they went there; as asked, if unknown."""
    known = connection.execute(sa.text(_IDS), {"person": person}).scalars().all()
    return [*known] or [person]


def records_of(connection: sa.Connection, person: str) -> list[Key]:
    """All records that are hers or were when they last counted, withdrawn ones too; empty for who is unknown."""
    return [Key(*row) for row in connection.execute(sa.text(_RECORDS), {"person": person})]


def _records(connection: sa.Connection, person: str) -> list[Key]:
    row = connection.execute(sa.text(_PERSON), {"person": person}).one_or_none()
    if row is None:
        raise UsageFault(f"there is no person {person}")
    if row.merged_into:
        raise UsageFault(f"the records of person {person} went to {row.merged_into}: erase that one, or undo it first")
    return records_of(connection, person)


def _erasure(connection: sa.Connection, person: str, reason: str, records: Sequence[Key], at: datetime) -> Erasure:
    rows = [(sha, row) for sha, row in connection.execute(sa.text(_ROWS), queue.columns(records))]
    slots = _slots(connection, _values(records, rows))
    return Erasure(person, at.isoformat(), reason, records, rows, slots)


def _values(records: Sequence[Key], rows: Sequence[tuple[str, int]]) -> dict[str, Any]:
    return {**queue.columns(records), "shas": [sha for sha, _ in rows], "rows": [row for _, row in rows]}


def _slots(connection: sa.Connection, values: Mapping[str, Any]) -> list[KeyRef]:
    return [KeyRef(*row) for row in connection.execute(sa.text(_SLOTS), values)]


_PERSON = "SELECT merged_into::text FROM link.person WHERE person_id = CAST(:person AS uuid)"
_IDS = """
    WITH RECURSIVE heir AS (
        SELECT person_id, merged_into FROM link.person WHERE person_id = CAST(:person AS uuid)
        UNION SELECT p.person_id, p.merged_into FROM heir h JOIN link.person p ON p.person_id = h.merged_into
    ), hers AS (
        SELECT person_id, 0 AS far FROM heir WHERE merged_into IS NULL
        UNION SELECT p.person_id, h.far + 1 FROM link.person p JOIN hers h ON p.merged_into = h.person_id
    )
    SELECT person_id::text FROM hers ORDER BY far, person_id
"""
_RECORDS = """
    WITH RECURSIVE hers AS (
        SELECT CAST(:person AS uuid) AS person_id
        UNION SELECT p.person_id FROM link.person p JOIN hers h ON p.merged_into = h.person_id
    )
    SELECT feed, provider, record_id FROM link.last_person JOIN hers USING (person_id)
    UNION
    SELECT feed, provider, record_id FROM vault.erased WHERE person_id = CAST(:person AS uuid)
    ORDER BY feed, provider, record_id
"""
_HERS = f"{queue.KEYS} JOIN core.sighting k USING (provider, record_id)"
_PLACES = """
    unnest(CAST(:shas AS text[]), CAST(:rows AS bigint[])) AS r (sha256, row) JOIN ops.delivery d USING (sha256)
"""
# Of her rows also what an earlier contract, which took something else for their number, read in them.
_CONTENTS = f"""
    SELECT k.content_id FROM {_HERS} WHERE k.feed = i.feed
    UNION SELECT k.content_id FROM {_PLACES} JOIN core.sighting k ON (k.delivery_id, k.row) = (d.delivery_id, r.row)
    WHERE k.retracted AND NOT EXISTS (SELECT FROM core.sighting c WHERE c.content_id = k.content_id AND c.current)
"""  # noqa: S608 - our own words, here and below
_QUARANTINED = f"""
    SELECT q.delivery_id, q.row FROM quarantine.record q JOIN ops.delivery d USING (delivery_id)
    JOIN {queue.KEYS} ON (i.feed, i.provider, i.record_id) = (d.feed, d.provider, q.record_id)
"""  # noqa: S608
_ROWS = f"""
    SELECT d.sha256, k.row FROM {_HERS} JOIN ops.delivery d USING (delivery_id) WHERE k.feed = i.feed
    UNION SELECT d.sha256, q.row FROM ({_QUARANTINED}) q JOIN ops.delivery d USING (delivery_id)
"""  # noqa: S608
_BY_ROW = f"""
    SELECT q.delivery_id, q.row FROM {_PLACES}
    JOIN quarantine.record q ON (q.delivery_id, q.row) = (d.delivery_id, r.row)
"""  # noqa: S608
_SLOTS = f"""
    SELECT v.delivery_id::text, v.attempt, v.key_slot FROM vault.record v JOIN ({_CONTENTS}) c USING (content_id)
    UNION
    SELECT q.delivery_id::text, q.attempt, q.key_slot
    FROM quarantine.record q JOIN ({_QUARANTINED} UNION {_BY_ROW}) h USING (delivery_id, row)
"""  # noqa: S608
_ARE_KNOWN = f"""
    SELECT NOT EXISTS (SELECT FROM {queue.KEYS} LEFT JOIN vault.erased e USING (feed, provider, record_id)
                       WHERE e.person_id IS NULL)
       AND NOT EXISTS (SELECT FROM unnest(CAST(:shas AS text[]), CAST(:rows AS bigint[])) AS r (sha256, row)
                       LEFT JOIN vault.erased_row e USING (sha256, row) WHERE e.erased_at IS NULL)
"""  # noqa: S608
_TOMBSTONES = f"""
    INSERT INTO vault.erased SELECT feed, provider, record_id, CAST(:person AS uuid), CAST(:at AS timestamptz)
    FROM {queue.KEYS} ON CONFLICT DO NOTHING
"""  # noqa: S608
_ROW_TOMBSTONES = """
    INSERT INTO vault.erased_row SELECT r.*, CAST(:at AS timestamptz)
    FROM unnest(CAST(:shas AS text[]), CAST(:rows AS bigint[])) AS r ON CONFLICT DO NOTHING
"""
_NOT_DUE = f"""
    DELETE FROM link.due d USING {queue.KEYS}
    WHERE (d.feed, d.provider, d.record_id) = (i.feed, i.provider, i.record_id)
"""  # noqa: S608
_EMPTY_VAULT = "UPDATE vault.record SET sealed = '' WHERE content_id = ANY(CAST(:contents AS bigint[]))"
_EMPTY_QUARANTINE = f"""
    UPDATE quarantine.record q SET sealed = '' FROM ({_QUARANTINED} UNION {_BY_ROW}) h
    WHERE (q.delivery_id, q.row) = (h.delivery_id, h.row)
"""  # noqa: S608
