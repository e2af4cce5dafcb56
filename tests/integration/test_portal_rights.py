"""Who may send what: of feeds whose contract names nobody, the account says it."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from tests.integration.portal_site import Browser, add_account, signed_in
from tests.integration.station import Station, visit, visits

from marsad.errors import UsageFault
from marsad.portal import accounts
from marsad.portal.accounts import Right, check_rights
from marsad.portal.site import Site

FILE = {"file": ("x.csv", visits(visit("R1")).encode())}


def offered(page: str) -> set[str]:
    return set(re.findall(r'name="what" id="\w+" value="([^"]*)"', page))


def test_only_the_feeds_of_the_account_are_offered_and_taken(station: Station, site: Site, sender: str) -> None:
    browser = signed_in(site, sender, Right("submitter", sender, "lab/notes"))
    assert offered(browser.see("/send")) == {f"{sender}|lab/notes"}
    answer = browser.submit("/send", {"what": f"{sender}|lab/visits"}, files=FILE)
    assert answer.status_code == 422
    assert station.rows("SELECT 1 FROM portal.upload WHERE provider = :s", s=sender) == []
    assert browser.get("/templates/lab/notes").status_code == 200
    assert browser.get("/templates/lab/visits").status_code == 404
    station.send("lab/visits", visits(visit("R1", sent="01/01/2030", Rencontre="15/12/2029")), sender)
    assert 'value="lab/visits"' not in browser.see("/")
    told = {"feed": "lab/visits", "provider": sender, "period": "2030-01"}
    assert browser.submit("/quiet", told).status_code == 404


def named(site: Site, email: str, sender: str) -> Browser:
    """Somebody who sends what contracts name ``sender`` for, and no open feed."""
    account_id = add_account(site, email.lower(), Right("analyst"))
    with site.transaction() as connection:
        accounts.set_rights(connection, account_id, (Right("submitter", sender),), "test", site.clock())
    browser = Browser(site)
    browser.sign_in(email.lower())
    return browser


def readable(browser: Browser, delivery: str) -> bool:
    """Whether the pages show a delivery; they agree on it."""
    parts = ("", "/receipt", "/receipt.json", "/report.json")
    told = {browser.get(f"/deliveries/{delivery}{part}").status_code == 200 for part in parts}
    (shown,) = told | {delivery in browser.see("/deliveries"), delivery in browser.see("/")}
    return shown


def test_a_right_for_one_feed_reads_what_came_of_that_feed_alone(station: Station, site: Site, sender: str) -> None:
    delivery = station.send("lab/visits", visits(visit("R1")), sender)["delivery_id"]
    assert readable(signed_in(site, sender, Right("submitter", sender, "lab/visits")), delivery)
    other = signed_in(site, sender, Right("submitter", sender, "lab/notes"))
    assert not readable(other, delivery)


def test_a_body_that_contracts_name_has_open_feeds_only_where_it_is_said(
    station: Station, site: Site, sender: str
) -> None:
    with station.amended("lab/calls", "providers: []", f"providers: [{sender}]"):
        calls, other = (
            station.send(feed, visits(visit("R1")), sender)["delivery_id"] for feed in ("lab/calls", "lab/visits")
        )
        body = named(site, f"{sender}@body.example.org", sender)
        assert offered(body.see("/send")) == {f"{sender}|lab/calls"}
        assert (readable(body, calls), readable(body, other)) == (True, False)
        guest = signed_in(site, sender, Right("submitter", sender, "lab/visits"))
        assert offered(guest.see("/send")) == {f"{sender}|lab/visits"}
        assert (readable(guest, calls), readable(guest, other)) == (False, True)


def test_who_may_send_nothing_is_told_so(site: Site, sender: str) -> None:
    page = named(site, f"{sender}@none.example.org", sender).see("/send")  # its contract named it once
    assert "ne peut encore envoyer" in page
    assert offered(page) == set()


def test_an_administrator_says_who_sends_what(site: Site, sender: str) -> None:
    free = replace(site, policy=replace(site.policy, second_factor=frozenset()))
    admin = signed_in(free, sender, Right("administrator"))
    assert "open:lab/visits" in admin.see("/accounts/new")
    email = f"{sender}@new.example.org".lower()
    form = {"email": email, "name": "Nouvelle", "open:lab/visits": f" {sender} ، {sender}-2,", "open:lab/notes": ""}
    typo = admin.submit("/accounts/new", form | {"open:lab/visits": f"{sender}-9", "officer": "DGSM"})
    assert typo.status_code == 422
    assert "Vouliez-vous dire « DGSN »" in unescape(typo.text)
    assert f'value="{sender}-9"' in typo.text  # nothing is to be typed again
    assert admin.submit("/accounts/new", form | {"new_body": "yes"}).status_code == 200
    with site.transaction() as connection:
        account = accounts.find(connection, email=email)
    assert account is not None
    both = [(sender, "lab/visits"), (f"{sender}-2", "lab/visits")]
    assert [(right.provider, right.feed) for right in account.rights] == both
    page = admin.see(f"/accounts/{account.account_id}")
    assert f'name="open:lab/visits" value="{sender}, {sender}-2"' in page
    own = f"/accounts/{account.account_id}/rights"
    assert admin.submit(own, {"open:lab/visits": sender, "officer": "DGSM"}).status_code == 422
    assert admin.submit(own, {"open:lab/visits": sender, "officer": "DGSN"}).status_code == 303
    wrong = {**form, "email": f"x{email}", "open:lab/visits": "../inbox"}
    assert admin.submit("/accounts/new", wrong).status_code == 422


@pytest.mark.parametrize(
    "right",
    [Right("submitter", "ONG"), Right("submitter", "ONG", "police/victims"), Right("submitter", "../x", "lab/notes"),
     Right("submitter", "", "lab/notes"), Right("steward", "", "lab/notes"), Right("chief"), Right("case_officer"),
     Right("commission", "DGSN")],
)  # fmt: skip
def test_rights_that_cannot_be_are_refused(right: Right) -> None:
    with pytest.raises(UsageFault):
        check_rights([right], ["DGSN"], ["lab/notes"])
    fine = [Right("submitter", "ONG", "lab/notes"), Right("submitter", "DGSN"), Right("steward")]
    assert check_rights(fine, ["DGSN"], ["lab/notes"]) == (fine[1], fine[0], fine[2])
    assert check_rights([Right("case_officer", "ONG")], (), ()) == (Right("case_officer", "ONG"),)
