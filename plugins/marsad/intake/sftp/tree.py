"""What a signed-in provider sees: a tree that exists only as names, so that no path of a client reaches the disk.

``/inbox/<agency>/<feed>/`` takes files and shows none; ``/outbox/`` shows receipts and reports, and takes none.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from asyncssh import SFTPAttrs, SFTPInvalidFilename, SFTPName, SFTPNoSuchFile

from marsad.contracts.model import Contract
from marsad.intake.inbox import is_name

INBOX, OUTBOX = "inbox", "outbox"
SHOWN = (".json", ".html")  # annotated workbooks hold clear values: they are fetched from the portal
_NAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A file's place in the tree: a feed's inbox, or the outbox (``feed`` None)."""

    feed: str | None
    name: str


def feeds_of(provider: str, contracts: Iterable[Contract], granted: Collection[str]) -> tuple[str, ...]:
    """The feeds that a provider may send, by the portal's rule: ``granted`` are those that name no sender."""
    return tuple(sorted(contract.feed for contract in contracts if contract.takes_from(provider, granted)))


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree of one provider; ``reports`` is where its receipts and reports lie."""

    feeds: tuple[str, ...]
    reports: Path

    def folder(self, path: bytes) -> list[str] | None:
        """Names of the folders in a folder; None if ``path`` is no folder."""
        parts = _parts(path)
        if not parts:
            return [INBOX, OUTBOX]
        if parts == [OUTBOX]:
            return []
        return self._inbox(parts[1:]) if parts[0] == INBOX else None

    def _inbox(self, below: list[str]) -> list[str] | None:
        inside = [parts for feed in self.feeds if (parts := feed.split("/"))[: len(below)] == below]
        if not inside:
            return None if below else []
        return sorted({parts[len(below)] for parts in inside if len(parts) > len(below)})

    def place(self, path: bytes) -> Place:
        """Where a file's path leads.

        Raises:
            SFTPNoSuchFile: there is no such folder for this provider.
            SFTPInvalidFilename: no name that a file may have here.
        """
        *folders, name = _parts(path) or [""]
        feed = "/".join(folders[1:])
        if folders[:1] == [INBOX] and feed in self.feeds:
            if not is_name(name) or len(os.fsencode(name)) > _NAME_BYTES:
                raise SFTPInvalidFilename("this name cannot be taken")
            return Place(feed, name)
        if folders == [OUTBOX]:
            return Place(None, name)
        raise SFTPNoSuchFile("no such file")

    def outgoing(self) -> Iterator[tuple[str, os.stat_result]]:
        """Names and states of the files in the outbox."""
        if self.reports.is_dir():
            for path in sorted(self.reports.iterdir()):
                if _is_shown(path.name) and stat.S_ISREG((status := path.lstat()).st_mode):
                    yield path.name, status

    def open_outgoing(self, name: str) -> BinaryIO:
        """A file of the outbox, open for reading.

        Raises:
            SFTPNoSuchFile: there is none of that name.
        """
        if not _is_shown(name):
            raise SFTPNoSuchFile("no such file")
        try:
            descriptor = os.open(self.reports / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            raise SFTPNoSuchFile("no such file") from None
        file = os.fdopen(descriptor, "rb")
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return file
        file.close()
        raise SFTPNoSuchFile("no such file")


def _is_shown(name: str) -> bool:
    return is_name(name) and name.endswith(SHOWN)


def clean(path: bytes) -> bytes:
    """``path`` from the root, without ``.`` and ``..``; whatever leads above the root stays at the root."""
    return posixpath.normpath(posixpath.join(b"/", path)).replace(b"//", b"/")


def _parts(path: bytes) -> list[str]:
    try:
        return [part for part in clean(path).decode("utf-8").split("/") if part]
    except UnicodeDecodeError:
        raise SFTPInvalidFilename("names are UTF-8") from None


def folder_attrs(writable: bool) -> SFTPAttrs:
    """What a folder looks like to a client."""
    return SFTPAttrs(permissions=stat.S_IFDIR | (0o300 if writable else 0o500), size=0)


def file_attrs(size: int, moment: float, mode: int = 0o400) -> SFTPAttrs:
    """What a file looks like to a client: no owner, no group."""
    return SFTPAttrs(permissions=stat.S_IFREG | mode, size=size, atime=int(moment), mtime=int(moment))


def named(name: str, attrs: SFTPAttrs) -> SFTPName:
    """An entry of a listing."""
    return SFTPName(name.encode("utf-8"), attrs=attrs)
