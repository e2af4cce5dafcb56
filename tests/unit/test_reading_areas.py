"""Several tables on one sheet: each is found, none is cut in two, and with a contract the one it means is read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marsad.errors import ProviderFault
from marsad.intake.reading import Hints, ReadFile, TableInfo, open_file
from marsad.intake.reading.areas import areas
from marsad.intake.reading.workbook import cell_text

Grid = list[list[Any]]
DAY = dt.date(2024, 3, 5)
VICTIMS: Grid = [["Dossier", "Sexe", "Date"], ["A-1", "F", DAY], ["A-2", "M", DAY], ["A-3", "F", DAY]]
COURTS: Grid = [["Tribunal", "Ville", "Affaires"], ["TPI", "Rabat", 12], ["CA", "Fès", 7]]
HINTS = Hints(
    headers=[frozenset({"dossier"}), frozenset({"sexe"}), frozenset({"date"})],
    required=frozenset({0, 1}),
    labels=["Dossier", "Sexe", "Date"],
)


def save(path: Path, *blocks: tuple[int, int, Grid]) -> Path:
    """A workbook whose only sheet has each block with its first cell at that row and column (from 1)."""
    book = openpyxl.Workbook()
    for top, left, rows in blocks:
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                book.worksheets[0].cell(top + number, left + place).value = cell
    book.save(path)
    return path


def rows_of(table: TableInfo) -> list[tuple[str, ...]]:
    return [row for block in table.blocks() for row in zip(*(c.to_pylist() for c in block.cells.columns), strict=True)]


def texts(rows: Grid) -> list[tuple[str, ...]]:
    return [tuple(map(cell_text, row)) for row in rows]


def notes(file: ReadFile) -> dict[str, int]:
    for _ in file.blocks():
        pass
    return {note.rule: note.rows for note in file.tables[0].notes}


def test_tables_below_one_another_are_entries_of_their_own(tmp_path: Path) -> None:
    caption: Grid = [["Juridictions"]]
    path = save(tmp_path / "b.xlsx", (2, 1, VICTIMS), (8, 1, caption), (9, 1, COURTS), (13, 1, [["Source : greffe"]]))
    first, second = open_file(path).tables
    assert (first.header, first.header_rows, rows_of(first)) == (VICTIMS[0], [2], texts(VICTIMS[1:]))
    assert (second.header, second.header_rows, rows_of(second)) == (COURTS[0], [9], texts(COURTS[1:]))
    assert [block.rows.tolist() for block in second.blocks()] == [[10, 11]]
    assert dict(second.notes) == {"file.note.banner": 1, "file.note.footers": 1, "file.note.blank_rows": 1}


def test_tables_side_by_side_are_entries_of_their_own(tmp_path: Path) -> None:
    first, second = open_file(save(tmp_path / "b.xlsx", (1, 2, VICTIMS), (1, 6, COURTS))).tables
    assert (first.left, first.header, rows_of(first)) == (1, VICTIMS[0], texts(VICTIMS[1:]))
    assert (second.left, second.header, rows_of(second)) == (5, COURTS[0], texts(COURTS[1:]))


@pytest.mark.parametrize("place", [(1, 6), (7, 1), (9, 3)])
def test_a_contract_takes_the_table_that_fits_and_says_what_it_left(place: tuple[int, int], tmp_path: Path) -> None:
    for name, spots in (("a", ((1, 1), place)), ("b", (place, (1, 1)))):
        blocks = [(*spot, grid) for spot, grid in zip(spots, (VICTIMS, COURTS), strict=True)]
        file = open_file(save(tmp_path / f"{name}.xlsx", *blocks), hints=HINTS)
        assert (file.tables[0].header, rows_of(file.tables[0])) == (VICTIMS[0], texts(VICTIMS[1:]))
        assert notes(file)["file.note.other_tables"] == len(COURTS)


def test_the_same_titles_again_are_the_same_table_to_a_contract(tmp_path: Path) -> None:
    march: Grid = [["Mars"], *VICTIMS]
    path = save(tmp_path / "b.xlsx", (1, 1, VICTIMS), (6, 1, march), (13, 1, march))
    file = open_file(path, hints=HINTS)
    assert rows_of(file.tables[0]) == 3 * texts(VICTIMS[1:])
    assert [row for block in file.blocks() for row in block.rows] == [2, 3, 4, 8, 9, 10, 15, 16, 17]
    assert notes(file) == {"file.note.banner": 2, "file.note.titles_again": 2, "file.note.blank_rows": 3}
    assert len(open_file(path).tables) == 3


NOTED: Grid = [[*row, word] for row, word in zip(VICTIMS, ("Lieu", "x", "y", "z"), strict=True)]


@pytest.mark.parametrize("second", [(1, 5, VICTIMS), (7, 1, NOTED)])
def test_which_of_several_that_fit_cannot_be_guessed(second: tuple[int, int, Grid], tmp_path: Path) -> None:
    with pytest.raises(ProviderFault) as caught:
        open_file(save(tmp_path / "b.xlsx", (1, 1, [*VICTIMS, ["A-4", "F", DAY]]), second), hints=HINTS)
    assert (caught.value.rule, caught.value.params) == ("file.tables_several", {"tables": 2})


@pytest.mark.parametrize(
    "more",
    [
        [["A-4", "F", "inconnue"], ["A-5", "M", DAY]],
        [["B-1", "F", "pas connue"], ["A-5", "inconnu", DAY], ["A-6", "F", DAY]],
        [["Rabat", "F", "?"], ["Salé", "M", DAY]],
    ],
)
def test_rows_after_a_blank_one_stay_rows(more: Grid, tmp_path: Path) -> None:
    path = save(tmp_path / "b.xlsx", (1, 1, VICTIMS), (6, 1, more))
    for hints in (HINTS, None):
        (table,) = open_file(path, hints=hints).tables
        assert rows_of(table) == texts([*VICTIMS[1:], *more])


def test_a_form_with_a_blank_column_is_one_table_to_its_contract(tmp_path: Path) -> None:
    right: Grid = [["Date", "Note"], [DAY, "x"], [DAY, "y"]]
    path = save(tmp_path / "b.xlsx", (1, 1, [row[:2] for row in VICTIMS]), (1, 4, right))
    (table,) = open_file(path, hints=HINTS).tables
    assert (len(table.header), len(rows_of(table))) == (5, 3)


@pytest.mark.parametrize("pairs", [[["Service", "Brigade"], ["Période", "03/2024"], ["Agents", 4], ["Édité", DAY]]])
def test_lines_above_a_table_are_no_table(pairs: Grid, tmp_path: Path) -> None:
    (table,) = open_file(save(tmp_path / "b.xlsx", (1, 1, pairs), (6, 1, VICTIMS))).tables
    assert (table.header_rows, dict(table.found_notes)) == ([6], {"file.note.banner": 5})


WORDS = st.text("abcdefg", min_size=1, max_size=6)
FORM = st.lists(st.tuples(WORDS, st.sampled_from("FM"), st.integers(1, 99)), min_size=3, max_size=8)


@given(FORM, st.sets(st.integers(0, 8)))
def test_blank_rows_alone_part_nothing(rows: list[tuple[str, str, int]], gaps: set[int]) -> None:
    grid: Grid = [["Dossier", "Sexe", "Âge"]]
    for number, row in enumerate(rows):
        grid += [[""] * 3] * (number in gaps) + [list(row)]
    (area,) = areas(grid, 3, cell_text, None)
    assert (area.top, area.bottom, area.rows) == (0, len(grid), len(rows) + 1)


@given(st.lists(st.tuples(st.integers(2, 6), st.integers(1, 3)), min_size=1, max_size=5))
def test_tables_of_any_height_are_all_found(shapes: list[tuple[int, int]]) -> None:
    grid: Grid = []
    for number, (height, gap) in enumerate(shapes):
        grid += [[""] * 3] * gap + [[f"titre {c * (number + 1)}" for c in "xyz"]]
        grid += [[f"{number}", row, row * 10] for row in range(1, height + 1)]
    found = areas(grid, 3, cell_text, None)
    assert [area.rows for area in found] == [height + 1 for height, _ in shapes]
    assert sum(area.rows for area in found) == sum(any(row) for row in grid)
