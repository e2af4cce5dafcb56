"""What people of the commission do in a real browser, in French and in Arabic: review, the board, one person's path.

One file, since starting the pages' processes costs more than most of these tests.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from tests.browser.conftest import Portal
from tests.browser.test_loop import FEED, Person, fill, person

from marsad.contracts.template import template
from marsad.intake import pipeline
from marsad.linkage import linker
from marsad.portal.accounts import Right
from marsad.portal.site import utc_now
from marsad.register.refresh import refresh
from marsad.settings import PROJECT
from marsad.simulation import simulate
from marsad.statistics.reconciliation import renew
from marsad.statistics.releases import decide
from marsad.statistics.releases.build import build

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
    page = person.page
    family, given, family_ar, given_ar = NAMES[person.language]
    record(portal, tmp_path, "DGSN", f"RV-{person.language}", family, given, None, None, datetime(2001, 6, 14), None,  # noqa: DTZ001
           f"PV-1-{person.language}", "0612345678", None, None)  # fmt: skip
    record(portal, tmp_path, "GR", f"RV-{person.language}", family, given, family_ar, given_ar, datetime(1994, 2, 3),  # noqa: DTZ001
           None, f"PV-2-{person.language}", None, None, None)  # fmt: skip
    linker.link(portal.office)

    person.sign_in(*portal.invite(Right("reviewer"), Right("steward")))
    person.set_codes_up()
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


@pytest.mark.long
def test_a_steward_goes_from_the_board_to_a_file(person: Person, portal: Portal, tmp_path: Path) -> None:
    blank = tmp_path / "template.xlsx"
    catalog = portal.office.catalog
    blank.write_bytes(template(catalog.contracts[FEED], catalog.codelists, "fr"))
    faulty = fill(blank, tmp_path / "fichier.xlsx", f"BO-{person.language}", rows=4, wrong=1)
    refused = fill(blank, tmp_path / "refus.xlsx", f"RF-{person.language}", rows=4, wrong=3)
    before = utc_now() - timedelta(days=100)
    office = replace(portal.office, clock=lambda: before)
    pipeline.ingest(office, faulty, FEED, "DGSN")
    pipeline.ingest(portal.office, refused, FEED, "GR")

    person.sign_in(*portal.invite(Right("steward")))
    person.follow("menu.board", "nav")
    person.look("board")
    late = person.page.locator(".board .state.late").first
    expect(late).to_be_visible()
    assert any(char.isdigit() for char in late.inner_text())
    waiting = person.page.locator("section", has=person.page.locator("#refused"))
    waiting.get_by_role("link", name="refus.xlsx").click()
    expect(person.page.locator("h3.critical")).to_be_visible()
    expect(person.page.get_by_text(person.say("receipt.genuine"))).to_be_visible()
    person.look("findings")
    person.page.locator("#note").fill("Les dates manquent à la ligne 2.")
    person.press("return.button")
    expect(person.page.locator("main .boxed")).to_contain_text("Les dates manquent")
    person.look("returned")
    person.page.get_by_label(person.say("admit.reason"), exact=True).select_option("confirmed")
    person.page.locator("#admit_note").fill("Vu ensemble au téléphone.")
    person.press("admit.button")
    expect(person.page.locator("main .boxed").last).to_contain_text("Vu ensemble")
    person.look("admitted")
    person.follow("menu.spellings", "nav")
    person.look("spellings")


_LONGEST_PATH = """
    SELECT person_id::text FROM register.step JOIN register.person USING (person_id) WHERE purpose = 'assistance'
    GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
"""
_NUMBER = "SELECT record_id FROM register.record WHERE person_id = CAST(:person AS uuid) ORDER BY 1 LIMIT 1"


@pytest.fixture(scope="module")
def known(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A made-up country in the register; of who consented whoever has most steps, and the number of a record."""
    agencies = tmp_path_factory.mktemp("agencies")
    for entry in json.loads(Path(simulate(agencies, 30, 3)).read_text("utf-8"))["files"][:12]:
        pipeline.ingest(portal.office, agencies / entry["file"], entry["feed"], entry["provider"])
    linker.link(portal.office)
    refresh(portal.office)
    with portal.office.engine.connect() as connection:
        found = str(connection.execute(sa.text(_LONGEST_PATH)).scalar_one())
        return found, str(connection.execute(sa.text(_NUMBER), {"person": found}).scalar_one())


