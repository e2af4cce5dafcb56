"""Rules on published figures: each with tables that break it, and tables in order that no rule may touch."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from marsad.contracts.codelists import load_codelists
from marsad.settings import PROJECT
from marsad.statistics.reconciliation import Contradiction, Figures, load_policy, reconcile
from marsad.statistics.reconciliation.contradictions import catalogue
from marsad.statistics.reconciliation.figures import shaped

POLICY, CODELISTS = load_policy(PROJECT / "schemas"), load_codelists(PROJECT / "schemas" / "codelists")
ONE = {"source": "A", "publication": "P", "year": 2020, "country": "MAR", "indicator": "detected_victims"}
Cells = Mapping[str, Any]


def figures(*rows: Cells) -> Figures:
    return shaped(
        pd.DataFrame([{"id": str(n), **ONE, "withheld": "<5", **row} for n, row in enumerate(rows)]), POLICY, CODELISTS
    )


def found(*rows: Cells) -> list[Contradiction]:
    return reconcile(figures(*rows), POLICY)


def rules(*rows: Cells) -> set[str]:
    return {one.rule for one in found(*rows)}


def test_a_number_that_was_withheld_is_anything_below_the_limit() -> None:
    assert rules({"value": 9}, {"sex": "F", "value": 5}, {"sex": "M", "value": None}) == set()
    assert rules({"value": 10}, {"sex": "F", "value": 5}, {"sex": "M", "value": None}) == {"parts.short"}
    assert rules({"value": None}, {"sex": "F", "value": 5}, {"sex": "M", "value": None}) == {"parts.one_exceeds"}
    assert rules({"value": 6}, {"value": None}) == {"key.two_values"}


def test_more_at_a_later_stage_is_impossible_only_among_the_same_people() -> None:
    met, tried = {"indicator": "formal_contact", "value": 20}, {"indicator": "prosecuted", "value": 30}
    assert rules(met, tried) == {"order.period"}
    same = {"reference_date": "offence"}
    assert rules(met | same, tried | same) == {"order.cohort"}
    assert rules(met | {"value": 30}, tried) == set()


@pytest.mark.parametrize(
    ("printed", "expected"),
    [(25, set()), (25.4, {"percent.wrong"}), (20, {"percent.base"}), (60, {"percent.wrong"})],
)
def test_a_change_is_on_the_year_before(printed: float, expected: set[str]) -> None:
    before, now = {"year": 2019, "value": 80}, {"value": 100}
    assert rules(before, now, {"measure": "change", "value": printed}) == expected


def test_a_percentage_without_its_counts_is_not_doubted() -> None:
    assert rules({"value": 100}, {"sex": "F", "measure": "share", "value": 64}) == set()


def test_institutions_are_excused_by_what_they_say_they_count() -> None:
    one, other = {"value": 100}, {"source": "B", "publication": "Q", "value": 90}
    assert rules(one, other) == {"sources.same_rule"}
    unlike = {"counting_unit": "victim", "counting_stage": "confirmed"}
    assert rules(one, other | unlike) == {"sources.differ"}
    assert rules(one, other | {"reference_date": "decision"}) == {"sources.unstated"}
    assert rules(one, other | {"country": "CIV"}) == rules(one, other | {"year": 2021}) == set()
    assert rules(one, other | {"value": 100}) == set()


def test_records_of_the_warehouse_are_held_against_what_is_published_of_their_stage() -> None:
    published = {"value": 100}
    own = {"source": "Marsad, police/victims", "publication": None, "counting_unit": "record", "value": 90}
    assert rules(published, own | {"counting_stage": "identified"}) == {"sources.warehouse"}
    assert rules(published, own | {"counting_stage": "presumed"}) == set()


def test_instances_added_up_are_told() -> None:
    first, appeal = ({"dimension": "degré", "category": name, "value": 5} for name in ("première instance", "appel"))
    assert rules({"value": 10}, first, appeal) == {"instances.added"}
    assert rules({"value": 10}, first) == set()


def test_editions_of_one_source_are_told_apart() -> None:
    assert rules({"value": 100}, {"publication": "Q", "value": 90}) == {"sources.editions"}


def test_every_rule_speaks_three_languages() -> None:
    assert all({"fr", "ar", "en"} <= set(entry) for entry in catalogue().values())


def withheld(value: int) -> int | None:
    return None if 0 < value < 5 else value


def counted(country: int, rng: random.Random) -> list[Cells]:
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
    told = [row | {"country": f"C{country}", "value": withheld(row["value"])} for row in rows]
    return rng.sample(told, rng.randint(1, len(told)))


def test_tables_without_a_mistake_raise_no_alarm() -> None:
    """All but one rule: numbers by age can be those by sex by chance."""
    rng = random.Random(1)
    told = rules(*(row for country in range(200) for row in counted(country, rng)))
    assert told <= {"rows.copied"}
