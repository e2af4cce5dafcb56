"""What loads at the limits: the widest contract that the check lets through, the least rights, slices of findings."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.integration.station import NOTES, Station, csv, notes, visit, visits

from marsad.contracts.feed_rules import MOST_CLEAR
from marsad.errors import UsageFault
from marsad.intake import judging, ledger, pipeline, settle
from marsad.intake.reading import assemble, files
from marsad.warehouse.engine import make_engine
from marsad.warehouse.query import role_url

COLUMN = "\n      - name: more_{}\n        logicalType: string\n        classification: public"
LONGEST_UNMOVED = 23  # bytes; longer texts PostgreSQL puts elsewhere when a row is too long


def test_as_many_columns_as_the_check_lets_through_are_loaded(station: Station, sender: str):
    more = range(MOST_CLEAR - len(NOTES))
    last = "concept: service.accompanying_children}"
    with station.amended("lab/notes", last, last + "".join(map(COLUMN.format, more))):
        header = (*NOTES, *(f"more_{number}" for number in more))
        cells = [f"{number:0{LONGEST_UNMOVED}}" for number in more]
        receipt = station.send("lab/notes", csv(header, ("n1", "A", 1, *cells)), sender)
    assert (receipt["status"], receipt["rows_accepted"]) == ("accepted", 1)
    [(extra,)] = station.state("lab/notes", sender, "extra")
    assert extra == {f"more_{number}": cell for number, cell in zip(more, cells, strict=True)}


def test_each_of_several_services_in_a_cell_becomes_a_record(station: Station, sender: str):
    kind = 'codelist: service_type, many: "/", concept: service.kind}'
    with station.amended("lab/notes", "concept: service.shelter}", kind):
        rows = [("n1", "Hébergement / Aide juridique", 1), ("n2", "", 2), ("n3", "Soins médicaux", 3)]
        receipt = station.send("lab/notes", csv(NOTES, *rows), sender)
        assert receipt["rows_accepted"] == 3
        found = station.state("lab/notes", sender, "record_id", "item", "kind", "accompanying_children")
    assert set(found) == {("n1", 1, "legal", 1), ("n1", 2, "shelter", 1), ("n2", 1, None, 2), ("n3", 1, "medical", 3)}


def test_the_role_of_loaders_takes_back_what_a_rule_on_the_whole_file_refuses(
    station: Station, sender: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(judging, "open_file", files.open_file)  # read here, where blocks can be made small
    monkeypatch.setattr(assemble, "BLOCK_ROWS", 2)
    office = replace(station.office, engine=make_engine(role_url(station.office.settings, "loader")))
    path = station.file(visits(*(visit(f"V{n}") for n in range(6)), visit("V1", Enfants=5)))
    receipt = pipeline.ingest(office, path, "lab/visits", sender)
    office.engine.dispose()
    assert (receipt["rows_accepted"], receipt["rows_quarantined"]) == (5, 2)
    assert len(station.state("lab/visits", sender)) == 5


def test_findings_come_whole_however_many_slices_they_make(
    station: Station, sender: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(settle, "_FINDINGS_AT_ONCE", 2)
    content = visits(*(visit(n, Enfants="beaucoup" if n < 5 else 1) for n in range(20)))
    receipt = station.send("lab/visits", content, sender)
    assert list(station.findings(receipt).values()) == [[2, 3, 4, 5, 6]]


def test_nobody_waits_for_a_delivery_that_was_retracted_while_it_was_open(station: Station, sender: str):
    path = station.file(notes(a="A"))
    delivery, _ = pipeline.receive(station.office, path, "lab/notes", sender, path.name)
    pipeline.retract(station.office, delivery.delivery_id, "tester")
    with pytest.raises(UsageFault, match="retracted"):
        pipeline.settle_now(station.office, delivery)


def test_a_claim_lost_to_a_faster_loader_leads_to_the_next_delivery(
    station: Station, sender: str, monkeypatch: pytest.MonkeyPatch
):
    """Else a drain would take it for the end of the work, and the rest would wait for the next run."""
    first, second = (
        pipeline.receive(station.office, station.file(notes(a=name)), "lab/notes", sender, f"{name}.csv")[0]
        for name in ("A", "B")
    )
    get = ledger.get

    def late(connection: sa.Connection, delivery_id: str) -> ledger.Delivery:
        found = get(connection, delivery_id)
        return replace(found, status="accepted") if delivery_id == first.delivery_id else found

    monkeypatch.setattr(ledger, "get", late)
    with ledger.claim(station.office.engine, feed="lab/notes") as claimed:
        assert claimed is not None
        assert claimed.delivery_id == second.delivery_id
    monkeypatch.undo()
    pipeline.drain(station.office.settings, "lab/notes")
