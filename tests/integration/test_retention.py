"""What goes when: exactly what the policy says, nothing that is held, with proof; and one person's whole file."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from pypdf import PdfReader
from tests.integration.station import VISITS_OR_NOT, Station, csv, visits, withdrawn_visit
from tests.integration.test_erasure import FEED, FIRST, HERS, OTHER, assert_gone, fresh, met_twice, readable, woman

from marsad import audit
from marsad.errors import PlatformFault, PolicyRefusal, UsageFault
from marsad.identity.keys import KeyDestroyed
from marsad.intake import pipeline
from marsad.intake.office import Office
from marsad.intake.proof import verify_trail
from marsad.linkage import decisions, linker
from marsad.linkage.stock import Key
from marsad.register import erasure, holds, retention, subject

__all__ = ["fresh"]
PERSON = "SELECT person_id::text FROM link.record WHERE provider = :p AND record_id = :r"
CORRECTED = visits(woman("V1", "Salma Bouzid", "05/05/2024"))


def later(station: Station, days: int) -> None:
    station.office.clock.now += timedelta(days=days)


def due(station: Station) -> dict[str, int]:
    return retention.due(station.office, retention.load_policy(station.office.settings.schemas)).counts


def nothing(**but: int) -> dict[str, int]:
    return {"landed": 0, "quarantined": 0, "identities": 0, "persons": 0, "referrals": 0} | but


def test_each_thing_goes_in_its_time_and_nothing_else(fresh: Station) -> None:
    policy = retention.load_policy(fresh.office.settings.schemas)
    (first,) = [fresh.send(FEED, FIRST, "A")]
    later(fresh, policy.landing.accepted_days - 1)
    assert due(fresh) == nothing()
    fresh.send(FEED, CORRECTED, "A")
    later(fresh, 2)
    assert due(fresh) == nothing(landed=1)
    assert retention.apply(fresh.office) == nothing(landed=1, unreached=0)
    assert due(fresh) == nothing()
    with pytest.raises(KeyDestroyed):
        pipeline.rejudge(fresh.office, first["delivery_id"])
    with fresh.amended(FEED, "maximum: 30", "maximum: 40"):
        assert pipeline.rejudge(fresh.office, FEED) == [], "what is gone is left out"
    later(fresh, policy.quarantine.corrected_days)
    assert due(fresh) == nothing(quarantined=1)
    assert retention.apply(fresh.office)["quarantined"] == 1
    later(fresh, policy.vault.replaced_days)
    assert due(fresh)["identities"] == 1
    assert HERS[0] in readable(fresh)
    retention.apply(fresh.office)
    held = readable(fresh)
    assert HERS[0] not in held
    assert "Salma Bouzid" in held
    assert OTHER in held
    counts = fresh.one("SELECT detail FROM audit.event WHERE action = 'retention.applied' ORDER BY seq DESC LIMIT 1")
    assert counts["policy"] == policy.version
    assert counts["identities"] == 1
    assert verify_trail(fresh.office) == []


def test_a_run_that_is_killed_in_the_middle_has_said_what_it_took(
    fresh: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = retention.load_policy(fresh.office.settings.schemas)
    fresh.send(FEED, FIRST, "A")
    later(fresh, policy.landing.accepted_days + 1)

    def killed(*_: object) -> None:
        raise PlatformFault("the machine went off")

    with monkeypatch.context() as patch:
        patch.setattr(retention.vault, "destroy", killed)
        with pytest.raises(PlatformFault):
            retention.apply(fresh.office)
    assert retention.apply(fresh.office)["landed"] == 0, "it is gone"
    told = fresh.rows("SELECT action, detail FROM audit.event WHERE action LIKE 'retention.%' ORDER BY seq")
    assert [(one["action"], one["detail"]["landed"]) for one in told] == [("retention.begun", 1)]
    assert verify_trail(fresh.office) == []


def test_persons_of_long_ago_are_erased(fresh: Station) -> None:
    person = met_twice(fresh)
    later(fresh, 366 * retention.load_policy(fresh.office.settings.schemas).vault.persons_years)
    fresh.send(FEED, visits(woman("V2", OTHER, "05/05/2044")), "A")
    linker.link(fresh.office)
    assert due(fresh)["persons"] == 1
    assert retention.apply(fresh.office)["persons"] == 1
    assert_gone(fresh, person)
    assert due(fresh) == nothing()


def test_a_referral_ends_by_itself_and_what_was_said_of_it_stays(fresh: Station) -> None:
    person, now = str(uuid4()), fresh.office.clock()
    with fresh.office.engine.begin() as connection:
        for receiver, said in (("ONG", None), ("CHU", "accepted"), ("Foyer", "declined")):
            values = {"to": receiver, "said": said, "person": person, "at": now}
            connection.execute(sa.text(_REFERRAL), values)
    terms = retention.load_policy(fresh.office.settings.schemas).referrals
    later(fresh, terms.unanswered_days - 1)
    assert due(fresh) == nothing()
    later(fresh, 2)
    assert due(fresh) == nothing(referrals=1)
    assert retention.apply(fresh.office)["referrals"] == 1
    later(fresh, terms.answered_days - terms.unanswered_days)
    assert retention.apply(fresh.office)["referrals"] == 1
    rows = fresh.rows("SELECT to_provider, answer, answered_at = sent_at AS kept, ended_by FROM register.referral")
    assert {tuple(row.values()) for row in rows} == {
        ("ONG", "lapsed", False, None), ("CHU", "accepted", True, "retention"), ("Foyer", "declined", True, None)
    }  # fmt: skip
    noted = fresh.rows("SELECT action, object FROM audit.event WHERE action LIKE 'referral.%' ORDER BY seq")
    assert [(row["action"], row["object"]) for row in noted] == [
        ("referral.lapsed", person), ("referral.ended", person)
    ]  # fmt: skip
    assert due(fresh)["referrals"] == 0


_REFERRAL = """
    INSERT INTO register.referral (referral_id, feed, provider, record_id, person_id, to_provider, kind, sent_at,
        sent_by, answer, answered_at, answered_by)
    SELECT uuidv7(), 'lab/visits', 'A', 'V1', CAST(:person AS uuid), :to, 'medical', moment, 'account:x', said,
        CASE WHEN said <> '' THEN moment END, CASE WHEN said <> '' THEN 'account:y' END
    FROM (SELECT CAST(:said AS text) AS said, CAST(:at AS timestamptz) AS moment) AS told
