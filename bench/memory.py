"""Peak memory of a process with all its children, looked at a few times a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psutil

EVERY_SECONDS = 0.2


class Peak:
    """The largest sum met: memory of the processes (shared pages counted once) and of their nameless files."""

    megabytes = 0.0

    def look(self, process: psutil.Process) -> None:
        """Takes the present sum in."""
        together = [process, *process.children(recursive=True)]
        self.megabytes = max(self.megabytes, sum(map(_held, together)) / 2**20)


@contextmanager
def watching(pid: int) -> Iterator[Peak]:
    """Watches process ``pid`` and its children until the ``with`` ends."""
    peak, done, process = Peak(), Event(), psutil.Process(pid)

    def watch() -> None:
        while not done.wait(EVERY_SECONDS):
            try:
                peak.look(process)
            except psutil.NoSuchProcess:
                return

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _held(process: psutil.Process) -> int:
    """Bytes: proportional set size, and files in memory, which belong to a process without being mapped by it."""
    try:
        return int(process.memory_full_info().pss) + _nameless_files(process.pid)
    except psutil.Error:
        return 0


def _nameless_files(pid: int) -> int:
    total = 0
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            if str(link.readlink()).startswith("/memfd:"):
                total += link.stat().st_blocks * 512
        except OSError:  # closed in this moment
            continue
    return total
