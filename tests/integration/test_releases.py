"""A release from the warehouse to the reader: protected, judged, signed by another, read by analysts, built again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from tests.integration.station import Station, visit, visits

from marsad import audit
from marsad.contracts.codelists import load_codelists
from marsad.errors import PolicyRefusal, UsageFault
from marsad.intake.calendar import parse
from marsad.intake.office import Office
from marsad.linkage.access import reading
from marsad.linkage.linker import link
from marsad.register.refresh import refresh
from marsad.settings import PROJECT
from marsad.statistics.disclosure.cells import Dimension
from marsad.statistics.outputs.hand_out import hand_out
from marsad.statistics.releases import decide, due, package, store
from marsad.statistics.releases.build import build, build_once, judge, verdict
from marsad.statistics.releases.counted import count
from marsad.statistics.releases.definition import Counting, CubeSpec, load, names
from marsad.statistics.releases.older import beside, columns_out
from marsad.statistics.releases.sources import trace
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import content_hash
from marsad.warehouse.query import query

Q1, Q2 = "2024-Q1", "2024-Q2"
PEOPLE = {"F": (9, 22, 3), "M": (8, 6, 13)}  # of each sex: born 2015, 1990, 1960
BORN = ("03/04/2015", "03/04/1990", "03/04/1960")
LAB = """
version: 1
owner: laboratory
decided: 2026-11-22
cadence: quarterly
deadline_days: 45
waits_for: [lab/visits]
title: {fr: Visites, ar: زيارات, en: Visits}
dimensions:
  sex: {codelist: sex, label: {fr: Sexe, ar: الجنس, en: Sex}}
  age_band: {codelist: age_band, tree: true, label: {fr: Âge, ar: السن, en: Age}}
cubes:
  records:
    mart: victim_totals
    measure: victim_records
    period: period
    where: {feed: [lab/visits]}
    counting: {unit: victim_record, stage: presumed, reference_date: detection, source: lab/visits}
tables:
  sex_minor: {cube: records, by: [sex, age_band], top: [age_band], title: {fr: A, ar: أ, en: A}}
  sex_age: {cube: records, by: [sex, age_band], title: {fr: B, ar: ب, en: B}}
"""


@pytest.fixture(scope="module")
def office(station: Station, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A station with two months of visits, the release ``lab``, and the rules that judge releases."""
    schemas = tmp_path_factory.mktemp("releases") / "schemas"
    shutil.copytree(PROJECT / "schemas", schemas, ignore=shutil.ignore_patterns("contracts", "migrations"))
    (schemas / "releases" / "lab.yaml").write_text(LAB, "utf-8")
    shutil.copytree(PROJECT / "expectations" / "releases", station.office.settings.expectation_dirs[0] / "releases")
    rows = [(sex, born) for sex, numbers in PEOPLE.items() for born, many in zip(BORN, numbers, strict=True)
            for _ in range(many)]  # fmt: skip
    sent = [visit(f"R{place}", Sexe=sex, Naissance=born) for place, (sex, born) in enumerate(rows)]
    station.send("lab/visits", visits(*sent), station.sender())
    return replace(station.office, settings=replace(station.office.settings, schemas=schemas))


@pytest.fixture(scope="module")
def first(office: Office) -> Build:
    return build(office, "lab", Q1, "builder")


def asked(office: Office, statement: str, role: str = "analyst") -> list[list[object]]:
    return query(office.settings, statement, role)[1]


def stored(office: Office, made: Build) -> Build:
    """A build beside another, with an id of its own."""
    made = replace(made, build_id=store.new_id())
    with office.engine.begin() as connection:
        store.write(connection, made)
    return made


