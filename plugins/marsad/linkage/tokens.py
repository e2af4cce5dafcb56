"""Tokens: keyed hashes of a record's keys. Records meet by them, and are found by a name, without being opened."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from marsad.identity.keys import KeyRing
from marsad.identity.names import Hearing
from marsad.identity.pseudonyms import KeyedHash
from marsad.linkage.births import birth_reader
from marsad.linkage.keys import PLACES, Kind, keys
from marsad.linkage.records import Record, skeletons
from marsad.linkage.stock import Key

KIND_BITS = 7
"""The last bits of a token tell the kind of its key."""

_BYTES = 8
_OF_NAMES = {kind.place for kind in (Kind.NAME, Kind.YEAR)}
_HOLDERS = sa.text("SELECT * FROM vault.holders(CAST(:tokens AS bigint[]))")


def hashed(keyring: KeyRing, number: int) -> KeyedHash:
    """What tokens are made with under the token key of that number."""
    return KeyedHash(keyring.token_key(number), "linkage")


def tokens(record: Record, hearing: Hearing, hashed: KeyedHash) -> list[int]:
    """The hashes of a record's keys: signed 64-bit numbers that end with the place of their key's kind."""
    made = sorted(keys(record, skeletons(record, hearing)))
    digests = zip(made, hashed.digests([one.encode() for one in made], _BYTES), strict=True)
    return sorted({_number(digest) & ~KIND_BITS | PLACES[one[0]] for one, digest in digests if digest})


def alike(
    connection: sa.Connection, keyring: KeyRing, hearing: Hearing, name: str, born: str, today: date
) -> dict[Key, int]:
    """Linked records that share two names (but for a letter) with ``name``, or one and the year in ``born``: how much.

    One name by itself meets records that have no other.

    Nothing is opened: as linkage, this finds some who are not her, and not who shares too little.

    Raises:
        PlatformFault: a key of tokens is not there.
    """
    record = Record(whole=hearing.sounds(name), birth=birth_reader(today)(born))
    made = {token for number in keyring.token_ids for token in tokens(record, hearing, hashed(keyring, number))}
    asked = [token for token in made if token & KIND_BITS in _OF_NAMES]
    return {Key(*key): shared for *key, shared in connection.execute(_HOLDERS, {"tokens": asked})}


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big", signed=True)
