"""Faults of ours: never the sender's, never half done; the delivery stays open and the next drain finishes it."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.faults.killing import EXPECTED, FEED, assert_once, assert_swept, content
from tests.integration.station import Station, visit, visits

from marsad import durable
from marsad.errors import MarsadError, PassingFault, PlatformFault
from marsad.intake import pipeline
from marsad.quality import rows as quality_rows
from marsad.runtime.postgres import Postgres


def assert_open(station: Station, provider: str) -> dict:
    """The delivery waits, nothing of it is stored, and the sender was told nothing."""
    (delivery,) = station.rows("SELECT *, delivery_id::text AS id FROM ops.delivery WHERE provider = :p", p=provider)
    assert (delivery["status"], delivery["receipt"]) == ("received", None)
    for table in ("core.sighting", "core.victim", "vault.record", "quarantine.record", "quarantine.finding"):
        assert station.one(f"SELECT count(*) FROM {table} WHERE delivery_id::text = :id", id=delivery["id"]) == 0
    assert station.one("SELECT count(*) FROM audit.event WHERE object = :id", id=delivery["id"]) == 0
    return delivery


def assert_finished_by_the_next_drain(station: Station, provider: str) -> None:
    assert pipeline.drain(station.office.settings, FEED).rows_accepted == EXPECTED["rows_accepted"]
    assert_once(station, provider)
    assert_swept(station)


@contextmanager
def at_statement(engine: sa.Engine, part: str, action) -> Iterator[list[str]]:
    """Does ``action`` before the first statement that holds ``part``."""
    met: list[str] = []

    def look(_connection, _cursor, statement, *_more):
        if part in statement and not met:
            met.append(part)
            action()

    sa.event.listen(engine, "before_cursor_execute", look)
    yield met
    sa.event.remove(engine, "before_cursor_execute", look)


STEPS = ["attempts = attempts + 1", "CREATE UNLOGGED TABLE", "INSERT INTO core.sighting",
         "INSERT INTO quarantine.record", "UPDATE ops.delivery SET status", "audit.head FOR UPDATE",
         "SET receipt"]  # fmt: skip


@pytest.mark.parametrize(
    "step", [*STEPS[::3], *(pytest.param(step, marks=pytest.mark.long) for step in STEPS if step not in STEPS[::3])]
)
def test_connections_cut_in_the_middle(station: Station, postgres: Postgres, sender: str, step: str):
    path = station.file(content(sender))
    name = sa.make_url(station.office.settings.warehouse_url).database

    def cut():
        with sa.create_engine(postgres.url("postgres"), poolclass=sa.NullPool).connect() as server:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            server.execute(sa.text(query), {"name": name})

    with at_statement(station.office.engine, step, cut) as met, pytest.raises(PassingFault):
        pipeline.ingest(station.office, path, FEED, sender)
    assert met
    assert_open(station, sender)
    assert_finished_by_the_next_drain(station, sender)


@pytest.mark.parametrize(
    ("state", "fault"),
    [("53100", PlatformFault), ("40P01", PassingFault), ("55P03", PassingFault), ("57P01", PassingFault)],
)
def test_what_the_database_cannot_do_now(station: Station, sender: str, state: str, fault: type[MarsadError]):
    """Disk full, deadlock, lock not available, shutdown: raised by the server itself while it writes."""
    run(
        station,
        f"""CREATE FUNCTION core.fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$""",
    )
    run(station, "CREATE TRIGGER fail BEFORE INSERT ON core.sighting FOR EACH ROW EXECUTE FUNCTION core.fail()")
    try:
        with pytest.raises(fault, match=state):
            station.send(FEED, content(sender), sender)
        assert_open(station, sender)
    finally:
        run(station, "DROP FUNCTION core.fail() CASCADE")
    assert_finished_by_the_next_drain(station, sender)


def run(station: Station, statement: str) -> None:
    with station.office.engine.begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize("write", [1, 6, *(pytest.param(write, marks=pytest.mark.long) for write in (2, 4, 8))])
def test_the_disk_is_full(station: Station, sender: str, write: int, monkeypatch: pytest.MonkeyPatch):
    """At the n-th write after the file was received: keys, reports, head file."""
    path = station.file(content(sender))
    pipeline.receive(station.office, path, FEED, sender, path.name)
    left, real = [write], os.write

    def full(descriptor: int, data) -> int:
        left[0] -= 1
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, "no space", "/secret/Nom Inventé")
        return real(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "write", full)
        with pytest.raises(PlatformFault, match="No space left on device") as fault:
            pipeline.drain(station.office.settings, FEED)
    assert "Nom" not in str(fault.value)
    delivery = assert_open(station, sender)
    assert "No space" in delivery["last_fault"]
    assert_finished_by_the_next_drain(station, sender)


def test_the_disk_is_full_when_a_receipt_is_put_down(station: Station, sender: str, monkeypatch: pytest.MonkeyPatch):
    """After the commit: the delivery is settled and not blamed; both receipts come with the next drain."""
    path = station.file(content(sender))
    pipeline.receive(station.office, path, FEED, sender, path.name)
    real = durable.write_whole

    def full(place: Path, data: bytes) -> None:
        if place.name.endswith(".receipt.json"):
            raise OSError(errno.ENOSPC, "no space")
        real(place, data)

    with monkeypatch.context() as patch:
        patch.setattr(durable, "write_whole", full)
        for _ in range(2):
            with pytest.raises(PlatformFault, match="No space left on device"):
                pipeline.drain(station.office.settings, FEED)
            pipeline.receive(station.office, path, FEED, sender, path.name)
    (settled,) = station.rows("SELECT status, last_fault, receipt FROM ops.delivery WHERE provider = :p", p=sender)
    assert (settled["status"], settled["last_fault"]) == ("accepted_with_findings", None)
    pipeline.drain(station.office.settings, FEED)
    written = [json.loads(file.read_bytes()) for file in (station.home / "reports" / sender).glob("*.receipt.json")]
    assert settled["receipt"] in written
    assert sorted(receipt["status"] for receipt in written) == ["accepted_with_findings", "duplicate", "duplicate"]


def test_the_disk_is_full_while_receiving(station: Station, sender: str, monkeypatch: pytest.MonkeyPatch):
    def full(_descriptor: int, _data) -> int:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "write", full)
        with pytest.raises(PlatformFault):
            station.send(FEED, content(sender), sender)
    assert station.one("SELECT count(*) FROM ops.delivery WHERE provider = :p", p=sender) == 0
    assert station.send(FEED, content(sender), sender)["rows_accepted"] == EXPECTED["rows_accepted"]


def test_a_bug_of_ours_is_not_the_senders_and_tells_no_value(
    station: Station, sender: str, monkeypatch: pytest.MonkeyPatch
):
    def bug(*_args, **_kwargs):
        raise ValueError("could not convert 'Nom Inventé'")

    with monkeypatch.context() as patch:
        patch.setattr(quality_rows.RowJudge, "judge", bug)
        with pytest.raises(PlatformFault, match=r"ValueError at .*test_platform\.py:\d+") as fault:
            station.send(FEED, content(sender), sender)
    assert "Nom" not in str(fault.value)
    delivery = assert_open(station, sender)
    assert delivery["last_fault"] == str(fault.value)
    assert_finished_by_the_next_drain(station, sender)


def test_a_poisoned_delivery_holds_nobody_up(station: Station, monkeypatch: pytest.MonkeyPatch):
    poison, sound = station.sender(), station.sender()
    for name, rows in ((poison, [visit("POISON")]), (sound, [visit("V1")])):
        path = station.file(visits(*rows))
        pipeline.receive(station.office, path, FEED, name, path.name)
    process = pipeline._process

    def choking(office, delivery, attempt):
        if delivery.provider == poison:
            raise KeyError("POISON")
        return process(office, delivery, attempt)

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "_process", choking)
        with pytest.raises(MarsadError):
            pipeline.drain(station.office.settings, FEED)
    assert len(station.state(FEED, sound)) == 1
    assert_open(station, poison)
    assert pipeline.drain(station.office.settings, FEED).deliveries == 1


def test_the_server_is_restarted_in_mid_load(station: Station, postgres: Postgres, sender: str):
    path = station.file(content(sender))

    def crash():
        postgres._pg_ctl("stop", "-m", "immediate", "-w")
        postgres.start()

    with at_statement(station.office.engine, "INSERT INTO core.sighting", crash), pytest.raises(PassingFault):
        pipeline.ingest(station.office, path, FEED, sender)
    assert_open(station, sender)
    assert_finished_by_the_next_drain(station, sender)


def test_the_server_is_away_for_a_while(station: Station, postgres: Postgres, sender: str):
    path = station.file(content(sender))
    postgres._pg_ctl("stop", "-m", "fast", "-w")
    back = threading.Thread(target=postgres.start)
    try:
        with pytest.raises(PassingFault):
            pipeline.ingest(station.office, path, FEED, sender)
    finally:
        back.start()
        back.join()
    assert station.send(FEED, content(sender), sender)["status"] == "accepted_with_findings"
    assert_once(station, sender)
