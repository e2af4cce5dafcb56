"""The pages over a station: accounts of several providers, and browsers without a browser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pyotp
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from tests.integration.station import Station

from marsad import audit
from marsad.portal import accounts
from marsad.portal.accounts import Right
from marsad.portal.app import create_app
from marsad.portal.looker import Looker
from marsad.portal.opener import Opener
from marsad.portal.site import Site, address_of
from marsad.portal.trial import answer
from marsad.warehouse.engine import make_engine
from marsad.warehouse.query import role_url

PASSWORD = "une phrase de quelques mots"
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


def site_over(station: Station) -> Site:
    """A site with the role ``portal`` on the station's database; beside it ``trial``, ``opener`` and ``looker``."""
    settings = station.office.settings
    settings.place("run").mkdir(mode=0o700, exist_ok=True)
    for role in ("portal", "trial", "opener", "looker"):
        (settings.place("run") / f"{role}.url").write_text(role_url(settings, role))

    trial = replace(station.office, engine=make_engine(address_of(settings, "trial")))

    def ask(question: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return answer(trial, _carried(question))

    site = Site.open(settings, station.office.clock)
    opener = Opener(settings, site.policy, station.office.clock)
    looker = Looker(settings, site.policy, site.shelf, station.office.clock)
    return replace(
        site, ask=ask, opener=lambda question: opener.answer(_carried(question)),
        looker=lambda question: _carried(looker.answer(_carried(question))),
    )  # fmt: skip


def _carried(told: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of it once it went over a socket."""
    return dict(json.loads(json.dumps(told)))


_APPS: dict[int, tuple[Site, FastAPI]] = {}  # the site too, so that its number stays its own


def _app(site: Site) -> FastAPI:
    """One application a site: building one takes longer than most requests."""
    if id(site) not in _APPS:
        _APPS[id(site)] = (site, create_app(site))
    return _APPS[id(site)][1]


class Browser(TestClient):
    """A client that keeps cookies and sends the token of the page it saw last, as a browser's form does."""

    def __init__(self, site: Site, **kwargs: Any) -> None:
        super().__init__(_app(site), base_url="http://marsad.test", follow_redirects=False, **kwargs)
        self.site = site
        self.form_token = ""

    def see(self, path: str) -> str:
        answer = self.get(path, follow_redirects=True)
        found = _TOKEN.search(answer.text)
        self.form_token = found[1] if found else self.form_token
        return answer.text

    def submit(self, path: str, data: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        return self.post(path, data={"form_token": self.form_token, **(data or {})}, **kwargs)

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        self.see("/sign-in")
        answer = self.submit("/sign-in", {"email": email, "password": password})
        self.see("/account")
        return answer


def add_account(site: Site, email: str, *rights: Right) -> str:
    """An account; who submits without a word on feeds gets all that name nobody, as the small feeds do."""
    named = [right for right in rights if right.role == "submitter" and not right.feed]
    every = [Right("submitter", right.provider, feed) for right in named for feed in site.shelf.open_feeds]
    rights = (*(right for right in rights if right not in named), *every)
    with site.transaction() as connection:
        account_id = accounts.add(connection, email, email.partition("@")[0], "fr", rights, "test", site.clock())
        account = accounts.find(connection, account_id=account_id)
        assert account is not None
        accounts.set_password(connection, account, PASSWORD, site.clock())
    return account_id


def give_codes(site: Site, account_id: str) -> None:
    """The account has one-time codes set up; those who sign in here are not asked for one."""
    with site.transaction() as connection:
        query = sa.text("UPDATE portal.account SET code_seed = 'sealed' WHERE account_id = :id")
        connection.execute(query, {"id": account_id})


def code_now(site: Site, seed: str) -> str:
    return pyotp.TOTP(seed).at(site.clock())


Signed = Callable[..., Browser]


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


def events(station: Station, action: str) -> list[dict[str, Any]]:
    return station.rows(
        "SELECT actor, object, detail FROM audit.event WHERE action = :action ORDER BY seq", action=action
    )


def looked(station: Station, who: Browser, action: str, about: str, times: int, ago: timedelta = timedelta()) -> None:
    """So often the account did that already, as the audit trail tells it."""
    with station.office.engine.begin() as connection:
        at = station.office.clock() - ago
        for _ in range(times):
            audit.append(connection, f"account:{who.account_id}", action, about, {}, at)  # type: ignore[attr-defined]


def cells(page: str, provider: str) -> list[str]:
    """The words of a provider's row on the board, a text a cell."""
    row = re.search(rf'<th scope="row"><bdi>{provider}</bdi></th>(.*?)</tr>', page, re.S)
    assert row is not None
    found = re.findall(r"<td>(.*?)</td>", row[1], re.S)
    return [" ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in found]
