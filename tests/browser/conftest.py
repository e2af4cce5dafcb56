"""The pages as a person meets them: the real processes, a real browser, the project's own feeds."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright

from marsad.identity.keys import KeyRing
from marsad.intake import pipeline
from marsad.intake.office import Office
from marsad.portal import accounts
from marsad.portal.accounts import Right
from marsad.portal.site import utc_now
from marsad.runtime import portal as pages
from marsad.runtime.postgres import Postgres
from marsad.settings import Settings

REQUIRED = "MARSAD_BROWSER_REQUIRED"  # CI sets it: without a browser these tests fail there
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
MODULES = ("marsad.portal", "marsad.portal.trial", "marsad.portal.opener", "marsad.portal.looker")
PASSWORD = "une phrase de quelques mots"
KEPT = bool(os.environ.get("MARSAD_TEST_OUTPUT"))  # screenshots: nobody sees those in a folder that is removed


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's chromium, without a window. Gone after each file: other tests want the event loop for themselves."""
    found = shutil.which("chromium")
    if found is None:
        assert not os.environ.get(REQUIRED), "chromium is not installed (apt install chromium)"
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS])
        yield browser
        browser.close()


@dataclass
class Portal:
    """The running pages; ``settle`` does what Airflow does when it finds a file."""

    settings: Settings
    office: Office
    url: str
    people: int = 0

    def settle(self, feed: str) -> None:
        pipeline.receive_waiting(self.office, feed, time.time() + 60)
        pipeline.drain(self.settings, feed)

    def invite(self, *rights: Right) -> tuple[str, str]:
        """A new account; returns its e-mail address and the page where its owner chooses a password."""
        self.people += 1
        email, at = f"agent{self.people}@example.org", utc_now()
        with self.office.engine.begin() as connection:
            account_id = accounts.add(connection, email, "Nadia Exemple", "fr", rights, "test", at)
            token = accounts.invite(connection, account_id, timedelta(days=1), "test", at)
        return email, f"{self.url}/invitation/{token}"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, migrated: str) -> Iterator[Portal]:
    """The processes of the portal over a database of their own."""
    administer = sa.create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with administer.connect() as server:
        server.execute(sa.text(f"CREATE DATABASE browser OWNER marsad TEMPLATE {migrated} STRATEGY file_copy"))
    home = tmp_path_factory.mktemp("portal") / "home"
    environment = {
        "MARSAD_HOME": str(home),
        "MARSAD_WAREHOUSE_URL": postgres.url(database="browser"),
        "MARSAD_PORTAL_PORT": str(_any_port()),
    }
    settings = Settings.from_env(environment)
    for name in ("run", "tmp", "logs"):
        settings.place(name).mkdir(mode=0o700, parents=True)
    KeyRing.create(settings.place("keys"))
    pages.configure(settings)
    running = [_start(settings, environment, module) for module in MODULES]
    try:
        _await(lambda: pages.healthy(settings) and _listens(settings.place("run") / "trial.sock"))
        office = Office.open(settings)
        yield Portal(settings, office, pages.url(settings) or "")
        office.engine.dispose()
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(60)
        with administer.connect() as server:
            server.execute(sa.text("DROP DATABASE browser WITH (FORCE)"))


def _any_port() -> int:
    """A port of its own: two files of tests that start at once would both find the usual one free."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _start(settings: Settings, environment: dict[str, str], module: str) -> subprocess.Popen[bytes]:
    log = (settings.place("logs") / f"{module}.log").open("wb")
    own = {
        **environment, "PATH": os.defpath, "HOME": str(settings.home),
        "PYTHONPATH": str(settings.project / "plugins"), "GX_ANALYTICS_ENABLED": "False",
    }  # fmt: skip
    return subprocess.Popen([sys.executable, "-m", module], env=own, stdout=log, stderr=log, start_new_session=True)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asked:
        try:
            asked.connect(str(path))
        except OSError:
            return False
    return True


def _await(holds: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "the pages do not start"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are kept: ``MARSAD_TEST_OUTPUT``, else below pytest's own folder."""
    wanted = os.environ.get("MARSAD_TEST_OUTPUT")
    folder = Path(wanted) / "screenshots" if wanted else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
