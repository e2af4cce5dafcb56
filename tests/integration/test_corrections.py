"""What senders do when something was wrong: withdraw a record, or send the corrected rows alone."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.station import (
    NOTES,
    STAYS,
    VISITS_OR_NOT,
    Station,
    csv,
    stays,
    visit,
    visits,
    withdrawn_visit,
)

from marsad.intake import pipeline

MANY = tuple(range(1, 11))


def _with_operation(*rows: list[object]) -> str:
    return csv(VISITS_OR_NOT, *(row if len(row) == len(VISITS_OR_NOT) else [*row, ""] for row in rows))


def _counted(station: Station, feed: str, sender: str) -> list[tuple[str, str]]:
    return station.state(feed, sender, "record_id", "version")


def _page(station: Station, receipt: dict[str, Any]) -> str:
    return (station.office.settings.home / receipt["reports"]["fr"]).read_text("utf-8")


def _waiting(station: Station, receipt: dict[str, object]) -> list[int]:
    query = "SELECT row FROM quarantine.record WHERE delivery_id = :id AND corrected_by IS NULL ORDER BY row"
    return [row["row"] for row in station.rows(query, id=receipt["delivery_id"])]


def test_a_withdrawn_record_counts_no_more_until_a_newer_version(station: Station, sender: str):
    station.send("lab/visits", visits(visit(1, "02/02/2024"), visit(2, "02/02/2024")), sender)
    receipt = station.send("lab/visits", _with_operation(withdrawn_visit(1, "03/02/2024")), sender)
    assert (receipt["rows_accepted"], receipt["rows_quarantined"], receipt["withdrawn"]) == (1, 0, 1)
    assert "Enregistrements retirés</dt><dd>1<" in _page(station, receipt)
    assert _counted(station, "lab/visits", sender) == [("2", "2024-02-02")]
    records = "SELECT sum(records) FROM mart.records WHERE feed = 'lab/visits' AND provider = :sender"
    assert station.one(records, sender=sender) == 1
    older = station.send("lab/visits", visits(visit(1, "01/02/2024"), visit(3, "01/02/2024")), sender)
    assert (older["outdated"], "withdrawn" in older) == (1, False)
    assert "la version plus récente compte</dt><dd>1<" in _page(station, older)
    assert _counted(station, "lab/visits", sender) == [("2", "2024-02-02"), ("3", "2024-02-01")]
    station.send("lab/visits", visits(visit(1, "04/02/2024")), sender)
    assert [record for record, _ in _counted(station, "lab/visits", sender)] == ["1", "2", "3"]


def test_no_statement_of_a_day_to_come_keeps_corrections_from_counting(station: Station, sender: str):
    station.send("lab/visits", visits(visit(1), visit(2)), sender)
    to_come = visit(1, "02/02/2099"), withdrawn_visit(2, "02/02/2099")
    station.send("lab/visits", _with_operation(*to_come, visit(3), visit(4)), sender)
    station.send("lab/visits", visits(visit(1, "03/02/2024"), visit(2, "03/02/2024")), sender)
    counted = dict(_counted(station, "lab/visits", sender))
    assert counted == {"1": "2024-02-03", "2": "2024-02-03", "3": "2024-02-01", "4": "2024-02-01"}


def test_only_what_counted_is_told_as_withdrawn(station: Station, sender: str):
    def told(*rows: list[object]) -> int:
        return station.send("lab/visits", _with_operation(*rows), sender).get("withdrawn", 0)

    first = station.send("lab/visits", visits(visit(1), visit(2), visit(3)), sender)
    assert told(withdrawn_visit(1, "03/02/2024")) == 1
    assert told(withdrawn_visit(1, "03/02/2024"), visit(4)) == 0  # sent again
    assert told(withdrawn_visit(1, "04/02/2024")) == 0  # withdrawn already, under an older version
    assert told(withdrawn_visit(9, "03/02/2024")) == 0  # never stated
    assert told(withdrawn_visit(4, "31/01/2024"), visit(5)) == 0  # a newer version counts
    assert told(visit(2, "02/02/2024"), withdrawn_visit(2, "03/02/2024")) == 1  # stated twice in the file
    pipeline.retract(station.office, first["delivery_id"], "tester")
    assert told(withdrawn_visit(3, "03/02/2024")) == 0  # stated only by what was retracted


def test_a_withdrawal_of_a_number_that_nobody_knows_is_told(station: Station, sender: str):
    station.send("lab/visits", visits(visit(1), visit(2)), sender)
    station.send("lab/visits", visits(visit(1)), other := station.sender())
    both = visit(3), withdrawn_visit(3, "03/02/2024")
    rows = withdrawn_visit(1, "03/02/2024"), withdrawn_visit(9, "03/02/2024"), *both, withdrawn_visit(2, "03/02/2024")
    receipt = station.send("lab/visits", _with_operation(*rows), sender)
    assert station.findings(receipt) == {"withdrawal.unknown": [3]}
    assert (receipt["status"], receipt["withdrawn"], receipt["rows_quarantined"]) == ("accepted_with_findings", 2, 0)
    assert "aucun enregistrement de ce numéro" in _page(station, receipt)
    again = station.send("lab/visits", _with_operation(*rows, visit(4)), sender)
    assert station.findings(again) == {"withdrawal.unknown": [3]}
    assert station.findings(station.send("lab/visits", _with_operation(rows[-1]), other)) == {"withdrawal.unknown": [2]}


@pytest.mark.parametrize("first", [0, 1])
def test_withdrawn_on_the_day_it_was_sent(station: Station, sender: str, first: int):
    files = [visits(visit(1)), _with_operation(withdrawn_visit(1, "01/02/2024"))]
    station.send("lab/visits", files[first], sender)
    station.send("lab/visits", files[1 - first], sender)
    assert _counted(station, "lab/visits", sender) == []


def test_a_withdrawal_needs_its_record_its_version_and_a_known_word(station: Station, sender: str):
    station.send("lab/visits", visits(visit(1), visit(2), visit(3), visit(4), visit(5)), sender)
    unknown = [*withdrawn_visit(3, "03/02/2024")[:-1], "peut-être"]
    rows = [withdrawn_visit("", "03/02/2024"), withdrawn_visit(2, ""), unknown, withdrawn_visit(4, "03/02/2024")]
    receipt = station.send("lab/visits", _with_operation(*rows, visit(5, "03/02/2024"), visit(6)), sender)
    found = station.findings(receipt)
    assert found["number.filled"] == [2]
    assert found["sent_on.filled"] == [3]
    assert found["operation.known"] == [4]
    assert 5 not in {row for rows in found.values() for row in rows}  # not asked for what it need not say
    assert [record for record, _ in _counted(station, "lab/visits", sender)] == ["1", "2", "3", "5", "6"]


def test_a_withdrawal_says_nothing_of_the_month_of_a_snapshot(station: Station, sender: str):
    station.send("lab/stays", stays("2024-03-01", a="A", b="A", c="A"), sender)
    station.send("lab/stays", csv((*STAYS, "Opération"), ("a", "", "", "2024-01-10", "2024-03-02", "Retrait")), sender)
    assert [record for record, _ in _counted(station, "lab/stays", sender)] == ["b", "c"]


def test_corrected_rows_alone_correct_what_was_quarantined(station: Station, sender: str):
    bad = [visit(n, Enfants="beaucoup") if n in {3, 7} else visit(n) for n in MANY]
    first = station.send("lab/visits", visits(*bad), sender)
    assert _waiting(station, first) == [4, 8]
    second = station.send("lab/visits", visits(visit(3), visit(7, "02/02/2024")), sender)
    assert (second["status"], second["rows_accepted"]) == ("accepted", 2)  # fewer than before: corrections are
    assert _waiting(station, first) == []
    assert len(_counted(station, "lab/visits", sender)) == len(MANY)


def test_corrected_rows_alone_leave_the_rest_of_a_refused_file_waiting(station: Station, sender: str):
    first = station.send("lab/visits", visits(*(visit(n, Enfants="beaucoup") for n in (1, 2, 3))), sender)
    assert first["status"] == "refused"
    second = station.send("lab/visits", visits(visit(2)), sender)
    assert second["status"] == "accepted"
    assert _waiting(station, first) == [2, 4]


def test_without_a_key_a_corrected_row_is_a_new_record_and_the_old_one_waits(station: Station, sender: str):
    header = ("Centre", "Enfants", "Entrée")
    good = [("A", n, f"2024-01-{n:02}") for n in range(1, 5)]
    first = station.send("lab/calls", csv(header, *good, ("B", "beaucoup", "2024-01-09")), sender)
    assert _waiting(station, first) == [6]
    station.send("lab/calls", csv(header, ("B", 2, "2024-01-09")), sender)
    assert len(_counted(station, "lab/calls", sender)) == 5
    assert _waiting(station, first) == [6]  # nothing says that it is the same call


@pytest.mark.parametrize("feed", ["lab/stays", "lab/rolls"])
def test_corrected_rows_alone_never_empty_a_snapshot_unseen(station: Station, sender: str, feed: str):
    if feed == "lab/stays":
        header, rest = STAYS, ("2024-01-10", "2024-03-01")
        newer = ("2024-01-10", "2024-03-02")
    else:
        header, rest, newer = NOTES, (), ()
    station.send(feed, csv(header, *((n, "A", 1, *rest) for n in MANY)), sender, "2024-01.csv")
    february = ("2024-02-10", "2024-03-01") if feed == "lab/stays" else ()
    other = station.send(feed, csv(header, *((n, "A", 1, *february) for n in (21, 22))), sender, "2024-02.csv")
    assert "delivery.withdrawn" not in station.findings(other)
    # As many rows as the file before, which spoke of another month: the volume alone says nothing.
    receipt = station.send(feed, csv(header, *((n, "A", 2, *newer) for n in (3, 7))), sender, "2024-01.csv")
    assert receipt["status"] == "accepted_with_findings"
    assert station.findings(receipt) == {"delivery.withdrawn": [None]}
    told = station.one("SELECT params ->> 'withdrawn' FROM quarantine.finding WHERE delivery_id = :id",
                       id=receipt["delivery_id"])  # fmt: skip
    assert told == "8"
