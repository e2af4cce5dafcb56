"""The board page by page, and that no page reads more of the ledger than it shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from tests.integration.portal_site import Browser, cells
from tests.integration.station import Station, visit, visits
from tests.integration.test_portal_stewards import month, send

from marsad.portal import deliveries, stewards
from marsad.portal.accounts import Account, Right
from marsad.portal.site import Site

OLD = 3_000


def test_older_periods_are_a_page_away(station: Station, steward: Browser, sender: str) -> None:
    old = send(station, "2028-12-05", visits(month("P1", "11/2028")), sender)
    refused = send(station, "2029-02-20", "Colonne;Autre\r\n1;2\r\n", sender)
    page = steward.see("/board")
    assert len(cells(page, sender)) == 8
    assert "/board?back=8" in page
    assert f"/findings/{old}" not in page.partition('id="refused"')[0]
    older = steward.see("/board?back=8")
    assert cells(older, sender)[0] == "✓ reçu"
    assert f"/findings/{old}" in older
    assert cells(older, sender)[2] == "✕ refusé en retard de 339 jours"  # January 2029, due 10 February
    assert f"/findings/{refused}" in older
    assert 'href="/board?back=0"' in older
    assert "/board?back=16" not in older
    for wrong in ("/board?back=9999999", "/board?back=-3"):
        assert steward.get(wrong).status_code == 200


def read(connection: sa.Connection) -> int:
    """Rows of the coverage ledger that this transaction has read."""
    query = """SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
        FROM pg_stat_xact_all_tables WHERE relid = 'ops.coverage'::regclass"""
    return int(connection.execute(sa.text(query)).scalar_one())


def crowd(station: Station, sender: str, provider: str) -> None:
    """A ledger of many years and senders: copies of one delivery of ``sender``, each with its coverage."""
    statements = (
        """INSERT INTO ops.delivery (delivery_id, feed, provider, sha256, size, file_name, received_at,
                                     first_received_at, status, contract_version, contract_fingerprint,
                                     suite_fingerprint)
           SELECT uuidv7(), feed, :provider, 'crowd' || n, size, file_name,
                  CAST(:at AS timestamptz) - n * interval '1 h', CAST(:at AS timestamptz) - n * interval '1 h', status,
                  contract_version, contract_fingerprint, suite_fingerprint
           FROM ops.delivery, generate_series(1, :many) n WHERE provider = :sender AND sha256 NOT LIKE 'crowd%'""",
        """INSERT INTO ops.coverage SELECT delivery_id, '2020-01', feed, provider, '', 1, 0 FROM ops.delivery
           WHERE provider = :provider AND sha256 LIKE 'crowd%'""",
        "ANALYZE ops.delivery, ops.coverage",
    )
    at = datetime(2029, 12, 1, tzinfo=UTC) if provider != sender else datetime(2026, 1, 1, tzinfo=UTC)
    with station.office.engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {"provider": provider, "sender": sender, "many": OLD, "at": at})


def test_the_first_page_reads_its_own_and_what_still_counts(station: Station, site: Site, sender: str) -> None:
    send(station, "2029-12-05", visits(month("H1", "11/2029")), sender)
    others = station.sender()
    crowd(station, sender, others)
    crowd(station, sender, sender)  # years ago
    account = Account(
        "", "", "", "fr", None, None, None, False, None, None, (Right("submitter", sender, "lab/visits"),)
    )
    with site.transaction() as connection:
        expected = deliveries.expected(connection, site, account)
        assert read(connection) <= 100
    assert {slot.provider for slot in expected} == {sender}
    assert [slot.period.label for slot in expected if slot.feed == "lab/visits"][-2:] == ["2029-12", "2030-01"]


def test_counting_spellings_reads_no_other_findings(station: Station, site: Site, sender: str) -> None:
    station.send("lab/visits", visits(visit("S1", Sexe="Zzsexe"), visit("S2", Enfants="viele"), visit("S3")), sender)
    with site.transaction() as connection:
        connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        asked = sa.text(f"EXPLAIN (FORMAT json) {stewards._UNMAPPED.text}")
        plan = json.dumps(connection.execute(asked, {"suffix": ".known"}).scalar_one())
        assert [row["cells"] for row in stewards.unmapped(connection) if row["provider"] == sender] == [1]
    assert "finding_unmapped" in plan
