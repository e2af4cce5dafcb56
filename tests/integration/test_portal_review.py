"""Clerical review in the pages: identities only for who reviews, gives codes and says why; every look audited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from tests.integration.portal_site import Browser, add_account, events, give_codes, looked, site_over
from tests.integration.station import Station, visit, visits

from marsad.linkage import linker, review
from marsad.portal import asking
from marsad.portal.accounts import FOR_A_BODY, ROLES, Right
from marsad.portal.site import Site

FEED = "lab/visits"
NAMES = iter(("Fatima Zahra El Idrissi", "Khadija Naciri", "Salma Bouzid", "Houda Lamrani", "Ghizlane Tazi",
              "Widad Kettani", "Nezha Squalli", "Ibtissam Ouazzani"))  # fmt: skip


@pytest.fixture(scope="module")
def site(station: Station) -> Iterator[Site]:
    made = site_over(station)
    # Signing in is told elsewhere: here everybody who gives codes has a session that is complete.
    yield replace(made, policy=replace(made.policy, second_factor=frozenset()))
    made.engine.dispose()


def signed_in(site: Site, name: str, *roles: str, codes: bool = True) -> Browser:
    rights = [Right(role, "S1" if role in FOR_A_BODY else "") for role in roles]
    account_id = add_account(site, f"{name}@review.example.org".lower(), *rights)
    browser = Browser(site)
    assert browser.sign_in(f"{name}@review.example.org".lower()).headers["location"] == "/"
    browser.account_id = account_id  # type: ignore[attr-defined]
    if codes:
        give_codes(site, account_id)
    return browser


@pytest.fixture
def name(station: Station) -> str:
    """A woman of whom two records wait in the queue."""
    name = next(NAMES)
    for born in ("13/04/1990", "02/06/1971"):
        station.send(FEED, visits(visit("V1", Nom=name, Naissance=born)), station.sender())
    linker.link(station.office)
    return name


@pytest.fixture
def pair(station: Station, name: str) -> str:
    """The address of these two."""
    row = station.rows("SELECT left_content, right_content FROM link.review ORDER BY left_content DESC LIMIT 1")[0]
    return f"/review/{row['left_content']}-{row['right_content']}"


def open_pair(browser: Browser, pair: str, reason: str = "queue") -> str:
    browser.see(pair)
    return str(browser.submit(pair, {"reason": reason}).text)


def ask(site: Site, browser: Browser, pair: str, **more: str) -> object:
    """What the process says to a question that no page has looked at."""
    numbers = [int(number) for number in pair.rpartition("/")[2].split("-")]
    return site.looker({"session": browser.cookies["marsad_session"], "pair": numbers, "language": "fr", **more})


def test_two_reviewers_compare_and_decide(station: Station, site: Site, name: str, pair: str, sender: str) -> None:
    first, second = (signed_in(site, f"{sender}-{who}", "reviewer") for who in ("one", "two"))
    assert pair in first.see("/review")
    closed = first.see(pair)
    assert name not in closed
    assert 'name="said"' not in closed, "nobody answers unseen"
    assert first.submit(pair, {"reason": "curiosity"}).status_code == 400
    opened = open_pair(first, pair)
    assert name not in first.see(pair), "loaded again, the page is closed and asks for a reason"
    assert opened.count(f">{name}<") == 2
    for told in ("13/04/1990", "02/06/1971", "identique ou de même prononciation", "Avant comparaison", "≠"):
        assert told in opened
    assert re.search(r"<bdi>\+12\.\d</bdi>", opened), "the weight of the same whole name"
    assert "Aucune page ne montre" not in opened
    assert first.submit(f"{pair}/answer", {"said": "same"}).status_code == 303
    assert first.get(pair).status_code == 404, "who answered sees it no more"
    assert name not in open_pair(first, pair)
    assert ask(site, first, pair, reason="queue") == ask(site, first, pair, said="different") == {"fault": "UsageFault"}
    assert "même personne" in open_pair(second, pair, "agency").lower()
    assert second.submit(f"{pair}/answer", {"said": "same"}).status_code == 303
    linker.link(station.office)
    assert pair not in signed_in(site, f"{sender}-three", "reviewer").see("/review")
    numbers = [int(number) for number in pair.rpartition("/")[2].split("-")]
    assert station.one("SELECT count(DISTINCT person_id) FROM link.record WHERE content_id = ANY(:n)", n=numbers) == 1
    about = {"object": f"pair:{pair.rpartition('/')[2]}"}
    looks = [event for event in events(station, "identity.seen") if event["object"] == about["object"]]
    assert [(event["actor"], event["detail"]["reason"]) for event in looks] == [
        (f"account:{first.account_id}", "queue"), (f"account:{second.account_id}", "agency")  # type: ignore[attr-defined]
    ]  # fmt: skip
    assert [event["actor"] for event in events(station, "review.decided") if event["object"] == about["object"]] == [
        f"account:{second.account_id}"  # type: ignore[attr-defined]
    ]
    station.assert_whole()


def test_an_answer_leads_to_the_next_pair_which_is_closed(site: Site, name: str, pair: str, sender: str) -> None:
    reviewer = signed_in(site, f"{sender}-next", "reviewer")
    open_pair(reviewer, pair, "check")
    following = reviewer.submit(f"{pair}/answer", {"said": "unknown"}).headers["location"]
    assert following == "/review" or re.fullmatch(r"/review/\d+-\d+", following)
    assert 'name="said"' not in reviewer.see(following)
    assert reviewer.submit(f"{pair}/answer", {"said": "unknown"}).status_code == 404


def test_nobody_else_gets_a_page_or_a_value(site: Site, name: str, pair: str, sender: str) -> None:
    for role in [role for role in ROLES if role != "reviewer"]:
        other = signed_in(site, f"{sender}-{role}", role)
        for path in ("/review", pair):
            assert other.get(path).status_code == 403, (role, path)
        assert other.submit(pair, {"reason": "queue"}).status_code == 403
        assert other.submit(f"{pair}/answer", {"said": "same"}).status_code == 403
        assert other.get("/review-progress").status_code == (200 if role == "steward" else 403)
        assert ask(site, other, pair, reason="queue") == ask(site, other, pair, said="same") == {"fault": "UsageFault"}


def test_the_process_trusts_no_page(station: Station, site: Site, name: str, pair: str, sender: str) -> None:
    nothing = {"fault": "UsageFault"}
    reviewer = signed_in(site, f"{sender}-own", "reviewer")
    careless = signed_in(site, f"{sender}-careless", "reviewer", codes=False)
    assert ask(site, careless, pair, reason="queue") == ask(site, careless, pair, said="same") == nothing
    assert name not in open_pair(careless, pair)
    for reason in ("", "curiosity"):
        assert ask(site, reviewer, pair, reason=reason) == nothing
    contents = station.rows("SELECT content_id FROM link.record ORDER BY content_id LIMIT 2")
    linked = "-".join(str(row["content_id"]) for row in contents[::-1])
    assert ask(site, reviewer, f"/review/{linked}", reason="queue") == nothing, "only what is asked is opened"
    for token in ("", "x" * 43):
        numbers = [int(number) for number in pair.rpartition("/")[2].split("-")]
        assert site.looker({"session": token, "pair": numbers, "language": "fr", "reason": "queue"}) == nothing
    for state in ("complete = false", "seen_at = seen_at - interval '1 year'", "started_at = 'epoch'"):
        with station.office.engine.begin() as connection:
            statement = f"UPDATE portal.session SET {state} WHERE account_id = :id"
            connection.execute(sa.text(statement), {"id": reviewer.account_id})  # type: ignore[attr-defined]
        assert ask(site, reviewer, pair, reason="queue") == nothing
    assert [event for event in events(station, "identity.seen") if pair.endswith(event["object"][5:])] == []


def test_nobody_compares_more_pairs_than_the_policy_allows(
    station: Station, site: Site, name: str, pair: str, sender: str
) -> None:
    reviewer = signed_in(site, f"{sender}-fast", "reviewer")
    looked(station, reviewer, "identity.seen", "pair:1-2", review.load_policy(site.settings.schemas).compared.most)
    reviewer.see(pair)
    told = reviewer.submit(pair, {"reason": "queue"})
    assert (told.status_code, "ce refus est consigné" in told.text, name in told.text) == (429, True, False)
    *_, refused = events(station, "look.refused")
    assert refused["object"] == f"pair:{pair.rpartition('/')[2]}"


def test_what_cannot_be_opened_or_taken_is_told(site: Site, name: str, pair: str, sender: str) -> None:
    reviewer = signed_in(site, f"{sender}-away", "reviewer")
    silent = Browser(replace(site, looker=asking.over(site.settings.place("run") / "nowhere.sock")))
    silent.cookies = reviewer.cookies
    silent.see(pair)
    page = silent.submit(pair, {"reason": "queue"})
    assert (page.status_code, "pas votre faute" in page.text, name in page.text) == (503, True, False)
    assert silent.submit(f"{pair}/answer", {"said": "same"}).status_code == 409
    assert reviewer.submit(f"{pair}/answer", {"said": "perhaps"}).status_code == 400
    for odd in ("/review/1", "/review/1-2-3", "/review/a-b", "/review/1-2"):
        assert reviewer.get(odd).status_code == 404


def test_a_pair_of_a_feed_without_a_contract_is_not_offered_to_be_opened(site: Site, pair: str, sender: str) -> None:
    reviewer = signed_in(site, f"{sender}-strange", "reviewer")
    catalog = site.shelf.catalog
    shelf = SimpleNamespace(catalog=replace(catalog, contracts={}), titles={}, providers=[])
    partly = Browser(replace(site, shelf=shelf))  # type: ignore[arg-type]
    partly.cookies = reviewer.cookies
    page = partly.see(pair)
    assert ("pas de contrat valable pour lab/visits" in page, 'name="reason"' in page) == (True, False)


def test_a_long_queue_comes_in_pages_and_a_steward_sees_counts(station: Station, site: Site, sender: str) -> None:
    steward, reviewer = signed_in(site, f"{sender}-chief", "steward"), signed_in(site, f"{sender}-many", "reviewer")
    with station.office.engine.begin() as connection:
        connection.execute(sa.text(_MANY))
    try:
        seen, path = set(), "/review"
        for _ in range(3):
            page = reviewer.see(path)
            rows = set(re.findall(r"/review/9\d+-9\d+", page))
            assert rows
            assert not rows & seen
            seen |= rows
            path = re.findall(r'href="(/review\?after=[^"]+)"', page)[0]
        assert "1000 paires attendent" in page
        with site.transaction() as connection:
            assert f"{review.backlog(connection):,}".replace(",", "\u202f") in steward.see("/review-progress")
        bound = {"by": "x", "most": 20, "worth": 1.5, "left": 1, "right": 1}
        plan = str(station.rows(f"EXPLAIN {review._WAITING.text}", **bound))  # noqa: SLF001
        assert "review_worth" in plan, "a page reads its own rows, not the whole queue"
    finally:
        with station.office.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM link.review WHERE left_content >= 900000000"))


_MANY = """
    INSERT INTO link.review SELECT gen_random_uuid(), gen_random_uuid(), 'lab/visits', 'A', n::text, 'lab/visits', 'B',
        n::text, 900000000 + n, 900000000 + n, 0, 0.5, 1 + n % 3, 0.5 * (1 + n % 3) FROM generate_series(1, 5000) AS n
"""
