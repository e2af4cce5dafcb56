"""The demonstration from the command line: real DAGs, right verdicts, nothing left, and no identity in clear."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from marsad.contracts.catalog import Catalog, load_catalog
from marsad.errors import ProviderFault
from marsad.intake.normalise import Normaliser
from marsad.intake.reading import Hints, open_file
from marsad.runtime.postgres import Postgres, programs
from marsad.settings import Settings

SHORTEST = 7  # characters: shorter cells (a first name) may be words of ours by chance


@dataclass(frozen=True)
class Demonstration:
    home: Path
    elsewhere: Path
    told: dict[str, Any]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    home, elsewhere = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("user")
    environment = {
        "PATH": os.defpath,
        "HOME": str(elsewhere),
        "MARSAD_HOME": str(home),
        "AIRFLOW__CORE__EXECUTOR": "of another Airflow",
    }
    command = [str(Path(sys.executable).with_name("marsad")), "demo", "--json", "--victims", "40"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=elsewhere, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    return Demonstration(home, elsewhere, json.loads(done.stdout))


@pytest.mark.timeout(1200)
def test_demo_loads_everything_as_expected_and_leaves_nothing_running(demonstration: Demonstration) -> None:
    told = demonstration.told
    assert told["surprises"] == []
    assert told["persons"]["made_up"] >= 40
    assert set(told["persons"]["victim_records"]) >= {"police", "customs", "justice", "ngo"}
    statuses = {name for row in told["deliveries"] for name in ("accepted", "refused", "duplicate") if row[name]}
    assert statuses == {"accepted", "refused", "duplicate"}
    assert {finding["severity"] for finding in told["findings"]} >= {"critical"}
    assert told["report_files"] > len(told["deliveries"])
    assert told["person"]["registered"] >= 30
    assert len(told["person"]["agencies"]) >= 3
    assert told["person"]["records"] >= 3
    assert "detection" in {step["kind"] for step in told["person"]["steps"]}
    assert [p for p in psutil.process_iter() if str(demonstration.home) in " ".join(_command(p))] == []
    assert list(demonstration.elsewhere.iterdir()) == []


@pytest.mark.timeout(1200)
def test_an_agent_corrects_a_file_at_the_portal_and_another_sends_by_sftp(demonstration: Demonstration) -> None:
    seen = demonstration.told["portal"]
    for language, date in (("fr", "La date"), ("ar", "التاريخ")):
        (finding,) = seen["verdicts"][language]["findings"]
        assert date in finding["wrong"]
        assert "05/03/2025" in finding["todo"]
    assert len(seen["corrected"]) == 1
    assert seen["again"]["findings"] == []
    assert seen["receipt"]["status"].startswith("accepted")
    assert seen["receipt"]["rows_accepted"] == seen["receipt"]["rows_read"] == seen["rows"]
    assert any(name.endswith(".receipt.json") for name in demonstration.told["outbox"])


@pytest.mark.timeout(1200)
def test_a_person_signs_a_release_in_airflow_and_its_first_numbers_say_how_they_are_counted(
    demonstration: Demonstration,
) -> None:
    release, person = demonstration.told["release"], demonstration.told["person"]
    assert (release["asked"], release["signed_by"]) == ("Release persons 2024, build 1: publish?", "admin (Airflow)")
    assert release["cells_recovered"] == 0 < release["cells_attacked"]
    everybody, *parts = release["numbers"]
    assert 0 < everybody["value"] <= person["registered"]
    assert [one for one in parts if one["value"] is not None and not 5 <= one["value"] <= everybody["value"]] == []
    assert len(parts) == 2
    begins = {"fr": "Règle de comptage : ", "ar": "قاعدة العد: ", "en": "Counting rule: "}
    for one in release["numbers"]:
        assert [language for language, rule in one["rule"].items() if rule.startswith(begins[language])] == [*begins]
    assert {Path(name).name for name in release["bulletins"]} == {
        f"bulletin-{language}.{kind}" for language in ("fr", "ar", "en") for kind in ("html", "pdf")
    }
    assert all(release["signed_by"] in Path(name).read_text() for name in release["bulletins"] if name.endswith("html"))


@pytest.mark.timeout(1200)
def test_no_identity_of_the_agencies_files_is_found_in_clear_after_a_run_under_airflow(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    """Database and its log, Airflow's metadata, logs and XCom, ledger, landing, reports, temporary files: all."""
    home = demonstration.home / "demo"
    files, catalog = home / "agencies", load_catalog(Settings.from_env({}))
    cells = sorted({cell.strip() for path in files.iterdir() for cell in identities(path, catalog)})
    assert len(cells) > 100
    patterns = tmp_path / "patterns"
    patterns.write_text("\n".join(cells), encoding="utf-8")
    assert hits(patterns, files) != []  # the search finds what is there: in the files that came in
    assert hits(patterns, *(place for place in home.iterdir() if place != files)) == []
    assert hits(patterns, dump(home, tmp_path)) == []


def identities(path: Path, catalog: Catalog) -> Iterator[str]:
    """Cells of columns that may live in the vault only, as the sender wrote them."""
    feed = next((feed for feed in catalog.contracts if f"_{feed.replace('/', '-')}_" in path.name), None)
    if feed is None:
        return
    contract = catalog.contracts[feed]
    try:
        table = open_file(path, hints=Hints.of(contract)).tables[0]
        matched = Normaliser(contract, catalog.codelists, table.header).matched
        vaulted = [matched[c.name] for c in contract.columns if c.vaulted and c.name in matched]
        for block in table.blocks():
            for column in vaulted:
                yield from (cell for cell in block.cells.column(column).to_pylist() if len(cell.strip()) >= SHORTEST)
    except ProviderFault:
        return


def hits(patterns: Path, *places: Path) -> list[str]:
    command = ["grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", "--file", str(patterns)]
    done = subprocess.run([*command, *map(str, places)], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def dump(home: Path, folder: Path) -> Path:
    """Both databases as text, in case their files hide something by compression."""
    server = Postgres(home)
    server.start()
    try:
        for database in ("marsad", "airflow"):
            url = server.url("postgres", database).replace("+psycopg2", "")
            target = folder / "dumps" / f"{database}.sql"
            target.parent.mkdir(exist_ok=True)
            subprocess.run([programs() / "pg_dump", "--file", target, url], check=True)
    finally:
        server.stop()
    return folder / "dumps"


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
