"""Rules on the order of stages and of years."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from marsad.statistics.reconciliation.contradictions import Contradiction, number, places, shown
from marsad.statistics.reconciliation.figures import PLACE, WHOLE, each
from marsad.statistics.reconciliation.policy import History, Policy

_MAD = 1.4826
_TABLE = ["source", "publication", "country", "period"]
_SPELL = ["source", "publication", "country", "indicator", "counting_unit", "counting_stage", "reference_date"]


def totals(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts that are not broken down."""
    return rows[(rows[list(PLACE)] == pd.Series(WHOLE)).all(axis=1) & (rows["measure"] == "count")]


def stages(rows: pd.DataFrame, policy: Policy) -> Iterator[Contradiction]:
    """More people at a later stage than at the one before: impossible in one cohort, possible in one period."""
    whole = totals(rows)
    for earlier, later in pairwise(policy.order):
        first, then = (
            whole[whole["indicator"] == name].assign(place=lambda part: part.index) for name in (earlier, later)
        )
        both = first.merge(then, on=_TABLE, suffixes=("", "_b"))
        for _, met in each(both[both["low_b"] > both["high"]]):
            cohort = met["reference_date"] == met["reference_date_b"] != ""
            then_shown = shown({"low": met["low_b"], "high": met["high_b"], "measure": "count"})
            params = {"first": shown(met), "then": then_shown}
            rule = "order.cohort" if cohort else "order.period"
            yield Contradiction(rule, places([met["place"], met["place_b"]]), params)


def outliers(rows: pd.DataFrame, policy: Policy) -> Iterator[Contradiction]:
    """Years that stand out of their own series."""
    single = totals(rows)
    single = single[single["period"] == single["year"].astype(str)]
    single = single.drop_duplicates([*_SPELL, "year"], keep=False).sort_values("year")
    for _, series in single.groupby(_SPELL, sort=False):
        if len(series) >= policy.history.years:
            yield from _standing_out(series, policy.history)


def _standing_out(series: pd.DataFrame, policy: History) -> Iterator[Contradiction]:
    logs, years = np.log1p(series["high"].to_numpy()), series["year"].to_numpy()
    changes = np.diff(logs)
    spread = max(policy.floor, _MAD * float(np.median(np.abs(changes - np.median(changes)))))
    limit = max(float(np.log(policy.factor)), policy.spread * spread)
    for place, own in enumerate(logs[1:], start=1):  # counting has to begin somewhere
        near = np.argsort(np.abs(years - years[place]), kind="stable")[1 : policy.neighbours + 1]
        usual = float(np.median(logs[near]))
        beside = np.delete(logs[place - 1 : place + 2], 1)
        alone = np.abs(own - beside).min() > np.log(policy.factor)
        if alone and abs(own - usual) > limit and np.expm1(max(own, usual)) >= policy.smallest:
            value = shown(series.iloc[place].to_dict())
            params = {"year": str(years[place]), "value": value, "usual": number(round(np.expm1(usual)))}
            yield Contradiction("history.outlier", places(series.index[[place, *near]]), params)
