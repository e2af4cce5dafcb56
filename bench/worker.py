"""The measured process: ``python -m bench.worker HOME``. Takes one file a line, answers one line of JSON each.

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

from bench.memory import watching
from bench.place import MadeFile, Place, settings_of

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
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with watching(self._process.pid) as peak:
            print(json.dumps([str(file.path), file.feed, file.provider]), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{file.feed}: the worker died over {file.path.name}")
        answer = json.loads(line)
        if (answer["rows"], answer["bad"]) != (file.rows, file.bad):
            sys.exit(f"{file.feed}: {answer['rows']} rows, {answer['bad']} refused; expected {file.rows}, {file.bad}")
        return Taken(answer["seconds"], peak.megabytes)


@contextmanager
def worker(place: Place, feed: str) -> Iterator[Worker]:
    """A warm worker, which has taken in one small file of the feed."""
    command = [sys.executable, "-m", "bench.worker", str(place.settings.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = Worker(process)
            ready.ingest(place.file(feed, WARM_ROWS))
            yield ready
        finally:
            process.communicate()


def main(home: str) -> None:
    """Works until its input ends."""
    from marsad.intake import pipeline
    from marsad.intake.office import Office

    office = Office.open(settings_of(Path(home)))
    for line in sys.stdin:
        path, feed, provider = json.loads(line)
        started = time.perf_counter()
        receipt = pipeline.ingest(office, Path(path), feed, provider)
        seconds = time.perf_counter() - started
        answer = {"seconds": seconds, "rows": receipt["rows_read"], "bad": receipt["rows_quarantined"]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
