"""Titles over several rows and merged cells: joined where they are titles, left blank where they are data."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marsad.intake.reading import ReadFile, open_file
from marsad.intake.reading.grouped import Span
from marsad.intake.reading.header import find_header
from marsad.intake.reading.merged import rows_within

Rows = list[list[str]]
GROUPS: Rows = [["Dossier", "Victime", "", "Auteur", ""], ["", "Sexe", "Âge", "Sexe", "Âge"]]
DATA: Rows = [["A-1", "F", "17", "M", "40"], ["A-2", "M", "9", "", ""], ["A-3", "F", "30", "M", "51"]]
JOINED = ["Dossier", "Victime Sexe", "Victime Âge", "Auteur Sexe", "Auteur Âge"]
WORDS: Rows = [["A", "x", "y", "z", "w"], ["B", "u", "v", "", ""]]
MERGED = ("A1:A2", "B1:C1", "D1:E1")


def as_csv(path: Path, rows: Rows) -> Path:
    path.write_text("".join(";".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def as_xlsx(path: Path, rows: Rows, merged: tuple[str, ...]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append([int(cell) if cell.isdigit() else cell or None for cell in row])
    for span in merged:
        book.worksheets[0].merge_cells(span)
    book.save(path)
    return path


def as_ods(path: Path, rows: Rows, spans: dict[tuple[int, int], tuple[int, int]]) -> Path:
    """``spans``: row and column of a first cell to how many rows and columns it covers."""
    covered = {(r + i, c + j) for (r, c), (deep, wide) in spans.items() for i in range(deep) for j in range(wide)}
    lines = []
    for r, row in enumerate(rows):
        cells = []
        for c, text in enumerate(row):
            deep, wide = spans.get((r, c), (1, 1))
            kind = "table-cell" if (r, c) in spans or (r, c) not in covered else "covered-table-cell"
            about = (
                f'table:number-rows-spanned="{deep}" table:number-columns-spanned="{wide}"' if (r, c) in spans else ""
            )
            value = f'office:value-type="string"><text:p>{text}</text:p>' if text else ">"
            cells.append(f"<table:{kind} {about} {value}</table:{kind}>")
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    names = "".join(f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content{names}><office:body><office:spreadsheet>'
            f'<table:table table:name="S">{"".join(lines)}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml", '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
    return path


def seen(file: ReadFile) -> tuple[list[str], list[int], int]:
    (table,) = file.tables
    rows = sum(map(len, table.blocks()))
    return table.header, table.header_rows, rows


def test_groups_above_their_columns_are_joined(tmp_path: Path) -> None:
    assert seen(open_file(as_csv(tmp_path / "t.csv", GROUPS + DATA))) == (JOINED, [1, 2], 3)


def test_merged_titles_are_joined_over_words_too(tmp_path: Path) -> None:
    spans = {(0, 0): (2, 1), (0, 1): (1, 2), (0, 3): (1, 2)}
    for path in (
        as_xlsx(tmp_path / "t.xlsx", GROUPS + WORDS, MERGED),
        as_ods(tmp_path / "t.ods", GROUPS + WORDS, spans),
    ):
        assert seen(open_file(path)) == (JOINED, [1, 2], 2), path.name


def test_a_merged_line_over_the_table_is_no_title(tmp_path: Path) -> None:
    rows = [["Liste 2024", "", "", "", ""], *GROUPS, *DATA]
    spans = ("A1:E1", "A2:A3", "B2:C2", "D2:E2")
    assert seen(open_file(as_xlsx(tmp_path / "t.xlsx", rows, spans))) == (JOINED, [2, 3], 3)


def test_three_rows_of_titles(tmp_path: Path) -> None:
    rows = [["", "Identité", "", "", ""], *GROUPS, *DATA]
    spans = ("B1:E1", "A2:A3", "B2:C2", "D2:E2")
    header, found, count = seen(open_file(as_xlsx(tmp_path / "t.xlsx", rows, spans)))
    assert (header[1], found, count) == ("Identité Victime Sexe", [1, 2, 3], 3)


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        (
            "Dates,Destination,,Total\n,,Rail,\n04/04/2014,Cardiff,12,65\n",
            ["Dates", "Destination", "Rail", "Total"],
            [1, 2],
        ),
        ("Victime,,Auteur\nSexe,Âge,Sexe\nF,17,M\nM,30,F\n", ["Victime Sexe", "Victime Âge", "Auteur Sexe"], [1, 2]),
        ("Nom,,Ville\nAli,x,Fès\nSara,y,Rabat\n", ["Nom", "", "Ville"], [1]),
        ("Nom,,Ville\nAli,x,\nSara,y,Rabat\n", ["Nom", "", "Ville"], [1]),
        ("Nom,Âge\nAli,\nSara,12\nRim,9\n", ["Nom", "Âge"], [1]),
        ("Service,Rabat,,\nNom,Sexe,Âge,Ville\nAli,M,12,Fès\n", ["Nom", "Sexe", "Âge", "Ville"], [2]),
        ("Sexe,2022,,2023,\n,Cas,Part,Cas,Part\nF,3,1,4,2\nM,1,1,1,1\n", ["Sexe", "2022 Cas", "2022 Part"], [1, 2]),
    ],
)
def test_rows_are_joined_only_where_they_must_be_titles(text: str, header: list[str], rows: list[int]) -> None:
    found = find_header([line.split(",") for line in text.splitlines()], None)
    assert found is not None
    assert (list(found.cells)[: len(header)], [row + 1 for row in found.rows]) == (header, rows)


def test_merged_data_is_read_as_it_stands_and_told(tmp_path: Path) -> None:
    rows: Rows = [
        ["Dossier", "Ville", "Âge"],
        ["A-1", "Rabat", "3"],
        ["A-2", "", "4"],
        ["A-3", "", "5"],
        ["Source : x", "", ""],
    ]
    xlsx = as_xlsx(tmp_path / "t.xlsx", rows, ("B2:B4", "A5:C5"))
    for path in (xlsx, as_ods(tmp_path / "t.ods", rows, {(1, 1): (3, 1), (4, 0): (1, 3)})):
        (table,) = open_file(path).tables
        assert [block.cells.column("c1").to_pylist() for block in table.blocks()] == [["Rabat", "", ""]]
        assert {note.rule: note.rows for note in table.notes} == {"file.note.merged": 3, "file.note.footers": 1}


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6)), max_size=8), st.integers(0, 10), st.integers(0, 15))
def test_rows_with_merged_cells_are_counted_once(ends: list[tuple[int, int]], top: int, bottom: int) -> None:
    spans = [Span(first, 0, first + more, 1) for first, more in ends]
    rows = {row for span in spans for row in range(span.top, span.bottom + 1) if top <= row < bottom}
    assert rows_within(spans, top, bottom) == len(rows)
