"""Rules on single keys: two values for one, codes that leaked into the table, offences counted together."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from marsad.statistics.reconciliation.contradictions import Contradiction, number, places, shown
from marsad.statistics.reconciliation.figures import PLACE, SERIES, each

KEY = [*SERIES, "offence", *(name if name != "category" else "said" for name in PLACE)]
_QUESTION = r"q\d+[\s._]*\d"
_GREAT, _YEARS = 100_000, 10_000
_MIXED = ("tip_and_smuggling", "smuggling")


def leaked(rows: pd.DataFrame) -> pd.Series:
    """Which rows hold a question's number for a category, or for a value: ``6.1_10_2019`` read as 6,110,2019."""
    ends = (rows["low"] >= _GREAT) & (rows["low"] % _YEARS == rows["year"])
    return ends | rows["said"].str.match(_QUESTION)


def leaks(rows: pd.DataFrame) -> Iterator[Contradiction]:
    """Codes of a questionnaire among the figures."""
    for place, row in each(rows[leaked(rows)]):
        yield Contradiction("key.code", places([place]), {"value": number(row["low"]), "category": row["said"]})


def two_values(rows: pd.DataFrame) -> Iterator[Contradiction]:
    """One source, publication and key with several values."""
    several = rows.drop_duplicates([*KEY, "low", "high"])
    several = several[several.duplicated(KEY, keep=False)]
    for _, group in several.groupby(KEY, sort=False):
        values = ", ".join(shown(row) for _, row in each(group))
        yield Contradiction("key.two_values", places(group.index), {"values": values})


def mixed_offences(rows: pd.DataFrame) -> Iterator[Contradiction]:
    """Smuggling of migrants counted under trafficking in persons."""
    for place, row in each(rows[rows["offence"].isin(_MIXED)]):
        yield Contradiction("offence.mixed", places([place]), {"value": shown(row)})
