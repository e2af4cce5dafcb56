"""Rules on totals and their parts: by sex, by age, by form, citizenship and whatever else a source breaks down by."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from marsad.statistics.reconciliation.contradictions import Contradiction, catalogue, places, span
from marsad.statistics.reconciliation.figures import SERIES
from marsad.statistics.reconciliation.policy import Policy

_BANDS = ("0-17", "18+", "unknown")
_INSTANCE = "instance"  # no parts of a whole: the same people, later
_SERIES = "series"  # a number for each: quicker to group by than nine texts


@dataclass(frozen=True, slots=True)
class _Axis:
    """Along what a total is broken down: ``fixed`` is what total and parts share."""

    name: str
    by: str
    fixed: Sequence[str]
    parts: pd.DataFrame
    totals: pd.DataFrame


def parts(rows: pd.DataFrame, policy: Policy) -> Iterator[Contradiction]:
    """Parts that exceed their total or fall short of it."""
    counts = rows[rows["measure"] == "count"].assign(series=rows.groupby(list(SERIES), sort=False).ngroup())
    for axis in _axes(counts, policy):
        yield from _compared(axis, policy)


def _axes(rows: pd.DataFrame, policy: Policy) -> Iterator[_Axis]:
    inside = [_SERIES, "dimension", "said"]
    sexes, ages = rows["sex"] != "total", rows["age_band"] != "total"
    yield _Axis("sex", "sex", [*inside, "age_band"], rows[sexes], rows[~sexes])
    bands = rows["age_band"].isin(_BANDS)
    yield _Axis("age_band", "age_band", [*inside, "sex"], rows[bands], rows[~ages])
    whole = rows["dimension"] == ""
    broken = rows[~whole & ~rows["dimension"].isin(policy.apart) & (rows["said"] != "total")]
    for dimension, part in broken.groupby("dimension", sort=True):
        yield _Axis(str(dimension), "said", [_SERIES, "sex", "age_band"], part, rows[whole])


def _compared(axis: _Axis, policy: Policy) -> Iterator[Contradiction]:
    fixed = list(axis.fixed)
    cells = axis.parts.groupby([*fixed, axis.by], sort=False).agg(low=("low", "min"), high=("high", "max"))
    sums = cells.groupby(fixed, sort=False).agg(low=("low", "sum"), high=("high", "sum"), most=("low", "max"))
    totals = axis.totals.groupby(fixed, sort=False).agg(least=("low", "min"), total=("high", "max"))
    both = sums.join(totals, how="inner")
    wrong = both if axis.name == _INSTANCE else both[(both["low"] > both["total"]) | (both["high"] < both["least"])]
    parts, whole = (_within(rows, fixed, wrong.index) for rows in (axis.parts, axis.totals))
    for key, found in wrong.iterrows():
        rule = _rule(axis.name, found, frozenset(axis.parts.loc[parts[key], axis.by]), policy)
        if rule:
            yield Contradiction(rule, places([*whole[key], *parts[key]]), _params(axis, found))


def _within(rows: pd.DataFrame, fixed: list[str], keys: pd.Index) -> Mapping[Hashable, pd.Index]:
    """The rows of these keys, by key; grouping all of them would take seconds."""
    wanted = rows[pd.MultiIndex.from_frame(rows[fixed]).isin(keys)]
    return wanted.groupby(fixed, sort=False).groups


def _params(axis: _Axis, found: pd.Series) -> dict[str, str]:
    return {
        "total": span(found["least"], found["total"]),
        "sum": span(found["low"], found["high"]),
        "axis": f"@axis.{axis.name}" if f"axis.{axis.name}" in catalogue() else axis.name,
    }


def _rule(axis: str, found: pd.Series, met: frozenset[str], policy: Policy) -> str | None:
    if axis == _INSTANCE and found["low"] == found["total"] and len(met) > 1:
        return "instances.added"
    if found["most"] > found["total"]:
        return "parts.one_exceeds"
    if found["low"] > found["total"]:
        return "parts.several" if axis in policy.manifold else "parts.exceed"
    wanted = policy.whole.get(axis)
    return "parts.short" if wanted is not None and wanted <= met and len(met) > 1 else None
