"""The pages, over a real warehouse: what an account may reach, and what forms and headers keep out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from tests.integration.portal_site import Browser, add_account, give_codes, signed_in, upload
from tests.integration.station import VISITS, Station, csv, visit, visits

from marsad.portal import render
from marsad.portal.accounts import FOR_A_BODY, ROLES, Right
from marsad.portal.site import Site

FILE = {"file": ("x.csv", b"x")}
GOOD = visits(visit("P1"), visit("P2"))
FAULTY = visits(visit("P1"), visit("P2", Sexe="zzz"), visit("P3", Naissance="31/02/1990"))


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
    own = f"/deliveries/{receipt['delivery_id']}"
    for path in ("/send", "/deliveries", f"{own}/receipt", f"{own}/report.json", "/accounts", "/accounts/new"):
        assert browser.get(path).status_code == 403, path
    assert ("Le menu montre" in browser.see("/")) == (role != "auditor")  # nobody is sent to a menu of nothing
    assert browser.get(own).status_code == (303 if role == "steward" else 403)  # on to the steward's own page


ROOMS = {
    "accounts": {"administrator"},
    "send": {"submitter"}, "templates": {"submitter"}, "quiet": {"submitter"}, "uploads": {"submitter"},
    "deliveries": {"submitter", "steward"},
    "board": {"steward"}, "findings": {"steward"}, "spellings": {"steward"}, "review-progress": {"steward"},
    "review": {"reviewer"},
    "overview": {"analyst"}, "releases": {"analyst"}, "contradictions": {"analyst"},
    "trends": {"analyst"}, "map": {"analyst"}, "path": {"analyst"}, "quality": {"analyst"}, "dictionary": {"analyst"},
    "persons": {"case_officer", "commission"}, "referrals": {"case_officer", "commission"}, "waiting": {"commission"},
}  # fmt: skip
"""Who may enter which rooms of the pages, by the first word of their address; every other room is everybody's."""

EVERYBODY = {"", "account", "language", "sign-out"}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_enters_its_own_rooms_alone(site: Site, role: str, sender: str) -> None:
    plain = replace(site, policy=replace(site.policy, second_factor=frozenset()))  # codes are asked for in test_sign_in
    browser = signed_in(plain, sender, Right(role, sender if role in FOR_A_BODY else ""))
    give_codes(site, browser.account_id)  # type: ignore[attr-defined]
    entered = set()
    for method, path in routes(site):
        room = path.split("/")[1]
        if path not in PUBLIC and room not in EVERYBODY:
            url = re.sub(r"\{[^}]*\}", "018f0000-0000-7000-8000-000000000000", path)
            answer = browser.submit(url) if method == "POST" else browser.get(url)
            entered |= {room} if answer.status_code != 403 else set()
    assert entered == {room for room, roles in ROOMS.items() if role in roles}


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


IN_ADDRESSES = {
    "/": {"quiet", "period"}, "/board": {"back"}, "/deliveries": {"skip"}, "/persons": {"skip"}, "/referrals": {"skip"},
    "/contradictions": {"year", "country", "indicator", "skip"},
    "/review": {"after"}, "/send": {"feed"}, "/sign-in/openid/back": {"state", "code"},
    "/templates/{agency}/{name}": {"lang"},
}  # fmt: skip
"""What addresses say behind the question mark: pages, feeds, periods. Logs of proxies and histories keep them."""


def test_no_address_says_why_somebody_looks_or_whom_somebody_looks_for(site: Site) -> None:
    app = Browser(site).app
    said = {route.path: {one.name for one in route.dependant.query_params} for route in app.routes  # type: ignore[attr-defined]
            if isinstance(route, APIRoute) and "GET" in route.methods}  # fmt: skip
    assert {path: names for path, names in said.items() if names} == IN_ADDRESSES
    folder = Path(render.__file__).parent / "templates"
    forms = [form for file in folder.iterdir() for form in re.findall(r"<form[^>]*>", file.read_text("utf-8"))]
    assert len(forms) > 20
    assert [form for form in forms if 'method="post"' not in form] == [], "its fields would stand in the address"


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


def test_only_of_rows_to_be_corrected_it_is_said_that_they_wait(submitter: Browser, sender: str) -> None:
    old = visit("P1", Naissance="03/04/1870")
    for content, wait in ((visits(old), False), (FAULTY, True)):
        page = submitter.see(upload(submitter, sender, content).headers["location"])
        assert ("les lignes à corriger attendront" in page) is wait
        assert "À confirmer" in page or wait


@pytest.mark.parametrize(
    ("content", "sendable", "markable"),
    [(visits(visit("P1", Naissance="31/02/1990"), visit("P2", Naissance="31/02/1990"), visit("P3")), True, True),
     (csv(VISITS[1:], visit("P1")[1:]), False, True),
     ("%PDF-1.4", False, False)],
    ids=["good-rows", "column-missing", "unreadable"],
)  # fmt: skip
def test_a_refused_trial_offers_what_is_of_use(
    submitter: Browser, sender: str, content: str, sendable: bool, markable: bool
) -> None:
    place = upload(submitter, sender, content).headers["location"]
    page = submitter.see(place)
    assert "puis envoyez le fichier" not in page
    assert (f"{place}/send" in page, "prévenez la commission" in page) == (sendable, sendable)
    assert (f"{place}/workbook" in page) is markable
    assert not markable or submitter.get(f"{place}/workbook").status_code == 200


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
