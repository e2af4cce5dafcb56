"""Forms of others, filled in from what a release shows: hidden stays hidden, what it does not hold is not made up."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest
from python_calamine import CalamineWorkbook
from tests.unit.made_release import PEOPLE, SCHEMAS, made

from marsad.contracts.codelists import load_codelists
from marsad.contracts.load import load_contract
from marsad.intake.calendar import period_of
from marsad.policies import load
from marsad.statistics.outputs import hand_out, indicators, unodc
from marsad.statistics.outputs.forms import FOLDER, Unodc, answer
from marsad.statistics.outputs.words import Words
from marsad.statistics.releases import definition
from marsad.warehouse.release_tables import HIDDEN


@pytest.fixture(scope="module")
def words() -> Words:
    return Words(made(), load_codelists(SCHEMAS / "codelists"), SCHEMAS, "en")


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_workbook_has_the_columns_of_the_published_one_and_each_key_once(words: Words) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(unodc.workbook(words, SCHEMAS)))
    _, _, header, *rows = book.get_sheet_by_name("data_glotip_1").to_python()
    assert header == [
        column.headers["en"] for column in load_contract(SCHEMAS / "contracts/commission/glotip.yaml").columns
    ]
    keys = [tuple(row[:11]) for row in rows]
    assert len(set(keys)) == len(keys)
    found = {tuple(row[4:9]): row[11] for row in rows}
    women = sum(n for (sex, _), n in PEOPLE.items() if sex == "F")
    place = ("Detected trafficking victims", "Total", "Total")
    assert found[*place, "Total", "Total"] == str(sum(PEOPLE.values()))
    assert found[*place, "Female", "Total"] == str(women)
    assert found[*place, "Male", "0 to 17 years"] == str(PEOPLE["M", "0-8"] + PEOPLE["M", "9-17"])
    assert {row[4] for row in rows} == {"Detected trafficking victims"}, "nothing is said of what it does not hold"
    told = book.get_sheet_by_name("counting rules").to_python()
    assert ["Persons convicted", "not in this release"] in [row[:2] for row in told]
    assert any("Counting rule: Victim" in row[2] and "c" in row[3] for row in told)


def test_a_line_of_which_a_part_is_hidden_is_hidden(words: Words) -> None:
    tables = [table for table in words.build.tables() if table.name == "sex_age"]
    hidden = [key for key, value in tables[0].cells.items() if value is None and "total" not in key]
    sex, age = hidden[0]
    shown = next(other for other in ("9-17", "24-26") if tables[0].cells[sex, other] is not None)
    assert answer(tables, {"sex": (sex,), "age_band": (age, shown)}) == replace(
        answer(tables, {"sex": (sex,)}), value=None
    )
    assert answer(tables, {"citizenship": ("MAR",)}) is None


def test_victims_per_100000_say_of_which_population(words: Words) -> None:
    whole, *parts = lines(indicators.sdg(words, SCHEMAS))
    assert whole["victims"] == str(sum(PEOPLE.values()))
    assert float(whole["per_100000"]) == pytest.approx(sum(PEOPLE.values()) / 368.2833, abs=1e-3)
    assert "RGPH 2024" in whole["population_source"]
    assert whole["counting_stage"] == "presumed"
    assert {row["per_100000"] for row in parts} == {""}, "of women alone no population is known"
    late = replace(words, build=replace(made(), period=period_of("yearly", date(2030, 1, 1))))
    assert lines(indicators.sdg(late, SCHEMAS))[0]["per_100000"] == "", (
        "a count of six years before is none of that year"
    )


def test_data_points_are_answered_hidden_or_not_in_the_release(words: Words) -> None:
    found = {row["point"]: row for row in lines(indicators.us_tip(words, SCHEMAS))}
    assert (found["girls"]["value"], found["boys"]["value"]) == ("71", "53")
    assert found["girls"]["source"] == "police/victims"
    assert found["convicted"]["answered"] == "not in this release"
    assert found["convicted"]["value"] == ""
    hiding = replace(words.build, hidden={"records": frozenset({("F", "0-17", "total")})})
    row = {row["point"]: row for row in lines(indicators.us_tip(replace(words, build=hiding), SCHEMAS))}["girls"]
    assert (row["value"], row["flag"], row["answered"]) == ("", HIDDEN, "yes")


def test_forms_ask_only_for_counting_rules_and_codes_that_there_are(words: Words) -> None:
    form = load(Unodc, SCHEMAS, "unodc", FOLDER)
    for rules in form.indicators.values():
        for unit, stage in rules:
            assert unit in words.lists["counting_unit"].codes
            assert stage in words.lists["counting_stage"].codes
    top = {code.code for code in words.lists["exploitation_form"].codes.values() if not code.parent} - {"unknown"}
    asked = [code for codes in form.exploitation_form.values() for code in codes]
    assert sorted(asked) == sorted({*top, "several"}), "each form in one line"


def test_a_part_of_a_year_fills_in_no_form() -> None:
    assert hand_out.why_no_forms(made(), SCHEMAS) is None
    quarter = replace(made(), period=period_of("quarterly", made().period.starts_on))
    assert hand_out.why_no_forms(quarter, SCHEMAS) == "they ask for a whole year"


def test_a_release_of_records_fills_in_no_form_and_says_what_it_counts() -> None:
    records = replace(made(), definition=definition.load(SCHEMAS, "victims"))
    assert "what this release counts, victim_record (presumed)" in (hand_out.why_no_forms(records, SCHEMAS) or "")
