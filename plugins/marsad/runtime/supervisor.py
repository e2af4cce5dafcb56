"""The parent of Airflow's components and our own servers: starts them, brings back one that dies, ends them together.

PostgreSQL is no child of it, but is brought back too.

Run by ``stack.up`` as ``python -m marsad.runtime.supervisor HOME``. (``airflow standalone`` would leave its children
behind when it is ended, and takes no notice when one of them dies.)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import psycopg2

from marsad.errors import MarsadError
from marsad.runtime.files import write_json
from marsad.runtime.postgres import Postgres
from marsad.runtime.processes import Started, end
from marsad.settings import Settings

API = "api-server"
COMPONENTS = {
    API: ("airflow", "api-server"),
    "scheduler": ("airflow", "scheduler", "--skip-serve-logs"),  # the api-server reads the logs from the same disk
    "dag-processor": ("airflow", "dag-processor"),
    "triggerer": ("airflow", "triggerer", "--skip-serve-logs"),
}
PORTAL = {
    "portal": ("marsad.portal",),
    "trial": ("marsad.portal.trial",),
    "opener": ("marsad.portal.opener",),
    "looker": ("marsad.portal.looker",),
}
SFTP = {"sftp": ("marsad.intake.sftp",)}
GRACE = 12.0  # seconds a component gets to end by itself
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)  # seconds before a dead component is started again, growing with each death
HEALTHY_AFTER = 300.0  # seconds of life after which earlier deaths are forgiven
LOG_LIMIT = 20_000_000  # bytes


def components(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The modules to run, with their arguments, by name; which servers there are is for the settings to say."""
    return {**COMPONENTS, **PORTAL, **(SFTP if settings.sftp else {})}


class Component:
    """One process in a session of its own, with a log of its own."""

    def __init__(self, name: str, arguments: tuple[str, ...], logs: Path) -> None:
        self.name = name
        self.deaths = 0
        self._command = [sys.executable, "-m", *arguments]
        self._log = logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._since = 0.0
        self.started: Started | None = None

    def start(self) -> None:
        """Start it (again)."""
        if self._log.exists() and self._log.stat().st_size > LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".log.1"))
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._since = time.monotonic()
        self.started = Started.of(self._process.pid)

    def revive(self) -> bool:
        """Start it again if it died and its pause is over; True when something changed."""
        if self._process is None or self._process.poll() is None:
            return False
        if self.started is not None:
            self._bury(self.started)
        if time.monotonic() < self._since + PAUSES[min(self.deaths, len(PAUSES)) - 1]:
            return False
        try:
            self.start()
        except OSError:  # a full disk, or no room for a process: again after the next pause
            self._since = time.monotonic()
            return False
        return True

    def _bury(self, dead: Started) -> None:
        lived = time.monotonic() - self._since
        _say(f"{self.name} ended after {lived:.0f} s, its own log may say why; it is started again")
        self.deaths = 1 if lived > HEALTHY_AFTER else self.deaths + 1
        self._since = time.monotonic()
        end([dead], grace=0)
        self.started = None


class Server:
    """The PostgreSQL of a home, started again when it died: tasks and Airflow itself wait for it meanwhile."""

    def __init__(self, home: Path) -> None:
        self._postgres = Postgres(home)
        self._failures = 0
        self._next = 0.0

    def revive(self) -> None:
        """Start it again if it died; what keeps it from starting stands in the supervisor's log."""
        if self._postgres.running or time.monotonic() < self._next:
            return
        try:
            self._postgres.start()
            self._failures = 0
            _say("PostgreSQL had ended and was started again")
        except (MarsadError, psycopg2.OperationalError) as fault:  # it may die again before it answers
            _say(f"{type(fault).__name__}: PostgreSQL does not come back, its own log says why")
            self._next = time.monotonic() + PAUSES[min(self._failures, len(PAUSES) - 1)]
            self._failures += 1


class Supervisor:
    """Keeps the components of one home alive until it is told to stop."""

    def __init__(self, settings: Settings) -> None:
        logs = settings.place("logs")
        self._components = [Component(name, command, logs) for name, command in components(settings).items()]
        self._server = Server(settings.home)
        self._note = settings.place("run") / "supervisor.json"
        self._stopping = False

    def run(self) -> None:
        """Start, watch, and at SIGTERM or SIGINT end all components."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        self._write()
        for component in self._components:
            component.start()
            self._write()
        noted = True
        while not self._stopping:
            self._server.revive()
            noted = not any([component.revive() for component in self._components]) and noted
            if not noted:
                with suppress(OSError):  # when the disk has room again
                    self._write()
                    noted = True
            time.sleep(0.3)
        end([c.started for c in self._components if c.started is not None], GRACE)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _write(self) -> None:
        components = {
            c.name: {**c.started.note(), "deaths": c.deaths} for c in self._components if c.started is not None
        }
        write_json(self._note, {**Started.of(os.getpid()).note(), "components": components})


def _say(text: str) -> None:
    with suppress(OSError):  # the log is on the disk that may be full
        sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {text}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    Supervisor(Settings.from_env({**os.environ, "MARSAD_HOME": sys.argv[1]})).run()
