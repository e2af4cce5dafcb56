"""Sealing records: one random data key each, AES-256-GCM-SIV, the key wrapped in the key store and nowhere else.

The database holds ciphertext and a key reference (delivery, attempt, slot). Without the key store it opens nothing,
and overwriting one slot makes exactly one record unreadable, in every copy of the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from marsad import durable
from marsad.errors import PlatformFault
from marsad.identity import keystore
from marsad.identity.keys import KeyDestroyed, KeyRing
from marsad.identity.keystore import SLOT_BYTES, NewStore, StoreName

_NONCE = bytes(12)  # a data key seals one record once, so its nonce may be constant


@dataclass(frozen=True, slots=True)
class KeyRef:
    """Where the data key of one sealed record lies; stored beside its ciphertext."""

    delivery_id: str
    attempt: int
    slot: int

    @property
    def store(self) -> StoreName:
        """The file of the key store."""
        return StoreName(self.delivery_id, self.attempt)


class Sealer:
    """Seals the records of one delivery, batch by batch. Keep it open until after the database commit.

    The order of the ``with`` matters: the transaction is the inner one::

        with Sealer(keyring, delivery_id) as sealer, engine.begin() as connection:
            first = sealer.next_slot
            ciphertexts = sealer.seal(payloads, b"vault")   # key references: sealer.attempt, first, first + 1, ...
            ...
            sealer.commit()                                 # last before the transaction's end

    Without ``commit`` the keys are removed again; those of a killed process by ``keystore.sweep``.
    """

    def __init__(self, keyring: KeyRing, delivery_id: str) -> None:
        """Starts a new attempt at ``delivery_id`` (a UUID, say), which never touches the keys of an earlier one.

        Raises:
            PassingFault, PlatformFault: the key store cannot be written.
        """
        with durable.os_faults("sealing records"):
            self._store = NewStore(keyring, delivery_id)
        self._committed = False

    @property
    def attempt(self) -> int:
        """Number of this attempt, part of the key reference."""
        return self._store.name.attempt

    @property
    def next_slot(self) -> int:
        """Slot of the next record to be sealed; the first is 0."""
        return self._store.slots

    def seal(self, payloads: Sequence[bytes], context: bytes) -> list[bytes]:
        """Ciphertexts (payload + 16 bytes) in the order of ``payloads``, whose slots count up from ``next_slot``.

        ``context`` says what the records are (``b"vault"``, ``b"quarantine"``) and must be given again to open them.

        Raises:
            PassingFault, PlatformFault: the key store cannot be written (disk full).
        """
        first = self.next_slot
        with durable.os_faults("sealing records"):
            keys = self._store.add(len(payloads))
        bound = _bound(context, self._store.name)
        return [
            AESGCMSIV(keys[at : at + SLOT_BYTES]).encrypt(_NONCE, payload, bound + slot.to_bytes(8, "big"))
            for slot, at, payload in zip(
                range(first, first + len(payloads)), range(0, len(keys), SLOT_BYTES), payloads, strict=True
            )
        ]

    def destroy(self, slots: Iterable[int]) -> None:
        """Makes records of this sealing unreadable: they are of somebody who was erased.

        Raises:
            PassingFault, PlatformFault: the key store cannot be written.
        """
        with durable.os_faults("sealing records"):
            self._store.destroy(slots)

    def commit(self) -> None:
        """Makes the keys durable. To be called before the database commit: ciphertext without keys would be lost.

        Raises:
            PassingFault, PlatformFault: the key store cannot be written; the transaction must be rolled back.
        """
        with durable.os_faults("sealing records"):
            self._store.sync()
        self._committed = True

    def __enter__(self) -> Sealer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._committed:
            self._store.discard()
        self._store.close()


def open_sealed(keyring: KeyRing, ref: KeyRef, ciphertext: bytes, context: bytes) -> bytes:
    """The record behind one ciphertext.

    Raises:
        KeyDestroyed: it was erased.
        PlatformFault: as ``open_many``.
    """
    payload = open_many(keyring, [ref], [ciphertext], context)[0]
    if payload is None:
        raise KeyDestroyed("the key of this record was destroyed")
    return payload


def open_many(
    keyring: KeyRing, refs: Sequence[KeyRef], ciphertexts: Sequence[bytes], context: bytes
) -> list[bytes | None]:
    """The records behind ``ciphertexts``, in their order, None where erased; each file of keys is opened once.

    Raises:
        PlatformFault: a ciphertext is not what was sealed at its reference in this ``context``, or keys are damaged.
    """
    opened: list[bytes | None] = [None] * len(refs)
    for store, places in _by_store(refs).items():
        bound = _bound(context, store)
        keys = keystore.read_keys(keyring, store, (refs[place].slot for place in places))
        for place, key in zip(places, keys, strict=True):
            if key is not None:
                opened[place] = _open(key, bytes(ciphertexts[place]), bound + refs[place].slot.to_bytes(8, "big"))
    return opened


def destroy(keyring: KeyRing, refs: Iterable[KeyRef]) -> None:
    """Makes exactly the records of ``refs`` unreadable for ever, durable on return; repeatable.

    Backups of the key store made before still hold the keys: rewrite them (docs/threat-model.md).

    Raises:
        PlatformFault: a reference names no slot, or the key store cannot be written.
    """
    wanted = list(refs)
    for store, places in _by_store(wanted).items():
        keystore.destroy_keys(keyring, store, [wanted[place].slot for place in places])


def _by_store(refs: Sequence[KeyRef]) -> dict[StoreName, list[int]]:
    places: dict[StoreName, list[int]] = defaultdict(list)
    for place, ref in enumerate(refs):
        places[ref.store].append(place)
    return places


def _bound(context: bytes, store: StoreName) -> bytes:
    return b"\0".join((context, store.file_name.encode("ascii"), b""))


def _open(key: bytes, ciphertext: bytes, bound: bytes) -> bytes:
    try:
        return AESGCMSIV(key).decrypt(_NONCE, ciphertext, bound)
    except InvalidTag:
        raise PlatformFault(
            "a sealed record does not belong to its key: the database or key store was changed"
        ) from None
