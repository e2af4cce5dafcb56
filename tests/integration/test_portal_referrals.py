"""Referrals in the pages: sent, answered, withdrawn and ended, each once, by who may, all dated and audited."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from tests.integration.portal_site import events, give_codes, signed_in
from tests.integration.station import Station
from tests.integration.test_portal_persons import NOTHING, ask, person, site

from marsad.portal.accounts import Right
from marsad.portal.site import Site
from marsad.register import referrals
from marsad.warehouse import own_persons

__all__ = ["site"]


def test_a_referral_is_sent_seen_and_answered(station: Station, site: Site) -> None:
    both = f"/persons/{person(station, 'A', 'V1')}"
    sender, other = (signed_in(site, body, Right("case_officer", body)) for body in "AB")
    helper, clinic = (signed_in(site, body, Right("case_officer", body)) for body in ("ONG", "CHU"))
    assert helper.get(both).status_code == 404
    assert "<option>ONG</option>" in sender.see(both)
    for body in ("ONG", "CHU"):
        said = {"sender": "A", "receiver": body, "kind": "medical"}
        assert sender.submit(f"{both}/referrals", said).headers["location"] == both
        again = sender.submit(f"{both}/referrals", said)
        assert (again.status_code, "déjà envoyée" in again.text) == (409, True), "it waits for an answer"
    (asked,) = re.findall(r'action="(/referrals/[^"]+)"', helper.see("/referrals"))
    told = helper.get(both)
    assert (told.status_code, "V1" in told.text, "W1" in told.text) == (200, False, False)
    give_codes(site, helper.account_id)  # type: ignore[attr-defined]
    assert ask(site, helper, both.rpartition("/")[2]) == NOTHING, "her identity is not sent along"
    assert other.submit(asked, {"said": "accepted"}).status_code == 409, "not theirs to answer"
    assert helper.submit(asked, {"said": "perhaps"}).status_code == 409
    assert helper.submit(asked, {"said": "accepted"}).headers["location"] == "/referrals"
    assert helper.submit(asked, {"said": "declined"}).status_code == 409, "nobody answers twice"
    (declined,) = re.findall(r'action="(/referrals/[^"]+)"', clinic.see("/referrals"))
    assert clinic.submit(declined, {"said": "declined"}).status_code == 303
    assert clinic.get(both).status_code == 404, "who declines sees her no more"
    assert "déclinée" in clinic.see("/referrals")
    assert "CHU" not in helper.see("/referrals"), "what is others' is part of her path alone"
    path = sender.see(both)
    for word in ("<strong>Orientée vers</strong> – ONG", "Soins médicaux – acceptée", "Soins médicaux – déclinée"):
        assert word in path
    noted = {action: [event["actor"] for event in events(station, f"referral.{action}")]
             for action in ("sent", "accepted", "declined")}  # fmt: skip
    a, ong, chu = (f"account:{who.account_id}" for who in (sender, helper, clinic))  # type: ignore[attr-defined]
    assert noted == {"sent": [a, a], "accepted": [ong], "declined": [chu]}
    for change, status in zip(_CHANGES, (404, 200, 404, 200), strict=True):
        with station.office.engine.begin() as connection:
            connection.execute(sa.text(change), {"person": both.rpartition("/")[2]})
        assert helper.get(both).status_code == status, "as long as she consents, and the record counts by which it was"


_CHANGES = (
    "UPDATE register.person SET purpose = 'statistics' WHERE person_id = CAST(:person AS uuid)",
    "UPDATE register.person SET purpose = 'assistance' WHERE person_id = CAST(:person AS uuid)",
    "UPDATE register.record SET record_id = 'other' WHERE person_id = CAST(:person AS uuid) AND record_id = 'V1'",
    "UPDATE register.record SET record_id = 'V1' WHERE person_id = CAST(:person AS uuid) AND record_id = 'other'",
)


def test_the_sender_withdraws_what_nobody_answered(
    station: Station, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = f"/persons/{person(station, 'A', 'V1')}"
    sender, shelter = (signed_in(site, body, Right("case_officer", body)) for body in ("A", "Foyer"))
    sender.see(both)
    said = {"sender": "A", "receiver": "Foyer", "kind": "shelter"}
    assert sender.submit(f"{both}/referrals", said).status_code == 303
    assert shelter.get(both).status_code == 200
    (sent,) = re.findall(r'action="(/referrals/[^"]+)"', shelter.see("/referrals"))
    assert shelter.submit(sent, {"said": "withdrawn"}).status_code == 409, "not theirs to withdraw"
    assert sender.submit(sent, {"said": "accepted"}).status_code == 409, "nor the sender's to accept"
    assert sent in sender.see("/referrals")
    assert sender.submit(sent, {"said": "withdrawn"}).status_code == 303
    assert shelter.get(both).status_code == 404
    assert shelter.submit(sent, {"said": "accepted"}).status_code == 409
    assert sender.submit(f"{both}/referrals", said).status_code == 303, "it may be sent again"
    monkeypatch.setattr(referrals, "SHOWN", 1)
    assert ("?skip=1" in shelter.see("/referrals"), "?skip=" in shelter.see("/referrals?skip=1")) == (True, True)
    assert "retirée" in shelter.see("/referrals?skip=1"), "what waits stands first"
    (noted,) = events(station, "referral.withdrawn")
    assert noted["actor"] == f"account:{sender.account_id}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("ends", [0, 1], ids=["the sender", "the receiver"])
def test_either_body_ends_what_was_accepted(station: Station, site: Site, ends: int) -> None:
    both, receiver = f"/persons/{person(station, 'A', 'V1')}", f"Fin{ends}"
    sender, helper, other = (signed_in(site, body, Right("case_officer", body)) for body in ("A", receiver, "B"))
    sender.see(both)
    sender.submit(f"{both}/referrals", {"sender": "A", "receiver": receiver, "kind": "material"})
    (sent,) = re.findall(r'action="(/referrals/[^"]+)"', helper.see("/referrals"))
    other.see("/referrals")
    assert helper.submit(sent, {"said": "ended"}).status_code == 409, "nobody accepted it"
    assert helper.submit(sent, {"said": "accepted"}).status_code == 303
    assert other.submit(sent, {"said": "ended"}).status_code == 409, "not theirs"
    assert helper.get(both).status_code == 200
    ender = (sender, helper)[ends]
    assert sent in ender.see("/referrals")
    assert ender.submit(sent, {"said": "ended"}).status_code == 303
    assert helper.get(both).status_code == 404
    assert ender.submit(sent, {"said": "ended"}).status_code == 409
    for page in (helper.see("/referrals"), sender.see("/referrals"), sender.see(both)):
        assert re.search(r"acceptée <bdi>[\d/]+</bdi> – terminée <bdi>[\d/]+</bdi>", page), "both days stay"
    *_, noted = events(station, "referral.ended")
    assert noted["actor"] == f"account:{ender.account_id}"  # type: ignore[attr-defined]


def test_a_referral_that_is_sent_twice_at_the_same_moment_is_sent_once(station: Station, site: Site) -> None:
    both = f"/persons/{person(station, 'A', 'V1')}"
    sender = signed_in(site, "A", Right("case_officer", "A"))
    signed_in(site, "Twice", Right("case_officer", "Twice"))
    sender.see(both)
    said = {"sender": "A", "receiver": "Twice", "kind": "medical"}
    with ThreadPoolExecutor() as pool:
        with site.transaction() as connection:
            own_persons.prove(connection, sender.cookies["marsad_session"])
            assert referrals.refer(connection, both.rpartition("/")[2], *said.values(), "other tab", site.clock())
            second = pool.submit(sender.submit, f"{both}/referrals", said)
            while not station.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"):
                assert not second.done(), "it did not see the first, which is not committed"
        assert (second.result().status_code, "déjà envoyée" in second.result().text) == (409, True)
    assert station.one("SELECT count(*) FROM register.referral WHERE to_provider = 'Twice'") == 1


def test_only_who_consented_is_referred_and_by_the_own_body(station: Station, site: Site) -> None:
    both, alone = (f"/persons/{person(station, 'A', number)}/referrals" for number in ("V1", "V2"))
    sender, commission = signed_in(site, "A", Right("case_officer", "A")), signed_in(site, "C", Right("commission"))
    signed_in(site, "ONG2", Right("case_officer", "ONG2"))
    good = {"sender": "A", "receiver": "ONG2", "kind": "legal"}
    sender.see("/persons")
    for path, said, status in (
        (alone, good, 409), (both, {**good, "sender": "B"}, 409), (both, {**good, "kind": "anything"}, 400),
        (both, {**good, "receiver": "nobody"}, 400), (both, {**good, "receiver": "A"}, 409),
    ):  # fmt: skip
        assert sender.submit(path, said).status_code == status, said
    commission.see("/persons")
    assert commission.submit(both, good).status_code == 403
    assert station.rows("SELECT 1 FROM register.referral WHERE kind = 'legal'") == []
