"""Odd, broken and hostile files that nobody here wrote: read as their authors say, or refused in plain words."""

from __future__ import annotations

import codecs
import csv
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from marsad.intake.blocks import Shape
from marsad.intake.reading import ReadFile, describe, open_file
from marsad.intake.reading.encoding import detect_encoding
from marsad.settings import PROJECT

DATA = Path(os.environ.get("MARSAD_REAL_DATA") or PROJECT.parent / "shared" / "data")
MESSY = DATA / "messy"
SECONDS = 20
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "space": " ", "vslash": "|"}
UPSTREAM_SLIPS = {
    "location_coordinates",  # its JSON has another telephone number than its CSV
    "newlines_crlf",  # its CSV was checked out with LF, its JSON says CRLF
}


def cells_of(file: ReadFile) -> Iterator[tuple[str, ...]]:
    for block in file.blocks():
        yield from zip(*(column.to_pylist() for column in block.cells.columns), strict=True)


def test_every_file_is_read_or_refused_in_plain_words() -> None:
    files = sorted(path for path in MESSY.rglob("*") if path.is_file())
    seen, slow, unsaid = {"read": 0, "refused": 0}, [], []
    for path in files:
        start = time.monotonic()
        found = describe(path, language="fr")
        seen[found["verdict"]] += 1
        if time.monotonic() - start > SECONDS:
            slow.append(path.name)
        if found["verdict"] == "refused" and len(found["message"].split()) < 10:
            unsaid.append(path.name)
    assert len(files) > 300
    assert not slow
    assert not unsaid
    assert seen["read"] > 0.8 * len(files)


@pytest.mark.parametrize("path", sorted((MESSY / "csv-spectrum" / "csvs").glob("*.csv")), ids=lambda path: path.stem)
def test_csv_spectrum(path: Path) -> None:
    expected = json.loads((MESSY / "csv-spectrum" / "json" / f"{path.stem}.json").read_text("utf-8"))
    rows = [expected] if isinstance(expected, dict) else expected
    if path.stem in UPSTREAM_SLIPS:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    file = open_file(path)
    header = file.tables[0].header
    assert [dict(zip(header, cells, strict=True)) for cells in cells_of(file)] == rows


def test_delimiters_of_csvsniffer() -> None:
    notes = (MESSY / "csvsniffer" / "Dialect_annotations.txt").read_text("utf-8").splitlines()[2:]
    truth = [note.split("|") for note in notes if (MESSY / "csvsniffer" / "CSV" / note.split("|")[0]).exists()]
    right = sum(
        open_file(MESSY / "csvsniffer" / "CSV" / name).tables[0].delimiter == DELIMITERS[delimiter]
        for name, _, delimiter, *_ in truth
    )
    assert len(truth) >= 50
    assert right >= 0.95 * len(truth)


def test_encodings_of_known_texts() -> None:
    """Told right when the bytes decode to the same text (ISO 8859-1 and Windows-1252 share their letters)."""
    wrong, seen = [], 0
    for folder in sorted((MESSY / "char-dataset").iterdir()):
        for path in folder.iterdir() if folder.is_dir() else ():
            content, seen = path.read_bytes(), seen + 1
            truth, found = codecs.lookup(folder.name).name, detect_encoding(content)
            if content.decode(found, "replace") != content.decode(truth, "replace"):
                wrong.append((path.name, truth, found))
    assert seen >= 12
    assert len(wrong) <= 1


def test_utf_16_without_a_mark() -> None:
    table = open_file(MESSY / "messytables" / "utf-16le_encoded.csv").tables[0]
    assert table.encoding in {"utf-16", "utf-16-le"}
    assert table.header


def test_formula_text_stays_as_it_is() -> None:
    for path in (MESSY / "csv-injection").rglob("*.csv"):
        raw = path.read_text("utf-8", "replace")
        for cells in cells_of(open_file(path)):
            assert all(cell in raw or '"' in raw for cell in cells)


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
