"""The measured process: ``python -m bench.worker HOME``. Takes one file a line, or links; answers a line of JSON each.

A process of its own, so that its memory is that of an intake worker and not of the benchmark.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.memory import watching
from bench.place import MadeFile, Place, settings_of

if TYPE_CHECKING:
    from marsad.intake.office import Office

WARM_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Taken:
    """How long a whole ingest took, and the most memory (MB) that the worker held meanwhile."""

    seconds: float
    peak_mb: float


class Worker:
    """A worker that is up and warm: everything imported, connected, contracts and suites read."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ingest(self, file: MadeFile) -> Taken:
        """Takes the file in. Raises SystemExit if what was accepted and refused is not what the file holds."""
        answer, peak = self._ask([str(file.path), file.feed, file.provider])
        if (answer["rows"], answer["bad"]) != (file.rows, file.bad):
            sys.exit(f"{file.feed}: {answer['rows']} rows, {answer['bad']} refused; expected {file.rows}, {file.bad}")
        return Taken(answer["seconds"], peak)

    def link(self, entered: int) -> Taken:
        """Links what was taken in. Raises SystemExit if that was not so many records."""
        answer, peak = self._ask([])
        if answer["entered"] != entered:
            sys.exit(f"{answer['entered']} records were linked; expected {entered}")
        return Taken(answer["seconds"], peak)

    def _ask(self, question: list[str]) -> tuple[dict[str, Any], float]:
        """The answer, and the most memory meanwhile."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with watching(self._process.pid) as peak:
            print(json.dumps(question), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        if not line:
            sys.exit(f"the worker died over {question}")
        return json.loads(line), peak.megabytes


@contextmanager
def worker(place: Place, feed: str) -> Iterator[Worker]:
    """A warm worker, which has taken in one small file of the feed."""
    with started(place) as ready:
        ready.ingest(place.file(feed, WARM_ROWS))
        yield ready


@contextmanager
def started(place: Place) -> Iterator[Worker]:
    """A worker that has done nothing yet."""
    command = [sys.executable, "-m", "bench.worker", str(place.settings.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Worker(process)
        finally:
            process.communicate()


def main(home: str) -> None:
    """Works until its input ends."""
    from marsad.intake.office import Office

    office = Office.open(settings_of(Path(home)))
    for line in sys.stdin:
        started = time.perf_counter()
        answer = _done(office, json.loads(line))
        print(json.dumps({"seconds": time.perf_counter() - started, **answer}), flush=True)


def _done(office: Office, question: list[str]) -> dict[str, int]:
    from marsad.intake import pipeline
    from marsad.linkage import linker

    if not question:
        return linker.link(office)
    path, feed, provider = question
    receipt = pipeline.ingest(office, Path(path), feed, provider)
    return {"rows": receipt["rows_read"], "bad": receipt["rows_quarantined"]}


if __name__ == "__main__":
    main(sys.argv[1])