"""


def test_a_hold_stands_above_all(fresh: Station) -> None:
    person = met_twice(fresh)
    holds.place(fresh.office, person, "court_order", "tester")
    later(fresh, 366 * 20)
    left = due(fresh)
    assert (left["persons"], left["landed"], left["quarantined"]) == (1, 0, 0), "the other woman alone"
    with pytest.raises(PolicyRefusal, match="court_order"):
        erasure.erase(fresh.office, person, "own_request", "tester")
    retention.apply(fresh.office)
    assert all(name in readable(fresh) for name in HERS)
    holds.lift(fresh.office, person, "tester")
    assert due(fresh)["landed"] == 2
    for wrong in (lambda: holds.lift(fresh.office, person, "x"), lambda: holds.place(fresh.office, person, "why", "x")):
        with pytest.raises(UsageFault):
            wrong()


def test_a_hold_goes_with_her_records_wherever_linkage_takes_them_and_so_does_her_file(
    fresh: Station, tmp_path: Path
) -> None:
    for content, provider in ((FIRST, "A"), (visits(woman("W1", "Salma Bouzid")), "B")):
        fresh.send(FEED, content, provider)
        linker.link(fresh.office)
    pair = (Key(FEED, "A", "V1"), Key(FEED, "B", "W1"))
    held, other = (fresh.one(PERSON, p=provider, r=number) for _, provider, number in sorted(pair, reverse=True))
    holds.place(fresh.office, held, "investigation", "tester")
    decisions.decide(fresh.office, [pair], "tester", same=True)
    linker.link(fresh.office)
    assert fresh.one(PERSON, p="B", r="W1") == other, "hers is the younger, which ends"
    assert_told(fresh, held, other, tmp_path / "her.json")
    with pytest.raises(PolicyRefusal, match="investigation"):
        erasure.erase(fresh.office, other, "own_request", "tester")
    fresh.send(FEED, csv(VISITS_OR_NOT, withdrawn_visit("W1", "05/05/2024")), "B")
    linker.link(fresh.office)
    later(fresh, 366 * 20)
    retention.apply(fresh.office)
    assert "Salma Bouzid" in readable(fresh), "withdrawn, and held all the same"
    assert OTHER not in readable(fresh)


def assert_told(station: Station, before: str, person: str, out: Path) -> None:
    """Her file is found by the id of before, and tells of every look, reviewers' too."""
    contents = {row["record_id"]: row["content_id"] for row in station.rows("SELECT * FROM link.record")}
    about = {"before": before, "since": person, "review": f"pair:{contents['W1']}-{contents['V1']}",
             "of others": f"pair:{contents['V2']}-{max(contents.values()) + 1}"}  # fmt: skip
    with station.office.engine.begin() as connection:
        for who, what in about.items():
            audit.append(connection, who, "identity.seen", what, {}, station.office.clock())
    assert subject.hand_out(station.office, before, "own_request", "tester", out) == 2
    told = json.loads(out.read_text("utf-8"))
    assert told["person"] == person
    seen = [look["actor"] for look in told["looked_at"] if look["action"] == "identity.seen"]
    assert seen == ["before", "since", "review"]


