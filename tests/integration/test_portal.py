"""The pages, over a real warehouse: signing in, what an account may reach, sending a file to its receipt."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from tests.integration.portal_site import PASSWORD, Browser, add_account, code_now, site_over
from tests.integration.station import Clock, Station, visit, visits

from marsad.intake import pipeline
from marsad.portal.accounts import Right
from marsad.portal.site import Shelf, Site
from marsad.portal.trial import Trials, answer
from marsad.portal.uploads import safe_name

FILE = {"file": ("x.csv", b"x")}
GOOD = visits(visit("P1"), visit("P2"))
FAULTY = visits(visit("P1"), visit("P2", Sexe="zzz"), visit("P3", Naissance="31/02/1990"))


@pytest.fixture(scope="module")
def site(station: Station) -> Iterator[Site]:
    made = site_over(station)
    yield made
    made.engine.dispose()


@pytest.fixture
def submitter(site: Site, sender: str) -> Browser:
    """Somebody who is signed in and sends for ``sender``."""
    return signed_in(site, sender)


def signed_in(site: Site, sender: str, *rights: Right) -> Browser:
    email = f"{sender}.{time.monotonic_ns()}@example.org".lower()
    account_id = add_account(site, email, *(rights or (Right("submitter", sender),)))
    browser = Browser(site)
    browser.email, browser.account_id = email, account_id  # type: ignore[attr-defined]
    assert browser.sign_in(email).headers["location"] == "/"
    return browser


def upload(browser: Browser, sender: str, content: str, name: str = "visites.csv", feed: str = "lab/visits") -> Any:
    browser.see("/send")
    answer = browser.submit("/send", {"what": f"{sender}|{feed}"}, files={"file": (name, content.encode())})
    waits = f"{answer.headers.get('location')}/state"
    while answer.status_code == 303 and browser.get(waits).json()["state"] == "checking":
        time.sleep(0.1)
    return answer


def settle(station: Station, feed: str = "lab/visits") -> None:
    """What Airflow does when it finds the file."""
    pipeline.receive_waiting(station.office, feed, time.time() + 60)
    pipeline.drain(station.office.settings, feed)


def events(station: Station, action: str) -> list[dict[str, Any]]:
    return station.rows(
        "SELECT actor, object, detail FROM audit.event WHERE action = :action ORDER BY seq", action=action
    )


def test_a_file_is_checked_sent_and_answered_with_a_receipt(station: Station, submitter: Browser, sender: str) -> None:
    answer = upload(submitter, sender, FAULTY)
    assert answer.status_code == 303
    page = submitter.see(answer.headers["location"])
    assert "Ceci est un essai" in page
    assert station.rows("SELECT 1 FROM ops.delivery WHERE provider = :s", s=sender) == []
    path = answer.headers["location"]
    assert submitter.submit(f"{path}/send").headers["location"] == path
    assert submitter.get(f"{path}/state").json() == {"state": "sent"}
    settle(station)
    assert submitter.get(f"{path}/state").json() == {"state": "done"}
    delivery = submitter.get(path).headers["location"]
    assert "Naissance" in submitter.see(delivery)
    assert delivery in submitter.see("/deliveries")
    receipt = submitter.get(f"{delivery}/receipt.json").json()
    assert receipt == station.one("SELECT receipt FROM ops.delivery WHERE provider = :s", s=sender)
    printed = submitter.see(f"{delivery}/receipt")
    assert receipt["signature"].replace("+", "&#43;") in printed or receipt["signature"] in printed
    assert "Signature vérifiée" in printed


def test_the_verdict_of_the_dry_run_is_that_of_the_delivery(station: Station, submitter: Browser, sender: str) -> None:
    path = upload(submitter, sender, FAULTY).headers["location"]
    dry = station.one("SELECT verdict FROM portal.upload WHERE upload_id::text = :id", id=path.rpartition("/")[2])
    submitter.submit(f"{path}/send")
    settle(station)
    real = submitter.get(submitter.get(path).headers["location"] + "/report.json").json()
    alike = ("status", "rows_read", "rows_accepted", "rows_quarantined", "rows_unchanged", "findings", "expected")
    assert {name: dry[name] for name in alike} == {name: real[name] for name in alike}


def test_what_was_not_sent_is_removed(station: Station, site: Site, submitter: Browser, sender: str) -> None:
    place = station.office.settings.place("tmp") / "portal"
    path = upload(submitter, sender, GOOD).headers["location"]
    kept = place / path.rpartition("/")[2]
    assert [file.stat().st_mode & 0o777 for file in kept.iterdir()] == [0o600]
    submitter.submit(f"{path}/drop")
    assert not kept.exists()
    assert submitter.submit(f"{path}/send").status_code == 303
    assert station.rows("SELECT 1 FROM ops.arrival a JOIN ops.delivery USING (delivery_id) WHERE provider = :s",
                        s=sender) == []  # fmt: skip
    second = upload(submitter, sender, GOOD).headers["location"].rpartition("/")[2]
    with Browser(site):  # the pages start anew
        assert not (place / second).exists()
    assert "effacé" in submitter.see(f"/uploads/{second}")


def test_a_file_that_waited_too_long_cannot_be_sent(station: Station, submitter: Browser, sender: str) -> None:
    path = upload(submitter, sender, GOOD).headers["location"]
    for _ in range(2):  # the session lives on by this
        station.office.clock.now += timedelta(minutes=16)  # type: ignore[attr-defined]
        submitter.see(path)
    submitter.submit(f"{path}/send")
    assert submitter.get(f"{path}/state").json()["state"] == "checked"
    assert station.rows("SELECT 1 FROM audit.event WHERE object = :o AND action = 'file.sent'",
                        o=f"upload:{path.rpartition('/')[2]}") == []  # fmt: skip


def test_waiting_files_are_forgotten_though_nobody_uploads(
    station: Station, site: Site, submitter: Browser, sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marsad.portal.app._SWEEP_EVERY", 0.05)
    with Browser(replace(site)) as browser:
        browser.cookies, browser.form_token = submitter.cookies, submitter.form_token
        path = upload(browser, sender, GOOD).headers["location"]
        kept = station.office.settings.place("tmp") / "portal" / path.rpartition("/")[2]
        assert kept.exists()
        station.office.clock.now += timedelta(minutes=31)  # type: ignore[attr-defined]
        until = time.monotonic() + 60
        while kept.exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert not kept.exists()


def test_a_verdict_that_cannot_be_kept_is_a_failed_check(site: Site, submitter: Browser, sender: str) -> None:
    odd = replace(site, ask=lambda _question: {"status": "no text of a database: \0"})
    browser = Browser(odd)
    browser.cookies, browser.form_token = submitter.cookies, submitter.form_token
    browser.see("/send")
    path = browser.submit("/send", {"what": f"{sender}|lab/visits"}, files=FILE).headers["location"]
    assert browser.get(f"{path}/state").json()["state"] == "failed"


def test_one_account_keeps_only_so_many_files_waiting(site: Site, submitter: Browser, sender: str) -> None:
    strict = replace(site, policy=replace(site.policy, uploads_waiting=2), ask=lambda _question: {"status": "refused"})
    browser = Browser(strict)
    browser.cookies, browser.form_token = submitter.cookies, submitter.form_token
    paths = [upload(browser, sender, f"{GOOD}{number}").headers["location"] for number in range(3)]
    states = [browser.get(f"{path}/state").json()["state"] for path in paths]
    assert states == ["dropped", "checked", "checked"]


def test_a_known_file_is_told_so_before_it_is_sent(station: Station, submitter: Browser, sender: str) -> None:
    station.send("lab/visits", GOOD, sender)
    path = upload(submitter, sender, GOOD).headers["location"]
    submitter.see(path)
    submitter.submit(f"{path}/send")
    settle(station)
    assert submitter.get(path).headers["location"].startswith("/deliveries/")
    assert "déjà reçu" in submitter.see("/deliveries")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a.csv", "a.csv"), ("../../etc/passwd", "passwd"), ("C:\\dossier\\a.xlsx", "a.xlsx"), (".caché", "caché"),
     ("a\x00\n.csv", "a__.csv"), ("fin.part", "fin.part_"), ("...", "file"), ("é" * 300 + ".csv", "é" * 90 + ".csv"),
     ("ملف الضحايا.xlsx", "ملف الضحايا.xlsx")],
)  # fmt: skip
def test_a_file_name_becomes_one_that_the_inbox_shows(given: str, kept: str) -> None:
    assert safe_name(given) == kept


# -- who reaches what --------------------------------------------------------------------------------------------------


def routes(site: Site) -> list[tuple[str, str]]:
    app = Browser(site).app
    found = [(method, route.path) for route in app.routes if isinstance(route, APIRoute)  # type: ignore[attr-defined]
             for method in sorted(route.methods - {"HEAD"})]  # fmt: skip
    assert len(found) > 20
    return found


PUBLIC = {"/health", "/sign-in", "/sign-in/code", "/sign-out", "/language", "/invitation/{token}", "/account/codes",
          "/sign-in/openid", "/sign-in/openid/back"}  # fmt: skip


def test_nobody_reaches_a_page_without_signing_in(site: Site) -> None:
    for method, path in routes(site):
        if path in PUBLIC:
            continue
        stranger = Browser(site)
        stranger.see("/sign-in")
        url = re.sub(r"\{[^}]*\}", "018f0000-0000-7000-8000-000000000000", path)
        answer = stranger.submit(url) if method == "POST" else stranger.get(url)
        assert answer.headers.get("location") == "/sign-in", (method, path, answer.status_code)


def form(sender: str) -> dict[str, str]:
    """What somebody else's forms would say."""
    return {"what": f"{sender}|lab/visits", "feed": "lab/visits", "provider": sender, "period": "2024-01"}


