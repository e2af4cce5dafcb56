"""DAG files read the way Airflow reads them, but with no way out: no socket, no database."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

# Airflow reads its configuration when it is first imported, so this comes before any such import.
_HOME = Path(tempfile.mkdtemp(prefix="marsad-test-airflow-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)  # every worker that only looks for tests imports this too
_ENVIRONMENT = {
    "AIRFLOW_HOME": str(_HOME),
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://nobody@localhost/none?host=/nonexistent",
}
os.environ.update(_ENVIRONMENT)
os.environ.pop("AIRFLOW_CONFIG", None)

PROJECT = Path(__file__).parents[2]
DAG_FILES = sorted((PROJECT / "dags").glob("*.py"))


class Blocked(AssertionError):
    """Reading a DAG file tried to reach something."""


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise Blocked("a DAG file reached for the network or a database while it was read")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr("psycopg2.connect", refuse)


@pytest.fixture(scope="session")
def dag_files() -> list[Path]:
    return DAG_FILES
