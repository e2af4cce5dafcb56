"""Landing: what arrived, encrypted before it touches the disk, found by its hash, never changed.

Each content is encrypted (age, X25519) to a key of its own. That key's secret is itself encrypted to the platform's
public key and lies in ``keys/landing``, so whoever takes files in cannot read them, and destroying one small file makes
a landed one unreadable. Annotated workbooks are kept the same way in a folder of their own.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import pyrage
from pyrage import x25519

from marsad import durable
from marsad.errors import PlatformFault
from marsad.identity.keys import KeyDestroyed, KeyRing, PublicKeys

MEMORY_LIMIT = 256 * 1024 * 1024  # bytes; larger files are opened on disk, without a name
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DAMAGED = ".damaged"
_RECEIVING = "receiving a file"
_OPENING = "opening a landed file"


@dataclass(frozen=True, slots=True)
class Landed:
    """A content in landing: SHA-256 (hex) and size (bytes) of the clear bytes."""

    sha256: str
    size: int


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Clear:
    """Hashes clear bytes on their way; ciphertext is only handed on, because hashing costs as much as encrypting."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Takes in the next bytes."""
        self._hash.update(chunk)
        self.size += len(chunk)

    @property
    def sha256(self) -> str:
        """Of all bytes so far, in hex."""
        return self._hash.hexdigest()


class _Reading:
    """Reads on behalf of pyrage, and keeps a failure that pyrage would turn into text."""

    def __init__(self, source: _Readable, clear: _Clear | None = None) -> None:
        self._source = source
        self._clear = clear
        self.failure: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            chunk = self._source.read(size)
        except OSError as error:
            self.failure = error
            raise
        if self._clear:
            self._clear.add(chunk)
        return chunk


class _Writing:
    """Writes on behalf of pyrage, and keeps a failure."""

    def __init__(self, file: BinaryIO, clear: _Clear | None = None) -> None:
        self._file = file
        self._clear = clear
        self.failure: OSError | None = None

    def write(self, chunk: bytes) -> int:
        try:
            durable.write_all(self._file, chunk)
        except OSError as error:
            self.failure = error
            raise
        if self._clear:
            self._clear.add(chunk)
        return len(chunk)

    def flush(self) -> None:
        """Nothing is held back."""


def receive(source: BinaryIO | Path, landing_dir: Path, public_keys: PublicKeys) -> Landed:
    """Takes one content in; durable on return. The same content again, or twice at once, is one landed file.

    Reads ``source`` once, in pieces, and needs public keys only. A content whose key was destroyed lands anew.

    Raises:
        PassingFault, PlatformFault: ``source`` cannot be read or landing cannot be written (disk full).
    """
    with durable.os_faults(_RECEIVING):
        if isinstance(source, Path):
            with source.open("rb") as file:
                return _receive(file, landing_dir, public_keys)
        return _receive(source, landing_dir, public_keys)


def _receive(source: BinaryIO, landing_dir: Path, public_keys: PublicKeys) -> Landed:
    identity = x25519.Identity.generate()
    with _draft(landing_dir) as (path, file):
        landed = _encrypt(source, file, identity.to_public())
        durable.sync_file(file)
        place = _place(landing_dir, landed.sha256)
        durable.private_folder(place.parent)
        durable.sync_folder(landing_dir)
        with durable.locked(place.parent / ".lock"):
            _publish(path, place, identity, public_keys)
    return landed


