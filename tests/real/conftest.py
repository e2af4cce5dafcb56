"""Where the published files lie, and one installation that has taken all of them by the contracts beside this file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.real.published import FILES, Published

from marsad.identity.keys import KeyRing
from marsad.intake.office import Office
from marsad.intake.pipeline import ingest
from marsad.runtime.postgres import Postgres
from marsad.settings import PROJECT, Settings

HERE = Path(__file__).parent
DATA = Path(os.environ.get("MARSAD_REAL_DATA") or PROJECT.parent / "shared" / "data")

# The data is given beside the project and never copied into it: a clone without it has nothing to test here. CI has it,
# so there its absence is a failure.
NEED_IT = [
    "test_published.py",
    "test_published_estimates.py",
    "test_messy.py",
    "test_messy_text.py",
    "test_name_pairs.py",
    "test_contradictions_workbook.py",
]
collect_ignore = [] if DATA.is_dir() or os.environ.get("CI") == "true" else NEED_IT


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of published files."""
    if not DATA.is_dir():
        pytest.fail(f"the real data is missing: no folder {DATA} (set MARSAD_REAL_DATA to where it lies)")
    return DATA


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, migrated: str) -> Iterator[Office]:
    """An installation of its own that knows the contracts and suites of this folder."""
    administer = sa.create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with administer.connect() as server:
        server.execute(sa.text(f"CREATE DATABASE published OWNER marsad TEMPLATE {migrated} STRATEGY file_copy"))
    home = tmp_path_factory.mktemp("published")
    home.chmod(0o700)
    settings = Settings.from_env(
        {
            "MARSAD_HOME": str(home),
            "MARSAD_WAREHOUSE_URL": postgres.url(database="published"),
            "MARSAD_CONTRACTS": str(HERE / "contracts"),
            "MARSAD_EXPECTATIONS": str(HERE / "expectations"),
        }
    )
    KeyRing.create(settings.place("keys"))
    opened = Office.open(settings)
    yield opened
    opened.engine.dispose()
    with administer.connect() as server:
        server.execute(sa.text("DROP DATABASE published WITH (FORCE)"))


@pytest.fixture(scope="module")
def taken(office: Office, data: Path) -> Mapping[Published, dict[str, Any]]:
    """The receipt of each published file."""
    return {file: ingest(office, data / file.path, file.feed, file.provider) for file in FILES}
