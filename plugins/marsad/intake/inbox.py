"""The inbox: ``inbox/<provider>/<agency>/<name>/<file>``, clear files for seconds; ready is what nobody writes.

A file is taken by moving it into a folder ``.taken-…`` beside it, so that a sender who puts another under the same
name meanwhile loses nothing. What a killed receiver had taken is found there by the next.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from marsad import durable
from marsad.errors import UsageFault

UNFINISHED = ".part"
QUIET_SECONDS = 2.0
_DRAFT, _TAKEN = ".drop-", ".taken-"
_DRAFT_SECONDS = 24 * 3600  # nobody copies one file for longer
_TAKING = "taking a file from the inbox"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file in the inbox with where it is for."""

    path: Path
    feed: str
    provider: str


def folder(inbox: Path, provider: str, feed: str) -> Path:
    """Where ``provider`` drops files of ``feed``.

    Raises:
        UsageFault: a name that would leave the inbox.
    """
    parts = (provider, *feed.split("/"))
    if len(parts) != 3 or not all(map(is_name, parts)):
        raise UsageFault(f"'{provider}' or '{feed}' is no name of a provider or feed")
    return inbox.joinpath(*parts)


def providers(inbox: Path) -> set[str]:
    """Who was given a folder here: whoever dropped something before."""
    return {path.name for path in inbox.glob("[!.]*") if path.is_dir()}


def is_name(part: str) -> bool:
    """False for what would leave the inbox, hide in it, or be no text (``isprintable`` finds NUL, lone bytes)."""
    return part.isprintable() and part.strip() == part != "" and not part.startswith(".") and "/" not in part


def drop(file: Path, inbox: Path, provider: str, feed: str) -> Path:
    """Puts a copy of ``file`` in the inbox, which shows it only whole; on the disk when this returns.

    A name that is taken gets a number before its suffix, so that no waiting file is overwritten.

    Raises:
        UsageFault: there is no such file, or it is no regular file.
    """
    if not file.is_file():
        raise UsageFault(f"{file} is not a file")
    with durable.os_faults("writing to the inbox"):
        draft = draft_path(inbox, provider, feed)
        try:
            shutil.copyfile(file, draft)
            with draft.open("rb") as whole:
                durable.sync_file(whole)
            return publish(draft, file.name)
        finally:
            draft.unlink(missing_ok=True)


def draft_path(inbox: Path, provider: str, feed: str) -> Path:
    """Where a file for the inbox may be written before it is whole; one that is left there is swept away.

    Raises:
        UsageFault: a name that would leave the inbox.
    """
    return durable.private_folder(folder(inbox, provider, feed)) / f"{_DRAFT}{secrets.token_hex(8)}{UNFINISHED}"


def publish(draft: Path, name: str) -> Path:
    """Shows a whole draft in its inbox as ``name``, with a number where that is taken; returns its place.

    The name is on the disk when this returns; that the draft is, is for who wrote it.
    """
    shown = _link(draft, draft.parent, Path(name))
    draft.unlink(missing_ok=True)
    durable.sync_folder(draft.parent)
    return shown


def _link(draft: Path, target: Path, file: Path) -> Path:
    name, number = file.name, 1
    while True:
        try:
            os.link(draft, target / name)
        except FileExistsError:
            number += 1
            name = f"{file.stem}_{number}{file.suffix}"
        else:
            return target / name


def waiting(inbox: Path, feed: str, now: float, quiet: float = QUIET_SECONDS) -> list[Waiting]:
    """Files of ``feed`` that nobody has touched for ``quiet`` seconds before ``now`` (epoch), oldest first.

    Not ready: names that start with a dot or end in ``.part``, and anything that is no regular file. Touched is what
    the system says (ctime); the time of change that a sender's tool copies along may be years old while it writes.
    """
    found = []
    for path in inbox.glob(f"*/{feed}/*"):
        touched = _touched(path)
        if touched is not None and now - touched / 1e9 >= quiet:
            found.append((touched, path.name, Waiting(path, feed, path.parents[2].name)))
    return [entry for *_, entry in sorted(found, key=lambda known: known[:2])]


def _touched(path: Path) -> int | None:
    """When a whole regular file last changed (ns); None for anything else, also if another process just took it."""
    if path.name.startswith(".") or path.name.endswith(UNFINISHED):
        return None
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_ctime_ns if stat.S_ISREG(status.st_mode) else None


def left(inbox: Path, feed: str) -> list[Waiting]:
    """Files of ``feed`` that a receiver took and did not finish, because it was killed or failed."""
    found = [path for path in sorted(inbox.glob(f"*/{feed}/{_TAKEN}*/*")) if not path.parent.is_symlink()]
    return [Waiting(path, feed, path.parents[3].name) for path in found if path.is_file() and not path.is_symlink()]


@contextmanager
def taken(file: Waiting) -> Iterator[Path | None]:
    """Holds a waiting or left file, under its own name but where no sender reaches it; it is gone afterwards.

    When the block fails the file stays, for ``left`` to find. None when somebody else has it.

    Raises:
        PassingFault, PlatformFault: it cannot be read, moved or removed; one that cannot be read stays where it is.
    """
    with durable.os_faults(_TAKING):
        held = _take(file.path)
    if held is None:
        yield None
        return
    path, lock = held
    with lock:
        yield path
        with durable.os_faults(_TAKING):
            path.unlink()
            path.parent.rmdir()


def _take(path: Path) -> tuple[Path, BinaryIO] | None:
    try:
        path.open("rb").close()  # fails for one that may not be read, while its sender still sees it
        apart = path if path.parent.name.startswith(_TAKEN) else _apart(path)
        lock = apart.open("rb")
    except FileNotFoundError:
        return None
    if durable.try_lock(lock) and apart.exists():  # the lock may come when who had it has just removed the file
        return apart, lock
    lock.close()
    return None


def _apart(path: Path) -> Path:
    folder = path.with_name(f"{_TAKEN}{secrets.token_hex(8)}")
    folder.mkdir(mode=0o700)
    return path.replace(folder / path.name)


def sweep(inbox: Path, feed: str, now: float) -> None:
    """Removes what killed processes left in the inboxes of ``feed``: clear drafts of ``drop``, empty folders.

    Raises:
        PassingFault, PlatformFault: the disk.
    """
    for taken_folder in inbox.glob(f"*/{feed}/{_TAKEN}*"):
        with suppress(OSError):  # one that holds a file is not empty
            taken_folder.rmdir()
    with durable.os_faults("sweeping the inbox"):
        for draft in inbox.glob(f"*/{feed}/{_DRAFT}*{UNFINISHED}"):
            if now - draft.lstat().st_ctime > _DRAFT_SECONDS:
                draft.unlink(missing_ok=True)


def text_name(name: str) -> str:
    """A file's name as valid text: bytes that are no UTF-8 become U+FFFD, so that ledger and receipt can hold it."""
    return os.fsencode(name).decode("utf-8", "replace")
