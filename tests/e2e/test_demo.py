"""The demonstration from the command line: real DAGs, right verdicts, nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest


@pytest.mark.timeout(1200)
def test_demo_loads_everything_as_expected_and_leaves_nothing_running(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "user"
    elsewhere.mkdir()
    environment = {
        "PATH": os.defpath,
        "HOME": str(elsewhere),
        "MARSAD_HOME": str(home),
        "AIRFLOW__CORE__EXECUTOR": "of another Airflow",
    }
    command = [str(Path(sys.executable).with_name("marsad")), "demo", "--json", "--victims", "40"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=elsewhere, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    told = json.loads(done.stdout)
    assert told["surprises"] == []
    assert told["persons"]["made_up"] >= 40
    assert set(told["persons"]["victim_records"]) >= {"police", "customs", "justice", "ngo"}
    statuses = {name for row in told["deliveries"] for name in ("accepted", "refused", "duplicate") if row[name]}
    assert statuses == {"accepted", "refused", "duplicate"}
    assert {finding["severity"] for finding in told["findings"]} >= {"critical"}
    assert told["report_files"] > len(told["deliveries"])
    assert [p for p in psutil.process_iter() if str(home) in " ".join(_command(p))] == []
    assert list(elsewhere.iterdir()) == []


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
