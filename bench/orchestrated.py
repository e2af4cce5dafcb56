"""Ten files dropped into the inbox, until the marts are up to date: under real Airflow, and in one plain process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import sqlalchemy as sa

from bench.memory import watching
from bench.place import WITH, WITHOUT, MadeFile, Place
from bench.result import Result
from marsad.intake import inbox
from marsad.runtime import stack
from marsad.warehouse.engine import make_engine

FILES, ROWS = 10, 10_000
TARGET = 1.5
PATIENCE = 900.0  # seconds
LOOK_SECONDS = 0.2

_FINISHED = sa.text(
    "SELECT count(*), max(finished_at) FROM ops.delivery WHERE file_name = ANY(:names) AND receipt IS NOT NULL"
)
_REFRESHED = sa.text(
    "SELECT count(*) FROM dag_run WHERE dag_id = 'statistics' AND state = 'success' AND start_date > :last"
)


def airflow(place: Place, _rows: int) -> Iterator[Result]:
    """The way through the DAGs against the same work without them."""
    plain = _in_one_process(place, _files(place, FILES, ROWS))
    stack.up(place.settings, place.say)
    supervisor = json.loads((place.settings.place("run") / "supervisor.json").read_text())["pid"]
    _through_dags(place, _files(place, 2, 100))  # every DAG has run once
    files = _files(place, FILES, ROWS)
    with watching(supervisor) as peak:
        seconds = _through_dags(place, files)
    yield Result(
        name=f"{FILES} files of {ROWS:,} rows through Airflow",
        seconds=seconds,
        reference="the same work in one plain process, started for it",
        reference_seconds=plain,
        target=TARGET,
        peak_rss_mb=peak.megabytes,
    )


def _files(place: Place, count: int, rows: int) -> list[MadeFile]:
    return [place.file(WITH if number % 2 else WITHOUT, rows) for number in range(count)]


def _drop(place: Place, files: list[MadeFile]) -> None:
    for file in files:
        inbox.drop(file.path, place.settings.place("inbox"), file.provider, file.feed)


def _in_one_process(place: Place, files: list[MadeFile]) -> float:
    started = time.perf_counter()
    _drop(place, files)
    command = [sys.executable, "-m", "bench.plain", str(place.settings.home), WITHOUT, WITH]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    place.say(f"in one process: {seconds:.2f} s, of which {float(done.stdout):.2f} s after its imports")
    return seconds


def _through_dags(place: Place, files: list[MadeFile]) -> float:
    """Seconds from the drop until a run of ``statistics`` that began after the last commit has succeeded."""
    warehouse, metadata = make_engine(place.server.url()), make_engine(place.server.url("airflow"))
    started = time.perf_counter()
    _drop(place, files)
    while not _refreshed(warehouse, metadata, [file.path.name for file in files]):
        if time.perf_counter() - started > PATIENCE:
            sys.exit(f"Airflow has not finished: see {place.settings.place('logs')}")
        time.sleep(LOOK_SECONDS)
    seconds = time.perf_counter() - started
    place.say(f"through Airflow: {seconds:.2f} s for {len(files)} files")
    warehouse.dispose()
    metadata.dispose()
    return seconds


def _refreshed(warehouse: sa.Engine, metadata: sa.Engine, names: list[str]) -> bool:
    with warehouse.connect() as connection:
        finished, last = connection.execute(_FINISHED, {"names": names}).one()
    if finished < len(names):
        return False
    with metadata.connect() as connection:
        return bool(connection.execute(_REFRESHED, {"last": last}).scalar_one())
