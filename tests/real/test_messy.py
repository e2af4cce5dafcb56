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


def test_every_file_is_read_or_refused_in_plain_words(tmp_path: Path) -> None:
    """None crashes, hangs or writes beside its tables; a refusal says what to do, in the sender's language."""
    files = sorted(path for path in MESSY.rglob("*") if path.is_file())
    before = {path: path.stat().st_mtime_ns for path in files}
    out = tmp_path / "deep" / "out"
    seen, slow, unsaid = {"read": 0, "refused": 0}, [], []
    for number, path in enumerate(files):
        start = time.monotonic()
        found = describe(path, out / str(number), language="fr")
        seen[found["verdict"]] += 1
        if time.monotonic() - start > SECONDS:
            slow.append(path.name)
        message = found["message"] or ""
        if found["verdict"] == "refused" and (len(message.split()) < 10 or ENGLISH_FAULTS.search(message)):
            unsaid.append(path.name)
        tables = list((out / str(number)).rglob("*")) if (out / str(number)).exists() else []
        assert len(tables) == len(found["tables"]), path.name
    assert len(files) > 300
    assert (slow, unsaid) == ([], [])
    assert seen["read"] > 0.8 * len(files)
    assert {path: path.stat().st_mtime_ns for path in MESSY.rglob("*") if path.is_file()} == before
    assert [path for path in tmp_path.rglob("*") if path.is_file() and out not in path.parents] == []


def told(table: dict[str, Any]) -> int:
    """How many records a description accounts for: titles, rows, and what its notes say was left out."""
    noted = sum(note["rows"] for note in table["notes"] if note["rule"] != "file.note.hidden_sheet")
    return len(table["header_rows"]) + table["rows_read"] + noted


def test_no_record_of_a_text_file_is_lost() -> None:
    """Python's csv counts the records that the dialect found makes; each is a title, a row, or told to be left out."""
    checked, lost = 0, []
    csv.field_size_limit(1 << 30)
    for path in sorted(path for path in MESSY.rglob("*") if path.is_file()):
        found = describe(path)
        for table in found["tables"]:
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


def test_no_row_of_a_workbook_is_lost() -> None:
    """openpyxl counts the rows that hold something; a sheet's table accounts for each of them."""
    checked, lost = 0, []
    for path in sorted((*MESSY.rglob("*.xlsx"), *MESSY.rglob("*.xlsm"))):
        counted = filled_rows(path)
        for table in describe(path)["tables"]:
            if counted is None or table["sheet"] not in counted:
                continue
            checked += 1
            if told(table) < counted[table["sheet"]]:
                lost.append((path.name, table["sheet"]))
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
