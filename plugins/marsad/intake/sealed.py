"""Files that their sender encrypted with age to the platform's key for senders; all others pass as they are."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from marsad import durable
from marsad.errors import ProviderFault
from marsad.identity.keys import KeyRing
from marsad.intake import landing
from marsad.intake.reading import limits
from marsad.intake.reading.formats import AGE, AGE_ARMOUR

_HEADER = 16 << 10
"""Bytes, enough for a hundred recipients. The library reads a header anew for each of its lines: none may run on."""

_OPENING = "opening a file that its sender encrypted"


@contextmanager
def opened(path: Path, keyring: KeyRing, tmp_dir: Path) -> Iterator[Path]:
    """The clear content of the file at ``path`` until the ``with`` ends, kept as ``landing.open_landed`` keeps it.

    A file that nobody encrypted is given as it is, and no key is read.

    Raises:
        ProviderFault: it is encrypted for somebody else, or damaged (``file.age``); it is too large.
        PassingFault, PlatformFault: the disk, or the key is missing.
    """
    with durable.os_faults(_OPENING), path.open("rb") as file:
        head, size = file.read(2 * _HEADER), path.stat().st_size
    if not head.startswith((AGE, AGE_ARMOUR)):
        yield path
        return
    if size > limits.MAX_UNZIPPED_BYTES:
        raise ProviderFault("file.too_large", limit=limits.MAX_UNZIPPED_BYTES >> 20)
    identity = keyring.senders_identity if _has_end(head) else None
    with landing.clear_file(size, durable.private_folder(tmp_dir)) as (place, file):
        with durable.os_faults(_OPENING), path.open("rb") as source:
            if identity is None or landing.decrypt(source, file, identity, _OPENING) is None:
                raise ProviderFault("file.age")
            file.seek(0)
        yield place


@contextmanager
def opened_if_possible(path: Path, keyring: KeyRing, tmp_dir: Path) -> Iterator[Path]:
    """As ``opened``, but what cannot be opened is given as it is: for reports, which say so themselves."""
    with ExitStack() as held:
        with suppress(ProviderFault):
            path = held.enter_context(opened(path, keyring, tmp_dir))
        yield path


def _has_end(head: bytes) -> bool:
    """Whether the header, which ends with a line ``--- …``, ends soon enough."""
    if head.startswith(AGE_ARMOUR):
        text = b"".join(head.splitlines()[1:-1])
        try:
            head = base64.b64decode(text[: len(text) - len(text) % 4])
        except binascii.Error:
            return False
    return b"\n--- " in head[:_HEADER]
