"""Delivery rules on a real PostgreSQL: what only the whole file shows, with every broken row named."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.quality_feed import AGELESS, BOOK, rule, suite_of

from marsad.contracts.model import Total
from marsad.errors import PassingFault, PlatformFault, UsageFault
from marsad.quality.delivery import judge_delivery
from marsad.quality.messages import render
from marsad.quality.structural import structural
from marsad.quality.suites import Suite
from marsad.warehouse.engine import make_engine

BETWEEN = "expect_column_values_to_be_between"
FACTS = {"rows": 100, "refused": 0, "rows_before": None, "unmapped_share": 0.0, "unmapped_share_before": None,
         "records_withdrawn": 0, "records_before": 0}  # fmt: skip


@pytest.fixture(scope="module")
def suite(tmp_path_factory) -> Suite:
    return suite_of(tmp_path_factory.mktemp("suites"), *structural(replace(AGELESS, mode="snapshot"), BOOK))


class Staged:
    """A staging table made by hand."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.run("CREATE SCHEMA IF NOT EXISTS stage")
        self.run("""CREATE TABLE stage.d_1 ("row" bigint, record_id text, occurrence int DEFAULT 1,
                    rivals int DEFAULT 1, sex text, place text, stay bigint)""")
        self.facts()

    def run(self, statement: str, rows: list[dict] | None = None) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), rows)

    def add(self, *rows: dict) -> None:
        blank = {"record_id": "r", "occurrence": 1, "rivals": 1, "sex": "f", "place": "Rabat", "stay": 1}
        numbered = [blank | {"row": number} | row for number, row in enumerate(rows, 2)]
        self.run("INSERT INTO stage.d_1 VALUES (:row, :record_id, :occurrence, :rivals, :sex, :place, :stay)", numbered)

    def facts(self, **changed: float | None) -> None:
        self.run("DROP TABLE IF EXISTS stage.d_1_facts")
        self.run("""CREATE TABLE stage.d_1_facts (rows bigint, refused bigint, rows_before bigint,
                    unmapped_share double precision, unmapped_share_before double precision,
                    records_withdrawn bigint, records_before bigint)""")
        self.run(
            """INSERT INTO stage.d_1_facts
               VALUES (:rows, :refused, :rows_before, :unmapped_share, :unmapped_share_before,
                       :records_withdrawn, :records_before)""",
            [FACTS | changed],
        )

    def found(self, suite: Suite) -> dict[str, list[int]]:
        return {one.rule.id: one.rows.tolist() for one in judge_delivery(suite, self.engine, "stage", "d_1")}


@pytest.fixture
def staged(database):
    table = Staged(database)
    yield table
    table.engine.dispose()


def test_a_sound_delivery_breaks_nothing(staged, suite):
    staged.add({}, {}, {})
    assert staged.found(suite) == {}


def test_copies_and_contradictions_are_named_row_by_row(staged, suite):
    staged.add({}, {"occurrence": 2}, {"rivals": 2}, {"rivals": 2}, {"occurrence": 3})
    assert staged.found(suite) == {"row.once": [3, 6], "key.one_content": [4, 5]}


def test_every_broken_row_is_named_however_many(staged, suite):
    staged.run("INSERT INTO stage.d_1 SELECT i, 'r', 1 + i % 2, 1, 'f', 'Rabat', 1 FROM generate_series(2, 5001) AS i")
    assert staged.found(suite)["row.once"] == list(range(3, 5002, 2))


@pytest.mark.parametrize(
    ("facts", "broken"),
    [
        ({"rows_before": None}, False),
        ({"rows_before": 0}, False),
        ({"rows_before": 200}, False),
        ({"rows_before": 50}, False),
        ({"rows_before": 201}, True),
        ({"rows_before": 49}, True),
    ],
)
def test_volume_is_compared_with_the_last_time(staged, suite, facts, broken):
    staged.add({})
    staged.facts(**facts)
    assert staged.found(suite) == ({"delivery.volume": []} if broken else {})


