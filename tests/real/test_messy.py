"""Odd, broken and hostile files that nobody here wrote: read as their authors say, or refused in plain words.

What a file should yield is told by its authors' own notes or counted by other code than the reader's: Python's csv,
openpyxl, the standard codecs.
"""

from __future__ import annotations

import csv
import io
import os
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from marsad.errors import ProviderFault
from marsad.intake.blocks import Shape
from marsad.intake.reading import ReadFile, describe, open_file
from marsad.settings import PROJECT

DATA = Path(os.environ.get("MARSAD_REAL_DATA") or PROJECT.parent / "shared" / "data")
MESSY = DATA / "messy"
SECONDS = 20
ENGLISH_FAULTS = re.compile(r"Error|Exception|Traceback|Errno|\bNone\b|file\.\w+")


def cells_of(file: ReadFile) -> Iterator[tuple[str, ...]]:
    for block in file.blocks():
        yield from zip(*(column.to_pylist() for column in block.cells.columns), strict=True)


@dataclass(frozen=True)
class Seen:
    """What ``marsad read --out-dir`` said of a file, how long it took, and what it wrote."""

    found: dict[str, Any]
    seconds: float
    written: list[Path]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder deep enough that names which climb would stay within reach of a look."""
    return tmp_path_factory.mktemp("messy") / "deep" / "out"


@pytest.fixture(scope="module")
def seen(out: Path) -> dict[Path, Seen]:
    """Every file, read once."""
    results = {}
    for number, path in enumerate(sorted(path for path in MESSY.rglob("*") if path.is_file())):
        start, target = time.monotonic(), out / str(number)
        found = describe(path, target, language="fr")
        results[path] = Seen(found, time.monotonic() - start, list(target.rglob("*")) if target.exists() else [])
    return results


def test_every_file_is_read_or_refused_in_plain_words(seen: dict[Path, Seen]) -> None:
    """None crashes or hangs; a refusal says what to do, in the sender's language."""
    refusals = [each.found["message"] for each in seen.values() if each.found["verdict"] == "refused"]
    assert len(seen) > 300
    assert [path.name for path, each in seen.items() if each.seconds > SECONDS] == []
    assert [message for message in refusals if len(message.split()) < 10 or ENGLISH_FAULTS.search(message)] == []
    assert len(refusals) < 0.2 * len(seen)


def test_nothing_is_written_but_tables(seen: dict[Path, Seen], out: Path) -> None:
    assert all(len(each.written) == len(each.found["tables"]) for each in seen.values())
    assert [path for path in out.parents[1].rglob("*") if path.is_file() and out not in path.parents] == []
    assert {path for path in MESSY.rglob("*") if path.is_file()} == set(seen)


def told(table: dict[str, Any]) -> int:
    """How many records a description accounts for: titles, rows, and what its notes say was left out."""
    noted = sum(note["rows"] for note in table["notes"] if note["rule"] != "file.note.hidden_sheet")
    return len(table["header_rows"]) + table["rows_read"] + noted


def test_no_record_of_a_text_file_is_lost(seen: dict[Path, Seen]) -> None:
    """Python's csv counts the records that the dialect found makes; each is a title, a row, or told to be left out."""
    checked, lost = 0, []
    csv.field_size_limit(1 << 30)
    for path, each in seen.items():
        for table in each.found["tables"]:
            if table["delimiter"] is None or table["sheet"] or len(table["delimiter"]) > 1:
                continue
            text = path.read_bytes().decode(table["encoding"], "replace").removeprefix("\ufeff")
            lines = io.StringIO(text, newline="")
            dialect = {"delimiter": table["delimiter"], "quotechar": table["quote"], "escapechar": table["escape"]}
            checked += 1
            if sum(1 for _ in csv.reader(lines, **dialect)) != told(table):
                lost.append(path.name)
    assert checked > 140
    assert lost == []


