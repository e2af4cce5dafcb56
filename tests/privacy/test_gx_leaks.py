"""No cell leaves Great Expectations: canaries go in, row numbers come out. A GX upgrade that leaks fails here.

Every expectation type that a suite may hold is run on cells that are canaries, in the result format that Marsad uses,
and everything GX returns, logs, prints or writes is searched.
"""

import json
import logging
from datetime import date
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from tests.quality_feed import AGELESS, BOOK, CONTRACT, GOOD, block, rule, suite_of, when

from marsad.errors import PlatformFault
from marsad.quality import engine as driver
from marsad.quality.allowed import DELIVERY_TYPES, ROW_TYPES
from marsad.quality.delivery import judge_delivery
from marsad.quality.engine import POSITIONS, broken_rows, quiet_context
from marsad.quality.rows import RowJudge
from marsad.quality.structural import structural
from marsad.warehouse.engine import make_engine

CANARY = "Qzxcanary"
NUMBER = 77_331_177  # a canary among numbers
EITHER, ANY = "either_value_is_missing", "any_value_is_missing"

ARGUMENTS: dict[str, dict[str, Any]] = {
    "expect_column_values_to_be_in_set": {"column": "a", "value_set": ["x"]},
    "expect_column_values_to_not_be_in_set": {"column": "b", "value_set": ["x"]},
    "expect_column_values_to_be_between": {"column": "n", "min_value": 0, "max_value": 5},
    "expect_column_values_to_be_null": {"column": "a"},
    "expect_column_values_to_not_be_null": {"column": "gap"},
    "expect_column_values_to_match_regex": {"column": "a", "regex": "^x"},
    "expect_column_values_to_not_match_regex": {"column": "a", "regex": "^Q"},
    "expect_column_values_to_match_regex_list": {"column": "a", "regex_list": ["^x", "^y"]},
    "expect_column_values_to_not_match_regex_list": {"column": "a", "regex_list": ["^Q", "^y"]},
    "expect_column_value_lengths_to_be_between": {"column": "a", "max_value": 3},
    "expect_column_pair_values_a_to_be_greater_than_b": {"column_A": "small", "column_B": "n", "ignore_row_if": EITHER},
    "expect_column_pair_values_to_be_equal": {"column_A": "a", "column_B": "b", "ignore_row_if": EITHER},
    "expect_column_pair_values_to_be_in_set": {
        "column_A": "a", "column_B": "b", "value_pairs_set": [["x", "y"]], "ignore_row_if": EITHER,
    },
    "expect_multicolumn_sum_to_equal": {"column_list": ["n", "small"], "sum_total": 1, "ignore_row_if": ANY},
    "expect_select_column_values_to_be_unique_within_record": {"column_list": ["a", "twin"], "ignore_row_if": ANY},
}  # fmt: skip
CELLS = {
    "a": [CANARY + "1", CANARY + "2"],
    "twin": [CANARY + "1", CANARY + "2"],
    "b": ["x", "x"],
    "n": [NUMBER, NUMBER + 1],
    "small": [1, 2],
    "gap": [None, None],
}


def entry(kind: str, scope: str = "row", **more: Any) -> dict[str, Any]:
    return rule("r", kind, scope=scope, **ARGUMENTS[kind], **more)


def leaks(text: str) -> list[str]:
    return [canary for canary in (CANARY, str(NUMBER), "77331177") if canary in text]


@pytest.fixture
def outcomes(monkeypatch):
    """Whatever GX answers, as JSON text, while the test runs."""
    kept: list[str] = []
    monkeypatch.setattr(driver, "_check_judged", _listening(kept, driver._check_judged))
    monkeypatch.setattr(driver, "_rows", _listening(kept, driver._rows))
    return kept


def _listening(kept, real):
    def heard(rule_id, answer):
        kept.append(json.dumps(answer, default=str))
        return real(rule_id, answer)

    return heard


def test_the_canaries_cover_every_type_that_a_suite_may_hold():
    assert set(ARGUMENTS) == ROW_TYPES
    assert DELIVERY_TYPES <= ROW_TYPES


