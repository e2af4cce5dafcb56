"""The register's pages: each account sees the persons it may, none sees a name, and every look is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.integration.portal_site import Browser, events, give_codes, looked, signed_in, site_over
from tests.integration.station import Station, visit, visits

from marsad import audit
from marsad.errors import PlatformFault
from marsad.linkage import linker
from marsad.portal.accounts import Right
from marsad.portal.site import Site
from marsad.register import erasure, opened, referrals
from marsad.register.refresh import refresh
from marsad.warehouse import own_persons

FEED = "lab/visits"
NAMES = ("Idrissi", "الإدريسي", "Naciri", "Fatima", "Khadija")


@pytest.fixture(scope="module")
def site(station: Station) -> Iterator[Site]:
    made = site_over(station)
    made = replace(made, policy=replace(made.policy, second_factor=frozenset()))  # asked for in test_sign_in
    station.send(FEED, visits(_woman("V1", "Fatima Zahra El Idrissi", "13/04/1990"),
                              _woman("V2", "Khadija Naciri", "02/11/1984")), "A")  # fmt: skip
    station.send(FEED, visits(_woman("W1", "فاطمة الزهراء الإدريسي", "13/04/1990")), "B")
    linker.link(station.office)
    with station.office.engine.begin() as connection:
        connection.execute(sa.text(_CONSENT), {"person": person(station, "A", "V1")})
    refresh(station.office)
    yield made
    made.engine.dispose()


_CONSENT = """
    UPDATE core.victim v SET consent = 'given', consent_on = '2024-02-01'
    FROM link.record r WHERE r.content_id = v.content_id AND r.person_id = CAST(:person AS uuid)
