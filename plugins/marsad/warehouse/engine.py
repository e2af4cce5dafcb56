"""Connections to the warehouse, and the translation of database errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from marsad.errors import MarsadError, PassingFault, PlatformFault, UsageFault
from marsad.settings import Settings

# SQLSTATE classes that heal by themselves: connection (08), transaction rollback (40), out of resources (53),
# operator intervention such as a restart (57), lock not available (55P03). Of these a full disk does not.
_PASSING = ("08", "40", "53", "57", "55P03")
_DISK_FULL = "53100"


def database_url(settings: Settings) -> str:
    """The warehouse's address: the server named in the settings, else the embedded one that is up.

    Raises:
        UsageFault: neither is there.
    """
    if settings.warehouse_url:
        return settings.warehouse_url
    note = settings.place("run") / "warehouse.url"
    if not note.exists():
        raise UsageFault("the platform is not up: run 'make up', or set MARSAD_WAREHOUSE_URL to a server")
    return note.read_text(encoding="utf-8").strip()


def make_engine(url: str) -> sa.Engine:
    """An engine that never writes parameters (values of persons) into errors or logs."""
    engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=4)
    sa.event.listen(engine, "connect", _in_utc)
    return engine


def _in_utc(connection: Any, _record: object) -> None:  # noqa: ANN401 - psycopg2's connection
    """Moments without a zone are UTC, whatever the server's default (normalising writes them so)."""
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


@contextmanager
def clean_errors() -> Iterator[None]:
    """Turns database errors into PassingFault or PlatformFault that name the state and constraint, never a value.

    PostgreSQL's DETAIL and COPY CONTEXT lines quote rows, so the original text is cut off with the chain.
    """
    try:
        yield
    except DBAPIError as error:
        raise _translated(error.orig, isinstance(error, OperationalError) or error.connection_invalidated) from None
    except psycopg2.Error as error:
        raise _translated(error, isinstance(error, psycopg2.OperationalError)) from None


def _translated(error: BaseException | None, operational: bool) -> MarsadError:
    state = getattr(error, "pgcode", None) or ""
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
    text = f"database error {state or 'without state'}" + (f" on {constraint}" if constraint else "")
    if operational and not state:
        return PassingFault("the database does not answer, or restarts: try again in a moment")
    if state.startswith(_PASSING) and state != _DISK_FULL:
        return PassingFault(text)
    return PlatformFault(text)