def test_what_is_built_is_nobodys_to_read_and_shows_no_few(office: Office, first: Build, tmp_path: Path) -> None:
    assert first.verdict != "fail"
    assert first.facts["cells_recovered"] == first.facts["cells_narrow"] == 0
    assert first.facts["counted"] == sum(map(sum, PEOPLE.values()))
    numbers = [value for table in first.tables() for value in table.cells.values()]
    assert None in numbers
    assert package.write(tmp_path, first).name == f"unsigned-lab-{Q1}-1"
    assert not [value for value in numbers if value and value < first.policy.threshold]
    coarse, fine = (table.cells for table in first.tables())
    assert {codes[1] for codes in coarse} == {"total", "0-17", "18+"}
    assert set(coarse.items()) < set(fine.items())  # what both tables show, and hide, is the same
    assert asked(office, "SELECT * FROM release.cells") == []
    with pytest.raises(UsageFault, match="permission denied"):
        asked(office, "SELECT * FROM release.base")
    with pytest.raises(UsageFault, match="permission denied"):
        asked(office, "SELECT * FROM release.built_cell", "commission")


def test_somebody_else_signs_what_was_judged(office: Office, first: Build) -> None:
    with pytest.raises(PolicyRefusal, match="somebody else"):
        decide.sign(office, first.build_id, "builder", "looked through")
    with pytest.raises(PolicyRefusal, match="somebody else"):
        decide.sign(office, first.build_id, "N. Alami", "looked through", "builder")
    doubted = stored(office, replace(first, period=parse("2019") or first.period, verdict="review"))
    with pytest.raises(UsageFault, match="--note"):
        decide.sign(office, doubted.build_id, "reviewer")
    folder = decide.sign(office, first.build_id, "reviewer", "looked through")
    assert asked(office, "SELECT name, period, signed_by FROM release.releases") == [["lab", Q1, "reviewer"]]
    read = asked(office, 'SELECT "table", codes, value, flag, source FROM release.cells ORDER BY 1, 2')
    printed = {(table.name, codes): value for table in first.tables() for codes, value in table.cells.items()}
    assert {(row[0], tuple(row[1])): row[2] for row in read} == printed
    assert {row[4] for row in read} == {"lab/visits"}
    _check_package(folder, first)
    head = audit.read_head_files(office.settings.place("audit"))[-1][audit.AUDIT_HEAD]
    with office.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT seq FROM audit.head")).scalar() == audit.Head.parse(head).seq
    with pytest.raises(UsageFault, match="signed by reviewer already"):
        decide.reject(office, first.build_id, "other")


