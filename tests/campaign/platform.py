"""``python -m tests.campaign.platform``: the whole platform under SIGKILL at random moments, against the books.

Agencies drop file after file while tasks, readers, Airflow's components, our servers and PostgreSQL are killed; nobody
helps but ``up``, when the supervisor itself is dead. At the end every verdict, record, figure and refused row must be
as truth.json says, and the audit must verify.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from tests.campaign.__main__ import say
from tests.integration.truth import comparisons

from marsad.intake import inbox
from marsad.intake.office import Office
from marsad.intake.proof import verify_trail
from marsad.runtime import stack
from marsad.settings import Settings
from marsad.simulation import simulate
from marsad.warehouse.engine import database_url, make_engine

PATIENCE = 1500.0  # seconds after the last file; Airflow notices a killed task by its missing heartbeat
_RECEIPTS = sa.text(
    "SELECT a.file_name, coalesce(a.receipt, d.receipt) AS receipt FROM ops.arrival a JOIN ops.delivery d"
    " USING (delivery_id) ORDER BY a.arrival_id"
)


@dataclass
class Killer:
    """Kills one process of a home after another."""

    settings: Settings
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)

    def kill(self) -> None:
        """SIGKILL to any process of the home; ``up`` when that was the supervisor."""
        found = sorted(self._processes(), key=lambda process: process.pid)
        kinds = sorted({_kind(process) for process in found})
        kind = self.chance.choice(kinds)  # else the many workers of one server would be all that ever dies
        try:
            self.chance.choice([process for process in found if _kind(process) == kind]).kill()
        except psutil.NoSuchProcess:
            return
        self.killed[kind] += 1
        say(f"killed: {kind}")
        if kind == "supervisor":
            stack.up(self.settings, say)

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            if process.pid != psutil.Process().pid and _of_home(process, str(self.settings.home)):
                yield process


def _of_home(process: psutil.Process, home: str) -> bool:
    try:
        about = [*process.cmdline(), *process.environ().values(), process.cwd()]
        return any(home in part for part in about)
    except psutil.Error:
        return False


def _kind(process: psutil.Process) -> str:
    try:
        words = " ".join(process.cmdline())
    except psutil.Error:
        return "gone"
    if words.startswith("postgres:"):
        return "a backend of PostgreSQL"
    names = ("supervisor", "api-server", "scheduler", "dag-processor", "triggerer", "portal.trial", "portal", "sftp")
    found = next((name for name in names if name in words), None)
    return found or ("PostgreSQL" if "bin/postgres" in words else "a task or reader")


def differences(base: Path, victims: int, kills: int, seed: int) -> Iterator[str]:
    """Runs one platform under fire; yields a line for all that is not as the books say."""
    settings = Settings.from_env({"MARSAD_HOME": str(base / "home")})
    truth = json.loads(Path(simulate(base / "agencies", victims, seed)).read_text("utf-8"))
    stack.up(settings, say)
    try:
        killer = Killer(settings, random.Random(seed))
        _drop_under_fire(settings, truth, base / "agencies", killer, kills)
        say(f"all files dropped, killed: {dict(killer.killed)}")
        receipts = _receipts_in_peace(settings, truth)
        yield from _verdicts(truth, receipts)
        office = Office.open(settings)
        with office.engine.connect() as connection:
            yield from comparisons(connection, truth)
        yield from (f"audit: {fault.kind} at event {fault.seq}" for fault in verify_trail(office))
        office.engine.dispose()
    finally:
        stack.down(settings, say)


def _drop_under_fire(settings: Settings, truth: Mapping[str, Any], agencies: Path, killer: Killer, kills: int) -> None:
    for number, entry in enumerate(truth["files"]):
        inbox.drop(agencies / entry["file"], settings.place("inbox"), entry["provider"], entry["feed"])
        while sum(killer.killed.values()) < kills * (number + 1) / len(truth["files"]):
            time.sleep(killer.chance.uniform(0.5, 6))
            killer.kill()


def _receipts_in_peace(settings: Settings, truth: Mapping[str, Any]) -> dict[str, Any]:
    deadline, receipts = time.monotonic() + PATIENCE, dict[str, Any]()
    while len(receipts) < len(truth["files"]) and time.monotonic() < deadline:
        time.sleep(5)
        try:
            receipts = _receipts(settings)
        except OperationalError:
            continue
        say(f"{len(receipts)} of {len(truth['files'])} files have their receipts")
    return receipts


def _receipts(settings: Settings) -> dict[str, Any]:
    engine = make_engine(database_url(settings))
    with engine.connect() as connection:
        rows = connection.execute(_RECEIPTS).all()
    engine.dispose()
    return {name: receipt for name, receipt in reversed(rows) if receipt is not None}


def _verdicts(truth: Mapping[str, Any], receipts: Mapping[str, Any]) -> Iterator[str]:
    for entry in truth["files"]:
        receipt = receipts.get(entry["file"])
        if receipt is None:
            yield f"{entry['file']}: no receipt"
            continue
        wrong = {name: (receipt[name], want) for name, want in entry["expect"].items() if receipt[name] != want}
        if wrong:
            yield f"{entry['file']}: {wrong}"


def main() -> int:
    """Exit code 0 when nothing differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.platform", description=__doc__)
    parser.add_argument("--victims", type=int, default=40)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="marsad-fire-", ignore_cleanup_errors=True) as folder:
        base = Path(folder)
        base.chmod(0o711)
        found = list(differences(base, options.victims, options.kills, options.seed))
    say("\n".join([*found, f"{options.kills} kills, seed {options.seed}: {len(found)} differences"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
