"""The marked workbook of a settled delivery in the pages: made by a process that finds out who asks."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from dataclasses import replace

import openpyxl
import pyrage
import pytest
import sqlalchemy as sa
from tests.integration.portal_site import Browser, add_account, looked
from tests.integration.station import Station, visit, visits
from tests.servers import listens

from marsad.intake import landing
from marsad.portal import asking
from marsad.portal.accounts import Right
from marsad.portal.site import OPENER, Site, utc_now

CANARY = "Zzkanari"


def signed_in(site: Site, email: str, *rights: Right, codes: bool = True) -> Browser:
    """Somebody who is signed in, and has given a one-time code where the account has ``codes``."""
    account_id = add_account(site, email.lower(), *rights)
    browser = Browser(site)
    browser.account_id = account_id  # type: ignore[attr-defined]
    assert browser.sign_in(email.lower()).headers["location"] == "/"
    if codes:
        with site.transaction() as connection:
            query = sa.text("UPDATE portal.account SET code_seed = 'sealed' WHERE account_id = :id")
            connection.execute(query, {"id": account_id})
    return browser


@pytest.fixture
def owner(site: Site, sender: str) -> Browser:
    return signed_in(site, f"{sender}@opener.example.org", Right("submitter", sender))


def sent(station: Station, sender: str) -> dict:
    return station.send("lab/visits", visits(visit("V1", Nom=CANARY), visit("V2", Enfants="viele")), sender, "v.csv")


def ask(site: Site, browser: Browser, delivery_id: str) -> object:
    """What the process says to a question that no page has looked at; bytes come as text."""
    token = browser.cookies["marsad_session"]
    return site.opener({"session": token, "delivery": delivery_id, "language": "fr"})


def test_the_sender_takes_its_own_file_back_with_marks(station: Station, owner: Browser, sender: str) -> None:
    delivery = sent(station, sender)["delivery_id"]
    assert f"/deliveries/{delivery}/workbook" in owner.see(f"/deliveries/{delivery}")
    before = {path for path in station.home.rglob("*") if path.is_file()}
    answer = owner.get(f"/deliveries/{delivery}/workbook")
    assert f'filename="lab-visits-{delivery[-6:]}-fr.xlsx"' in answer.headers["content-disposition"]
    data = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[1]
    assert data["B2"].value == CANARY
    assert [cell.coordinate for row in data.iter_rows() for cell in row if cell.comment] == ["E3"]
    new = {path for path in station.home.rglob("*") if path.is_file()} - before
    assert new <= set((station.home / "audit").iterdir())
    (event,) = station.rows(
        "SELECT actor, detail FROM audit.event WHERE action = 'report.opened' AND object = :id", id=delivery
    )
    account = station.one("SELECT account_id::text FROM portal.account_right WHERE provider = :p", p=sender)
    assert (event["actor"], event["detail"]["kind"]) == (f"account:{account}", "workbook")
    station.assert_whole()


def test_a_file_that_came_encrypted_is_opened_like_any_other(station: Station, owner: Browser, sender: str) -> None:
    to_us = station.office.keyring.public.senders_recipient
    content = pyrage.encrypt(visits(visit("V1", Nom=CANARY)).encode(), [to_us])
    delivery = station.send("lab/visits", content, sender, "v.csv.age")["delivery_id"]
    answer = owner.get(f"/deliveries/{delivery}/workbook")
    assert openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[1]["B2"].value == CANARY


def test_the_process_trusts_no_page(station: Station, site: Site, owner: Browser, sender: str) -> None:
    delivery = sent(station, sender)["delivery_id"]
    nobody = {"fault": "UsageFault"}
    other = station.sender()
    stranger = signed_in(site, f"{other}@opener.example.org", Right("submitter", other))
    steward = signed_in(site, f"steward.{sender}@opener.example.org", Right("steward"))
    neighbour = signed_in(site, f"notes.{sender}@opener.example.org", Right("submitter", sender, "lab/notes"))
    assert ask(site, stranger, delivery) == ask(site, steward, delivery) == ask(site, neighbour, delivery) == nobody
    assert ask(site, owner, "018f0000-0000-7000-8000-000000000000") == ask(site, owner, "' OR true --") == nobody
    for token in ("", "x" * 43):
        assert site.opener({"session": token, "delivery": delivery, "language": "fr"}) == nobody
    careless = signed_in(site, f"plain.{sender}@opener.example.org", Right("submitter", sender), codes=False)
    assert ask(site, careless, delivery) == nobody
    assert "/account/codes" in careless.see(f"/deliveries/{delivery}")
    assert careless.get(f"/deliveries/{delivery}/workbook").status_code == 403
    assert stranger.get(f"/deliveries/{delivery}/workbook").status_code == 404
    assert steward.get(f"/deliveries/{delivery}/workbook").status_code == 403
    assert station.rows("SELECT 1 FROM audit.event WHERE action = 'report.opened' AND object = :id", id=delivery) == []
    assert "workbook" in ask(site, owner, delivery)  # type: ignore[operator]


def test_nobody_opens_more_workbooks_than_the_policy_allows(
    station: Station, site: Site, owner: Browser, sender: str
) -> None:
    receipt, most = sent(station, sender), site.policy.workbooks.most
    delivery = receipt["delivery_id"]
    looked(station, owner, "report.opened", delivery, most - 1)
    path = f"/deliveries/{delivery}/workbook"
    assert owner.get(path).status_code == 200, "the last of this hour"
    landing.destroy_landed(receipt["sha256"], station.office.landing, station.office.keyring.public)
    told = owner.get(path)  # refused before anything is opened: what is gone would be told
    assert (told.status_code, "autant de classeurs" in told.text, "recherché" in told.text) == (429, True, False)
    query = "SELECT detail->>'kind' FROM audit.event WHERE action = 'look.refused' AND object = :id"
    assert station.one(query, id=delivery) == "workbooks"
    station.assert_whole()


@pytest.mark.parametrize("state", ["signed out", "code to come", "idle", "too long", "closed", "not yet judged"])
def test_a_session_that_ended_or_never_was_opens_nothing(
    station: Station, site: Site, owner: Browser, sender: str, state: str
) -> None:
    delivery = sent(station, sender)["delivery_id"]
    minutes = {"idle": site.policy.idle, "too long": site.policy.absolute}.get(state)
    statement = {
        "signed out": "DELETE FROM portal.session WHERE account_id = :id",
        "code to come": "UPDATE portal.session SET complete = false WHERE account_id = :id",
        "too long": "UPDATE portal.session SET started_at = started_at - :lasts WHERE account_id = :id",
        "idle": "UPDATE portal.session SET seen_at = seen_at - :lasts WHERE account_id = :id",
        "closed": "UPDATE portal.account SET disabled = true WHERE account_id = :id",
        "not yet judged": "UPDATE ops.delivery SET receipt = NULL WHERE delivery_id = :delivery",
    }[state]
    account = station.one("SELECT account_id FROM portal.account_right WHERE provider = :p", p=sender)
    receipt = "UPDATE ops.delivery SET receipt = CAST(:receipt AS jsonb) WHERE delivery_id = :delivery"
    kept = station.one("SELECT receipt::text FROM ops.delivery WHERE delivery_id = :id", id=delivery)
    with station.office.engine.begin() as connection:
        connection.execute(sa.text(statement), {"id": account, "lasts": minutes, "delivery": delivery})
    try:
        assert ask(site, owner, delivery) == {"fault": "UsageFault"}
    finally:
        with station.office.engine.begin() as connection:
            connection.execute(sa.text(receipt), {"receipt": kept, "delivery": delivery})


def test_what_is_gone_and_what_cannot_be_made_is_told(
    station: Station, site: Site, owner: Browser, sender: str
) -> None:
    receipt = sent(station, sender)
    path = f"/deliveries/{receipt['delivery_id']}/workbook"
    silent = Browser(replace(site, opener=asking.over(station.home / "run" / "nowhere.sock")))
    silent.cookies = owner.cookies
    answer = silent.get(path)
    assert (answer.status_code, "pas votre faute" in answer.text) == (503, True)
    landing.destroy_landed(receipt["sha256"], station.office.landing, station.office.keyring.public)
    answer = owner.get(path)
    assert (answer.status_code, "a été détruit" in answer.text) == (410, True)


def test_the_real_process_answers_from_its_socket(station: Station, site: Site, sender: str) -> None:
    """Started as ``make up`` does; its clock is the machine's, so the session is one of today."""
    settings = station.office.settings
    today = replace(site, clock=utc_now)
    browser = signed_in(today, f"{sender}@today.example.org", Right("submitter", sender))
    delivery = sent(station, sender)["delivery_id"]
    environment = {
        "MARSAD_HOME": str(settings.home), "MARSAD_WAREHOUSE_URL": settings.warehouse_url or "",
        "MARSAD_CONTRACTS": str(settings.contract_dirs[0]), "PATH": os.environ["PATH"],
        "MARSAD_EXPECTATIONS": str(settings.expectation_dirs[0]),
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "marsad.portal.opener"], env=environment)
    try:
        place, until = settings.place("run") / OPENER, time.monotonic() + 120
        real = replace(today, opener=asking.over(place))
        while not listens(place) and time.monotonic() < until:
            time.sleep(0.05)
        assert place.stat().st_mode & 0o777 == 0o600
        told = ask(real, browser, delivery)
        assert told is not None
        assert "workbook" in told, told  # type: ignore[operator]
        assert ask(real, browser, "018f0000-0000-7000-8000-000000000000") == {"fault": "UsageFault"}
    finally:
        process.terminate()
        process.wait(60)