def _check_package(folder: Path, made: Build) -> None:
    """The descriptor's hashes are the files', Parquet says what CSV says, each row has its counting rule."""
    described = json.loads((folder / "datapackage.json").read_bytes())
    for resource, table in zip(described["resources"], made.tables(), strict=True):
        content = (folder / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        header, *rows = list(csv.reader(io.StringIO(content.decode())))
        assert header == [field["name"] for field in resource["schema"]["fields"]]
        assert len(rows) == len(table.cells)
        assert all(row[-4:] == ["victim_record", "presumed", "detection", "lab/visits"] for row in rows)
        columns = pq.read_table(folder / resource["path"].replace(".csv", ".parquet")).to_pylist()
        assert [["" if value is None else str(value) for value in row.values()] for row in columns] == rows
    assert described["provenance"]["tables_sha256"] == made.sha256
    entry = json.loads((folder / "dcat.jsonld").read_bytes())
    assert len(entry["dcat:distribution"]) == 2 * len(made.tables())
    assert entry["dct:publisher"]["dct:title"] == "laboratory"
    assert described["provenance"]["state"] == "signed"
    assert entry["dct:issued"] > described["created"]


def test_an_old_release_is_built_again_to_the_same_bytes_whatever_came_since(
    office: Office, first: Build, station: Station
) -> None:
    late = [visit(f"L{place}", Sexe="F", Naissance=BORN[1]) for place in range(2)]
    station.send("lab/visits", visits(*late), station.sender())
    with office.engine.connect() as connection:
        again = store.read(connection, first.build_id[:12])
    assert decide.same_again(again)
    assert decide.counted_again(office, again)
    assert [table.csv(Q1) for table in again.tables()] == [table.csv(Q1) for table in first.tables()]
    assert again.ledger == first.ledger
    tampered = replace(again, bases={"records": replace(again.bases["records"], counts={})})
    assert not decide.same_again(tampered)
    assert not decide.counted_again(office, tampered)


def test_two_who_came_late_are_not_told_by_the_next_build(office: Office, first: Build) -> None:
    second = build(office, "lab", Q1, "builder")
    assert second.number == 2
    assert second.ledger != first.ledger
    assert second.facts["counted"] == first.facts["counted"] + 2
    assert second.facts["cells_recovered"] == 0
    before = {(table.name, codes): value for table in first.tables() for codes, value in table.cells.items()}
    after = {(table.name, codes): value for table in second.tables() for codes, value in table.cells.items()}
    told = {key: (value, after[key]) for key, value in before.items() if None not in {value, after.get(key)}}
    assert told
    assert {abs(now - then) for then, now in told.values()} == {0}
    assert second.reckoned == [first.build_id]
    stale = stored(office, replace(second, number=8, reckoned=[]))  # built while the first was being signed
    with pytest.raises(UsageFault, match="signed since"):
        decide.sign(office, stale.build_id, "reviewer", "looked through")
    decide.reject(office, second.build_id, "reviewer", "too few came")
    assert asked(office, "SELECT number FROM release.releases") == [[1]]


def test_a_release_of_persons_waits_for_the_register(office: Office, first: Build) -> None:
    of_persons = first.definition.model_dump(mode="json")
    of_persons["cubes"]["records"]["counting"]["source"] = due.REGISTER
    definition = type(first.definition).model_validate(of_persons)
    assert due.waiting(office, first.definition) == 0
    assert due.waiting(office, definition) >= sum(map(sum, PEOPLE.values()))
    behind = judge(office, {**first.facts, "records_waiting": 3})
    assert "release.register_current" in {one.rule.id for one in behind}
    assert "release.register_current" not in {one["rule"] for one in first.broken}
    link(office)
    refresh(office)
    assert due.waiting(office, definition) == 0


def test_a_period_shorter_than_the_mart_counts_by_is_refused(office: Office, first: Build) -> None:
    with pytest.raises(UsageFault, match="no 2024-02-01; it counts by longer periods: monthly$"):
        build(office, "lab", "2024-02-01", "builder")
    spec = first.definition.cubes["records"].model_copy(update={"mart": "weekly", "where": {}})
    with office.engine.connect() as connection:  # rolled back
        connection.execute(sa.text("CREATE TABLE mart.weekly AS SELECT * FROM mart.victim_totals"))
        connection.execute(sa.text("UPDATE mart.weekly SET period = '2024-W05'"))
        with pytest.raises(UsageFault, match="no 2024-02-01; it counts by longer periods: weekly$"):
            count(connection, spec, ("sex",), parse("2024-02-01") or first.period)


def test_a_failed_build_is_signed_by_nobody_and_not_handed_out(office: Office, first: Build) -> None:
    failed = stored(office, replace(first, number=9, verdict="fail", broken=[{"message": {"en": "leaks"}}]))
    with pytest.raises(PolicyRefusal, match="leaks"):
        decide.sign(office, failed.build_id, "reviewer", "all the same")
    with office.engine.connect() as connection:
        assert store.best(connection, "lab", Q1) == first.build_id  # to hand out
    with pytest.raises(sa.exc.IntegrityError), office.engine.begin() as connection:
        store.decide(connection, failed, "signed", "owner", None, datetime(2030, 1, 1, tzinfo=UTC))


def test_a_quarter_is_held_against_the_year_and_its_other_quarters(office: Office, first: Build) -> None:
    for label in ("2027", "2027-Q2", "2027-Q4", "2026-Q4", "2028-Q1"):
        made = stored(office, replace(first, number=1, period=parse(label) or first.period))
        with office.engine.begin() as connection:
            store.decide(connection, made, "signed", "reviewer", None, datetime(2030, 2, 1, tzinfo=UTC))
    with office.engine.connect() as connection:
        found = store.signed(connection, parse("2027-Q1") or first.period)
    assert {one.period.label for one in found} == {"2027", "2027-Q2", "2027-Q4"}


def test_another_name_of_the_counting_rule_changes_nothing_another_filter_asks_for_a_reason(
    office: Office, first: Build
) -> None:
    definition = first.definition
    named, kept = (
        definition.model_copy(update={"cubes": {"records": definition.cubes["records"].model_copy(update=change)}})
        for change in (
            {"counting": definition.cubes["records"].counting.model_copy(update={"stage": "identified"})},
            {"where": {"feed": ("lab/visits",), "sex": ("F",)}},
        )
    )
    assert (beside(named, [first]), beside(kept, [first])) == (0, 1)
    assert columns_out(named.model_copy(update={"tables": {}}), "records", [first]) == ("sex", "age_band")
    assert columns_out(kept.model_copy(update={"tables": {}}), "records", [first]) == ()
    broken = judge(office, {**first.facts, "cubes_beside": 1})
    assert "release.comparable" in {one.rule.id for one in broken}
    assert verdict(broken) == "review"


def test_a_published_number_leads_back_to_its_deliveries_and_another_to_none(office: Office, first: Build) -> None:
    waits = stored(office, replace(first, period=parse("2018") or first.period))
    with pytest.raises(PolicyRefusal, match="signed"):
        trace(office, waits.build_id, "sex_age", {})
    decide.sign(office, first.build_id, "reviewer", "looked through")
    ((provider, delivery),) = asked(
        office, "SELECT provider, delivery_id::text FROM mart.deliveries WHERE rows_read > 9"
    )
    (table,) = (one for one in first.tables() if one.name == "sex_age")
    for key, value in table.cells.items():
        cell = {name: code for name, code in zip(table.spec.by, key, strict=True) if code != "total"}
        if value is None:
            with pytest.raises(PolicyRefusal, match="shown"):
                trace(office, first.build_id, "sex_age", cell)
        else:
            found = [(one.provider, one.delivery_id, one.counted)
                     for one in trace(office, first.build_id, "sex_age", cell).sources]  # fmt: skip
            assert found == ([(provider, delivery, value)] if value else [])
    for wrong in ({"region": "MA-01"}, {"sex": "nobody"}):
        with pytest.raises(UsageFault, match="table"):
            trace(office, first.build_id, "sex_age", wrong)


def test_who_is_sent_under_the_code_of_a_total_is_counted_as_unknown(office: Office, station: Station) -> None:
    station.send("lab/visits", visits(visit("T1", Sexe="Ensemble", Rencontre="15/05/2023")), station.sender())
    assert asked(office, "SELECT sex, victim_records FROM mart.victim_totals WHERE period = '2023-05'") == [
        ["unknown", 1]
    ]


def test_a_release_waits_for_all_deliveries_until_its_deadline(office: Office) -> None:
    def on(day: date) -> Office:
        return replace(office, clock=lambda: datetime(day.year, day.month, day.day, 12, tzinfo=UTC))

    assert due.last_over(load(office.settings.schemas, "lab"), date(2030, 4, 20)).label == "2030-Q1"
    assert due.turn(on(date(2030, 1, 20)), "lab") is None  # of 2029 nothing was expected: nobody had sent before
    assert due.turn(on(date(2030, 4, 20)), "lab") is None
    late = due.turn(on(date(2030, 5, 16)), "lab")
    assert late is not None
    assert late.period == "2030-Q1"
    assert {(one.feed, one.period) for one in late.missing} == {("lab/visits", f"2030-0{month}") for month in (1, 2, 3)}
    assert due.turn(on(date(2024, 5, 20)), "lab") is None  # the first quarter of 2024 was built


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("mart: victim_totals", "mart: nowhere", "no mart nowhere"),
        ("by: [sex, age_band], top", "by: [sex, colour], top", "no dimension colour"),
        ("measure: victim_records", "measure: records", "no column records"),
        ("top: [age_band]", "top: [region]", "not by"),
        ("source: lab/visits}", "source: ''}", "source"),
        ("unit: victim_record", "unit: victim", "counts victim_record, presumed, unknown, lab/visits, not victim"),
        ("source: lab/visits}", "source: register}", "counts victim_record"),
    ],
)
def test_a_wrong_definition_says_what_is_wrong(office: Office, tmp_path: Path, old: str, new: str, told: str) -> None:
    schemas = tmp_path / "schemas"
    shutil.copytree(office.settings.schemas, schemas)
    (schemas / "releases" / "lab.yaml").write_text(LAB.replace(old, new), "utf-8")
    with pytest.raises(UsageFault, match=told):
        build(replace(office, settings=replace(office.settings, schemas=schemas)), "lab", Q1, "builder")


