"""The embedded stack as one thing: up, down, status. Each may be called at any time, from any state."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marsad.durable import locked, os_faults, try_lock, write_whole
from marsad.errors import PlatformFault
from marsad.runtime import portal, processes, sftp, standing
from marsad.runtime.airflow import USER, Airflow
from marsad.runtime.files import read_json
from marsad.runtime.keymaking import make_keys
from marsad.runtime.postgres import Postgres
from marsad.runtime.processes import Started
from marsad.runtime.supervisor import API, GRACE
from marsad.settings import Settings
from marsad.statistics import refresh
from marsad.warehouse import migrate
from marsad.warehouse.engine import database_url

Progress = Callable[[str], None]
HEALTHY_SECONDS = 240  # 15-20 s on a quiet machine, four times that on a busy one
DEATHS = 3  # a component that died so often while starting will not come up
PORTS = 3  # tried for Airflow's pages, where others are faster again and again


class _PortLost(PlatformFault):
    """Somebody took the port of Airflow's pages after it was chosen."""


@dataclass(frozen=True, slots=True)
class Status:
    """What runs: ``health`` by Airflow component, empty when its API does not answer."""

    home: Path
    postgres: bool
    supervisor: bool
    health: dict[str, bool]
    url: str | None
    user: str
    password_file: Path
    sftp: str | None
    portal: str | None

    @property
    def up(self) -> bool:
        """True when everything runs and says that it is well."""
        return self.postgres and self.supervisor and bool(self.health) and all(self.health.values())

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "up": self.up,
            "home": str(self.home),
            "postgres": self.postgres,
            "supervisor": self.supervisor,
            "airflow": self.health if self.supervisor else {},
            "url": self.url if self.supervisor else None,
            "user": self.user,
            "password_file": str(self.password_file),
            "sftp": self.sftp,
            "portal": self.portal,
        }


def up(settings: Settings, progress: Progress) -> Status:
    """Start all that does not run yet and return when every component is healthy.

    Raises:
        PlatformFault: something does not start; what had been started is stopped again.
        UsageFault: the home is another system's or not writable.
    """
    with locked(_lock(settings)):
        if (now := status(settings)).up:
            return now
        try:
            _start(settings, progress)
        except BaseException:
            progress("stopping what was started")
            _stop(settings)
            raise
        return status(settings)


def down(settings: Settings, progress: Progress = lambda _text: None) -> None:
    """Stop everything, also what a crash left; running tasks get a few seconds, then the ledger takes over."""
    if settings.home.exists():
        with locked(_lock(settings)):
            progress("stopping Airflow and PostgreSQL")
            _stop(settings)


def status(settings: Settings) -> Status:
    """What runs at the moment."""
    airflow, supervisor = Airflow(settings), _supervisor(settings)
    alive = supervisor is not None and supervisor.alive
    return Status(
        home=settings.home,
        postgres=Postgres(settings.home).running,
        supervisor=alive,
        health=_health(settings, airflow) if alive else {},
        url=airflow.url if airflow.port else None,
        user=USER,
        password_file=airflow.password_file,
        sftp=sftp.address(settings) if alive else None,
        portal=portal.url(settings) if alive else None,
    )


def start_warehouse(settings: Settings, progress: Progress, *, trusting: bool = False) -> Postgres:
    """PostgreSQL up and the warehouse migrated, without Airflow. Wrong contracts are named and do not stop it.

    With ``trusting``, a warehouse that this very version made is taken as it stands.
    """
    progress("starting PostgreSQL")
    server = Postgres(settings.home)
    server.start()
    if settings.warehouse_url is None:
        write_whole(settings.place("run") / "warehouse.url", server.url().encode())
    url, made = settings.warehouse_url or server.url(), standing.made_of(settings)
    if not (trusting and standing.stands(url, made)):
        progress("preparing the warehouse")
        _prepare(settings, url, made, progress)
    make_keys(settings, url)
    return server


def _prepare(settings: Settings, url: str, made: str, progress: Progress) -> None:
    migrate.upgrade(url)
    wrong: list[str] = []
    refresh(settings, wrong.append)
    for text in wrong:
        progress(text)
    if not wrong:
        standing.note(url, made)


@contextmanager
def borrowed_warehouse(settings: Settings, progress: Progress) -> Iterator[None]:
    """The warehouse for the time of one command: as it runs, or the embedded server, stopped by its last borrower."""
    if settings.warehouse_url is not None or _served_elsewhere(settings):
        if not (settings.place("keys") / "public").exists():
            make_keys(settings, database_url(settings))
        yield
        return
    with locked(_lock(settings)):
        borrowers = (settings.place("run") / "borrowers.lock").open("wb")
        fcntl.flock(borrowers, fcntl.LOCK_SH)
        if not (Postgres(settings.home).running and (settings.place("run") / "warehouse.url").exists()):
            try:
                start_warehouse(settings, progress, trusting=True)
            except BaseException:  # half a start would look like a whole one to the next borrower
                borrowers.close()
                _stop(settings)
                raise
    try:
        yield
    finally:
        fcntl.flock(borrowers, fcntl.LOCK_UN)
        with locked(_lock(settings)), borrowers:
            if _supervisor(settings) is None and try_lock(borrowers):
                _stop(settings)


