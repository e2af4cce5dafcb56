"""The report of a file that somebody asks for on the command line, from its start to the file that it leaves."""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from bench.data import DELIMITER
from bench.loading import SMALL_ROWS
from bench.place import WITH, MadeFile, Place
from bench.result import Result
from marsad.settings import PROJECT

SECONDS = 10.0
REPEATS = 2


def report(place: Place, _rows: int) -> Iterator[Result]:
    """The annotated workbook and the page of a workbook of ``SMALL_ROWS`` rows; the quicker of two times."""
    made = place.file(WITH, SMALL_ROWS)
    sent = _as_workbook(made)
    for ending, name in (("xlsx", "annotated workbook"), ("html", "page")):
        seconds = min(_seconds(place, made, sent, ending) for _ in range(REPEATS))
        place.say(f"{name}: {seconds:.2f} s")
        yield Result(
            name=f"report on {SMALL_ROWS:,} rows, cold: {name}",
            seconds=seconds,
            reference=f"{SECONDS:g} seconds",
            reference_seconds=SECONDS,
            target=1,
            peak_rss_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        )


def _as_workbook(made: MadeFile) -> Path:
    path = made.path.with_suffix(".xlsx")
    with made.path.open(encoding="utf-8", newline="") as rows, xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(csv.reader(rows, delimiter=DELIMITER)):
            sheet.write_row(number, 0, row)
    return path


def _seconds(place: Place, made: MadeFile, sent: Path, ending: str) -> float:
    out = sent.with_name(f"report.{ending}")
    ask = ["check", str(sent), "--feed", made.feed, "--provider", made.provider, "--report", str(out)]
    settings = place.settings
    environment = {
        **os.environ, "MARSAD_HOME": str(settings.home), "PYTHONPATH": str(PROJECT / "plugins"),
        "MARSAD_CONTRACTS": str(settings.contract_dirs[-1]), "MARSAD_EXPECTATIONS": str(settings.expectation_dirs[-1]),
    }  # fmt: skip
    started = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).with_name("marsad"), *ask], env=environment, capture_output=True, check=False
    )
    seconds = time.monotonic() - started
    assert done.returncode == 1, done.stderr.decode()  # noqa: S101 - some rows are refused, so there is what to report
    assert out.stat().st_size > 0  # noqa: S101
    out.unlink()
    return seconds
