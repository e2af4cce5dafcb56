"""Whose key opens which inbox: ``keys/sftp/<provider>/<fingerprint>.pub``, public keys only, and the host key.

A folder rather than a table: the server signs providers in without a database, and looks at each sign-in and each new
file, so that a key taken away stops working at once.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from marsad import durable
from marsad.errors import UsageFault
from marsad.intake.inbox import is_name

HOST_KEY = "host_ed25519"
_ALGORITHMS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
_RSA_BITS = 3072  # NIST SP 800-57 part 1, table 2: 128 bits of security
_GRANTED = "feeds"  # beside a provider's keys
_KEPT = "keeping an SFTP key"


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """One key of a provider; ``fingerprint`` is ``SHA256:…`` as ``ssh-keygen -l`` shows it."""

    provider: str
    fingerprint: str
    path: Path


def add(folder: Path, provider: str, key_file: Path, feeds: Collection[str] = ()) -> ProviderKey:
    """Lets the holder of the key in ``key_file`` (one line of OpenSSH, public) send for ``provider``.

    ``feeds`` are granted to the provider besides those whose contracts name it, for as long as it has a key.

    Raises:
        UsageFault: no such file, no public key, a weak one, or no name of a provider.
    """
    if not is_name(provider):
        raise UsageFault(f"'{provider}' is no name of a provider")
    key = _sound_key(key_file)
    line = b" ".join(key.export_public_key("openssh").split()[:2]) + b"\n"  # its comment may be a person's name
    fingerprint = key.get_fingerprint()
    with durable.os_faults(_KEPT):
        path = durable.private_folder(folder / provider) / f"{_file_name(fingerprint)}.pub"
        durable.write_whole(path, line)
        if every := sorted({*granted(folder, provider), *feeds}):
            durable.write_whole(path.parent / _GRANTED, "\n".join(every).encode())
    return ProviderKey(provider, fingerprint, path)


def _sound_key(key_file: Path) -> asyncssh.SSHKey:
    try:
        text = key_file.read_bytes()
        if b"PRIVATE KEY" in text:
            raise UsageFault(f"{key_file} is a private key: its owner keeps it; add the file that ends in .pub")
        key = asyncssh.import_public_key(text)
    except OSError:
        raise UsageFault(f"{key_file} cannot be read") from None
    except asyncssh.KeyImportError:
        raise UsageFault(f"{key_file} is no public key of OpenSSH (one line, ssh-ed25519 …)") from None
    if key.get_algorithm() not in _ALGORITHMS:
        raise UsageFault(f"a key of kind {key.get_algorithm()} is not taken; make one with: ssh-keygen -t ed25519")
    if _rsa_bits(key) < _RSA_BITS:
        raise UsageFault(f"an RSA key needs {_RSA_BITS} bits; better make one with: ssh-keygen -t ed25519")
    return key


def _rsa_bits(key: asyncssh.SSHKey) -> int:
    try:
        public = load_ssh_public_key(key.export_public_key("openssh"))
    except (ValueError, UnsupportedAlgorithm):
        return 0
    return public.key_size if isinstance(public, RSAPublicKey) else _RSA_BITS


def _file_name(fingerprint: str) -> str:
    encoded = fingerprint.partition(":")[2]
    return b64decode(encoded + "=" * (-len(encoded) % 4)).hex()


def listed(folder: Path) -> Iterator[ProviderKey]:
    """All keys, by provider."""
    for path in sorted(folder.glob("*/*.pub")):
        yield ProviderKey(path.parent.name, asyncssh.read_public_key(path).get_fingerprint(), path)


def granted(folder: Path, provider: str) -> frozenset[str]:
    """The feeds granted to a provider although their contracts name no sender."""
    try:
        return frozenset((folder / provider / _GRANTED).read_text("utf-8").split())
    except FileNotFoundError:
        return frozenset()


def remove(folder: Path, provider: str, fingerprint: str) -> frozenset[str]:
    """Takes a key away; a session that it opened can send nothing more.

    What was granted goes with the provider's last key; returns the feeds that went.

    Raises:
        UsageFault: the provider has no such key.
    """
    own = {key.fingerprint: key.path for key in listed(folder) if key.provider == provider}
    if fingerprint not in own:
        raise UsageFault(f"{provider} has no key {fingerprint}; see: marsad sftp-key list")
    gone = granted(folder, provider) if len(own) == 1 else frozenset[str]()
    with durable.os_faults("removing an SFTP key"):
        if gone:  # before the key: else a crash between would leave them to the next one
            (folder / provider / _GRANTED).unlink()
        own[fingerprint].unlink(missing_ok=True)
    return gone


def holds(folder: Path, provider: str, key: asyncssh.SSHKey) -> bool:
    """Whether ``key`` is one of ``provider``'s now."""
    if not is_name(provider):
        return False
    try:
        kept = (folder / provider / f"{_file_name(key.get_fingerprint())}.pub").read_bytes()
    except OSError:
        return False
    return kept.split()[:2] == key.export_public_key("openssh").split()[:2]


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The server's own key, made once; clients pin it.

    Raises:
        PassingFault, PlatformFault: the folder cannot be read or written.
    """
    with durable.os_faults("reading the host key"):
        path = durable.private_folder(folder) / HOST_KEY
        with durable.locked(folder / ".lock"):
            if not path.exists():
                durable.write_whole(path, asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh"))
        return asyncssh.read_private_key(path)
