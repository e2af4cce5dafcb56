"""Processes that we started: recognised again after a crash, ended whole, and never mistaken for somebody else's."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import psutil

CLOCK_SLACK = 2.0  # seconds; the kernel counts start times in ticks since a boot time that is known roughly


@dataclass(frozen=True, slots=True)
class Started:
    """The leader of a session of its own. Number and start time together name one process for ever."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Started:
        """The process with that number, which must live."""
        return cls(pid, psutil.Process(pid).create_time())

    @classmethod
    def read(cls, note: Mapping[str, Any]) -> Started:
        """From what ``note`` wrote."""
        return cls(int(note["pid"]), float(note["created"]))

    def note(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @property
    def alive(self) -> bool:
        """True while exactly this process runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < CLOCK_SLACK
            return same and bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False

    def members(self) -> list[psutil.Process]:
        """All living processes of its session, the leader first, also when the leader itself is gone.

        The kernel gives a session's number to nobody else while a member lives; a stranger who got it later is not as
        old as we are, or leads the session himself.
        """
        if not self.alive and psutil.pid_exists(self.pid):
            return [] if _session(self.pid) == self.pid else self._followers()
        return self._followers()

    def listens_on(self, port: int) -> bool:
        """Whether one of its processes listens on that port, at any address."""
        return any(port in _ports(process) for process in self.members())

    def _followers(self) -> list[psutil.Process]:
        found = [p for p in psutil.process_iter(["status"]) if _session(p.pid) == self.pid]
        living = [p for p in found if p.info["status"] != psutil.STATUS_ZOMBIE]
        return sorted((p for p in living if self._not_older(p)), key=lambda p: p.pid != self.pid)

    def _not_older(self, process: psutil.Process) -> bool:
        try:
            return bool(process.create_time() >= self.created - CLOCK_SLACK)
        except psutil.Error:
            return False


def end(sessions: Iterable[Started], grace: float) -> None:
    """Ask the leaders to end, and after ``grace`` seconds kill all that is left of their sessions.

    A leader that ends leaves no members behind either: they are killed as soon as all leaders are gone.
    """
    started = list(sessions)
    for one in started:
        if one.alive:
            _signal(one.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while any(one.alive for one in started) and time.monotonic() < deadline:
        time.sleep(0.05)
    while members := [process for one in started for process in one.members()]:
        for process in members:
            _signal(process.pid, signal.SIGKILL)
        time.sleep(0.05)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _ports(process: psutil.Process) -> set[int]:
    """Where a process listens; nowhere once it is gone."""
    try:
        return {one.laddr.port for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    except psutil.Error:
        return set()


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None