"""


def _woman(number: str, name: str, born: str) -> list[object]:
    return visit(number, "01/02/2024", Nom=name, Naissance=born)


def person(station: Station, provider: str, number: str) -> str:
    query = "SELECT person_id::text FROM link.person_record WHERE (provider, record_id) = (:provider, :number)"
    return str(station.one(query, provider=provider, number=number))


def test_an_officer_sees_the_persons_whom_her_body_knows(station: Station, site: Site) -> None:
    both, alone = person(station, "A", "V1"), person(station, "A", "V2")
    assert person(station, "B", "W1") == both
    first = signed_in(site, "A", Right("case_officer", "A"))
    second = signed_in(site, "B", Right("case_officer", "B"))
    assert {each in first.see("/persons") for each in (both, alone)} == {True}
    shown = second.see("/persons")
    assert both in shown
    assert alone not in shown
    assert second.get(f"/persons/{alone}").status_code == 404
    told = second.get(f"/persons/{both}")
    assert told.status_code == 200
    assert ("W1" in told.text, "V1" in told.text) == (True, False), "what others call her is not hers to know"
    assert second.get("/waiting").status_code == 403
    looks = [(event["actor"], event["object"]) for event in events(station, "person.viewed")]
    assert (f"account:{second.account_id}", both) in looks  # type: ignore[attr-defined]
    assert alone not in {seen for _, seen in looks}


def test_a_query_without_a_filter_shows_whom_the_session_may_see(station: Station, site: Site) -> None:
    both, alone = person(station, "A", "V1"), person(station, "A", "V2")
    officer, commission = signed_in(site, "B", Right("case_officer", "B")), signed_in(site, "C", Right("commission"))

    def seen(role: str, browser: Browser | None) -> set[str]:
        with site.seeing(role, browser.cookies["marsad_session"] if browser else "") as connection:
            return set(connection.execute(sa.text("SELECT person_id::text FROM register.person")).scalars())

    assert seen("case_officer", officer) == {both}
    assert seen("commission", commission) == {both, alone}
    for role, browser in (("commission", officer), ("case_officer", commission), ("commission", None)):
        assert seen(role, browser) == set(), "a role alone shows nobody"
    with pytest.raises(ZeroDivisionError), site.seeing("commission", commission.cookies["marsad_session"]):
        1 / 0  # noqa: B018
    with pytest.raises(PlatformFault), site.transaction() as connection:
        connection.execute(sa.text("SELECT person_id FROM register.person"))


def test_the_commission_sees_the_register_and_nobody_a_name(station: Station, site: Site) -> None:
    browser = signed_in(site, "C", Right("commission"))
    paths = ["/persons", "/waiting", *(f"/persons/{person(station, 'A', each)}" for each in ("V1", "V2"))]
    for language in ("fr", "ar", "en"):
        browser.submit("/language", {"language": language, "back": "/"})
        for path in paths:
            answer = browser.get(path)
            assert answer.status_code == 200, path
            assert not [name for name in NAMES if name in answer.text], path
            assert language != "ar" or ", <bdi>" not in answer.text, "a comma of another script"


def test_a_person_is_found_by_the_number_of_a_record(station: Station, site: Site) -> None:
    first = signed_in(site, "A", Right("case_officer", "A"))
    first.see("/persons")
    found = first.submit("/persons", {"number": " V1 "}).text
    assert person(station, "A", "V1") in found
    assert person(station, "A", "V2") not in found
    assert person(station, "A", "V1") not in first.submit("/persons", {"number": "W1"}).text, "a number of another body"
    second = signed_in(site, "B", Right("case_officer", "B"))
    second.see("/persons")
    assert person(station, "A", "V2") not in second.submit("/persons", {"number": "V2"}).text


def ask(site: Site, browser: Browser, person: str, reason: str = "assistance") -> object:
    """What the process says to a question that no page has looked at."""
    question = {"session": browser.cookies["marsad_session"], "person": person, "reason": reason, "language": "fr"}
    return site.looker(question)


NOTHING = {"fault": "UsageFault"}


def test_an_identity_is_opened_for_a_reason_as_far_as_the_own_body_told_it(station: Station, site: Site) -> None:
    both = f"/persons/{person(station, 'A', 'V1')}"
    first, second = (signed_in(site, body, Right("case_officer", body)) for body in "AB")
    commission = signed_in(site, "C", Right("commission"))
    for browser, reason, name, other in (
        (first, "assistance", "Fatima Zahra El Idrissi", "فاطمة الزهراء"),
        (second, "referral", "فاطمة الزهراء الإدريسي", "Fatima"),
        (commission, "authority", "Fatima Zahra El Idrissi", "فاطمة الزهراء"),
    ):
        give_codes(site, browser.account_id)  # type: ignore[attr-defined]
        assert name not in browser.see(both)
        told = browser.submit(both, {"reason": reason}).text
        assert f">{name}<" in told
        assert ">13/04/1990<" in told
        assert other not in told
        assert name not in browser.see(both), "once for each reason given"
    looks = [(event["actor"], event["detail"]) for event in events(station, "identity.seen")
             if both.endswith(event["object"])]  # fmt: skip
    assert looks == [
        (f"account:{browser.account_id}", {"reason": reason, "records": records})  # type: ignore[attr-defined]
        for browser, reason, records in (
            (first, "assistance", 1),
            (second, "referral", 1),
            (commission, "authority", 2),
        )
    ]
    station.assert_whole()


def test_no_identity_without_consent_reason_codes_or_right(station: Station, site: Site) -> None:
    both, alone = person(station, "A", "V1"), person(station, "A", "V2")
    officer, other = (signed_in(site, body, Right("case_officer", body)) for body in "AB")
    assert ask(site, officer, both) == NOTHING, "no one-time codes"
    for browser in (officer, other):
        give_codes(site, browser.account_id)  # type: ignore[attr-defined]
    page = officer.see(f"/persons/{alone}")
    assert "pas consenti" in page
    assert 'name="reason"' not in page
    assert ask(site, officer, alone) == NOTHING
    assert "Naciri" not in officer.submit(f"/persons/{alone}", {"reason": "assistance"}).text
    for reason in ("", "curiosity"):
        assert ask(site, officer, both, reason) == NOTHING
        assert officer.submit(f"/persons/{both}", {"reason": reason}).status_code == 400
    assert ask(site, other, alone) == NOTHING
    other.see(f"/persons/{both}")
    assert other.submit(f"/persons/{alone}", {"reason": "assistance"}).status_code == 404
    for role in ("steward", "reviewer", "administrator"):
        stranger = signed_in(site, role, Right(role))
        give_codes(site, stranger.account_id)  # type: ignore[attr-defined]
        assert ask(site, stranger, both) == NOTHING
        assert stranger.submit(f"/persons/{both}", {"reason": "assistance"}).status_code == 403
    assert alone not in {event["object"] for event in events(station, "identity.seen")}


def test_a_person_is_found_by_name_in_either_script_by_who_may_open_her(station: Station, site: Site) -> None:
    both, alone = person(station, "A", "V1"), person(station, "A", "V2")
    first, second = (signed_in(site, body, Right("case_officer", body)) for body in "AB")
    commission = signed_in(site, "C", Right("commission"))
    for browser in (first, second, commission):
        give_codes(site, browser.account_id)  # type: ignore[attr-defined]
        browser.see("/persons")
        for name, born in (("idrissi FATIMA", ""), ("فاطمة الإدريسي", "1990"), ("Fatma", "1990")):
            told = browser.submit("/persons/named", {"name": name, "born": born, "reason": "referral"}).text
            assert both in told, name
            assert name not in told
    assert browser.get("/persons/named").headers["location"] == "/persons", "another language was chosen there"
    for name, born in (("Khadija Naciri", ""), ("Khadija", "1990")):
        told = commission.submit("/persons/named", {"name": name, "born": born, "reason": "referral"}).text
        assert (both in told, alone in told) == (False, False), "another woman, and one who did not consent"
    assert commission.submit("/persons/named", {"name": "Fatima Idrissi", "reason": "curiosity"}).status_code == 400
    third = signed_in(site, "D", Right("case_officer", "D"))
    question = {"session": third.cookies["marsad_session"], "name": "Fatima Idrissi", "born": "", "reason": "referral"}
    assert site.looker(question) == NOTHING, "no one-time codes"
    give_codes(site, third.account_id)  # type: ignore[attr-defined]
    assert site.looker(question) == {"persons": []}
    searches = events(station, "person.searched")
    assert {event["object"] for event in searches} == {"register"}
    assert searches[0]["detail"] == {"reason": "referral", "found": 1}


def test_nobody_opens_or_searches_more_than_the_policy_allows(station: Station, site: Site) -> None:
    both, limits = person(station, "A", "V1"), opened.load_looks(site.settings.schemas).limits
    officer, other = (signed_in(site, "A", Right("case_officer", "A")) for _ in range(2))
    for browser in (officer, other):
        give_codes(site, browser.account_id)  # type: ignore[attr-defined]
        browser.see(f"/persons/{both}")
    looked(station, officer, "identity.seen", both, limits.opened.most, ago=limits.opened.window)
    looked(station, officer, "identity.seen", both, limits.opened.most - 1)
    looked(station, officer, "person.searched", "register", limits.searched.most - 1)
    asked = {"name": "Fatima Idrissi", "born": "1990", "reason": "referral"}
    hers = f"/persons/{both}"
    for path, said, shows in ((hers, {"reason": "assistance"}, "Fatima Zahra"), ("/persons/named", asked, both)):
        assert shows in officer.submit(path, said).text, "the last of this hour"
        told = officer.submit(path, said)
        assert (told.status_code, "ce refus est consigné" in told.text, "Fatima" in told.text) == (429, True, False)
        assert shows in other.submit(path, said).text, "each account has its own"
    refused = [(event["object"], event["detail"]["kind"]) for event in events(station, "look.refused")
               if event["actor"] == f"account:{officer.account_id}"]  # type: ignore[attr-defined]  # fmt: skip
    assert refused == [(both, "opened"), ("register", "searched")]
    station.assert_whole()


def test_looks_at_one_moment_count_each_other(station: Station, site: Site) -> None:
    both, limit = person(station, "A", "V1"), opened.load_looks(site.settings.schemas).limits.opened
    officer = signed_in(site, "A", Right("case_officer", "A"))
    give_codes(site, officer.account_id)  # type: ignore[attr-defined]
    looked(station, officer, "identity.seen", both, limit.most - 1)
    with ThreadPoolExecutor() as pool:
        with station.office.engine.begin() as connection:  # another process, which has not written its look down yet
            values = {"who": f"account:{officer.account_id}"}  # type: ignore[attr-defined]
            connection.execute(sa.text("SELECT audit.looks(:who, 'opened', now())"), values)
            second = pool.submit(ask, site, officer, both)
            while not station.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"):
                assert not second.done(), "it did not wait"
            audit.append(connection, values["who"], "identity.seen", both, {}, site.clock())
        assert second.result() == {"fault": "PolicyRefusal"}


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


def test_nobody_is_offered_the_identity_of_an_erased_person(station: Station, site: Site) -> None:  # last: she is gone
    both = person(station, "A", "V1")
    officer, commission = signed_in(site, "B", Right("case_officer", "B")), signed_in(site, "C", Right("commission"))
    helper = signed_in(site, "Late", Right("case_officer", "Late"))
    said = {"sender": "B", "receiver": "Late", "kind": "medical"}
    officer.see(f"/persons/{both}")
    assert officer.submit(f"/persons/{both}/referrals", said).status_code == 303
    assert helper.get(f"/persons/{both}").status_code == 200
    assert "Ouvrir son identité" in commission.see(f"/persons/{both}")
    erasure.erase(station.office, both, "own_request", "tester")
    for browser in (officer, commission):
        page = browser.see(f"/persons/{both}")
        assert "Son identité a été effacée" in page
        assert "Ouvrir son identité" not in page
        assert "avec son consentement" not in page
    assert helper.get(f"/persons/{both}").status_code == 404, "nor is she shown any more to whom she was sent"
    assert officer.submit(f"/persons/{both}/referrals", {**said, "kind": "shelter"}).status_code == 409
