"""A short command takes a warehouse as it stands when this very version made it, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from marsad.runtime.standing import made_of, note, stands
from marsad.settings import Settings
from marsad.warehouse import migrate


def test_a_warehouse_stands_until_a_contract_changes(
    database: str, new_database: Callable[[str], str], tmp_path: Path
) -> None:
    contract = tmp_path / "contracts" / "ngo" / "street_work.yaml"
    contract.parent.mkdir(parents=True)
    contract.write_text("status: draft\n")
    settings = replace(Settings.from_env({}), contract_dirs=(tmp_path / "contracts",))
    made = made_of(settings)
    assert not stands(database, made)  # migrated, but nobody said from what
    assert not stands(new_database("template1"), made)  # never made
    note(database, made)
    assert stands(database, made_of(settings))
    migrate.upgrade(database)  # another version's, perhaps, and nobody said that all went well
    assert not stands(database, made)
    note(database, made)
    contract.write_text("status: active\n")
    assert not stands(database, made_of(settings))
