"""What every kind of test may use: one PostgreSQL a session, one fresh migrated database a test."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from tests.servers import fresh_server

from marsad.runtime.postgres import Postgres

# Several engineers and CI share two cores: a slow moment is not a failure of what is tested.
settings.register_profile(
    "marsad",
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("marsad")

# Tests fork loaders, to kill them. What linkage left in this process (DuckDB) ends threads when it is collected, which
# a fork does not have: there it would crash instead of dying where it should.
os.register_at_fork(after_in_child=gc.freeze)

TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running server of its own, one a worker; started once a session, gone at its end."""
    with fresh_server("marsad-test-") as (_, server):
        yield server


def _administer(postgres: Postgres, *statements: str) -> None:
    engine = sa.create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """Name of a database with the whole warehouse schema, to copy from."""
    from marsad.warehouse.migrate import upgrade

    _administer(postgres, f"CREATE DATABASE {TEMPLATE} OWNER marsad")
    upgrade(postgres.url(database=TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def new_database(postgres: Postgres, _numbers: Iterator[int]) -> Iterator[Callable[[str], str]]:
    """Make further databases from a template within one test: ``new_database(template) -> url``."""
    made: list[str] = []

    def make(template: str) -> str:
        name = f"t{next(_numbers)}"
        _administer(postgres, f"CREATE DATABASE {name} OWNER marsad TEMPLATE {template} STRATEGY file_copy")
        made.append(name)
        return postgres.url(database=name)

    yield make
    for name in made:
        _administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(new_database: Callable[[str], str], migrated: str) -> str:
    """Address of a fresh, migrated, empty warehouse (its owner signs in)."""
    return new_database(migrated)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty ``MARSAD_HOME`` of this test alone."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder
