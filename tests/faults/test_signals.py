"""Commands that are told to end in the middle: what they had started is gone, and the next one works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from marsad.settings import PROJECT

pytestmark = pytest.mark.timeout(300)


def command(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.defpath, "HOME": str(home), "MARSAD_HOME": str(home), "GX_ANALYTICS_ENABLED": "False"}
    return subprocess.Popen(
        [Path(sys.executable).with_name("marsad"), *arguments],
        env=environment, cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def ended(home: Path, told: str, *arguments: str) -> int:
    """The exit code of a command that was sent SIGTERM while it did what it had ``told``."""
    process = command(home, *arguments)
    assert process.stderr is not None
    assert any(told in line for line in process.stderr)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    return process.returncode


def left(home: Path) -> list[str]:
    """Processes of that home."""
    found = []
    for process in psutil.process_iter():
        try:
            about = [*process.cmdline(), *process.environ().values(), process.cwd()]
        except psutil.Error:
            continue
        if any(str(home) in part for part in about):
            found.append(" ".join(process.cmdline()))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signals") / "home"


def test_a_command_told_to_end_stops_the_server_that_it_had_started(home: Path) -> None:
    home.mkdir(exist_ok=True)
    assert ended(home, "preparing the warehouse", "deliveries") == 128 + signal.SIGTERM
    assert left(home) == []


def test_up_told_to_end_leaves_nothing(home: Path) -> None:
    assert ended(home, "preparing Airflow", "up") == 128 + signal.SIGTERM
    assert left(home) == []


def test_the_next_command_works(home: Path) -> None:
    process = command(home, "deliveries", "--json")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "[]\n"), err
    assert left(home) == []
