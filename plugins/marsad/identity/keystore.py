"""Wrapped data keys in flat files outside the database: one file a sealing, one slot of fixed size a record.

Layout: a header of 64 bytes (magic 8, number of the wrapping key 4, salt 32, zeros), then slots of 32 bytes. A slot is
the record's random data key encrypted with AES-256-CTR under a file key, HKDF-SHA256(wrapping key, salt, name of the
file). The salt is new for every file, so no keystream is used twice. A changed slot yields a wrong key, which the
sealed record's own tag refuses. Zeros mark a destroyed slot, since a true one is zero once in 2^256.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from marsad import durable
from marsad.errors import PlatformFault
from marsad.identity.keys import KEY_BYTES, KeyDestroyed, KeyRing

SLOT_BYTES = KEY_BYTES
_HEADER = struct.Struct(">8sI32s20x")
_MAGIC = b"MARSADK1"
_GONE = bytes(SLOT_BYTES)
_BLOCKS = SLOT_BYTES // 16  # of AES, a slot
_NAME = re.compile(r"(?P<delivery>[A-Za-z0-9-]{1,64})\.(?P<attempt>\d{1,9})\.keys")


@dataclass(frozen=True, slots=True)
class StoreName:
    """One file of the key store: the keys of one attempt to load one delivery."""

    delivery_id: str
    attempt: int

    @property
    def file_name(self) -> str:
        """Name below ``keys/store``.

        Raises:
            ValueError: the delivery's id could not be told from a path.
        """
        name = f"{self.delivery_id}.{self.attempt}.keys"
        if not _NAME.fullmatch(name):
            raise ValueError("a delivery id holds letters, digits and dashes only")
        return name


class NewStore:
    """A file that is being filled. Locked until closed, so that ``sweep`` leaves it alone."""

    def __init__(self, keyring: KeyRing, delivery_id: str) -> None:
        """Takes the next free attempt of ``delivery_id``; a file that exists is never opened again for filling."""
        self._filling = _filling(keyring.store)
        fcntl.flock(self._filling, fcntl.LOCK_SH)  # a wrapping key is not retired while somebody fills a file
        try:
            self.name, self._file = _next_attempt(keyring.store, delivery_id)
        except BaseException:
            self._filling.close()
            raise
        salt = secrets.token_bytes(32)
        self._folder = keyring.store
        self.slots = 0
        try:
            number = keyring.wrapping_id
            self._stream = _cipher(_file_key(keyring, self.name.file_name, number, salt), first_slot=0).encryptor()
            durable.write_all(self._file, _HEADER.pack(_MAGIC, number, salt))
        except BaseException:
            self.discard()
            self.close()
            raise

    def add(self, count: int) -> memoryview:
        """``count`` new data keys, 32 bytes each, in the next slots."""
        keys = secrets.token_bytes(count * SLOT_BYTES)
        durable.write_all(self._file, self._stream.update(keys))
        self.slots += count
        return memoryview(keys)

    def destroy(self, slots: Iterable[int]) -> None:
        """Overwrites keys before anything was ever sealed for good by them."""
        for slot in slots:
            os.pwrite(self._file.fileno(), _GONE, _offset(slot))

    def sync(self) -> None:
        """Makes file and name durable."""
        durable.sync_file(self._file)
        durable.sync_folder(self._folder)

    def close(self) -> None:
        """Ends the locks."""
        self._file.close()
        self._filling.close()

    def discard(self) -> None:
        """Removes the file, while it is still ours."""
        (self._folder / self.name.file_name).unlink(missing_ok=True)


def _next_attempt(folder: Path, delivery_id: str) -> tuple[StoreName, BinaryIO]:
    StoreName(delivery_id, 0).file_name  # noqa: B018 - refuses an id that glob would take for a pattern
    taken = [
        int(match["attempt"]) for path in folder.glob(f"{delivery_id}.*.keys") if (match := _NAME.fullmatch(path.name))
    ]
    attempt = max(taken, default=0)
    while True:
        attempt += 1
        name = StoreName(delivery_id, attempt)
        try:
            file = durable.open_new(folder / name.file_name)
        except FileExistsError:
            continue
        if durable.try_lock(file) and (folder / name.file_name).exists():
            return name, file
        file.close()  # sweep was faster than our lock and took the empty file away


def _file_key(keyring: KeyRing, name: str, wrapping_id: int, salt: bytes) -> bytes:
    info = b"marsad key store 1 " + name.encode("ascii")
    return HKDF(SHA256(), KEY_BYTES, salt, info).derive(keyring.wrapping_key(wrapping_id))


def _cipher(key: bytes, first_slot: int) -> Cipher[CTR]:
    return Cipher(AES256(key), CTR((first_slot * _BLOCKS).to_bytes(16, "big")))


def read_keys(keyring: KeyRing, name: StoreName, slots: Iterable[int]) -> Iterator[bytes | None]:
    """The data keys in ``slots`` of one file, in the order asked for; None where destroyed.

    Raises:
        PlatformFault: the file is missing, damaged or cannot be read.
        KeyDestroyed: its wrapping key was retired.
    """
    with durable.os_faults("reading the key store"):
        file, key = _opened(keyring, keyring.store / name.file_name)
    with durable.os_faults("reading the key store"), file:
        for slot in slots:
            wrapped = os.pread(file.fileno(), SLOT_BYTES, _offset(slot))
            if len(wrapped) != SLOT_BYTES:
                raise PlatformFault("the key store is cut short")
            yield None if wrapped == _GONE else _cipher(key, slot).decryptor().update(wrapped)


def _opened(keyring: KeyRing, path: Path) -> tuple[BinaryIO, bytes]:
    """A file of the store and its key; opened anew when it was wrapped anew, and the old key retired, in between."""
    while True:
        file = path.open("rb")
        try:
            return file, _file_key(keyring, path.name, *_header(file))
        except KeyDestroyed:
            with file:
                if os.fstat(file.fileno()).st_ino == path.stat().st_ino:
                    raise
        except BaseException:
            file.close()
            raise


def destroy_keys(keyring: KeyRing, name: StoreName, slots: Iterable[int]) -> None:
    """Overwrites ``slots`` of one file, durable on return. Doing it again does nothing.

    Raises:
        PlatformFault: the file cannot be written, or is shorter than a slot says.
    """
    with durable.os_faults("destroying keys"), _held(keyring.store / name.file_name) as file:
        size = os.fstat(file.fileno()).st_size
        for slot in slots:
            if slot < 0 or _offset(slot) + SLOT_BYTES > size:  # the header must survive any reference
                raise PlatformFault("the key store has no such slot")
            os.pwrite(file.fileno(), _GONE, _offset(slot))
        durable.sync_file(file)


def _held(path: Path) -> BinaryIO:
    """The file open and locked, so that nobody wraps it anew meanwhile: the copy would keep what is destroyed."""
    while True:
        file = path.open("r+b")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_ino == path.stat().st_ino:
            return file
        file.close()


def files(folder: Path) -> list[Path]:
    """The files of a key store, in order of name."""
    return sorted(path for path in folder.glob("*.keys") if _NAME.fullmatch(path.name))


def wrapping_of(path: Path) -> int | None:
    """Number of the wrapping key of one file; None of one that was just swept or has no header."""
    try:
        with path.open("rb") as file:
            return _header(file)[0] if _begun(file) else None
    except FileNotFoundError:
        return None


def rewrap(keyring: KeyRing, path: Path) -> bool | None:
    """Wraps one file by the newest key: True if it was done, None if there is nothing to do, False while it is held.

    A reader sees the old file or the new one. Destroyed slots stay destroyed.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:  # swept
        return None
    with file:
        if not durable.try_lock(file):
            return False
        if not _begun(file):
            return None
        number, salt = _header(file)
        if number == keyring.wrapping_id:
            return None
        old = _cipher(_file_key(keyring, path.name, number, salt), first_slot=0).decryptor()
        number, salt = keyring.wrapping_id, secrets.token_bytes(32)
        new = _cipher(_file_key(keyring, path.name, number, salt), first_slot=0).encryptor()
        wrapped = file.read()[_HEADER.size :]
        durable.write_whole(
            path, _HEADER.pack(_MAGIC, number, salt) + _rewrapped(wrapped, new.update(old.update(wrapped)))
        )
        return True


