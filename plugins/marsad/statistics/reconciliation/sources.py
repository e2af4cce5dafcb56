"""Rules on several sources: institutions that print different numbers for one year, and editions of one table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from marsad.statistics.reconciliation.contradictions import Contradiction, places, shown, span
from marsad.statistics.reconciliation.figures import PLACE, RULE, Row, each
from marsad.statistics.reconciliation.orders import totals
from marsad.statistics.reconciliation.policy import Policy
from marsad.statistics.reconciliation.warehouse import OWN

_EDITION = ["source", "country", "period", "indicator", *RULE, "measure", "offence", *PLACE]


def institutions(rows: pd.DataFrame, policy: Policy) -> Iterator[Contradiction]:
    """Two institutions, one country, period and topic, two numbers."""
    whole = _topical(rows, policy)
    whole = whole[whole["country"].isin(_of_several(whole))]
    for _, group in whole.groupby(["country", "period", "topic"], sort=False):
        if group["source"].nunique() > 1:
            for one, other in combinations(each(group), 2):
                if _comparable(one[1], other[1]) and _apart(one[1], other[1]):
                    yield _differing(one, other)


def years_added(rows: pd.DataFrame, policy: Policy) -> Iterator[Contradiction]:
    """A number for several years that is not the sum of another institution's years."""
    whole = _topical(rows, policy)
    several = whole[whole["period"].str.contains("-")]
    for place, row in each(several):
        first, last = map(int, str(row["period"]).split("-"))
        single = whole[(whole["period"] == whole["year"].astype(str)) & whole["year"].between(first, last)]
        single = single[(single["topic"] == row["topic"]) & (single["country"] == row["country"])]
        for _, stated in single.groupby(["source", "indicator", *RULE], sort=False):
            years = stated.drop_duplicates("year")
            added = {bound: years[bound].sum() for bound in ("low", "high")}
            if len(years) == last - first + 1 and _apart(added, row):
                params = {"total": shown(row), "sum": span(added["low"], added["high"])}
                yield Contradiction("sources.years", places([place, *years.index]), params)


def editions(rows: pd.DataFrame) -> Iterator[Contradiction]:
    """Two editions of one source that do not say the same of one key."""
    several = rows.drop_duplicates([*_EDITION, "publication", "low", "high"])
    several = several[several.groupby(_EDITION, sort=False)["publication"].transform("nunique") > 1]
    for _, group in several.groupby(_EDITION, sort=False):
        spans = group.groupby("publication", sort=False).agg(low=("low", "min"), high=("high", "max"))
        if spans["low"].max() > spans["high"].min():
            values = ", ".join(shown(row) for _, row in each(group))
            yield Contradiction("sources.editions", places(group.index), {"values": values})


def _topical(rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Totals with the topic of their indicator; a source's equal statements in several publications once."""
    topics = {name: topic for topic, names in policy.topics.items() for name in names}
    whole = totals(rows)
    whole = whole.assign(topic=whole["indicator"].map(topics))
    whole = whole[whole["topic"].notna() & (whole["offence"] == "tip")]
    return whole.drop_duplicates(["source", "country", "period", "topic", *RULE, "low", "high"])


def _of_several(rows: pd.DataFrame) -> set[str]:
    """Countries that more than one institution speaks of."""
    sources = rows.groupby("country")["source"].nunique()
    return set(sources.index[sources > 1])


def _comparable(one: Row, other: Row) -> bool:
    """Of two institutions; what the warehouse counts with what is published of the same stage."""
    own = _own(one) or _own(other)
    same = one["counting_stage"] == other["counting_stage"]
    return one["source"] != other["source"] and (not own or (same and not (_own(one) and _own(other))))


def _own(row: Row) -> bool:
    return str(row["source"]).startswith(OWN)


def _apart(one: Row, other: Row) -> bool:
    return bool(one["low"] > other["high"] or one["high"] < other["low"])


def _differing(one: tuple[int, Row], other: tuple[int, Row]) -> Contradiction:
    """Explained by what of the counting rule differs; where a source does not state it, that is what to ask."""
    apart = [name for name in RULE if one[1][name] != other[1][name]]
    stated = [name for name in apart if one[1][name] and other[1][name]]
    params = {"first": shown(one[1]), "then": shown(other[1])}
    figures = places([one[0], other[0]])
    if not apart:
        return Contradiction("sources.same_rule", figures, params)
    own = _own(one[1]) or _own(other[1])
    rule = "sources.warehouse" if own else "sources.differ" if stated else "sources.unstated"
    return Contradiction(rule, figures, params | {"what": "@" + ",".join(f"rule.{name}" for name in stated or apart)})
