"""A new wrapping key: the key store's files are wrapped anew, one after the other, and the old keys destroyed.

More than one wrapping key means that a rotation is not finished: whoever runs it next goes on where it ended, after a
kill too. Sealed records and data keys stay as they are; only what wraps the data keys changes.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from marsad import durable
from marsad.identity import keystore
from marsad.identity.keys import KEY_BYTES, KeyRing, wrapping_name

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rotation:
    """What one run did. ``waiting`` files are in use (intake, erasure, sweep): run it again later.

    Old keys are kept so long. ``number`` is that of the newest key, ``retired`` are the numbers of the
    keys that were destroyed.
    """

    number: int
    rewrapped: int
    waiting: int
    retired: tuple[int, ...]

    @property
    def finished(self) -> bool:
        """Whether everything is wrapped by the newest key and no other is left."""
        return not self.waiting


def usage(keyring: KeyRing) -> dict[int, int]:
    """Number of every wrapping key that is there or that files name, with how many files of the store it wraps."""
    with durable.os_faults("reading the key store"):
        numbers = (keystore.wrapping_of(path) for path in keystore.files(keyring.store))
        used = Counter(number for number in numbers if number is not None)
    return {number: used[number] for number in sorted({*keyring.wrapping_ids, *used})}


def rotate(keyring: KeyRing, progress: Progress = lambda _text: None) -> Rotation:
    """Starts a rotation or goes on with one; may run while files are taken in, and be killed at any moment.

    Raises:
        PassingFault, PlatformFault: keys cannot be read or written; what is sealed stays readable.
    """
    with durable.os_faults("rotating the wrapping key"), durable.locked(keyring.folder / ".rotation.lock"):
        if len(keyring.wrapping_ids) == 1:
            number = keyring.wrapping_id + 1
            progress(f"making wrapping key {number}")
            durable.write_whole(_path(keyring, number), secrets.token_bytes(KEY_BYTES).hex().encode("ascii"))
        progress(f"wrapping the key store by key {keyring.wrapping_id}")
        done, waiting = _rewrap_all(keyring)
        retired: tuple[int, ...] = ()
        with keystore.nobody_filling(keyring.store) as alone:
            if alone:  # whoever begins to fill a file from now on waits, and takes the newest key
                more, waiting = _rewrap_all(keyring)
                done += more
                retired = () if waiting else _retire(keyring)  # an erasure or a sweep may hold a file still
        return Rotation(keyring.wrapping_id, done, waiting if alone else max(waiting, 1), retired)


def _rewrap_all(keyring: KeyRing) -> tuple[int, int]:
    """How many files were wrapped anew, and how many could not be because somebody holds them."""
    done = waiting = 0
    for path in keystore.files(keyring.store):
        outcome = keystore.rewrap(keyring, path)
        done += outcome is True
        waiting += outcome is False
    return done, waiting


def _retire(keyring: KeyRing) -> tuple[int, ...]:
    old = tuple(number for number in keyring.wrapping_ids if number != keyring.wrapping_id)
    for number in old:
        _path(keyring, number).unlink()
    durable.sync_folder(_path(keyring, 0).parent)
    return old


def _path(keyring: KeyRing, number: int) -> Path:
    return keyring.private_folder / wrapping_name(number)
