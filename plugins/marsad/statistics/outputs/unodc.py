"""UNODC's questionnaire tables as a workbook, in the layout of the one that UNODC publishes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import xlsxwriter

from marsad.policies import load
from marsad.statistics.disclosure.cells import TOTAL
from marsad.statistics.outputs.forms import FOLDER, Answer, Codes, Unodc, answer, counted
from marsad.statistics.outputs.words import Words
from marsad.statistics.releases.package import note
from marsad.statistics.releases.tables import Table
from marsad.warehouse.release_tables import HIDDEN

COLUMNS = (
    "Iso3_code", "Country", "Region", "Subregion", "Indicator", "Dimension", "Category", "Sex", "Age", "Year",
    "Unit of measurement", "txtVALUE", "Source",
)  # fmt: skip
_TOTAL = "Total"
_BY_FORM, _BY_CITIZENSHIP = "by form of exploitation", "by citizenship"
Row = tuple[str | int, ...]


def workbook(words: Words, schemas: Path) -> bytes:
    """The workbook of a year, its second sheet with the counting rules; the same bytes whenever it is made."""
    content, build = io.BytesIO(), words.build
    form = load(Unodc, schemas, "unodc", FOLDER)
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": build.as_of.replace(tzinfo=None)})
        data = book.add_worksheet("data_glotip_1")
        data.write_string(0, 0, f"{build.name} {build.period.label}, {build.number}, {build.state}")
        data.write_string(1, 0, f"{build.as_of:%d/%m/%Y}")
        for place, row in enumerate((COLUMNS, *rows(words, form))):
            data.write_row(2 + place, 0, row)
        told = book.add_worksheet("counting rules")
        for place, row in enumerate(_told(words, form)):
            told.write_row(place, 0, row)
    return content.getvalue()


def rows(words: Words, form: Unodc) -> Iterator[Row]:
    """The lines that the release can answer, each key once."""
    country = words.lists["country"].codes[form.country].labels["en"]
    head = (form.country, country, form.region, form.subregion)
    year, source = words.build.period.starts_on.year, f"{words.build.name} {words.build.period.label}"
    for indicator, rules in form.indicators.items():
        tables = counted(words.build, rules)
        for (dimension, category), sex, age, codes in _lines(words, form, tables):
            if found := answer(tables, codes):
                place = (indicator, dimension, category, sex, age, year, "Counts")
                yield (*head, *place, _text(found), source)


def _lines(words: Words, form: Unodc, tables: list[Table]) -> Iterator[tuple[tuple[str, str], str, str, Codes]]:
    categories: dict[tuple[str, str], Codes] = {(_TOTAL, _TOTAL): {}}
    categories |= {(_BY_FORM, name): {"exploitation_form": codes} for name, codes in form.exploitation_form.items()}
    for code in sorted(_held(tables, "citizenship")):
        categories[_BY_CITIZENSHIP, words.label("citizenship", code)] = {"citizenship": (code,)}
    for (place, codes), sex, age in product(categories.items(), form.sex.items(), form.age_band.items()):
        yield place, sex[0], age[0], {**codes, "sex": sex[1], "age_band": age[1]}


def _held(tables: list[Table], dimension: str) -> set[str]:
    """The codes of a dimension that the tables have."""
    own = [table for table in tables if dimension in table.spec.by]
    return {key[table.spec.by.index(dimension)] for table in own for key in table.cells} - {TOTAL}


def _text(found: Answer) -> str:
    """As text, like the published workbook; hidden cells as the release says them, not as the "<5" of that one."""
    return HIDDEN if found.value is None else str(found.value)


def _told(words: Words, form: Unodc) -> Iterator[Row]:
    for indicator, rules in form.indicators.items():
        tables = counted(words.build, rules)
        if not tables:
            yield (indicator, "not in this release")
        for table in tables:
            yield (indicator, table.spec.title["en"], words.rule(table), note(table, "en"))
