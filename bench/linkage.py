"""Linkage at size: a large delivery to a large register, beside Splink's plain use; small ones to three registers.

Half of a delivery's people are in the register, half are new. What is linked is opened from the vault, compared and
settled by the production's code in a worker of its own; only the larger registers themselves are filled (``filled``).
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

from bench import filled, splink_plain
from bench.found import by_marsad, by_splink
from bench.memory import watching
from bench.people import COLUMNS, People, Person, Writer
from bench.place import MadeFile, Place
from bench.result import Result
from bench.worker import Taken, Worker, started
from marsad.identity.keys import KeyRing
from marsad.intake.office import Office

FEED, REGISTER, NEW = "police/victims", "DGSN", "GR"
SMALL, LARGER = 100, 1_000  # records of a delivery that is added to registers of three sizes
GROWTH = 2.0  # of what they cost, while the register grows a hundredfold
_REPEATS = 3

Row = Sequence[str]


def linkage(place: Place, rows: int) -> Iterator[Result]:
    """Registers of a hundredth, a tenth and all of ``rows``, to which deliveries are added."""
    sizes = (rows // 100, rows // 10, rows)
    KeyRing.create(place.settings.place("keys"))
    with started(place) as worker:
        register = _Register(place, worker)
        costs = {}
        for size in sizes:
            register.grow(size)
            costs[size] = register.cost(LARGER)
            small = register.cost(SMALL)
        yield from (_growth(sizes[0], size, costs) for size in sizes[1:])
        yield _result(
            f"link {LARGER:,} records to {rows:,}", costs[rows], f"{LARGER // SMALL} times {SMALL:,}",
            small.seconds * LARGER / SMALL, 1,
        )  # fmt: skip
        yield register.against_splink(rows // 10)


def _growth(least: int, size: int, costs: dict[int, Taken]) -> Result:
    name, reference = f"link {LARGER:,} records to {size:,}", f"the same to {least:,}"
    return _result(name, costs[size], reference, costs[least].seconds, GROWTH)


def _result(name: str, taken: Taken, reference: str, seconds: float, target: float) -> Result:
    return Result(name, taken.seconds, reference, seconds, target, taken.peak_mb)


class _Register:
    """A warehouse with a growing register of people, none of them twice."""

    def __init__(self, place: Place, worker: Worker) -> None:
        self._place, self._worker, self._rng = place, worker, Random(4)
        self._people = People(seed=1)
        self._writers = {REGISTER: Writer(self._people, "D", seed=2), NEW: Writer(self._people, "G", seed=3)}
        self._known: list[Person] = []
        self._office = Office.open(place.settings)
        self._titles = [place.catalog.contract(FEED).column(name).headers["fr"] for name in COLUMNS]
        self._plain = place.settings.place("files") / "register.csv"

    def grow(self, size: int) -> None:
        """Lets it grow to ``size``."""
        fresh = self._people.draw(size - len(self._known))
        rows = list(map(self._writers[REGISTER].row, fresh))
        first, self._known = not self._known, self._known + fresh
        self._send(REGISTER, rows)
        _write(self._plain, splink_plain.COLUMNS if first else None, map(_as_splink, rows))
        if first:
            self._worker.link(size)
        else:
            filled.fill(self._office)

    def cost(self, records: int) -> Taken:
        """What it takes to link a delivery, at best of a few."""
        return min((self._added(records)[0] for _ in range(_REPEATS)), key=lambda taken: taken.seconds)

    def against_splink(self, records: int) -> Result:
        """A large delivery by both, and whether what was found is better than what Splink finds at its best."""
        taken, rows, known = self._added(records)
        truth = {(f"D{place + 1:07}", row[0]) for place, row in zip(known, rows, strict=False)}
        mine = by_marsad(self._office, truth, REGISTER, NEW)
        delivery, out = (self._plain.with_name(name) for name in ("delivery.csv", "found.csv"))
        _write(delivery, splink_plain.COLUMNS, map(_as_splink, rows))
        seconds, peak = self._splink(out, self._plain, delivery)
        its = by_splink(out, truth)
        self._place.say(f"linkage: {mine}\nSplink: {its}; {seconds:.1f} s, {peak:.0f} MB")
        return Result(
            f"link {records:,} records to {len(self._known):,}, F1 {mine.f1:.3f}", taken.seconds,
            f"Splink's plain use, F1 {its.f1:.3f}", seconds, 1, taken.peak_mb, sound=mine.f1 > its.f1,
        )  # fmt: skip

    def _splink(self, out: Path, *files: Path) -> tuple[float, float]:
        command = [sys.executable, "-m", "bench.splink_plain", *map(str, (out, *files))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, watching(process.pid) as peak:
            told, _ = process.communicate()
        if process.returncode:
            sys.exit("Splink's plain use failed")
        return float(told), peak.megabytes

    def _added(self, records: int) -> tuple[Taken, list[Row], list[int]]:
        """What it took to link a new delivery; its rows, the first of which are of these people of the register."""
        known = self._rng.sample(range(len(self._known)), records // 2)
        people = [*(self._known[place] for place in known), *self._people.draw(records - len(known))]
        rows: list[Row] = list(map(self._writers[NEW].row, people))
        self._send(NEW, rows)
        taken = self._worker.link(records)
        size = len(self._known)
        self._place.say(f"{records:,} records linked to {size:,}: {taken.seconds:.2f} s, {taken.peak_mb:.0f} MB")
        return taken, rows, known

    def _send(self, provider: str, rows: Sequence[Row]) -> None:
        path = self._plain.with_name(f"{rows[0][0]}.csv")
        path.parent.mkdir(exist_ok=True)
        _write(path, self._titles, rows)
        taken = self._worker.ingest(MadeFile(path, FEED, provider, len(rows), 0))
        path.unlink()
        self._place.say(f"{len(rows):,} records taken in: {taken.seconds:.1f} s")


def _write(path: Path, titles: Sequence[str] | None, rows: Iterable[Row]) -> None:
    """Without titles: to the end of the file."""
    with path.open("w" if titles else "a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=",")
        writer.writerows([titles] if titles else [])
        writer.writerows(rows)


def _as_splink(row: Row) -> Row:
    """The columns of a plain user: a name as it is written, in whichever script."""
    told = dict(zip(COLUMNS, row, strict=True))
    given, family = (told[name] or told[f"{name}_ar"] for name in ("given_name", "family_name"))
    rest = ("birth_date", "sex", "region", "phone", "document_number")
    return (told["victim_reference"], given, family, *(told[name] for name in rest))
