"""Judged again under other terms, and withdrawn: the bytes say what they are read as now, and nothing counts twice."""

from __future__ import annotations

import pytest
from tests.integration.station import NOTES, STAYS, Station, csv, notes, stays, visit, visits

from marsad.errors import UsageFault
from marsad.intake import pipeline

SHELTER = ("record_id", "shelter")
WAITING = """
    SELECT q.row FROM quarantine.record q JOIN ops.delivery d USING (delivery_id)
    WHERE d.provider = :p AND q.corrected_by IS NULL ORDER BY q.row
"""
SENT_ON = "      - name: sent_on\n        logicalType: date\n        required: true\n"


def test_retracting_one_month_leaves_the_same_bytes_of_another(station: Station, sender: str):
    content = notes(r1="A")
    sent = [station.send("lab/rolls", content, sender, f"liste 2024-0{month}.csv") for month in (1, 2)]
    pipeline.retract(station.office, sent[1]["delivery_id"], "tester")
    statuses = "SELECT status FROM ops.delivery WHERE provider = :p ORDER BY seq"
    assert [row["status"] for row in station.rows(statuses, p=sender)] == ["accepted", "retracted"]
    assert station.state("lab/rolls", sender, "record_id", "period") == [("r1", "2024-01")]


def test_a_contract_that_takes_more_from_names_still_replaces_its_own_readings(station: Station, sender: str):
    """What was read from the same bytes under the older contract does not stay beside the new reading."""
    content = notes(r1="A", r2="B")
    station.send("lab/rolls", content, sender, "liste 2024-01.csv")
    with station.amended("lab/rolls", r"(\d{4}-\d{2})", r"(\d{4}-\d)"):
        station.send("lab/rolls", content, sender, "liste 2024-01.csv")
        assert station.state("lab/rolls", sender, "record_id", "period") == [("r1", "2024-0"), ("r2", "2024-0")]
        assert station.one("SELECT count(*) FROM core.sighting WHERE provider = :p AND NOT retracted", p=sender) == 2


def test_after_a_contract_change_the_same_bytes_are_judged_anew(station: Station, sender: str):
    content = visits(visit("V1"), visit("V2"))
    first = station.send("lab/visits", content, sender)
    with station.amended("lab/visits", "maximum: 30", "maximum: 31"):
        second = station.send("lab/visits", content, sender)
    assert second["delivery_id"] != first["delivery_id"]
    assert (second["status"], second["rows_accepted"], second["rows_unchanged"]) == ("accepted", 0, 2)
    assert station.one("SELECT count(*) FROM core.victim WHERE provider = :p", p=sender) == 2


def test_retracting_a_correction_opens_the_quarantine_again(station: Station, sender: str):
    station.send("lab/visits", visits(visit("V1", Enfants="viele"), visit("V2")), sender)
    first = station.send("lab/visits", visits(visit("V1", Enfants=4)), sender)
    second = station.send("lab/visits", visits(visit("V1", "01/03/2024", Enfants=5)), sender)
    pipeline.retract(station.office, first["delivery_id"], "tester")
    assert station.rows(WAITING, p=sender) == []
    pipeline.retract(station.office, second["delivery_id"], "tester")
    assert station.rows(WAITING, p=sender) == [{"row": 2}]


def test_rejudging_after_the_contract_changed(station: Station, sender: str):
    content = visits(visit("V1", Enfants=31), visit("V2"))
    bad = station.send("lab/visits", content, sender)
    assert bad["rows_quarantined"] == 1
    assert pipeline.rejudge(station.office, bad["delivery_id"]) == []
    with station.amended("lab/visits", "maximum: 30", "maximum: 40"):
        (again,) = pipeline.rejudge(station.office, bad["delivery_id"])
        assert again["supersedes"] == bad["delivery_id"]
        assert (again["status"], again["rows_accepted"], again["rows_unchanged"]) == ("accepted", 1, 1)
        waiting = "SELECT count(*) FROM quarantine.record WHERE delivery_id::text = :id AND corrected_by IS NULL"
        assert station.one(waiting, id=bad["delivery_id"]) == 0
        assert pipeline.rejudge(station.office, bad["delivery_id"]) == []
        assert station.send("lab/visits", content, sender)["first"] == again


