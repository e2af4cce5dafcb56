"""One SFTP session: uploads become whole files in the inbox, or nothing; reports are read; all else is refused.

An upload grows as a hidden draft and is shown when the client closes it. One that the client calls ``….part`` waits
under its draft until the same session renames it. Whatever is unfinished when the session ends is removed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol

from asyncssh import (
    FXF_APPEND,
    FXF_CREAT,
    FXF_READ,
    FXF_WRITE,
    SFTPAttrs,
    SFTPError,
    SFTPFailure,
    SFTPName,
    SFTPNoConnection,
    SFTPNoSuchFile,
    SFTPOpUnsupported,
    SFTPPermissionDenied,
    SFTPQuotaExceeded,
    SFTPServer,
    SSHServerChannel,
)

from marsad import durable
from marsad.errors import MarsadError
from marsad.intake import inbox
from marsad.intake.sftp.tree import Tree, clean, file_attrs, folder_attrs, named

_HELD = (inbox.UNFINISHED, ".filepart", ".tmp")  # names of files that clients rename when they are whole
_ONLY_WRITE = FXF_WRITE | FXF_CREAT


class Log(Protocol):
    """What an SFTP session tells the audit trail; raises MarsadError when the trail cannot be written."""

    def __call__(self, action: str, object: str, detail: dict[str, int]) -> None:
        """Enters one event of this session."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one provider may take of the server."""

    file_bytes: int = 512 * 1024 * 1024
    open_files: int = 16
    sessions: int = 4
    connections: int = 64  # of all providers together, signed in or not
    idle_seconds: float = 600
    sign_in_seconds: float = 30


@dataclass(frozen=True, slots=True)
class Desk:
    """What a session works with: whose it is, where files go, what limits it, what is told."""

    provider: str
    inbox: Path
    tree: Tree
    limits: Limits
    log: Log
    admitted: Callable[[], bool]  # whether the key that signed in is still the provider's
    touch: Callable[[], None]  # says that the session is not idle


@dataclass(slots=True, eq=False)
class Upload:
    """A file being written, or whole but held until it is renamed."""

    feed: str
    name: str
    draft: Path
    file: BinaryIO
    size: int = 0
    failed: bool = False  # a part of it could not be written: it is never shown


@dataclass(slots=True)
class _State:
    open: set[Upload] = field(default_factory=set)
    held: dict[bytes, Upload] = field(default_factory=dict)
    sent: dict[bytes, SFTPAttrs] = field(default_factory=dict)