def _served_elsewhere(settings: Settings) -> bool:
    """True where an address was put in place for us (docker-compose) and no embedded server was ever made."""
    return (settings.place("run") / "warehouse.url").exists() and not settings.place("pg").exists()


def _start(settings: Settings, progress: Progress) -> None:
    _end_airflow(settings)  # of a stack that crashed in part
    server = start_warehouse(settings, progress)
    sftp.leave_address(settings)
    portal.configure(settings)
    for last in range(1, PORTS + 1):
        try:
            _start_airflow(settings, server.url("airflow"), progress)
            return
        except _PortLost:
            if last == PORTS:
                raise
            _end_airflow(settings)


def _start_airflow(settings: Settings, metadata_url: str, progress: Progress) -> None:
    airflow = Airflow(settings)
    progress("preparing Airflow")
    airflow.configure(metadata_url)
    airflow.migrate()
    progress("starting Airflow")
    with (settings.place("logs") / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "marsad.runtime.supervisor", str(settings.home)],
            env=airflow.environment(), cwd=settings.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_healthy(settings, airflow, process)
    except BaseException:
        processes.end([Started.of(process.pid)], GRACE + 5)  # it may not have written its note yet
        raise


def _wait_until_healthy(settings: Settings, airflow: Airflow, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + HEALTHY_SECONDS
    while not (health := _health(settings, airflow)) or not all(health.values()):
        if process.poll() is not None:
            raise PlatformFault(f"Airflow does not start: see {settings.place('logs') / 'supervisor.log'}")
        for name, deaths in _deaths(settings).items():
            if name == API and deaths and airflow.port_taken and not _serves(settings, airflow):
                raise _PortLost(f"another program took port {airflow.port} of Airflow's pages")
            if deaths >= DEATHS:
                raise PlatformFault(f"the {name} does not start: see {settings.place('logs') / name}.log")
        if time.monotonic() > deadline:
            late = ", ".join(name for name, well in health.items() if not well) or "api-server"
            raise PlatformFault(f"not healthy after {HEALTHY_SECONDS} s: {late}; see {settings.place('logs')}")
        time.sleep(0.3)


def _health(settings: Settings, airflow: Airflow) -> dict[str, bool]:
    """Health by component; empty while Airflow's API does not answer, also when another's answers in its place."""
    if not _serves(settings, airflow) or not (found := airflow.health()):
        return {}
    ours = {"portal": portal.healthy(settings)} | ({"sftp": sftp.answers(settings)} if settings.sftp else {})
    return {**found, **ours}


def _stop(settings: Settings) -> None:
    _end_airflow(settings)
    Postgres(settings.home).stop()
    for note in ("warehouse.url", sftp.URL, sftp.NOTE, *portal.LEFT):
        (settings.place("run") / note).unlink(missing_ok=True)


def _end_airflow(settings: Settings) -> None:
    note = settings.place("run") / "supervisor.json"
    if (supervisor := _supervisor(settings)) is not None:
        processes.end([supervisor], GRACE + 5)
        # The supervisor ends its components; if it was killed itself, they are ended here.
        processes.end(_components(settings), GRACE)
    note.unlink(missing_ok=True)


def _supervisor(settings: Settings) -> Started | None:
    note = read_json(settings.place("run") / "supervisor.json")
    return None if note is None else Started.read(note)


def _components(settings: Settings) -> list[Started]:
    note = read_json(settings.place("run") / "supervisor.json") or {"components": {}}
    return [Started.read(component) for component in note["components"].values()]


def _serves(settings: Settings, airflow: Airflow) -> bool:
    """Whether it is our own server that listens on the port of Airflow's pages."""
    note = read_json(settings.place("run") / "supervisor.json") or {"components": {}}
    server = note["components"].get(API)
    return airflow.port is not None and server is not None and Started.read(server).listens_on(airflow.port)


def _deaths(settings: Settings) -> dict[str, int]:
    note = read_json(settings.place("run") / "supervisor.json") or {"components": {}}
    return {name: int(component["deaths"]) for name, component in note["components"].items()}


def _lock(settings: Settings) -> Path:
    run = settings.place("run")
    with os_faults(f"cannot use {settings.home} (point MARSAD_HOME to a folder of yours)"):
        run.mkdir(parents=True, exist_ok=True)
    return run / "stack.lock"
