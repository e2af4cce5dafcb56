"""Deliveries behind a published number: no small number is told, nor can be had by taking one from another."""

from __future__ import annotations

import pytest

from marsad.statistics.releases.sources import told

THRESHOLD = 5


def numbers(counted: list[int], value: int) -> list[int | None]:
    rows = {("feed", "body", str(place)): count for place, count in enumerate(counted)}
    return [one.counted for one in told(rows, value, THRESHOLD)]


@pytest.mark.parametrize(
    ("counted", "shown"),
    [([9], [9]), ([3], [None]), ([9, 4, 4], [9, None, None]), ([9, 8, 2], [9, None, None]), ([9, 3], [None, None]),
     ([9, 7, 1, 1], [9, None, None, None]), ([], [])],
)  # fmt: skip
def test_of_few_no_number_is_told_nor_can_be_taken_from_the_whole(counted: list[int], shown: list[int | None]) -> None:
    assert numbers(counted, sum(counted)) == shown


@pytest.mark.parametrize(
    ("counted", "value", "shown"),
    [([9, 9], 10, [None, None]), ([10, 6], 10, [10, None]), ([10, 5], 10, [10, 5]), ([18, 10], 20, [10, None])],
)
def test_how_few_persons_a_delivery_does_not_know_is_not_told(
    counted: list[int], value: int, shown: list[int | None]
) -> None:
    assert numbers(counted, value) == shown


def test_the_order_of_those_not_told_says_nothing() -> None:
    counted = {("feed", "body", name): count for name, count in (("b", 4), ("a", 3), ("c", 9))}
    assert [one.delivery_id for one in told(counted, 16, THRESHOLD)] == ["c", "a", "b"]
