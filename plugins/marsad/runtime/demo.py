"""The demonstration: made-up agencies drop files, the real DAGs do the work, and what came out is told and checked.

It has a home of its own (``demo`` below ``MARSAD_HOME``), emptied first, so it runs any number of times and beside a
platform that is up.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console

from marsad.durable import os_faults
from marsad.errors import PlatformFault
from marsad.intake import inbox
from marsad.runtime import publication, stack, story
from marsad.runtime.agent import PROVIDER, Sender, Visit
from marsad.settings import PortalSettings, Settings
from marsad.simulation import simulate
from marsad.warehouse.engine import clean_errors, database_url, make_engine

LOOK_SECONDS = 1.0
PATIENCE = 900.0  # seconds without any progress; a quiet machine of two cores needs seconds a feed
AGENT = "agent@example.org"
SFTP = "127.0.0.1:0"  # any free port
Invite = Callable[[Settings, str, str], str]
"""Settings, e-mail and provider of a new submitter -> the address where the password is chosen."""

ATTEMPTS = 4  # after so many broken attempts at one delivery it will not heal while somebody watches

_LEDGER = sa.text(
    """
    SELECT a.file_name, d.feed, d.provider, d.status, d.attempts, d.last_fault, d.receipt, a.receipt AS again
    FROM ops.arrival a JOIN ops.delivery d USING (delivery_id) ORDER BY a.arrival_id
    """
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: its receipt, or its duplicate's receipt when the same bytes were there before."""

    file: str
    feed: str
    provider: str
    receipt: Mapping[str, Any]


def demo(
    settings: Settings, console: Console, *, invite: Invite, as_json: bool, victims: int, seed: int
) -> int:  # fmt: skip
    """Run it all; progress and tables go to ``console``, with ``as_json`` one document to stdout.

    Returns the exit code: 0 when every verdict and record is the one the simulation expected, else 70.

    Raises:
        PlatformFault: the platform does not start or does not finish.
    """
    started = time.monotonic()
    own = replace(
        settings, home=settings.home / "demo", warehouse_url=None, portal=PortalSettings(), mail=None, sftp=SFTP,
        handed_on={"MARSAD_SFTP": SFTP},
    )  # fmt: skip
    _clear(own)
    console.print(f"simulating agencies and {victims} victims (made up, seed {seed})")
    truth = _simulate(own, victims, seed)
    with _platform(own, console) as status:
        sender = _drop(own, truth, status, console)
        visit = Visit.begin(invite(own, AGENT, PROVIDER), AGENT)
        outcomes = _work(own, truth, console)
        seen = {"portal": visit.end(), "outbox": sender.outbox()}
        told = story.tell(own, truth, {name: outcome.receipt for name, outcome in outcomes.items()}, seen)
        told["release"] = publication.publish(own, console)
    told["seconds"] = round(time.monotonic() - started, 1)
    if as_json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    else:
        story.show(told, console)
    return 0 if told["as_expected"] else 70


def _clear(own: Settings) -> None:
    stack.down(own)
    with os_faults(f"clearing {own.home}"):
        if own.home.exists():
            shutil.rmtree(own.home)
        own.home.mkdir(parents=True)


def _simulate(own: Settings, victims: int, seed: int) -> dict[str, Any]:
    truth = simulate(own.home / "agencies", victims, seed)
    document: dict[str, Any] = json.loads(Path(truth).read_text(encoding="utf-8"))
    return document


@contextmanager
def _platform(own: Settings, console: Console) -> Iterator[stack.Status]:
    status = stack.up(own, lambda text: console.print(text))
    console.print(f"platform is up; watch it at {status.url} (user {status.user}, password in {status.password_file})")
    try:
        yield status
    finally:
        stack.down(own, lambda text: console.print(text))


def _drop(own: Settings, truth: Mapping[str, Any], status: stack.Status, console: Console) -> Sender:
    """Drops every file in the order of sending, the last one by SFTP; returns who sent that."""
    *files, last = truth["files"]
    for entry in files:
        inbox.drop(own.home / "agencies" / entry["file"], own.place("inbox"), entry["provider"], entry["feed"])
    sender = Sender(status.sftp or SFTP, own.place("keys") / "sftp", last["provider"], last["feed"])
    sender.put(own.home / "agencies" / last["file"], last["feed"])
    console.print(f"{len(truth['files'])} files dropped, one of them by SFTP; the DAGs take over")
    return sender


def _work(own: Settings, truth: Mapping[str, Any], console: Console) -> dict[str, Outcome]:
    """Waits until the DAGs are through with all files of the simulation."""
    engine = make_engine(database_url(own))
    expected, done = {entry["file"] for entry in truth["files"]}, dict[str, Outcome]()
    last = time.monotonic()
    while len(done) < len(truth["files"]):
        fresh = [one for one in _finished(own, engine) if one.file in expected - done.keys()]
        for one in fresh:
            done[one.file] = one
            console.print(_line(one, len(done), len(truth["files"])), markup=False, highlight=False)
        last = time.monotonic() if fresh else last
        if time.monotonic() - last > PATIENCE:
            missing = sorted(entry["file"] for entry in truth["files"] if entry["file"] not in done)
            raise PlatformFault(f"still waiting for {', '.join(missing[:3])} and others: see {own.place('logs')}")
        time.sleep(LOOK_SECONDS)
    engine.dispose()
    return done


def _finished(own: Settings, engine: sa.Engine) -> list[Outcome]:
    with clean_errors(), engine.connect() as connection:
        rows = connection.execute(_LEDGER).all()
    for row in rows:
        if row.status == "received" and row.last_fault and row.attempts >= ATTEMPTS:
            raise PlatformFault(f"{row.file_name} cannot be loaded: {row.last_fault}; see {own.place('logs')}")
    seen: set[str] = set()
    found = []
    for row in rows:
        receipt = row.again or row.receipt
        if receipt is not None and row.file_name not in seen:
            found.append(Outcome(row.file_name, row.feed, row.provider, receipt))
            seen.add(row.file_name)
    return found


def _line(one: Outcome, number: int, total: int) -> str:
    counts = f"{one.receipt['rows_accepted']} of {one.receipt['rows_read']} rows"
    return f"{number:>4}/{total}  {one.feed:<22} {one.provider:<14} {one.receipt['status']:<23} {counts}"
