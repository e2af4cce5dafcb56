"""The embedded server as an operator meets it: starts, survives, tells no secrets, leaves nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import sqlalchemy as sa

from marsad.errors import PlatformFault
from marsad.runtime.postgres import SOCKET_LIMIT, Postgres


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "home")
    yield server
    server.stop()


def ask(url: str, question: str) -> object:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return connection.execute(sa.text(question)).scalar_one()


def eventually(look: Callable[[], str], holds: Callable[[str], bool]) -> str:
    deadline = time.monotonic() + 120
    while not holds(seen := look()):
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.1)
    return seen


def postmaster(server: Postgres) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))


def test_started_server_has_two_databases_with_owners_that_are_no_superusers(server: Postgres) -> None:
    server.start()
    for role in ("marsad", "airflow"):
        assert ask(server.url(role), "SELECT current_user || current_database()") == role * 2
        assert ask(server.url(role), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    with pytest.raises(sa.exc.OperationalError):
        ask(server.url("airflow", database="marsad"), "SELECT 1")


def test_nothing_listens_on_the_network_and_nobody_comes_in_without_the_password(server: Postgres) -> None:
    server.start()
    assert postmaster(server).net_connections(kind="inet") == []
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(server.url().replace("+psycopg2", ""), password="wrong")  # noqa: S106
    folder = sa.make_url(server.url()).query["host"]
    assert stat.S_IMODE(Path(str(folder)).stat().st_mode) == 0o700
    for secret in (server.home / "keys").iterdir():
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_start_and_stop_are_idempotent_and_keep_the_data(server: Postgres) -> None:
    server.start()
    first = postmaster(server).pid
    ask(server.url(), "CREATE TABLE kept AS SELECT 7 AS n; SELECT n FROM kept; COMMIT; SELECT 7")
    server.start()
    assert postmaster(server).pid == first
    server.stop()
    server.stop()
    assert not server.running
    server.start()
    assert ask(server.url(), "SELECT n FROM kept") == 7


def test_after_kill_minus_nine_it_starts_again_with_what_was_committed(server: Postgres) -> None:
    server.start()
    ask(server.url(), "CREATE TABLE kept AS SELECT 7 AS n; COMMIT; SELECT 7")
    process = postmaster(server)
    process.kill()
    process.wait(60)
    assert not server.running
    server.start()
    assert ask(server.url(), "SELECT n FROM kept") == 7


def test_a_stranger_with_the_dead_servers_process_number_is_left_alone(server: Postgres) -> None:
    server.start()
    process = postmaster(server)
    process.send_signal(signal.SIGQUIT)
    process.wait(60)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        lock = server.data / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{server.data}\n1\n5432\n/nowhere\n\n\n")
        os.chown(lock, server.data.stat().st_uid, server.data.stat().st_gid)
        assert not server.running
        server.start()
        assert server.running
        assert stranger.poll() is None
        stranger.kill()


def test_two_starts_at_once_give_one_server(server: Postgres) -> None:
    code = (
        "import sys, pathlib; from marsad.runtime.postgres import Postgres; Postgres(pathlib.Path(sys.argv[1])).start()"
    )
    starts = [subprocess.Popen([sys.executable, "-c", code, str(server.home)]) for _ in range(3)]
    assert [start.wait(60) for start in starts] == [0, 0, 0]
    masters = [p for p in psutil.process_iter(["cmdline"]) if str(server.data) in (p.info["cmdline"] or [])]
    assert len([p for p in masters if p.name() == "postgres"]) == 1


def test_a_home_with_a_long_path_gets_a_short_socket_that_is_removed_on_stop(tmp_path: Path) -> None:
    server = Postgres(tmp_path / ("long" * 25) / "home")
    server.start()
    try:
        folder = Path(str(sa.make_url(server.url()).query["host"]))
        assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_LIMIT
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert ask(server.url(), "SELECT 1") == 1
    finally:
        server.stop()
    assert not folder.exists()


def test_a_home_below_a_closed_folder_works_and_the_folder_stays_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = Postgres(closed / "home")
    server.start()
    try:
        assert ask(server.url(), "SELECT 1") == 1
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        server.stop()


def test_the_log_never_holds_a_value(server: Postgres) -> None:
    server.start()
    canary = "Zahra-Kanarienvogel"
    attempts = (
        f"SELECT '{canary}'::date",
        f"SELECT CAST('{canary}' AS integer)",
        f"SELECT no_column FROM (SELECT '{canary}' AS x) q",
        f"DO $$ BEGIN RAISE EXCEPTION '{canary}'; END $$",
        f"CREATE TEMP TABLE u (x text UNIQUE); INSERT INTO u VALUES ('{canary}'), ('{canary}')",
        f"DO $$ BEGIN RAISE WARNING '{canary}'; END $$; SELECT 1/0",
    )
    for attempt in attempts:
        with pytest.raises(sa.exc.DBAPIError):
            ask(server.url(), attempt)
    crash = f"SELECT pg_sleep(60), '{canary}'"
    engine = sa.create_engine(server.url(), poolclass=sa.NullPool)
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        child = psutil.Process(raw.info.backend_pid)  # type: ignore[union-attr]
        with subprocess.Popen(["sh", "-c", f"sleep 1; kill -9 {child.pid}"]), pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text(crash))
        connection.invalidate()
    text = eventually(server.log.read_text, lambda log: log.count("ready to accept") == 2)
    assert "terminated by signal 9" in text
    assert canary not in text


def test_address_of_a_server_that_was_never_started_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PlatformFault, match="marsad up"):
        Postgres(tmp_path).url()


def test_a_server_that_cannot_start_says_why_in_one_line(server: Postgres) -> None:
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(PlatformFault, match="does not start") as fault:
        server.start()
    assert "\n" not in str(fault.value)
