"""The platform's keys: made once, never overwritten, private ones apart from public ones and read only when used.

``keys/public`` is all that a process needs which only takes files in; ``keys/private`` opens what was taken in, and is
mounted only where identities may be read (docs/adr/0005-vault-and-keys.md).
"""

from __future__ import annotations

import re
import resource
import secrets
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pyrage import IdentityError, RecipientError, x25519

from marsad import durable
from marsad.errors import PlatformFault, PolicyRefusal

KEY_BYTES = 32
_PUBLIC, _PRIVATE = "public", "private"
_STORE, _WRAPPED = "store", "landing"
_LANDING, _SIGNING, _SENDERS = "landing.key", "signing.key", "senders.key"
_HASHING = ("pseudonym", "fingerprint", "token")
RESTORE = "restore the folder of keys from its backup (docs/runbooks/keys.md)"
_WRAPPING = re.compile(r"wrapping-(\d{4})\.key")
_TOKEN = re.compile(r"token(?:-(\d{4}))?\.key")


class KeyDestroyed(PolicyRefusal):
    """The key was destroyed by policy: what it opened is gone for good."""


@dataclass(frozen=True, slots=True)
class HashKey:
    """A secret for keyed hashes and the id that marks its results, so that they stay told apart after a rotation."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"HashKey({self.id})"


class SigningKey:
    """Signs receipts and audit heads (Ed25519)."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of ``data``."""
        return self._key.sign(data)

    def public_bytes(self) -> bytes:
        """The raw 32-byte public key."""
        return self._key.public_key().public_bytes_raw()


