"""One office at work on one feed: what it knows, what it sends for a period, with its slips and corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from marsad.contracts.model import Column, Contract
from marsad.simulation.faults import FEEDS_OF, INJECTORS, WATCHED, Hand, critical
from marsad.simulation.forms import Form
from marsad.simulation.periods import Span
from marsad.simulation.rows import Row
from marsad.simulation.spellings import SPELLINGS

_FAULTY = 0.25
"""No ordinary file has more slips than this share of its rows, far below what contracts refuse."""
_USUAL = 0.06
_CAREFUL = 0.3
_AGAIN = 0.05
_CORRECTABLE = (
    "exploitation_form", "recruitment_channel", "referred_to", "province", "transport", "custody", "charge_articles",
    "indicators", "channel", "reporter",
)  # fmt: skip
"""Code columns that no field rule ties to another column, so that a correction breaks nothing."""


@dataclass(slots=True)
class Desk:
    """An office with the true records it holds of one feed, by day; ``used`` counts slips over all desks."""

    contract: Contract
    form: Form
    records: Sequence[tuple[date, Row]]
    rng: Random
    used: Counter[str]
    stumbled: dict[Span, set[str]] = field(default_factory=dict)

    def clean(self, span: Span) -> list[Row]:
        """The records of a period as they should be written."""
        return [row for on, row in self.records if on in span]

    def slipshod(self, span: Span) -> list[Row]:
        """The records of a period with slips, the rarest kinds so far first."""
        rows = self.clean(span)
        lines: list[Sequence[Row]] = [[row] for row in rows]
        hand = Hand(self.form.language, self.form.columns(self.contract), self.rng)
        free = self.rng.sample(range(len(rows)), len(rows))
        for kind in self._kinds(len(rows)):
            found = ((place, INJECTORS[kind](rows[place], self.contract, hand)) for place in free)
            place, slip = next(((place, slip) for place, slip in found if slip), (None, None))
            if place is not None and slip is not None:
                lines[place] = slip
                free.remove(place)
                self.used[kind] += 1
        written = [row for line in lines for row in line]
        self.stumbled[span] = {row.key for row in written if critical(row)} & {row.key for row in rows}
        return written

    def _kinds(self, rows: int) -> list[str]:
        """Which slips this file gets: kinds not seen anywhere yet as room allows, then the usual share."""
        room = int(rows * _FAULTY)
        kinds = sorted((kind for kind in INJECTORS if self._may(kind)), key=self._rarity)
        fresh = [kind for kind in kinds if not self.used[kind]][: max(1, room // 2)]
        if not fresh and self.rng.random() < _CAREFUL:
            return []
        usual = [kinds[n % len(kinds)] for n in range(len(fresh), round(rows * _USUAL))]
        return (fresh + usual)[:room]

    def _rarity(self, kind: str) -> tuple[int, bool, str]:
        return self.used[kind], kind not in FEEDS_OF, kind

    def _may(self, kind: str) -> bool:
        if kind == "long_row" and self.form.kind.kind != "csv":
            return False
        return self.contract.feed in FEEDS_OF.get(kind, (self.contract.feed,))

    def again(self, span: Span) -> tuple[list[Row], list[Row], list[Row]]:
        """Records of an earlier period sent again: corrected, unchanged, and repaired after a slip."""
        stumbled = self.stumbled.get(span, set())
        rows = self.clean(span)
        repaired = [row for row in rows if row.key in stumbled][:3]
        sound = [row for row in rows if row.key not in stumbled]
        count = min(max(1, round(len(sound) * _AGAIN)), len(sound) // 2)
        chosen = self.rng.sample(sound, 2 * count)
        corrected = [new for row in chosen[:count] if (new := self.correct(row)) is not None]
        return corrected, chosen[count:], repaired

    def correct(self, row: Row) -> Row | None:
        """The record with one code replaced by another; None when it has no code that may change."""
        sent = {column.name: column for column in self.form.columns(self.contract)}
        open_to = [sent[name] for name in _CORRECTABLE if name in row.values and name in sent]
        column = self.rng.choice(open_to) if open_to else None
        return row.put(column.name, (self._other(column, row),)) if column else None

    def _other(self, column: Column, row: Row) -> str:
        codes = SPELLINGS[column.codelist or ""]
        return self.rng.choice([code for code in codes if (code,) != row.values[column.name]])


def gaps(contract: Contract, form: Form, rows: Iterable[tuple[date, Row]], rng: Random) -> list[tuple[date, Row]]:
    """The records without the columns that an office does not ask for, and with cells it did not fill in."""
    sent = {column.name for column in form.columns(contract)}
    spared = {contract.revision.value, contract.period.value} | WATCHED
    optional = [c.name for c in contract.columns if not c.required and c.key is None and "blank" not in c.severities]
    loose = [name for name in optional if name not in spared]
    return [(on, _thin(row, sent, loose, form.gaps, rng)) for on, row in rows]


def _thin(row: Row, sent: set[str], loose: Sequence[str], share: float, rng: Random) -> Row:
    missing = {name for name in loose if rng.random() < share} | (set(row.values) - sent)
    return Row(row.key, row.person, {name: value for name, value in row.values.items() if name not in missing})
