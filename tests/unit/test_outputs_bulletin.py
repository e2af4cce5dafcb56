"""A bulletin says what the release says, in three languages, and nothing that the release hides."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache
from html import unescape

import pytest
from pypdf import PdfReader
from tests.unit.made_release import SCHEMAS, made

from marsad.contracts.codelists import load_codelists
from marsad.statistics.outputs import bulletin
from marsad.statistics.outputs.grid import bars, grid
from marsad.statistics.outputs.words import Words
from marsad.statistics.releases.package import note
from marsad.warehouse.release_tables import HIDDEN

WORDS = {"fr": ("Par sexe et âge", "0 à 17 ans"), "ar": ("حسب الجنس والسن", "من 0 إلى 17 سنة"),
         "en": ("By sex and age", "0 to 17 years")}  # fmt: skip


@cache
def words(language: str) -> Words:
    return Words(made(), load_codelists(SCHEMAS / "codelists"), SCHEMAS, language)


@cache
def said(language: str) -> bulletin.Bulletin:
    return bulletin.bulletin(words(language))


@cache
def page(language: str) -> str:
    return bulletin.page(said(language))


def told(language: str) -> str:
    """The text of a page, its charts included."""
    return unescape(re.sub(r"<style>.*?</style>|<[^>]+>", "\n", page(language), flags=re.S))


def test_a_grid_has_every_cell_once_as_the_release_shows_it() -> None:
    for table in made().tables():
        shown = [number for line in grid(words("en"), table).lines for number in line.numbers]
        assert sorted(shown) == sorted(HIDDEN if value is None else str(value) for value in table.cells.values())
    (table,) = (one for one in made().tables() if one.name == "sex_age")
    found = grid(words("fr"), table)
    assert found.head == ("Âge", "Ensemble", "Féminin", "Masculin")
    labels = [(line.depth, line.label) for line in found.lines]
    assert labels[:4] == [(0, "Ensemble"), (1, "0 à 17 ans"), (2, "0 à 8 ans"), (2, "9 à 17 ans")]
    assert HIDDEN in found.lines[-2].numbers
    assert found.lines[3].numbers == ("99", "57", "42")
    assert {one.value for one in bars(words("fr"), table)} == {71, 53, 132, 46, 9, 7}


@pytest.mark.parametrize("language", ["ar", *(pytest.param(one, marks=pytest.mark.long) for one in ("fr", "en"))])
def test_each_table_and_each_chart_has_its_counting_rule_and_what_is_said_of_hidden_cells(language: str) -> None:
    text, tables = told(language), made().tables()
    for table in tables:
        assert text.count(note(table, language)) >= 2
    assert text.count(words(language).rule(tables[0])) == 2 * len(tables)
    for word in (*WORDS[language], words(language).say("unsigned")):
        assert word in text


def test_the_paper_has_every_word_too() -> None:
    content = bulletin.paper.pdf(said("ar"), made().as_of)
    pages = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    wanted = (*WORDS["ar"], words("ar").title("age_band"), words("ar").rule(made().tables()[0]))
    for word in re.findall(
        r"[ء-ي]{2,}|[a-z/]{2,}", " ".join(wanted)
    ):  # the reader puts runs of two directions elsewhere
        assert word in pages
    assert "?" not in pages


def test_a_page_needs_no_other_file_and_arabic_runs_from_the_right() -> None:
    assert '<html lang="ar" dir="rtl">' in page("ar")
    assert not re.search(r'(?:src|href)="|url\((?!data:)|@import|<script', page("ar"))


def test_a_bulletin_says_who_signed_it_and_what_had_not_come() -> None:
    late = replace(made(), state="signed", decided_by="N. Alami", decided_at=made().as_of,
                   missing=[{"feed": "police/victims", "provider": "GR", "period": "2024-12"}])  # fmt: skip
    signed, missing = bulletin.bulletin(replace(words("ar"), build=late)).remarks
    assert signed == "وقّع على النشر N. Alami بتاريخ 03/02/2025."
    assert "police/victims GR 2024-12" in missing
    assert said("ar").remarks == (words("ar").say("unsigned"),)


@pytest.mark.long
def test_the_same_release_gives_the_same_bytes() -> None:
    once, again = (bulletin.files(made(), words("ar").lists, SCHEMAS) for _ in range(2))
    assert once == again
    assert len(once) == 6
