"""A template that is filled in by its own lists, hints and formats is accepted: every feed, every language."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from marsad.contracts.catalog import Catalog, load_catalog
from marsad.contracts.template import template
from marsad.identity.keys import KeyRing
from marsad.intake import dry_run
from marsad.intake.office import Office
from marsad.settings import Settings
from marsad.warehouse.model import LANGUAGES

ROWS = 8
CATALOG: Catalog = load_catalog(Settings.from_env({}))
MET = datetime(2025, 3, 5)  # noqa: DTZ001 - a cell has no zone
# Two lists together say what no person can be: a victim's choice is the same in every row there.
STEADY = {"decision": 0, "consent": 0, "offence": 0, "person_type": 0, "stage": 5}


@pytest.fixture(scope="module")
def office(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("templates")
    settings = Settings.from_env({"MARSAD_HOME": str(home), "MARSAD_WAREHOUSE_URL": module_database})
    KeyRing.create(settings.place("keys"))
    office = Office.open(settings)
    yield office
    office.engine.dispose()


def made(feed: str, language: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(template(CATALOG.contract(feed), CATALOG.codelists, language)))


def rules(sheet: Worksheet) -> dict[int, Any]:
    """The validation of each column, by its number."""
    return {range_boundaries(str(rule.sqref))[0]: rule for rule in sheet.data_validations.dataValidation}


def listed(book: openpyxl.Workbook, formula: str) -> list[str]:
    name, _, cells = formula.lstrip("=").rpartition("!")
    found = book[name.strip("'").replace("''", "'")][cells.replace("$", "")]
    return [row[0].value for row in found]


def fill(book: openpyxl.Workbook, feed: str) -> None:
    """What somebody writes who follows the lists, the hints and the formats of the cells, and nothing else."""
    sheet, contract = book.worksheets[0], CATALOG.contract(feed)
    for place, column in enumerate(contract.columns, 1):
        rule = rules(sheet)[place]
        for number in range(ROWS):
            sheet.cell(number + 2, place).value = cell(book, rule, sheet, (place, number, column))


def cell(book: openpyxl.Workbook, rule: Any, sheet: Worksheet, at: tuple[int, int, Any]) -> object:
    place, number, column = at
    style = sheet.column_dimensions[openpyxl.utils.get_column_letter(place)].number_format
    if rule.type == "list":
        texts = listed(book, rule.formula1)
        return texts[STEADY.get(column.name, number) % len(texts)]
    if "yyyy" in style:
        return MET
    if rule.type in {"whole", "decimal"}:
        return within(rule, 30)
    if column.example and column.required:
        return column.example
    return f"{2025}-{number:04d}" if style == "@" and column.required else None


def within(rule: Any, number: int) -> int:
    """The number, or what the cell takes that is nearest to it."""
    low, high = (int(limit) if str(limit or "").isdigit() else number for limit in (rule.formula1, rule.formula2))
    return min(max(number, low), max(high, low))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("feed", CATALOG.contracts)
def test_a_filled_template_is_accepted(office: Office, tmp_path: Path, feed: str, language: str) -> None:
    book = made(feed, language)
    fill(book, feed)
    book.save(tmp_path / "filled.xlsx")

    receipt, judged = dry_run.check(office, tmp_path / "filled.xlsx", feed)

    wrong = {one.rule.id for one in judged.broken if one.rule.severity == "critical"}
    assert (wrong, receipt["rows_read"], receipt["errors"], receipt["rows_quarantined"]) == (set(), ROWS, 0, 0)
    assert receipt["status"] in {"accepted", "accepted_with_findings"}
    unread = {one.rule.id for one in judged.broken if one.rule.id.endswith((".known", ".readable", ".as_agreed"))}
    assert unread == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("feed", CATALOG.contracts)
def test_the_example_row_is_one_that_nobody_would_question(
    office: Office, tmp_path: Path, feed: str, language: str
) -> None:
    book = made(feed, language)
    sheet, example = book.worksheets[:2]
    for place in range(1, example.max_column + 1):
        sheet.cell(2, place).value = example.cell(4, place).value
    book.save(tmp_path / "example.xlsx")

    receipt, judged = dry_run.check(office, tmp_path / "example.xlsx", feed)

    assert (receipt["status"], receipt["rows_read"]) == ("accepted", 1)
    assert {one.rule.id for one in judged.broken} == set()


@pytest.mark.parametrize("feed", CATALOG.contracts)
def test_a_template_nobody_filled_is_an_empty_file(office: Office, tmp_path: Path, feed: str) -> None:
    made(feed, "fr").save(tmp_path / "blank.xlsx")
    receipt, judged = dry_run.check(office, tmp_path / "blank.xlsx", feed)
    assert (receipt["status"], [one.rule.id for one in judged.broken]) == ("refused", ["file.empty"])
