"""The suites of the warehouse: fully worded, and drift told where there is any."""

from __future__ import annotations

import re

import pytest

from marsad.quality.allowed import columns_read
from marsad.quality.warehouse import Facts, judge_facts, warehouse_suites
from marsad.settings import PROJECT

SUITES = warehouse_suites((PROJECT / "expectations",))
SOUND = {
    name: {column: 0 for entry in suite.of("warehouse") for column in columns_read(entry)}
    for name, suite in SUITES.items()
}


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, []),
        ({"share_linked_moved": -0.051}, ["linkage.share"]),
        ({"share_linked_moved": 0.049, "largest_person": 40}, []),
        ({"share_linked_moved": None, "largest_grew": None, "largest_person": None}, []),
        ({"largest_person": 41, "largest_grew": 11}, ["linkage.largest", "linkage.growth"]),
        ({"rows_of_nobody": 1, "steps_in_the_future": 2}, ["person.of_all_rows", "step.has_come"]),
    ],
)
def test_counts_are_held_against_the_suite(changed: Facts, broken: list[str]) -> None:
    facts = {**SOUND["register"], **changed}
    assert [one.rule.id for one in judge_facts(SUITES["register"], facts)] == broken


def test_every_rule_says_in_three_languages_what_it_counted_and_nothing_else() -> None:
    for suite in SUITES.values():
        for entry in suite.of("warehouse"):
            texts = entry["meta"]["message"]
            named = {name for text in texts.values() for name in re.findall(r"{(\w+)}", text)}
            assert named <= columns_read(entry)
            assert re.search(r"[\u0600-\u06ff]{3}", texts["ar"])