def test_a_task_that_was_killed_takes_its_build_over(office: Office) -> None:
    one = build(office, "lab", Q2, "DAG")
    assert build_once(office, "lab", Q2, "DAG").build_id == one.build_id
    assert build_once(office, "lab", Q2, "builder").number == one.number + 1


@pytest.mark.long
def test_outputs_are_of_the_signed_build_though_a_newer_one_waits(office: Office, first: Build, tmp_path: Path) -> None:
    with suppress(UsageFault):  # who tests signing may have signed it before
        decide.sign(office, first.build_id, "reviewer", "looked through")
    newer = build(office, "lab", Q1, "builder")
    found, folder = hand_out(office, "lab", Q1, tmp_path)
    assert (found.state, found.number < newer.number) == ("signed", True)
    assert {"datapackage.json", "sdmx-structure.xml", "bulletin-ar.pdf"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", names(PROJECT / "schemas"))
def test_releases_of_the_project_can_be_built_and_have_a_counting_rule_of_the_code_lists(
    station: Station, office: Office, name: str
) -> None:
    definition, lists = load(PROJECT / "schemas", name), load_codelists(PROJECT / "schemas" / "codelists")
    for cube in definition.cubes.values():
        rule = cube.counting
        for scheme, code in (("counting_unit", rule.unit), ("counting_stage", rule.stage),
                             ("reference_date", rule.reference_date)):  # fmt: skip
            assert code in lists[scheme].codes
    assert build(office, name, "2031", "builder").verdict == "review"  # nobody was counted


def test_every_column_of_a_release_is_described(station: Station) -> None:
    silent = """SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname = 'release' AND c.relkind IN ('r', 'v')
          AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"""
    assert station.rows(silent) == []


def test_a_number_of_persons_leads_back_to_every_delivery_that_speaks_of_them(
    office: Office, first: Build, station: Station
) -> None:
    for family in (("Alami", "Bennani", "Chraibi", "Daoudi", "Filali", "Guessous", "Hajji"),
                  ("Jabri", "Kadiri", "Lahlou", "Mansouri", "Ouazzani", "Rachidi")):  # fmt: skip
        met = [visit(name, Nom=name, Naissance=f"{3 + day:02}/{1 + day:02}/{1970 + 3 * day}", Rencontre="15/05/2022")
               for day, name in enumerate(family)]  # fmt: skip
        station.send("lab/visits", visits(*met), station.sender())
    link(office)
    refresh(office)
    rule = Counting(unit="victim", stage="presumed", reference_date="detection", source=due.REGISTER)
    statuses = {"status": ("presumed", "identified", "confirmed")}
    spec = CubeSpec(mart="persons", measure="persons", period="year", where=statuses, counting=rule)
    period = parse("2022") or first.period
    with reading(office.engine, "publisher") as connection:
        base = count(connection, spec, ("sex", "age_band"), period)
        out = store.signed(connection, period)
    made = replace(
        first, name="persons", number=1, period=period, as_of=office.clock(), bases={"records": base},
        definition=first.definition.model_copy(update={"cubes": {"records": spec}}), hidden={"records": frozenset()},
        dimensions={"records": tuple(Dimension.of(name, base.codes(name)) for name in base.columns)},
        reckoned=[one.build_id for one in out],
    )  # fmt: skip
    made = stored(office, replace(made, sha256=content_hash(made.tables(), "2022")))
    decide.sign(office, made.build_id, "reviewer", "looked through")
    with office.engine.connect() as connection:
        known = dict(tuple(row) for row in connection.execute(sa.text(_KNOWN)))
    late = station.send("lab/visits", visits(*met), station.sender())["delivery_id"]
    link(office)
    refresh(office)
    with office.engine.connect() as connection:
        assert late in dict(tuple(row) for row in connection.execute(sa.text(_KNOWN)))
    found = trace(office, made.build_id, "sex_age", {})
    assert found.value == sum(known.values()) > 12
    assert {one.delivery_id: one.counted for one in found.sources} == known


_KNOWN = """
    SELECT s.delivery_id::text, count(DISTINCT p.person_id)
    FROM link.person_record p JOIN core.sighting s USING (feed, provider, record_id)
    WHERE s.current AND s.period LIKE '2022%' GROUP BY 1
"""