DAY_FIRST, MONTH_FIRST = "formats: [dd/MM/yyyy]", "formats: [MM/dd/yyyy]"


def test_the_same_bytes_read_otherwise_replace_their_first_reading(station: Station, sender: str):
    content = visits(*(visit(f"V{n}", Rencontre="05/03/2024") for n in range(8)))
    first = station.send("lab/visits", content, sender)
    with station.amended("lab/visits", DAY_FIRST, MONTH_FIRST):
        second = station.send("lab/visits", content, sender)
        assert (second["status"], second["rows_accepted"]) == ("accepted", 8)
    met = station.state("lab/visits", sender, "record_id", "met_on")
    assert [(record, f"{day:%d/%m}") for record, day in met] == [(f"V{n}", "03/05") for n in range(8)]
    assert pipeline.retract(station.office, first["delivery_id"], "tester").rows >= 8
    assert station.state("lab/visits", sender, "record_id") == []


def test_rows_without_a_key_are_not_doubled_when_they_are_read_otherwise(station: Station, sender: str):
    content = csv(("Centre", "Enfants", "Entrée"), ("A", 1, "05/03/2024"), ("B", 2, "06/03/2024"))
    for formats in (DAY_FIRST, MONTH_FIRST):
        with station.amended("lab/calls", "header: {fr: Entrée", f"{formats}, header: {{fr: Entrée"):
            assert station.send("lab/calls", content, sender)["rows_accepted"] == 2
    assert sorted(station.state("lab/calls", sender, "shelter")) == [("A",), ("B",)]


def test_a_column_bound_to_another_field_fills_it_when_judged_again(station: Station, sender: str):
    content = visits(visit("V1"), visit("V2"))
    first = station.send("lab/visits", content, sender)
    with station.amended("lab/visits", "concept: victim.children", "concept: victim.stated_age"):
        (again,) = pipeline.rejudge(station.office, first["delivery_id"])
        assert again["supersedes"] == first["delivery_id"]
        assert station.state("lab/visits", sender, "children", "stated_age") == [(None, 2), (None, 2)]


def test_rejudging_refused_files_of_a_feed(station: Station, sender: str):
    bad = station.send("lab/visits", visits(visit("V1", Enfants=31)), sender)
    assert bad["status"] == "refused"
    with station.amended("lab/visits", "maximum: 30", "maximum: 50"):
        rejudged = {receipt["supersedes"]: receipt for receipt in pipeline.rejudge(station.office, "lab/visits")}
    assert rejudged[bad["delivery_id"]]["status"] == "accepted"
    assert station.state("lab/visits", sender, "record_id", "children") == [("V1", 31)]


def test_a_feed_is_judged_again_where_a_spelling_was_unknown(station: Station, sender: str):
    unknown = station.send("lab/visits", visits(visit("V1", Sexe="inconnue de la liste"), visit("V2")), sender)
    assert (unknown["rows_quarantined"], unknown["status"]) == (0, "accepted_with_findings")
    with station.amended("lab/visits", "maximum: 30", "maximum: 32"):
        again = {receipt["supersedes"] for receipt in pipeline.rejudge(station.office, "lab/visits")}
    assert unknown["delivery_id"] in again


def test_retracting_and_sending_again(station: Station, sender: str):
    station.send("lab/visits", visits(visit("V1", "01/02/2024", Enfants=1)), sender)
    content = visits(visit("V1", "01/03/2024", Enfants=2), visit("V2"))
    second = station.send("lab/visits", content, sender)
    done = pipeline.retract(station.office, second["delivery_id"], "tester")
    assert (done.rows, done.before, done.feed, done.provider) == (2, False, "lab/visits", sender)
    assert pipeline.retract(station.office, second["delivery_id"], "tester").before
    assert station.state("lab/visits", sender, "record_id", "children") == [("V1", 1)]
    third = station.send("lab/visits", content, sender)
    assert (third["status"], third["rows_accepted"]) == ("accepted", 2)
    assert station.state("lab/visits", sender, "record_id", "children") == [("V1", 2), ("V2", 2)]


def test_retracting_a_snapshot_brings_the_one_before_back(station: Station, sender: str):
    station.send("lab/stays", stays("2024-02-01", s1="A", s2="A"), sender)
    second = station.send("lab/stays", stays("2024-02-02", s1="B"), sender)
    pipeline.retract(station.office, second["delivery_id"], "tester")
    assert station.state("lab/stays", sender, *SHELTER) == [("s1", "A"), ("s2", "A")]


