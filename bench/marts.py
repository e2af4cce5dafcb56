"""Marts at size: what each asks of the database, and each page of analysts as one who is signed in waits for it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from tests.integration.portal_site import Browser, signed_in

from bench.place import Place
from bench.result import Result
from marsad.portal import pages
from marsad.portal.accounts import ANALYST, Right
from marsad.portal.site import Site
from marsad.settings import PROJECT
from marsad.warehouse.migrate import mart_names
from marsad.warehouse.query import role_url

PAGE_SECONDS = 1.0
CHANGED = 1_000  # persons that the register says something else of
GROWTH = 2.0  # of what they cost, while the warehouse grows a hundredfold
_STOCK = (Path(__file__).parent / "stocked.sql").read_text(encoding="utf-8")
_AT_ONCE = 500_000
_REPEATS, _LONG = 2, 5.0


def marts(place: Place, rows: int) -> Iterator[Result]:
    """Warehouses of a hundredth, a tenth and all of ``rows`` records."""
    sizes = (rows // 100, rows // 10, rows)
    costs: dict[int, float] = {}
    for first, size in zip((0, *sizes), sizes, strict=False):
        stock(place, first, size)
        _ask(place, size)
        yield from _pages(place, size)
        costs[size] = _change(place)
    least = f"the same of {sizes[0]:,} records"
    for size in sizes[1:]:
        name = f"count {CHANGED:,} persons anew of {size:,} records"
        yield Result(name, costs[size], least, costs[sizes[0]], GROWTH, 0)


def stock(place: Place, first: int, last: int) -> None:
    """Fills the warehouse with the records after ``first`` up to ``last``."""
    place.say(f"marts: making records up to {last:,}")
    engine = sa.create_engine(place.server.url())
    for start in range(first, last, _AT_ONCE):
        with engine.begin() as connection:
            connection.execute(sa.text(_STOCK), {"first": start, "last": min(start + _AT_ONCE, last)})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
    engine.dispose()


def _ask(place: Place, size: int) -> None:
    """Tells how long each mart takes to tell all it holds."""
    engine = sa.create_engine(role_url(place.settings, ANALYST))
    for name in mart_names(PROJECT / "schemas" / "views"):
        try:
            told = f"{_best(partial(_whole, engine, name)):.2f} s"
        except sa.exc.OperationalError:
            told = "takes longer than analysts may ask"
        place.say(f"marts: {size:,} records, mart.{name}: {told}")
    engine.dispose()


def _whole(engine: sa.Engine, mart: str) -> None:
    """Asks a mart for all it holds."""
    with engine.connect() as connection:
        query = f"SELECT count(*) FROM (SELECT * FROM mart.{mart} OFFSET 0) AS whole"  # noqa: S608 - our own names
        connection.execute(sa.text(query))


def _pages(place: Place, size: int) -> Iterator[Result]:
    """Every page that the menu offers to analysts alone."""
    browser = _analyst(place)
    for path in (entry.path for entry in pages.MENU if entry.roles == (ANALYST,)):
        if not browser.get(path).is_success:
            sys.exit(f"{path} cannot be read")
        seconds = _best(partial(browser.get, path))
        yield Result(f"page {path}, {size:,} records", seconds, "what a reader waits", PAGE_SECONDS, 1, 0)


def _change(place: Place) -> float:
    """What it takes to note that some persons are counted otherwise from now on, as the register does."""
    engine = sa.create_engine(place.server.url())
    with engine.connect() as connection:
        chosen = list(connection.execute(sa.text(_CHOSEN), {"most": CHANGED}).scalars())
    seconds = _best(partial(_note, engine, chosen))
    engine.dispose()
    return seconds


def _note(engine: sa.Engine, persons: list[str]) -> None:
    with engine.begin() as connection:
        for statement in _NOTE:
            connection.execute(sa.text(statement), {"persons": persons})


def _analyst(place: Place) -> Browser:
    """One who is signed in."""
    run = place.settings.place("run")
    (run / "portal.url").write_text(role_url(place.settings, "portal"))
    return signed_in(Site.open(place.settings), "reader", Right(ANALYST))


def _best(work: Callable[[], object]) -> float:
    first = _timed(work)
    return first if first > _LONG else min(first, *map(_timed, [work] * _REPEATS))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


_CHOSEN = "SELECT person_id::text FROM register.past WHERE until IS NULL ORDER BY md5(person_id::text) LIMIT :most"
_NOTE = (
    """UPDATE register.past SET until = now() WHERE until IS NULL AND person_id = ANY(CAST(:persons AS uuid[]))""",
    """INSERT INTO register.past (person_id, since, met_on, status, sex, age_band, minor, region, citizenship,
                                  exploitation_form, steps)
    SELECT DISTINCT ON (person_id) person_id, until, met_on, status, sex, age_band, minor, region, citizenship,
           exploitation_form, steps || '{"shelter": 400}'
    FROM register.past WHERE person_id = ANY(CAST(:persons AS uuid[])) ORDER BY person_id, until DESC""",
)