def test_one_submitter_reaches_nothing_of_another_by_any_url(
    station: Station, site: Site, submitter: Browser, sender: str
) -> None:
    receipt = station.send("lab/visits", FAULTY, sender, "secret-de-l-autre.csv")
    waiting = upload(submitter, sender, GOOD, "secret-en-attente.csv").headers["location"].rpartition("/")[2]
    other = signed_in(site, station.sender())
    tried = 0
    for method, path in routes(site):
        for known in (receipt["delivery_id"], waiting, submitter.account_id):  # type: ignore[attr-defined]
            url = re.sub(r"\{[^}]*\}", known, path)
            other.see("/account")
            answer = other.submit(url, form(sender), files=FILE if path == "/send" else None) \
                if method == "POST" else other.get(url)  # fmt: skip
            told = answer.text
            assert "secret" not in told, (method, url)
            assert receipt["sha256"] not in told, (method, url)
            assert submitter.email not in told, (method, url)  # type: ignore[attr-defined]
            if "{" in path and path not in PUBLIC:
                assert answer.status_code in (403, 404), (method, url, answer.status_code)
                tried += 1
            if path == "/sign-out":
                other = signed_in(site, station.sender())
    assert tried >= 20
    assert station.one("SELECT state FROM portal.upload WHERE upload_id::text = :id", id=waiting) == "checked"
    assert station.rows("SELECT 1 FROM ops.quiet WHERE provider = :s", s=sender) == []