@pytest.mark.parametrize("kind", sorted(ROW_TYPES))
@pytest.mark.parametrize("condition", [None, when("b", "==", "x")])
def test_no_cell_comes_back_from_a_frame(kind, condition, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    batch = _frame(CELLS)
    entries = [entry(kind, row_condition=condition) if condition else entry(kind)]
    result = batch.validate(driver.gx.ExpectationSuite(name="s", expectations=entries), result_format=dict(POSITIONS))
    assert broken_rows(batch, entries, POSITIONS)["r"].tolist() == [0, 1]  # the canaries are what breaks the rule
    assert leaks(json.dumps(result.to_json_dict(), default=str)) == []
    printed = capfd.readouterr()
    assert leaks(caplog.text + printed.out + printed.err) == []


def test_gx_still_leaks_in_its_own_formats_so_this_test_can_fail():
    suite = driver.gx.ExpectationSuite(name="s", expectations=[entry("expect_column_values_to_be_in_set")])
    for kept in ("BASIC", "SUMMARY", "COMPLETE"):
        result = _frame(CELLS).validate(suite, result_format=kept)
        assert leaks(json.dumps(result.to_json_dict(), default=str)) == [CANARY]


def _frame(cells: dict[str, list[Any]]):
    source = quiet_context().data_sources.add_pandas("p")
    whole = source.add_dataframe_asset("a").add_batch_definition_whole_dataframe("w")
    return whole.get_batch({"dataframe": pd.DataFrame(cells)})


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_cell_comes_back_from_a_judged_block(tmp_path, share, outcomes, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    rows = [GOOD | {"name": f"{CANARY}-{i}", "note": CANARY, "number": CANARY, "place": CANARY, "stay": NUMBER}
            for i in range(20)]  # fmt: skip
    found = RowJudge(AGELESS, suite_of(tmp_path, *structural(AGELESS, BOOK)), share=share).judge(block(rows))
    printed = capfd.readouterr()
    assert {one.rule.id for one in found} == {"stay.in_range"}
    assert len(outcomes) > 10
    assert leaks("".join(outcomes) + repr(found) + caplog.text + printed.out + printed.err) == []


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_identities_are_not_even_shown_to_the_judge(tmp_path, share, monkeypatch):
    frames: list[pd.DataFrame] = []
    judge = RowJudge(CONTRACT, suite_of(tmp_path, *structural(AGELESS, BOOK)), share=share)
    batches = judge._frames

    class Seeing:
        def get_batch(self, handed):
            frames.append(handed["dataframe"])
            return batches.get_batch(handed)

    monkeypatch.setattr(judge, "_frames", Seeing())
    judge.judge(block([GOOD | {"name": CANARY, "note": CANARY, "met_on": date(1990, 1, 1)}] * 3))
    assert frames
    assert not any(leaks(frame.to_csv()) for frame in frames)


def test_an_exception_inside_gx_carries_no_cell(tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    suite = suite_of(tmp_path, rule("r", "expect_column_values_to_be_between", column="place", min_value=3))
    with pytest.raises(PlatformFault) as caught:
        RowJudge(AGELESS, suite).judge(block([GOOD | {"place": CANARY}]))
    printed = capfd.readouterr()
    assert leaks(f"{caught.value!r}{caught.value.__cause__!r}{caplog.text}{printed.out}{printed.err}") == []


@pytest.mark.parametrize("kind", sorted(DELIVERY_TYPES))
def test_no_cell_comes_back_from_the_database(kind, database, tmp_path, outcomes, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    engine = make_engine(database)
    _stage(engine)
    found = judge_delivery(suite_of(tmp_path, entry(kind, "delivery")), engine, "stage", "d_1")
    engine.dispose()
    printed = capfd.readouterr()
    assert [one.rows.tolist() for one in found] == [[2, 3]]
    assert leaks("".join(outcomes) + repr(found) + caplog.text + printed.out + printed.err) == []


STAGE = """
    CREATE SCHEMA IF NOT EXISTS stage;
    CREATE TABLE stage.d_1 ("row" bigint, a text, twin text, b text, n bigint, small int, gap text);
    CREATE TABLE stage.d_1_facts (rows bigint, rows_before bigint, unmapped_share double precision,
                                  unmapped_share_before double precision);
    INSERT INTO stage.d_1_facts VALUES (2, NULL, 0, NULL);
"""


def _stage(engine: sa.Engine) -> None:
    rows = [{name: cells[i] for name, cells in CELLS.items()} | {"row": i + 2} for i in range(2)]
    with engine.begin() as connection:
        connection.execute(sa.text(STAGE))
        connection.execute(sa.text("INSERT INTO stage.d_1 VALUES (:row, :a, :twin, :b, :n, :small, :gap)"), rows)
