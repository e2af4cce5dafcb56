"""Commands that are told to end in the middle: what they had started is gone, and the next one works."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
from tests.faults.killing import assert_swept, tell_and_rerun
from tests.integration.station import Station

from marsad.settings import PROJECT
from marsad.terminal import ended_when_told

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
            command = process.cmdline()
            about = [*command, *process.environ().values(), process.cwd()]
        except psutil.Error:
            continue
        if any(str(home) in part for part in about):
            found.append(" ".join(command))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signals") / "home"


def test_a_command_told_to_end_stops_the_server_that_it_had_started(home: Path) -> None:
    home.mkdir(exist_ok=True)
    assert ended(home, "preparing the warehouse", "deliveries") == 128 + signal.SIGTERM
    assert left(home) == []


@pytest.mark.long
def test_up_told_to_end_leaves_nothing(home: Path) -> None:
    assert ended(home, "preparing Airflow", "up") == 128 + signal.SIGTERM
    assert left(home) == []


def test_the_next_command_works(home: Path) -> None:
    process = command(home, "deliveries", "--json")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "[]\n"), err
    assert left(home) == []


def test_a_loader_told_to_end_at_any_moment_ends_and_loses_nothing(station: Station) -> None:
    chance = random.Random(11)
    assert any([tell_and_rerun(station, chance.uniform(0.0, 0.6)) for _ in range(5)])
    assert_swept(station)


def swallowing(times: int) -> None:
    """What C code that clears errors, and what finalizers do to whatever is raised in them."""
    for _ in range(times):
        with suppress(BaseException):
            time.sleep(5)
    time.sleep(5)


def keeping() -> None:
    """A library that keeps what was raised in a cycle, which another thread clears away."""
    try:
        time.sleep(5)
    except BaseException as error:  # noqa: BLE001 - just that
        cycle: list[object] = [error]
        cycle.append(cycle)
        del cycle
    collector = threading.Thread(target=gc.collect)
    collector.start()
    collector.join()
    time.sleep(5)


@pytest.mark.parametrize("work", [partial(swallowing, 3), keeping], ids=["swallowed", "kept"])
def test_a_signal_that_a_library_swallows_still_ends_the_work(work: Callable[[], None]) -> None:
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    with pytest.raises(SystemExit) as end, ended_when_told():
        work()
    assert end.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_alarm_clock_of_others_rings_as_before() -> None:
    rung: list[int] = []
    handler = signal.signal(signal.SIGALRM, lambda number, _frame: rung.append(number))
    before = signal.setitimer(signal.ITIMER_REAL, 3)
    try:
        with ended_when_told():
            time.sleep(0.1)
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] < 3
        deadline = time.monotonic() + 30
        while not rung and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *before)
    assert rung == [signal.SIGALRM]