@pytest.mark.parametrize(("now", "before", "broken"), [(0.4, 0.3, False), (0.41, 0.3, True), (0.9, None, False)])
def test_unknown_codes_are_compared_with_the_last_time(staged, suite, now, before, broken):
    staged.facts(unmapped_share=now, unmapped_share_before=before)
    assert staged.found(suite) == ({"delivery.codes": []} if broken else {})


def test_findings_on_counts_say_the_counts(staged, suite):
    staged.facts(rows_before=1000, unmapped_share=0.42, unmapped_share_before=0.021)
    texts = {
        one.rule.id: render(one.rule, "en", one.params) for one in judge_delivery(suite, staged.engine, "stage", "d_1")
    }
    assert texts["delivery.volume"].startswith(
        "The file holds 100 rows; the one before held 1000. Between 50% and 200%"
    )
    assert texts["delivery.codes"].startswith(
        "42% of the values to be chosen from a list are not recognised, against 2%"
    )
    assert not any("{" in text for text in texts.values())


def parts(*rows: tuple[str, str, int | None]) -> list[dict]:
    return [{"place": place, "sex": sex, "stay": stay} for place, sex, stay in rows]


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ([("A", "f", 12), ("A", "m", 30), ("A", "total", 42)], []),
        ([("A", "f", 12), ("A", "m", 30), ("A", "total", 41)], [4]),
        ([("A", "f", 12), ("A", "total", 12), ("B", "f", 5), ("B", "total", 6)], [5]),
        ([("A", "f", None), ("A", "m", 30), ("A", "total", 99)], []),  # "<5" was not read: the sum is not known
        ([("A", "f", 12), ("A", None, 1), ("A", "total", 13)], []),
        ([("A", "total", 13)], []),
        ([("A", "f", 12), ("A", "total", None)], []),
    ],
)
def test_totals_are_the_sum_of_their_parts(staged, suite, rows, broken):
    staged.add(*parts(*rows))
    assert staged.found(suite) == ({"totals.stay.sex": broken} if broken else {})


def test_totals_without_groups_and_over_two_columns(staged, tmp_path):
    totals = (Total("stay", (), "o'All", ("sex", "place")),)
    suite = suite_of(tmp_path, *structural(replace(AGELESS, totals=totals), BOOK))
    staged.add(*parts(("A", "f", 1), ("B", "m", 2), ("A", "o'All", 50), ("o'All", "o'All", 4)))
    assert staged.found(suite) == {"totals.stay.sex.place": [5]}


def test_a_rule_of_the_field_reads_staged_columns(staged, tmp_path):
    suite = suite_of(tmp_path, rule("long", BETWEEN, scope="delivery", column="stay", max_value=10))
    staged.add({}, {"stay": 11})
    assert staged.found(suite) == {"long": [3]}


def test_a_suite_without_delivery_rules_asks_nothing(staged, tmp_path):
    assert judge_delivery(suite_of(tmp_path), staged.engine, "stage", "d_1") == []


def test_an_unknown_column_is_a_fault_of_the_suite(staged, tmp_path):
    suite = suite_of(tmp_path, rule("r", BETWEEN, scope="delivery", column="name", max_value=1))
    with pytest.raises(UsageFault, match="rule 'r' reads 'name', which is no column of the staged delivery"):
        judge_delivery(suite, staged.engine, "stage", "d_1")


def test_what_cannot_be_judged_is_our_fault_and_quotes_nothing(staged, tmp_path):
    suite = suite_of(tmp_path, rule("r", BETWEEN, scope="delivery", column="place", min_value=3))
    staged.add({"place": "Canary-Town"})
    with pytest.raises(PlatformFault) as caught:
        judge_delivery(suite, staged.engine, "stage", "d_1")
    assert "rule 'r'" in str(caught.value)
    assert "Canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_database_that_went_away_is_a_passing_fault(suite, tmp_path: Path):
    gone = make_engine(f"postgresql+psycopg2://nobody@localhost/none?host={tmp_path}")
    with pytest.raises(PassingFault):
        judge_delivery(suite, gone, "stage", "d_1")


def test_no_connection_stays_behind(staged, suite):
    staged.add({})
    staged.found(suite)
    staged.engine.dispose()
    with staged.engine.connect() as connection:
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert connection.execute(sa.text(count)).scalar() == 0
