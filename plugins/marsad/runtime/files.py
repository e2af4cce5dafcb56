"""Private files of the running stack: locks, secrets, state. All 0600, written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marsad.errors import PlatformFault


def private_folder(path: Path, mode: int = 0o700) -> Path:
    """``path`` as a folder with exactly ``mode``, made with its parents if need be.

    Raises:
        PlatformFault: the folder cannot be made or is not ours.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)
    except OSError as fault:
        raise PlatformFault(f"cannot use {path}: {fault.strerror}; point MARSAD_HOME to a folder of yours") from None
    return path


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` by ``text``, mode 0600, durable; a reader sees the old file or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """``write_private`` of a JSON document."""
    write_private(path, json.dumps(document, indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in ``path``; None when there is none or it was cut short by a crash."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return document if isinstance(document, dict) else None


@contextmanager
def exclusive(path: Path, what: str, seconds: float = 120) -> Iterator[None]:
    """Hold a file lock so that two starts at once become one after the other.

    The lock goes with the process, so a crash frees it.

    Raises:
        PlatformFault: another process held it for ``seconds``.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for(descriptor, path, what, time.monotonic() + seconds)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, path: Path, what: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise PlatformFault(f"{what}: another marsad process holds {path}; wait for it or end it") from None
            time.sleep(0.1)
        else:
            return
