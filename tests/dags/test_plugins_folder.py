"""Airflow runs every module below plugins/ under its bare name, unless .airflowignore keeps it from that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from airflow.sdk._shared.module_loading.file_discovery import find_path_from_directory

PLUGINS = Path(__file__).parents[2] / "plugins"


def test_airflow_runs_no_module_of_the_package_by_itself() -> None:
    found = {Path(path) for path in find_path_from_directory(PLUGINS, ".airflowignore", "glob")}
    assert {path for path in found if path.suffix == ".py" and PLUGINS / "marsad" in path.parents} == set()


def test_plugins_holds_one_package_and_thin_registrations_only() -> None:
    entries = {path.name for path in PLUGINS.iterdir() if not path.name.startswith((".", "__pycache__"))}
    packages = {name for name in entries if (PLUGINS / name).is_dir()}
    assert packages == {"marsad"}
    for name in entries - packages:
        assert name.endswith("_plugin.py")
        assert len((PLUGINS / name).read_text(encoding="utf-8").splitlines()) <= 30


def test_nothing_on_the_path_shadows_the_standard_library() -> None:
    names = {path.stem for path in PLUGINS.iterdir()}
    assert names & set(sys.stdlib_module_names) == set()


def test_a_dag_file_with_the_name_of_a_library_does_not_shadow_it() -> None:
    code = (
        "from pathlib import Path\n"
        "from airflow.dag_processing.dagbag import BundleDagBag\n"
        f"dags = Path({str(PLUGINS.parent / 'dags')!r})\n"
        "bag = BundleDagBag(dag_folder=str(dags), bundle_path=dags, bundle_name='dags-folder')\n"
        "import statistics\n"
        "print(bool(bag.dags), hasattr(statistics, 'median'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-2:] == ["True", "True"]
