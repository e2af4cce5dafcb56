"""Numbers that analysts read: no finding counted twice, and messages in step with contracts, also when one is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.station import Station, sync, visit, visits

from marsad.errors import PlatformFault
from marsad.runtime import stack
from marsad.settings import PROJECT, Settings
from marsad.statistics import refresh

WRONG = "lab/notes"


@pytest.fixture
def reported() -> list[str]:
    return []


@pytest.fixture
def wrong_contract(station: Station, reported: list[str]) -> Iterator[Station]:
    """A station whose labels were in step before one of its contracts was spoilt."""
    refresh(station.office.settings, reported.append)
    assert reported == []
    path = station.office.settings.contract_dirs[0] / f"{WRONG}.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("mode: increment", "mode: sometimes"), "utf-8")
    yield station
    path.write_text(text, "utf-8")
    sync(station.office.settings)


def rules(station: Station, feed: str) -> set[str]:
    return {row["rule"] for row in station.rows("SELECT rule FROM ref.rule WHERE feed = :feed", feed=feed)}


def test_a_rule_of_feed_and_catalogue_is_counted_once(station: Station, sender: str, reported: list[str]) -> None:
    refresh(station.office.settings, reported.append)
    shared = rules(station, "lab/visits") & rules(station, "")
    assert "row.long" in shared
    receipt = station.send("lab/visits", visits([*visit("V1"), "more"], visit("V2", Sexe="?"), visit("V3")), sender)
    found = {rule: len(rows) for rule, rows in station.findings(receipt).items()}
    assert found["row.long"] == 1
    told = station.rows("SELECT * FROM mart.quality WHERE provider = :sender", sender=sender)
    assert {row["rule"]: row["findings"] for row in told} == found
    assert sum(row["findings_of_period"] for row in told if row["rule"] == "row.long") == sum(
        row["findings"] for row in told if row["period"] == told[0]["period"]
    )
    assert all(row["message_fr"] and row["message_ar"] and row["message_en"] for row in told)


def test_the_text_of_the_feed_counts_before_the_catalogues(station: Station, sender: str) -> None:
    refresh(station.office.settings, pytest.fail)
    with station.office.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ref.rule SET message_en = 'of the feed' WHERE (feed, rule) = "
                                   "('lab/visits', 'row.long')")  # fmt: skip
    station.send("lab/visits", visits([*visit("V1"), "more"]), sender)
    query = "SELECT message_en FROM mart.quality WHERE provider = :sender AND rule = 'row.long'"
    assert station.rows(query, sender=sender) == [{"message_en": "of the feed"}]


def test_one_wrong_contract_is_named_and_stops_no_other(wrong_contract: Station, reported: list[str]) -> None:
    station, before = wrong_contract, rules(wrong_contract, WRONG)
    with station.office.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ref.rule WHERE feed = 'lab/visits'")
    refresh(station.office.settings, reported.append)
    assert len(reported) == 1
    assert WRONG in reported[0]
    assert "feed check" in reported[0]
    assert rules(station, "lab/visits")
    assert rules(station, WRONG) == before


def test_contradictions_are_looked_for_again_when_a_mart_counts_otherwise(station: Station, sender: str) -> None:
    def compared() -> list[dict[str, Any]]:
        refresh(station.office.settings, pytest.fail)
        return station.rows("SELECT figures, at FROM ref.reconciled")

    station.send("lab/visits", visits(visit("V1")), sender)
    before = compared()
    assert compared() == before  # nothing new: not made anew
    station.send("lab/visits", visits(visit("V2")), sender)
    assert compared() != before


def test_a_missing_suite_is_named_and_stops_no_other(station: Station, reported: list[str]) -> None:
    suite = station.office.settings.expectation_dirs[0] / f"{WRONG}.json"
    before = rules(station, WRONG)
    suite.unlink()
    refresh(station.office.settings, reported.append)
    sync(station.office.settings)
    assert len(reported) == 1
    assert WRONG in reported[0]
    assert rules(station, "lab/visits")
    assert rules(station, WRONG) == before  # findings of old deliveries keep their messages


def test_rules_of_a_feed_that_is_gone_go_too(station: Station, tmp_path: Path) -> None:
    settings = station.office.settings
    for kind, file in (("schemas/contracts", "customs/detections.yaml"), ("expectations", "customs/detections.json")):
        (tmp_path / kind / "customs").mkdir(parents=True)
        shutil.copy(PROJECT / kind / file, tmp_path / kind / file)
    more = replace(
        settings,
        contract_dirs=(*settings.contract_dirs, tmp_path / "schemas" / "contracts"),
        expectation_dirs=(*settings.expectation_dirs, tmp_path / "expectations"),
    )
    refresh(more, pytest.fail)
    assert rules(station, "customs/detections")
    refresh(settings, pytest.fail)
    assert rules(station, "customs/detections") == set()


def test_what_was_published_is_read_again_only_when_a_file_changed(station: Station) -> None:
    settings = station.office.settings
    refresh(settings, pytest.fail)
    with station.office.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ref.rule WHERE feed = 'lab/visits'")
    refresh(settings, pytest.fail)
    assert not rules(station, "lab/visits")
    suite = settings.expectation_dirs[0] / "lab" / "visits.json"
    before = suite.read_text("utf-8")
    suite.write_text(before + "\n", "utf-8")
    refresh(settings, pytest.fail)
    suite.write_text(before, "utf-8")
    assert rules(station, "lab/visits")


def test_a_code_list_without_a_label_or_with_a_fault_stops_no_other(
    station: Station, reported: list[str], tmp_path: Path
) -> None:
    settings = replace(station.office.settings, schemas=tmp_path / "schemas")
    shutil.copytree(PROJECT / "schemas", settings.schemas, ignore=shutil.ignore_patterns("contracts", "migrations"))
    head = "scheme,version,code,parent,label_fr,label_ar,label_en,spellings,valid_from,source\n"
    lists = settings.schemas / "codelists"
    (lists / "colour.csv").write_text(f"{head}colour,1,red,,rouge,,,,,\n", "utf-8")
    (lists / "sex.csv").write_text(head, "utf-8")
    before = station.rows("SELECT * FROM ref.code WHERE scheme = 'sex' ORDER BY code")
    refresh(settings, reported.append)
    assert any("code list sex" in text for text in reported)
    assert station.rows("SELECT * FROM ref.code WHERE scheme = 'sex' ORDER BY code") == before != []
    labels = "SELECT label_fr, label_ar, label_en FROM ref.code WHERE scheme = 'colour'"
    assert station.rows(labels) == [{"label_fr": "rouge", "label_ar": "rouge", "label_en": "rouge"}]


def test_an_own_folder_adds_to_lists_and_what_it_gave_stays_while_it_is_away(
    station: Station, reported: list[str], tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    settings = replace(station.office.settings, own_codelists=(own,))
    head = "scheme,version,code,parent,label_fr,label_ar,label_en,spellings,valid_from,source\n"
    (own / "sex.csv").write_text(f"{head}sex,9,x,,inconnu de nous,,,,,\n", "utf-8")
    (own / "visa.csv").write_text(f"{head}visa,1,work,,travail,,,,,\n", "utf-8")
    published = "SELECT scheme, code, label_fr FROM ref.code WHERE scheme IN ('sex', 'visa') ORDER BY scheme, code"
    refresh(replace(settings, own_codelists=()), pytest.fail)
    project = station.rows(published)
    added = [{"scheme": "sex", "code": "x", "label_fr": "inconnu de nous"},
             {"scheme": "visa", "code": "work", "label_fr": "travail"}]  # fmt: skip
    both = sorted([*project, *added], key=lambda row: (row["scheme"], row["code"]))
    refresh(settings, reported.append)
    assert reported == []
    assert station.rows(published) == both
    own.rename(tmp_path / "away")
    refresh(settings, reported.append)
    assert [text for text in reported if f"there is no folder of code lists {own}" in text]
    assert station.rows(published) == both
    refresh(replace(settings, own_codelists=()), pytest.fail)
    assert station.rows(published) == project != []


def test_a_mart_that_cannot_answer_fails_where_somebody_watches(station: Station) -> None:
    with station.office.engine.begin() as connection:
        connection.exec_driver_sql("ALTER VIEW mart.records RENAME TO gone")
    try:
        with pytest.raises(PlatformFault):
            refresh(station.office.settings, pytest.fail)
    finally:
        with station.office.engine.begin() as connection:
            connection.exec_driver_sql("ALTER VIEW mart.gone RENAME TO records")


def test_a_wrong_contract_does_not_keep_the_warehouse_from_starting(tmp_path: Path, reported: list[str]) -> None:
    wrong = tmp_path / "contracts" / "ngo" / "street_work.yaml"
    wrong.parent.mkdir(parents=True)
    wrong.write_text("status: active\n")
    wrong.with_name("shelters.yaml").symlink_to(tmp_path / "nowhere")
    settings = Settings.from_env(
        {"MARSAD_HOME": str(tmp_path / "home"), "MARSAD_CONTRACTS": str(tmp_path / "contracts")}
    )
    try:
        assert stack.start_warehouse(settings, reported.append).running
    finally:
        stack.down(settings)
    assert any(f"the contract ngo/street_work is wrong: `marsad feed check {wrong}`" in text for text in reported)
    assert any("the contract ngo/shelters is wrong" in text for text in reported)
