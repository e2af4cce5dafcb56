"""Who opens the embedded warehouse: analysts with the rights of their role, and nobody with other keys than its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from marsad import cli
from marsad.errors import PlatformFault, UsageFault
from marsad.runtime.postgres import programs
from marsad.runtime.prepare import prepare
from marsad.runtime.stack import borrowed_warehouse
from marsad.settings import Settings
from marsad.warehouse.engine import database_url, make_engine
from marsad.warehouse.query import query


def quiet(_text: str) -> None:
    """No progress wanted."""


def test_an_analyst_asks_marts_of_a_fresh_home_and_nothing_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)  # as root, the server is another user
    settings = Settings.from_env({"MARSAD_HOME": str(tmp_path / "home")})
    with borrowed_warehouse(settings, quiet):
        assert query(settings, "SELECT sum(records) FROM mart.records", "analyst") == (["sum"], [[None]])
        assert query(settings, "SHOW statement_timeout", "analyst")[1] == [["1min"]]
        for statement in ("SELECT * FROM core.victim", "SET ROLE NONE; SELECT * FROM vault.record"):
            with pytest.raises(UsageFault, match="permission denied"):
                query(settings, statement, "analyst")
    assert not (tmp_path / "home" / "run" / "warehouse.url").exists()


def test_psql_takes_the_address_of_a_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o711)
    monkeypatch.setenv("MARSAD_HOME", str(tmp_path / "home"))
    with borrowed_warehouse(Settings.from_env(), quiet):
        monkeypatch.setattr("sys.argv", ["marsad", "url", "--role", "steward", "--psql"])
        with pytest.raises(SystemExit, match="0"):
            cli.main()
        asked = [programs() / "psql", capsys.readouterr().out.strip(), "-XAtc", "SELECT count(*) FROM core.victim"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


@pytest.fixture
def used(tmp_path: Path) -> Settings:
    """A home that has taken a delivery, stopped."""
    tmp_path.chmod(0o711)
    settings = Settings.from_env({"MARSAD_HOME": str(tmp_path / "home")})
    with borrowed_warehouse(settings, quiet):
        engine = make_engine(database_url(settings))
        with engine.begin() as connection:
            connection.execute(sa.text(A_DELIVERY))
        engine.dispose()
    return settings


A_DELIVERY = """
    INSERT INTO ops.delivery (delivery_id, feed, provider, sha256, size, file_name, received_at, first_received_at,
                              contract_version, contract_fingerprint, suite_fingerprint, status)
    VALUES (uuidv7(), 'f/x', 'P', 'a', 1, 'a.csv', now(), now(), '1.0.0', 'b', 'c', 'received')
"""


@pytest.mark.parametrize("lost", [(".",), ("private", "public", "store", "landing")])
def test_lost_keys_are_not_replaced_by_new_ones(used: Settings, lost: tuple[str, ...]) -> None:
    keys, saved = used.place("keys"), used.home / "saved"
    shutil.copytree(keys, saved)
    for name in lost:
        shutil.rmtree(keys / name)
    for _ in range(2):
        with pytest.raises(PlatformFault, match=r"lost.*docs/runbooks/keys\.md"), borrowed_warehouse(used, quiet):
            pytest.fail("it started")
        assert not (keys / "private").exists()
    shutil.rmtree(keys, ignore_errors=True)
    saved.rename(keys)
    with borrowed_warehouse(used, quiet):
        assert query(used, "SELECT count(*) FROM mart.deliveries", "analyst")[1] == [[1]]


@pytest.mark.parametrize("left", ["landing/ab/ab12.age", "audit/2026-05-01.head"])
def test_landed_files_and_signed_heads_want_their_keys_too(tmp_path: Path, database: str, left: str) -> None:
    """A warehouse on a server may be new while the home is not."""
    settings = Settings.from_env({"MARSAD_HOME": str(tmp_path), "MARSAD_WAREHOUSE_URL": database})
    (tmp_path / left).parent.mkdir(parents=True)
    (tmp_path / left).touch()
    with pytest.raises(PlatformFault, match="were lost"):
        prepare(settings)
    (tmp_path / left).unlink()
    prepare(settings)
    assert (tmp_path / "keys" / "private").exists()
    (tmp_path / left).touch()
    prepare(settings)
