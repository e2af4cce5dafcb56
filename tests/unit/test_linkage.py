"""Linkage: what is known of a record, which records are compared, what a comparison says, who is one person."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marsad.errors import UsageFault
from marsad.identity.names import Hearing, load_rules
from marsad.linkage.births import read_births
from marsad.linkage.clusters import persons
from marsad.linkage.keys import keys
from marsad.linkage.policy import Policy, load_policy
from marsad.linkage.records import Birth, Record, plain_document, plain_phone, skeletons
from marsad.linkage.scored import Scored
from marsad.linkage.scoring import compare, score
from marsad.settings import PROJECT

RULES = load_rules(PROJECT / "schemas" / "names")
HEARING = Hearing(RULES)
POLICY = load_policy(PROJECT / "schemas")
TODAY = date(2026, 11, 22)
BORN = Birth(1990, 4, 13)


def record(given: str = "", family: str = "", **rest: object) -> Record:
    return replace(Record(HEARING.sounds(given), HEARING.sounds(family)), **rest)  # type: ignore[arg-type]


SHE = record("Fatima", "El Idrissi", birth=BORN, sex="F")

# -- birth dates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "birth"),
    [
        ("13/04/1990", BORN),
        ("1990-04-13", BORN),
        ("١٣/٠٤/١٩٩٠", BORN),
        ("13 avril 1990", BORN),
        ("19900413", BORN),
        ("13/04/90", BORN),
        ("13/04/45", Birth(1945, 4, 13)),  # nobody is born in 2045
        ("1990", Birth(1990)),
        ("04/1990", Birth(1990)),
        ("01/01/1990", Birth(1990)),  # stands for the year in most registers
        ("", None),
        ("inconnue", None),
        ("31/02/1990", None),
        ("01/01/1900", None),
        ("30/12/1899", None),
        ("02/03/1931", Birth(1931, 3, 2)),
    ],
)
def test_a_birth_date_is_read_as_far_as_it_is_known(text: str, birth: Birth | None) -> None:
    assert read_births([text], TODAY) == [birth]


def test_a_column_is_read_month_first_where_only_that_makes_sense() -> None:
    assert read_births(["04/13/1990", "04/05/1990"], TODAY) == [BORN, Birth(1990, 4, 5)]
    assert read_births(["13/04/1990", "04/05/1990"], TODAY) == [BORN, Birth(1990, 5, 4)]


@pytest.mark.parametrize("text", ["+212 6 12-34-56-78", "0612345678", "٠٦١٢٣٤٥٦٧٨", "00212612345678"])
def test_telephone_numbers_meet_however_they_are_written(text: str) -> None:
    assert plain_phone(text) == "12345678"


@pytest.mark.parametrize("text", ["112", "00 00 00 00 00", "0600000000", "inconnu"])
def test_a_telephone_number_that_tells_nobody_apart_is_none(text: str) -> None:
    assert plain_phone(text) == ""


@pytest.mark.parametrize("text", ["A-1", "néant", "PERDU", "en cours", "لا يوجد", "00000000", "XXXXXX"])
def test_a_document_number_that_tells_nobody_apart_is_none(text: str) -> None:
    assert plain_document(text) == ""
    assert plain_document("ab 123-456") == "ab123456"


# -- candidates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        record("فاطمة", "الإدريسي"),
        record("El Idrissi", "Fatima"),
        record("Fatma", "Idrisi", birth=None),
        record("Fatima", "Elidrissi", birth=Birth(1990)),
        record("Fatima", "Alami", birth=Birth(1990)),
        record("Khadija", "Idrissi", birth=Birth(1980, 4, 13)),
        record("Fatima", "", birth=BORN),
        record("Fatima", "Alami", birth=Birth(1990, 4, 13)),
        record("Fadima", "Idrissi Tazi"),
        record("Fatima", "Idrsi"),
    ],
    ids=[
        "script", "reversed", "no date", "year only", "other family name", "year mistyped", "no family name", "married",
        "second family name", "vowel lost",
    ],
)  # fmt: skip
def test_records_of_one_person_share_a_key(other: Record) -> None:
    assert keys(SHE, skeletons(SHE, HEARING)) & keys(other, skeletons(other, HEARING))


def test_a_birth_date_turned_or_a_number_finds_a_record_whatever_its_name() -> None:
    turned = record("Khadija", "Alami", birth=Birth(1990, 5, 4), phone="12345678")
    straight = record("Salma", "Tazi", birth=Birth(1990, 4, 5))
    called = record("Hanane", "", phone="12345678")
    made = [keys(one, skeletons(one, HEARING)) for one in (turned, straight, called)]
    assert made[0] & made[1]
    assert made[0] & made[2]
    assert not made[1] & made[2]


@given(st.text(max_size=20), st.text(max_size=20), st.none() | st.builds(Birth, st.integers(1900, 2026)))
def test_given_and_family_name_may_change_places_in_every_key_but_the_joined(
    one: str, other: str, birth: Birth
) -> None:
    there, back = record(one, other, birth=birth), record(other, one, birth=birth)
    assert {key for key in keys(there, skeletons(there, HEARING)) if key[0] != "j"} == {
        key for key in keys(back, skeletons(back, HEARING)) if key[0] != "j"
    }


def test_an_exchanged_reference_finds_a_record_that_names_nobody() -> None:
    named, unnamed = replace(SHE, cases=("police:pv1",)), Record(cases=("police:pv1", "court:d2"))
    assert keys(named, skeletons(named, HEARING)) & keys(unnamed, skeletons(unnamed, HEARING))


@pytest.mark.parametrize(
    ("age", "on", "year"), [(30, date(2024, 2, 1), 1993), (30, date(2024, 11, 1), 1994), (None, date(2024, 1, 1), None)]
)
def test_an_age_says_about_which_year(age: int | None, on: date, year: int | None) -> None:
    stated = Birth.stated(age, on)
    assert stated == (year and Birth(year, about=True))
    if stated:
        met, born = replace(SHE, birth=stated), replace(SHE, birth=Birth(stated.year + 1, 4, 13))
        assert {key for key in keys(met, skeletons(met, HEARING)) if key[0] == "y"} & keys(
            born, skeletons(born, HEARING)
        )


# -- scores ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scored() -> list[Scored]:
    """SHE against records of her and of others, in one run."""
    return list(score(PEOPLE, POLICY, RULES))


PEOPLE = [
    SHE,
    record("فاطمة", "الإدريسي", birth=Birth(1990), sex="F"),
    record("Idrissi", "Fatima", birth=BORN),
    record("Fatima", "El Idrissi", birth=Birth(1975, 4, 13), sex="M"),
    record("Fatima", "Tazi", birth=BORN, sex="F"),
    record("Karim", "Naciri", birth=Birth(1971, 2, 3), sex="M"),
]


def _between(pairs: list[Scored], left: int, right: int) -> Scored:
    return next(pair for pair in pairs if (pair.left, pair.right) == (left, right))


def _level(pair: Scored, comparison: str) -> str:
    return pair.levels[list(POLICY.comparisons).index(comparison)]


def test_her_records_score_above_those_of_others(scored: list[Scored]) -> None:
    link = POLICY.thresholds.link
    assert all(_between(scored, 0, other).probability > link for other in (1, 2))
    assert not [pair for pair in scored if 5 in {pair.left, pair.right} and pair.probability > link]
    assert all(pair.probability >= POLICY.thresholds.review for pair in scored)


def test_a_pair_says_which_level_each_comparison_reached(scored: list[Scored]) -> None:
    assert _level(_between(scored, 0, 1), "birth_date") == "year_only"
    assert _level(_between(scored, 0, 2), "given_name") == _level(_between(scored, 0, 2), "family_name") == "turned"
    assert _level(_between(scored, 0, 2), "sex") == "blank"
    assert _level(_between(scored, 0, 4), "birth_date") == "same"


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_waterfall_adds_up_to_the_weight_and_is_silent_on_blanks(scored: list[Scored], language: str) -> None:
    for pair in scored:
        steps = list(pair.waterfall(POLICY, language))
        assert sum(step.weight for step in steps) == pytest.approx(pair.weight)
        assert len(steps) == 1 + sum(level != "blank" for level in pair.levels)
        assert all(step.comparison and step.level for step in steps)


def test_weights_are_those_of_the_policy_and_not_learnt(scored: list[Scored]) -> None:
    place = list(POLICY.comparisons).index("birth_date")
    levels = POLICY.comparisons["birth_date"].levels
    assert all(pair.weights[place] == pytest.approx(levels[pair.levels[place]].weight) for pair in scored)


def test_a_common_name_says_less_than_a_rare_one() -> None:
    common, rare = (record(name, "Tazi", birth=BORN) for name in ("Fatima", "Ghizlane"))
    people = [common, common, rare, rare, *[record("Fatima", "Alami")] * 200]
    found = {(pair.left, pair.right): pair for pair in score(people, POLICY, RULES)}
    assert found[2, 3].weights[0] > found[0, 1].weights[0] + 1


def test_a_pair_by_itself_holds_no_prior_and_counts_references_and_ages() -> None:
    met = replace(SHE, birth=Birth(1991, about=True), cases=("police:pv1",), slips=("referral:7",))
    people = [SHE, met, replace(met, slips=("referral:7",), cases=()), replace(met, slips=(), cases=("police:pv2",))]
    found = {(p.left, p.right): p for p in compare(people, [(0, 1), (1, 2), (1, 3)], POLICY, RULES, -99)}
    assert all(pair.weight == pytest.approx(sum(pair.weights)) for pair in found.values())
    assert (_level(found[0, 1], "birth_date"), _level(found[0, 1], "age")) == ("blank", "fits")
    assert [_level(found[1, other], "reference") for other in (2, 3)] == ["slip", "other"]
    assert _level(found[0, 1], "reference") == "blank"
    again = next(compare([met, SHE], [(0, 1)], POLICY, RULES, -99))
    assert (again.weight, again.levels) == (pytest.approx(found[0, 1].weight), found[0, 1].levels)


def test_nobody_is_compared_with_nobody() -> None:
    assert list(score([], POLICY, RULES)) == list(score([SHE], POLICY, RULES)) == []
    assert list(score([Record(), Record()], POLICY, RULES)) == []


# -- persons -----------------------------------------------------------------------------------------------------------


def link(left: int, right: int, weight: float = 10.0, probability: float = 0.99) -> Scored:
    return Scored(left, right, weight, probability, (), ())


def test_sure_links_join_and_others_do_not() -> None:
    people = [record("a")] * 4
    assert persons(people, [link(0, 2), link(2, 3), link(0, 1, 1, 0.5)], 0.9) == [1, 2, 1, 1]


def test_an_impossible_person_is_refused_however_sure_the_links() -> None:
    he, she = Record(sex="M", birth=Birth(1970)), Record(sex="F", birth=Birth(1995))
    assert persons([he, she], [link(0, 1, 30, 0.9999)], 0.9) == [1, 2]
    slip = Record(sex="F", birth=Birth(1971))  # one fault in the sex is a slip
    assert persons([he, slip], [link(0, 1)], 0.9) == [1, 1]


def test_a_record_that_says_little_is_no_bridge_between_two_people() -> None:
    old, young, vague = Record(birth=Birth(1964, 5, 18)), Record(birth=Birth(2014, 12, 21)), Record()
    linked = persons([old, young, vague], [link(0, 2, 9), link(1, 2, 8)], 0.9)
    assert linked == [1, 2, 1]
    assert persons([old, young], [link(0, 1)], 0.9) == [1, 1]  # what links them directly outweighs it


def test_two_victims_of_one_case_of_an_agency_are_two_people() -> None:
    one, other = Record(file="police/victims|DGSN|PV-1"), Record(file="police/victims|DGSN|PV-1")
    assert persons([one, other], [link(0, 1, 30, 0.9999)], 0.9) == [1, 2]
    assert persons([one, replace(other, file="police/victims|DGSN|PV-2")], [link(0, 1)], 0.9) == [1, 1]


def test_an_age_that_was_guessed_is_no_proof_against_a_person() -> None:
    born, guessed, vague = Record(birth=Birth(1990, 5, 4)), Record(birth=Birth(1995, about=True)), Record()
    assert persons([born, guessed, vague], [link(0, 2), link(1, 2)], 0.9) == [1, 1, 1]


def test_what_people_decided_comes_before_the_machine() -> None:
    he, she = Record(sex="M", birth=Birth(1970)), Record(sex="F", birth=Birth(1995))
    assert persons([he, she], [], 0.9, {(0, 1): True}) == [1, 1]
    assert persons([SHE, SHE], [link(0, 1, 30, 0.9999)], 0.9, {(0, 1): False}) == [1, 2]
    assert persons([SHE] * 3, [link(0, 2), link(1, 2)], 0.9, {(0, 1): False}) == [1, 2, 1], "not over a third either"
    assert persons([he, she, he], [], 0.9, {(0, 1): True, (1, 2): True}) == [1, 1, 1]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 40)), max_size=30), st.randoms())
def test_the_order_of_the_pairs_does_not_matter(ends: list[tuple[int, int, int]], chance: random.Random) -> None:
    people = [Record(birth=Birth(1950 + 3 * (n % 4)) if n % 3 else None, sex="MF"[n % 2]) for n in range(10)]
    unique = {(min(a, b), max(a, b)): weight for a, b, weight in ends if a != b}
    pairs = [link(*pair, weight) for pair, weight in unique.items()]
    shuffled = chance.sample(pairs, len(pairs))
    assert persons(people, pairs, 0.9) == persons(people, shuffled, 0.9)


# -- policy ------------------------------------------------------------------------------------------------------------


def test_the_prior_follows_the_number_of_records_and_is_bounded() -> None:
    assert POLICY.prior.of(2) == POLICY.prior.of(3) == POLICY.prior.most
    assert POLICY.prior.of(100_001) == pytest.approx(POLICY.prior.partners / 100_000)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("m: 0.985", "m: 0.5", "comparisons.sex.*the m of all levels add up to 0.515"),
        ("link: 0.9", "link: 1.5", "thresholds.link"),
        ("partners: 0.5", "partner: 0.5", "prior.partner"),
    ],
)
def test_a_wrong_policy_says_where(tmp_path: Path, was: str, becomes: str, said: str) -> None:
    with pytest.raises(UsageFault, match=said):
        changed(tmp_path, was, becomes)


def test_a_level_that_nothing_is_known_to_compare_as_is_refused(tmp_path: Path) -> None:
    policy = changed(tmp_path, "turned: {m: 0.015", "sideways: {m: 0.015")
    with pytest.raises(UsageFault, match="birth_date has no level 'sideways'"):
        list(score([SHE, SHE], policy, RULES))


def changed(folder: Path, was: str, becomes: str) -> Policy:
    path = folder / "policies" / "linkage.yaml"
    path.parent.mkdir()
    shutil.copy(PROJECT / "schemas" / "policies" / "linkage.yaml", path)
    text = path.read_text("utf-8")
    assert was in text
    path.write_text(text.replace(was, becomes), "utf-8")
    return load_policy(folder)
