"""Refused files that a steward admits: their good rows are loaded, once, whoever is killed in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.integration.station import Station, notes, stays, visit, visits

from marsad.errors import UsageFault
from marsad.intake import admission, pipeline, receipts
from marsad.intake.office import Office

REASON, NOTE, ACTOR = "confirmed", "Vu avec l'expéditeur", "steward"
BAD = {"Naissance": "31/02/1990"}
MOSTLY_BAD = visits(visit("A1"), visit("A2", **BAD), visit("A3", **BAD))


def decide(station: Station, receipt: dict, reason: str = REASON) -> None:
    """What a steward does on a page."""
    with station.office.engine.begin() as connection:
        admission.decide(connection, receipt["delivery_id"], reason, NOTE, ACTOR, station.office.clock())


def admit(station: Station, receipt: dict) -> dict:
    return pipeline.admit(station.office, receipt["delivery_id"], REASON, NOTE, ACTOR)


def records(station: Station, sender: str) -> list[str]:
    return [record for (record,) in station.state("lab/visits", sender, "record_id")]


def test_good_rows_are_loaded_and_the_receipt_says_why(station: Station, sender: str) -> None:
    refused = station.send("lab/visits", MOSTLY_BAD, sender)
    assert (refused["status"], "admitted" in refused, records(station, sender)) == ("refused", False, [])
    receipt = admit(station, refused)
    assert (receipt["status"], receipt["admitted"]) == ("accepted_with_findings", REASON)
    assert (receipt["rows_read"], receipt["rows_accepted"], receipt["rows_quarantined"]) == (3, 1, 2)
    assert receipt["supersedes"] == refused["delivery_id"]
    assert records(station, sender) == ["A1"]
    assert set(station.findings(receipt)) == {"birth_date.readable", "delivery.admitted"}
    waiting = "SELECT count(*) FROM quarantine.record WHERE delivery_id::text = :id AND corrected_by IS NULL"
    assert [station.one(waiting, id=told["delivery_id"]) for told in (refused, receipt)] == [0, 2]
    (event,) = station.rows(
        "SELECT actor, detail FROM audit.event WHERE action = 'delivery.admitted' AND object = :id",
        id=refused["delivery_id"],
    )
    assert event == {"actor": ACTOR, "detail": {"reason": REASON}}
    station.assert_whole()


def test_admitting_again_and_sending_again_change_nothing(station: Station, sender: str) -> None:
    receipt = admit(station, refused := station.send("lab/visits", MOSTLY_BAD, sender))
    before = station.counts()
    assert admit(station, refused) == admit(station, receipt) == receipt
    decide(station, refused, "known_change")
    pipeline.drain(station.office.settings, "lab/visits")
    assert station.counts() == before
    again = station.send("lab/visits", MOSTLY_BAD, sender)
    assert (again["status"], again["first"]) == ("duplicate", receipt)
    assert receipts.exit_code(again) == 1
    correction = station.send("lab/visits", visits(visit("A2", "03/02/2024")), sender)
    assert correction["rows_accepted"] == 1
    assert records(station, sender) == ["A1", "A2"]


def test_what_was_decided_is_done_by_the_next_drain(station: Station, sender: str) -> None:
    refused = station.send("lab/visits", MOSTLY_BAD, sender)
    decide(station, refused)
    assert records(station, sender) == []
    assert pipeline.drain(station.office.settings, "lab/visits").rows_accepted == 1
    assert records(station, sender) == ["A1"]
    assert admit(station, refused)["admitted"] == REASON


def test_a_decision_outlives_a_changed_contract(station: Station, sender: str) -> None:
    refused = station.send("lab/visits", MOSTLY_BAD, sender)
    decide(station, refused)
    with station.amended("lab/visits", "providers: []", "providers: []\n      refuse_above: 0.1"):
        (receipt,) = pipeline.rejudge(station.office, refused["delivery_id"])
        assert (receipt["status"], receipt["admitted"]) == ("accepted_with_findings", REASON)
        assert station.send("lab/visits", MOSTLY_BAD, sender)["first"] == receipt
    (again,) = pipeline.rejudge(station.office, receipt["delivery_id"])
    assert (again["status"], again["admitted"]) == ("accepted_with_findings", REASON)
    assert records(station, sender) == ["A1"]


@pytest.mark.parametrize("name", ["unreadable", "column missing", "empty", "accepted", "judged again"])
def test_what_cannot_be_admitted_says_so(station: Station, sender: str, name: str) -> None:
    without_key = MOSTLY_BAD.replace("Numéro", "Divers")
    contents = {"unreadable": "Colonne;Autre\r\n1;2\r\n", "column missing": without_key, "empty": visits()}
    receipt = station.send("lab/visits", contents.get(name, visits(visit("A1"))), sender)
    assert (receipt["status"] == "refused") is (name in contents)
    if name == "judged again":
        receipt = station.send("lab/visits", MOSTLY_BAD, sender)
        with station.amended("lab/visits", "providers: []", "providers: []\n      refuse_above: 0.1"):
            assert len(pipeline.rejudge(station.office, receipt["delivery_id"])) == 1
    with pytest.raises(UsageFault, match="only a file whose rows were read"):
        admit(station, receipt)
    assert (
        station.one("SELECT count(*) FROM ops.admission WHERE delivery_id::text = :id", id=receipt["delivery_id"]) == 0
    )


def test_a_file_without_a_good_row_stays_refused(station: Station, sender: str) -> None:
    receipt = admit(station, station.send("lab/visits", visits(visit("A1", **BAD)), sender))
    assert (receipt["status"], receipt["rows_accepted"]) == ("refused", 0)
    assert set(station.findings(receipt)) == {"birth_date.readable", "delivery.refused_share"}


def test_a_retracted_file_is_admitted_no_more(station: Station, sender: str) -> None:
    refused = station.send("lab/visits", MOSTLY_BAD, sender)
    pipeline.retract(station.office, admit(station, refused)["delivery_id"], ACTOR)
    assert records(station, sender) == []
    with pytest.raises(UsageFault):
        admit(station, refused)
    pipeline.drain(station.office.settings, "lab/visits")
    assert records(station, sender) == []
    assert station.send("lab/visits", MOSTLY_BAD, sender)["status"] == "refused"


@contextmanager
def critical(station: Station, feed: str, rule: str) -> Iterator[None]:
    """An installation whose suite refuses files that break a rule on the whole delivery."""
    path = station.office.settings.expectation_dirs[0] / f"{feed}.json"
    text = path.read_text("utf-8")
    suite = json.loads(text)
    (entry,) = (e for e in suite["expectations"] if e["meta"]["rule"] == rule)
    path.write_text(json.dumps(suite | {"expectations": [
        {**e, "severity": "critical"} if e is entry else e for e in suite["expectations"]]}), "utf-8")  # fmt: skip
    office = station.office
    station.office = Office.open(office.settings, office.clock)
    try:
        yield
    finally:
        path.write_text(text, "utf-8")
        station.office = office


def test_a_list_that_drops_most_records_is_admitted(station: Station, sender: str) -> None:
    station.send("lab/stays", stays("2024-02-01", s1="A", s2="A", s3="A"), sender)
    with critical(station, "lab/stays", "delivery.withdrawn"):
        refused = station.send("lab/stays", stays("2024-02-02", s1="A"), sender)
        assert refused["status"] == "refused"
        assert station.state("lab/stays", sender, "record_id") == [("s1",), ("s2",), ("s3",)]
        receipt = admit(station, refused)
    assert set(station.findings(receipt)) >= {"delivery.withdrawn", "delivery.admitted"}
    assert station.state("lab/stays", sender, "record_id") == [("s1",)]


def test_of_a_feed_without_versions_the_bytes_count_as_when_they_came(station: Station, sender: str) -> None:
    header, good, bad = notes(n1="A").partition("n1")[0], "n1;A;1\r\n", "n2;A;viele\r\nn3;A;viele\r\n"
    refused = station.send("lab/notes", header + good + bad, sender)
    station.send("lab/notes", notes(n1="B"), sender)
    assert admit(station, refused)["rows_accepted"] == 1
    assert station.state("lab/notes", sender, "shelter") == [("B",)]