class Session(SFTPServer):
    """The server side of one session. A method that is not named here ends in ``map_path``, which refuses."""

    def __init__(self, channel: SSHServerChannel[bytes], desk: Desk) -> None:
        super().__init__(channel)
        self._desk = desk
        self._state = _State()

    def map_path(self, path: bytes) -> bytes:
        """Nothing of a client's leads to the disk."""
        raise SFTPPermissionDenied("not allowed here")

    def realpath(self, path: bytes) -> bytes:
        """A path from the root."""
        return clean(path)

    # -- looking ---------------------------------------------------------------------------------------------------

    def stat(self, path: bytes) -> SFTPAttrs:
        """A folder, a report, or what this session sent itself."""
        self._desk.touch()
        if self._desk.tree.folder(path) is not None:
            return folder_attrs(writable=clean(path).startswith(b"/inbox/"))
        key = clean(path)
        if key in self._state.sent:
            return self._state.sent[key]
        if key in self._state.held:
            return file_attrs(self._state.held[key].size, time.time(), 0o200)
        return self._stat_outgoing(path)

    def _stat_outgoing(self, path: bytes) -> SFTPAttrs:
        place = self._desk.tree.place(path)
        if place.feed is None:
            with self._desk.tree.open_outgoing(place.name) as file:
                return SFTPAttrs.from_local(os.fstat(file.fileno()))
        raise SFTPNoSuchFile("no such file")

    lstat = stat

    def fstat(self, file_obj: object) -> SFTPAttrs:
        """Of an open file."""
        if isinstance(file_obj, Upload):
            return file_attrs(file_obj.size, time.time(), 0o200)
        status = os.fstat(_reading(file_obj).fileno())
        return file_attrs(status.st_size, status.st_mtime)

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """Folders, and in the outbox the reports; an inbox shows nothing."""
        self._desk.touch()
        folders = self._desk.tree.folder(path)
        if folders is None:
            raise SFTPNoSuchFile("no such folder")
        for name in (".", "..", *folders):
            yield named(name, folder_attrs(writable=clean(path).startswith(b"/inbox")))
        if clean(path) == b"/outbox":
            for name, status in await asyncio.to_thread(lambda: list(self._desk.tree.outgoing())):
                yield named(name, file_attrs(status.st_size, status.st_mtime))

    # -- reading and writing ---------------------------------------------------------------------------------------

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> object:
        """A new upload, or a report to read.

        Raises:
            SFTPPermissionDenied: reading an inbox, writing the outbox, going on with a file that was there before.
            SFTPNoConnection: the key was taken away.
        """
        self._desk.touch()
        if not await asyncio.to_thread(self._desk.admitted):
            raise SFTPNoConnection("this key is no longer accepted")
        place = self._desk.tree.place(path)
        if place.feed is not None:
            return self._new_upload(place.feed, place.name, pflags)
        if pflags & ~FXF_READ:
            raise SFTPPermissionDenied("reports can only be read")
        file = self._desk.tree.open_outgoing(place.name)
        await self._tell("sftp.read", place.name, {"bytes": os.fstat(file.fileno()).st_size})
        return file

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: SFTPAttrs) -> NoReturn:
        """Version 3 of the protocol is spoken, as OpenSSH does."""
        raise SFTPOpUnsupported("not supported")

    def _new_upload(self, feed: str, name: str, pflags: int) -> Upload:
        if pflags & (FXF_READ | FXF_APPEND) or pflags & _ONLY_WRITE != _ONLY_WRITE:
            raise SFTPPermissionDenied("an inbox takes new files only")
        if len(self._state.open) + len(self._state.held) >= self._desk.limits.open_files:
            raise SFTPFailure("too many open files")
        try:
            draft = inbox.draft_path(self._desk.inbox, self._desk.provider, feed)
            upload = Upload(feed, name, draft, durable.open_new(draft))
        except (OSError, MarsadError):
            raise SFTPFailure("the file cannot be taken now; try again later") from None
        self._state.open.add(upload)
        return upload

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Bytes of a report."""
        self._desk.touch()
        file = _reading(file_obj)
        return os.pread(file.fileno(), size, offset)

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Bytes of an upload.

        Raises:
            SFTPQuotaExceeded: the file is larger than any that is taken.
        """
        self._desk.touch()
        if not isinstance(file_obj, Upload):
            raise SFTPPermissionDenied("reports can only be read")
        try:
            return self._store(file_obj, offset, data)
        except (OSError, SFTPError):
            file_obj.failed = True  # the client may close it all the same
            raise

    def _store(self, upload: Upload, offset: int, data: bytes) -> int:
        end = offset + len(data)
        if end > self._desk.limits.file_bytes:
            raise SFTPQuotaExceeded(f"larger than {self._desk.limits.file_bytes} bytes")
        view = memoryview(data)
        while view:
            written = os.pwrite(upload.file.fileno(), view, offset)
            view, offset = view[written:], offset + written
        upload.size = max(upload.size, end)
        return len(data)

    async def close(self, file_obj: object) -> None:
        """Shows a whole upload in the inbox; on return it is on the disk and in the audit trail.

        asyncssh closes what is open when a connection ends as well: such an upload is removed.

        Raises:
            SFTPFailure: a part of it was not written, or it cannot be kept; nothing of it is shown.
        """
        self._desk.touch()
        if not isinstance(file_obj, Upload):
            _reading(file_obj).close()
            return
        self._state.open.discard(file_obj)
        if self._broken():
            _drop(file_obj)
            return
        if file_obj.failed:
            _drop(file_obj)
            raise SFTPFailure("a part of the file was not taken; send it again")
        path = b"/inbox/" + os.fsencode(f"{file_obj.feed}/{file_obj.name}")
        if file_obj.name.lower().endswith(_HELD):
            _drop_if_there(self._state.held.pop(path, None))
            self._state.held[path] = file_obj
        else:
            await self._publish(file_obj, path, file_obj.name)

    def _broken(self) -> bool:
        # The client went, or said that nothing more comes, with the file still open. There is no public way to ask.
        return self.channel.is_closing() or self.channel._recv_state != "open"  # noqa: SLF001

    async def _publish(self, upload: Upload, path: bytes, name: str) -> None:
        try:
            await asyncio.to_thread(durable.sync_file, upload.file)
            await self._tell("sftp.upload", upload.feed, {"bytes": upload.size})
            upload.file.close()
            await asyncio.to_thread(inbox.publish, upload.draft, name)
        except OSError:
            raise SFTPFailure("the file cannot be taken now; try again later") from None
        finally:
            _drop(upload)
        self._state.sent[path] = file_attrs(upload.size, time.time(), 0o200)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Ends an upload under a name for unfinished files; nothing else can be renamed."""
        self._desk.touch()
        upload = self._state.held.get(clean(oldpath))
        place = self._desk.tree.place(newpath)
        if upload is None or place.feed != upload.feed or place.name.lower().endswith(_HELD):
            raise SFTPPermissionDenied("what was sent stays as it is")
        del self._state.held[clean(oldpath)]
        await self._publish(upload, clean(newpath), place.name)

    posix_rename = rename

    def remove(self, path: bytes) -> None:
        """Gives up an upload under a name for unfinished files; nothing else can be removed."""
        if (upload := self._state.held.pop(clean(path), None)) is None:
            raise SFTPPermissionDenied("what was sent stays as it is")
        _drop(upload)

    def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Times and rights that clients set on what they sent mean nothing here."""
        if clean(path) not in self._state.sent and clean(path) not in self._state.held:
            raise SFTPPermissionDenied("not allowed here")

    lsetstat = setstat

    def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        """The same for an open upload; its size is that of what was written."""

    def fsync(self, file_obj: object) -> None:
        """Closing makes it durable."""

    def exit(self) -> None:
        """Removes what is unfinished."""
        for upload in (*self._state.open, *self._state.held.values()):
            _drop(upload)

    async def _tell(self, action: str, object: str, detail: dict[str, int]) -> None:
        try:
            await asyncio.to_thread(self._desk.log, action, object, detail)
        except MarsadError:  # what cannot be audited does not happen
            raise SFTPFailure("the platform is not available; try again later") from None

    def _refuse(self, *_arguments: object) -> NoReturn:
        raise SFTPPermissionDenied("not allowed here")

    mkdir = rmdir = symlink = link = readlink = statvfs = fstatvfs = lock = unlock = _refuse  # type: ignore[assignment]


def _reading(file_obj: object) -> BinaryIO:
    if isinstance(file_obj, Upload):
        raise SFTPPermissionDenied("an inbox can only be written")
    return file_obj  # type: ignore[return-value]  # what open_outgoing gave


def _drop_if_there(upload: Upload | None) -> None:
    if upload is not None:
        _drop(upload)


def _drop(upload: Upload) -> None:
    upload.file.close()
    upload.draft.unlink(missing_ok=True)