def _rewrapped(before: bytes, after: bytes) -> bytes:
    """``after`` with the slots zero that are zero in ``before``."""
    result, gone = bytearray(after), before.find(_GONE)
    while gone >= 0:
        slot = -(-gone // SLOT_BYTES) * SLOT_BYTES  # zeros may begin with the last bytes of the slot before
        if before[slot : slot + SLOT_BYTES] == _GONE:
            result[slot : slot + SLOT_BYTES] = _GONE
        gone = before.find(_GONE, slot + 1)
    return bytes(result)


def _filling(folder: Path) -> BinaryIO:
    return os.fdopen(os.open(folder / ".filling", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")


@contextmanager
def nobody_filling(folder: Path) -> Iterator[bool]:
    """Whether nobody fills a file of the store; if so, whoever wants to begin waits until the block's end."""
    with _filling(folder) as lock:
        yield durable.try_lock(lock)


def _begun(file: BinaryIO) -> bool:
    """False of a file whose filler died before the header, or has not come so far."""
    return os.fstat(file.fileno()).st_size >= _HEADER.size


def _header(file: BinaryIO) -> tuple[int, bytes]:
    raw = os.pread(file.fileno(), _HEADER.size, 0)
    if len(raw) != _HEADER.size or not raw.startswith(_MAGIC):
        raise PlatformFault("a file of the key store is damaged")
    _, wrapping_id, salt = _HEADER.unpack(raw)
    return wrapping_id, salt


def _offset(slot: int) -> int:
    return _HEADER.size + slot * SLOT_BYTES


def sweep(keyring: KeyRing, is_known: Callable[[StoreName], bool], before: datetime) -> int:
    """Removes files that no committed row refers to (a loader was killed before its commit); gives how many.

    ``is_known`` asks the database. It is asked only about files that nobody is filling, after that is certain, so a
    load that commits meanwhile is seen. Files changed after ``before`` stay: PostgreSQL may still be committing for a
    loader that died a moment ago, so give it an hour.
    """
    removed = 0
    with durable.os_faults("sweeping the key store"):
        for path in keyring.store.glob("*.keys"):
            if (match := _NAME.fullmatch(path.name)) and _sweep_one(path, match, is_known, before):
                removed += 1
        durable.sync_folder(keyring.store)
    return removed


def _sweep_one(path: Path, match: re.Match[str], is_known: Callable[[StoreName], bool], before: datetime) -> bool:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        if os.fstat(file.fileno()).st_mtime >= before.timestamp() or not durable.try_lock(file):
            return False
        if is_known(StoreName(match["delivery"], int(match["attempt"]))):
            return False
        path.unlink(missing_ok=True)
        return True
