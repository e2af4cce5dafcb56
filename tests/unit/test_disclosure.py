"""Disclosure control: the attack finds what counting all possibilities finds, and what is published withstands it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marsad.errors import PolicyRefusal, UsageFault
from marsad.settings import PROJECT
from marsad.statistics.disclosure import tau
from marsad.statistics.disclosure.attack import attack
from marsad.statistics.disclosure.cells import ALONE, TOTAL, Cube, Dimension, Key
from marsad.statistics.disclosure.policy import Policy, load_policy
from marsad.statistics.disclosure.primary import unsafe
from marsad.statistics.disclosure.secondary import Further, Older, Plan, primary, protect, shown, told
from marsad.statistics.disclosure.system import Published, Row

POLICY = load_policy(PROJECT / "schemas")
SEX = Dimension.of("sex", ["F", "M"])
AGE = Dimension.of("age", ["child", "adult"])
PLACE = Dimension.of("place", ["N", "S", "W"])
SPAN = frozenset({"2025-01"})
WIDE = 10**6  # asks for both ends of every interval


def plan_of(counts: Mapping[Key, int], dimensions: tuple[Dimension, ...], **tables: tuple[str, ...]) -> Plan:
    cube = Cube(dimensions, {key: count for key, count in counts.items() if count})
    return Plan(cube, tables, "published", SPAN)


def fillings(total: int, leaves: int) -> Iterator[tuple[int, ...]]:
    if leaves == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in fillings(total - first, leaves - 1))


def possible(plan: Plan, hidden: set[Key], printed: Mapping[Key, int | None]) -> dict[Key, tuple[int, int]]:
    """The least and largest count of each hidden cell, by going through every way in which people can be spread."""
    leaves = list(plan.cube.leaves())
    ends: dict[Key, tuple[int, int]] = {}
    for filling in fillings(sum(plan.cube.counts.values()), len(leaves)):
        cells = Cube(plan.cube.dimensions, dict(zip(leaves, filling, strict=True))).cells(plan.cube.names)
        if all(cells[key] == shown if shown is not None else cells[key] > 0 for key, shown in printed.items()):
            for key in hidden:
                low, high = ends.get(key, (cells[key], cells[key]))
                ends[key] = min(low, cells[key]), max(high, cells[key])
    return ends


@given(
    counts=st.lists(st.integers(0, 2), min_size=6, max_size=6),
    asked=st.sets(st.integers(0, 11), min_size=1, max_size=6),
)
@settings(max_examples=10)
def test_the_attack_finds_exactly_what_counting_every_possibility_finds(counts: list[int], asked: set[int]) -> None:
    leaves = list(product(SEX.paths, PLACE.paths))
    plan = plan_of(dict(zip(leaves, counts, strict=True)), (SEX, PLACE), both=("sex", "place"))
    cells = plan.cube.cells(plan.cube.names)
    keys = [key for key in cells if key != (TOTAL, TOTAL)]
    hidden = {key for place, key in enumerate(keys) if place in asked and cells[key]}
    [table] = shown(plan, POLICY, hidden)
    found = {one.row.key: (round(one.low), round(one.high)) for one in attack(plan.cube.dimensions, [table], WIDE)}
    counted = possible(plan, hidden, table.cells)
    assert found == counted
    for one in attack(plan.cube.dimensions, [table], 2):
        low, high = counted[one.row.key]
        assert min(one.width, 2) == min(high - low, 2), "called as wide as it is, and never wider"


def linked(draw: list[tuple[str, str, str]]) -> Plan:
    counts = Counter(draw)
    return plan_of(counts, (SEX, AGE, PLACE), a=("sex", "age"), b=("age", "place"), c=("sex", "place"))


PEOPLE = st.lists(
    st.tuples(st.sampled_from("FFFM"), st.sampled_from(["child", "adult", "adult"]), st.sampled_from("NNNSW")),
    min_size=25, max_size=70,
)  # fmt: skip


@given(PEOPLE)
@settings(max_examples=2)
def test_linked_tables_withstand_the_attack_and_never_show_what_is_unsafe(draw: list[tuple[str, str, str]]) -> None:
    plan = linked(draw)
    hidden = protect(plan, POLICY, Older())
    assert primary(plan, POLICY, Older()) <= hidden
    for one in told(plan, POLICY, Older(), hidden):
        assert not one.exact
        assert one.width >= POLICY.width
        assert one.holds(plan.cube.cells(name for name, code in zip(plan.cube.names, one.row.key, strict=True)
                                         if code != TOTAL)[one.row.key])  # fmt: skip
    for table in shown(plan, POLICY, hidden):
        counts = plan.cube.cells(table.dimensions)
        assert all(value in {None, counts[key]} for key, value in table.cells.items())
        assert not [value for value in table.cells.values() if value and value < POLICY.threshold]


def test_what_tau_argus_cannot_solve_the_attack_protects() -> None:
    people = {("F", "child", "N"): 2, ("F", "child", "S"): 3, ("F", "child", "W"): 2, ("F", "adult", "N"): 5,
              ("F", "adult", "S"): 2, ("F", "adult", "W"): 3, ("M", "child", "N"): 1, ("M", "child", "W"): 1,
              ("M", "adult", "N"): 2, ("M", "adult", "S"): 3, ("M", "adult", "W"): 2}  # fmt: skip
    plan = linked([who for who, many in people.items() for _ in range(many)])
    hidden = protect(plan, POLICY, Older())
    assert [one for one in told(plan, POLICY, Older(), hidden) if one.width < POLICY.width] == []


def test_a_single_small_cell_is_given_away_by_its_margins_until_others_are_hidden_too() -> None:
    counts = {("F", "N"): 2, ("F", "S"): 9, ("F", "W"): 8, ("M", "N"): 7, ("M", "S"): 6, ("M", "W"): 12}
    plan = plan_of(counts, (SEX, PLACE), both=("sex", "place"))
    first = primary(plan, POLICY, Older())
    assert first == {("F", "N")}
    [given_away] = told(plan, POLICY, Older(), first)
    assert given_away.exact
    assert (given_away.low, given_away.high) == (2, 2)
    hidden = protect(plan, POLICY, Older())
    assert (TOTAL, TOTAL) not in hidden
    assert [one for one in told(plan, POLICY, Older(), hidden) if one.width < POLICY.width] == []


@pytest.mark.parametrize("further", [tau.further, lambda *_: set()], ids=["tau", "without"])
def test_what_one_table_hides_several_together_do_not_show(further: Further) -> None:
    """With the attack alone to choose cells, too: what Tau-Argus leaves open, it closes."""
    numbers = {("F", "child"): (3, 11), ("F", "adult"): (9, 6), ("M", "child"): (8, 9), ("M", "adult"): (7, 10)}
    counts = {(*who, place): many for who, each in numbers.items() for place, many in zip("NS", each, strict=True)}
    plan = plan_of(counts, (SEX, AGE, PLACE), all=("sex", "age", "place"), two=("sex", "age"), one=("place",))
    hidden = protect(plan, POLICY, Older(), further)
    assert [one for one in told(plan, POLICY, Older(), hidden) if one.width < POLICY.width] == []


def test_a_code_with_finer_ones_counts_them_and_keeps_who_has_none_apart() -> None:
    form = Dimension.of("form", ["sexual", "prostitution", "labour"], {"prostitution": "sexual"})
    cube = Cube((form,), {("prostitution",): 7, (form.leaf("sexual"),): 6, ("labour",): 9})
    assert cube.cells(["form"]) == {
        (TOTAL,): 22,
        ("labour",): 9,
        ("sexual",): 13,
        ("prostitution",): 7,
        ("sexual" + ALONE,): 6,
    }
    plan = Plan(Cube((form, SEX), {(leaf, sex): count for (leaf,), count in
                                   {("prostitution",): 3, ("sexual" + ALONE,): 9, ("labour",): 12}.items()
                                   for sex in ("F", "M")}),
                {"both": ("form", "sex")}, "published", SPAN)  # fmt: skip
    hidden = protect(plan, POLICY, Older())
    assert ("prostitution", "F") in hidden
    assert min(one.width for one in told(plan, POLICY, Older(), hidden)) >= POLICY.width


def test_nobody_is_counted_under_the_code_of_the_total() -> None:
    with pytest.raises(UsageFault, match="'total' of sex"):
        Dimension.of("sex", ["F", TOTAL])


def test_rules_of_single_cells() -> None:
    cube = Cube((SEX, PLACE), {("F", "N"): 8, ("M", "S"): 6, ("F", "S"): 30, ("M", "W"): 4})
    few = {("M", "W"), (TOTAL, "W")}
    assert few <= unsafe(cube, ["sex", "place"], POLICY, "published")
    assert ("F", "N") in unsafe(cube, ["sex", "place"], POLICY, "published")  # all eight of the North are women
    assert ("F", "W") not in unsafe(cube, ["sex", "place"], POLICY, "published")
    assert ("F", "W") in unsafe(cube, ["sex", "place"], POLICY, "risk")
    before = {("F", "S"): 28, (TOTAL, TOTAL): 40, ("F", TOTAL): None}
    changed = unsafe(cube, ["sex", "place"], POLICY, "published", [before])
    assert ("F", "S") in changed  # two more than were published
    assert (TOTAL, TOTAL) not in changed  # eight more: as many as may be shown


def test_where_zeros_are_a_risk_they_cannot_be_told_from_a_few() -> None:
    counts = {("F", "N"): 9, ("F", "S"): 9, ("F", "W"): 12, ("M", "S"): 14, ("M", "W"): 11}
    plan = plan_of(counts, (SEX, PLACE), both=("sex", "place"))
    risky = Plan(plan.cube, {**plan.tables, "places": ("place",)}, "risk", SPAN)
    hidden = protect(risky, POLICY, Older())
    assert ("M", "N") in hidden
    assert ("M", "N") not in protect(plan, POLICY, Older())
    [nobody] = [one for one in told(risky, POLICY, Older(), hidden) if one.row.key == ("M", "N")]
    assert nobody.low == 0
    assert nobody.width >= POLICY.width


def rounded(policy: Policy, base: int) -> Policy:
    return policy.model_copy(update={"rounding": base})


@pytest.mark.parametrize(("count", "printed"), [(0, 0), (2, 0), (3, 5), (7, 5), (8, 10)])
def test_rounded_numbers_stand_for_a_range(count: int, printed: int) -> None:
    policy = rounded(POLICY, 5)
    assert policy.shown(count) == printed
    low, high = policy.meant(printed)
    assert low <= count <= high
    assert {policy.shown(number) for number in range(low, high + 1)} == {printed}


def test_rounding_widens_what_can_be_calculated() -> None:
    counts = {("F", "N"): 2, ("F", "S"): 9, ("M", "N"): 7, ("M", "S"): 6}
    plan = plan_of(counts, (SEX, PLACE), both=("sex", "place"))
    [plain] = told(plan, POLICY, Older(), {("F", "N")})
    [vague] = told(plan, rounded(POLICY, 3), Older(), {("F", "N")})
    assert plain.exact
    assert vague.low < plain.low or vague.high > plain.high


# -- two releases ----------------------------------------------------------------------------------------------------


def out(plan: Plan, hidden: set[Key], state: int = 1) -> tuple[Published, ...]:
    return tuple(
        Published(one.dimensions, one.cells, one.policy, one.zeros, state, one.span)
        for one in shown(plan, POLICY, hidden)
    )


def changes(then: Plan, now: Plan) -> dict[Row, int]:
    before, after = then.cube.cells(then.cube.names), now.cube.cells(now.cube.names)
    span = tuple(sorted(then.span))
    return {Row(1, span, key): after[key] - before[key] for key in before
            if 0 < abs(after[key] - before[key]) < POLICY.differences_below}  # fmt: skip


def of_truth(then: Plan) -> dict[Row, int]:
    return {Row(1, tuple(sorted(then.span)), key): count for key, count in then.cube.cells(then.cube.names).items()}


FIRST = {("F", "N"): 12, ("F", "S"): 19, ("F", "W"): 8, ("M", "N"): 17, ("M", "S"): 16, ("M", "W"): 12}


def test_one_who_came_late_cannot_be_read_off_two_releases() -> None:
    then = plan_of(FIRST, (SEX, PLACE), both=("sex", "place"))
    now = plan_of({**FIRST, ("M", "W"): 13}, (SEX, PLACE), both=("sex", "place"))
    older = Older(out(then, protect(then, POLICY, Older())), of_truth(then), changes(then, now))
    naive = [one for one in told(now, POLICY, older, set()) if one.what == "change" and one.exact]
    assert {one.row.key for one in naive} == {("M", "W"), ("M", TOTAL), (TOTAL, "W"), (TOTAL, TOTAL)}
    hidden = protect(now, POLICY, older)
    assert [one for one in told(now, POLICY, older, hidden) if one.width < POLICY.width] == []


def test_a_number_that_is_out_already_is_no_secret_unless_it_changed() -> None:
    then = plan_of(FIRST, (SEX, PLACE), both=("sex", "place"))
    now = plan_of({**FIRST, ("F", "W"): 30}, (SEX, PLACE), both=("sex", "place"))
    older = Older(out(then, set()), of_truth(then), changes(then, now))
    [found] = told(now, POLICY, older, {("F", "W")})
    assert (found.row.key, found.low, found.high) == (("F", "W"), 30, 30)
    assert told(now, POLICY, older, {("F", "S")}) == []


def test_who_does_not_believe_that_little_changed_finds_nothing_either() -> None:
    """The margins are as before, so who believes that nothing changed is wrong of every cell."""
    place = Dimension.of("place", ["N", "S"])
    then, now = (plan_of(dict(zip(product("FM", "NS"), numbers, strict=True)), (SEX, place), both=("sex", "place"))
                 for numbers in ((4, 1, 8, 12), (2, 3, 10, 10)))  # fmt: skip
    older = Older(out(then, set()), of_truth(then), changes(then, now))
    cells = set(product("FM", "NS"))
    found = {one.row.key: one.width for one in told(now, POLICY, older, cells) if one.what == "cell"}
    assert found == dict.fromkeys(cells, 3)  # 1 to 4 women of five in the North, and all else follows
    hidden = protect(now, POLICY, older)
    assert [one for one in told(now, POLICY, older, hidden) if one.width < POLICY.width] == []


def test_many_who_came_late_are_shown_again() -> None:
    then = plan_of(FIRST, (SEX, PLACE), both=("sex", "place"))
    now = plan_of({key: count + 6 for key, count in FIRST.items()}, (SEX, PLACE), both=("sex", "place"))
    older = Older(out(then, set()), of_truth(then), changes(then, now))
    assert protect(now, POLICY, older) == set()


def test_a_year_gives_no_quarter_away() -> None:
    """The quarter hid a cell; a year that adds nothing to its row would show it."""
    quarter = plan_of({**FIRST, ("F", "N"): 3}, (SEX, PLACE), both=("sex", "place"))
    first = protect(quarter, POLICY, Older())
    rest = {("F", "S"): 30, ("M", "S"): 25, ("F", "W"): 10, ("M", "W"): 10}
    whole = Counter({**FIRST, ("F", "N"): 3})
    whole.update(rest)
    year = Plan(Cube((SEX, PLACE), whole), {"both": ("sex", "place")}, "published",
                frozenset({"2025-01", "2025-04"}))  # fmt: skip
    older = Older(out(quarter, first), of_truth(quarter))
    hidden = protect(year, POLICY, older)
    assert [one for one in told(year, POLICY, older, hidden) if one.width < POLICY.width] == []


def test_a_quarter_that_the_year_and_the_other_quarters_tell_is_not_published() -> None:
    hidden = {("F", "N"), ("F", "S"), ("M", "N"), ("M", "S")}
    first, second = (plan_of({**FIRST, ("F", "N"): few}, (SEX, PLACE), both=("sex", "place")) for few in (3, 20))
    second = replace(second, span=frozenset({"2025-04"}))
    both = Cube((SEX, PLACE), Counter(first.cube.counts) + Counter(second.cube.counts))
    year = Plan(both, first.tables, "published", first.span | second.span)
    told_by_year = Older(out(year, set()), of_truth(year))
    assert not [one for one in told(first, POLICY, told_by_year, hidden) if one.exact]
    by_both = Older((*told_by_year.tables, *out(second, set(), 2)), told_by_year.counts)
    assert {one.row.key for one in told(first, POLICY, by_both, hidden) if one.exact} == hidden
    with pytest.raises(PolicyRefusal, match="older releases tell too much"):
        protect(first, POLICY, by_both)


def test_counts_that_a_killed_build_left_are_removed_and_nobody_elses(tmp_path: Path) -> None:
    for name in ("tau-old", "tau-now", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "table.tab").write_text("3")
    for name in ("tau-old", "other"):
        os.utime(tmp_path / name, (1_000, 1_000))
    tau.sweep(tmp_path, before=2_000)
    assert {path.name for path in tmp_path.iterdir()} == {"tau-now", "other"}
