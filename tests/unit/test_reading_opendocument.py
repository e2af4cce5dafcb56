"""What an ODS says beside its values: formulas that failed, and rows that stand for many."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from marsad.errors import ProviderFault
from marsad.intake.reading import Hints, open_file
from marsad.intake.reading.opendocument import sheets_of_ods

HINTS = Hints(headers=[frozenset({"dossier"}), frozenset({"sexe"}), frozenset({"age"})], required=frozenset({0}))
NAMES = "".join(f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))


def cell(text: str, about: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {about}><text:p>{text}</text:p></table:table-cell>'


def failed(text: str, about: str = "") -> str:
    """As LibreOffice writes it: the value is an empty text, what is shown stands in the paragraph."""
    return cell(text, f'office:string-value="" table:formula="of:=NA()" {about}')


def row(*cells: str, about: str = "") -> str:
    return f"<table:table-row {about}>{''.join(cells)}</table:table-row>"


def ods(path: Path, *rows: str) -> Path:
    body = f'<table:table table:name="Liste">{"".join(rows)}</table:table>'
    content = f"<office:document-content{NAMES}><office:body><office:spreadsheet>{body}</office:spreadsheet>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"{content}</office:body></office:document-content>")
        names = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        archive.writestr("META-INF/manifest.xml", f'<manifest xmlns="{names}"/>')
    return path


TITLES = row(cell("Dossier"), cell("Sexe"), cell("Âge"))


def test_a_formula_that_failed_shows_what_its_sender_sees(tmp_path: Path) -> None:
    path = ods(
        tmp_path / "f.ods",
        row(),
        TITLES,
        row(cell("A-1"), failed("#N/D"), cell("17")),
        row(
            cell("A-2"),
            failed("#VALEUR !", 'table:number-columns-repeated="2"'),
            about='table:number-rows-repeated="2"',
        ),
        row(cell("A-4"), failed("Err:502"), cell("17", 'table:formula="of:=1+16"')),
    )
    (block,) = open_file(path, hints=HINTS).blocks()
    cells = list(zip(*(column.to_pylist() for column in block.cells.columns), strict=True))
    twice = ("A-2", "#VALEUR !", "#VALEUR !")
    assert cells == [("A-1", "#N/D", "17"), twice, twice, ("A-4", "#VALUE!", "17")]


@pytest.mark.parametrize(("rows", "columns"), [("1048576", "2"), ("99999999999999999999", "1"), ("70", "16384")])
def test_a_row_that_stands_for_a_million_is_refused_before_it_is_spread_out(
    tmp_path: Path, rows: str, columns: str
) -> None:
    again = f'table:number-columns-repeated="{columns}"'
    path = ods(tmp_path / "m.ods", TITLES, row(cell("A-1", again), about=f'table:number-rows-repeated="{rows}"'))
    with pytest.raises(ProviderFault) as fault:
        sheets_of_ods(path)
    assert fault.value.rule == "file.too_large"


def test_blank_rows_to_the_end_of_a_sheet_do_not_count(tmp_path: Path) -> None:
    blank = row(
        '<table:table-cell table:number-columns-repeated="16384"/>', about='table:number-rows-repeated="1048000"'
    )
    (block,) = open_file(ods(tmp_path / "b.ods", TITLES, row(cell("A-1")), blank), hints=HINTS).blocks()
    assert len(block) == 1
