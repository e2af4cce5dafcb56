"""Database errors become ours: told by SQLSTATE whether they heal by themselves, and without a value."""

from __future__ import annotations

import psycopg2
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from marsad.errors import PassingFault, PlatformFault
from marsad.warehouse.engine import clean_errors


class Failed(psycopg2.OperationalError):
    """An error as the server sends it, whose text quotes a row."""

    pgcode = ""


def failed(state: str) -> Failed:
    return type("Failed", (Failed,), {"pgcode": state})("DETAIL: Key (name)=(Fatima) already exists")


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ("08006", PassingFault),
        ("40P01", PassingFault),
        ("53300", PassingFault),
        ("55P03", PassingFault),
        ("57P01", PassingFault),
        ("", PassingFault),
        ("53100", PlatformFault),
        ("23505", PlatformFault),
        ("42P01", PlatformFault),
    ],
)
def test_only_what_heals_by_itself_is_tried_again(state: str, fault: type[Exception]) -> None:
    """A full disk (53100) does not: somebody must make room, as for files."""
    for error in (failed(state), OperationalError("SELECT", None, failed(state))):
        with pytest.raises((PassingFault, PlatformFault)) as told, clean_errors():
            raise error
        assert type(told.value) is fault
        assert "Fatima" not in str(told.value)
        assert told.value.__cause__ is None
        assert told.value.__suppress_context__


def test_a_server_that_is_not_there_is_a_passing_fault() -> None:
    engine = sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none")
    with pytest.raises(PassingFault, match="does not answer"), clean_errors():
        engine.connect()
