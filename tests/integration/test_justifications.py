"""Reasons for warnings: in a column, on the page, by command; kept with the record, so that nobody is asked twice."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import typer
from tests.integration.portal_site import signed_in
from tests.integration.station import VISITS, Station, csv, visit, visits
from typer.testing import CliRunner

from marsad import cli_reports
from marsad.contracts.codelists import load_codelist
from marsad.errors import UsageFault
from marsad.intake import dry_run, pipeline
from marsad.intake.justifications import confirm
from marsad.portal.site import Site

FEED, RULE = "lab/visits", "age.plausible"
REASONED = (*VISITS, "Justification", "Explication")
CANARY = "mot-canari-7391"


def old(number: str, sent: str = "01/02/2024", **changed: object) -> list[object]:
    """A row of somebody more than 120 years old, which is doubted."""
    return visit(number, sent, Naissance="03/04/1900", **changed)


def standing(receipt: dict[str, Any]) -> tuple[str, int, int]:
    return receipt["status"], receipt["warnings"], receipt["confirmed"]


def kept(station: Station, sender: str) -> list[tuple[Any, ...]]:
    query = """SELECT s.record_id, j.rule, j.reason, j.given_by, j.row FROM ops.justification j
        JOIN core.sighting s USING (content_id, delivery_id, row) WHERE s.provider = :sender ORDER BY 1"""
    return [tuple(row.values()) for row in station.rows(query, sender=sender)]


def tried(station: Station, content: str, sender: str) -> tuple[str, int, int]:
    """What a dry run says."""
    return standing(dry_run.check(station.office, station.file(content), FEED, sender)[0])


def test_a_reason_in_the_column_stays_with_the_record_while_it_is_the_same(station: Station, sender: str) -> None:
    doubted = ("accepted_with_findings", 1, 0)
    assert standing(station.send(FEED, visits(old("V1")), sender)) == doubted
    reasoned = csv(REASONED, [*old("V1"), "Vérifié dans le dossier", ""])
    assert tried(station, reasoned, sender) == ("accepted", 0, 1)
    assert kept(station, sender) == []
    told = station.send(FEED, reasoned, sender)
    assert (standing(told), told["rows_unchanged"]) == (("accepted", 0, 1), 1)
    assert kept(station, sender) == [("V1", RULE, "checked", "file", 2)]
    later = visits(visit("V0"), old("V1", "01/03/2024"))
    assert tried(station, later, station.sender()) == doubted  # another's record of the same number
    assert tried(station, later, sender) == ("accepted", 0, 1)
    assert standing(station.send(FEED, later, sender)) == ("accepted", 0, 1)
    assert standing(station.send(FEED, visits(old("V1", "01/04/2024", Enfants=3)), sender)) == doubted


def test_a_reason_that_no_list_knows_and_one_of_a_refused_row_are_none(station: Station, sender: str) -> None:
    rows = [*old("V1"), "parce que", ""], [*old("V2", Enfants=99), "Cas exceptionnel", ""]
    receipt = station.send(FEED, csv(REASONED, visit("V3"), *rows), sender)
    assert (receipt["confirmed"], receipt["rows_quarantined"]) == (0, 1)
    assert station.findings(receipt)[RULE] == [3, 4]
    assert kept(station, sender) == []


def test_the_sender_s_own_words_go_to_the_vault_alone(station: Station, sender: str) -> None:
    receipt = station.send(FEED, csv(REASONED, [*old("V1"), "Déclaré par la personne", CANARY]), sender)
    assert any(CANARY in text for text in station.opened("vault", [receipt["delivery_id"]]))
    tables = [table for table in station.tables() if not table.startswith("vault.")]
    assert all(CANARY not in str(station.rows(f"SELECT t::text FROM {table} t")) for table in tables)
    assert all(CANARY not in (station.home / path).read_text("utf-8") for path in receipt["reports"].values())


def test_a_mart_counts_what_is_justified_and_what_is_not(station: Station, sender: str) -> None:
    reasoned = csv(REASONED, [*old("V1"), "Valeur estimée", ""], [*old("V2"), "", ""], [*old("V3"), "", ""])
    station.send(FEED, reasoned, sender)
    query = "SELECT findings, to_justify, justified FROM mart.quality WHERE provider = :s AND rule = :rule"
    assert station.rows(query, s=sender, rule=RULE) == [{"findings": 3, "to_justify": 2, "justified": 1}]


def test_by_command_a_reason_is_given_for_one_row_or_all(station: Station, sender: str) -> None:
    receipt = station.send(FEED, visits(old("V1"), old("V2"), old("V3")), sender)
    app = typer.Typer()
    cli_reports.add_to(app, lambda: nullcontext(station.office))
    given = ["justify", receipt["delivery_id"], "--rule", RULE, "--reason"]
    told = [CliRunner().invoke(app, [*given, *more]) for more in (["declared", "--row", "3"], ["document"])]
    assert [result.exit_code for result in told] == [0, 0]
    assert [(row[0], row[2]) for row in kept(station, sender)] == [
        ("V1", "document"), ("V2", "declared"), ("V3", "document"),
    ]  # fmt: skip


def test_a_withdrawn_delivery_takes_no_reason(station: Station, sender: str) -> None:
    receipt = station.send(FEED, visits(old("V1")), sender)
    pipeline.retract(station.office, receipt["delivery_id"], "test")
    reasons = load_codelist(station.office.settings.schemas / "codelists" / "justification.csv")
    with pytest.raises(UsageFault, match="waits for a reason"), station.office.engine.begin() as connection:
        confirm(connection, reasons, receipt["delivery_id"], RULE, "checked", "test", station.office.clock())


def test_on_the_page_a_submitter_confirms_its_own_rows_and_nobody_else_s(
    station: Station, site: Site, sender: str
) -> None:
    receipt = station.send(FEED, visits(old("V1"), old("V2"), visit("V3")), sender)
    path, given = f"/deliveries/{receipt['delivery_id']}", {"rule": RULE, "reason": "document"}
    own, other = signed_in(site, sender), signed_in(site, station.sender())
    assert other.submit(f"{path}/confirm", given).status_code == 404
    assert own.post(f"{path}/confirm", data=given).status_code == 403  # no token of a form
    assert 'value="age.plausible"' in own.see(path)
    for wrong in ({"row": "4"}, {"row": "II"}, {"reason": "whim"}, {"rule": "sex.known"}):
        assert own.submit(f"{path}/confirm", {**given, **wrong}).status_code == 422, wrong
    assert kept(station, sender) == []
    assert own.submit(f"{path}/confirm", {**given, "row": "3"}).headers["location"] == path
    report = own.get(f"{path}/report.json").json()
    assert (report["warnings"], report["confirmed"]) == (1, 1)
    assert [(f["severity"], f["rows"]) for f in report["findings"] if f["rule"] == RULE] == [
        ("warning", ["2"]), ("confirmed", ["3"]),
    ]  # fmt: skip
    own.submit(f"{path}/confirm", given)
    page = own.see(path)
    assert "Points confirmés" in page
    assert "Vous n&#39;avez rien à faire." in page
    assert 'name="rule"' not in page
    assert tried(station, visits(visit("V0"), old("V1"), old("V2")), sender) == ("accepted", 0, 2)
    query = "SELECT actor, detail FROM audit.event WHERE action = 'warnings.confirmed' AND object = :o ORDER BY seq"
    events = station.rows(query, o=f"delivery:{receipt['delivery_id']}")
    assert [event["detail"] for event in events] == [{"rule": RULE, "reason": "document", "rows": 1}] * 2
    assert {event["actor"] for event in events} == {row[3] for row in kept(station, sender)}
    station.assert_whole()
