"""Erasing a person: nothing opens her any more, nothing brings her back, whoever is killed meanwhile; counts stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.faults.killing import killed
from tests.integration.station import VISITS_OR_NOT, Station, csv, stations, visit, visits, withdrawn_visit

from marsad.errors import UsageFault
from marsad.identity import mirror, vault
from marsad.identity.keys import KeyRing
from marsad.identity.vault import KeyRef
from marsad.intake import pipeline
from marsad.intake.office import Office
from marsad.intake.rows import VAULT
from marsad.linkage import decisions, linker
from marsad.linkage.stock import Key
from marsad.register import erasure

FEED = "lab/visits"
HERS = ("Zqxvarkine El Idrissi", "ظقذفاخثض الإدريسي")
OTHER = "Khadija Naciri"


@pytest.fixture
def fresh(tmp_path: Path, new_database: Callable[[str], str], migrated: str) -> Iterator[Station]:
    yield from stations(tmp_path / "one", new_database(migrated))


def woman(number: str, name: str, sent: str = "01/02/2024", **changed: str) -> list[object]:
    return visit(number, sent, Nom=name, Naissance="13/04/1990", **changed)


OTHERS = visit("V2", Nom=OTHER, Naissance="02/11/1984")
FIRST = visits(woman("V1", HERS[0]), OTHERS, woman("V1", HERS[0], "02/02/2024", Sexe="?", Enfants="viele"))


def met_twice(station: Station) -> str:
    """She stands in two agencies' files, once more in a refused row; her person."""
    station.send(FEED, FIRST, "A")
    station.send(FEED, visits(woman("W1", HERS[1])), "B")
    linker.link(station.office)
    decisions.decide(station.office, [(Key(FEED, "A", "V1"), Key(FEED, "B", "W1"))], "tester", same=True)
    linker.link(station.office)
    return str(station.one("SELECT person_id::text FROM link.record WHERE provider = 'B'"))


def readable(station: Station) -> str:
    """Whatever the keys still open of vault and quarantine."""
    ids = [row["id"] for row in station.rows("SELECT delivery_id::text AS id FROM ops.delivery")]
    return "".join(text for table in ("vault", "quarantine") for text in station.opened(table, ids))


def sealed(station: Station) -> dict[KeyRef, bytes]:
    """What a copy of the database holds."""
    rows = station.rows("SELECT delivery_id::text AS d, attempt, key_slot, sealed FROM vault.record")
    return {KeyRef(row["d"], row["attempt"], row["key_slot"]): bytes(row["sealed"]) for row in rows}


def assert_gone(station: Station, person: str) -> None:
    held = readable(station)
    assert not [name for name in HERS if name in held]
    assert OTHER in held
    hers = "SELECT content_id FROM link.record WHERE person_id::text = :p"
    assert station.one(f"SELECT count(*) FROM vault.token WHERE content_id IN ({hers})", p=person) == 0
    pairs = f"SELECT count(*) FROM link.pair WHERE left_content IN ({hers}) OR right_content IN ({hers})"
    assert station.one(pairs, p=person) == 0
    assert station.one("SELECT count(*) FROM vault.token") > 0, "of others"
    assert {row["record_id"] for row in station.rows(f"{hers.replace('content_id', 'record_id')}", p=person)} == {
        "V1", "W1",
    }  # fmt: skip


