"""Every suite of the project: in step with its contract, taken by Great Expectations as it lies, fully worded."""

import json
import re
from pathlib import Path

import great_expectations as gx
import pytest
from great_expectations.core import ExpectationSuite

from marsad.contracts.load import load_contracts
from marsad.quality.rows import RowJudge
from marsad.quality.structural import load_rulebook
from marsad.quality.suites import load_suite, sync_suite
from marsad.settings import PROJECT

EXPECTATIONS = PROJECT / "expectations"
CONTRACTS = load_contracts([PROJECT / "schemas" / "contracts"])
BOOK = load_rulebook()
LATER = {"rows", "rows_before", "unmapped", "unmapped_before"}  # known only when the file is judged


def path_of(feed: str) -> Path:
    return EXPECTATIONS / f"{feed}.json"


def test_every_feed_has_a_suite_and_every_suite_a_feed():
    suites = {str(path.relative_to(EXPECTATIONS).with_suffix("")) for path in EXPECTATIONS.glob("*/*.json")}
    assert {name for name in suites if not name.startswith(("warehouse/", "releases/"))} == set(CONTRACTS)


@pytest.mark.parametrize("feed", CONTRACTS)
def test_the_suite_is_in_step_with_its_contract(feed, tmp_path):
    copy = tmp_path / "suite.json"
    copy.write_bytes(path_of(feed).read_bytes())
    assert not sync_suite(CONTRACTS[feed], copy, BOOK), f"run `marsad feed sync`: expectations/{feed}.json is behind"


@pytest.mark.parametrize("feed", CONTRACTS)
def test_great_expectations_takes_the_file_as_it_lies(feed):
    document = json.loads(path_of(feed).read_text("utf-8"))
    held = ExpectationSuite(**document)
    assert held.name == feed.replace("/", ".")
    assert len(held.expectations) == len(document["expectations"])
    for entry, expectation in zip(document["expectations"], held.expectations, strict=True):
        assert expectation.expectation_type == entry["type"]
        assert expectation.severity == entry["severity"]
        assert expectation.meta == entry["meta"]


def test_a_file_context_finds_the_suites_in_their_folder(tmp_path):
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    stores = context.variables.stores
    stores["marsad"] = {
        "class_name": "ExpectationsStore",
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(_copied(tmp_path / "expectations")),
        },
    }
    context.variables.stores = stores
    context.variables.expectations_store_name = "marsad"
    context.variables.save()
    again = gx.get_context(mode="file", project_root_dir=tmp_path)
    assert {suite.name for suite in again.suites.all()} == {feed.replace("/", ".") for feed in CONTRACTS}


def _copied(folder: Path) -> Path:
    """The suites where GX may write beside them (it keeps a file of its own in its folder)."""
    for feed in CONTRACTS:
        place = folder / f"{feed}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path_of(feed).read_bytes())
    return folder


@pytest.mark.parametrize("feed", CONTRACTS)
def test_judges_see_every_column_that_rules_read(feed):
    RowJudge(CONTRACTS[feed], load_suite(path_of(feed)))


@pytest.mark.parametrize("feed", CONTRACTS)
def test_every_message_is_ready_to_read(feed):
    for rule in load_suite(path_of(feed)).rules.values():
        left = {name for text in rule.message.values() for name in re.findall(r"{(\w+)}", text)}
        assert left <= LATER, rule.id
        assert re.search(r"[\u0600-\u06ff]{3}", rule.message["ar"]), rule.id
        assert "None" not in "".join(rule.message.values()), rule.id


@pytest.mark.parametrize("feed", CONTRACTS)
def test_rules_name_columns_that_the_contract_has(feed):
    known = {column.name for column in CONTRACTS[feed].columns} | {None}
    for rule in load_suite(path_of(feed)).rules.values():
        assert rule.column in known, rule.id
