"""Transactions with the linker's rights, or those of who works on what it settled, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from marsad.warehouse.engine import clean_errors
from marsad.warehouse.roles import role_name

_ONE_AT_A_TIME = 7_262_720  # any constant: linkers settle persons one after the other


@contextmanager
def reading(engine: sa.Engine, role: str = "linker") -> Iterator[sa.Connection]:
    """A transaction with the linker's rights, or those of ``role``, and no others."""
    with clean_errors(), engine.begin() as connection:
        connection.execute(sa.text(f"SET LOCAL ROLE {role_name(role)}"))
        yield connection


@contextmanager
def transaction(engine: sa.Engine, role: str = "linker") -> Iterator[sa.Connection]:
    """The same for who changes persons, or needs them to stay as they are: one at a time."""
    with reading(engine, role) as connection:
        alone(connection)
        yield connection


def alone(connection: sa.Connection) -> None:
    """Waits until nobody else changes persons, and keeps others waiting to the transaction's end."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
