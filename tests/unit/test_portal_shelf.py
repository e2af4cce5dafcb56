"""What the portal knows of contracts while somebody edits them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from marsad.contracts.catalog import Catalog
from marsad.errors import UsageFault
from marsad.portal import site
from marsad.portal.site import Shelf
from marsad.settings import Settings


def test_a_wrong_code_list_is_read_once_and_leaves_what_was_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    right = Catalog({}, {}, {})

    def read(_settings: Settings) -> tuple[Catalog, list[object]]:
        looks.append(1)
        if (tmp_path / "wrong.yaml").exists():
            raise UsageFault("wrong")
        return right, []

    monkeypatch.setattr(site, "sound_catalog", read)
    shelf = Shelf(replace(Settings.from_env({"MARSAD_HOME": str(tmp_path)}), contract_dirs=(tmp_path,)))
    assert shelf.catalog is right
    (tmp_path / "wrong.yaml").write_text("")
    (tmp_path / ".#wrong.yaml").symlink_to("me@host.1:2")
    assert [shelf.catalog, shelf.catalog, shelf.catalog] == [right] * 3
    assert len(looks) == 2
    (tmp_path / "wrong.yaml").unlink()
    assert shelf.catalog is right
    assert len(looks) == 3
