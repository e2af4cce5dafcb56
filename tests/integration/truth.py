"""The simulation's own books against the warehouse: every verdict, record, figure and refused row.

``python -m tests.integration.truth --victims 2000`` runs it on a PostgreSQL of its own and prints what differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.servers import fresh_warehouse

from marsad.identity.keys import KeyRing
from marsad.intake import pipeline
from marsad.intake.office import Office
from marsad.settings import Settings
from marsad.simulation import simulate


def differences(base: Path, url: str, victims: int, seed: int) -> Iterator[str]:
    """Makes up agencies, sends their files in order, yields a line for all that is not as truth.json says."""
    truth = json.loads(Path(simulate(base / "agencies", victims, seed)).read_text("utf-8"))
    settings = Settings.from_env({"MARSAD_HOME": str(base / "home"), "MARSAD_WAREHOUSE_URL": url})
    KeyRing.create(settings.place("keys"))
    office = Office.open(settings)
    for entry in truth["files"]:
        yield from verdict(office, base / "agencies", entry)
    with office.engine.connect() as connection:
        yield from comparisons(connection, truth)
    office.engine.dispose()


def verdict(office: Office, agencies: Path, entry: Mapping[str, Any]) -> Iterator[str]:
    """Sends one file of the books; a line if its receipt differs from them."""
    receipt = pipeline.ingest(office, agencies / entry["file"], entry["feed"], entry["provider"])
    wrong = {name: (receipt[name], want) for name, want in entry["expect"].items() if receipt[name] != want}
    if wrong:
        yield f"{entry['file']}: {wrong}"


def comparisons(connection: sa.Connection, truth: Mapping[str, Any]) -> Iterator[str]:
    """What stands in a warehouse against the books: a line for each record, figure or refused row that differs."""
    yield from _records(connection, truth)
    yield from _figures(connection, truth)
    yield from _refused(connection, truth)
    yield from mart_differences(connection, truth, RECORD_MARTS)


RECORD_MARTS = (
    "records", "victim_totals", "suspects", "proceedings_cohort", "proceedings_period", "shelter_occupancy", "hotline",
    "border_detections", "plan_monitoring", "training_and_campaigns", "provider_quality",
)  # fmt: skip
PERSON_MARTS = ("persons", "referral_path")


def mart_differences(connection: sa.Connection, truth: Mapping[str, Any], marts: Sequence[str]) -> Iterator[str]:
    """A line for each figure of these marts that is not what the books say, or that the books do not know."""
    for mart in marts:
        told = [one for one in truth["marts"] if one["mart"] == mart]
        assert told, mart
        expected = {tuple(one["keys"].values()): _rounded(one["values"].values()) for one in told}
        names = (*told[0]["keys"], *told[0]["values"])
        rows = connection.execute(sa.text(f"SELECT {', '.join(names)} FROM mart.{mart}")).all()
        width = len(told[0]["keys"])
        found = {tuple(row[:width]): _rounded(row[width:]) for row in rows}
        assert len(found) == len(rows), f"{mart} tells something twice"
        for key in sorted(expected.keys() | found.keys()):
            if expected.get(key) != found.get(key):
                keys = dict(zip(names, key, strict=False))
                yield f"mart.{mart} {keys}: {found.get(key)}, expected {expected.get(key)}"


def _rounded(numbers: Iterable[Any]) -> tuple[float | None, ...]:
    return tuple(None if one is None else round(float(one), 6) for one in numbers)


def link_truly(connection: sa.Connection, truth: Mapping[str, Any], feeds: Sequence[str]) -> None:
    """Puts who is whom in the books in place of what linkage found: marts are to be told apart from its mistakes."""
    connection.execute(sa.text("DELETE FROM link.record"))
    for one in truth["persons"]:
        keys = [dict(zip(("feed", "provider", "record_id"), key, strict=True)) for key in one["records"]]
        linked = [key for key in keys if key["feed"] in feeds]
        if linked and one["person"].startswith("V"):
            person = connection.execute(sa.text(_NEW_PERSON)).scalar_one()
            connection.execute(sa.text(_LINK), [{**key, "person": person} for key in linked])


_NEW_PERSON = "INSERT INTO link.person (person_id, made_at) VALUES (gen_random_uuid(), now()) RETURNING person_id::text"
_LINK = """
    INSERT INTO link.record (feed, provider, record_id, content_id, person_id, since)
    SELECT feed, provider, record_id, content_id, CAST(:person AS uuid), now() FROM core.sighting
    WHERE current AND (feed, provider, record_id) = (:feed, :provider, :record_id)
"""


def _records(connection: sa.Connection, truth: Mapping[str, Any]) -> Iterator[str]:
    current = "SELECT feed, provider, record_id FROM core.sighting WHERE current"
    times = Counter(tuple(row) for row in connection.execute(sa.text(current)))
    expected = {tuple(record) for person in truth["persons"] for record in person["records"]}
    expected |= {tuple(record) for record in truth["others"]}
    yield from (f"lost: {record}" for record in expected - times.keys())
    yield from (f"not in the books: {record}" for record in times.keys() - expected)
    yield from (f"doubled: {record}" for record, count in times.items() if count > 1)


def _figures(connection: sa.Connection, truth: Mapping[str, Any]) -> Iterator[str]:
    expected = {tuple(f["keys"].items()): f["value"] for f in truth["figures"] if f["figure"] == "mart_victims"}
    names = [name for name, _ in next(iter(expected))]
    query = f"SELECT {', '.join(names)}, sum(victim_records) FROM mart.victims GROUP BY {', '.join(names)}"
    found = {tuple(zip(names, row[:-1], strict=True)): int(row[-1]) for row in connection.execute(sa.text(query))}
    for keys in sorted(expected.keys() | found.keys()):
        if expected.get(keys) != found.get(keys):
            yield f"mart.victims {dict(keys)}: {found.get(keys)}, expected {expected.get(keys)}"


def _refused(connection: sa.Connection, truth: Mapping[str, Any]) -> Iterator[str]:
    repeated = {entry["file"] for entry in truth["files"] if entry["expect"]["status"] == "duplicate"}
    query = """SELECT DISTINCT d.file_name, f.row FROM quarantine.finding f JOIN ops.delivery d USING (delivery_id)
        WHERE f.severity = 'critical' AND f.row IS NOT NULL"""
    found = {tuple(row) for row in connection.execute(sa.text(query)) if row[0] not in repeated}
    faults = [fault for fault in truth["faults"] if fault["severity"] == "critical" and fault["row"] is not None]
    expected = {(fault["file"], fault["row"]) for fault in faults}
    yield from (f"refused without a reason of the books: {place}" for place in found - expected)
    yield from (f"not refused: {place}" for place in expected - found)


def main() -> int:
    """Exit code 0 when nothing differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.truth", description=__doc__)
    parser.add_argument("--victims", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with fresh_warehouse("marsad-truth-") as (base, url):
        found = list(differences(base, url, options.victims, options.seed))
    sys.stdout.write("\n".join([*found, f"{options.victims} victims, seed {options.seed}: {len(found)} differences\n"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