def test_what_cannot_be_retracted(station: Station):
    with pytest.raises(UsageFault, match="there is no delivery"):
        pipeline.retract(station.office, "019b0000-0000-7000-8000-000000000000", "tester")


def test_terms_that_are_put_back_bring_the_first_reading_back(station: Station, sender: str):
    content = visits(*(visit(f"V{n}", Enfants=25 if n == 1 else 1) for n in range(1, 6)))
    first = station.send("lab/visits", content, sender)
    with station.amended("lab/visits", "maximum: 30", "maximum: 20"):
        (narrow,) = pipeline.rejudge(station.office, first["delivery_id"])
        assert len(station.state("lab/visits", sender, "record_id")) == 4
    (back,) = pipeline.rejudge(station.office, narrow["delivery_id"])
    assert (back["rows_quarantined"], len(station.state("lab/visits", sender, "record_id"))) == (0, 5)
    assert station.send("lab/visits", content, sender)["first"] == back
    assert station.rows(WAITING, p=sender) == []


def test_terms_that_are_put_back_count_when_the_bytes_are_sent_again(station: Station, sender: str):
    content = notes(a="A", b="B")
    station.send("lab/notes", content, sender)
    with station.amended("lab/notes", "version: 1.0.0", "version: 1.1.0"):
        station.send("lab/notes", content, sender)
    assert station.send("lab/notes", content, sender)["status"] == "accepted"
    assert station.state("lab/notes", sender, "record_id") == [("a",), ("b",)]


def test_a_list_judged_again_withdraws_nothing_of_other_months(station: Station, sender: str):
    """A slip of the year had put one row into 2042, and that list was the newest of all for ever."""
    rows = [(record, "A", 1, "2024-01-10", "2024-03-01") for record in "abcd"]
    slip = station.send("lab/stays", csv(STAYS, *rows, ("e", "A", 1, "2024-01-10", "2042-03-01")), sender)
    bounded = SENT_ON + '        logicalTypeOptions: {maximum: "2030-01-01"}\n'
    with station.amended("lab/stays", SENT_ON, bounded):
        (again,) = pipeline.rejudge(station.office, slip["delivery_id"])
        assert (again["rows_quarantined"], again["rows_unchanged"]) == (1, 4)
        assert station.state("lab/stays", sender, "record_id") == [(record,) for record in "abcd"]
        later = [(record, "B", 1, "2024-01-10", "2024-04-01") for record in "abc"]
        station.send("lab/stays", csv(STAYS, *later), sender)
        assert station.state("lab/stays", sender, *SHELTER) == [(record, "B") for record in "abc"]


def test_a_refused_row_waits_once_however_often_it_is_judged(station: Station, sender: str):
    content = visits(*(visit(f"V{n}", Enfants="viele" if n == 1 else 1) for n in range(1, 6)))
    station.send("lab/visits", content, sender)
    for maximum in (29, 28):
        with station.amended("lab/visits", "maximum: 30", f"maximum: {maximum}"):
            station.send("lab/visits", content, sender)
    assert station.rows(WAITING, p=sender) == [{"row": 2}]


def test_what_terms_put_back_accept_does_not_stay_refused(station: Station, sender: str):
    content = visits(visit("V1", Enfants=25))
    first = station.send("lab/visits", content, sender)
    with station.amended("lab/visits", "maximum: 30", "maximum: 20"):
        (refused,) = pipeline.rejudge(station.office, first["delivery_id"])
        assert refused["status"] == "refused"
        assert station.state("lab/visits", sender, "record_id") == [("V1",)]
    again = pipeline.rejudge(station.office, "lab/visits")
    assert sender not in {receipt["provider"] for receipt in again}
    assert station.rows(WAITING, p=sender) == []


def test_the_receipt_names_the_terms_that_judged(station: Station, sender: str):
    path = station.file(visits(visit("V1")))
    waiting, _ = pipeline.receive(station.office, path, "lab/visits", sender, path.name)
    with station.amended("lab/visits", "version: 1.0.0", "version: 1.1.0"):
        receipt = pipeline.settle_now(station.office, waiting)
        assert receipt["contract_version"] == "1.1.0"
        assert pipeline.ingest(station.office, path, "lab/visits", sender)["first"] == receipt


