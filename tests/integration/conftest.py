"""One station a module, on a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from tests.integration.portal_site import Browser, signed_in, site_over
from tests.integration.postbox import afresh, mailer  # noqa: F401 - fixtures
from tests.integration.sftp_desk import served, sftp_engine  # noqa: F401 - fixtures
from tests.integration.station import Station, stations

from marsad.portal import secrets_kept
from marsad.portal.accounts import Right
from marsad.portal.site import Site
from marsad.runtime.postgres import Postgres


@pytest.fixture(scope="module", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Passwords hashed the same way at the least cost: what one costs is told in the unit tests."""
    least = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets_kept, "_HASHER", least)
        patch.setattr(secrets_kept, "_NOBODY", least.hash("nobody"))
        yield


@pytest.fixture(scope="module")
def module_database(request: pytest.FixtureRequest, postgres: Postgres, migrated: str) -> Iterator[str]:
    """A migrated database that the tests of one module share."""
    name = "m_" + request.module.__name__.rpartition(".")[2]
    administer = sa.create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with administer.connect() as server:
        server.execute(sa.text(f"CREATE DATABASE {name} OWNER marsad TEMPLATE {migrated} STRATEGY file_copy"))
    yield postgres.url(database=name)
    with administer.connect() as server:
        server.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[Station]:
    yield from stations(tmp_path_factory.mktemp("station"), module_database)


@pytest.fixture
def sender(station: Station) -> str:
    """A sender nobody has used yet."""
    return station.sender()


@pytest.fixture
def counted(station: Station) -> Callable[[], dict[str, int]]:
    return station.counts


@pytest.fixture(scope="module")
def site(station: Station) -> Iterator[Site]:
    """The portal over the station."""
    made = site_over(station)
    yield made
    made.engine.dispose()


@pytest.fixture
def submitter(site: Site, sender: str) -> Browser:
    """Somebody who is signed in and sends for ``sender``."""
    return signed_in(site, sender)


@pytest.fixture
def steward(site: Site, sender: str) -> Browser:
    """A steward who is signed in."""
    return signed_in(site, f"steward.{sender}", Right("steward"))
