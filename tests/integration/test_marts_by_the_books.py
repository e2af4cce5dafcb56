"""Every mart figure against the simulation's own count: several worlds, and their files in several orders."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tests.integration.truth import PERSON_MARTS, RECORD_MARTS, link_truly, mart_differences

from marsad.identity.keys import KeyRing
from marsad.intake import pipeline
from marsad.intake.office import Office
from marsad.linkage.stock import victim_feeds
from marsad.register.refresh import refresh
from marsad.settings import Settings
from marsad.simulation import simulate


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("victims", "seed", "order"), [
    (40, 11, None), (40, 11, 1), (40, 11, 2), (70, 12, 3), (45, 13, 4), (45, 14, 5), (300, 15, 6),
])  # fmt: skip
def test_marts_are_what_the_books_say_in_any_order_of_arrival(
    tmp_path: Path, database: str, victims: int, seed: int, order: int | None
) -> None:
    truth = json.loads(simulate(tmp_path / "agencies", victims, seed).read_text("utf-8"))
    settings = Settings.from_env({"MARSAD_HOME": str(tmp_path / "home"), "MARSAD_WAREHOUSE_URL": database})
    KeyRing.create(settings.place("keys"))
    office = Office.open(settings)
    files = list(truth["files"])
    if order is not None:
        random.Random(order).shuffle(files)
    for entry in files:
        pipeline.ingest(office, tmp_path / "agencies" / entry["file"], entry["feed"], entry["provider"])
    with office.engine.begin() as connection:
        link_truly(connection, truth, victim_feeds(office.catalog.contracts))
    refresh(office)
    # How many rows of a file were new depends on what came before it; what they say does not.
    marts = [mart for mart in RECORD_MARTS if order is None or mart != "provider_quality"]
    with office.engine.connect() as connection:
        assert list(mart_differences(connection, truth, [*marts, *PERSON_MARTS])) == []
    office.engine.dispose()
