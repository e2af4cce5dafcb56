"""A refused file is looked at again for other feeds: never in our own process, and the first verdict stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from marsad.contracts.catalog import load_catalog
from marsad.errors import MarsadError, PassingFault, PlatformFault, ProviderFault
from marsad.intake import elsewhere
from marsad.intake.reading import sandbox
from marsad.settings import PROJECT, Settings


@pytest.mark.parametrize("fault", [PassingFault("killed"), PlatformFault("ended"), ProviderFault("file.too_complex")])
def test_a_fault_of_the_second_look_never_replaces_the_first(
    fault: MarsadError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path, None, (PROJECT / "schemas" / "contracts",), ())
    contract = next(iter(load_catalog(settings).contracts.values()))
    first = ProviderFault("file.no_header", expected="Nom")
    asked = []

    def session(*_args: object) -> None:
        asked.append(1)
        raise fault

    path = tmp_path / "liste.csv"
    path.write_text("x;y\n1;2\n", "utf-8")
    monkeypatch.setattr(sandbox, "_Session", session)  # where a process of its own begins
    assert elsewhere.belonging(first, path, path.name, contract, settings) is first
    assert asked
