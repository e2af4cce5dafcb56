"""Files that a dry run has no time for: nobody is blamed, and they can be sent without."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.integration.portal_site import Browser
from tests.integration.station import Station, visit, visits

from marsad.intake import pipeline
from marsad.portal import asking
from marsad.portal.site import Site


@contextmanager
def closing_after(place: Path, began: bool, seconds: float) -> Iterator[None]:
    """Somebody who listens, takes questions, says when it ``began`` or not, and hangs up, as a fork that ends."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()

        def hang_up() -> None:
            with server.accept()[0] as asked:
                if began:
                    asked.sendall(b'{"began": %f}\n' % time.monotonic())
                time.sleep(seconds)

        threading.Thread(target=hang_up, daemon=True).start()
        yield


@pytest.mark.parametrize(("began", "after", "slow"), [(True, 0.0, False), (True, 1.6, True), (False, 1.6, False)])
def test_only_a_dry_run_that_was_ended_took_too_long(tmp_path: Path, began: bool, after: float, slow: bool) -> None:
    with closing_after(tmp_path / "s", began, after):
        try:
            assert asking.verdict(asking.over(tmp_path / "s", 1.5), tmp_path / "file", "lab/visits", "S") is None
            late = False
        except asking.TooLong:
            late = True
    assert late is slow


_SERVER = """
import os, signal, sys
from pathlib import Path
from marsad.portal import answering
answering.SECONDS = 3

class Server(answering.Answering):
    def answer(self, question):
        if question["path"].endswith("crash"):
            os.kill(os.getpid(), signal.SIGKILL)
        if question["path"].endswith("slow"):
            signal.pause()
        return {"verdict": 1}

Server(Path(sys.argv[1])).serve_forever()
"""


def test_a_fork_tells_when_it_began(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _SERVER, str(tmp_path / "s")])
    try:
        until = time.monotonic() + 60
        ask, told = asking.over(tmp_path / "s", 3), None
        while told is None and time.monotonic() < until:
            told = asking.verdict(ask, tmp_path / "fine", "lab/visits", "S")
        assert told == {"verdict": 1}
        assert asking.verdict(ask, tmp_path / "crash", "lab/visits", "S") is None
        with pytest.raises(asking.TooLong):
            asking.verdict(ask, tmp_path / "slow", "lab/visits", "S")
    finally:
        process.kill()
        process.wait(60)


def uploaded(site: Site, browser: Browser, sender: str) -> str:
    slow = Browser(replace(site, ask=lambda _question: {"fault": "TooLong"}))
    slow.cookies, slow.form_token = browser.cookies, browser.form_token
    slow.see("/send")
    file = {"file": ("gros.csv", visits(visit("P1")).encode())}
    path = slow.submit("/send", {"what": f"{sender}|lab/visits"}, files=file).headers["location"]
    until = time.monotonic() + 60
    while slow.get(f"{path}/state").json()["state"] == "checking" and time.monotonic() < until:
        time.sleep(0.05)
    return str(path)


def test_a_slow_file_is_sent_without_a_verdict(station: Station, site: Site, submitter: Browser, sender: str) -> None:
    path = uploaded(site, submitter, sender)
    page = submitter.see(path)
    assert "plus de 2 minutes" in page
    assert f'action="{path}/send"' in page
    assert submitter.get(f"{path}/workbook").status_code == 404
    submitter.submit(f"{path}/send")
    pipeline.receive_waiting(station.office, "lab/visits", time.time() + 60)
    pipeline.drain(station.office.settings, "lab/visits")
    assert station.state("lab/visits", sender, "record_id") == [("P1",)]
    assert submitter.get(path).headers["location"].startswith("/deliveries/")


def test_a_slow_file_is_forgotten_like_any_other(station: Station, site: Site, submitter: Browser, sender: str) -> None:
    kept = station.office.settings.place("tmp") / "portal"
    first, second = uploaded(site, submitter, sender), uploaded(site, submitter, sender)
    assert (kept / first.rpartition("/")[2]).exists()
    submitter.see(first)
    submitter.submit(f"{first}/drop")
    assert not (kept / first.rpartition("/")[2]).exists()
    station.office.clock.now += timedelta(minutes=31)  # type: ignore[attr-defined]
    submitter.sign_in(submitter.email)  # type: ignore[attr-defined]
    submitter.submit(f"{second}/send")
    assert submitter.get(f"{second}/state").json()["state"] == "slow"  # kept too long to be sent
    uploaded(site, submitter, sender)
    assert not (kept / second.rpartition("/")[2]).exists()
