"""Workbooks: values as their senders would write them, the right sheet, and no way to hurt the reader."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from marsad.errors import PlatformFault, ProviderFault
from marsad.intake.reading import Hints, ReadFile, limits, open_file
from marsad.intake.reading import failed_formulas as failed_formulas_module
from marsad.intake.reading import workbook as workbook_module
from marsad.intake.reading.workbook import cell_text

HINTS = Hints(headers=[frozenset({"dossier"}), frozenset({"sexe"}), frozenset({"date"})], required=frozenset({0}))


def make(path: Path, sheets: dict[str, list[list[object]]], hidden: str = "") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name == hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def cells_of(file: ReadFile) -> list[tuple[str, ...]]:
    return [row for block in file.blocks() for row in zip(*(c.to_pylist() for c in block.cells.columns), strict=True)]


def refused(path: Path, hints: Hints | None = None) -> str:
    with pytest.raises(ProviderFault) as fault:
        list(open_file(path, hints=hints).blocks())
    return fault.value.rule


def test_values_read_as_their_sender_sees_them(tmp_path: Path) -> None:
    row = [
        12,
        12.0,
        0.1,
        True,
        dt.date(2024, 2, 29),
        dt.datetime.fromisoformat("2024-02-29T13:05"),
        dt.time(8, 30),
        "=1+1",
        "007",
    ]
    path = tmp_path / "v.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [f"colonne {chr(97 + i)}" for i in range(len(row))])
        for column, value in enumerate(row):
            write = sheet.write_string if isinstance(value, str) else sheet.write
            form = {"num_format": "hh:mm"} if isinstance(value, dt.time) else {"num_format": "yyyy-mm-dd hh:mm"}
            args = [book.add_format(form)] if isinstance(value, dt.datetime | dt.time) else []
            write(1, column, value, *args)
    shown = ("12", "12", "0.1", "true", "2024-02-29", "2024-02-29T13:05:00", "08:30:00", "=1+1", "007")
    assert cells_of(open_file(path)) == [shown]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e15 + 0.5, "1e+15"),
        (float(2**53), "9.00719925474099e+15"),
        (-3.0, "-3"),
        (0.1 + 0.2, "0.3"),
        (dt.timedelta(hours=30, minutes=5), "30:05:00"),
        (False, "false"),
        ("", ""),
    ],
)
def test_odd_values(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_the_1904_calendar_gives_the_same_dates(tmp_path: Path) -> None:
    for name, options in (("a", {}), ("b", {"date_1904": True})):
        with xlsxwriter.Workbook(tmp_path / f"{name}.xlsx", options) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["dossier", "date"])
            sheet.write(1, 0, "A1")
            sheet.write_datetime(1, 1, dt.date(2023, 5, 6), book.add_format({"num_format": "dd/mm/yyyy"}))
    assert (
        cells_of(open_file(tmp_path / "a.xlsx")) == cells_of(open_file(tmp_path / "b.xlsx")) == [("A1", "2023-05-06")]
    )


def test_the_sheet_whose_headers_match_is_taken(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "Notice": [["Mode d'emploi"], ["Écrire le sexe ainsi"]],
        "Anciens": [["Dossier", "Date"], ["A0", "x"]],
        "Victimes": [["Liste"], [], ["Dossier", "Sexe", "Date"], ["A1", "F", dt.date(2020, 1, 2)]],
    }
    file = open_file(make(tmp_path / "b.xlsx", sheets), hints=HINTS)
    assert ([table.sheet for table in file.tables], cells_of(file)) == (["Victimes"], [("A1", "F", "2020-01-02")])
    assert (file.tables[0].header_rows, next(file.blocks()).rows.tolist()) == ([3], [4])
    named = Hints(HINTS.headers, HINTS.required, sheets=frozenset({"anciens"}))
    assert open_file(tmp_path / "b.xlsx", hints=named).tables[0].sheet == "Anciens"
    assert [table.sheet for table in open_file(tmp_path / "b.xlsx").tables] == ["Notice", "Anciens", "Victimes"]


def test_a_hidden_sheet_is_read_only_if_none_is_better_and_said_so(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Dossier", "Sexe", "Date"], ["A1", "F", "x"]]
    both = open_file(make(tmp_path / "b.xlsx", {"Caché": rows, "Ouvert": rows}, hidden="Caché"), hints=HINTS)
    assert both.tables[0].sheet == "Ouvert"
    alone = open_file(make(tmp_path / "h.xlsx", {"Vide": [["x"]], "Caché": rows}, hidden="Caché"), hints=HINTS)
    assert [note.rule for note in alone.tables[0].found_notes] == ["file.note.hidden_sheet"]


def test_blank_columns_and_rows_around_the_table_do_not_matter(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [],
        [None, "Dossier", "Sexe", None],
        [None, "A1", "F", None],
        [],
        [None, "A2", "M", " "],
    ]
    file = open_file(make(tmp_path / "b.xlsx", {"s": rows}), hints=HINTS)
    assert file.tables[0].header == ["Dossier", "Sexe"]
    assert cells_of(file) == [("A1", "F"), ("A2", "M")]
    assert [int(row) for block in file.blocks() for row in block.rows] == [3, 5]


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    whole = make(tmp_path / "w.xlsx", {"s": [["Dossier", "Sexe"], *[["A", i] for i in range(2000)]]}).read_bytes()
    for share in (0.3, 0.9, 0.99):
        cut = tmp_path / "cut.xlsx"
        cut.write_bytes(whole[: int(len(whole) * share)])
        assert refused(cut) == "file.truncated_archive"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_parts_packed_as_no_workbook_is_are_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>" * 50)
    assert refused(path) == "file.unreadable"
    content = bytearray(path.read_bytes())
    content[60:70] = bytes(10)
    path.write_bytes(content)
    assert refused(path) == "file.unreadable"


def test_an_archive_that_points_before_its_own_start_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "b.xlsx", {"a": [["x"], ["1"]]})
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\5\6")
    content[end + 16 : end + 20] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    assert refused(path) == "file.truncated_archive"


@pytest.mark.parametrize("name", ["b.xlsx", "b.xls"])
def test_a_disk_that_fails_is_not_the_senders_fault(tmp_path: Path, name: str) -> None:
    """calamine opens the file itself; here it is gone by then."""
    with pytest.raises(PlatformFault, match="reading a workbook: No such file"):
        workbook_module.open_workbook(tmp_path / name, None)


def test_old_workbooks_cut_short_stay_the_senders_fault(tmp_path: Path) -> None:
    path = tmp_path / "b.xls"
    for size in (8, 512, 600, 1024, 5000):
        path.write_bytes(
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + b"\x3e\0\3\0\xfe\xff\x09\0\6\0").ljust(size, b"\1")
        )
        assert refused(path) == "file.unreadable"


def test_a_damaged_part_is_refused(tmp_path: Path) -> None:
    data = bytearray(make(tmp_path / "w.xlsx", {"s": [["Dossier", f"{i}"] for i in range(3000)]}).read_bytes())
    with zipfile.ZipFile(tmp_path / "w.xlsx") as archive:
        entry = max(archive.infolist(), key=lambda info: info.compress_size)
    start = entry.header_offset + 100
    data[start : start + 40] = bytes(40)
    damaged = tmp_path / "d.xlsx"
    damaged.write_bytes(data)
    assert refused(damaged) == "file.truncated_archive"


def test_a_workbook_that_unpacks_too_far_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (64 << 20))
    assert refused(bomb) == "file.too_large"


def test_the_limit_on_the_unpacked_size_holds_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "w.xlsx", {"s": [["Dossier"], ["A1"]]})
    monkeypatch.setattr(limits, "MAX_UNZIPPED_BYTES", 1000)
    assert refused(path) == "file.too_large"


def test_a_sheet_that_claims_endless_space_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "w.xlsx", {"s": [["Dossier", "Sexe"], ["A1", "F"]]})
    monkeypatch.setattr(workbook_module.limits, "MAX_CELLS", 3)
    assert refused(path) == "file.too_large"


def test_a_sheet_of_failed_formulas_alone_is_not_called_empty(tmp_path: Path) -> None:
    failed = make(tmp_path / "f.xlsx", {"s": [["#DIV/0!", "#DIV/0!"], ["#N/A", "#DIV/0!"]], "t": []})
    assert refused(failed, HINTS) == "file.no_header"
    assert refused(make(tmp_path / "e.xlsx", {"s": [], "t": []}), HINTS) == "file.empty"


def test_archives_and_documents_are_told_apart(tmp_path: Path) -> None:
    for content, rule in (
        (b"%PDF-1.7\n", "file.not_a_table"),
        (b"<html><table><tr><td>1</td></tr></table>", "file.not_a_table"),
        (b"\x1f\x8b\x08\0", "file.truncated_archive"),
        (b"BZh9" + b"\0" * 20, "file.archive"),
        (b"age-encryption.org/v1\n-> X25519 abc\n", "file.age"),
        (bytes(range(256)) * 20, "file.not_a_table"),
        (b"", "file.empty"),
        (b" \n \n", "file.empty"),
        (b"\xff\xfe", "file.empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file.unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "file.encrypted"),
    ):
        path = tmp_path / "victimes.xlsx"
        path.write_bytes(content)
        assert refused(path) == rule, content[:20]


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    path = make(tmp_path / "b.xlsx", {"s": [["Dossier", "Sexe"], ["A1", "F"]]})
    assert open_file(path.rename(tmp_path / "b.csv"), hints=HINTS).format == "xlsx"
    (tmp_path / "c.xlsx").write_text("dossier;sexe\nA1;F\n")
    assert open_file(tmp_path / "c.xlsx", hints=HINTS).format == "csv"


def test_a_format_that_the_contract_leaves_out_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "b.xlsx", {"s": [["Dossier", "Sexe"], ["A1", "F"]]})
    assert refused(path, Hints(HINTS.headers, formats=frozenset({"csv", "json"}))) == "file.format_not_allowed"
    assert open_file(path, hints=Hints(HINTS.headers, formats=frozenset({"xlsx"}))).format == "xlsx"


def test_too_many_columns(tmp_path: Path) -> None:
    path = make(tmp_path / "w.xlsx", {"s": [[f"c{i}" for i in range(limits.MAX_COLUMNS + 1)]]})
    assert refused(path) == "file.too_many_columns"


def test_a_formula_that_failed_shows_what_its_sender_sees(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Notice").write(0, 0, "=NA()", None)
        sheet = book.add_worksheet("Liste & suite")
        sheet.write_row(1, 2, ["dossier", "sexe", "date"])
        sheet.write_row(2, 2, ["A-1", "F"])
        sheet.write_formula(2, 4, "=1/0", value="#DIV/0!")
        sheet.write_formula(3, 2, '=VLOOKUP("x",A1:B2,2)', value="#N/A")
        sheet.write_row(3, 3, ["M", "2024-05-03"])
    assert cells_of(open_file(path, hints=HINTS)) == [("A-1", "F", "#DIV/0!"), ("#N/A", "M", "2024-05-03")]


def test_failed_formulas_are_found_across_the_pieces_of_a_long_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row in range(200):
            sheet.write_formula(row, row % 3, "=1/0", value="#DIV/0!")
            sheet.write(row, 3, row)
    monkeypatch.setattr(failed_formulas_module, "_CHUNK", 61)
    found = failed_formulas_module.failed_formulas(path, "Sheet1")
    assert found == {row + 1: {row % 3: "#DIV/0!"} for row in range(200)}


def test_no_sheet_keeps_the_search_for_failed_formulas_busy(tmp_path: Path) -> None:
    """Without a bound each sign of a cell in this comment would be followed to its end: hours for a megabyte."""
    path = tmp_path / "c.xlsx"
    make(path, {"Liste": [["dossier"], ["A-1"]]})
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"<sheetData>", b"<!--" + b"<c " * 350_000 + b"--><sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    assert failed_formulas_module.failed_formulas(path, "Liste") == {}


def test_a_workbook_is_opened_once_and_a_sheet_read_once_for_all_its_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [["dossier", "n"], ["A-1", 3], ["A-2", 4], [], ["dossier", "n"], ["A-3", 5], ["A-4", 6]]
    path = make(tmp_path / "m.xlsx", {"Un": both, "Deux": [["dossier"], ["B-1"], ["B-2"]]})
    opened: list[str] = []
    book = workbook_module.calamine.CalamineWorkbook

    class Counted:
        def __init__(self, inner: Any) -> None:
            self.inner, self.sheets_metadata = inner, inner.sheets_metadata

        @staticmethod
        def from_path(path: Path) -> Counted:
            opened.append("workbook")
            return Counted(book.from_path(path))

        def get_sheet_by_name(self, name: str) -> Any:
            opened.append(name)
            return self.inner.get_sheet_by_name(name)

    monkeypatch.setattr(workbook_module.calamine, "CalamineWorkbook", Counted)
    file = open_file(path)
    assert [len(cells_of(ReadFile(path, file.format, [table]))) for table in file.tables] == [2, 2, 2]
    assert opened == ["workbook", "Un", "Deux", "Un", "Deux"]