def test_the_commission_follows_a_person(person: Person, portal: Portal, known: tuple[str, str]) -> None:
    found, number = known
    page = person.page
    person.sign_in(*portal.invite(Right("commission")))
    person.set_codes_up()
    person.follow("menu.persons", "nav")
    person.look("persons")
    page.get_by_label(person.say("persons.number"), exact=True).fill(number)
    person.press("persons.find")
    page.get_by_role("link", name=found[:8]).click()
    expect(page.locator(".path li").first).to_be_visible()
    person.look("person")
    person.press("person.open")
    said = page.locator("section", has=page.locator("#identity")).locator("td bdi.block")
    expect(said.first).to_be_visible()
    person.look("person-identity")
    name = " ".join(said.all_inner_texts()[:2])
    person.follow("menu.persons", "nav")
    page.locator("summary").click()
    page.get_by_label(person.say("persons.name"), exact=True).fill(name)
    person.press("persons.find_name")
    expect(page.get_by_role("link", name=found[:8])).to_be_visible()
    person.look("persons-named")
    person.follow("menu.waiting", "nav")
    expect(page.locator("#times")).to_be_visible()
    person.look("waiting")


@pytest.fixture(scope="module")
def released(portal: Portal, known: tuple[str, str]) -> str:
    """A signed release of the made-up country, and figures that disagree; its id."""
    with portal.office.engine.connect() as connection:
        year = connection.execute(sa.text(_BUSIEST_YEAR)).scalar_one()
    persons = build(portal.office, "persons", year, "builder")
    decide.sign(portal.office, persons.build_id, "reviewer", "looked through")
    built = build(portal.office, "victims", year, "builder")
    decide.sign(portal.office, built.build_id, "reviewer", "looked through")
    figures = PROJECT / "schemas" / "reference" / "morocco_figures.csv"
    pipeline.ingest(portal.office, figures, "commission/published_figures", "CNCLT")
    with portal.office.engine.begin() as connection:
        renew(connection, portal.settings)
    return built.build_id


_BUSIEST_YEAR = """
    SELECT left(period, 4) FROM mart.victim_totals WHERE feed = 'police/victims' AND period <> 'unknown'
    GROUP BY 1 ORDER BY sum(victim_records) DESC, 1 LIMIT 1
"""


@pytest.mark.long
def test_an_analyst_reads_what_is_signed_and_what_disagrees(person: Person, portal: Portal, released: str) -> None:
    page = person.page
    person.sign_in(*portal.invite(Right("analyst")))
    person.follow("menu.overview", "nav")
    expect(page.locator(".chart svg").first).to_be_visible()
    person.look("overview")
    person.follow("menu.trends", "nav")
    expect(page.locator("main section").first).to_contain_text(person.say("trends.one"))
    person.look("trends")
    person.follow("menu.map", "nav")
    expect(page.locator(".tiles text").first).to_be_visible()
    person.look("map")
    person.follow("menu.path", "nav")
    expect(page.locator("main table").first).to_contain_text(person.say("step.detection"))
    person.look("path")
    person.follow("menu.releases", "nav")
    person.look("releases")
    page.locator(f"a[href='/releases/{released}']").click()
    person.look("release")
    with page.expect_download() as download:
        person.follow("release.package")
    assert download.value.suggested_filename.endswith("package.zip")
    person.follow("menu.contradictions", "nav")
    person.look("contradictions")
    page.locator("#year").select_option("2021")
    person.press("contradictions.show")
    expect(page.locator(".disagreeing").first).to_contain_text("2021")
    person.look("contradictions-2021")
    person.follow("menu.quality", "nav")
    person.look("quality")
    person.follow("menu.dictionary", "nav")
    person.look("dictionary")


_KNOWN_TO = "SELECT min(provider) FROM register.seen_by WHERE person_id = CAST(:person AS uuid)"


@pytest.mark.long
def test_an_officer_refers_a_person_and_another_accepts(person: Person, portal: Portal, known: tuple[str, str]) -> None:
    page, found, receiver = person.page, known[0], f"ONG {person.language}"
    with portal.office.engine.connect() as connection:
        body = str(connection.execute(sa.text(_KNOWN_TO), {"person": found}).scalar_one())
    there = portal.invite(Right("case_officer", receiver))
    person.sign_in(*portal.invite(Right("case_officer", body)))
    person.set_codes_up()
    person.follow("menu.persons", "nav")
    page.goto(f"{portal.url}/persons/{found}")
    page.locator("summary").click()
    page.get_by_label(person.say("referral.to"), exact=True).select_option(receiver)
    page.get_by_label(person.say("referral.kind"), exact=True).select_option("medical")
    person.look("referral")
    person.press("referral.button")
    expect(page.locator(".path")).to_contain_text(person.say("referral.waits"))

    page.context.clear_cookies()
    person.sign_in(*there)
    person.set_codes_up()
    person.follow("menu.referrals", "nav")
    person.look("referrals")
    person.press("referral.say.accepted")
    expect(page.locator("main table")).to_contain_text(person.say("referral.accepted"))
    page.get_by_role("link", name=found[:8]).click()
    person.look("person-referred")