def test_nothing_opens_her_and_the_counts_stay(fresh: Station, tmp_path: Path) -> None:
    person = met_twice(fresh)
    before, figures = sealed(fresh), fresh.rows("SELECT sex, victim_records FROM mart.victims ORDER BY 1, 2")
    assert all(name in readable(fresh) for name in HERS)
    mirror.add(fresh.office.keyring, tmp_path / "copy")
    done = erasure.erase(fresh.office, person, "own_request", "tester")
    assert (done.records, done.keys, done.landed, done.unreached) == (2, 3, 2, [])
    assert_gone(fresh, person)
    for ring in (fresh.office.keyring, KeyRing.open(tmp_path / "copy")):
        opened = vault.open_many(ring, list(before), list(before.values()), VAULT)
        assert sum(text is None for text in opened) == 2, "not from a copy of the database either"
    assert fresh.rows("SELECT sex, victim_records FROM mart.victims ORDER BY 1, 2") == figures
    assert fresh.one("SELECT count(*) FROM audit.event WHERE action = 'person.erased' AND object = :p", p=person) == 1
    again = erasure.erase(fresh.office, person, "own_request", "tester")
    assert (again.records, again.keys, again.before) == (2, 3, True)
    fresh.send(FEED, visits(woman("V9", HERS[0], "02/02/2024")), "A")
    contract = fresh.office.settings.contract_dirs[0] / f"{FEED}.yaml"
    contract.write_text(f"nothing: of this\n{contract.read_text()}")
    fresh.office = Office.open(fresh.office.settings, fresh.office.clock)
    with pytest.raises(UsageFault, match="records of lab/visits wait.*mend lab/visits.yaml"):
        erasure.erase(fresh.office, person, "own_request", "tester")


def test_what_comes_again_brings_no_identity_back(fresh: Station) -> None:
    person = met_twice(fresh)
    (first,) = fresh.rows("SELECT delivery_id::text AS id FROM ops.delivery WHERE provider = 'A'")
    erasure.erase(fresh.office, person, "court_order", "tester")
    assert fresh.send(FEED, FIRST, "A")["status"] == "duplicate"
    fresh.send(FEED, visits(woman("V1", HERS[0], "05/05/2024"), woman("V1", HERS[0], "06/06/2024", Sexe="?")), "A")
    with fresh.amended(FEED, "maximum: 30", "maximum: 40"):
        (judged,) = pipeline.rejudge(fresh.office, first["id"])
    assert judged["rows_read"] == 3
    with fresh.amended(FEED, "concept: victim.victim_reference", "concept: victim.case_reference"):
        assert pipeline.rejudge(fresh.office, judged["delivery_id"])
    linker.link(fresh.office)
    assert_gone(fresh, person)
    with pytest.raises(UsageFault, match="erased"):
        decisions.decide(fresh.office, [(Key(FEED, "A", "V1"), Key(FEED, "A", "V2"))], "tester", same=True)


def test_what_an_earlier_contract_took_for_her_number_goes_too(fresh: Station) -> None:
    key = "      - name: sex\n        logicalType: string\n"
    more = "        required: true\n        primaryKey: true\n        primaryKeyPosition: 2\n"
    with fresh.amended(FEED, key, key + more):
        first = fresh.send(FEED, FIRST, "A")
        linker.link(fresh.office)
    assert pipeline.rejudge(fresh.office, first["delivery_id"])
    linker.link(fresh.office)
    person = fresh.one("SELECT person_id::text FROM link.record WHERE record_id = 'V1'")
    assert fresh.one("SELECT count(DISTINCT record_id) FROM core.sighting") == 4
    assert readable(fresh).count(HERS[0]) == 4
    erasure.erase(fresh.office, person, "own_request", "tester")
    assert HERS[0] not in readable(fresh)
    assert readable(fresh).count(OTHER) == 2


def test_her_records_leave_and_come_back_as_others_do(fresh: Station) -> None:
    person = met_twice(fresh)
    hers = "SELECT count(*) FROM link.record WHERE person_id::text = :p"
    erasure.erase(fresh.office, person, "own_request", "tester")
    fresh.send(FEED, csv(VISITS_OR_NOT, withdrawn_visit("V1", "03/03/2024")), "A")
    fresh.send(FEED, csv(VISITS_OR_NOT, withdrawn_visit("W1", "03/03/2024")), "B")
    linker.link(fresh.office)
    assert fresh.one(hers, p=person) == 0
    assert fresh.one("SELECT linked_without_record FROM register.facts_of_core") == 0
    fresh.send(FEED, visits(woman("V1", HERS[0], "05/05/2024")), "A")
    fresh.send(FEED, visits(woman("W1", HERS[1], "05/05/2024")), "B")
    linker.link(fresh.office)
    assert_gone(fresh, person)


