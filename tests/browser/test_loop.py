"""The whole loop in a real browser, in French and in Arabic: template, faulty file, report, fix, send, receipt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import KEPT, PASSWORD, Portal
from tests.browser.pictures import slim

from marsad.portal.accounts import Right
from marsad.portal.words import speaker

pytestmark = pytest.mark.timeout(600)
FEED = "police/victims"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PICTURE = {"width": 880, "height": 640}
_SERIOUS = ("serious", "critical")


@dataclass
class Person:
    """Somebody before a browser, who looks at every page in one language."""

    page: Page
    language: str
    shots: Path
    portal: Portal
    seen: int = 0

    def say(self, key: str, **params: str | int) -> str:
        return speaker(self.language)(key, **params)

    def look(self, name: str) -> None:
        """No serious fault for who cannot see or use a mouse, nothing out of the frame; pictures of desk and phone."""
        self.seen += 1
        expect(self.page.locator("html")).to_have_attribute("dir", "rtl" if self.language == "ar" else "ltr")
        found = [
            (fault["id"], [node["html"][:120] for node in fault["nodes"]])
            for fault in Axe().run(self.page).response["violations"] if fault["impact"] in _SERIOUS
        ]  # fmt: skip
        assert found == [], name
        for size, place in ((PHONE, "phone"), (DESK, "desk")):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} is wider than a {place}"
            if KEPT:
                shot = self.shots / f"{self.language}-{self.seen:02}-{name}-{place}.png"
                self.page.screenshot(path=shot, full_page=True)

    def picture(self) -> None:
        """For the documentation (``tests.browser.pictures``): what is seen without rolling."""
        self.page.set_viewport_size(PICTURE)  # type: ignore[arg-type]
        (self.shots / f"portal-{self.language}.png").write_bytes(slim(self.page.screenshot()))
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]

    def press(self, key: str) -> None:
        self.page.locator("main").get_by_role("button", name=self.say(key), exact=True).click()

    def follow(self, key: str, place: str = "main") -> None:
        self.page.locator(place).get_by_role("link", name=self.say(key), exact=True).click()

    def sign_in(self, email: str, invitation: str) -> None:
        """Chooses a password and signs in with it."""
        self.page.goto(invitation)
        self.page.locator(f".languages button[value={self.language}]").click()
        self.look("invitation")
        self.page.get_by_label(self.say("field.new_password"), exact=True).fill(PASSWORD)
        self.page.get_by_label(self.say("field.again"), exact=True).fill(PASSWORD)
        self.press("button.keep")
        self.look("sign-in")
        self.page.get_by_label(self.say("field.email"), exact=True).fill(email)
        self.page.get_by_label(self.say("field.password"), exact=True).fill(PASSWORD)
        self.press("sign_in.button")

    def set_codes_up(self) -> None:
        """Gives the first one-time code, as who may see much must."""
        self.look("codes")
        seed = self.page.locator("bdi.id").inner_text().replace(" ", "")
        self.page.get_by_label(self.say("field.code"), exact=True).fill(pyotp.TOTP(seed).now())
        self.press("button.keep")

    def check(self, file: Path, shot: str) -> float:
        """Drops a file for a dry run; returns the seconds from the click to the verdict."""
        self.page.goto(f"{self.portal.url}/send")
        self.page.locator(f"input[value='DGSN|{FEED}']").check()
        self.page.set_input_files("#file", file)
        started = time.monotonic()
        self.press("send.check")
        self.page.locator(".verdict").wait_for(timeout=120_000)
        seconds = time.monotonic() - started
        self.look(shot)
        return seconds


@pytest.fixture(params=["fr", "ar"])
def person(request: pytest.FixtureRequest, chromium: Browser, portal: Portal, shots: Path) -> Iterator[Person]:
    context = chromium.new_context(viewport=DESK, accept_downloads=True)  # type: ignore[arg-type]
    page = context.new_page()
    problems: list[str] = []
    page.on(
        "console", lambda told: problems.append(told.text) if told.type == "error" and "404" not in told.text else None
    )
    page.on(
        "request", lambda asked: None if asked.url.startswith((portal.url, "data:")) else problems.append(asked.url)
    )
    yield Person(page, request.param, shots, portal)
    context.close()
    assert problems == []  # nothing that the policy on contents had to stop, no other host


def fill(template: Path, out: Path, marks: str, rows: int, wrong: int) -> Path:
    """The template with ``rows`` records like its example; ``wrong`` of them with a date nobody can read."""
    book = openpyxl.load_workbook(template)
    sheet, example = book.worksheets[0], book.worksheets[1]
    titles = [cell.value for cell in sheet[1]]
    shown = next(
        n for n, row in enumerate(example.iter_rows(values_only=True), 1) if list(row[: len(titles)]) == titles
    )
    record = [cell.value for cell in example[shown + 1]][: len(titles)]
    dates = [place for place, value in enumerate(record) if hasattr(value, "year")]
    for number in range(rows):
        own = [f"{marks}-{number:04}", *record[1:]]
        if number < wrong:
            own[dates[0]] = "32/01/2024"
        for place, value in enumerate(own, 1):
            sheet.cell(number + 2, place).value = value
    book.save(out)
    return out


def test_the_whole_loop(person: Person, portal: Portal, tmp_path: Path) -> None:
    page, say = person.page, person.say
    person.sign_in(*portal.invite(Right("submitter", "DGSN")))
    page.wait_for_url(f"{portal.url}/")
    person.look("home")

    person.follow("home.send")
    person.look("send")
    with page.expect_download() as download:
        page.locator(f"a[href='/templates/{FEED}?lang={person.language}']").click()
    template = tmp_path / "template.xlsx"
    download.value.save_as(template)

    marks = f"PV-{person.language}-{portal.people}"
    faulty = fill(template, tmp_path / "fichier.xlsx", marks, rows=5, wrong=1)
    person.check(faulty, "faulty")
    person.picture()
    expect(page.locator("h3.critical")).to_be_visible()
    with page.expect_download() as download:
        person.follow("upload.workbook")
    download.value.save_as(tmp_path / "marked.xlsx")
    assert len(openpyxl.load_workbook(tmp_path / "marked.xlsx").worksheets) > 1

    person.press("upload.again")
    fixed = fill(template, tmp_path / "corrige.xlsx", marks, rows=5, wrong=0)
    person.check(fixed, "fixed")
    expect(page.locator("h3.critical")).to_have_count(0)
    person.press("upload.send")
    page.locator(".waiting").wait_for()
    person.look("sent")
    portal.settle(FEED)
    page.wait_for_url(f"{portal.url}/deliveries/*", timeout=60_000)
    person.look("delivery")

    person.follow("delivery.receipt")
    expect(page.get_by_text(say("receipt.genuine"))).to_be_visible()
    person.look("receipt")
    person.follow("menu.history", "nav")
    expect(page.get_by_text("corrige.xlsx").first).to_be_visible()
    person.look("history")
    person.follow("menu.account", "nav")
    person.look("account")
    page.goto(f"{portal.url}/nowhere")
    person.look("not-found")
    page.get_by_role("button", name=say("sign_out"), exact=True).click()
    expect(page.get_by_label(say("field.password"), exact=True)).to_be_visible()


@pytest.mark.long
def test_an_administrator_sets_codes_up_and_invites(person: Person, portal: Portal) -> None:
    page, say = person.page, person.say
    person.sign_in(*portal.invite(Right("administrator")))
    person.set_codes_up()
    person.follow("menu.accounts", "nav")
    person.look("accounts")
    person.follow("accounts.add")
    person.look("account-new")
    page.get_by_label(say("field.name"), exact=True).fill("Karim Exemple")
    page.get_by_label(say("field.email"), exact=True).fill(f"karim.{person.language}@example.org")
    page.get_by_label("DGSN", exact=True).check()
    person.press("accounts.invite")
    person.look("invited")
    assert f"{portal.url}/invitation/" in page.locator("bdi.boxed").inner_text()
    page.goto(f"{portal.url}/accounts")
    page.get_by_role("link", name="Karim Exemple").first.click()
    person.look("account-one")


@pytest.mark.long
@pytest.mark.parametrize("rows", [1_000, 10_000])
def test_many_rows_are_judged_while_one_waits(person: Person, portal: Portal, tmp_path: Path, rows: int) -> None:
    person.sign_in(*portal.invite(Right("submitter", "DGSN")))
    person.page.goto(f"{portal.url}/send")
    with person.page.expect_download() as download:
        person.page.locator(f"a[href='/templates/{FEED}?lang={person.language}']").click()
    download.value.save_as(tmp_path / "template.xlsx")
    file = fill(tmp_path / "template.xlsx", tmp_path / "mille.xlsx", f"M{rows}-{person.language}", rows, wrong=20)
    verdict = person.check(file, f"rows-{rows}")
    shown = person.page.locator(".counts dd").first.inner_text()
    assert "".join(filter(str.isdigit, shown)) == str(rows)
    started = time.monotonic()
    with person.page.expect_download(timeout=120_000) as download:
        person.follow("upload.workbook")
    download.value.save_as(tmp_path / "marked.xlsx")
    workbook = verdict + time.monotonic() - started
    told = f"verdict {verdict:.2f} s, annotated workbook {workbook:.2f} s\n"
    (person.shots / f"seconds-{rows}-{person.language}.txt").write_text(told)


def test_everything_works_with_the_keyboard_and_without_scripts(
    chromium: Browser, portal: Portal, tmp_path: Path
) -> None:
    email, invitation = portal.invite(Right("submitter", "DGSN"))
    context = chromium.new_context(
        java_script_enabled=False, locale="fr-FR", extra_http_headers={"accept-language": "fr"}
    )
    page = context.new_page()
    page.goto(invitation)
    for name in ("#password", "#again"):
        page.locator(name).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{portal.url}/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("href") == "#main"
    page.goto(f"{portal.url}/send")
    page.locator(f"input[value='DGSN|{FEED}']").focus()
    page.keyboard.press("Space")
    (tmp_path / "vide.csv").write_text("a;b\r\n1;2\r\n")
    page.set_input_files("#file", tmp_path / "vide.csv")
    page.get_by_role("button", name="Vérifier le fichier").focus()
    page.keyboard.press("Enter")
    page.locator(".verdict.refused").wait_for(timeout=120_000)
    context.close()
