"""Sign-in by OpenID Connect against a small provider of our own that may also lie."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import RSAKey
from tests.integration.portal_site import Browser, add_account, code_now, site_over
from tests.integration.station import Station

from marsad.portal.accounts import Right
from marsad.portal.site import Site


@dataclass
class Provider:
    """Says what ``claims`` says, signed with ``key``; ``asked`` is the last token request."""

    url: str
    key: RSAKey
    published: RSAKey
    claims: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)
    nonce: str = ""
    slash: str = ""
    odd: dict[str, bytes] = field(default_factory=dict)  # what it says at a path instead

    def token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url + self.slash,
            "aud": "marsad",
            "exp": now + 60,
            "iat": now,
            "nonce": self.nonce,
            **self.claims,
        }
        return jwt.encode({"alg": "RS256", "kid": self.published.kid}, claims, self.key)


@pytest.fixture
def provider() -> Iterator[Provider]:
    key = RSAKey.generate_key(2048, auto_kid=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/jwks":
                self.say({"keys": [told.published.as_dict(private=False)]})
            else:
                self.say({"issuer": told.url + told.slash, "authorization_endpoint": f"{told.url}/authorize",
                          "token_endpoint": f"{told.url}/token", "jwks_uri": f"{told.url}/jwks"})  # fmt: skip

        def do_POST(self) -> None:
            told.asked = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            self.say({"access_token": "x", "token_type": "Bearer", "id_token": told.token()})

        def say(self, document: dict[str, Any]) -> None:
            body = told.odd.get(self.path, json.dumps(document).encode())
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Provider(f"http://127.0.0.1:{server.server_port}", key, key)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def plain(station: Station) -> Iterator[Site]:
    made = site_over(station)
    yield made
    made.engine.dispose()


def vouched(site: Site, provider: Provider) -> Site:
    portal = replace(site.settings.portal, issuer=provider.url)
    return replace(site, settings=replace(site.settings, portal=portal))


def begin(site: Site, provider: Provider) -> tuple[Browser, str]:
    browser = Browser(site)
    assert "/sign-in/openid" in browser.see("/sign-in")
    asked = parse_qs(urlsplit(browser.get("/sign-in/openid").headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://marsad.test/sign-in/openid/back"]
    provider.nonce = asked["nonce"][0]
    return browser, asked["state"][0]


def test_a_vouched_address_with_an_account_is_signed_in(plain: Site, provider: Provider, sender: str) -> None:
    email = f"{sender}@openid.example.org".lower()
    add_account(plain, email, Right("submitter", sender))
    browser, state = begin(vouched(plain, provider), provider)
    provider.claims = {"email": email, "email_verified": True}
    assert browser.get(f"/sign-in/openid/back?state={state}&code=c").headers["location"] == "/"
    assert browser.get("/send").status_code == 200
    assert provider.asked["code_verifier"][0]


def test_an_administrator_still_gives_a_code(plain: Site, provider: Provider, sender: str) -> None:
    email = f"{sender}@openidadmin.example.org".lower()
    add_account(plain, email, Right("administrator"))
    browser, state = begin(vouched(plain, provider), provider)
    provider.claims = {"email": email, "email_verified": True}
    assert browser.get(f"/sign-in/openid/back?state={state}&code=c").headers["location"] == "/sign-in/code"
    assert browser.get("/accounts").headers["location"] == "/sign-in/code"


@pytest.mark.parametrize(
    "lie",
    [
        "nobody",
        "state",
        "cookie",
        "nonce",
        "audience",
        "issuer",
        "expired",
        "unverified",
        "unsaid",
        "text",
        "list",
        "key",
        "no code",
    ],
)
def test_what_is_not_vouched_signs_nobody_in(plain: Site, provider: Provider, sender: str, lie: str) -> None:
    email = f"{sender}@lie.example.org".lower()
    add_account(plain, email, Right("submitter", sender))
    browser, state = begin(vouched(plain, provider), provider)
    provider.claims = {"email": email, "email_verified": True} | {
        "nobody": {"email": "nobody@example.org"}, "nonce": {"nonce": "another"}, "audience": {"aud": "another"},
        "issuer": {"iss": "http://127.0.0.1:1"}, "expired": {"exp": int(time.time()) - 3600},
        "unverified": {"email_verified": False}, "unsaid": {"email_verified": None}, "text": {"email_verified": "true"},
        "list": {"email": [email]},
    }.get(lie, {})  # fmt: skip
    if lie == "key":
        provider.key = RSAKey.generate_key(2048, auto_kid=True)
    if lie == "cookie":
        browser.cookies.delete("marsad_openid")
    asked = f"state={'x' if lie == 'state' else state}&code={'' if lie == 'no code' else 'c'}"
    answer = browser.get(f"/sign-in/openid/back?{asked}")
    assert answer.status_code == 403
    assert "marsad_session" not in browser.cookies
    assert browser.get("/send").headers["location"] == "/sign-in"


def test_an_issuer_may_end_in_a_slash(plain: Site, provider: Provider, sender: str) -> None:
    email = f"{sender}@slash.example.org".lower()
    add_account(plain, email, Right("submitter", sender))
    provider.slash = "/"
    site = vouched(plain, replace(provider, url=f"{provider.url}/"))
    browser, state = begin(site, provider)
    provider.claims = {"email": email, "email_verified": True}
    assert browser.get(f"/sign-in/openid/back?state={state}&code=c").headers["location"] == "/"


ODD = [b"", b"<html>", b"[]", b"null", b"{}", b'{"keys": 3}', b'{"keys": [{"kty": "RSA"}]}', b'{"id_token": 3}']


def test_whatever_a_provider_says_wrongly_ends_in_a_page(plain: Site, provider: Provider, sender: str) -> None:
    email = f"{sender}@odd.example.org".lower()
    add_account(plain, email, Right("submitter", sender))
    site = vouched(plain, provider)
    for path in ("/.well-known/openid-configuration", "/token", "/jwks"):
        for odd in ODD:
            provider.odd = {}
            browser, state = begin(site, provider)
            provider.claims = {"email": email, "email_verified": True}
            provider.odd = {path: odd}
            answer = browser.get(f"/sign-in/openid/back?state={state}&code=c")
            assert answer.status_code == 403, (path, odd)
            assert "confirmé" in answer.text, (path, odd)
            if "well-known" in path:
                assert browser.get("/sign-in/openid").status_code == 403, odd


def test_without_a_provider_there_is_no_such_page(plain: Site) -> None:
    browser = Browser(plain)
    assert "openid" not in browser.see("/sign-in")
    assert browser.get("/sign-in/openid").status_code == 404


def codes_page(browser: Browser) -> tuple[str, str, str]:
    page = browser.see("/account/codes")
    seed = re.search(r'class="id">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    return page, seed, re.search(r'name="sealed" value="([0-9a-f]+)"', page)[1]  # type: ignore[index]


def test_codes_of_an_account_without_a_password_are_not_replaced_unasked(
    plain: Site, station: Station, provider: Provider, sender: str
) -> None:
    email = f"{sender}@codes.example.org".lower()
    account_id = add_account(plain, email, Right("submitter", sender))
    with plain.transaction() as connection:
        query = sa.text("UPDATE portal.account SET password = NULL WHERE account_id = :id")
        connection.execute(query, {"id": account_id})
    browser, state = begin(vouched(plain, provider), provider)
    provider.claims = {"email": email, "email_verified": True}
    browser.get(f"/sign-in/openid/back?state={state}&code=c")
    _, first, sealed = codes_page(browser)
    assert browser.submit("/account/codes", {"sealed": sealed, "code": code_now(plain, first)}).status_code == 303

    def replace_codes(**given: str) -> int:
        station.office.clock.now += timedelta(seconds=30)  # type: ignore[attr-defined]
        page, seed, kept = codes_page(browser)
        assert 'name="old_code"' in page
        present = {name: code_now(plain, first) if value == "present" else value for name, value in given.items()}
        form = {"sealed": kept, "code": code_now(plain, seed), **present}
        return int(browser.submit("/account/codes", form).status_code)

    before = station.one("SELECT code_seed FROM portal.account WHERE account_id::text = :id", id=account_id)
    assert replace_codes() == replace_codes(old="x") == replace_codes(old_code="000000") == 422
    after = station.one("SELECT code_seed FROM portal.account WHERE account_id::text = :id", id=account_id)
    assert bytes(before) == bytes(after)
    assert len(failed(station, account_id)) == 3
    assert replace_codes(old_code="present", code="000000") == 422  # a slip, which is no attempt
    assert len(failed(station, account_id)) == 3
    assert replace_codes(old_code="present") == 303


def failed(station: Station, account_id: str) -> list[dict[str, Any]]:
    query = "SELECT 1 FROM audit.event WHERE action = 'sign_in.failed' AND object = :o"
    return station.rows(query, o=f"account:{account_id}")
