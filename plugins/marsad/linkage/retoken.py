"""A new key for tokens. Who is whom stays as it is: the same keys of the same records are hashed by another secret.

All tokens change in one transaction, so that no two records ever miss each other; linkage waits for it, loading does
not. Two keys at once mean "not finished": the database says by which one tokens are made, the next run goes on.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from marsad import audit, durable
from marsad.errors import own_faults_only
from marsad.identity import mirror
from marsad.identity.keys import KEY_BYTES, KeyRing, token_name
from marsad.intake.office import Office
from marsad.linkage import store
from marsad.linkage.access import transaction
from marsad.linkage.batch import Tools
from marsad.linkage.linker import AT_ONCE, tools
from marsad.linkage.stock import Key
from marsad.warehouse.engine import clean_errors


def rotate_tokens(office: Office, actor: str) -> tuple[int, int]:
    """Makes every token anew and destroys the old key; returns the new key's number and the number of records.

    Safe to be killed and run again. Opens every identity that is linked, in memory.

    Raises:
        UsageFault: a contract is wrong.
        PassingFault, PlatformFault: database or keys; the tokens are as they were.
    """
    ring, work = office.keyring, tools(office)
    with own_faults_only(), durable.locked(ring.folder / ".rotation.lock"):
        with transaction(office.engine) as connection:
            number = _next(ring, store.token_key(connection))
            records = _hash_again(connection, work, number)
            connection.execute(sa.text(_NOTE), {"number": number})
            detail = {"number": number, "records": records}
            head = audit.append(connection, actor, "tokens.rotated", "vault.token", detail, office.clock())
        office.write_head(head)
        _retire(ring, number)
    mirror.renew(ring)
    return number, records


def renew_lost(office: Office, actor: str) -> None:
    """Makes every token anew where the database, older than the keys, names a key that was destroyed.

    Raises: as ``rotate_tokens``.
    """
    with clean_errors(), office.engine.connect() as connection:
        used = store.token_key(connection)
    if used not in office.keyring.token_ids:
        rotate_tokens(office, actor)


def _next(ring: KeyRing, used: int) -> int:
    """The number of a key that no token is made with yet; a killed run's is taken up."""
    if ring.token_ids[-1] > used:
        return ring.token_ids[-1]
    with durable.os_faults("making a key"):
        path = ring.private_folder / token_name(used + 1)
        durable.write_whole(path, secrets.token_bytes(KEY_BYTES).hex().encode("ascii"))
    return used + 1


def _hash_again(connection: sa.Connection, work: Tools, number: int) -> int:
    connection.execute(sa.text("DELETE FROM vault.token"))
    done, after = 0, 0
    while rows := connection.execute(sa.text(_LINKED), {"after": after, "most": AT_ONCE}).all():
        opened = work.stock.open(connection, {content: Key(*key) for content, *key in rows})
        store.put_tokens(connection, {content: work.tokens(record, number) for content, record in opened.items()})
        done, after = done + len(rows), rows[-1].content_id
    return done


def _retire(ring: KeyRing, number: int) -> None:
    with durable.os_faults("destroying a key"):
        for old in ring.token_ids:
            if old != number:
                (ring.private_folder / token_name(old)).unlink()
        durable.sync_folder(ring.private_folder)


_NOTE = "INSERT INTO vault.token_key (number) VALUES (:number) ON CONFLICT (one) DO UPDATE SET number = EXCLUDED.number"
_LINKED = """
    SELECT content_id, feed, provider, record_id FROM link.record r
    WHERE content_id > :after AND NOT EXISTS (
        SELECT FROM vault.erased e WHERE (e.feed, e.provider, e.record_id) = (r.feed, r.provider, r.record_id))
    ORDER BY content_id LIMIT :most
"""