class VerifyKey:
    """Checks signatures of receipts and audit heads."""

    def __init__(self, public: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(public)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """True when ``signature`` was made over ``data`` by the platform's signing key."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class PublicKeys:
    """What may be known everywhere: to whom files are encrypted, and who signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def open(cls, folder: Path) -> PublicKeys:
        """The public keys under ``folder`` (``keys`` of ``MARSAD_HOME``).

        Raises:
            PlatformFault: there are none.
        """
        if not (folder / _PUBLIC / _LANDING).exists():
            raise PlatformFault(f"no keys in {folder}: they are made when the platform first starts")
        return cls(folder)

    @property
    def landing_folder(self) -> Path:
        """Where the keys of landed files lie, each encrypted to ``recipient``."""
        return self.folder / _WRAPPED

    @cached_property
    def recipient(self) -> x25519.Recipient:
        """To whom the keys of landed files are encrypted."""
        return self._recipient(_LANDING)

    @cached_property
    def senders_recipient(self) -> x25519.Recipient:
        """To whom senders may encrypt their files: a key of its own, so that nobody has a landed file's key opened."""
        return self._recipient(_SENDERS)

    @cached_property
    def verifier(self) -> VerifyKey:
        """Checks the platform's signatures."""
        return VerifyKey(_raw(self.folder / _PUBLIC / _SIGNING))

    def _recipient(self, name: str) -> x25519.Recipient:
        try:
            return x25519.Recipient.from_str(_read(self.folder / _PUBLIC / name).decode("ascii").strip())
        except (RecipientError, UnicodeDecodeError):
            raise PlatformFault(f"the public {_said(name)} is damaged") from None


class KeyRing:
    """All keys. Nothing private is read before its first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.public = PublicKeys(folder)

    @classmethod
    def create(cls, folder: Path) -> KeyRing:
        """The keys under ``folder``, made if there are none; what is there is never replaced.

        Private keys appear all at once (one rename) and public ones follow from them, so a crash leaves no half set.

        Raises:
            PassingFault, PlatformFault: the folder cannot be written.
            PlatformFault: keys were lost, or the public ones belong to other private ones. A new set would open nothing
                of what is there.
        """
        with durable.os_faults("making keys"):
            durable.private_folder(folder)
            with durable.locked(folder / ".lock"):
                if not (folder / _PRIVATE).exists():
                    _refuse_if_used(folder)
                    _make_private(folder)
                elif not any(
                    (folder / kind / _SENDERS).exists() for kind in (_PRIVATE, _PUBLIC)
                ):  # older than this key
                    _write_identity(folder / _PRIVATE / _SENDERS)
                ring = cls(folder)
                ring._publish()
        return ring

    @classmethod
    def open(cls, folder: Path) -> KeyRing:
        """The keys under ``folder``, without reading one.

        Works where only public ones are mounted; the first use of a private one says that it is missing, or that
        others than its owner may read it (PlatformFault).

        Raises:
            PlatformFault: there are no keys at all.
        """
        PublicKeys.open(folder)
        return cls(folder)

    @cached_property
    def private_folder(self) -> Path:
        """Where private keys lie; PlatformFault if they are not there, or others than their owner may read them.

        Who asks may open identities from now on: what is in its memory must not be written to a disk when it crashes.
        """
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        folder = self.folder / _PRIVATE
        if not folder.exists():
            raise PlatformFault(f"no private keys in {self.folder}: they were lost, or this process may not have them")
        if folder.stat().st_mode & 0o077:
            raise PlatformFault(f"others may read {folder}: run chmod -R go= {folder}")
        return folder

    @property
    def store(self) -> Path:
        """Where the data keys of sealed records lie, wrapped."""
        return self.folder / _STORE

    @property
    def erased(self) -> Path:
        """Where it is written down what was erased: records and key references, no identity."""
        return self.folder / "erased"

    @property
    def held(self) -> Path:
        """Where legal holds are written down, so that no database from before is without them."""
        return self.folder / "held"

    @property
    def copies(self) -> Path:
        """Where it is written down which copies of the keys there are; like all here a folder, to be mounted."""
        return self.folder / "copies"

    @cached_property
    def landing_identity(self) -> x25519.Identity:
        """Opens the keys of landed files."""
        return self._identity(_LANDING)

    @cached_property
    def senders_identity(self) -> x25519.Identity:
        """Opens files that senders encrypted."""
        return self._identity(_SENDERS)

    @property
    def signs(self) -> bool:
        """Whether the signing key is mounted here."""
        return (self.folder / _PRIVATE / _SIGNING).exists()

    @cached_property
    def signer(self) -> SigningKey:
        """Signs receipts and audit heads."""
        return SigningKey(self._raw(_SIGNING))

    @cached_property
    def pseudonym_key(self) -> HashKey:
        """For pseudonyms of identity-class record keys."""
        return self._hash_key("pseudonym")

    @cached_property
    def fingerprint_key(self) -> HashKey:
        """For fingerprints of rows that hold identities."""
        return self._hash_key("fingerprint")

    def token_key(self, number: int = 1) -> HashKey:
        """For blocking and search tokens; the database says by which number they are made.

        Raises:
            PlatformFault: that key is not there.
        """
        return HashKey(f"t{number}", self._raw(token_name(number)))

    @property
    def token_ids(self) -> tuple[int, ...]:
        """Numbers of the keys of tokens; more than one while a rotation is not finished. Looked up each time."""
        names = (_TOKEN.fullmatch(path.name) for path in self.private_folder.iterdir())
        return tuple(sorted(int(name[1] or 1) for name in names if name))

    @property
    def wrapping_ids(self) -> tuple[int, ...]:
        """Numbers of the wrapping keys; more than one while a rotation is not finished. Looked up each time."""
        names = (_WRAPPING.fullmatch(path.name) for path in self.private_folder.iterdir())
        numbers = sorted(int(name[1]) for name in names if name)
        if not numbers:
            raise PlatformFault("the wrapping keys are missing")
        return tuple(numbers)

    @property
    def wrapping_id(self) -> int:
        """Number of the wrapping key for what is sealed from now on: the newest."""
        return self.wrapping_ids[-1]

    def wrapping_key(self, number: int) -> bytes:
        """The key that wraps data keys in stores marked with ``number``.

        Raises:
            KeyDestroyed: it was retired, and with it all it had wrapped.
        """
        path = self.private_folder / wrapping_name(number)
        if not path.exists():
            raise KeyDestroyed(f"wrapping key {number} is gone")
        return _raw(path)

    def _hash_key(self, purpose: str) -> HashKey:
        return HashKey(f"{purpose[0]}1", self._raw(f"{purpose}.key"))

    def _identity(self, name: str) -> x25519.Identity:
        try:
            return x25519.Identity.from_str(_read(self.private_folder / name).decode("ascii").strip())
        except (IdentityError, UnicodeDecodeError):
            raise PlatformFault(f"the private {_said(name)} is damaged") from None

    def _raw(self, name: str) -> bytes:
        return _raw(self.private_folder / name)

    def _publish(self) -> None:
        """Writes what follows from the private keys, and the folders that hold wrapped keys."""
        known = self.store, self.erased, self.held, self.copies, self.public.landing_folder, self.folder / _PUBLIC
        for folder in known:
            durable.private_folder(folder)
        identities = {_LANDING: self.landing_identity, _SENDERS: self.senders_identity}
        recipients = {name: str(own.to_public()) + "\n" for name, own in identities.items()}
        for name, text in (recipients | {_SIGNING: self.signer.public_bytes().hex()}).items():
            content = text.encode("ascii")
            path = self.folder / _PUBLIC / name
            if not path.exists():
                durable.write_whole(path, content)
            elif _read(path).strip() != content.strip():
                raise PlatformFault(f"the key {_PUBLIC}/{name} does not belong to the private keys: {RESTORE}")


def _refuse_if_used(folder: Path) -> None:
    """Public keys follow from private ones, and nothing is wrapped before: where they are, private ones were lost."""
    for name in (_PUBLIC, _STORE, _WRAPPED):
        if (folder / name).exists() and any((folder / name).iterdir()):
            raise PlatformFault(f"the private keys of {folder} were lost: {RESTORE}")


def _make_private(folder: Path) -> None:
    for left in folder.glob(".private-*"):  # of a crash before the rename: never used
        shutil.rmtree(left)
    draft = durable.private_folder(folder / f".private-{secrets.token_hex(8)}")
    raw = [_SIGNING, wrapping_name(1), *(f"{purpose}.key" for purpose in _HASHING)]
    for name in raw:
        durable.write_whole(draft / name, secrets.token_bytes(KEY_BYTES).hex().encode("ascii"))
    for name in (_LANDING, _SENDERS):
        _write_identity(draft / name)
    draft.rename(folder / _PRIVATE)
    durable.sync_folder(folder)


def _write_identity(path: Path) -> None:
    durable.write_whole(path, str(x25519.Identity.generate()).encode("ascii"))


def _said(name: str) -> str:
    """``landing key`` for ``landing.key``."""
    return name.replace(".", " ")


def wrapping_name(number: int) -> str:
    """Name of the file of a wrapping key."""
    return f"wrapping-{number:04d}.key"


def token_name(number: int) -> str:
    """Name of the file of a key of tokens; the first has no number."""
    return f"token-{number:04d}.key" if number > 1 else "token.key"


def _read(path: Path) -> bytes:
    with durable.os_faults(f"reading the key {path.parent.name}/{path.name}"):
        return path.read_bytes()


def _raw(path: Path) -> bytes:
    try:
        key = bytes.fromhex(_read(path).decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise PlatformFault(f"the key {path.parent.name}/{path.name} is damaged")
    return key