def test_no_row_of_a_workbook_is_lost(seen: dict[Path, Seen]) -> None:
    """openpyxl counts the rows that hold something; a sheet's table accounts for each of them."""
    checked, lost = 0, []
    for path in (path for path in seen if path.suffix in {".xlsx", ".xlsm"}):
        counted = filled_rows(path)
        tables = [table for table in seen[path].found["tables"] if counted and table["sheet"] in counted]
        for sheet in dict.fromkeys(table["sheet"] for table in tables):
            checked += 1
            if sum(told(table) for table in tables if table["sheet"] == sheet) < counted[sheet]:
                lost.append((path.name, sheet))
    assert checked > 40
    assert lost == []


def filled_rows(path: Path) -> dict[str, int] | None:
    """Rows with a value by sheet; None for a file that openpyxl itself cannot read."""
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except (LookupError, ValueError, TypeError, AttributeError, zipfile.BadZipFile):
        return None
    return {sheet.title: len(set(_rows_with_values(sheet))) for sheet in book.worksheets}


def _rows_with_values(sheet: openpyxl.worksheet.worksheet.Worksheet) -> Iterator[int]:
    """Through what openpyxl has read, since its own iterators walk the billions of cells that some sheets claim."""
    for (row, _), cell in sheet._cells.items():
        if str(cell.value if cell.value is not None else "").strip():
            yield row


def test_formula_text_stays_as_it_is() -> None:
    for path in (MESSY / "csv-injection").rglob("*.csv"):
        raw = path.read_text("utf-8", "replace")
        for cells in cells_of(open_file(path)):
            assert all(cell in raw or '"' in raw for cell in cells)


@pytest.mark.parametrize("name", ["zip-slip.zip", "zip-slip-win.zip", "zip-slip.tar", "zip-slip-win.tar"])
def test_archives_that_climb_out_of_their_folder_are_refused(name: str) -> None:
    with pytest.raises(ProviderFault) as caught:
        open_file(MESSY / "zip-slip" / name)
    assert caught.value.rule == ("file.archive_names" if name.endswith("zip") else "file.archive")


def test_the_valid_examples_of_french_schemas_have_the_columns_of_their_schema() -> None:
    """Whatever else these files show: their titles are found as their authors wrote them, and no row is ragged."""
    paths = sorted((MESSY / "fr-tableschema").rglob("exemple-*.csv"))
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            titles, *rows = csv.reader(file)
        (table,) = open_file(path).tables
        shapes = {Shape(shape) for block in table.blocks() for shape in block.shapes}
        assert (table.header, table.rows_read) == ([" ".join(title.split()) for title in titles], len(rows)), path.name
        assert shapes == {Shape.OK}
    assert len(paths) >= 6


def test_the_unodc_workbook_under_its_banner() -> None:
    (table,) = open_file(next((DATA / "unodc_glotip").glob("*.xlsx"))).tables
    rows = sum(len(block) for block in table.blocks())
    assert (table.header[0], table.header_rows, rows) == ("Iso3_code", [3], 46_556)


@pytest.mark.parametrize(
    ("name", "rows", "width"),
    [
        ("rescate-denuncias-202001-202112_data_cruda.csv", 3_352, 29),
        ("oficina-rescate-denuncias-referidos-202001-202112_data_cruda.csv", 2_616, 13),
    ],
)
def test_the_argentine_files_are_whole(name: str, rows: int, width: int) -> None:
    (table,) = open_file(DATA / "argentina_linea145" / name).tables
    shapes = [Shape(shape) for block in table.blocks() for shape in block.shapes]
    assert (len(shapes), len(table.header), set(shapes)) == (rows, width, {Shape.OK})


def test_written_out_the_cells_come_back(tmp_path: Path) -> None:
    source = DATA / "morocco_published" / "figures.csv"
    found = describe(source, tmp_path)
    (first,) = open_file(source).tables
    again = open_file(tmp_path / "figures.csv")
    assert found["tables"][0]["rows_read"] == sum(len(block) for block in first.blocks())
    assert list(cells_of(again)) == list(cells_of(open_file(source)))
