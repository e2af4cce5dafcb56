"""The benchmark's feeds follow the project's contracts, code lists and messages, and its files are what they claim."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from bench.data import BAD_SHARE, DELIMITER, FAULTS, write_file
from bench.place import FEEDS, WITH, WITHOUT, settings_of
from bench.result import Result, table, write

from marsad.contracts.catalog import Catalog, load_catalog
from marsad.quality.structural import load_rulebook
from marsad.quality.suites import load_suite, sync_suite

ROWS = 3_000


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(settings_of(tmp_path_factory.mktemp("home")))


@pytest.mark.parametrize("feed", [WITHOUT, WITH])
def test_suites_are_in_step_with_their_contracts(catalog: Catalog, feed: str, tmp_path: Path) -> None:
    copy = tmp_path / "suite.json"
    shutil.copyfile(FEEDS / "expectations" / f"{feed}.json", copy)
    assert not sync_suite(catalog.contract(feed), copy, load_rulebook())
    assert len(load_suite(copy).entries) >= 20


@pytest.mark.parametrize(("feed", "vaulted"), [(WITHOUT, 0), (WITH, 9)])
def test_feeds_have_25_columns_with_or_without_identities(catalog: Catalog, feed: str, vaulted: int) -> None:
    columns = catalog.contract(feed).columns
    assert (len(columns), sum(column.vaulted for column in columns)) == (25, vaulted)


@pytest.mark.parametrize("feed", [WITHOUT, WITH])
def test_a_seed_always_makes_the_same_file_with_the_share_of_bad_rows(
    catalog: Catalog, feed: str, tmp_path: Path
) -> None:
    contract, files = catalog.contract(feed), [tmp_path / name for name in ("one.csv", "same.csv", "other.csv")]
    bad = [write_file(f, contract, catalog.codelists, ROWS, seed=s) for f, s in zip(files, (1, 1, 2), strict=True)]
    one, same, other = (file.read_bytes() for file in files)
    assert one == same != other
    assert bad == [ROWS * BAD_SHARE] * 3
    header, *rows = one.decode().splitlines()
    assert len(rows) == ROWS
    assert {line.count(DELIMITER) for line in (header, *rows)} == {24}
    assert bad[0] == _spoilt(header, rows, {c.name: c.headers["fr"] for c in contract.columns})


def _spoilt(header: str, rows: list[str], names: dict[str, str]) -> int:
    """Rows with one of the faults, and rows that stand there twice."""
    places = {name: header.split(DELIMITER).index(names[name]) for name, _ in FAULTS}
    faulty = sum(any(row.split(DELIMITER)[places[name]] == text for name, text in FAULTS) for row in rows)
    return faulty + sum(count - 1 for count in Counter(rows).values())


@pytest.mark.parametrize(
    ("seconds", "peak", "limit", "holds"),
    [(5.0, 10.0, 1024.0, True), (5.1, 10.0, 1024.0, False), (5.0, 1025.0, 1024.0, False)],
)
def test_a_result_holds_when_ratio_and_memory_do(
    tmp_path: Path, seconds: float, peak: float, limit: float, *, holds: bool
) -> None:
    result = Result("load", seconds, "COPY", 1.0, 5, peak, limit)
    write([result], tmp_path / "bench.json")
    told = {
        "name": "load",
        "seconds": seconds,
        "reference": "COPY",
        "reference_seconds": 1.0,
        "ratio": seconds,
        "target": 5,
        "holds": holds,
        "peak_rss_mb": peak,
    }
    assert json.loads((tmp_path / "bench.json").read_text()) == [told]
    assert ("MISSED" in table([result])) is not holds
