"""Killing a loader with SIGKILL, at its n-th step on disk or database or after a while, and counting what is lost."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn

import sqlalchemy as sa
from tests.integration.station import Station, visit, visits

from marsad.intake import leftovers, pipeline
from marsad.intake.office import Office
from marsad.intake.stage import Stage
from marsad.terminal import ended_when_told
from marsad.warehouse.engine import make_engine

FEED = "lab/visits"
_CALLS = ("fsync", "write", "pwrite", "truncate", "replace", "unlink", "mkdir", "rmdir")
Work = Callable[[Office], object]


def killed(station: Station, work: Work, *, point: int | None = None, delay: float | None = None) -> int | None:
    """Runs ``work`` in a child that dies before the ``point``-th change, or after ``delay`` seconds.

    None when it died; else how many changes it makes in all.
    """
    station.office.engine.dispose()
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(answer)
        _live_and_die(station, work, point, told)
    os.close(told)
    try:
        if delay is not None and not select.select([answer], [], [], delay)[0]:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in {0, -signal.SIGKILL}, "the child failed without being killed"
        return int(os.read(answer, 20)) if code == 0 else None
    finally:
        os.close(answer)


def told_to_end(station: Station, work: Work, delay: float) -> int:
    """The exit code of a child that is sent SIGTERM ``delay`` seconds after it began ``work`` as a command does."""
    station.office.engine.dispose()
    begun, begins = os.pipe()
    child = os.fork()
    if child == 0:
        _begin_and_end(station, work, begins)
    os.close(begins)
    with os.fdopen(begun) as pipe:
        pipe.read()
    time.sleep(delay)
    os.kill(child, signal.SIGTERM)
    eventually(lambda: os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None, seconds=60)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _begin_and_end(station: Station, work: Work, begins: int) -> NoReturn:
    code = 1
    try:
        with ended_when_told():
            os.close(begins)
            work(replace(station.office, engine=make_engine(station.office.settings.warehouse_url or "")))
            os._exit(0)  # in here: out there a signal that comes now would kill
    except SystemExit as told:
        code = int(str(told.code))
    finally:
        os._exit(code)


def _live_and_die(station: Station, work: Work, point: int | None, told: int) -> None:
    code = 1
    with suppress(BaseException):
        office = replace(station.office, engine=make_engine(station.office.settings.warehouse_url or ""))
        steps = die_before(office.engine, point)
        work(office)
        os.write(told, str(steps()).encode())
        code = 0
    os._exit(code)


def die_before(engine: sa.Engine, point: int | None) -> Callable[[], int]:
    """Counts SQL statements, commits, COPYs and calls that change the disk; dies before the ``point``-th."""
    made = 0

    def step(*_args: object, **_kwargs: object) -> None:
        nonlocal made
        made += 1
        if made == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(call: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*args: Any, **kwargs: Any) -> Any:
            step()
            return call(*args, **kwargs)

        return instead

    sa.event.listen(engine, "before_cursor_execute", step)
    sa.event.listen(engine, "commit", step)
    for name in _CALLS:
        setattr(os, name, counting(getattr(os, name)))
    Stage.copy = counting(Stage.copy)  # type: ignore[method-assign]
    return lambda: made


def content(tag: str, rows: int = 6) -> str:
    """A file with good rows, a copy, a contradiction and a row that is refused at once."""
    good = [visit(f"{tag}-{n}") for n in range(rows)]
    contradiction = visit(f"{tag}-x", Enfants=1), visit(f"{tag}-x")
    return visits(*good, visit(f"{tag}-0"), *contradiction, visit(f"{tag}-y", Sexe="?", Enfants="viele"))


EXPECTED = {"rows_read": 10, "rows_accepted": 6, "rows_quarantined": 4, "rows_unchanged": 0}


def assert_once(station: Station, provider: str) -> None:
    """All that one sending of ``content`` says is there, and nothing twice."""
    (delivery,) = station.rows("SELECT *, delivery_id::text AS id FROM ops.delivery WHERE provider = :p", p=provider)
    assert {name: delivery[name] for name in EXPECTED} == EXPECTED
    assert {name: delivery["receipt"][name] for name in EXPECTED} == EXPECTED
    assert len(station.state(FEED, provider)) == EXPECTED["rows_accepted"]
    for table, count in (("core.sighting", 6), ("core.victim", 6), ("vault.record", 6), ("quarantine.record", 4)):
        assert station.one(f"SELECT count(*) FROM {table} WHERE delivery_id::text = :id", id=delivery["id"]) == count
    assert len(station.opened("vault", [delivery["id"]])) == 6
    assert len(station.opened("quarantine", [delivery["id"]])) == 4
    settled = "SELECT count(*) FROM audit.event WHERE object = :id AND action = 'delivery.settled'"
    assert station.one(settled, id=delivery["id"]) == 1


def assert_swept(station: Station) -> None:
    """After a sweep, exactly the key files that rows refer to are left, and no staging table."""
    leftovers.sweep(station.office)
    leftovers.sweep_keys(station.office)
    used = station.rows(
        """SELECT DISTINCT delivery_id || '.' || attempt || '.keys' AS name FROM vault.record
           UNION SELECT delivery_id || '.' || attempt || '.keys' FROM quarantine.record"""
    )
    kept = {path.name for path in station.office.keyring.store.glob("*.keys")}
    wanted = {row["name"] for row in used}
    assert kept == wanted, f"left over: {sorted(kept - wanted)}, missing: {sorted(wanted - kept)}"
    station.assert_whole()
    assert list((station.office.landing / ".incoming").glob("*.tmp")) == []


def kill_and_rerun(station: Station, *, point: int | None = None, delay: float | None = None) -> bool:
    """One trial: a loader is killed, the file is sent again; returns whether it really died. Asserts once-ness."""
    provider = station.sender()
    path = station.file(content(provider))
    steps = killed(station, lambda office: pipeline.ingest(office, path, FEED, provider), point=point, delay=delay)
    begun = "SELECT count(*) FROM ops.delivery WHERE provider = :p AND status = 'received' AND attempts > 0"
    left = station.one(begun, p=provider)
    told = pipeline.ingest(station.office, path, FEED, provider)["status"]
    assert not left or told != "duplicate", "its own delivery was called a second one"
    assert_once(station, provider)
    return steps is None


def tell_and_rerun(station: Station, delay: float) -> bool:
    """One trial: a loader is told to end, the file is sent again; returns whether it was told before it was done."""
    provider = station.sender()
    path = station.file(content(provider))
    code = told_to_end(station, lambda office: pipeline.ingest(office, path, FEED, provider), delay)
    assert code in {0, 128 + signal.SIGTERM}
    done = station.one("SELECT count(*) FROM ops.delivery WHERE provider = :p AND status <> 'received'", p=provider)
    assert done or code, "it was told to end and did neither that nor its work"
    pipeline.ingest(station.office, path, FEED, provider)
    assert_once(station, provider)
    return code != 0


def steps_of_one_load(station: Station) -> int:
    """How many steps a load has at which it can be killed (the first load ever makes folders too)."""
    for _ in range(2):
        provider = station.sender()
        path = station.file(content(provider))
        steps = killed(station, lambda office: pipeline.ingest(office, path, FEED, provider))  # noqa: B023 - used at once
        assert steps is not None
        assert_once(station, provider)
    return steps


def eventually(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Waits until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)
