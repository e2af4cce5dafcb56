"""What views say of themselves, that asking never writes, and that migrations make what the code expects."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from alembic import command
from tests.integration.station import Station, visit, visits

from marsad.errors import UsageFault
from marsad.settings import PROJECT
from marsad.warehouse.engine import make_engine
from marsad.warehouse.migrate import alembic_config, mart_names, upgrade
from marsad.warehouse.planning import look_at_grown
from marsad.warehouse.query import meant, query, role_url
from marsad.warehouse.roles import ROLES
from marsad.warehouse.tables import LOOKS

MARTS = mart_names(PROJECT / "schemas" / "views")


def refused(station: Station, statement: str, role: str) -> str:
    with pytest.raises(UsageFault) as fault:
        query(station.office.settings, statement, role)
    return str(fault.value)


def test_an_analyst_reads_marts(station: Station, sender: str):
    station.send("lab/visits", visits(visit("V1"), visit("V2", Sexe="zzz")), sender)
    settings = station.office.settings
    columns, rows = query(
        settings, f"SELECT sex, victim_records FROM mart.victims WHERE provider = '{sender}'", "analyst"
    )
    assert columns == ["sex", "victim_records"]
    assert sorted(rows) == [["F", 1], ["unknown", 1]]
    assert query(settings, f"SELECT status FROM mart.deliveries WHERE provider = '{sender}'", "analyst")[1] == [
        ["accepted_with_findings"]
    ]
    assert query(settings, f"SELECT rule, findings FROM mart.quality WHERE provider = '{sender}'", "analyst")[1]


@pytest.mark.parametrize("role", sorted({*ROLES} - {"owner", "loader"}))
@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE mart.x (a int)", "DELETE FROM core.sighting", "INSERT INTO ref.code VALUES ('x')",
     "UPDATE audit.head SET seq = 0", "DROP VIEW mart.victims"],
)  # fmt: skip
def test_nobody_writes_by_asking(station: Station, role: str, statement: str):
    assert any(
        word in refused(station, statement, role) for word in ("permission denied", "read-only", "must be owner")
    )


def test_asking_never_writes_even_for_who_may(station: Station):
    assert "read-only" in refused(station, "UPDATE ops.delivery SET status = 'refused'", "loader")


def test_wrong_questions_are_told(station: Station):
    assert "nowhere" in refused(station, "SELECT * FROM mart.nowhere", "analyst")
    assert "no role" in refused(station, "SELECT 1", "emperor")
    listed = query(station.office.settings, meant(None), "analyst")
    assert listed == query(station.office.settings, meant("\\d"), "analyst")
    names = {name: holds for name, holds in listed[1]}
    assert names["mart.deliveries"].startswith("One row a delivery")
    assert not any(name.split(".")[0] in {"core", "vault", "ops", "pg_catalog"} for name in names)
    assert all(names[name] for name in names if name.startswith("mart."))
    columns = query(station.office.settings, meant("\\d mart.deliveries;"), "analyst")[1]
    assert ["feed", "text", "Dataset that the agency sends, agency/name."] in [row[:3] for row in columns]
    assert query(station.office.settings, "SELECT '100%' AS a, 1 % 2", "analyst")[1] == [["100%", 1]]


def test_an_endless_question_is_stopped(station: Station):
    with make_engine(role_url(station.office.settings, "analyst")).connect() as connection:
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar() == "1min"


def test_the_dictionary_tells_every_mart_and_column_in_three_languages(station: Station):
    told = station.rows(
        """SELECT n.nspname || '.' || c.relname AS view, a.attname AS name, col_description(c.oid, a.attnum) AS text
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           WHERE n.nspname IN ('mart', 'release') AND c.relkind = 'v'
           UNION ALL SELECT n.nspname || '.' || c.relname, '', obj_description(c.oid) FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname IN ('mart', 'release') AND c.relkind = 'v'"""
    )
    assert {row["view"] for row in told} >= {f"mart.{mart}" for mart in MARTS}
    for row in told:
        words = (row["text"] or "").split("\n")
        assert len(words) == 3, row
        assert all(words), row
        assert any("\u0600" <= char <= "\u06ff" for char in words[2]), row


RULE = {"counting_unit", "counting_stage", "reference_date", "source"}
OF_OUR_OWN_WORK = {"deliveries", "punctuality", "contradictions"}  # lists of files and findings, no figures


def test_no_figure_without_its_counting_rule_in_words_of_the_code_lists(station: Station):
    columns = "SELECT relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attnum > 0 AND {}"
    told = station.rows(columns.format("relnamespace = 'mart'::regnamespace"))
    for mart in {*MARTS} - OF_OUR_OWN_WORK:
        assert {row["attname"] for row in told if row["relname"] == mart} >= RULE, mart
    assert not {row["relname"] for row in told if row["attname"] in {"person_id", "record_id", "victim_reference"}}


def test_tables_say_what_they_hold(station: Station):
    query_ = """SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND c.relname <> 'alembic_version' AND n.nspname IN (
            'ops', 'core', 'vault', 'link', 'register', 'quarantine', 'ref', 'audit', 'portal')
          AND obj_description(c.oid) IS NULL"""
    assert station.rows(query_) == []


def test_migrations_make_what_the_code_expects(station: Station):
    with station.office.engine.connect() as connection:
        command.check(alembic_config(connection))
    index = "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'audit.event_look'::regclass"
    actions = re.findall("'(.*?)'", LOOKS)
    assert sorted(re.findall("'(.*?)'", station.one(index))) == sorted(actions), "what Alembic does not compare"


def test_upgrading_again_changes_nothing(station: Station, sender: str):
    station.send("lab/visits", visits(visit("V1")), sender)
    before = station.counts()
    upgrade(station.office.settings.warehouse_url or "")
    assert station.counts() == before
    assert query(station.office.settings, "SELECT count(*) FROM mart.victims", "analyst")[1][0][0] > 0


def test_the_owner_cannot_rewrite_the_audit_by_accident(station: Station, sender: str):
    station.send("lab/visits", visits(visit("V1")), sender)
    for statement in ("DELETE FROM audit.event", "UPDATE audit.event SET actor = 'x'", "TRUNCATE audit.event"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), station.office.engine.begin() as connection:
            connection.execute(sa.text(statement))


def test_the_planner_is_told_of_tables_that_filled_a_moment_ago(database: str):
    engine = make_engine(database)
    with engine.begin() as connection:
        connection.execute(sa.text(
            "INSERT INTO vault.record (content_id, delivery_id, attempt, key_slot, sealed) "
            "SELECT n, gen_random_uuid(), 1, n, sha256(n::text::bytea) FROM generate_series(1, 5000) AS n"
        ))  # fmt: skip
    assert look_at_grown(engine) == ["vault.record"]
    with engine.connect() as connection:
        plan = connection.execute(sa.text("EXPLAIN SELECT FROM vault.record WHERE attempt = 1")).scalars().all()
    assert "rows=5000 " in plan[0]
    assert look_at_grown(engine) == []
    engine.dispose()
