"""A loader killed anywhere and started again: nothing is lost, nothing is there twice, nothing is left behind."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.faults.killing import (
    EXPECTED,
    FEED,
    assert_once,
    assert_swept,
    content,
    eventually,
    kill_and_rerun,
    killed,
)
from tests.integration.station import Station

from marsad.intake import dry_run, inbox, pipeline


@pytest.mark.long
def test_killed_at_points_spread_over_a_load(station: Station, steps: int):
    assert steps > 60
    points = [1 + steps * n // 9 for n in range(9)]
    assert all(kill_and_rerun(station, point=point) for point in points)
    assert_swept(station)


def test_killed_at_any_moment(station: Station):
    chance = random.Random(7)
    for _ in range(4):
        kill_and_rerun(station, delay=chance.uniform(0.0, 1.0))
    assert_swept(station)


@pytest.mark.parametrize("back", [0, 2, *(pytest.param(back, marks=pytest.mark.long) for back in (1, 3, 4, 5, 6))])
def test_killed_between_commit_and_event(station: Station, steps: int, back: int):
    """The last steps: the commit, the drop of staging, the head file."""
    assert kill_and_rerun(station, point=steps - back)
    assert_swept(station)


def test_who_was_killed_over_a_file_is_told_its_verdict_and_who_sends_it_again_that_it_is_known(
    station: Station, sender: str, steps: int
):
    path = station.file(content(sender))
    assert killed(station, lambda office: pipeline.ingest(office, path, FEED, sender), point=steps // 2) is None
    told = [pipeline.ingest(station.office, path, FEED, sender) for _ in range(2)]
    assert [one["status"] for one in told] == ["accepted_with_findings", "duplicate"]
    assert told[1]["first"]["delivery_id"] == told[0]["delivery_id"]


def test_an_event_lost_by_a_kill_is_told_by_the_next_drain(station: Station, sender: str, steps: int):
    path = station.file(content(sender))
    before = station.office.clock()
    assert killed(station, lambda office: pipeline.ingest(office, path, FEED, sender), point=steps - 1) is None
    assert_once(station, sender)
    done = pipeline.drain(station.office.settings, FEED, since=before)
    assert (done.deliveries, done.changed) == (0, True)
    later = before.replace(year=2040)
    assert not pipeline.drain(station.office.settings, FEED, since=later).changed


def test_the_drain_after_a_kill_finishes_the_work(station: Station, sender: str, steps: int):
    settings = station.office.settings
    path = station.file(content(sender))
    assert killed(station, lambda office: pipeline.ingest(office, path, FEED, sender), point=steps // 2) is None
    done = pipeline.drain(settings, FEED)
    assert (done.deliveries, done.rows_accepted, done.changed) == (1, EXPECTED["rows_accepted"], True)
    assert_once(station, sender)
    assert pipeline.drain(settings, FEED).deliveries == 0
    assert_swept(station)


def test_killed_while_receiving(station: Station, sender: str):
    """The file stays in the inbox until it is landed and in the ledger, under the name that it came with."""
    place = station.office.settings.place("inbox")
    inbox.drop(station.file(content(sender), "envoi.csv"), place, sender, FEED)

    def receive(office):
        pipeline.receive_waiting(office, FEED, 4e9)

    point = 0
    while point == 0 or killed(station, receive, point=point) is None:
        point += 1
        waiting = inbox.waiting(place, FEED, 4e9) or inbox.left(place, FEED)
        landed = station.rows("SELECT file_name FROM ops.delivery WHERE provider = :p", p=sender)
        assert waiting or landed == [{"file_name": "envoi.csv"}]
    assert point > 10
    pipeline.receive_waiting(station.office, FEED, 4e9)
    assert list(inbox.folder(place, sender, FEED).iterdir()) == []
    pipeline.drain(station.office.settings, FEED)
    assert_once(station, sender)
    assert_swept(station)


def test_a_dry_run_that_was_killed_leaves_nothing_after_a_drain(station: Station, sender: str):
    path = station.file(content(sender))
    steps = killed(station, lambda office: dry_run.check(office, path, FEED))
    assert steps is not None
    before = station.counts()
    assert killed(station, lambda office: dry_run.check(office, path, FEED), point=steps - 4) is None
    left = "SELECT count(*) FROM pg_tables WHERE schemaname = 'stage'"
    eventually(lambda: _swept(station, left))
    assert station.counts() == before


def _swept(station: Station, left: str) -> bool:
    """The server notices a dead client in its own time, and only then is the table nobody's."""
    pipeline.drain(station.office.settings, FEED)
    return station.one(left) == 0


def test_keys_of_a_load_in_progress_are_not_swept(station: Station, sender: str):
    """A sweep runs while a loader is about to commit."""
    from marsad.intake import leftovers, settle

    path, swept = station.file(content(sender)), []
    office = replace(station.office)
    write_rows = settle.write_rows

    def sweeping(*args):
        swept.append(leftovers.sweep_keys(office))
        return write_rows(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settle, "write_rows", sweeping)
        pipeline.ingest(office, path, FEED, sender)
    assert len(swept) == 1
    assert_once(station, sender)


def test_keys_of_a_delivery_that_this_database_does_not_know_are_kept(station: Station, sender: str, steps: int):
    """An old home with a new database: the old one may be restored, its keys could not."""
    from marsad.intake import leftovers

    path = station.file(content(sender))
    assert killed(station, lambda office: pipeline.ingest(office, path, FEED, sender), point=steps // 2) is None
    store = station.office.keyring.store
    (orphan,) = store.glob(_delivery_id(station, sender) + ".*.keys")
    foreign = orphan.rename(store / "0199aaaa-0000-7000-8000-000000000001.1.keys")
    leftovers.sweep_keys(station.office)
    assert foreign.exists()
    foreign.rename(orphan)
    leftovers.sweep_keys(station.office)
    assert not orphan.exists()
    pipeline.drain(station.office.settings, FEED)
    assert_once(station, sender)


def _delivery_id(station: Station, sender: str) -> str:
    return str(station.one("SELECT delivery_id::text FROM ops.delivery WHERE provider = :p", p=sender))
