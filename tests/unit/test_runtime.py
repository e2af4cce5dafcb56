"""The parts of the runtime that need neither PostgreSQL nor Airflow."""

from __future__ import annotations

import configparser
import io
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from marsad.errors import PlatformFault
from marsad.runtime import story
from marsad.runtime.airflow import Airflow, as_ini, free_port
from marsad.runtime.files import read_json, write_json
from marsad.runtime.postgres import Postgres
from marsad.runtime.processes import Started, end
from marsad.runtime.supervisor import Component, Server
from marsad.settings import Settings

EXPECT = {"status": "accepted", "rows_read": 2, "rows_accepted": 2, "rows_quarantined": 0, "rows_unchanged": 0}
RECORDS = [("police/victims", "DGSN", "1"), ("police/victims", "DGSN", "2")]
TRUTH: dict[str, Any] = {
    "files": [{"file": "a.csv", "feed": "police/victims", "provider": "DGSN", "expect": EXPECT}],
    "persons": [{"person": "p1", "records": [list(record) for record in RECORDS]}],
}


def test_no_surprise_when_everything_is_as_the_truth_says() -> None:
    assert story.surprises(TRUTH, {"a.csv": EXPECT}, RECORDS) == []


@pytest.mark.parametrize(
    ("receipts", "records", "said"),
    [
        ({}, RECORDS, "a.csv: no receipt"),
        ({"a.csv": {**EXPECT, "status": "refused"}}, RECORDS, "a.csv: status is refused, expected accepted"),
        ({"a.csv": {**EXPECT, "rows_read": 3}}, RECORDS, "a.csv: rows_read is 3, expected 2"),
        ({"a.csv": EXPECT}, RECORDS[:1], "1 records lost"),
        ({"a.csv": EXPECT}, [*RECORDS, RECORDS[0]], "1 records doubled"),
    ],
)
def test_every_difference_to_the_truth_is_told(receipts: dict[str, Any], records: list[Any], said: str) -> None:
    assert story.surprises(TRUTH, receipts, records) == [said]


def test_the_tables_show_surprises_and_do_not_claim_success_beside_them() -> None:
    row = {"feed": "police/victims", **dict.fromkeys(("files", *story.STATUSES, *story.COUNTS), 1)}
    told = {
        "deliveries": [row],
        "findings": [],
        "persons": {"made_up": 1, "victim_records": {"police": 2}},
        "person": {"registered": 1},
        "reports": "/somewhere",
        "report_files": 3,
        "portal": {
            "provider": "DGSN",
            "rows": 1,
            "verdicts": {},
            "seconds": 1.0,
            "corrected": [],
            "again": {"title": "Tout est bon"},
            "receipt": {"delivery_id": "d", "status": "accepted", "rows_accepted": 1, "rows_read": 1},
        },
        "outbox": [],
        "release": {
            "name": "persons",
            "period": "2024",
            "signed_by": "somebody",
            "verdict": "pass",
            "cells_attacked": 5,
            "cells_recovered": 0,
            "numbers": [{"value": None, "what": {"en": "Minors"}, "rule": {"en": "Each once"}}],
            "folder": "/elsewhere",
        },
        "surprises": ["1 records lost"],
        "as_expected": False,
        "seconds": 1.0,
    }
    page = io.StringIO()
    story.show(told, Console(file=page))
    assert "NOT AS EXPECTED  1 records lost" in page.getvalue()
    assert "0 lost" not in page.getvalue()
    for words in ("police/victims", "hidden  Minors", "Each once", "/elsewhere/bulletin-fr.html"):
        assert words in page.getvalue()


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_what_is_written_to_airflow_cfg_is_read_back(value: str) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(as_ini({"core": {"option": value}}))
    assert parser["core"]["option"] == value


def test_a_port_in_use_is_not_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert free_port(taken) != taken
    assert free_port(taken) == taken


