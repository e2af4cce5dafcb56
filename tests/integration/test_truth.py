"""What the simulation says must come out comes out: records, figures, refused rows; statuses, paths, who saw whom."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from tests.integration.truth import PERSON_MARTS, RECORD_MARTS, comparisons, link_truly, mart_differences, verdict

from marsad import cli
from marsad.contracts.codelists import load_codelists
from marsad.identity.keys import KeyRing
from marsad.intake.office import Office
from marsad.linkage import linker
from marsad.linkage.stock import victim_feeds
from marsad.register.officers import admit
from marsad.register.refresh import refresh
from marsad.register.watch import check
from marsad.settings import PROJECT, Settings
from marsad.simulation import simulate
from marsad.statistics.reconciliation import load_policy, reconcile
from marsad.statistics.reconciliation.figures import shaped
from marsad.statistics.reconciliation.warehouse import own_figures
from marsad.warehouse.query import query


@pytest.fixture(scope="module")
def simulated(
    tmp_path_factory: pytest.TempPathFactory, module_database: str
) -> Iterator[tuple[Office, dict[str, Any]]]:
    base = tmp_path_factory.mktemp("simulated")
    truth = json.loads(Path(simulate(base / "agencies", 45, 5)).read_text("utf-8"))
    settings = Settings.from_env({"MARSAD_HOME": str(base / "home"), "MARSAD_WAREHOUSE_URL": module_database})
    KeyRing.create(settings.place("keys"))
    office = Office.open(settings)
    for number, entry in enumerate(truth["files"]):
        assert list(verdict(office, base / "agencies", entry)) == []
        if number == len(truth["files"]) // 2:
            linker.link(office)
            refresh(office)
    linker.link(office)
    refresh(office)
    yield office, truth
    office.engine.dispose()


PERSONS = "SELECT * FROM mart.persons ORDER BY 1, 2, 3, 4, 5, 6, 7, 8"
RULE = ("counting_unit", "counting_stage", "reference_date")


def asked(office: Office, *queries: str) -> list[tuple[Any, ...]]:
    with office.engine.connect() as connection:
        return [[tuple(row) for row in connection.execute(sa.text(query))] for query in queries][-1]


@pytest.mark.timeout(600)
def test_the_warehouse_holds_what_the_agencies_books_say(simulated: tuple[Office, dict[str, Any]]) -> None:
    office, truth = simulated
    with office.engine.connect() as connection:
        assert list(comparisons(connection, truth)) == []


@pytest.mark.timeout(600)
def test_every_counting_rule_is_told_in_codes_that_have_labels(simulated: tuple[Office, dict[str, Any]]) -> None:
    office, _ = simulated
    codes = load_codelists(PROJECT / "schemas" / "codelists")
    for mart in (*RECORD_MARTS, *PERSON_MARTS, "victims", "quality"):
        rules = asked(office, f"SELECT DISTINCT {', '.join(RULE)} FROM mart.{mart}")
        assert rules, mart
        assert not [
            rule for rule in rules for name, code in zip(RULE, rule, strict=True) if code not in codes[name].codes
        ]


GUIDE = (PROJECT / "docs" / "analysts.md").read_text("utf-8")


@pytest.mark.timeout(600)
def test_the_questions_of_the_guide_are_answered(simulated: tuple[Office, dict[str, Any]]) -> None:
    office, _ = simulated
    questions = re.findall(r"^```sql\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(questions) > 10
    for question in questions:
        role = "steward" if "core." in question else "analyst"
        names, rows = query(office.settings, question, role)
        assert names, question
        assert rows or "contradictions" in question or "release." in question, question


@pytest.mark.timeout(600)
def test_statuses_are_those_of_the_agencies_books(simulated: tuple[Office, dict[str, Any]]) -> None:
    office, truth = simulated
    query = """SELECT feed, provider, record_id, stated, status, decided_on::text, replaced FROM register.status
        ORDER BY feed, provider, record_id, stated"""
    found: dict[tuple[str, ...], list[list[str | None]]] = {}
    for feed, provider, record, *entry in asked(office, query):
        found.setdefault((feed, provider, record), []).append(entry)
    for one in truth["statuses"]:
        entries = found.pop((one["feed"], one["provider"], one["record_id"]))
        assert [entry[:3] for entry in entries] == one["entries"]
        assert [entry[3] for entry in entries] == [later[0] for later in entries[1:]] + [None]
    assert found == {}


@pytest.mark.timeout(600)
def test_a_published_number_is_held_against_the_records_of_its_year_and_stage(
    simulated: tuple[Office, dict[str, Any]],
) -> None:
    office, _ = simulated
    policy, codelists = load_policy(office.settings.schemas), office.catalog.codelists
    with office.engine.connect() as connection:
        own = own_figures(connection, policy, codelists)
    counted = own.rows[own.rows["counting_unit"] == "victim_record"]
    victims = "FROM mart.victim_totals WHERE period <> 'unknown' AND counting_stage <> 'reported'"
    ((records,),) = asked(office, f"SELECT sum(victim_records) {victims}")
    assert counted["low"].sum() == records
    place, first = counted.index[0], counted.iloc[0]
    told = {name: first[name] for name in ("country", "year", "indicator", "counting_stage", "reference_date")}
    for more in (0, 1):
        said = [told | {"id": "said", "source": "A", "counting_unit": "victim", "value": first["low"] + more}]
        found = reconcile(own + shaped(pd.DataFrame(said), policy, codelists), policy)
        beside = [one.rule for one in found if set(one.figures) == {place, len(own)}]
        assert beside == ["sources.warehouse"] * more
    assert set(own.rows["indicator"]) == {"detected_victims", "formal_contact", "prosecuted", "convicted"}


@pytest.mark.timeout(600)
def test_where_linkage_was_right_the_register_knows_who_saw_her(simulated: tuple[Office, dict[str, Any]]) -> None:
    office, truth = simulated
    records: dict[str, set[tuple[str, ...]]] = {}
    for person, *key in asked(office, "SELECT person_id::text, feed, provider, record_id FROM register.record"):
        records.setdefault(person, set()).add(tuple(key))
    linked: dict[str, set[tuple[str, ...]]] = {}
    for person, *key in asked(office, "SELECT person_id::text, feed, provider, record_id FROM link.person_record"):
        linked.setdefault(person, set()).add(tuple(key))
    assert records == {person: linked[person] for person in records}
    seen: dict[str, set[str]] = {}
    for person, provider in asked(office, "SELECT person_id::text, provider FROM register.seen_by"):
        seen.setdefault(person, set()).add(provider)
    true = {frozenset(map(tuple, one["records"])) for one in truth["persons"] if one["person"].startswith("V")}
    right = [person for person, keys in records.items() if frozenset(keys) in true]
    assert len(right) > 0.8 * len(records)
    assert all(seen[person] == {provider for _, provider, _ in records[person]} for person in right)
    one_agency = {person for (person,) in asked(office, "SELECT person_id::text FROM register.seen_by_one_agency")}
    assert one_agency == {p for p, keys in records.items() if len({feed.split("/")[0] for feed, *_ in keys}) == 1}
    assert [one.rule.id for some in check(office).values() for one in some if one.severity == "critical"] == []


@pytest.mark.timeout(600)
def test_paths_hold_steps_proceedings_and_sources_only_with_consent(simulated: tuple[Office, dict[str, Any]]) -> None:
    office, _ = simulated
    kinds = {kind for (kind,) in asked(office, "SELECT DISTINCT kind FROM register.step")}
    assert kinds >= {"detection", "referral_from", "court", "identification", "referral_to", "shelter", "service"}
    assert asked(office, "SELECT count(*) FROM register.proceeding WHERE NOT as_victim")[0][0] > 0
    assert asked(office, "SELECT count(*) FROM register.waiting WHERE median_days >= 0")[0][0] > 3
    consent = """SELECT purpose, consent, bool_or(identity)
        FROM register.person JOIN register.source USING (person_id) GROUP BY 1, 2"""
    for purpose, word, identity in asked(office, consent):
        given = word in ("given", "given_by_guardian")
        assert (purpose, identity) == (("assistance", True) if given else ("statistics", False))
    assert {purpose for (purpose,) in asked(office, "SELECT DISTINCT purpose FROM register.person")} == {
        "assistance",
        "statistics",
    }


def test_an_officer_reads_what_is_before_court_of_the_own_persons_alone(
    simulated: tuple[Office, dict[str, Any]],
) -> None:
    office, _ = simulated
    ((person, stages),) = asked(office, "SELECT person_id::text, count(*) FROM register.proceeding GROUP BY 1 LIMIT 1")
    knows = f"EXISTS (SELECT FROM register.seen_by s WHERE s.provider = b.provider AND s.person_id = '{person}')"
    bodies = asked(office, f"SELECT {knows}, min(provider) FROM register.seen_by b GROUP BY 1")
    told = {}
    for whether, body in bodies:
        engine = sa.create_engine(admit(office, "court", [body], "tester"), poolclass=sa.NullPool)
        with engine.connect() as connection:
            found = connection.execute(
                sa.text("SELECT count(*) FROM register.at_court(CAST(:person AS uuid))"), {"person": person}
            )
            told[whether] = found.scalar_one()
    assert told == {True: stages, False: 0}


def test_a_file_of_the_same_number_at_another_court_is_another_case(simulated: tuple[Office, dict[str, Any]]) -> None:
    office, _ = simulated
    told = sa.text("SELECT count(*) FROM register.proceeding WHERE feed = 'justice/proceedings'")
    court = "UPDATE core.proceeding SET {} WHERE feed = 'justice/proceedings'"
    with office.engine.connect() as connection:
        connection.execute(sa.text(court.format("police_reference = NULL")))
        assert connection.execute(told).scalar_one() > 0
        connection.execute(sa.text(court.format("provider = 'ELSEWHERE'")))
        assert connection.execute(told).scalar_one() == 0
        connection.rollback()


def test_the_registrar_opens_nobody(simulated: tuple[Office, dict[str, Any]]) -> None:
    office, _ = simulated
    readable = asked(
        office,
        """SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'vault'::regnamespace
           AND c.relkind = 'r' AND has_table_privilege('marsad_registrar', c.oid, 'SELECT, INSERT, UPDATE, DELETE')""",
    )
    assert readable == []


@pytest.mark.timeout(600)
def test_the_command_tells_a_path_and_whether_all_holds_together(
    simulated: tuple[Office, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office, _ = simulated
    monkeypatch.setenv("MARSAD_HOME", str(office.settings.home))
    monkeypatch.setenv("MARSAD_WAREHOUSE_URL", office.settings.warehouse_url or "")

    def said(*words: str) -> tuple[Any, Any]:
        monkeypatch.setattr(sys, "argv", ["marsad", "register", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, capsys.readouterr()

    code, told = said("--json")
    assert (code, json.loads(told.out)["touched"]) == (0, 0)
    code, told = said("--check", "--json")
    assert code == 0
    assert "critical" not in told.out
    ((person,),) = asked(office, "SELECT person_id::text FROM register.person ORDER BY 1 LIMIT 1")
    code, told = said("--person", person, "--json")
    one = json.loads(told.out)
    assert one["values"]["sex"]["value"] in ("F", "M")
    assert one["statuses"]
    code, told = said("--person", "00000000-0000-0000-0000-000000000000")
    assert (code, told.out) == (64, "")
    assert "nobody" in told.err


@pytest.mark.timeout(600)
def test_each_person_counts_once_by_what_the_books_say_of_her(simulated: tuple[Office, dict[str, Any]]) -> None:
    """The last test here: it puts the truth in the place of what linkage found."""
    office, truth = simulated
    with office.engine.begin() as connection:
        link_truly(connection, truth, victim_feeds(office.catalog.contracts))
    refresh(office)
    with office.engine.connect() as connection:
        assert list(mart_differences(connection, truth, PERSON_MARTS)) == []
    told, then = asked(office, PERSONS), office.clock()
    with office.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM link.record WHERE feed = 'ngo/assistance'"))
    refresh(office)
    assert asked(office, PERSONS) != told
    assert asked(office, f"SELECT set_config('marsad.as_of', '{then}', true)", PERSONS) == told