def test_a_delivery_that_meets_another_under_the_terms_of_now_becomes_its_repeat(station: Station, sender: str):
    path = station.file(visits(visit("V1")))
    first = pipeline.ingest(station.office, path, "lab/visits", sender)
    with station.amended("lab/visits", "version: 1.0.0", "version: 1.1.0"):
        waiting, new = pipeline.receive(station.office, path, "lab/visits", sender, path.name)
        assert new
    answer = pipeline.settle_now(station.office, waiting)
    assert (answer["status"], answer["first"]) == ("duplicate", first)
    assert station.state("lab/visits", sender, "record_id") == [("V1",)]
    assert pipeline.answer_repeats(station.office, "lab/visits") == 0


def test_bytes_that_came_again_before_a_withdrawal_are_withdrawn_too(station: Station, sender: str):
    path = station.file(visits(visit("V1")))
    first = pipeline.ingest(station.office, path, "lab/visits", sender)
    pipeline.receive(station.office, path, "lab/visits", sender, path.name)  # and nobody has answered yet
    pipeline.retract(station.office, first["delivery_id"], "tester")
    assert pipeline.answer_repeats(station.office, "lab/visits") == 0
    answers = station.rows("SELECT a.receipt ->> 'status' AS status FROM ops.arrival a JOIN ops.delivery d"
                           " USING (delivery_id) WHERE d.provider = :p ORDER BY arrival_id", p=sender)  # fmt: skip
    assert answers == [{"status": None}, {"status": "duplicate"}]
    assert station.send("lab/visits", visits(visit("V1")), sender)["status"] == "accepted"


def test_the_same_bytes_again_correct_what_was_refused_in_between(station: Station, sender: str):
    good = notes(a="A", b="A", c="A", d="A")
    station.send("lab/notes", good, sender)
    station.send("lab/notes", csv(NOTES, ("a", "A", "viele"), ("b", "B", 1), ("c", "A", 1), ("d", "A", 1)), sender)
    assert station.rows(WAITING, p=sender) == [{"row": 2}]
    station.send("lab/notes", good, sender)
    assert station.rows(WAITING, p=sender) == []


def test_a_file_that_meets_a_younger_delivery_is_answered_and_the_younger_once(station: Station, sender: str):
    path = station.file(visits(visit("V1")))
    waiting, _ = pipeline.receive(station.office, path, "lab/visits", sender, path.name)
    with station.amended("lab/visits", "version: 1.0.0", "version: 1.1.0"):
        younger = pipeline.ingest(station.office, path, "lab/visits", sender)
        answer = pipeline.settle_now(station.office, waiting)
        assert (answer["status"], answer["first"]) == ("duplicate", younger)
        assert pipeline.answer_repeats(station.office, "lab/visits") == 0
        assert pipeline.settle_now(station.office, waiting) == younger  # whoever waited for it
    answers = station.rows("SELECT a.receipt ->> 'status' AS status FROM ops.arrival a JOIN ops.delivery d"
                           " USING (delivery_id) WHERE d.provider = :p ORDER BY arrival_id", p=sender)  # fmt: skip
    assert answers == [{"status": None}, {"status": "duplicate"}]


def test_what_was_withdrawn_does_not_come_back_by_judging_an_old_reading_again(station: Station, sender: str):
    first = station.send("lab/visits", visits(visit("V1")), sender)
    with station.amended("lab/visits", "maximum: 30", "maximum: 31"):
        (again,) = pipeline.rejudge(station.office, first["delivery_id"])
        pipeline.retract(station.office, again["delivery_id"], "tester")
    assert pipeline.rejudge(station.office, first["delivery_id"]) == []
    assert station.state("lab/visits", sender, "record_id") == []


def test_a_delivery_judged_again_came_when_its_bytes_came_first(station: Station, sender: str):
    first = station.send("lab/visits", visits(visit("V1")), sender)
    came = "SELECT received_at FROM mart.deliveries WHERE delivery_id::text = :id"
    with station.amended("lab/visits", "maximum: 30", "maximum: 31"):
        again = station.send("lab/visits", visits(visit("V1")), sender)
    assert station.one(came, id=again["delivery_id"]) == station.one(came, id=first["delivery_id"])
