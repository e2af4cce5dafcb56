"""The end of the demonstration: a release, built by its DAG, signed by a person in Airflow, and what it says first."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from marsad.contracts.codelists import load_codelists
from marsad.errors import PlatformFault
from marsad.intake.office import Office
from marsad.runtime.airflow import Airflow
from marsad.runtime.reviewer import Reviewer
from marsad.settings import Settings
from marsad.statistics.disclosure.cells import TOTAL
from marsad.statistics.outputs.hand_out import hand_out
from marsad.statistics.outputs.words import Words
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import Table
from marsad.warehouse.model import LANGUAGES

NAME, PERIOD = "persons", "2024"  # the one whole year that the made-up agencies send of
NOTE = "Made-up persons: the agencies of the demonstration send of 2024 only what they know by June 2025"
_FIRST_ASKED: tuple[Mapping[str, str], ...] = ({}, {"age_band": "0-17"}, {"sex": "F"})  # all, children, women and girls


def publish(settings: Settings, console: Console) -> dict[str, Any]:
    """Runs the DAG of a release, answers as a person what it asks, and writes the outputs; what came out.

    The platform is up and the register settled.

    Raises:
        PlatformFault: the DAG fails, or does not ask.
    """
    started = time.monotonic()
    reviewer = Reviewer(Airflow(settings))
    run = reviewer.start(f"release.{NAME}", {"period": PERIOD})
    console.print(f"the DAG release.{NAME} builds {PERIOD}, then waits under Required Actions for a person")
    asked = reviewer.answer(run, "review", "Sign", {"note": NOTE})
    console.print(f"signed there by {reviewer.name}, whom the demonstration plays; without an answer it is rejected")
    reviewer.finish(run)
    office = Office.open(settings)
    build, folder = hand_out(office, NAME, PERIOD, settings.home / "releases")
    office.engine.dispose()
    return {
        "name": NAME, "period": PERIOD, "asked": asked["subject"], **_decided(build), "folder": str(folder),
        "bulletins": sorted(map(str, folder.glob("bulletin-*"))),
        "numbers": _numbers(settings, build), "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def _decided(build: Build) -> dict[str, Any]:
    if build.state != "signed":
        raise PlatformFault(f"the release was answered and is {build.state}")
    attack = {name: build.facts[name] for name in ("cells_attacked", "cells_recovered")}
    return {"verdict": build.verdict, "signed_by": build.decided_by, "note": build.note, **attack}


def _numbers(settings: Settings, build: Build) -> list[dict[str, Any]]:
    lists = load_codelists(*settings.codelist_dirs)
    words = {language: Words(build, lists, settings.schemas, language) for language in LANGUAGES}
    (table,) = (one for one in build.tables() if one.name == "sex_age")
    return [_number(words, table, codes) for codes in _FIRST_ASKED]


def _number(words: Mapping[str, Words], table: Table, codes: Mapping[str, str]) -> dict[str, Any]:
    """One cell of the release in words; no value where it is hidden."""
    cell = tuple(codes.get(name, TOTAL) for name in table.spec.by)
    what = {language: _said(said, codes) for language, said in words.items()}
    rule = {language: said.rule(table) for language, said in words.items()}
    return {"value": table.cells[cell], "what": what, "rule": rule}


def _said(words: Words, codes: Mapping[str, str]) -> str:
    title = words.build.definition.title[words.language]
    return ": ".join((title, *(words.label(name, code) for name, code in codes.items())))


def show(release: Mapping[str, Any], console: Console) -> None:
    """Where the bulletin lies, and what it says first."""
    console.print(f"\nRelease {release['name']} {release['period']}, signed by {release['signed_by']}", style="bold")
    told = f"  attacked: of {release['cells_attacked']} hidden cells {release['cells_recovered']} were recovered"
    console.print(f"{told}; verdict {release['verdict']}")
    for one in release["numbers"]:
        value = "hidden" if one["value"] is None else one["value"]
        console.print(f"  {value:>6}  {one['what']['en']}", markup=False)
        console.print(f"          {one['rule']['en']}", markup=False, soft_wrap=True)
    folder = Path(release["folder"])
    console.print(f"  Bulletin (fr, ar, en; HTML and PDF): {folder / 'bulletin-fr.html'}", soft_wrap=True)