@pytest.mark.parametrize("role", ["steward", "analyst", "auditor"])
def test_other_roles_reach_no_delivery_and_no_account(station: Station, site: Site, role: str, sender: str) -> None:
    receipt = station.send("lab/visits", FAULTY, sender)
    browser = signed_in(site, sender, Right(role))
    for path in ("/send", "/deliveries", f"/deliveries/{receipt['delivery_id']}", "/accounts", "/accounts/new"):
        assert browser.get(path).status_code == 403, path


def test_a_submitter_of_two_providers_reaches_both(station: Station, site: Site) -> None:
    first, second = station.sender(), station.sender()
    ids = [station.send("lab/visits", FAULTY, name)["delivery_id"] for name in (first, second)]
    browser = signed_in(site, first, Right("submitter", first), Right("submitter", second))
    assert [browser.get(f"/deliveries/{id_}").status_code for id_ in ids] == [200, 200]


# -- forms and headers -------------------------------------------------------------------------------------------------


def test_every_form_of_a_stranger_page_is_refused(site: Site, submitter: Browser) -> None:
    for method, path in routes(site):
        if method != "POST":
            continue
        url = re.sub(r"\{[^}]*\}", "018f0000-0000-7000-8000-000000000000", path)
        assert submitter.post(url).status_code == 403, path
        assert submitter.post(url, data={"form_token": "0" * 64}).status_code == 403, path
        other = Browser(site)
        other.see("/sign-in")
        assert submitter.post(url, data={"form_token": other.form_token}).status_code == 403, path
        for header in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
            assert submitter.submit(url, headers=header).status_code == 403, path
    assert submitter.get("/account").status_code == 200


