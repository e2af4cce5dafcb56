"""Analysts reach the embedded warehouse with the rights of their role, as a fresh home has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from marsad.errors import UsageFault
from marsad.runtime.stack import borrowed_warehouse
from marsad.settings import Settings
from marsad.warehouse.query import query


def test_an_analyst_asks_marts_of_a_fresh_home_and_nothing_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)  # as root, the server is another user
    settings = Settings.from_env({"MARSAD_HOME": str(tmp_path / "home")})
    with borrowed_warehouse(settings, lambda _text: None):
        assert query(settings, "SELECT sum(records) FROM mart.records", "analyst") == (["sum"], [[None]])
        assert query(settings, "SHOW statement_timeout", "analyst")[1] == [["1min"]]
        for statement in ("SELECT * FROM core.victim", "SET ROLE NONE; SELECT * FROM vault.record"):
            with pytest.raises(UsageFault, match="permission denied"):
                query(settings, statement, "analyst")
    assert not (tmp_path / "home" / "run" / "warehouse.url").exists()
