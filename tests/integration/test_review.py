"""Clerical review below the pages: what is asked, of whom, and that what people decide is stronger than the machine."""

from __future__ import annotations

import json

import pytest
from tests.integration.station import VISITS_OR_NOT, Station, csv, visit, visits, withdrawn_visit

from marsad.errors import UsageFault
from marsad.linkage import decisions, linker, review
from marsad.linkage.review import Agree, Policy, Question
from marsad.linkage.stock import Key
from marsad.policies import Limit

FEED = "lab/visits"
NAMES = iter((
    "Fatima Zahra El Idrissi", "Khadija Naciri", "Salma Bouzid", "Houda Lamrani", "Ghizlane Tazi", "Widad Kettani",
    "Nezha Squalli", "Ibtissam Ouazzani", "Rkia Amellal", "Touria Benhima", "Loubna Daoudi", "Asmae Filali",
))  # fmt: skip
TWO = Policy(
    owner="o",
    decided="d",
    reasons=["queue"],
    compared=Limit(most=1000, minutes=60),
    agree=[Agree.model_validate({"from": 0.0, "same": 2, "different": 2})],
)
Pair = tuple[Key, Key]


def woman(name: str, born: str, sent: str = "01/02/2024") -> str:
    return visits(visit("V1", sent, Nom=name, Naissance=born))


@pytest.fixture
def pair(station: Station) -> Pair:
    """Two records in the grey zone: one name, births nineteen years apart. No other test's records are like them."""
    name, senders = next(NAMES), (station.sender(), station.sender())
    for sender, born in zip(senders, ("13/04/1990", "02/06/1971"), strict=True):
        station.send(FEED, woman(name, born), sender)
    linker.link(station.office)
    return Key(FEED, senders[0], "V1"), Key(FEED, senders[1], "V1")


def asked(station: Station, actor: str, pair: Pair) -> Question | None:
    with station.office.engine.connect() as connection:
        waiting = review.questions(connection, actor, 1000)
        assert len(waiting) == review.waiting(connection, actor)
    return next((one for one in waiting if {one.left, one.right} == set(pair)), None)


def say(station: Station, question: Question | None, said: str, actor: str, policy: Policy = TWO) -> str:
    assert question is not None
    with station.office.engine.begin() as connection:
        return review.answer(connection, question, said, actor, policy, station.office.clock())


def persons(station: Station, *keys: Key) -> int:
    """Of how many persons these records are, after another run of linkage."""
    linker.link(station.office)
    query = "SELECT person_id FROM link.record WHERE feed = :feed AND provider = :provider AND record_id = :record_id"
    return len({station.one(query, **key._asdict()) for key in keys})


def test_two_people_who_say_the_same_join_and_one_is_not_enough(station: Station, pair: Pair) -> None:
    question = asked(station, "a", pair)
    assert question is not None
    assert TWO.decision(question.probability, {"same": 1}) is None
    assert say(station, question, "same", "a") == "noted"
    assert persons(station, *pair) == 2
    assert asked(station, "a", pair) is None, "nobody is asked twice"
    with pytest.raises(UsageFault, match="twice"):
        say(station, question, "same", "a")
    assert say(station, asked(station, "b", pair), "same", "b") == "decided"
    assert asked(station, "c", pair) is None
    assert persons(station, *pair) == 1
    assert asked(station, "c", pair) is None


def test_two_who_say_different_keep_apart_whatever_the_machine_learns_later(station: Station, pair: Pair) -> None:
    for actor in ("a", "b"):
        say(station, asked(station, actor, pair), "different", actor)
    station.send(FEED, woman(_name(station, pair[0]), "13/04/1990", "03/03/2024"), pair[1].provider)
    assert persons(station, *pair) == 2, "now name and birth agree, and people are stronger"
    assert asked(station, "c", pair) is None


def _name(station: Station, key: Key) -> str:
    """The name of a record, from the vault."""
    ids = [row["id"] for row in station.rows(
        "SELECT delivery_id::text AS id FROM ops.delivery WHERE provider = :p", p=key.provider)]  # fmt: skip
    return str(json.loads(station.opened("vault", ids)[0])["full_name"])


def test_who_does_not_know_leaves_it_to_somebody_else(station: Station, pair: Pair) -> None:
    for actor in ("a", "b"):
        assert say(station, asked(station, actor, pair), "unknown", actor) == "noted"
        assert asked(station, actor, pair) is None
    question = asked(station, "c", pair)
    assert question is not None
    assert question.answers == 2
    assert persons(station, *pair) == 2


def test_where_two_disagree_a_third_is_asked(station: Station, pair: Pair) -> None:
    assert say(station, asked(station, "a", pair), "same", "a") == "noted"
    assert say(station, asked(station, "b", pair), "different", "b") == "noted"
    assert say(station, asked(station, "c", pair), "same", "c") == "decided"
    assert persons(station, *pair) == 1