def test_every_answer_carries_secure_headers(submitter: Browser, site: Site) -> None:
    for path in ("/", "/send", "/deliveries", "/nowhere", "/accounts", "/static/portal.css", "/health"):
        headers = submitter.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http:" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_pages_hold_no_inline_script_and_no_address_of_another_host(submitter: Browser, sender: str) -> None:
    path = upload(submitter, sender, FAULTY).headers["location"]
    for page in (submitter.see(p) for p in ("/", "/send", "/deliveries", "/account", path, "/account/codes")):
        assert re.search(r"<script(?![^>]*src=)", page) is None
        assert re.search(r"\son\w+=|style=|javascript:", page) is None
        assert re.search(r"(?:src|href|action)=\"(?!/|#|data:image/svg)", page) is None


@pytest.mark.parametrize(("charset", "odd"), [("utf-8", b"a\0b"), ("utf-7", b"a+2AA-b")])  # NUL, half of a pair
def test_a_field_that_is_no_text_is_refused(site: Site, submitter: Browser, charset: str, odd: bytes) -> None:
    stranger = Browser(site)
    kind = {"content-type": f"multipart/form-data; boundary=x; charset={charset}"}
    own = [(submitter, "/account/password", "old"), (submitter, "/quiet", "form_token")]
    for browser, path, name in [(stranger, "/sign-in", "email"), (stranger, "/sign-in", "password"), *own]:
        browser.see("/sign-in")
        given = {"form_token": browser.form_token.encode(), name: odd}
        parts = [b'--x\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), value)
                 for key, value in given.items()]  # fmt: skip
        answer = browser.post(path, content=b"".join(parts) + b"--x--\r\n", headers=kind)
        assert answer.status_code == 400, (path, name)


def test_a_body_that_is_too_long_is_refused(site: Site, submitter: Browser, sender: str) -> None:
    assert submitter.submit("/language", {"back": "x" * 65_000}).status_code == 413
    small = Browser(replace(site, policy=replace(site.policy, upload_bytes=2_000)))
    small.cookies = submitter.cookies
    small.see("/send")
    answer = small.submit("/send", {"what": f"{sender}|lab/visits"}, files={"file": ("x.csv", b"x" * 3_000)})
    assert answer.status_code == 413
    assert "trop grand" in answer.text


def test_an_empty_file_is_told_so(submitter: Browser, sender: str) -> None:
    answer = upload(submitter, sender, "")
    assert (answer.status_code, "Ce fichier est vide" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("content", "sendable", "markable"),
    [(visits(visit("P1", Naissance="31/02/1990"), visit("P2", Naissance="31/02/1990"), visit("P3")), True, True),
     ("%PDF-1.4", False, False)],
    ids=["good-rows", "unreadable"],
)  # fmt: skip
def test_a_refused_trial_offers_what_is_of_use(
    submitter: Browser, sender: str, content: str, sendable: bool, markable: bool
) -> None:
    place = upload(submitter, sender, content).headers["location"]
    page = submitter.see(place)
    assert "puis envoyez le fichier" not in page
    assert (f"{place}/send" in page, "prévenez la commission" in page) == (sendable, sendable)
    assert (f"{place}/workbook" in page) is markable


def test_cookies_are_for_this_site_alone(site: Site, sender: str) -> None:
    email = f"{sender}@cookie.example.org".lower()
    add_account(site, email, Right("submitter", sender))
    for secure in (False, True):
        browser = Browser(replace(site, secure=secure))
        browser.base_url = "https://marsad.test" if secure else "http://marsad.test"  # type: ignore[assignment]
        cookie = browser.sign_in(email).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert ("secure" in cookie) is secure


# -- signing in --------------------------------------------------------------------------------------------------------


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


# -- language, audit, quiet periods ------------------------------------------------------------------------------------


def test_pages_speak_the_chosen_language_in_its_direction(submitter: Browser, site: Site) -> None:
    assert '<html lang="fr" dir="ltr">' in submitter.see("/")
    assert submitter.submit("/language", {"language": "ar", "back": "/send"}).headers["location"] == "/send"
    assert '<html lang="ar" dir="rtl">' in submitter.see("/send")
    for back in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", ""):
        assert submitter.submit("/language", {"language": "ar", "back": back}).headers["location"] == "/"
    english = Browser(site, headers={"accept-language": "de, en-GB;q=0.8"})
    assert '<html lang="en"' in english.see("/sign-in")