@contextmanager
def _draft(landing_dir: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A locked temporary file; removes those that a killed process left."""
    folder = durable.private_folder(landing_dir / ".incoming")
    with durable.locked(folder / ".lock"):
        for left in folder.glob("*.tmp"):
            _remove_if_left(left)
        path = folder / f"{secrets.token_hex(16)}.tmp"
        file = durable.open_new(path, 0o400)
        durable.try_lock(file)
    with file:
        try:
            yield path, file
        finally:
            path.unlink(missing_ok=True)


def _remove_if_left(path: Path) -> None:
    with suppress(FileNotFoundError), path.open("rb") as file:
        if durable.try_lock(file):
            path.unlink(missing_ok=True)


def _encrypt(source: BinaryIO, file: BinaryIO, recipient: x25519.Recipient) -> Landed:
    clear = _Clear()
    reader, writer = _Reading(source, clear), _Writing(file)
    try:
        pyrage.encrypt_io(reader, writer, [recipient])
    except (pyrage.EncryptError, OSError):
        raise _cause(_RECEIVING, reader.failure, writer.failure) from None
    return Landed(clear.sha256, clear.size)


def _cause(doing: str, *failures: OSError | None) -> Exception:
    """The failed system call behind an error of pyrage, which may quote file names; else a fault of ours."""
    failed = [failure for failure in failures if failure]
    return durable.os_fault(failed[0], doing) if failed else PlatformFault(f"{doing}: encryption failed")


def _publish(draft: Path, place: Path, identity: x25519.Identity, public_keys: PublicKeys) -> None:
    """Key first, then file, under the lock: a crash in between leaves a key without a file, replaced next time.

    A file whose key was destroyed goes before there is a new key: the two would not fit, and look whole.
    """
    key = _key_path(public_keys.landing_folder, place.stem)
    if place.exists() and key.exists():
        return
    place.unlink(missing_ok=True)
    durable.sync_folder(place.parent)
    wrapped = pyrage.encrypt(str(identity).encode("ascii"), [public_keys.recipient])
    durable.write_whole(key, wrapped)
    draft.replace(place)
    place.with_suffix(_DAMAGED).unlink(missing_ok=True)
    durable.sync_folder(place.parent)


@contextmanager
def open_landed(sha256: str, landing_dir: Path, keyring: KeyRing, tmp_dir: Path) -> Iterator[Path]:
    """The clear content, as a path that can be opened, read and sought in until the ``with`` ends.

    The path has no telling suffix and holds for this process and its children: it leads to memory, or for more than
    ``MEMORY_LIMIT`` bytes to a file in ``tmp_dir`` that has no name. Its hash is checked before it is handed out.

    Raises:
        KeyDestroyed: the key was destroyed by policy.
        PlatformFault: nothing of this hash is there, or it or its key is damaged, or the disk is full. A damaged file
            is set aside, so that the same file sent again takes its place.
    """
    place = _place(landing_dir, sha256)
    with ExitStack() as stack:
        with durable.os_faults(_OPENING), _opened(place, keyring) as source:
            identity = _identity(sha256, keyring)  # after the file: a key is written before what it opens
            size = os.fstat(source.fileno()).st_size
            path, file = stack.enter_context(clear_file(size, durable.private_folder(tmp_dir)))
            if decrypt(source, file, identity, _OPENING) != sha256:
                _set_aside(place, source)
                raise PlatformFault(f"the landed file {sha256} is damaged; the same file sent again takes its place")
            file.seek(0)
        yield path


def _opened(place: Path, keyring: KeyRing) -> BinaryIO:
    try:
        return place.open("rb")
    except FileNotFoundError:
        _identity(place.stem, keyring)  # says so where it was destroyed
        raise PlatformFault(f"the landed file {place.stem} is gone; the same file sent again takes its place") from None


def _set_aside(place: Path, source: BinaryIO) -> None:
    """Makes room for the same content sent again; what was damaged stays until then, should only the reading be."""
    with durable.locked(place.parent / ".lock"), suppress(FileNotFoundError):
        if place.stat().st_ino == os.fstat(source.fileno()).st_ino:
            place.replace(place.with_suffix(_DAMAGED))
            durable.sync_folder(place.parent)


def decrypt(source: BinaryIO, file: BinaryIO, identity: x25519.Identity, doing: str) -> str | None:
    """Writes what ``source`` holds in clear to ``file`` and gives its SHA-256; None if it is damaged or for others.

    Raises:
        PassingFault, PlatformFault: one of them cannot be read or written.
    """
    clear = _Clear()
    reader, writer = _Reading(source), _Writing(file, clear)
    try:
        pyrage.decrypt_io(reader, writer, [identity])
    except (pyrage.DecryptError, OSError):
        if reader.failure or writer.failure:
            raise _cause(doing, reader.failure, writer.failure) from None
        return None
    return clear.sha256


def _identity(sha256: str, keyring: KeyRing) -> x25519.Identity:
    try:
        wrapped = _key_path(keyring.public.landing_folder, sha256).read_bytes()
    except FileNotFoundError:
        raise KeyDestroyed(f"the key of the landed file {sha256} was destroyed") from None
    try:
        secret = pyrage.decrypt(wrapped, [keyring.landing_identity])
        return x25519.Identity.from_str(secret.decode("ascii"))
    except (pyrage.DecryptError, pyrage.IdentityError, OSError, UnicodeDecodeError):
        raise PlatformFault(f"the key of the landed file {sha256} is damaged") from None


@contextmanager
def clear_file(size: int, tmp_dir: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A place for ``size`` clear bytes: memory, or a file in ``tmp_dir`` without a name; its path and the open file."""
    if sys.platform != "linux":
        with tempfile.NamedTemporaryFile(dir=tmp_dir, buffering=0) as named:
            yield Path(named.name), cast(BinaryIO, named)
        return
    with os.fdopen(_nameless(size, tmp_dir), "w+b", buffering=0) as file:
        yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}"), cast(BinaryIO, file)


def _nameless(size: int, tmp_dir: Path) -> int:
    if size <= MEMORY_LIMIT:
        return os.memfd_create("landed", os.MFD_CLOEXEC)
    # Whoever is handed the descriptor may open it again, also another user; nobody else finds what has no name.
    return os.open(tmp_dir, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o644)


def is_kept(sha256: str, landing_dir: Path, public_keys: PublicKeys) -> bool:
    """Whether a content and its key are there still."""
    return _place(landing_dir, sha256).exists() and _key_path(public_keys.landing_folder, sha256).exists()


def destroy_landed(sha256: str, landing_dir: Path, public_keys: PublicKeys) -> None:
    """Destroys key and file of one content; repeatable. Deliveries of the same bytes to two feeds share them.

    Raises:
        PassingFault, PlatformFault: they cannot be removed.
    """
    place, key = _place(landing_dir, sha256), _key_path(public_keys.landing_folder, sha256)
    if not place.parent.exists():
        return
    with durable.os_faults("destroying a landed file"), durable.locked(place.parent / ".lock"):
        with suppress(FileNotFoundError), key.open("r+b") as file:
            durable.write_all(file, bytes(os.fstat(file.fileno()).st_size))
            durable.sync_file(file)
        for path in (key, place, place.with_suffix(_DAMAGED)):
            path.unlink(missing_ok=True)
            durable.sync_folder(path.parent)


def _place(landing_dir: Path, sha256: str) -> Path:
    if not _SHA256.fullmatch(sha256):
        raise PlatformFault("not a SHA-256 in hex")
    return landing_dir / sha256[:2] / f"{sha256}.age"


def _key_path(folder: Path, sha256: str) -> Path:
    return folder / f"{sha256}.age"