def test_components_see_nothing_of_the_callers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "of another Airflow")
    further = tmp_path / "contracts"
    settings = Settings.from_env({"MARSAD_HOME": str(tmp_path), "MARSAD_CONTRACTS": str(further)})
    environment = Airflow(settings).environment()
    assert not [name for name in environment if name.startswith("AIRFLOW__")]
    assert environment["MARSAD_CONTRACTS"] == str(further)
    assert Settings.from_env(environment).contract_dirs == settings.contract_dirs


def test_state_files_are_private_and_a_broken_one_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert read_json(path) is None
    write_json(path, {"port": 1})
    assert read_json(path) == {"port": 1}
    assert path.stat().st_mode & 0o077 == 0
    path.write_text('{"port": ')
    assert read_json(path) is None


def start(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE)


def test_ending_a_session_ends_children_that_outlive_their_leader() -> None:
    child = "import time; time.sleep(60)"
    leader = start(
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}]); print(p.pid, flush=True)"
    )
    assert leader.stdout is not None
    number = int(leader.stdout.readline())
    noted = Started(leader.pid, psutil.Process(number).create_time())
    leader.wait(60)
    assert [process.pid for process in noted.members()] == [number]
    end([noted], grace=1)
    assert noted.members() == []


def test_a_port_is_known_to_be_ours_or_anothers() -> None:
    ours = start("import socket, time; s = socket.create_server(('127.0.0.1', 0)); "
                 "print(s.getsockname()[1], flush=True); time.sleep(60)")  # fmt: skip
    assert ours.stdout is not None
    port = int(ours.stdout.readline())
    noted = Started.of(ours.pid)
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert noted.listens_on(port)
        assert not noted.listens_on(other.getsockname()[1])
    end([noted], grace=1)
    assert not noted.listens_on(port)


def test_a_leader_that_ignores_the_request_is_killed_after_its_grace() -> None:
    deaf = start(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    )
    assert deaf.stdout is not None
    deaf.stdout.readline()
    before = time.monotonic()
    end([Started.of(deaf.pid)], grace=0.5)
    assert deaf.wait(60) == -signal.SIGKILL
    assert time.monotonic() - before >= 0.5


def test_a_process_with_the_same_number_but_another_start_is_a_stranger() -> None:
    stranger = start("import time; time.sleep(60)")
    noted = Started(stranger.pid, Started.of(stranger.pid).created - 1000)
    assert not noted.alive
    assert noted.members() == []
    end([noted], grace=0.1)
    assert stranger.poll() is None
    os.kill(stranger.pid, signal.SIGKILL)
    stranger.wait(60)


def test_a_disk_that_takes_nothing_ends_no_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, keys = tmp_path / "pg" / "data", tmp_path / "keys"
    (data / "postgresql.auto.conf" / "in the way").mkdir(parents=True)
    (data / "PG_VERSION").touch()
    keys.mkdir()
    (keys / "postgres.json").write_text("{}")
    with pytest.raises(PlatformFault, match="starting PostgreSQL"):
        Postgres(tmp_path).start()
    with Path("/dev/full").open("wb", 0) as full:
        monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(full), write_through=True))
        Server(tmp_path).revive()
        monkeypatch.undo()


def test_a_component_whose_log_cannot_be_opened_is_started_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marsad.runtime.supervisor.PAUSES", (0.0,))
    component = Component("part", ("this",), tmp_path / "logs")
    (tmp_path / "logs").mkdir()
    component.start()
    until = time.monotonic() + 20
    (tmp_path / "logs" / "part.log").unlink()
    (tmp_path / "logs" / "part.log").mkdir()
    while not component.deaths and time.monotonic() < until:
        assert component.revive() is False
    assert (component.deaths, component.started) == (1, None)
    (tmp_path / "logs" / "part.log").rmdir()
    assert component.revive() is True
    assert component.started is not None
    end([component.started], 0)
