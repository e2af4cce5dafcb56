"""The parts of the simulation: names, spellings, forms, files, faults, and that its truth stands on its own."""

import ast
import csv
import io
import json
import random
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from marsad.contracts.codelists import load_codelists
from marsad.contracts.text import fold
from marsad.settings import PROJECT
from marsad.simulation.faults import FAULTS, FEEDS_OF, INJECTORS, UNKNOWN_WORDS
from marsad.simulation.names import ORIGINS, draw_name
from marsad.simulation.oracle import LEAST_VOLUME, MOST_VOLUME
from marsad.simulation.periods import spans
from marsad.simulation.spellings import SPELLINGS
from marsad.simulation.world import FIRST_DAY, LAST_DAY, draw_world
from marsad.simulation.writers import FileKind, Table, write

ROOM = PROJECT / "plugins" / "marsad" / "simulation"
CODELISTS = load_codelists(PROJECT / "schemas" / "codelists")
TABLE = Table(
    header=["Numéro", "الاسم", "Date"],
    rows=[["A-1", "فاطمة", date(2024, 3, 1)], ["A-2", "=1+1", ""], ["A-3", 'x;y,"z"', date(2025, 1, 31)]],
    banner=["Royaume du Maroc"],
    footer=["Signé"],
)


def test_truth_imports_nothing_of_what_it_tests():
    allowed = {"marsad.contracts", "marsad.simulation", "marsad.settings"}
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            own = {".".join(name.split(".")[:2]) for name in names if name.split(".")[0] == "marsad"}
            assert own <= allowed, f"{path.name} imports {own - allowed}"


def test_truth_folds_no_text_and_maps_no_code_with_the_readers_own_means():
    for path in ROOM.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "contracts.text" not in source, path.name
        assert "contracts.codelists" not in source, path.name


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("sex", ["F", "M"])
def test_names_are_composed_of_parts_only(origin, sex):
    stock = ORIGINS[origin]
    rng = random.Random(origin + sex)
    for _ in range(50):
        name = draw_name(origin, sex, rng)
        assert name.given in stock.given[sex]
        assert set(name.family) <= set(stock.family)
        for script in ("latin", "arabic"):
            assert name.given_name(script, rng) in getattr(name.given, script)
            left = name.family_name(script, rng)
            for part in name.family:
                left = next(
                    left[len(form) :].lstrip()
                    for form in sorted(getattr(part, script), key=len, reverse=True)
                    if left.startswith(form)
                )
            assert left == ""


def test_a_name_part_is_written_in_its_script():
    for stock in ORIGINS.values():
        for part in (*stock.given["F"], *stock.given["M"], *stock.family):
            assert all(ord(char) < 0x250 for form in part.latin for char in form)
            assert all(0x600 <= ord(char) < 0x700 or char == " " for form in part.arabic for char in form)


@pytest.mark.parametrize("scheme", SPELLINGS)
def test_every_spelling_means_its_code(scheme):
    for code, languages in SPELLINGS[scheme].items():
        for spellings in languages.values():
            assert [CODELISTS[scheme].spelling(text) for text in spellings] == [code] * len(spellings)


def test_no_spelling_breaks_a_cell_of_several_values():
    texts = [t for codes in SPELLINGS.values() for langs in codes.values() for forms in langs.values() for t in forms]
    assert not [text for text in texts if set(text) & set(";,|/،")]


def test_unknown_words_are_known_to_no_code_list():
    for word in (*UNKNOWN_WORDS["fr"], *UNKNOWN_WORDS["ar"]):
        assert [scheme for scheme, codes in CODELISTS.items() if codes.spelling(word)] == []


def test_every_slip_has_an_injector_and_an_entry_in_the_table():
    assert {kind for kind, fault in FAULTS.items() if fault.level == "row"} == {*INJECTORS, "total_row"}
    assert set(FEEDS_OF) <= set(INJECTORS)


def test_volume_limits_are_those_of_the_policy():
    policy = (PROJECT / "schemas" / "policies" / "quality.yaml").read_text(encoding="utf-8")
    assert f"minimum: {LEAST_VOLUME}" in policy
    assert f"maximum: {MOST_VOLUME}" in policy


@given(st.integers(40, 3000))
def test_spans_cover_the_simulated_time_once(victims):
    parts = spans(victims)
    assert (parts[0].first, parts[-1].last) == (FIRST_DAY, LAST_DAY)
    assert all((b.first - a.last).days == 1 for a, b in zip(parts, parts[1:], strict=False))


@given(st.integers(0, 2**32))
def test_nobody_is_met_before_birth_or_after_the_end(seed):
    episodes = draw_world(30, random.Random(seed))
    assert all(e.victim.born < e.detected <= LAST_DAY for e in episodes)
    assert [e.detected for e in episodes] == sorted(e.detected for e in episodes)
    assert all(e.means or e.victim.age(e.detected) < 18 for e in episodes)
    assert len({e.victim.id for e in episodes}) == 30


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
def test_csv_reads_back(tmp_path, encoding):
    table = Table(TABLE.header, TABLE.rows, TABLE.banner) if encoding != "cp1256" else Table(["a"], [["فاطمة é"]])
    path = tmp_path / "t.csv"
    write(path, table, FileKind("csv", encoding, ";"))
    lines = list(csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline=""), delimiter=";"))
    assert lines == [[c.isoformat() if isinstance(c, date) else c for c in line] for line in table.lines()]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_workbooks_read_back_with_native_dates_and_no_formulas(tmp_path, kind):
    path = tmp_path / f"t.{kind}"
    write(path, TABLE, FileKind(kind, sheet="Victimes"))
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["Victimes"]
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[1:5] == [["Numéro", "الاسم", "Date"], *[list(row) for row in TABLE.rows]]
    assert (rows[0][0], rows[6][0]) == ("Royaume du Maroc", "Signé")


def test_json_lines_leave_out_empty_cells(tmp_path):
    path = tmp_path / "t.jsonl"
    write(path, TABLE, FileKind("jsonl"))
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [set(item) for item in items] == [
        {"Numéro", "الاسم", "Date"},
        {"Numéro", "الاسم"},
        {"Numéro", "الاسم", "Date"},
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods", "json", "jsonl"])
def test_the_same_table_gives_the_same_bytes(tmp_path, kind):
    paths = [Path(tmp_path / f"{n}.{kind}") for n in range(2)]
    for path in paths:
        write(path, TABLE, FileKind(kind))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_openpyxl_sees_a_fixed_creation_date(tmp_path):
    write(tmp_path / "t.xlsx", TABLE, FileKind("xlsx"))
    created = openpyxl.load_workbook(tmp_path / "t.xlsx").properties.created
    assert created.date() == date(2025, 7, 1)


def test_variants_of_a_part_differ_for_a_reader_who_folds_text():
    stock = ORIGINS["MAR"]
    parts = (*stock.given["F"], *stock.given["M"], *stock.family)
    assert sum(len({fold(form) for form in part.latin}) > 1 for part in parts) > len(parts) * 0.8
