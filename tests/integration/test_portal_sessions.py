"""The pages, over a real warehouse: signing in and out, codes, invitations, rights taken away."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.integration.portal_site import PASSWORD, Browser, add_account, code_now, events, signed_in
from tests.integration.station import Station

from marsad.portal.accounts import Right
from marsad.portal.site import Site


def test_wrong_and_unknown_are_told_alike_and_both_are_audited(station: Station, site: Site, sender: str) -> None:
    email = f"{sender}@known.example.org".lower()
    account_id = add_account(site, email, Right("submitter", sender))
    pages = []
    for tried in (email, "nobody@example.org"):
        browser = Browser(site)
        browser.see("/sign-in")
        answer = browser.submit("/sign-in", {"email": tried, "password": "faux"})
        assert answer.status_code == 403
        pages.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert pages[0] == pages[1]
    told = events(station, "sign_in.failed")[-2:]
    assert [event["object"] for event in told] == [f"account:{account_id}", "nobody"]
    assert email not in json.dumps(told)


def test_after_too_many_failures_even_the_right_password_waits(station: Station, site: Site, sender: str) -> None:
    email = f"{sender}@rate.example.org".lower()
    add_account(site, email, Right("submitter", sender))
    for _ in range(site.policy.failures_per_account_and_address):
        assert Browser(site, client=("192.0.2.7", 1)).sign_in(email, "faux").status_code == 403
    assert Browser(site, client=("192.0.2.7", 1)).sign_in(email).status_code == 429
    assert Browser(site).sign_in(email).status_code == 303  # its owner, elsewhere
    station.office.clock.now += site.policy.failure_window  # type: ignore[attr-defined]
    assert Browser(site, client=("192.0.2.7", 1)).sign_in(email).status_code == 303


def test_failures_of_one_account_count_over_all_addresses(station: Station, site: Site, sender: str) -> None:
    email = f"{sender}@wide.example.org".lower()
    add_account(site, email, Right("submitter", sender))
    strict = replace(site, policy=replace(site.policy, failures_per_account=3))
    for number in range(3):
        assert Browser(strict, client=(f"192.0.2.{20 + number}", 1)).sign_in(email, "faux").status_code == 403
    assert Browser(strict, client=("192.0.2.30", 1)).sign_in(email).status_code == 429
    station.office.clock.now += site.policy.failure_window  # type: ignore[attr-defined]


def test_failures_from_one_address_count_over_all_accounts(station: Station, site: Site) -> None:
    strict = replace(site, policy=replace(site.policy, failures_per_address=3))
    for number in range(3):
        assert Browser(strict, client=("192.0.2.9", 1)).sign_in(f"n{number}@example.org", "faux").status_code == 403
    assert Browser(strict, client=("192.0.2.9", 1)).sign_in("other@example.org", "faux").status_code == 429
    assert Browser(strict, client=("192.0.2.10", 1)).sign_in("other@example.org", "faux").status_code == 403
    station.office.clock.now += site.policy.failure_window  # type: ignore[attr-defined]


def test_a_session_ends_when_idle_after_its_longest_time_and_by_signing_out(
    station: Station, site: Site, sender: str
) -> None:
    clock: Any = station.office.clock
    browser = signed_in(site, sender)
    clock.now += site.policy.idle - timedelta(minutes=1)
    assert browser.get("/").status_code == 200
    clock.now += site.policy.idle
    assert browser.get("/").headers["location"] == "/sign-in"
    browser = signed_in(site, sender)
    started = clock.now
    while clock.now < started + site.policy.absolute:
        assert browser.get("/").status_code == 200
        clock.now += site.policy.idle / 2
    assert browser.get("/").headers["location"] == "/sign-in"
    browser = signed_in(site, sender)
    kept = dict(browser.cookies)
    browser.submit("/sign-out")
    browser.cookies.update(kept)
    assert browser.get("/").headers["location"] == "/sign-in"


def test_no_secret_is_stored_in_clear(station: Station, site: Site, sender: str) -> None:
    browser = signed_in(site, sender)
    rows = station.rows("SELECT * FROM portal.account") + station.rows("SELECT * FROM portal.session")
    stored = json.dumps(rows, default=lambda value: bytes(value).hex() if isinstance(value, memoryview) else str(value))
    assert PASSWORD not in stored
    assert browser.cookies["marsad_session"] not in stored
    assert browser.cookies["marsad_session"].encode().hex() not in stored


def test_an_administrator_needs_codes_and_each_counts_once(station: Station, site: Site, sender: str) -> None:
    email = f"{sender}@admin.example.org".lower()
    account_id = add_account(site, email, Right("administrator"))
    browser = Browser(site)
    assert browser.sign_in(email).headers["location"] == "/sign-in/code"
    assert browser.get("/accounts").headers["location"] == "/sign-in/code"
    page = browser.see("/account/codes")
    seed = re.search(r'class="id">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    sealed = re.search(r'name="sealed" value="([0-9a-f]+)"', page)[1]  # type: ignore[index]
    assert browser.submit("/account/codes", {"sealed": sealed, "code": "000000"}).status_code == 422
    code = code_now(site, seed)
    assert browser.submit("/account/codes", {"sealed": sealed, "code": code}).headers["location"] == "/account"
    assert browser.get("/accounts").status_code == 200
    again = Browser(site)
    again.sign_in(email)
    again.see("/sign-in/code")
    assert again.submit("/sign-in/code", {"code": code}).status_code == 403
    station.office.clock.now += timedelta(seconds=60)  # type: ignore[attr-defined]
    assert again.submit("/sign-in/code", {"code": code_now(site, seed)}).headers["location"] == "/"
    assert again.get("/accounts").status_code == 200
    stored = station.one("SELECT code_seed FROM portal.account WHERE account_id::text = :id", id=account_id)
    assert seed.encode() not in bytes(stored)


def administrator(site: Site, station: Station, sender: str) -> Browser:
    email = f"{sender}.{time.monotonic_ns()}@admin.example.org".lower()
    add_account(site, email, Right("administrator"))
    browser = Browser(site)
    browser.sign_in(email)
    page = browser.see("/account/codes")
    seed = re.search(r'class="id">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    sealed = re.search(r'name="sealed" value="([0-9a-f]+)"', page)[1]  # type: ignore[index]
    browser.submit("/account/codes", {"sealed": sealed, "code": code_now(site, seed)})
    browser.see("/accounts")
    return browser


def test_replacing_codes_asks_the_password_and_ends_other_sessions(
    station: Station, site: Site, submitter: Browser, sender: str
) -> None:
    other = Browser(site)
    other.sign_in(submitter.email)  # type: ignore[attr-defined]

    def give(**old: str) -> Any:
        station.office.clock.now += timedelta(seconds=30)  # type: ignore[attr-defined]
        page = submitter.see("/account/codes")
        assert ('name="old"' in page) is asked
        seed = re.search(r'class="id">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
        sealed = re.search(r'name="sealed" value="([0-9a-f]+)"', page)[1]  # type: ignore[index]
        return submitter.submit("/account/codes", {"sealed": sealed, "code": code_now(site, seed), **old})

    asked = False
    assert give().status_code == 303
    assert other.get("/account").headers["location"] == "/sign-in"
    asked = True
    assert give().status_code == 422
    assert give(old=PASSWORD).status_code == 303
    for _ in range(site.policy.failures_per_account_and_address - 1):
        assert "actuel" in give(old="faux").text
    assert "Trop d" in give(old=PASSWORD).text
    submitter.see("/account")
    new = {"old": PASSWORD, "password": PASSWORD + "!", "again": PASSWORD + "!"}
    assert "Trop d" in submitter.submit("/account/password", new).text
    station.office.clock.now += site.policy.failure_window  # type: ignore[attr-defined]
    assert submitter.submit("/account/password", {**new, "old": "faux"}).status_code == 422
    assert submitter.submit("/account/password", new).headers["location"] == "/sign-in"


def test_an_administrator_invites_and_the_invitation_works_once(station: Station, site: Site, sender: str) -> None:
    admin = administrator(site, station, sender)
    email = f"{sender}@invited.example.org".lower()
    answer = admin.submit("/accounts/new", {"email": email.upper(), "name": "Nouvelle", "role": "analyst"})
    address = re.search(r"http://marsad.test(/invitation/[\w-]+)", answer.text)[1]  # type: ignore[index]
    guest = Browser(site)
    guest.see(address)
    for password, again in (("court", "court"), (PASSWORD, PASSWORD + "x"), ("a" * 20, "a" * 20)):
        assert guest.submit(address, {"password": password, "again": again}).status_code == 422
    assert guest.submit(address, {"password": PASSWORD, "again": PASSWORD}).headers["location"] == "/sign-in"
    assert guest.get(address).status_code == 404
    assert guest.sign_in(email).headers["location"] == "/"
    account_id = station.one("SELECT account_id::text FROM portal.account WHERE email = :e", e=email)
    assert guest.get("/").status_code == 200
    admin.submit(f"/accounts/{account_id}/disabled", {"disabled": "yes"})
    assert guest.get("/").headers["location"] == "/sign-in"
    assert guest.sign_in(email).status_code == 403
    admin.submit(f"/accounts/{account_id}/disabled", {"disabled": "no"})
    reset = admin.submit(f"/accounts/{account_id}/reset")
    assert guest.sign_in(email).status_code == 403
    late = re.search(r"(/invitation/[\w-]+)", reset.text)[1]  # type: ignore[index]
    station.office.clock.now += site.policy.invitation  # type: ignore[attr-defined]
    assert guest.get(late).status_code == 404


def test_nobody_takes_administration_from_oneself(station: Station, site: Site, sender: str) -> None:
    admin = administrator(site, station, sender)
    own = station.one("SELECT account_id::text FROM portal.account_right WHERE role = 'administrator' "
                      "ORDER BY account_id DESC LIMIT 1")  # fmt: skip
    assert admin.submit(f"/accounts/{own}/rights", {"role": "analyst"}).status_code == 422
    assert admin.submit(f"/accounts/{own}/disabled", {"disabled": "yes"}).status_code == 422
    assert admin.get("/accounts").status_code == 200


def test_rights_taken_away_end_the_session(station: Station, site: Site, submitter: Browser, sender: str) -> None:
    admin = administrator(site, station, sender)
    admin.submit(f"/accounts/{submitter.account_id}/rights", {"role": "analyst"})  # type: ignore[attr-defined]
    assert submitter.get("/deliveries").headers["location"] == "/sign-in"
