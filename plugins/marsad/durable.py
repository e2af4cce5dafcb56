"""Files that survive a crash: whole or not at all, for the owner only, on the disk before anybody relies on them."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from marsad.errors import MarsadError, PassingFault, PlatformFault

# What heals by itself. A full disk does not: somebody must make room.
_PASSING = frozenset({errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT, errno.ENOLCK})


def os_fault(error: OSError, doing: str) -> MarsadError:
    """Our error for a failed system call: what was being done and why it failed, without the file's name.

    A file name may be a sender's own words. The result is a PassingFault or a PlatformFault, never the sender's fault.
    """
    text = f"{doing}: {os.strerror(error.errno) if error.errno else 'input or output failed'}"
    return PassingFault(text) if error.errno in _PASSING else PlatformFault(text)


@contextmanager
def os_faults(doing: str) -> Iterator[None]:
    """Turns OSError into ``os_fault``."""
    try:
        yield
    except OSError as error:
        raise os_fault(error, doing) from None


def private_folder(path: Path) -> Path:
    """``path`` as a folder; it and its parents get mode 0700 where they had to be made."""
    if not path.exists():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def sync_folder(folder: Path) -> None:
    """Makes names created, renamed or removed in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(file: BinaryIO) -> None:
    """Makes all that was written to ``file`` durable."""
    file.flush()
    os.fsync(file.fileno())


def open_new(path: Path, mode: int = 0o600) -> BinaryIO:
    """A new file open for reading and writing.

    Raises:
        FileExistsError: there is one of this name.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    return os.fdopen(descriptor, "w+b")


def write_all(file: BinaryIO, content: bytes) -> None:
    """Writes past the file's buffer, so that closing after a full disk has nothing left to fail on."""
    view = memoryview(content)
    while view:
        view = view[os.write(file.fileno(), view) :]


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Puts ``content`` at ``path`` durably; a reader sees the old file or the new one, never a part.

    Writers at once become one after the other. What a killed one left is used up by the next.
    """
    draft = path.with_name(f".{path.name}.tmp")
    with _held(draft, mode) as file:
        try:
            os.truncate(file.fileno(), 0)
            write_all(file, content)
            sync_file(file)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def _held(draft: Path, mode: int) -> BinaryIO:
    """``draft`` open and locked; tried again when it became somebody's finished file while we waited."""
    while True:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        file = os.fdopen(descriptor, "r+b")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if draft.stat().st_ino == os.fstat(descriptor).st_ino:
                os.fchmod(descriptor, mode)
                return file
        file.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file ``path``, waiting for whoever has it; it goes with the process, so a crash frees it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def try_lock(file: BinaryIO) -> bool:
    """Locks an open file until it is closed; False when somebody else holds it."""
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
