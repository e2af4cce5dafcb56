"""Report pages tell committed verdicts alone, wherever a loader is killed; what it left undone is made good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.integration.station import Station, visit, visits

from marsad.errors import PlatformFault
from marsad.intake import leftovers, pipeline

FEED = "lab/visits"
PAGES = (".ar.html", ".en.html", ".fr.html", ".json", ".receipt.json")


def shown(station: Station, sender: str) -> list[str]:
    """Endings of what lies where the provider finds its reports."""
    folder = station.office.settings.place("reports") / sender
    return sorted(path.name[36:] for path in folder.iterdir()) if folder.exists() else []


def drafts(station: Station) -> list[Path]:
    place = station.office.settings.place("reports") / ".drafts"
    return list(place.iterdir()) if place.exists() else []


def stop(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Nothing is done from that step on, as where a loader is killed."""

    def killed(*_: Any, **__: Any) -> None:
        raise PlatformFault("killed")

    monkeypatch.setattr(name, killed)


def test_a_verdict_that_was_rolled_back_leaves_no_page(
    station: Station, sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        stop(broken, "marsad.intake.settle.issue_receipt")
        with pytest.raises(PlatformFault):
            station.send(FEED, visits(visit("V1")), sender)
    assert shown(station, sender) == []
    station.send(FEED, visits(visit("V1")), sender)
    assert set(shown(station, sender)) > set(PAGES)  # and a receipt that the same bytes came again
    assert drafts(station) == []


@pytest.mark.parametrize("step", ["publish_reports", "write_receipt"])
@pytest.mark.parametrize("again", ["drain", "the same file"])
def test_pages_that_a_kill_kept_back_are_put_in_place(
    station: Station, sender: str, monkeypatch: pytest.MonkeyPatch, step: str, again: str
) -> None:
    with monkeypatch.context() as broken:
        stop(broken, f"marsad.intake.pipeline.{step}")
        with pytest.raises(PlatformFault):
            station.send(FEED, visits(visit("V1")), sender)
    assert ".receipt.json" not in shown(station, sender)
    if again == "drain":
        pipeline.drain(station.office.settings, FEED)
    else:
        station.send(FEED, visits(visit("V1")), sender)
    assert set(shown(station, sender)) >= {".ar.html", ".en.html", ".fr.html", ".json"}
    pipeline.drain(station.office.settings, FEED)
    assert set(shown(station, sender)) >= set(PAGES)
    assert drafts(station) == []


def test_pages_kept_back_for_longer_than_anybody_looks_are_put_in_place(
    station: Station, sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        stop(broken, "marsad.intake.pipeline.publish_reports")
        with pytest.raises(PlatformFault):
            station.send(FEED, visits(visit("V1")), sender)
    leftovers.sweep(station.office)
    assert set(shown(station, sender)) >= set(PAGES)
    assert drafts(station) == []


def test_drafts_of_a_delivery_withdrawn_before_its_verdict_go(
    station: Station, sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        stop(broken, "marsad.intake.settle.issue_receipt")
        with pytest.raises(PlatformFault):
            station.send(FEED, visits(visit("V1")), sender)
    assert len(drafts(station)) == 1
    delivery = station.one("SELECT delivery_id::text FROM ops.delivery WHERE provider = :s", s=sender)
    pipeline.retract(station.office, delivery, "steward")
    pipeline.drain(station.office.settings, FEED)
    assert (drafts(station), shown(station, sender)) == ([], [])
