"""The inbox: ``inbox/<provider>/<agency>/<name>/<file>``, clear files for seconds; ready is what nobody writes."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from marsad import durable
from marsad.errors import UsageFault

UNFINISHED = ".part"
QUIET_SECONDS = 2.0


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
    if any(not part or part.startswith(".") or "/" in part or "\0" in part for part in parts) or len(parts) != 3:
        raise UsageFault(f"'{provider}' or '{feed}' is no name of a provider or feed")
    return inbox.joinpath(*parts)


def drop(file: Path, inbox: Path, provider: str, feed: str) -> Path:
    """Puts a copy of ``file`` in the inbox, which shows it only whole.

    A name that is taken gets a number before its suffix, so that no waiting file is overwritten.

    Raises:
        UsageFault: there is no such file, or it is no regular file.
    """
    if not file.is_file():
        raise UsageFault(f"{file} is not a file")
    target = folder(inbox, provider, feed)
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    with durable.os_faults("writing to the inbox"):
        draft = target / f".{os.getpid()}-{file.name}{UNFINISHED}"
        shutil.copyfile(file, draft)
        for name in _names(file):
            try:
                os.link(draft, target / name)
            except FileExistsError:
                continue
            draft.unlink()
            return target / name
    raise AssertionError("names never end")


def _names(file: Path) -> Iterator[str]:
    yield file.name
    number = 2
    while True:
        yield f"{file.stem}_{number}{file.suffix}"
        number += 1


def waiting(inbox: Path, feed: str, now: float, quiet: float = QUIET_SECONDS) -> list[Waiting]:
    """Files of ``feed`` that nobody has touched for ``quiet`` seconds before ``now`` (epoch), oldest first.

    Not ready: names that start with a dot or end in ``.part``, and anything that is no regular file.
    """
    agency, _, name = feed.partition("/")
    found = []
    for path in inbox.glob(f"*/{agency}/{name}/*"):
        touched = _touched(path)
        if touched is not None and now - touched / 1e9 >= quiet:
            found.append((touched, Waiting(path, feed, path.parents[2].name)))
    return [entry for _, entry in sorted(found, key=lambda pair: (pair[0], pair[1].path.name))]


def _touched(path: Path) -> int | None:
    """When a whole regular file was last written (ns); None for anything else, also if another process just took it."""
    if path.name.startswith(".") or path.name.endswith(UNFINISHED):
        return None
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns if stat.S_ISREG(status.st_mode) else None