def test_the_policy_says_how_many_must_agree(station: Station, pair: Pair) -> None:
    policy = review.load_policy(station.office.settings.schemas)
    question = asked(station, "a", pair)
    assert question is not None
    assert question.probability < 0.5
    assert say(station, question, "different", "a", policy) == "decided"
    likely = policy.agree[0].at_least
    assert policy.decision(likely, {"different": 1}) is None
    assert policy.decision(likely, {"same": 1}) is None
    assert policy.decision(0.0, {"same": 1}) is None


def test_a_decision_may_be_taken_back_and_both_are_kept(station: Station, pair: Pair) -> None:
    ends = {"one": pair[0].provider, "other": pair[1].provider}
    decisions.decide(station.office, [pair], "first", same=True)
    assert persons(station, *pair) == 1
    decisions.decide(station.office, [pair], "second", same=False)
    assert persons(station, *pair) == 2
    query = "SELECT same FROM link.decision WHERE left_provider = :one AND right_provider = :other ORDER BY decision_id"
    assert [row["same"] for row in station.rows(query, **ends)] == [True, False]
    for role, table in (("linker", "decision"), ("linker", "vote"), ("looker", "decision"), ("looker", "vote")):
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            assert not station.one(f"SELECT has_table_privilege('marsad_{role}', 'link.{table}', '{right}')")


def test_what_was_corrected_or_withdrawn_is_asked_no_longer(station: Station, pair: Pair) -> None:
    question = asked(station, "a", pair)
    station.send(FEED, woman("Zoubida Chraibi Alami", "07/09/2001", "03/03/2024"), pair[0].provider)
    linker.link(station.office)
    assert asked(station, "a", pair) is None
    with pytest.raises(UsageFault, match="no longer asked"):
        say(station, question, "same", "a")
    station.send(FEED, csv(VISITS_OR_NOT, withdrawn_visit("V1", "04/04/2024")), pair[1].provider)
    linker.link(station.office)
    assert asked(station, "a", pair) is None


def test_another_record_of_hers_asks_one_question_which_joins_more(station: Station, pair: Pair) -> None:
    say(station, asked(station, "a", pair), "unknown", "a")
    other = station.sender()
    station.send(FEED, woman(_name(station, pair[0]), "13/04/1990"), other)
    assert persons(station, pair[0], Key(FEED, other, "V1")) == 1
    question = asked(station, "b", pair)
    assert question is not None, "the pair that somebody looked at already"
    assert (question.joins, question.answers) == (2, 1)
    assert asked(station, "b", (Key(FEED, other, "V1"), pair[1])) is None


def test_a_join_that_would_make_an_impossible_person_is_asked(station: Station) -> None:
    name, senders = next(NAMES), [station.sender() for _ in range(3)]
    for sender, born in zip(senders, ("13/04/1990", "13/04/1993", "13/05/1993"), strict=True):
        station.send(FEED, woman(name, born), sender)
    keys = [Key(FEED, sender, "V1") for sender in senders]
    assert persons(station, *keys) == 2
    link = linker.load_policy(station.office.settings.schemas).thresholds.link
    question = _among(station, keys)
    assert question.probability >= link
    assert link / 2 < question.place.worth < link, "of two pairs of their records one speaks for it"
    for actor in ("a", "b"):
        say(station, question, "same", actor)
    assert persons(station, question.left, question.right) == 1
    for actor in ("a", "b"):  # the births of the other two are apart still, so of these the machine asks again
        say(station, _among(station, keys), "same", actor)
    assert persons(station, *keys) == 1


def _among(station: Station, keys: list[Key]) -> Question:
    """The one question about these records; as somebody sees it who has answered none."""
    with station.office.engine.connect() as connection:
        waiting = review.questions(connection, "nobody yet", 1000)
    (question,) = [one for one in waiting if {one.left, one.right} <= set(keys)]
    return question


def test_the_queue_comes_in_pages_likeliest_first(station: Station, pair: Pair) -> None:
    with station.office.engine.connect() as connection:
        whole = review.questions(connection, "z", 1000)
        paged, after = [], None
        while found := review.questions(connection, "z", 1, after):
            paged += found
            after = found[-1].place
    assert paged == whole
    assert [one.place.worth for one in whole] == sorted((one.place.worth for one in whole), reverse=True)
    assert len(whole) > 1


def test_backlog_and_agreement_are_counted(station: Station, pair: Pair) -> None:
    with station.office.engine.connect() as connection:
        before = review.progress(connection, [0.01, 0.9])
    say(station, asked(station, "a", pair), "same", "a")
    say(station, asked(station, "b", pair), "different", "b")
    with station.office.engine.connect() as connection:
        after = review.progress(connection, [0.01, 0.9])
        assert after.waiting == review.backlog(connection)
    assert (after.compared, after.agreed) == (before.compared + 1, before.agreed)
    unlikely = after.bands[-1]
    assert (unlikely.waiting, unlikely.begun) == (before.bands[-1].waiting, before.bands[-1].begun + 1)
