"""A template looks like a form: titles that the reader knows, lists, hints, an example apart, lists that are locked."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import range_boundaries
from openpyxl.workbook import Workbook

from marsad.contracts.catalog import load_catalog
from marsad.contracts.template import template
from marsad.contracts.wording import word
from marsad.intake.reading import Hints, open_file
from marsad.settings import PROJECT, Settings
from marsad.warehouse.model import LANGUAGES

CATALOG = load_catalog(Settings(Path("unused"), None, (PROJECT / "schemas" / "contracts",), ()))
POLICE = CATALOG.contract("police/victims")


def made(language: str) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(template(POLICE, CATALOG.codelists, language)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("feed", CATALOG.contracts)
def test_the_reader_knows_every_title(tmp_path: Path, feed: str, language: str) -> None:
    contract = CATALOG.contract(feed)
    path = tmp_path / "t.xlsx"
    path.write_bytes(template(contract, CATALOG.codelists, language))
    hints = Hints.of(contract)
    table = open_file(path, hints=hints).tables[0]
    assert not contract.sheets or table.sheet == contract.sheets[language]
    assert hints.matches(table.header) == frozenset(range(len(contract.columns)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheets_run_as_the_language_does(language: str) -> None:
    book = made(language)
    assert book.sheetnames[1:] == [word("template.example_sheet", language), word("template.lists_sheet", language)]
    assert all(bool(sheet.sheet_view.rightToLeft) == (language == "ar") for sheet in book.worksheets)
    assert [sheet.protection.sheet for sheet in book.worksheets] == [False, True, True]
    assert book.worksheets[0].freeze_panes == "B2"


def test_required_titles_bear_a_star() -> None:
    titles = [cell.value for cell in made("fr").worksheets[0][1]]
    starred = [c.name for c, title in zip(POLICE.columns, titles, strict=True) if title.endswith(" *")]
    assert starred == [c.name for c in POLICE.columns if c.required or c.key is not None]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cell_says_what_belongs_there(language: str) -> None:
    sheet = made(language).worksheets[0]
    rules = {range_boundaries(str(rule.sqref))[0] - 1: rule for rule in sheet.data_validations.dataValidation}
    assert sorted(rules) == list(range(len(POLICE.columns)))
    for place, column in enumerate(POLICE.columns):
        hint = rules[place].prompt or ""
        assert len(hint) <= 255
        assert (word("template.required", language) in hint) == (column.required or column.key is not None)
        assert (rules[place].type == "list") == (column.type in {"code", "boolean"})
        if column.codelist == "country":
            assert {"fr": "Maroc", "ar": "المغرب", "en": "Morocco"}[language] in hint


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("fr", ["Maroc", "Côte d’Ivoire", "Niger", "Afghanistan", "Afrique du Sud", "Albanie"]),
        ("en", ["Morocco", "Côte d’Ivoire", "Niger", "Afghanistan", "Åland Islands", "Albania"]),
    ],
)
def test_long_lists_are_in_the_order_of_their_labels(language: str, first: list[str]) -> None:
    lists = made(language).worksheets[2]
    columns = [[cell.value for cell in column if cell.value] for column in lists.iter_cols()]
    assert next(column for column in columns if first[0] in column)[1:7] == first


def test_the_same_contract_gives_the_same_template() -> None:
    assert template(POLICE, CATALOG.codelists, "ar") == template(POLICE, CATALOG.codelists, "ar")
