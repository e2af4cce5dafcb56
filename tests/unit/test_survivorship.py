"""Who is believed for what: the policy's order, then days, then keys; consent; which status counts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marsad.errors import UsageFault
from marsad.linkage.stock import Key
from marsad.register.policy import load_survivorship
from marsad.register.survivorship import Decision, Statement, believed, current
from marsad.settings import PROJECT
from marsad.warehouse.register_tables import FIELDS

SCHEMAS = PROJECT / "schemas"
POLICY = load_survivorship(SCHEMAS)
POLICE, COURT, NGO, BORDER = "police/victims", "justice/victims", "ngo/assistance", "customs/detections"
SPEAKING = {name: frozenset({POLICE, NGO}) for name in POLICY.identity}
NOTHING = dict.fromkeys(("birth_year", *FIELDS))


def said(feed: str, number: str = "1", on: date | None = date(2024, 3, 1), **values: object) -> Statement:
    consent = {name: values.pop(name) for name in ("consent", "consent_on") if name in values}
    return Statement(Key(feed, "P", number), on, {**NOTHING, **values}, **consent)  # type: ignore[arg-type]


def decided(feed: str, status: str, on: date | None, body: str, replaced: str | None = None) -> Decision:
    return Decision(Key(feed, "P", "1"), 1, "2024", status, on, body, replaced)


def sources(person: object, field: str) -> list[str]:
    return [source.key.feed for source in person.sources if source.field == field]  # type: ignore[attr-defined]


def test_the_policy_says_who_is_believed_then_the_latest_day() -> None:
    early, late = date(2024, 1, 1), date(2024, 6, 1)
    one = believed([said(NGO, on=late, sex="M"), said(POLICE, on=early, sex="F")], POLICY, SPEAKING)
    assert (one.values["sex"], sources(one, "sex")) == ("F", [POLICE])
    one = believed([said(NGO, "1", early, sex="M"), said(NGO, "2", late, sex="F")], POLICY, SPEAKING)
    assert one.values["sex"] == "F"
    one = believed([said(POLICE, on=late, minor="no"), said(BORDER, on=early, minor="yes")], POLICY, SPEAKING)
    assert one.values["minor"] == "yes", "a minor when she was first met"


def test_unknown_gives_way_to_whoever_knows_and_is_kept_where_nobody_does() -> None:
    one = believed([said(POLICE, sex="U"), said(NGO, sex="F")], POLICY, SPEAKING)
    assert (one.values["sex"], sources(one, "sex")) == ("F", [NGO])
    assert believed([said(POLICE, sex="U")], POLICY, SPEAKING).values["sex"] == "U"
    assert believed([said(POLICE)], POLICY, SPEAKING).values["sex"] is None


def test_all_forms_of_exploitation_are_kept_and_one_citizenship_believed() -> None:
    one = believed(
        [said(NGO, exploitation_form=["sexual"], citizenship=["CIV"]),
         said(POLICE, exploitation_form=["begging", "sexual"], citizenship=["SEN"])], POLICY, SPEAKING,
    )  # fmt: skip
    assert one.values["exploitation_form"] == ["begging", "sexual"]
    assert sources(one, "exploitation_form") == [POLICE, NGO]
    assert one.values["citizenship"] == ["SEN"]


@pytest.mark.parametrize(
    ("words", "purpose"),
    [
        ([("given", date(2024, 1, 1))], "assistance"),
        ([("given_by_guardian", None)], "assistance"),
        ([], "statistics"),
        ([("not_asked", date(2024, 1, 1))], "statistics"),
        ([("given", date(2024, 1, 1)), ("refused", date(2024, 2, 1))], "statistics"),
        ([("refused", date(2024, 1, 1)), ("given", date(2024, 2, 1))], "assistance"),
        ([("given", date(2024, 2, 1)), ("withdrawn", date(2024, 2, 1))], "statistics"),
        ([("refused", None), ("given", date(2024, 2, 1))], "statistics"),
    ],
)
def test_her_last_word_decides_and_without_it_no_record_of_an_identity_is_named(
    words: list[tuple[str, date | None]], purpose: str
) -> None:
    records = [said(POLICE, "0", None)]
    records += [said(NGO, str(n), None, consent=word, consent_on=on) for n, (word, on) in enumerate(words, 1)]
    one = believed(records, POLICY, SPEAKING)
    assert one.purpose == purpose
    named = {source.field for source in one.sources if source.identity}
    assert named == (set(POLICY.identity) if purpose == "assistance" else set())


def test_records_that_hold_no_identity_are_not_opened_for_one() -> None:
    one = believed([said(BORDER, consent="given"), said(NGO), said(POLICE)], POLICY, SPEAKING)
    assert sources(one, "name") == [POLICE, NGO]


def test_a_court_is_believed_before_a_later_report_and_a_pending_case_says_nothing() -> None:
    police = decided(POLICE, "presumed", date(2024, 5, 1), "police")
    court = decided(COURT, "confirmed", date(2024, 4, 1), "court")
    assert current([police, court], POLICY) is court
    assert current([police, replace(court, status="pending")], POLICY) is police
    assert current([police, replace(court, replaced="2025")], POLICY) is police
    assert current([replace(court, replaced="2025")], POLICY) is None


RECORDS = st.lists(
    st.builds(
        lambda feed, number, on, sex, consent: said(feed, number, on, sex=sex, consent=consent),
        st.sampled_from([POLICE, COURT, NGO, BORDER, "lab/other"]), st.sampled_from("123"),
        st.sampled_from([None, date(2024, 1, 1), date(2024, 2, 2)]), st.sampled_from([None, "F", "M", "U"]),
        st.sampled_from([None, "given", "refused", "not_asked"]),
    ),
    unique_by=lambda one: one.key, max_size=6,
)  # fmt: skip


@given(RECORDS, st.randoms())
def test_the_order_of_records_changes_nothing(records: list[Statement], chance: object) -> None:
    other = list(records)
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert believed(records, POLICY, SPEAKING) == believed(other, POLICY, SPEAKING)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  sex: {believe", "  shoe_size: {believe", "fields must be these"),
        ("day: first}", "day: once}", "day"),
        ("concepts: [birth_date]", "concepts: [sex]", "'sex' is no field of a victim's identity"),
        ("owner: ", "owned_by: ", "owned_by"),
    ],
)
def test_a_wrong_policy_is_told_by_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    (tmp_path / "policies").mkdir()
    path = Path(shutil.copy(SCHEMAS / "policies" / "survivorship.yaml", tmp_path / "policies"))
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(UsageFault, match=told):
        load_survivorship(tmp_path)
