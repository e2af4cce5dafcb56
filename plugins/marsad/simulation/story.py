"""The story: who sends what in which order, and the cases that a reader of the demo should meet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random

from marsad.contracts.load import load_contracts
from marsad.contracts.model import Contract
from marsad.settings import PROJECT
from marsad.simulation.desk import Desk, gaps
from marsad.simulation.faults import FAULTS
from marsad.simulation.figures import figures, period
from marsad.simulation.forms import Form
from marsad.simulation.marts import mart_figures
from marsad.simulation.offices import TELLERS, forms, providers
from marsad.simulation.oracle import Oracle
from marsad.simulation.paths import Offices, draw_paths
from marsad.simulation.paths import Path as Way
from marsad.simulation.periods import Span, spans
from marsad.simulation.post import Letter, Post
from marsad.simulation.rows import fill, sources
from marsad.simulation.world import draw_world

Place = tuple[str, int]
"""A feed and which of its offices: 0 or 1."""

_LATE: Place = ("police/victims", 1)
"""The office whose first sending arrives after its second."""

_TOTALS: frozenset[Place] = frozenset({("police/suspects", 1), ("customs/detections", 0), ("justice/proceedings", 1)})
_ENOUGH = 4
"""Offices that end their tables with a total row, in files of that many rows."""

_SPECIAL: Mapping[Place, str] = {
    ("police/victims", 0): "truncated",
    ("police/victims", 1): "wrong_feed",
    ("police/suspects", 0): "duplicate_file",
    ("customs/detections", 0): "empty",
    ("justice/victims", 0): "no_key_column",
    ("ngo/assistance", 0): "half_broken",
    ("ngo/shelter_stays", 1): "odd_volume",
}
"""What else happens around an office's second sending."""

_STRANGER: Place = ("ngo/shelter_stays", 0)
"""Whose file lands in a wrong inbox."""


