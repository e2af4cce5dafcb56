"""Several loaders at once: one does the work, the others wait or find it done."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace

import pytest
from tests.faults.killing import EXPECTED, FEED, assert_once, assert_swept, content
from tests.integration.station import Clock, Station, notes, stays, visit, visits

from marsad.errors import PassingFault
from marsad.intake import ledger, pipeline
from marsad.warehouse.engine import make_engine


def at_once(station: Station, *works) -> list[int]:
    """Runs each work in a process of its own, all started together; their exit codes."""
    station.office.engine.dispose()
    start = time.time() + 0.2
    children = []
    for work in works:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                office = replace(station.office, engine=make_engine(station.office.settings.warehouse_url or ""))
                time.sleep(max(0.0, start - time.time()))
                work(office)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_loaders_racing_for_one_file(station: Station, sender: str):
    path = station.file(content(sender))
    works = [lambda office: pipeline.ingest(office, path, FEED, sender)] * 3
    assert at_once(station, *works) == [0, 0, 0]
    assert_once(station, sender)
    arrivals = "SELECT count(*) FROM ops.arrival JOIN ops.delivery d USING (delivery_id) WHERE d.provider = :p"
    assert station.one(arrivals, p=sender) == 3
    assert_swept(station)


def test_drains_racing_for_many_files(station: Station):
    senders = [station.sender() for _ in range(4)]
    for name in senders:
        path = station.file(content(name))
        pipeline.receive(station.office, path, FEED, name, path.name)
    settings = station.office.settings
    assert at_once(station, *[lambda _office: pipeline.drain(settings, FEED)] * 2) == [0, 0]
    for name in senders:
        assert_once(station, name)
    assert_swept(station)


@pytest.mark.parametrize("turn", [0, *(pytest.param(turn, marks=pytest.mark.long) for turn in (1, 2))])
def test_two_files_of_one_sender_at_once(station: Station, sender: str, turn: int):
    old = station.file(visits(*(visit(f"V{n}", "01/02/2024", Enfants=1) for n in range(5))))
    new = station.file(visits(*(visit(f"V{n}", "02/02/2024", Enfants=2) for n in range(5))))
    works = [lambda office, path=path: pipeline.ingest(office, path, FEED, sender) for path in (old, new)]
    assert at_once(station, *(works if turn % 2 else reversed(works))) == [0, 0]
    assert station.state(FEED, sender, "record_id", "children") == [(f"V{n}", 2) for n in range(5)]
    assert station.one("SELECT count(*) FROM core.sighting WHERE provider = :p", p=sender) == 10
    station.assert_whole()


def test_two_snapshots_of_one_sender_at_once(station: Station, sender: str):
    paths = [station.file(stays("2024-02-01", s1="A", s2="A")), station.file(stays("2024-02-02", s1="B"))]
    works = [lambda office, path=path: pipeline.ingest(office, path, "lab/stays", sender) for path in paths]
    assert at_once(station, *works) == [0, 0]
    assert station.state("lab/stays", sender, "record_id", "shelter") == [("s1", "B")]


def test_repeats_without_versions_at_once(station: Station, sender: str):
    """The lock of the merge and that of the audit are always taken in one order: nobody dies of a deadlock."""
    paths = [station.file(notes(n1="A")), station.file(notes(n1="B"))]
    for path in paths:
        pipeline.ingest(station.office, path, "lab/notes", sender)
    station.office.clock.now = Clock().now.replace(year=2031)
    works = [lambda office, path=path: pipeline.ingest(office, path, "lab/notes", sender) for path in paths * 2]
    assert at_once(station, *works) == [0] * 4
    assert len(station.state("lab/notes", sender)) == 1
    station.assert_whole()


def test_a_loader_that_lost_its_claim_does_not_settle_twice(station: Station, sender: str):
    """Its claim's connection broke, another took over; when it comes to settle, it stands back."""
    path = station.file("")
    delivery, _ = pipeline.receive(station.office, path, FEED, sender, "v.csv")
    with ledger.claim(station.office.engine, delivery_id=delivery.delivery_id) as zombie:
        assert zombie is not None
    pipeline.settle_now(station.office, delivery)
    with pytest.raises(PassingFault, match="another process"):
        pipeline.process(station.office, zombie)
    settled = "SELECT count(*) FROM audit.event WHERE object = :id AND action = 'delivery.settled'"
    assert station.one(settled, id=delivery.delivery_id) == 1
    assert_swept(station)


def test_who_waits_for_a_killed_loader_takes_over(station: Station, sender: str):
    path = station.file(content(sender))
    delivery, _ = pipeline.receive(station.office, path, FEED, sender, path.name)
    station.office.engine.dispose()
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        office = replace(station.office, engine=make_engine(station.office.settings.warehouse_url or ""))
        with ledger.claim(office.engine, delivery_id=delivery.delivery_id):
            os.write(told, b"!")
            time.sleep(60)
        os._exit(0)
    os.read(ready, 1)
    threading.Timer(0.5, os.kill, (child, signal.SIGKILL)).start()
    receipt = pipeline.settle_now(station.office, delivery)
    os.waitpid(child, 0)
    assert receipt["rows_accepted"] == EXPECTED["rows_accepted"]
    assert_once(station, sender)
