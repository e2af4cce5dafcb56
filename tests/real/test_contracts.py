"""Contracts and suites of the published files: sound, in step, taken by Great Expectations, and nothing but that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from marsad.contracts.check import check_folder
from marsad.contracts.codelists import load_codelists
from marsad.contracts.load import load_contracts
from marsad.quality.rows import RowJudge
from marsad.quality.structural import load_rulebook
from marsad.quality.suites import load_suite, sync_suite
from marsad.settings import PROJECT
from marsad.warehouse.model import common_model

HERE = Path(__file__).parent
SCHEMAS = PROJECT / "schemas"
CODELISTS, MODEL = load_codelists(SCHEMAS / "codelists"), common_model(SCHEMAS / "concepts.yaml")
CONTRACTS = load_contracts([HERE / "contracts"], CODELISTS, MODEL)
FEEDS = ("argentina/persons", "argentina/reports", "uk_nrm/referrals")


def test_the_feeds_are_two_files_each() -> None:
    assert tuple(sorted(CONTRACTS)) == FEEDS
    for kind, ending in (("contracts", "yaml"), ("expectations", "json")):
        files = sorted(path for path in (HERE / kind).rglob("*") if path.is_file())
        assert files == [HERE / kind / f"{feed}.{ending}" for feed in FEEDS]


def test_the_contracts_have_no_fault() -> None:
    assert check_folder([HERE / "contracts"], CODELISTS, MODEL) == []


@pytest.mark.parametrize("feed", FEEDS)
def test_the_suite_is_in_step_and_every_rule_can_be_judged(feed: str, tmp_path: Path) -> None:
    copy = tmp_path / "suite.json"
    copy.write_bytes((HERE / "expectations" / f"{feed}.json").read_bytes())
    assert not sync_suite(CONTRACTS[feed], copy, load_rulebook())
    suite = load_suite(copy)
    RowJudge(CONTRACTS[feed], suite)  # names the rule that reads what it may not
    assert len(suite.expectations().expectations) == len(suite.rules)


@pytest.mark.parametrize("feed", FEEDS)
def test_rules_of_the_field_speak_three_languages_and_give_an_example(feed: str) -> None:
    document = json.loads((HERE / "expectations" / f"{feed}.json").read_text("utf-8"))
    by_hand = [entry["meta"] for entry in document["expectations"] if entry["meta"]["origin"] == "field"]
    assert by_hand
    for meta in by_hand:
        examples = {"fr": "par exemple", "ar": "مثلاً", "en": "for example"}
        assert all(words in meta["message"][language] for language, words in examples.items()), meta["rule"]
