"""The platform as an operator meets it: up, surviving, down, nothing left. Real PostgreSQL, real Airflow."""

from __future__ import annotations

import json
import socket
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from marsad.runtime import stack
from marsad.runtime.airflow import Airflow, free_port
from marsad.settings import PROJECT, Settings

SCHEMAS = PROJECT / "schemas"
# One a contract, one a release; statistics, link, register, due, mail, housekeeping, review.
DAGS = sum(1 for folder in ("contracts/*", "releases") for _ in SCHEMAS.glob(f"{folder}/*.yaml")) + 7

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def occupied() -> Iterator[int]:
    """Airflow's usual port is taken by somebody else (by us, if it was free)."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if free_port(8080) == 8080:
            other.bind(("127.0.0.1", 8080))
            other.listen()
        yield 8080


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = str(tmp_path_factory.mktemp("stack") / "home")
    return Settings.from_env({"MARSAD_HOME": home, "MARSAD_SFTP": "127.0.0.1:2222"})


@pytest.fixture(scope="module")
def running(settings: Settings, occupied: int) -> Iterator[stack.Status]:
    yield stack.up(settings, quiet)
    stack.down(settings)


def quiet(_text: str) -> None:
    """No progress wanted."""


def pids(settings: Settings) -> dict[str, int]:
    note = json.loads((settings.place("run") / "supervisor.json").read_text())
    return {name: part["pid"] for name, part in note["components"].items()} | {"supervisor": note["pid"]}


def ours(settings: Settings) -> list[str]:
    """Command lines of all processes of this home, found independently of what the stack noted."""
    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            about = [*command, *process.environ().values(), process.cwd()]
        except psutil.Error:
            continue
        if process.pid != psutil.Process().pid and any(str(settings.home) in part for part in about):
            found.append(" ".join(command))
    return found


def listening(pid: int) -> set[str]:
    """Addresses that a component and its children listen on; one that ends meanwhile listens nowhere."""
    found = set()
    with suppress(psutil.NoSuchProcess):
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                found |= {c.laddr.ip for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    return found


def eventually(holds: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.5)


def get(url: str, token: str | None = None, body: dict[str, str] | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, headers=headers, data=json.dumps(body).encode() if body else None)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_up_brings_every_component_and_takes_a_free_port(running: stack.Status, occupied: int) -> None:
    assert running.up
    assert not (running.url or "").endswith(f":{occupied}")


def test_sftp_greets_where_the_status_says(running: stack.Status) -> None:
    host, _, port = (running.sftp or "").rpartition(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        assert connection.recv(8) == b"SSH-2.0-"


def test_the_pages_want_the_generated_password_and_listen_on_this_machine_only(
    running: stack.Status, settings: Settings
) -> None:
    assert stat.S_IMODE(running.password_file.stat().st_mode) == 0o600
    password = json.loads(running.password_file.read_text())[running.user]
    with pytest.raises(urllib.error.HTTPError, match="401"):
        get(f"{running.url}/api/v2/dags")
    token = get(f"{running.url}/auth/token", body={"username": running.user, "password": password})["access_token"]
    eventually(lambda: get(f"{running.url}/api/v2/dags", token)["total_entries"] == DAGS)
    assert get(f"{running.url}/api/v2/importErrors", token)["total_entries"] == 0
    assert set().union(*map(listening, pids(settings).values())) == {"127.0.0.1"}


def test_the_portal_is_up_and_linked_from_airflow(running: stack.Status, settings: Settings) -> None:
    with urllib.request.urlopen(f"{running.portal}/sign-in", timeout=30) as answer:
        assert answer.status == 200
    password = json.loads(running.password_file.read_text())[running.user]
    token = get(f"{running.url}/auth/token", body={"username": running.user, "password": password})["access_token"]
    plugins = {plugin["name"]: plugin for plugin in get(f"{running.url}/api/v2/plugins", token)["plugins"]}
    (link,) = (view["href"] for view in plugins["marsad"]["external_views"])
    with urllib.request.urlopen(f"{running.url}{link}", timeout=30) as answer:
        assert answer.url.startswith(f"{running.portal}/")
    assert (settings.place("run") / "trial.sock").is_socket()


def test_up_again_changes_nothing(running: stack.Status, settings: Settings) -> None:
    before = pids(settings)
    assert stack.up(settings, quiet).up
    assert pids(settings) == before


def test_a_component_that_is_killed_comes_back(running: stack.Status, settings: Settings) -> None:
    old = pids(settings)["triggerer"]
    psutil.Process(old).kill()
    eventually(lambda: pids(settings).get("triggerer", old) != old)
    eventually(lambda: stack.status(settings).up)


def test_a_database_that_is_killed_comes_back(running: stack.Status, settings: Settings) -> None:
    pid_file = settings.place("pg") / "data" / "postmaster.pid"
    old = int(pid_file.read_text().split()[0])
    psutil.Process(old).kill()
    eventually(lambda: pid_file.exists() and int(pid_file.read_text().split()[0]) != old)
    eventually(lambda: stack.status(settings).up)


@pytest.mark.long
def test_after_a_crash_of_everything_up_heals_and_leaves_one_of_each(running: stack.Status, settings: Settings) -> None:
    for name in ("supervisor", "scheduler"):
        with suppress(psutil.NoSuchProcess):  # it may just have ended by itself, for want of the database
            psutil.Process(pids(settings)[name]).kill()
    psutil.Process(int((settings.place("pg") / "data" / "postmaster.pid").read_text().split()[0])).kill()
    assert not stack.status(settings).up
    assert stack.up(settings, quiet).up
    supervisors = [line for line in ours(settings) if "marsad.runtime.supervisor" in line]
    assert len(supervisors) == 1


def test_down_leaves_no_process_and_no_address(running: stack.Status, settings: Settings) -> None:
    stack.down(settings)
    stack.down(settings)
    assert ours(settings) == []
    status = stack.status(settings)
    assert not status.up
    assert not status.postgres
    left = {path.name for path in settings.place("run").iterdir()}
    assert left <= {"airflow.json", "portal.json", "postgres.lock", "stack.lock"}


@pytest.fixture
def lost() -> Iterator[list[int]]:
    """The port that was chosen instead, which somebody takes before Airflow listens on it."""
    lost: list[int] = []
    configure = Airflow.configure

    def overtaken(airflow: Airflow, metadata_url: str) -> None:
        configure(airflow, metadata_url)
        if not lost:
            assert airflow.port is not None
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the pages do: it may have just been left
            taken.bind(("127.0.0.1", airflow.port))
            taken.listen()
            lost.append(airflow.port)

    with socket.socket() as taken, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Airflow, "configure", overtaken)
        yield lost


@pytest.mark.long
def test_up_takes_another_port_when_somebody_was_faster(settings: Settings, occupied: int, lost: list[int]) -> None:
    stack.down(settings)  # that of the other tests
    status = stack.up(settings, quiet)
    stack.down(settings)
    assert lost
    assert not (status.url or "").endswith((f":{occupied}", f":{lost[0]}"))


def test_a_stranger_with_a_noted_process_number_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    import subprocess
    import sys

    own = Settings.from_env({"MARSAD_HOME": str(tmp_path / "home")})
    own.place("run").mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as stranger:
        note = {"pid": stranger.pid, "created": 1.0, "components": {"scheduler": {"pid": stranger.pid, "created": 1.0}}}
        (own.place("run") / "supervisor.json").write_text(json.dumps(note))
        stack.down(own)
        assert stranger.poll() is None
        stranger.kill()
