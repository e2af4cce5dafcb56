"""Rules on percentages: worked out again from the counts that were published beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from marsad.statistics.reconciliation.contradictions import Contradiction, number, places
from marsad.statistics.reconciliation.figures import PLACE, SERIES, WHOLE, Row, each

_BESIDE = [name for name in SERIES if name not in {"measure", "publication"}]
"""The year before stands in another publication, often."""


@dataclass(frozen=True, slots=True)
class _Base:
    """What a percentage may be of: a catalogue id of its words, the share or change on it, the figures it rests on."""

    words: str
    percent: float
    figures: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Count:
    """One count and where it stands."""

    place: int
    value: float


def percentages(rows: pd.DataFrame) -> Iterator[Contradiction]:
    """Percentages that are not those of the base that they name."""
    counts = rows[(rows["measure"] == "count") & (rows["low"] == rows["high"])]
    for place, row in each(rows[rows["measure"] != "count"]):
        bases = list(_shares(row, counts) if row["measure"] == "share" else _changes(row, counts))
        if bases and not _near(row["low"], bases[0].percent):
            yield _wrong(place, row, bases[0], [base for base in bases[1:] if _near(row["low"], base.percent)])


def _wrong(place: int, row: Row, right: _Base, fitting: list[_Base]) -> Contradiction:
    params = {"printed": number(row["low"]), "right": f"{right.percent:.2f}"}
    if not fitting:
        return Contradiction("percent.wrong", places([place, *right.figures]), params)
    figures = places([place, *right.figures, *fitting[0].figures])
    return Contradiction("percent.base", figures, params | {"base": f"@{fitting[0].words}"})


def _near(printed: float, percent: float) -> bool:
    """Within one of the last digit that was printed: rounded or cut off."""
    decimals = len(number(printed).partition(".")[2])
    return bool(abs(printed - percent) < 10.0**-decimals)


def _shares(row: Row, counts: pd.DataFrame) -> Iterator[_Base]:
    """Of the total; or of the parts that are known."""
    beside = _same(counts, row, [*_BESIDE, "publication"])
    part, total = _at(beside, row), _at(beside, WHOLE)
    if part is None or total is None or not total.value:
        return
    yield _Base("base.total", 100 * part.value / total.value, (part.place, total.place))
    axis = next((name for name in ("sex", "age_band") if row[name] != WHOLE[name]), "category")
    known = _same(beside, row, [name for name in PLACE if name != axis])
    known = known[known[axis] != WHOLE[axis]]
    if known["low"].sum() > 0:
        yield _Base("base.parts", 100 * part.value / known["low"].sum(), places(known.index))


def _changes(row: Row, counts: pd.DataFrame) -> Iterator[_Base]:
    """On the year before; or on the new year, as who divides by the wrong one."""
    now = _at(_same(counts, row, _BESIDE), row)
    before = _at(_same(counts, {**row, "period": str(row["year"] - 1)}, _BESIDE), row)
    if now is None or before is None or not before.value or not now.value:
        return
    for words, base in (("base.before", before), ("base.new", now)):
        yield _Base(words, 100 * (now.value - before.value) / base.value, (now.place, before.place))


def _same(counts: pd.DataFrame, row: Row, names: list[str]) -> pd.DataFrame:
    return counts[(counts[names] == [row[name] for name in names]).all(axis=1)]


def _at(rows: pd.DataFrame, place: Mapping[str, str]) -> _Count | None:
    """The one count in that place; None where there is none, or where several differ."""
    met = _same(rows, place, list(PLACE))
    return _Count(int(met.index[0]), float(met["low"].iloc[0])) if met["low"].nunique() == 1 else None
