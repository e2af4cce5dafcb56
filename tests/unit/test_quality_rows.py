"""Row rules on blocks: the right rows, whatever way the judge takes to them, and no finding out of a fault of ours."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.quality_feed import AGELESS, BOOK, CONTRACT, GOOD, block, rule, suite_of, when

from marsad.contracts.model import Source
from marsad.errors import PlatformFault, UsageFault
from marsad.intake.blocks import NormalBlock, Shape, State
from marsad.quality import rows as judging
from marsad.quality.rows import RowJudge
from marsad.quality.structural import structural
from marsad.quality.suites import Suite

NOT_IN = "expect_column_values_to_not_be_in_set"
BETWEEN = "expect_column_values_to_be_between"
LATER = "expect_column_pair_values_a_to_be_greater_than_b"
EITHER = "either_value_is_missing"
IN_ORDER = rule("order", LATER, column_A="sent_on", column_B="met_on", or_equal=True, ignore_row_if=EITHER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("suites")


def found(judge: RowJudge, rows: NormalBlock) -> dict[str, list[int]]:
    return {broken.rule.id: broken.rows.tolist() for broken in judge.judge(rows)}


def judged(folder, entries: list[dict[str, Any]], *cells: dict[str, Any], **more: Any) -> dict[str, list[int]]:
    return found(RowJudge(CONTRACT, suite_of(folder, *entries)), block([GOOD | row for row in cells], **more))


@pytest.fixture(scope="module")
def structure(folder) -> Suite:
    return suite_of(folder / "structure", *structural(AGELESS, BOOK))


@pytest.fixture(scope="module")
def judge(structure) -> RowJudge:
    return RowJudge(AGELESS, structure, share=1.0)


def test_a_sound_row_breaks_nothing(judge):
    assert found(judge, block([GOOD])) == {}


@pytest.mark.parametrize(
    ("cells", "rule_id"),
    [
        ({"name": None}, "name.filled"),
        ({"number": None}, "number.filled"),
        ({"note": State.UNPARSED}, "note.readable"),
        ({"sex": State.UNMAPPED}, "sex.known"),
        ({"means": State.UNMAPPED}, "means.known"),
        ({"sex": State.UNPARSED}, "sex.known"),
        ({"met_on": State.UNPARSED}, "met_on.readable"),
        ({"met_on": date(1999, 12, 31)}, "met_on.in_range"),
        ({"sent_on": date(2024, 6, 3)}, "sent_on.not_in_future"),
        ({"met_on": date(2025, 5, 1)}, "met_on.not_in_future"),
        ({"stay": 366}, "stay.in_range"),
        ({"stay": -1}, "stay.in_range"),
        ({"cost": -0.01}, "cost.in_range"),
        ({"place": "A very long name"}, "place.short_enough"),
        ({"place": "rabat"}, "place.well_formed"),
        ({"consent": State.UNPARSED}, "consent.readable"),
    ],
)
def test_each_structural_rule_names_the_row_that_breaks_it(judge, cells, rule_id):
    assert found(judge, block([GOOD, GOOD | cells, GOOD])) == {rule_id: [3]}


def test_all_moments_of_the_last_day_may_have_come(folder):
    timed = replace(AGELESS, revision=Source("column", "seen_at"))
    judge = RowJudge(timed, suite_of(folder / "timed", *structural(timed, BOOK)))
    moments = datetime(2024, 6, 2, 18, tzinfo=UTC), datetime(2024, 6, 3, 0, 1, tzinfo=UTC)
    assert found(judge, block([GOOD | {"seen_at": moment} for moment in moments])) == {"seen_at.not_in_future": [3]}


def test_repaired_cells_keep_their_value_and_get_a_notice(judge):
    repaired = block([GOOD, GOOD])
    repaired.states["stay"][1] = State.REPAIRED
    assert found(judge, repaired) == {"stay.as_agreed": [3]}


def test_shapes_are_judged(judge):
    shapes = [Shape.OK, Shape.LONG, Shape.SHORT, Shape.TOTAL, Shape.BROKEN]
    named = found(judge, block([GOOD] * 5, shapes=shapes))
    assert named == {"row.long": [3], "row.short": [4], "row.total": [5], "row.broken": [6]}


def test_rows_are_those_of_the_file_and_the_sheet_is_named(judge, structure):
    [broken] = judge.judge(block([GOOD, GOOD | {"stay": 999}], first_row=70_001, sheet="Mai"))
    assert broken.rows.tolist() == [70_002]
    assert broken.sheet == "Mai"
    assert broken.rule is structure.rules["stay.in_range"]


def test_a_block_without_rows_breaks_nothing(judge):
    assert judge.judge(block([])) == []


def test_verdicts_learnt_on_one_block_hold_on_the_next(structure, monkeypatch):
    judge, asked = RowJudge(AGELESS, structure), []
    real = judging.broken_rows
    monkeypatch.setattr(judging, "broken_rows", lambda *a: asked.append(len(a[1])) or real(*a))
    bad = [GOOD | {"sex": State.UNMAPPED, "name": None}] * 3
    first = found(judge, block([GOOD] * 9 + bad))
    asked.clear()
    assert found(judge, block([GOOD] * 9 + bad, first_row=102)) == {
        name: [row + 100 for row in rows] for name, rows in first.items()
    }
    assert asked == []


def test_conditions_and_pairs_read_only_the_rows_they_speak_of(folder):
    minors = rule(
        "means.minor", NOT_IN, column="means__state", value_set=["blank"], row_condition=when("minor", "!=", "yes")
    )
    cells = [
        {"minor": "yes", "means": None},
        {"minor": "no", "means": None},
        {"sent_on": date(2024, 4, 30)},
        {"sent_on": None},
        {"sent_on": date(2024, 5, 1)},
    ]
    assert judged(folder, [minors, IN_ORDER], *cells) == {"means.minor": [3], "order": [4]}


def test_several_codes_are_judged_as_one_text(folder):
    never = rule("both", "expect_column_values_to_not_match_regex", column="means", regex="force;fraud")
    assert judged(folder, [never], {"means": ["force", "fraud"]}, {"means": ["force"]}, {"means": None}) == {
        "both": [2]
    }


def test_limits_on_moments_and_sets_of_dates(folder):
    entries = [
        rule("late", BETWEEN, column="seen_at", max_value="2024-01-01T12:00:00"),
        rule("holiday", NOT_IN, column="met_on", value_set=["2024-05-01"]),
    ]
    cells = [{"seen_at": datetime(2024, 1, 1, 13, tzinfo=UTC)}, {"met_on": date(2024, 5, 2)}]
    assert judged(folder, entries, *cells) == {"late": [2], "holiday": [2]}


@pytest.mark.parametrize("name", ["name", "note", "nothing", "sexe__state"])
def test_a_rule_on_what_judges_may_not_see_is_an_error(folder, name):
    suite = suite_of(folder, rule("r", NOT_IN, column=name, value_set=["x"]))
    with pytest.raises(UsageFault, match=f"rule 'r' reads '{name}', which judges do not see"):
        RowJudge(CONTRACT, suite)


def test_a_rule_on_derived_age_needs_a_contract_that_derives_it(folder):
    suite = suite_of(folder, rule("r", NOT_IN, column="minor", value_set=["x"]))
    with pytest.raises(UsageFault, match="reads 'minor'"):
        RowJudge(AGELESS, suite)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_what_great_expectations_cannot_judge_is_our_fault_and_quotes_nothing(folder, share):
    suite = suite_of(folder, rule("r", BETWEEN, column="place", min_value=3))
    with pytest.raises(PlatformFault) as caught:
        RowJudge(CONTRACT, suite, share=share).judge(block([GOOD | {"place": "Canary-Town"}]))
    assert str(caught.value).startswith("Great Expectations could not judge rule 'r'")
    assert "Canary" not in str(caught.value)


def test_rules_that_differ_by_column_alone_are_judged_together(structure, monkeypatch):
    asked, real = [], judging.broken_rows
    monkeypatch.setattr(judging, "broken_rows", lambda *a: asked.append(len(a[1])) or real(*a))
    rows = [GOOD | {"sex": State.UNMAPPED, "note": State.UNPARSED, "name": None}] * 2
    named = found(RowJudge(AGELESS, structure, share=1.0), block(rows))
    assert named == {"name.filled": [2, 3], "note.readable": [2, 3], "sex.known": [2, 3]}
    assert asked == [14]  # 3 questions to states, 4 to shapes, 5 to values, 2 to days
    assert len(structure.of("row")) > 35


def test_a_form_keeps_types_apart(folder):
    entries = [rule(f"{name}.low", BETWEEN, column=name, max_value=5) for name in ("stay", "cost")]
    assert judged(folder, entries, {"stay": 6, "cost": 5.5}, {"stay": 5, "cost": 5.0}) == {
        "stay.low": [2],
        "cost.low": [2],
    }


def test_a_form_that_met_too_much_starts_anew(folder, monkeypatch):
    monkeypatch.setattr(judging, "REMEMBERED", 2)
    judge = RowJudge(CONTRACT, suite_of(folder, rule("r", BETWEEN, column="stay", max_value=10)))
    for start in range(0, 40, 4):
        rows = [GOOD | {"stay": start + i // 4} for i in range(16)]
        expected = [i + 2 for i, row in enumerate(rows) if row["stay"] > 10]
        assert found(judge, block(rows)) == ({"r": expected} if expected else {})


DAY = datetime(2024, 1, 1), datetime(2024, 1, 2)  # noqa: DTZ001 - hypothesis adds the zone

CELLS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["x", None, State.UNPARSED]),
        "sex": st.sampled_from(["f", "m", None, State.UNMAPPED]),
        "means": st.sampled_from([["force"], ["force", "fraud"], None]),
        "met_on": st.sampled_from([date(1999, 1, 1), date(2024, 5, 1), None, State.UNPARSED]),
        "sent_on": st.none() | st.dates(date(2024, 4, 25), date(2024, 5, 5)),
        "stay": st.none() | st.integers(-2, 400) | st.just(2**60),
        "cost": st.none() | st.floats(-1, 3, allow_nan=False),
        "place": st.none() | st.sampled_from(["Rabat", "fès", "الرباط", ""]),
        "seen_at": st.none() | st.datetimes(*DAY, timezones=st.just(UTC)),
        "consent": st.sampled_from([True, False, None]),
        "minor": st.sampled_from(["yes", "no", "unknown", None]),
        "age_years": st.none() | st.integers(0, 130),
    }
)
FIELD = [
    IN_ORDER,
    rule("means.minor", NOT_IN, column="means__state", value_set=["blank"], row_condition=when("minor", "!=", "yes")),
    rule("stay.consent", NOT_IN, column="consent", value_set=[False], row_condition=when("stay", ">", 30)),
    rule("cost.late", BETWEEN, column="cost", max_value=2, row_condition=when("met_on", ">=", "2024-01-01")),
    rule("place.sex", "expect_column_pair_values_to_be_in_set", column_A="place", column_B="sex",
         value_pairs_set=[["Rabat", "f"]], ignore_row_if=EITHER),
    rule("seen.early", BETWEEN, column="seen_at", max_value="2024-01-01T12:00:00"),
    rule("sum", "expect_multicolumn_sum_to_equal", column_list=["stay", "age_years"], sum_total=30,
         ignore_row_if="any_value_is_missing"),
    rule("no.stay", "expect_column_values_to_be_null", column="stay",
         row_condition={"type": "or", "conditions": [
             {"type": "nullity", "column": {"name": "met_on"}, "is_null": True}, when("sex", "IN", ["m"])]}),
]  # fmt: skip


@pytest.fixture(scope="module")
def everything(folder) -> Suite:
    kinds = {"name.filled", "sex.known", "met_on.in_range", "stay.in_range", "cost.in_range", "place.well_formed"}
    structural_ones = [entry for entry in structural(AGELESS, BOOK) if entry["meta"]["rule"] in kinds]
    return suite_of(folder / "everything", *structural_ones, *FIELD)


# Great Expectations takes a third of a second a question, however many rows: few large examples say more than many.
@settings(max_examples=3, phases=[Phase.generate])
@given(blocks=st.lists(st.lists(CELLS, min_size=10, max_size=40), min_size=2, max_size=2))
def test_judging_combinations_once_is_judging_every_row(everything, monkeypatch, blocks):
    monkeypatch.setattr(judging, "FEW", 0)  # else blocks as small as these are never judged row by row
    shortcut, plain = RowJudge(CONTRACT, everything, share=1.0), RowJudge(CONTRACT, everything, share=0.0)
    mixed = RowJudge(CONTRACT, everything)
    for number, rows in enumerate(blocks):
        made = block([GOOD | row for row in rows], first_row=1 + 100 * number)
        expected = found(plain, made)
        assert found(shortcut, made) == expected
    assert found(mixed, made) == expected
