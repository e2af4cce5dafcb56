"""Copies of the folder of keys: made once, kept in step with each backup, rotation and erasure.

One copy serves every backup of the database, however old: keys are only added or destroyed. What was destroyed here
must be destroyed there, so the platform remembers where its copies lie.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from marsad import durable
from marsad.errors import PlatformFault
from marsad.identity.keys import KeyRing

_KNOWN = "known.json"  # in a folder of the keys: where copies lie
_OURS = ".marsad-keys"  # in a copy: nothing else is ever overwritten or removed
_DOING = "copying the keys"


def add(keyring: KeyRing, folder: Path) -> None:
    """Makes ``folder`` a copy of the keys, or brings it in step, and remembers it.

    Raises:
        PassingFault, PlatformFault: it cannot be written, or holds something else.
    """
    check(keyring, folder)
    with durable.os_faults(_DOING):
        durable.private_folder(folder)
        durable.write_whole(folder / _OURS, b"")
        known = {*known_copies(keyring), str(folder.resolve())}
        durable.write_whole(durable.private_folder(keyring.copies) / _KNOWN, json.dumps(sorted(known)).encode())
        _copy(keyring.folder, folder)


def check(keyring: KeyRing, folder: Path) -> None:
    """Raises PlatformFault if ``folder`` holds something else than a copy of these keys, or what was lost here."""
    with durable.os_faults(_DOING):
        if (folder / _OURS).exists():
            if _of_others(keyring, folder):
                raise PlatformFault(f"{folder} is a copy of other keys than this home's: see docs/runbooks/backup.md")
            _refuse_if_lost(keyring.folder, folder)
        elif folder.exists() and any(folder.iterdir()):
            raise PlatformFault(f"{folder} holds something else than a copy of the keys: choose an empty folder")


def _of_others(keyring: KeyRing, copy: Path) -> bool:
    """Signatures' public key is made once: who has another belongs to another home."""
    theirs, own = (keys / "public" / "signing.key" for keys in (copy, keyring.folder))
    return theirs.exists() and theirs.read_bytes() != own.read_bytes()


def renew(keyring: KeyRing) -> Sequence[str]:
    """Brings every known copy in step; returns those that are not there now: to be renewed later, or destroyed.

    Raises:
        PassingFault, PlatformFault: a copy that is there cannot be written.
    """
    known = known_copies(keyring)
    with durable.os_faults(_DOING):
        away = [one for one in known if not (Path(one) / _OURS).exists() or _of_others(keyring, Path(one))]
        for place in known:
            if place not in away:
                _copy(keyring.folder, Path(place))
    return away


def bring_back(copy: Path, folder: Path) -> None:
    """Fills an empty ``folder`` of keys from a copy. Killed, it is run again: the private keys come last.

    Raises:
        PlatformFault: ``copy`` is none.
    """
    if not (copy / _OURS).exists() or not (copy / "private").is_dir():
        raise PlatformFault(f"{copy} is no copy of the keys")
    with durable.os_faults(_DOING):
        draft = folder.with_name(f".{folder.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        durable.private_folder(draft)
        _copy(copy, draft)
        folder.rmdir() if folder.exists() else None
        draft.rename(folder)
        durable.sync_folder(folder.parent)


def known_copies(keyring: KeyRing) -> list[str]:
    """Where copies of the keys lie."""
    path = keyring.copies / _KNOWN
    return list(json.loads(path.read_bytes())) if path.exists() else []


def _refuse_if_lost(source: Path, target: Path) -> None:
    """Files of the key store stay when what they hold is destroyed: where none is left, somebody lost them."""
    here, there = (any((keys / "store").glob("*.keys")) for keys in (source, target))
    if there and not here:
        raise PlatformFault(f"the key store in {source} was lost, its copy in {target} not: see docs/runbooks/keys.md")


def _copy(source: Path, target: Path) -> None:
    """What is new or changed is written whole, then what is gone here goes there. No rotation runs meanwhile."""
    with durable.locked(source / ".rotation.lock"):
        _refuse_if_lost(source, target)
        wanted = dict(_files(source))
        for name, path in wanted.items():
            _copy_file(path, target / name)
        for name, path in _files(target):
            if name not in wanted:
                path.unlink()


def _copy_file(path: Path, copy: Path) -> None:
    try:
        content = path.read_bytes()
        if not copy.exists() or copy.read_bytes() != content:
            durable.private_folder(copy.parent)
            durable.write_whole(copy, content)
    except FileNotFoundError:  # swept meanwhile
        return


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files by their name below ``folder``; locks, drafts and marks, whose names begin with a dot, are left out."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield str(name), path
