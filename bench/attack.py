"""How well releases withstand the attack: ``python -m bench.attack --victims 3000 --seed 11``.

Simulates agencies, ingests what the police sent, and publishes by four dimensions in several linked tables: two
quarters, each when its files have come, then the year with all that came late. Told is what the attack recovers when
only unsafe cells are hidden, what it recovers of the release, and which share of the cells is shown.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.servers import fresh_warehouse

from marsad.identity.keys import KeyRing
from marsad.intake import pipeline
from marsad.intake.office import Office
from marsad.settings import PROJECT, Settings
from marsad.simulation import simulate
from marsad.statistics.disclosure.attack import Finding
from marsad.statistics.disclosure.secondary import Older, Plan, primary, told
from marsad.statistics.releases import decide
from marsad.statistics.releases.build import build, plan
from marsad.statistics.releases.store import Build

FEED = "police/victims"
_LATER = 0.2  # of the files come between two releases
VIEW = """
    CREATE VIEW mart.bench AS
    SELECT s.period, v.sex, v.age_band, v.exploitation_form[1] AS exploitation_form, v.region, count(*) AS victims,
           'victim' AS counting_unit, 'presumed' AS counting_stage, 'detection' AS reference_date, v.feed AS source
    FROM core.victim v JOIN core.sighting s ON s.content_id = v.content_id AND s.current
    WHERE v.feed = 'police/victims' GROUP BY 1, 2, 3, 4, 5, v.feed
"""
DEFINITION = """
version: 1
owner: benchmark
decided: 2026-11-22
cadence: quarterly
deadline_days: 0
waits_for: []
title: {fr: x, ar: x, en: x}
dimensions:
  sex: {codelist: sex, label: {fr: x, ar: x, en: x}}
  age_band: {codelist: age_band, tree: true, label: {fr: x, ar: x, en: x}}
  exploitation_form: {codelist: exploitation_form, tree: true, label: {fr: x, ar: x, en: x}}
  region: {codelist: region, label: {fr: x, ar: x, en: x}}
cubes:
  victims:
    mart: bench
    measure: victims
    period: period
    counting: {unit: victim, stage: presumed, reference_date: detection, source: police/victims}
tables:
  sex_age_form: {cube: victims, by: [sex, age_band, exploitation_form], title: {fr: x, ar: x, en: x}}
  region_sex: {cube: victims, by: [region, sex], title: {fr: x, ar: x, en: x}}
  region_form: {cube: victims, by: [region, exploitation_form], title: {fr: x, ar: x, en: x}}
  region_age: {cube: victims, by: [region, age_band], title: {fr: x, ar: x, en: x}}
"""


def main() -> None:
    """Simulates, publishes twice, attacks, tells."""
    parser = argparse.ArgumentParser(prog="python -m bench.attack", description=__doc__)
    parser.add_argument("--victims", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--periods", nargs="+", default=["2024-Q3", "2024-Q4"], help="One after the other.")
    chosen = parser.parse_args()
    with fresh_warehouse("marsad-attack-") as (base, url), tempfile.TemporaryDirectory() as folder:
        files = simulate(Path(folder), chosen.victims, chosen.seed).parent
        office = _office(base, url)
        truth = json.loads((files / "truth.json").read_text("utf-8"))
        sent = [one for one in truth["files"] if one["feed"] == FEED]
        begun = 0
        for place, period in enumerate(reversed(range(len(chosen.periods)))):
            come = round(len(sent) * (1 - _LATER * period))
            _ingest(office, files, sent[begun:come])
            _publish(office, chosen.periods[place])
            begun = come
        office.engine.dispose()


def _office(base: Path, url: str) -> Office:
    settings = Settings.from_env({"MARSAD_HOME": str(base / "home"), "MARSAD_WAREHOUSE_URL": url})
    schemas = base / "schemas"
    shutil.copytree(PROJECT / "schemas", schemas)
    (schemas / "releases" / "bench.yaml").write_text(DEFINITION, "utf-8")
    KeyRing.create(settings.place("keys"))
    office = Office.open(replace(settings, schemas=schemas))
    with office.engine.begin() as connection:
        connection.execute(sa.text(VIEW))
        connection.execute(sa.text("GRANT SELECT ON mart.bench TO marsad_publisher"))
    return office


def _ingest(office: Office, files: Path, sent: list[Mapping[str, Any]]) -> None:
    for one in sent:
        pipeline.ingest(office, files / one["file"], one["feed"], one["provider"])


def _publish(office: Office, period: str) -> None:
    started = time.perf_counter()
    made = build(office, "bench", period, "bench")
    seconds = time.perf_counter() - started
    print(f"{period}: {made.facts['counted']} victims, built in {seconds:.1f} s, verdict {made.verdict}")
    _tell("  unsafe cells hidden alone", _unsafe_alone(made), made)
    facts = made.facts
    print(f"  the release: {facts['cells_attacked']} cells attacked, {facts['cells_recovered']} exact, "
          f"{facts['cells_narrow']} narrower than {made.policy.width}")  # fmt: skip
    for table in made.tables():
        print(f"  {table.name:16} {table.shown:5} of {len(table.cells):5} cells shown, {_share(table.cells):.1%}")
    print(f"  all tables: {facts['percent_shown_of_all']} % of the cells shown", flush=True)
    decide.sign(office, made.build_id, "second person", "benchmark")


def _unsafe_alone(made: Build) -> list[Finding]:
    whole: Plan = plan(made.definition, "victims", made.bases["victims"], made.dimensions["victims"], made.policy,
                       made.period)  # fmt: skip
    return told(whole, made.policy, Older(), primary(whole, made.policy, Older()))


def _tell(name: str, found: list[Finding], made: Build) -> None:
    exact, narrow = sum(one.exact for one in found), sum(0 < one.width < made.policy.width for one in found)
    print(f"{name}: {len(found)} cells, {exact} exact, {narrow} narrower than {made.policy.width}")


def _share(cells: Mapping[Any, int | None]) -> float:
    return sum(value is not None for value in cells.values()) / len(cells)


if __name__ == "__main__":
    main()