def simulate(out: Path, victims: int, seed: int) -> Path:
    """Write the files of made-up agencies and ``truth.json`` to folder ``out``; the path of ``truth.json``.

    ``victims`` (at least 40) people meet several agencies from January 2024 to June 2025. The same ``victims`` and
    ``seed`` give the same files. Raises UsageFault when the project's contracts cannot be read.
    """
    out.mkdir(parents=True, exist_ok=True)
    contracts = load_contracts([PROJECT / "schemas" / "contracts"])
    oracle = Oracle()
    story = Story(_desks(contracts, victims, seed), spans(victims), Post(out, oracle))
    story.tell()
    truth = out / "truth.json"
    truth.write_text(json.dumps(_truth(oracle, victims, seed), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return truth


def _truth(oracle: Oracle, victims: int, seed: int) -> Mapping[str, object]:
    return {
        "victims": victims,
        "seed": seed,
        "files": oracle.files,
        "faults": oracle.faults,
        "fault_kinds": [asdict(fault) for fault in FAULTS.values()],
        "persons": oracle.persons(),
        "others": oracle.others(),
        "statuses": oracle.statuses(),
        "figures": figures(oracle.current()),
        "marts": mart_figures(list(oracle.in_force()), oracle.files),
    }


def _desks(contracts: Mapping[str, Contract], victims: int, seed: int) -> Mapping[Place, Desk]:
    """Feed and number of the office to desk, in the order in which offices send."""
    pairs = {feed: providers(contracts[feed]) for feed in TELLERS}
    rng = Random(f"world/{seed}")  # noqa: S311 - made-up data
    offices = Offices(
        pairs["police/victims"], pairs["customs/detections"][:1], pairs["justice/victims"], pairs["ngo/assistance"]
    )
    ways = draw_paths(draw_world(victims, rng), offices, rng)
    used: Counter[str] = Counter()
    return {
        (feed, number): _desk(contracts[feed], form, ways, seed, used)
        for feed in TELLERS
        for number, form in enumerate(forms(feed, pairs[feed]))
    }


def _desk(contract: Contract, form: Form, ways: Sequence[Way], seed: int, used: Counter[str]) -> Desk:
    rng = Random(f"{seed}/{form.feed}/{form.provider}")  # noqa: S311 - made-up data
    told = TELLERS[form.feed](ways, form.provider, form.script, rng)
    columns = sources(contract)
    records = [(on, fill(columns, key, person, facts)) for on, key, person, facts in told]
    return Desk(contract, form, gaps(contract, form, sorted(records, key=lambda item: item[0]), rng), rng, used)


@dataclass(frozen=True, slots=True)
class Story:
    """Offices send period after period; the special cases are woven in where they happen."""

    desks: Mapping[Place, Desk]
    spans: Sequence[Span]
    post: Post
    told: set[Place | str] = field(default_factory=set)

    def tell(self) -> None:
        """Send everything."""
        late = self._letter(_LATE, 0)
        for number, _ in enumerate(self.spans):
            for place in self.desks:
                if (place, number) != (_LATE, 0):
                    self._send(place, number, self._letter(place, number))
                if (place, number) == (_LATE, 1) and late.rows:
                    self.post.send(replace(late, cases=("late_file",)))

    def _letter(self, place: Place, number: int) -> Letter:
        desk, span = self.desks[place], self.spans[number]
        rows, cases = desk.slipshod(span), []
        if number and desk.contract.mode != "snapshot":
            corrected, unchanged, repaired = desk.again(self.spans[number - 1])
            rows += [*corrected, *unchanged, *repaired]
            named = (("correction", corrected), ("resent_unchanged", unchanged), ("repaired", repaired))
            cases = [case for case, found in named if found]
        sent = span.last + timedelta(5 + place[1])
        total = place in _TOTALS and len(rows) >= _ENOUGH
        return Letter(desk.contract, desk.form, span, sent, rows, tuple(cases), total)

    def _send(self, place: Place, number: int, letter: Letter) -> None:
        if not letter.rows:
            return
        special = self._special(place, number)
        if special == "half_broken":
            self.post.send(self._half_broken(place, number, letter))
        elif special == "odd_volume":
            self.post.send(self._begun(place, number, letter))
        elif special == "wrong_feed":
            self.post.send_broken(self._letter_of(_STRANGER, number), special, inbox=letter)
        elif special in {"truncated", "empty", "no_key_column"}:
            self.post.send_broken(letter, special)
        name = self.post.send(letter)
        if special == "duplicate_file":
            self.post.send_again(letter, name)
        if letter.contract.mode == "snapshot" and "changed_snapshot" not in self.told:
            self._change(place, number, letter)

    def _special(self, place: Place, number: int) -> str | None:
        """The office's special case, at its first sending but one that is large enough to show it."""
        small = len(self.desks[place].clean(self.spans[number])) < _ENOUGH and number + 1 < len(self.spans)
        if not number or small or place in self.told:
            return None
        self.told.add(place)
        return _SPECIAL.get(place)

    def _letter_of(self, place: Place, number: int) -> Letter:
        """What another office would send, without slips: only its form matters."""
        desk, span = self.desks[place], self.spans[number]
        return Letter(desk.contract, desk.form, span, span.last + timedelta(6), desk.clean(span))

    def _half_broken(self, place: Place, number: int, letter: Letter) -> Letter:
        """The same period with a required cell missing in two rows of three."""
        desk = self.desks[place]
        needed = next(
            c.name for c in desk.contract.columns if c.required and c.key is None and c.name not in _dates(desk)
        )
        rows = desk.clean(self.spans[number])
        broken = [row.blank(needed).blame("missing_required") if n % 3 else row for n, row in enumerate(rows, 1)]
        return replace(letter, rows=broken, cases=("half_broken",), total_row=False)

    def _begun(self, place: Place, number: int, letter: Letter) -> Letter:
        """The list a day too early, with its first row alone."""
        day = letter.version - timedelta(1)
        return replace(letter, rows=self.desks[place].clean(self.spans[number])[:1], version=day, cases=())

    def _change(self, place: Place, number: int, letter: Letter) -> None:
        """The snapshot of the same period again, without one stay of a month that has others, a week later."""
        clean = self.desks[place].clean(self.spans[number])
        months = Counter(period(letter.contract, row) for row in clean)
        gone = next((row for row in clean if months[period(letter.contract, row)] > 1), None)
        if gone:
            self.told.add("changed_snapshot")
            rest = [row for row in clean if row.key != gone.key]
            week = letter.version + timedelta(7)
            self.post.send(replace(letter, rows=rest, version=week, cases=("changed_snapshot",)))


def _dates(desk: Desk) -> set[str]:
    return {desk.contract.revision.value, desk.contract.period.value}