def test_views_and_downloads_are_audited_without_an_address(station: Station, submitter: Browser, sender: str) -> None:
    receipt = station.send("lab/visits", FAULTY, sender)
    base = f"/deliveries/{receipt['delivery_id']}"
    for path in (base, f"{base}/receipt", f"{base}/receipt.json", f"{base}/report.json"):
        assert submitter.get(path).status_code == 200
    actor, object_ = f"account:{submitter.account_id}", f"delivery:{receipt['delivery_id']}"  # type: ignore[attr-defined]
    seen = station.rows("SELECT action, detail FROM audit.event WHERE actor = :a AND object = :o ORDER BY seq",
                        a=actor, o=object_)  # fmt: skip
    assert [(row["action"], row["detail"].get("kind")) for row in seen] == [
        ("delivery.viewed", None), ("receipt.viewed", None), ("delivery.downloaded", "receipt"),
        ("delivery.downloaded", "report"),
    ]  # fmt: skip
    assert events(station, "sign_in.succeeded")[-1]["actor"] == actor
    station.assert_whole()


def test_a_quiet_period_is_entered_only_where_something_is_expected(
    station: Station, submitter: Browser, sender: str
) -> None:
    office = replace(station.office, clock=Clock(datetime(2029, 12, 3, 12, tzinfo=UTC)))
    row = visit("Q1", sent="01/12/2029", Rencontre="15/11/2029")
    pipeline.ingest(office, station.file(visits(row)), "lab/visits", sender)
    button = 'name="period" value="2029-12"'
    page = submitter.see("/")
    assert "en retard de" in page
    assert button in page
    assert "C&#39;est noté" not in page
    told = {"feed": "lab/visits", "provider": sender, "period": "2029-12"}
    assert submitter.submit("/quiet", {**told, "period": "2029-11"}).status_code == 404
    answer = submitter.submit("/quiet", told)
    page = submitter.see(answer.headers["location"])
    assert "C&#39;est noté" in page
    assert button not in page
    assert station.rows("SELECT feed, period, declared_by FROM ops.quiet WHERE provider = :s", s=sender) == [
        {"feed": "lab/visits", "period": "2029-12", "declared_by": f"account:{submitter.account_id}"}  # type: ignore[attr-defined]
    ]


def test_the_portal_holds_no_private_key_of_landing_or_vault(station: Station, site: Site, tmp_path: Path) -> None:
    private = station.office.settings.place("keys") / "private"
    hidden = private.rename(tmp_path / "private")
    try:
        browser = signed_in(site, station.sender())
        assert browser.get("/").status_code == 200
        assert browser.get("/send").status_code == 200
    finally:
        hidden.rename(private)


def test_a_wrong_contract_or_suite_takes_its_own_feed_alone(station: Station, site: Site, tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "broken.yaml").write_text("id: lab/broken\n")
    mine, suites = site.settings.expectation_dirs[0], tmp_path / "suites"
    shutil.copytree(mine, suites)
    (suites / "lab" / "visits.json").unlink()
    dirs = (*site.settings.contract_dirs, tmp_path)
    settings = replace(site.settings, contract_dirs=dirs, expectation_dirs=(suites,))
    assert "lab/visits" in Shelf(settings).titles
    with Trials(settings) as trials:
        question = {"path": str(station.file(GOOD)), "provider": station.sender()}
        assert answer(trials.office, {**question, "feed": "lab/visits"}) == {"fault": "UsageFault"}
        (suites / "lab" / "visits.json").write_bytes((mine / "lab" / "visits.json").read_bytes())
        (tmp_path / "lab" / ".#broken.yaml").symlink_to("me@host.1:2")  # somebody is editing
        assert trials.verify_request(None, None)
        assert answer(trials.office, {**question, "feed": "lab/visits"})["status"] == "accepted"


def test_without_the_process_of_dry_runs_nobody_is_blamed(site: Site, station: Station, sender: str) -> None:
    from marsad.portal.asking import over

    alone = replace(site, ask=over(station.home / "run" / "nowhere.sock"))
    add_account(alone, f"{sender}@alone.example.org".lower(), Right("submitter", sender))
    browser = Browser(alone)
    browser.sign_in(f"{sender}@alone.example.org".lower())
    page = browser.see(upload(browser, sender, GOOD).headers["location"])
    assert "pas la faute du fichier" in page
