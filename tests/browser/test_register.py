"""The register in a real browser, in French and in Arabic: found by a number, one person's path, waiting times."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from tests.browser.conftest import Portal
from tests.browser.test_loop import Person, person

from marsad.intake import pipeline
from marsad.linkage import linker
from marsad.portal.accounts import Right
from marsad.register.refresh import refresh
from marsad.simulation import simulate

__all__ = ["person"]
pytestmark = pytest.mark.timeout(600)
_LONGEST_PATH = "SELECT person_id::text FROM register.step GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
_NUMBER = "SELECT record_id FROM register.record WHERE person_id = CAST(:person AS uuid) ORDER BY 1 LIMIT 1"


@pytest.fixture(scope="module")
def known(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A made-up country in the register; the person with most steps, and the number of a record of hers."""
    agencies = tmp_path_factory.mktemp("agencies")
    for entry in json.loads(Path(simulate(agencies, 12, 3)).read_text("utf-8"))["files"]:
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
    person.follow("menu.waiting", "nav")
    expect(page.locator("#times")).to_be_visible()
    person.look("waiting")