def test_a_decision_about_her_pulls_her_apart_no_more(fresh: Station) -> None:
    person = met_twice(fresh)
    first, second, third = Key(FEED, "A", "V1"), Key(FEED, "B", "W1"), Key(FEED, "C", "X1")
    fresh.send(FEED, visits(woman("X1", "Salma Bouzid")), "C")
    linker.link(fresh.office)
    decisions.decide(fresh.office, [(second, third)], "tester", same=False)
    decisions.decide(fresh.office, [(first, third)], "tester", same=True)
    erasure.erase(fresh.office, person, "own_request", "tester")
    fresh.send(FEED, visits(woman("X1", "Salma Bouzid El Fassi", "05/05/2024")), "C")
    linker.link(fresh.office)
    assert_gone(fresh, person)


def test_a_model_that_compares_all_again_leaves_her_alone(fresh: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    person = met_twice(fresh)
    erasure.erase(fresh.office, person, "own_request", "tester")
    used = linker.load_policy(fresh.office.settings.schemas)
    stricter = used.thresholds.model_copy(update={"link": 0.95})
    newer = used.model_copy(update={"version": used.version + 1, "thresholds": stricter})
    monkeypatch.setattr(linker, "load_policy", lambda _schemas: newer)
    assert linker.link(fresh.office)["entered"] == 1
    assert_gone(fresh, person)


def test_an_old_database_brings_nothing_back(fresh: Station, tmp_path: Path) -> None:
    person = met_twice(fresh)
    tables = ("vault.record", "vault.token", "quarantine.record", "link.pair")
    saved = {table: fresh.rows(f"SELECT * FROM {table}") for table in tables}
    erasure.erase(fresh.office, person, "own_request", "tester")
    with fresh.office.engine.begin() as connection:  # as it was before
        connection.execute(sa.text("DELETE FROM vault.erased; DELETE FROM vault.erased_row"))
        for table, rows in saved.items():
            connection.execute(sa.text(f"DELETE FROM {table}"))
            names = list(rows[0])
            columns, values = ", ".join(f'"{n}"' for n in names), ", ".join(f":{n}" for n in names)
            connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), rows)
    fresh.send(FEED, visits(woman("V1", HERS[0], "04/04/2024")), "A")
    assert (erasure.finish(fresh.office, "tester"), erasure.finish(fresh.office, "tester")) == (1, 0)
    assert_gone(fresh, person)
    assert not [row for row in fresh.rows("SELECT sealed FROM vault.record JOIN link.record USING (content_id)"
                                          " WHERE person_id::text = :p", p=person) if row["sealed"]]  # fmt: skip
    fresh.send(FEED, visits(woman("V1", HERS[0], "05/05/2024")), "A")
    assert_gone(fresh, person)


def erase_as_killed(office: Office, person: str) -> None:
    erasure.erase_linked(office, person, "own_request", "tester")
    mirror.renew(office.keyring)


@pytest.mark.long
def test_killed_anywhere_and_run_again(fresh: Station) -> None:
    person = met_twice(fresh)
    point = 0
    while point == 0 or killed(fresh, lambda office: erase_as_killed(office, person), point=point) is None:
        point += 1
    assert point > 20
    erasure.erase(fresh.office, person, "own_request", "tester")
    assert_gone(fresh, person)
    assert linker.link(fresh.office)["entered"] == 0


@pytest.mark.parametrize("person", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_nobody_is_erased_by_a_slip(fresh: Station, person: str) -> None:
    with pytest.raises(UsageFault):
        erasure.erase(fresh.office, person, "own_request", "tester")
    with pytest.raises(UsageFault, match="reasons: own_request"):
        erasure.erase(fresh.office, person, "because", "tester")
