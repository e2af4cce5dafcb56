"""Published files of three countries' agencies, taken by contracts alone: nothing lost, every known oddity found.

What is expected is counted from the files by plain Python (``published.py``), row by row, never copied from a run.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.real.published import (
    FILES,
    GLOTIP,
    GOVERNMENT,
    IN_GLOTIP,
    IN_NRM,
    IN_PERSONS,
    IN_REPORTS,
    NRM,
    PERSONS,
    REPORTS,
    Published,
    Row,
    is_total,
    later_copies,
    number,
    rows_of,
    said_of_figure,
    said_of_person,
    sums,
    where,
    whole,
)

from marsad.intake.dry_run import check
from marsad.intake.office import Office
from marsad.intake.pipeline import ingest

Taken = Mapping[Published, dict[str, Any]]
QUIRKS = [
    *((REPORTS, rule) for rule in IN_REPORTS),
    *((PERSONS, rule) for rule in IN_PERSONS),
    *((file, rule) for file in NRM for rule in IN_NRM),
    *((GLOTIP, rule) for rule in IN_GLOTIP),
]
HOLDS: Mapping[str, Mapping[str, Callable[[Row], bool]]] = {
    REPORTS.feed: IN_REPORTS, PERSONS.feed: IN_PERSONS, GOVERNMENT.feed: IN_NRM, GLOTIP.feed: IN_GLOTIP,
}  # fmt: skip
BEFORE = [f"referral{item}_on.after_report" for item in (1, 2, 3)]
WHOLE_FILE = {"row.once", "key.one_content"}  # judged on all rows together, each with a test of its own
LEFT_OUT: Mapping[str, set[str]] = {GLOTIP.feed: {"file.note.banner"}}  # the workbook's title above its table


def name_of(value: object) -> str:
    return value.path.rpartition("/")[2].partition(".")[0] if isinstance(value, Published) else str(value)


def ask(office: Office, query: str, **values: object) -> list[Any]:
    with office.engine.connect() as connection:
        return list(connection.execute(sa.text(query), values))


def one(office: Office, query: str, **values: object) -> Any:
    return ask(office, query, **values)[0][0]


def found(office: Office, receipt: Mapping[str, Any], rule: str) -> set[int]:
    """Numbers of the rows with a finding by the rule."""
    query = "SELECT row FROM quarantine.finding WHERE delivery_id = :id AND rule = :rule"
    return {row for (row,) in ask(office, query, id=receipt["delivery_id"], rule=rule)}


def quarantined(office: Office, receipt: Mapping[str, Any]) -> set[int]:
    query = "SELECT row FROM quarantine.record WHERE delivery_id = :id"
    return {row for (row,) in ask(office, query, id=receipt["delivery_id"])}


# --- all files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_row_read_is_accepted_quarantined_or_unchanged(file: Published, taken: Taken, data: Path) -> None:
    receipt = taken[file]
    assert receipt["status"] == "accepted_with_findings"
    assert receipt["rows_read"] == len(rows_of(data, file))
    parts = [receipt[f"rows_{part}"] for part in ("accepted", "quarantined", "unchanged")]
    assert sum(parts) == receipt["rows_read"]
    assert parts[0] > 0
    assert parts[2] == 0


@pytest.mark.parametrize(("file", "rule"), QUIRKS, ids=name_of)
def test_an_oddity_is_found_in_exactly_the_rows_that_have_it(
    file: Published, rule: str, office: Office, taken: Taken, data: Path
) -> None:
    assert found(office, taken[file], rule) == where(rows_of(data, file), HOLDS[file.feed][rule])


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_else_is_found(file: Published, office: Office, taken: Taken) -> None:
    query = "SELECT DISTINCT rule FROM quarantine.finding WHERE delivery_id = :id"
    rules = {rule for (rule,) in ask(office, query, id=taken[file]["delivery_id"])}
    assert rules <= {*HOLDS[file.feed], *WHOLE_FILE, *LEFT_OUT.get(file.feed, ())}


def test_the_oddities_are_those_that_the_notes_on_the_files_count(data: Path) -> None:
    """The notes (research, domain 4.2) were made by somebody else; counts of the other UNODC vintages are left out."""
    reports, persons = rows_of(data, REPORTS), rows_of(data, PERSONS)
    counted = {
        "reports": len(reports),
        "persons": len(persons),
        "exact copies of persons": len(later_copies(persons, lambda row: (*row.values(),))),
        "persons of age 0": len(where(persons, IN_PERSONS["stated_age.stated"])),
        "reporters of age 0": len(where(reports, IN_REPORTS["reporter_age.stated"])),
        "revisar PNR": len(where(reports, IN_REPORTS["referral1_to.stated"])),
        "referred before reported": len(set().union(*(where(reports, IN_REPORTS[rule]) for rule in BEFORE))),
        "glotip rows": len(rows_of(data, GLOTIP)),
    }  # fmt: skip
    assert counted == {
        "reports": 3352, "persons": 2616, "exact copies of persons": 121, "persons of age 0": 227,
        "reporters of age 0": 369, "revisar PNR": 86, "referred before reported": 6, "glotip rows": 46_556,
    }  # fmt: skip


def test_the_same_rows_in_other_bytes_are_unchanged(office: Office, taken: Taken, data: Path, tmp_path: Path) -> None:
    for file in (REPORTS, PERSONS):
        again = tmp_path / Path(file.path).name
        again.write_bytes((data / file.path).read_bytes() + b"\r\n")
        receipt = ingest(office, again, file.feed, file.provider)
        assert receipt["rows_unchanged"] == taken[file]["rows_accepted"]
        assert receipt["rows_accepted"] == 0


# --- Argentina: reports and the persons they speak of ----------------------------------------------------------------


def test_no_person_is_without_her_report(office: Office, taken: Taken, data: Path) -> None:
    orphans = """
        SELECT count(*) FROM core."case" p WHERE p.feed = 'argentina/persons' AND NOT EXISTS
            (SELECT FROM core.contact c WHERE c.feed = 'argentina/reports' AND c.contact_reference = p.case_reference)
    """
    assert one(office, orphans) == 0
    spoken_of = {row["nro_registro_interno"] for row in rows_of(data, PERSONS).values()}
    query = "SELECT count(DISTINCT case_reference) FROM core.\"case\" WHERE feed = 'argentina/persons'"
    assert one(office, query) == len(spoken_of)


def test_a_copied_person_is_kept_and_noted_since_rows_have_no_number(office: Office, taken: Taken, data: Path) -> None:
    persons = rows_of(data, PERSONS)
    noted = found(office, taken[PERSONS], "row.once")
    assert later_copies(persons, lambda row: (*row.values(),)) <= noted
    assert noted == later_copies(persons, said_of_person)
    assert taken[PERSONS]["rows_accepted"] == len(persons)


@pytest.mark.parametrize(("entity", "role"), [("victim", "Victima directa"), ("suspect", "Acusado"), ("case", None)])
def test_who_is_a_victim_and_who_a_suspect_depends_on_the_role(
    entity: str, role: str | None, office: Office, taken: Taken, data: Path
) -> None:
    expected = where(rows_of(data, PERSONS), lambda row: role in {None, row["referido_tipo"]})
    query = f"SELECT count(*) FROM core.\"{entity}\" WHERE feed = 'argentina/persons'"  # noqa: S608 - three names
    assert one(office, query) == len(expected)


def test_an_age_of_nought_is_no_age_and_makes_no_minor(office: Office, taken: Taken, data: Path) -> None:
    victims = [row for row in rows_of(data, PERSONS).values() if row["referido_tipo"] == "Victima directa"]
    ages = [int(row["edad_aparente"] or 0) for row in victims]
    query = """
        SELECT count(*) FILTER (WHERE age IS NULL), count(*) FILTER (WHERE minor = 'yes'),
               count(*) FILTER (WHERE minor = 'unknown'), min(age)
        FROM core.victim WHERE feed = 'argentina/persons'
    """
    unknown, minors = sum(age == 0 for age in ages), sum(0 < age < 18 for age in ages)
    assert tuple(ask(office, query)[0]) == (unknown, minors, unknown, min(age for age in ages if age))


def test_each_referral_is_a_record_of_its_own(office: Office, taken: Taken, data: Path) -> None:
    reports = rows_of(data, REPORTS).values()
    names = ("derivacion", "derivacion2", "derivacion3")
    expected = {item: sum(bool(row[f"{name}_fecha"]) for row in reports) for item, name in enumerate(names, 1)}
    query = "SELECT item, count(*) FROM core.service WHERE feed = 'argentina/reports' GROUP BY item"
    assert {item: count for item, count in ask(office, query)} == expected


def test_leading_zeros_and_both_spellings_of_yes_survive(office: Office, taken: Taken, data: Path) -> None:
    reports = list(rows_of(data, REPORTS).values())
    query = "SELECT count(*) FROM core.contact WHERE extra->>:name = :value"
    assert one(office, query, name="province_id", value="06") == sum(r["provincia_indec_id"] == "06" for r in reports)
    said = [row["derivacion_judicializa"] for row in reports]
    assert {"Si", "si"} <= set(said)
    expected = said.count("Si") + said.count("si")
    assert one(office, query, name="referral1_to_court", value="yes") == expected


def test_names_typed_into_institutions_reach_the_vault_only(office: Office, taken: Taken, data: Path) -> None:
    """Two referrals name an official: texts that no code list knows are not kept in clear."""
    told = [row["derivacion_institucion"] for row in rows_of(data, REPORTS).values()]
    words = [re.split(r"Dra?\. ", text)[1] for text in told if re.search(r"Dra?\. ", text)]
    assert len(words) == 2
    contacts = ask(office, "SELECT c::text FROM core.contact c") + ask(office, "SELECT s::text FROM core.service s")
    assert not [True for (text,) in contacts if any(word in text for word in words)]


# --- United Kingdom: totals among the details ------------------------------------------------------------------------


@pytest.mark.parametrize("file", NRM, ids=name_of)
def test_what_is_kept_adds_up_to_the_published_total(file: Published, office: Office, taken: Taken, data: Path) -> None:
    """Totals go to quarantine, details stay: their sum is the grand total of the file, so nobody is lost or doubled."""
    rows = rows_of(data, file)
    assert quarantined(office, taken[file]) == where(rows, is_total)
    dimensions = ("Exploitation type", "Age at exploitation", "Gender", "Nationality")
    everybody = [row for row in rows.values() if row["First responder"].endswith(" total")]
    [grand] = [row for row in everybody if all(row[name] == "Total" for name in dimensions)]
    query = "SELECT sum(value) FROM core.figure WHERE feed = :feed AND provider = :provider"
    assert one(office, query, feed=file.feed, provider=file.provider) == number(grand["People"])


@pytest.mark.parametrize("file", NRM, ids=name_of)
def test_rows_that_differ_in_the_order_of_nationalities_only_are_noted(
    file: Published, office: Office, taken: Taken, data: Path
) -> None:
    rows = rows_of(data, file)
    expected = later_copies(rows, said_of_figure, among=where(rows, lambda row: not is_total(row)))
    assert found(office, taken[file], "row.once") == expected


def test_forms_and_nationalities_can_be_counted_each(office: Office, taken: Taken, data: Path) -> None:
    rows = [row for row in rows_of(data, GOVERNMENT).values() if not is_total(row)]
    query = "SELECT sum(value) FROM core.figure WHERE provider = 'GOVERNMENT' AND :code = ANY({field})"
    labour = sum(number(row["People"]) for row in rows if "Labour" in row["Exploitation type"])
    assert one(office, query.format(field="exploitation_form"), code="forced_labour") == labour
    vietnamese = sum(number(row["People"]) for row in rows if "Vietnamese" in row["Nationality"])
    assert one(office, query.format(field="citizenship"), code="VNM") == vietnamese > 0


# --- UNODC: one table of many hands ----------------------------------------------------------------------------------


def test_figures_that_contradict_each_other_are_all_kept(office: Office, taken: Taken, data: Path) -> None:
    """Nobody can tell which is right: reconciling names them, and an exact copy is noted."""
    rows = rows_of(data, GLOTIP)
    kept = where(rows, whole)
    assert quarantined(office, taken[GLOTIP]) == set(rows) - kept
    assert found(office, taken[GLOTIP], "row.once") == later_copies(rows, lambda row: (*row.values(),), among=kept)


def test_thousands_are_read_and_suppressed_numbers_are_not_nought(office: Office, taken: Taken, data: Path) -> None:
    rows = rows_of(data, GLOTIP)
    refused = quarantined(office, taken[GLOTIP])
    kept = [row for n, row in rows.items() if n not in refused]
    numbers = [row for row in kept if row["txtVALUE"] != "<5"]
    assert sum("," in row["txtVALUE"] for row in numbers) > 400
    query = "SELECT year::text, sum(value) FROM core.figure WHERE feed = 'commission/glotip' GROUP BY year"
    expected = {year.removesuffix(".0"): total for year, total in sums(numbers, "Year", "txtVALUE").items()}
    assert {year: total for year, total in ask(office, query)} == expected
    hidden = "SELECT count(*) FROM core.figure WHERE feed = 'commission/glotip' AND value IS NULL"
    assert one(office, hidden) == len(kept) - len(numbers)


def test_question_codes_as_the_next_edition_has_them_are_refused(office: Office, data: Path, tmp_path: Path) -> None:
    """This edition has none. The notes tell how they look in the next: category and value are both question numbers."""
    rows = rows_of(data, GLOTIP)
    assert not where(rows, lambda row: bool(re.match(r"Q\d", row["Category"])))
    sample = [dict(row) for row in list(rows.values())[:40]]
    for place, value in ((5, "61,102,019"), (9, "6,112,019")):
        sample[place] |= {"Category": f"Q6.1_{place}s_2019", "txtVALUE": value}
    sample[12]["txtVALUE"] = "61,102,019"
    text = io.StringIO()
    writer = csv.DictWriter(text, list(sample[0]))
    writer.writeheader()
    writer.writerows(sample)
    path = tmp_path / "glotip.csv"
    path.write_text(text.getvalue(), "utf-8")
    receipt, judged = check(office, path, GLOTIP.feed)
    broken = {one.rule.id: one.rows.tolist() for one in judged.broken}
    assert broken["category.no_question"] == [7, 11]
    assert broken["value.in_range"] == [7, 11, 14]
    assert receipt["rows_quarantined"] >= 3


# --- what the sender reads -------------------------------------------------------------------------------------------


def test_reports_back_name_rows_and_never_repeat_cells(office: Office, taken: Taken, data: Path) -> None:
    home = office.settings.home
    said = (home / taken[GLOTIP]["reports"]["json"]).read_text("utf-8")
    assert json.loads(said)
    texts = {row["Category"] for row in rows_of(data, GLOTIP).values() if IN_GLOTIP["category.undamaged"](row)}
    assert len(texts) > 20
    assert not [True for text in texts if "\ufffd" in text and text in said]
