"""What the simulation says must come out does come out, to the last record, figure and refused row."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.truth import differences


@pytest.mark.timeout(600)
def test_the_warehouse_holds_what_the_agencies_books_say(database: str, tmp_path: Path) -> None:
    assert list(differences(tmp_path, database, victims=60, seed=3)) == []
