"""Rules on rows that repeat other rows: sexes typed into ages, one indicator's table into another's."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from marsad.statistics.reconciliation.contradictions import Contradiction, number, places
from marsad.statistics.reconciliation.figures import SERIES, each
from marsad.statistics.reconciliation.policy import Policy

_TABLE = ["source", "publication", "country", "period"]
_CELL = ["dimension", "said", "sex", "age_band"]
_SEXES, _AGES = ("F", "M"), ("0-17", "18+")


def ages_of_sexes(rows: pd.DataFrame, policy: Policy) -> Iterator[Contradiction]:
    """The numbers by age are those by sex."""
    exact = _exact(rows, policy)
    inside = [*SERIES, "dimension", "said"]
    sexes = exact[exact["sex"].isin(_SEXES) & (exact["age_band"] == "total")]
    ages = exact[exact["age_band"].isin(_AGES) & (exact["sex"] == "total")]
    both = _smaller_first(sexes, inside).merge(_smaller_first(ages, inside), on=[*inside, "less", "more"])
    for _, met in each(both[(both["less"] < both["more"]) & (both["less"] + both["more"] >= policy.copies.ages)]):
        values = f"{number(met['less'])} / {number(met['more'])}"
        yield Contradiction("rows.copied", places([*met["places_x"], *met["places_y"]]), {"values": values})


def _smaller_first(rows: pd.DataFrame, inside: list[str]) -> pd.DataFrame:
    """Of each table that has both numbers the smaller and the larger."""
    tables = rows.assign(place=rows.index).groupby(inside, sort=False)
    found = tables.agg(less=("low", "min"), more=("low", "max"), places=("place", list)).reset_index()
    return found[found["places"].map(len) == len(_SEXES)]


def tables_of_others(rows: pd.DataFrame, policy: Policy) -> Iterator[Contradiction]:
    """The breakdown of one indicator is that of another, which counts something else."""
    exact = _exact(rows, policy)
    broken = exact[(exact[_CELL] != ["", "", "total", "total"]).any(axis=1)].copy()
    broken["table"] = broken["dimension"].where(broken["dimension"] != "", broken["sex"].ne("total").astype(str))
    pairs = _beside(broken, [*_TABLE, "table", *_CELL], policy)
    for _, met in pairs.groupby([*_TABLE, "table", "indicator", "indicator_b"], sort=False):
        values = set(met["low"])
        if len(values) > 1 and (met["low"] == met["low_b"]).all() and met["low"].sum() >= policy.copies.total:
            numbers = ", ".join(number(value) for value in sorted(values, reverse=True))
            yield Contradiction("table.copied", places([*met["place"], *met["place_b"]]), {"values": numbers})


def totals_of_others(rows: pd.DataFrame, policy: Policy) -> Iterator[Contradiction]:
    """The total of one indicator is that of another, which counts something else."""
    exact = _exact(rows, policy)
    whole = exact[(exact[_CELL] == ["", "", "total", "total"]).all(axis=1) & (exact["low"] >= policy.copies.total)]
    pairs = _beside(whole, _TABLE, policy)
    for _, met in each(pairs[pairs["low"] == pairs["low_b"]]):
        yield Contradiction("total.copied", places([met["place"], met["place_b"]]), {"value": number(met["low"])})


def _exact(rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Counts that were printed and are no chance; of keys with several values nobody knows which is copied."""
    printed = (rows["measure"] == "count") & (rows["low"] == rows["high"]) & (rows["low"] >= policy.copies.smallest)
    return rows[printed].drop_duplicates([*SERIES, *_CELL], keep=False)


def _beside(rows: pd.DataFrame, same: list[str], policy: Policy) -> pd.DataFrame:
    """Each row beside those of other indicators in the same place, a pair once, that do not count the same people."""
    own = rows[[*dict.fromkeys([*same, "indicator", "low"])]].assign(place=rows.index)
    pairs = own.merge(own, on=same, suffixes=("", "_b"))
    alike = pairs["indicator"].isin(policy.alike) & pairs["indicator_b"].isin(policy.alike)
    return pairs[(pairs["indicator"] < pairs["indicator_b"]) & ~alike]
