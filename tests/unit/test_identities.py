"""Which ids persons keep: through merges, splits, departures and returns."""

from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from marsad.linkage.identities import Past, heirs, name
from marsad.linkage.stock import Key

A, B, C, D, E = (Key("lab/visits", "S", number) for number in "ABCDE")


def past(now: dict[Key, str], unchanged: str = "", **before: str) -> Past:
    """Persons are letters, older ones first; a record may have been of several."""
    were = {Key("lab/visits", "S", number): frozenset(persons) for number, persons in before.items()}
    same = {Key("lab/visits", "S", number) for number in unchanged}
    return Past(now, were, {person: ord(person) for person in "PQR"}, same)


def named(groups: list[list[Key]], known: Past) -> list[str]:
    fresh = (f"new{n}" for n in itertools.count(1))
    return name(groups, known, lambda: next(fresh))


def test_a_person_keeps_its_id_and_a_new_one_gets_one() -> None:
    assert named([[A, B], [C]], past({A: "P", B: "P"})) == ["P", "new1"]


def test_a_merge_keeps_the_older_id_and_names_the_heir() -> None:
    known = past({A: "Q", B: "P", C: "Q"})
    assert named([[A, B, C]], known) == ["P"]
    assert heirs([[A, B, C]], ["P"], known) == {"Q": "P"}


def test_a_divided_person_stays_with_the_larger_part() -> None:
    assert named([[A], [B, C]], past({A: "P", B: "P", C: "P"})) == ["new1", "P"]


def test_taking_a_merge_apart_gives_each_side_its_own_back() -> None:
    known = past({A: "P", B: "P", C: "P"}, B="Q", C="Q")
    assert named([[A], [B, C]], known) == ["P", "Q"]
    assert heirs([[A], [B, C]], ["P", "Q"], known) == {}


def test_each_of_several_merges_can_be_taken_apart() -> None:
    """R was merged into Q, then Q into P: whichever comes apart is herself again, and alone."""
    known = past({A: "P", B: "P", C: "P"}, B="Q", C="QR")
    assert named([[A, B], [C]], known) == ["P", "R"]
    assert named([[A], [B, C]], known) == ["P", "Q"]
    large = past(dict.fromkeys((A, B, C, D, E), "P"), "ABCDE", B="Q", C="QR", D="QR", E="QR")
    assert named([[A, B], [C, D, E]], large) == ["P", "R"], "however many she brought along"


def test_a_record_corrected_into_somebody_else_takes_no_id_along() -> None:
    assert named([[A], [B]], past({A: "P", B: "P"}, unchanged="B")) == ["new1", "P"]
    assert named([[A, C], [B]], past({A: "P", B: "P", C: "P"}, unchanged="B")) == ["new1", "P"]


def test_who_comes_back_is_who_she_was() -> None:
    assert named([[A]], past({}, A="R")) == ["R"]
    assert named([[A]], past({}, A="PR")) == ["P"], "the last that she was"


@given(
    st.lists(st.sampled_from("PQR"), min_size=4, max_size=4),
    st.lists(st.integers(0, 2), min_size=4, max_size=4),
    st.randoms(),
)
def test_no_id_is_given_twice_and_the_order_of_groups_does_not_matter(
    owners: list[str], parts: list[int], chance: random.Random
) -> None:
    keys = [A, B, C, D]
    known = past(dict(zip(keys, owners, strict=True)))
    groups = [[key for key, part in zip(keys, parts, strict=True) if part == number] for number in sorted(set(parts))]
    found = named(groups, known)
    assert len(set(found)) == len(groups)
    order = chance.sample(range(len(groups)), len(groups))
    again = named([groups[place] for place in order], known)
    old = {person for person in "PQR"}
    assert [found[place] for place in order if found[place] in old] == [person for person in again if person in old]
