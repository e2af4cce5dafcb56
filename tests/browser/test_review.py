"""Clerical review in a real browser, in French and in Arabic: two records side by side, answered with the keyboard."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import openpyxl
import pyotp
import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Portal
from tests.browser.test_loop import FEED, Person, fill, person

from marsad.contracts.template import template
from marsad.intake import pipeline
from marsad.linkage import linker
from marsad.portal.accounts import Right

__all__ = ["person"]
pytestmark = pytest.mark.timeout(600)

# A name in both scripts, one for each language of the test: records of one must not meet those of the other.
NAMES = {
    "fr": ("Idrissi", "Fatima Zahra", "الإدريسي", "فاطمة الزهراء"),
    "ar": ("Naciri", "Khadija", "الناصري", "خديجة"),
}
_TITLES = (
    "Nom",
    "Prénom",
    "Nom (arabe)",
    "Prénom (arabe)",
    "Date de naissance",
    "Âge",
    "N° du PV",
    "Téléphone",
    "N° de la pièce",
    "N° de la fiche d'orientation",
)


def record(portal: Portal, folder: Path, provider: str, marks: str, *told: object) -> None:
    """Delivers one record like the template's example, with ``told`` in the columns of ``_TITLES``."""
    blank, out = folder / "template.xlsx", folder / f"{provider}.xlsx"
    catalog = portal.office.catalog
    blank.write_bytes(template(catalog.contracts[FEED], catalog.codelists, "fr"))
    book = openpyxl.load_workbook(fill(blank, out, marks, rows=1, wrong=0))
    sheet = book.worksheets[0]
    places = {str(cell.value).strip(" *"): cell.column for cell in sheet[1]}
    for title, value in zip(_TITLES, told, strict=True):
        sheet.cell(2, places[title]).value = value
    book.save(out)
    assert pipeline.ingest(portal.office, out, FEED, provider)["rows_accepted"] == 1


def test_a_reviewer_compares_two_records(person: Person, portal: Portal, tmp_path: Path) -> None:
    page, say = person.page, person.say
    family, given, family_ar, given_ar = NAMES[person.language]
    record(portal, tmp_path, "DGSN", f"RV-{person.language}", family, given, None, None, datetime(2001, 6, 14), None,  # noqa: DTZ001
           f"PV-1-{person.language}", "0612345678", None, None)  # fmt: skip
    record(portal, tmp_path, "GR", f"RV-{person.language}", family, given, family_ar, given_ar, datetime(1994, 2, 3),  # noqa: DTZ001
           None, f"PV-2-{person.language}", None, None, None)  # fmt: skip
    linker.link(portal.office)

    person.sign_in(*portal.invite(Right("reviewer"), Right("steward")))
    seed = page.locator("bdi.id").inner_text().replace(" ", "")
    page.get_by_label(say("field.code"), exact=True).fill(pyotp.TOTP(seed).now())
    person.press("button.keep")
    person.follow("menu.review", "nav")
    expect(page.locator("main")).not_to_contain_text(family)
    person.look("review")
    person.follow("review.begin")
    person.look("pair-closed")
    expect(page.locator("main")).not_to_contain_text(family)
    person.press("pair.open")
    expect(page.locator(".compared")).to_contain_text(given_ar)
    expect(page.locator("tr.differs")).not_to_have_count(0)
    person.look("pair")
    answered = page.url
    reach(page, "same")
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(answered)  # on to the next pair, or to the end of the queue
    person.follow("menu.review_progress", "nav")
    expect(page.locator("dl.facts dd").first).to_have_text("1" if person.language == "fr" else "2")
    person.look("review-progress")


def reach(page: Page, answer: str) -> None:
    """With the keyboard alone, from the top of the page."""
    page.locator("body").press("Home")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == answer:
            return
    raise AssertionError("the answer cannot be reached with the keyboard")
