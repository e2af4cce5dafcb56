"""Loading one file: against raw COPY, against a smaller file, against the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from statistics import mean

from bench import reference
from bench.place import WITH, WITHOUT, Place
from bench.result import MEMORY_LIMIT_MB, Result
from bench.worker import Taken, Worker, worker

SMALL_ROWS, SMALL_SECONDS = 10_000, 2.0
GROWTH = 1.5
REPEATS = 3  # of files below a hundred thousand rows, whose times are small


@dataclass(frozen=True, slots=True)
class Measured:
    """One size of file: whole ingest, and COPY of the same bytes right before and after it."""

    rows: int
    taken: Taken
    copy_seconds: float


def without_identities(place: Place, rows: int) -> Iterator[Result]:
    """A large file without identities."""
    yield _against_copy(f"ingest {rows:,} rows without identities", measure(place, WITHOUT, rows), 5)


def with_identities(place: Place, rows: int) -> Iterator[Result]:
    """A large file with identities, which go to the vault."""
    yield _against_copy(f"ingest {rows:,} rows with identities", measure(place, WITH, rows), 12)


def growth(place: Place, rows: int) -> Iterator[Result]:
    """Cost a row of the file and of one five times as large, against one of a tenth."""
    tenth, whole, five = (measure(place, WITHOUT, size) for size in (rows // 10, rows, rows * 5))
    for large in (whole, five):
        yield Result(
            name=f"cost per row, {tenth.rows:,} to {large.rows:,} rows",
            seconds=large.taken.seconds,
            reference=f"{large.rows // tenth.rows} times {tenth.rows:,} rows",
            reference_seconds=tenth.taken.seconds * (large.rows / tenth.rows),
            target=GROWTH,
            peak_rss_mb=large.taken.peak_mb,
            limit_mb=MEMORY_LIMIT_MB,
        )


def small(place: Place, _rows: int) -> Iterator[Result]:
    """A file as agencies usually send it, taken in by a warm process."""
    taken = measure(place, WITH, SMALL_ROWS).taken
    yield Result(
        name=f"ingest {SMALL_ROWS:,} rows, warm",
        seconds=taken.seconds,
        reference=f"{SMALL_SECONDS:g} seconds",
        reference_seconds=SMALL_SECONDS,
        target=1,
        peak_rss_mb=taken.peak_mb,
        limit_mb=MEMORY_LIMIT_MB,
    )


@cache
def measure(place: Place, feed: str, rows: int) -> Measured:
    """Takes in new files of one size, in a new process; the quickest of several where they are small.

    Measured once a run, for whoever asks.
    """
    with worker(place, feed) as ready:
        rounds = [_round(place, ready, feed, rows) for _ in range(REPEATS if rows < 100_000 else 1)]
    return min(rounds, key=lambda one: one.taken.seconds)


def _round(place: Place, ready: Worker, feed: str, rows: int) -> Measured:
    file = place.file(feed, rows)
    before = reference.copy_seconds(place.server, file)
    taken = ready.ingest(file)
    after = reference.copy_seconds(place.server, file)
    file.path.unlink()
    place.say(
        f"{rows:,} rows of {feed}: {taken.seconds:.2f} s, {taken.peak_mb:.0f} MB; COPY {before:.2f} s before and"
        f" {after:.2f} s after"
    )
    return Measured(rows, taken, mean((before, after)))


def _against_copy(name: str, measured: Measured, target: float) -> Result:
    return Result(
        name=name,
        seconds=measured.taken.seconds,
        reference=reference.NAME,
        reference_seconds=measured.copy_seconds,
        target=target,
        peak_rss_mb=measured.taken.peak_mb,
        limit_mb=MEMORY_LIMIT_MB,
    )
