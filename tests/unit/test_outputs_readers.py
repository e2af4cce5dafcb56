"""What programs are handed of a release is read by readers that others wrote, and says what the release says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sdmx as sdmx1
from frictionless import Package, system
from tests.unit.made_release import SCHEMAS, made

from marsad.contracts.codelists import load_codelists
from marsad.durable import write_whole
from marsad.statistics.outputs import sdmx
from marsad.statistics.outputs.words import Words
from marsad.statistics.releases import package
from marsad.statistics.releases.store import Build


@pytest.fixture(scope="module")
def build() -> Build:
    return made()


@pytest.fixture(scope="module")
def folder(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = package.write(tmp_path_factory.mktemp("out"), build)
    for name, content in sdmx.files(Words(build, load_codelists(SCHEMAS / "codelists"), SCHEMAS, "en")).items():
        write_whole(place / name, content)
    return place


def test_sdmx_says_every_cell_with_its_counting_rule_and_hides_what_the_release_hides(
    folder: Path, build: Build
) -> None:
    structures = sdmx1.read_sdmx(folder / "sdmx-structure.xml")
    assert {str(code.name) for code in structures.codelist["CL_SEX"].items.values()} == {"Total", "Female", "Male"}
    for table in build.tables():
        structure = structures.structure[f"DSD_VICTIMS_{table.name.upper()}"]
        message = sdmx1.read_sdmx(folder / f"sdmx-{table.name}.xml", structure=structure)
        found = {}
        for one in message.data[0].obs:
            codes = tuple(str(one.key.values[name.upper()].value) for name in table.spec.by)
            said = {name: value.value for name, value in one.attrib.items()}
            assert said["COUNTING_STAGE"] == "presumed"
            assert said["SOURCE"] == "police/victims"
            assert (said["OBS_STATUS"], said["CONF_STATUS"]) == (("Q", "C") if one.value is None else ("A", "F"))
            found[codes] = None if one.value is None else int(one.value)
        rows = sdmx1.read_sdmx(folder / f"sdmx-{table.name}.csv", structure=structure).data[0].obs
        assert len(rows) == len(found) == len(table.cells)
        assert found == {tuple(map(sdmx.code_id, codes)): value for codes, value in table.cells.items()}


def test_sdmx_codes_are_lawful_and_stay_apart() -> None:
    lists = load_codelists(SCHEMAS / "codelists")
    for one in lists.values():
        ids = [sdmx.code_id(code) for code in (*one.codes, "0-17.alone")]
        assert all(re.fullmatch(r"[A-Za-z0-9_@$-]+", code) for code in ids)
        assert len(set(ids)) == len({*one.codes, "0-17.alone"})


def test_the_data_package_is_valid(folder: Path) -> None:
    with system.use_context(trusted=True):
        report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])
    assert report.stats["tasks"] == len(list(folder.glob("*.parquet")))
