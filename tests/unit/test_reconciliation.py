"""Rules on published figures: each with tables that break it, and tables in order that no rule may touch."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from marsad.contracts.codelists import load_codelists
from marsad.settings import PROJECT
from marsad.statistics.reconciliation import load_policy, reconcile
from marsad.statistics.reconciliation.contradictions import catalogue
from marsad.statistics.reconciliation.figures import shaped

POLICY, CODELISTS = load_policy(PROJECT / "schemas"), load_codelists(PROJECT / "schemas" / "codelists")
ONE = {"source": "A", "publication": "P", "year": 2020, "indicator": "detected_victims", "withheld": "<5"}
Cells = Mapping[str, Any]

WOMEN, MEN = {"sex": "F", "value": 5}, {"sex": "M", "value": None}
MET, TRIED = {"indicator": "formal_contact", "value": 20}, {"indicator": "prosecuted", "value": 30}
SAME_DAY = {"reference_date": "offence"}
BEFORE, NOW = {"year": 2019, "value": 80}, {"value": 100}
MINE, THEIRS = {"value": 100}, {"source": "B", "publication": "Q", "value": 90}
OWN = {"source": "Marsad, police/victims", "publication": None, "counting_unit": "victim_record", "value": 90}
RISES = {25: set(), 25.4: {"percent.wrong"}, 20: {"percent.base"}, 60: {"percent.wrong"}}
FIRST, APPEAL = ({"dimension": "degré", "category": name, "value": 5} for name in ("première instance", "appel"))

CASES: Mapping[str, tuple[list[Cells], set[str]]] = {
    "a withheld number can be the rest": ([{"value": 9}, WOMEN, MEN], set()),
    "a withheld number is below the limit": ([{"value": 10}, WOMEN, MEN], {"parts.short"}),
    "a withheld total is below the limit": ([{"value": None}, WOMEN, MEN], {"parts.one_exceeds"}),
    "a withheld number is not six": ([{"value": 6}, {"value": None}], {"key.two_values"}),
    "several forms are one person's": (
        [{"value": 9}, *({"exploitation_form": form, "value": 7} for form in ("sexual", "begging"))],
        {"parts.several"},
    ),
    "people brought home are no part": (
        [{"value": 9}, {"dimension": "by country of repatriation", "value": 20}],
        set(),
    ),
    "later stage, one year": ([MET, TRIED], {"order.period"}),
    "later stage, one cohort": ([MET | SAME_DAY, TRIED | SAME_DAY], {"order.cohort"}),
    "as many at the later stage": ([MET | {"value": 30}, TRIED], set()),
    **{
        f"a rise of {printed} %": ([BEFORE, NOW, {"measure": "change", "value": printed}], expected)
        for printed, expected in RISES.items()
    },
    "a percentage without its counts": ([NOW, {"sex": "F", "measure": "share", "value": 64}], set()),
    "two institutions": ([MINE, THEIRS], {"sources.same_rule"}),
    "two institutions, two stages": (
        [MINE, THEIRS | {"counting_unit": "victim", "counting_stage": "confirmed"}],
        {"sources.differ"},
    ),
    "two institutions, one without a date": ([MINE, THEIRS | {"reference_date": "decision"}], {"sources.unstated"}),
    "two institutions, two years": ([MINE, THEIRS | {"year": 2021}], set()),
    "two institutions that agree": ([MINE, THEIRS | {"value": 100}], set()),
    "our records of the same stage": ([MINE, OWN | {"counting_stage": "identified"}], {"sources.warehouse"}),
    "our records of another stage": ([MINE, OWN | {"counting_stage": "presumed"}], set()),
    "two editions": ([MINE, {"publication": "Q", "value": 90}], {"sources.editions"}),
    "two instances added up": ([{"value": 10}, FIRST, APPEAL], {"instances.added"}),
    "one instance alone": ([{"value": 10}, FIRST], set()),
}


def rules(tables: Mapping[str, list[Cells]]) -> Mapping[str, set[str]]:
    """What is found in each table, all of them at once: each is a country of its own, which no rule may mix."""
    rows = [
        {"id": str(n), **ONE, "country": name, **row} for name, rows in tables.items() for n, row in enumerate(rows)
    ]
    figures = shaped(pd.DataFrame(rows), POLICY, CODELISTS)
    met: dict[str, set[str]] = defaultdict(set)
    for one in reconcile(figures, POLICY):
        met[figures.rows.loc[one.figures[0], "country"]].add(one.rule)
    return met


@pytest.fixture(scope="module")
def found() -> Mapping[str, set[str]]:
    return rules({name: rows for name, (rows, _) in CASES.items()})


@pytest.mark.parametrize("case", CASES)
def test_a_rule_speaks_up_where_it_must_and_nowhere_else(case: str, found: Mapping[str, set[str]]) -> None:
    assert found.get(case, set()) == CASES[case][1]


def test_every_rule_speaks_three_languages() -> None:
    assert all({"fr", "ar", "en"} <= set(entry) for entry in catalogue().values())


def withheld(value: int) -> int | None:
    return None if 0 < value < 5 else value


def counted(rng: random.Random) -> list[Cells]:
    """People by sex, age and form, counted without a mistake, small numbers withheld, some rows left out."""
    cells = {(sex, age): rng.choice((0, 3, 17, rng.randrange(60))) for sex in "FM" for age in ("0-17", "18+")}
    total = sum(cells.values())
    form = rng.randint(0, total)
    rows: list[Cells] = [{"value": total}, *({"sex": s, "age_band": a, "value": n} for (s, a), n in cells.items())]
    rows += [{"sex": sex, "value": sum(n for (s, _), n in cells.items() if s == sex)} for sex in "FM"]
    rows += [{"age_band": age, "value": sum(n for (_, a), n in cells.items() if a == age)} for age in ("0-17", "18+")]
    rows += [
        {"exploitation_form": "sexual", "value": form},
        {"exploitation_form": "forced_labour", "value": total - form},
    ]
    return rng.sample([{**row, "value": withheld(row["value"])} for row in rows], rng.randint(1, len(rows)))


def test_tables_without_a_mistake_raise_no_alarm() -> None:
    """All but one rule: numbers by age can be those by sex by chance."""
    rng = random.Random(1)
    met = rules({f"C{number}": counted(rng) for number in range(200)})
    assert set().union(*met.values()) <= {"rows.copied"}
