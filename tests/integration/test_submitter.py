"""The report alone is enough to put a file right."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.submitter import second_tries


@pytest.mark.timeout(600)
@pytest.mark.long
def test_faulty_files_are_accepted_on_the_second_try(database: str, tmp_path: Path) -> None:
    tried = second_tries(tmp_path, database, victims=40, seed=5)
    refused = {name: verdict for name, (right, verdict) in tried.items() if not right}
    assert len(tried) >= 10
    assert len(refused) <= 0.05 * len(tried), refused
