"""The trigger on the inboxes. An event only wakes: Airflow merges bursts of them, so the run drains what it finds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from marsad.intake.inbox import waiting

Seen = dict[Path, tuple[int, int]]  # file -> size, time of last change (ns)


class InboxTrigger(BaseEventTrigger):  # type: ignore[misc]
    """Fires once for each set of files that become ready in ``inbox/<provider>/<agency>/<name>/`` of ``feed``.

    Ready is what ``intake.inbox`` calls ready and what did not change between two looks ``quiet`` seconds apart. The
    event holds the feed and a count; a file's name may be a person's.
    """

    def __init__(self, inbox: str, feed: str, poll: float = 1.0, quiet: float = 2.0) -> None:
        super().__init__()
        self.inbox = inbox
        self.feed = feed
        self.poll = poll
        self.quiet = quiet

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What the triggerer rebuilds this trigger from."""
        kwargs = {"inbox": self.inbox, "feed": self.feed, "poll": self.poll, "quiet": self.quiet}
        return ("marsad.orchestration.trigger.InboxTrigger", kwargs)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look every ``poll`` seconds, for ever."""
        told: Seen = {}
        while True:
            ready = await asyncio.to_thread(self._ready)
            if fresh := {path for path, state in ready.items() if told.get(path) != state}:
                yield TriggerEvent({"feed": self.feed, "files": len(fresh)})
            told = ready
            await asyncio.sleep(self.poll)

    def _ready(self) -> Seen:
        seen: Seen = {}
        for file in waiting(Path(self.inbox), self.feed, time.time(), self.quiet):
            try:
                status = file.path.lstat()
            except FileNotFoundError:  # received in this moment
                continue
            seen[file.path] = (status.st_size, status.st_ctime_ns)
        return seen
