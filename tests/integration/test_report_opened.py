"""The annotated workbook of a delivery: made of what was sent, audited, nowhere at rest; reports of dry runs."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from tests.integration.station import Station, visit, visits

from marsad.errors import PolicyRefusal, UsageFault
from marsad.identity.keys import KeyDestroyed
from marsad.intake import dry_run, landing
from marsad.intake.reports.opened import annotated
from marsad.intake.reports.trial import write_trial

CANARY = "Zahirkoubane"


def sent(station: Station, sender: str) -> dict:
    rows = visit("V1", Nom=CANARY), visit("V2", Enfants="viele"), visit("V3")
    return station.send("lab/visits", visits(*rows), sender, "visites.csv")


def test_the_workbook_shows_what_was_sent_and_what_is_wrong(station: Station, sender: str) -> None:
    receipt = sent(station, sender)
    book = openpyxl.load_workbook(io.BytesIO(annotated(station.office, receipt["delivery_id"], "fr", "someone")))
    data = book.worksheets[1]
    assert [row[0].value for row in data.iter_rows()] == ["Numéro", "V1", "V2", "V3"]
    assert data["B2"].value == CANARY
    assert data["E3"].comment.text.startswith("À corriger – ")
    assert [cell.coordinate for row in data.iter_rows() for cell in row if cell.comment] == ["E3"]


def test_opening_it_is_audited_and_leaves_nothing_behind(station: Station, sender: str) -> None:
    receipt = sent(station, sender)
    before = {path for path in station.home.rglob("*") if path.is_file()}
    annotated(station.office, receipt["delivery_id"], "ar", "someone")
    assert {path for path in station.home.rglob("*") if path.is_file()} - before <= set(
        (station.home / "audit").iterdir()
    )
    query = "SELECT actor, detail FROM audit.event WHERE action = 'report.opened' AND object = :id"
    (event,) = station.rows(query, id=receipt["delivery_id"])
    assert (event["actor"], event["detail"]["language"]) == ("someone", "ar")
    assert not [path for path in before if CANARY.encode() in path.read_bytes()]
    asked = iter([False, True])

    def others_came_first(_connection: sa.Connection) -> None:
        if next(asked):
            raise PolicyRefusal

    with pytest.raises(PolicyRefusal):
        annotated(station.office, receipt["delivery_id"], "ar", "late", others_came_first)
    assert len(station.rows(query, id=receipt["delivery_id"])) == 1
    station.assert_whole()


def test_what_is_gone_by_policy_stays_gone(station: Station, sender: str) -> None:
    receipt = sent(station, sender)
    landing.destroy_landed(receipt["sha256"], station.office.landing, station.office.keyring.public)
    with pytest.raises(KeyDestroyed):
        annotated(station.office, receipt["delivery_id"], "fr", "someone")
    with pytest.raises(UsageFault, match="there is no delivery"):
        annotated(station.office, "00000000-0000-0000-0000-000000000000", "fr", "someone")


@pytest.mark.parametrize("ending", ["xlsx", "html", "json", ""])
def test_a_dry_run_writes_the_report_that_is_asked_for(
    station: Station, sender: str, tmp_path: Path, ending: str
) -> None:
    path = station.file(visits(visit("V1"), visit("V2", Enfants="viele"), visit("V3")))
    verdict = dry_run.check(station.office, path, "lab/visits", sender)
    terms = station.office.contract("lab/visits"), station.office.catalog.codelists
    out = tmp_path / (f"report.{ending}" if ending else "folder")
    written = write_trial(out, path, verdict, terms, "fr")
    if ending == "json":
        told = json.loads(out.read_text("utf-8"))
        (finding,) = told["findings"]
        assert (finding["title"], finding["letter"], finding["rows"]) == ("Enfants", "E", ["3"])
        assert told["expected"][finding["field"]]["type"] == "integer"
    assert written.keys() == ({ending} if ending else {"json", "fr", "ar", "en"})
    assert all(Path(place).stat().st_size for place in written.values())
