"""The stewards' pages in a real browser, in French and in Arabic: the board, and from it to one file's findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Portal
from tests.browser.test_loop import FEED, Person, fill, person

from marsad.contracts.template import template
from marsad.intake import pipeline
from marsad.portal.accounts import Right
from marsad.portal.site import utc_now

__all__ = ["person"]
pytestmark = pytest.mark.timeout(600)


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