def test_a_held_delivery_keeps_whom_it_speaks_of(fresh: Station) -> None:
    person = met_twice(fresh)
    held = fresh.one("SELECT delivery_id::text FROM ops.delivery WHERE provider = 'A'")
    holds.place(fresh.office, held, "complaint", "tester")
    with pytest.raises(PolicyRefusal, match="complaint"):
        erasure.erase(fresh.office, person, "own_request", "tester")
    later(fresh, 366 * 20)
    assert due(fresh) == nothing(landed=1), "the other agency's file alone"
    retention.apply(fresh.office)
    assert all(name in readable(fresh) for name in (*HERS, OTHER))


def test_a_replaced_state_goes_though_its_record_is_sent_each_month_and_comes_back_if_it_counts_again(
    fresh: Station,
) -> None:
    days = retention.load_policy(fresh.office.settings.schemas).vault.replaced_days
    for month, name in enumerate((HERS[0], "Salma Bouzid", "Salma Bouzid")):
        assert due(fresh)["identities"] == 0
        fresh.send(FEED, visits(woman("V1", name, f"0{month + 1}/02/2024")), "A")
        later(fresh, days - 1)
    assert due(fresh)["identities"] == 1
    retention.apply(fresh.office)
    assert HERS[0] not in readable(fresh)
    fresh.send(FEED, visits(woman("V1", HERS[0], "05/02/2024")), "A")
    assert HERS[0] in readable(fresh)


def test_a_file_that_speaks_of_who_was_erased_goes_earlier(fresh: Station) -> None:
    person = met_twice(fresh)
    erasure.erase(fresh.office, person, "own_request", "tester")
    later(fresh, retention.load_policy(fresh.office.settings.schemas).landing.erased_days + 1)
    assert due(fresh)["landed"] == 2


def test_one_person_gets_all_that_is_held_of_her_and_of_nobody_else(fresh: Station, tmp_path: Path) -> None:
    person = met_twice(fresh)
    fresh.send(FEED, visits(woman("V1", "Zqxvarkine Idrissi", "05/05/2024")), "A")
    linker.link(fresh.office)
    out = tmp_path / "her.json"
    assert subject.hand_out(fresh.office, person, "own_request", "tester", out) == 2
    assert out.stat().st_mode & 0o077 == 0
    text = out.read_text("utf-8")
    assert all(name in text for name in (*HERS, "Zqxvarkine Idrissi"))
    assert OTHER not in text
    told = json.loads(text)
    (at_first,) = [record for record in told["records"] if record["provider"] == "A"]
    assert [state["counts_now"] for state in at_first["states"]] == [False, True]
    assert at_first["states"][1]["data"][0]["sex"] == "F"
    assert len(told["refused"]) == 1
    assert fresh.one("SELECT detail->>'reason' FROM audit.event WHERE action = 'subject.opened'") == "own_request"
    subject.hand_out(fresh.office, person, "court_order", "tester", tmp_path / "her.html")
    shown = (tmp_path / "her.html").read_text("utf-8")
    assert all(name in shown for name in HERS)
    assert "subject.opened" in shown, "who looked is part of it"
    subject.hand_out(fresh.office, person, "guardian", "tester", tmp_path / "her.pdf")
    printed = "".join(page.extract_text() for page in PdfReader(tmp_path / "her.pdf").pages)
    assert all(name in printed for name in HERS)
    assert OTHER not in printed


def test_a_wrong_contract_is_in_the_way_of_erasing_only_while_records_wait_for_it(
    fresh: Station, tmp_path: Path
) -> None:
    person = met_twice(fresh)
    fresh.send(FEED, visits(woman("V3", "Salma Bouzid")), "A")
    own = fresh.office.settings.contract_dirs[0] / f"{FEED}.yaml"
    sound = own.read_text("utf-8")
    break_contract(fresh, own)
    with pytest.raises(UsageFault, match=f"nothing was erased: records of {FEED} wait"):
        erasure.erase(fresh.office, person, "own_request", "tester")
    assert HERS[0] in readable(fresh)
    own.write_text(sound, "utf-8")
    break_contract(fresh, own.with_name("wrong.yaml"))
    with pytest.raises(UsageFault):
        linker.link(fresh.office)
    erasure.erase(fresh.office, person, "own_request", "tester")
    subject.hand_out(fresh.office, person, "own_request", "tester", tmp_path / "after.json")
    assert not [name for name in HERS if name in (tmp_path / "after.json").read_text("utf-8")]


def break_contract(station: Station, path: Path) -> None:
    path.write_text("nothing: of this", "utf-8")
    station.office = Office.open(station.office.settings, station.office.clock)


@pytest.mark.parametrize(
    ("reason", "name"), [("curiosity", "x.json"), ("own_request", "x.txt"), ("own_request", "there.json")]
)
def test_nobody_is_opened_by_a_slip(fresh: Station, tmp_path: Path, reason: str, name: str) -> None:
    person = met_twice(fresh)
    (tmp_path / "there.json").write_text("{}")
    with pytest.raises(UsageFault):
        subject.hand_out(fresh.office, person, reason, "tester", tmp_path / name)
    assert fresh.one("SELECT count(*) FROM audit.event WHERE action = 'subject.opened'") == 0
