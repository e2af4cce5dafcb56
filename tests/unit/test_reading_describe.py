"""What ``marsad read`` shows and writes."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from marsad.errors import UsageFault
from marsad.intake.reading import describe

KEYS = ["sheet", "encoding", "delimiter", "quote", "escape", "line_end", "header_rows", "header", "rows_read", "notes"]


def test_a_text_file_is_described_and_written_out(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes("Liste\r\nnom;âge\r\nA;=1+1\r\n\r\nB;\r\nC;3;surplus\r\n".encode("cp1252"))
    found = describe(path, tmp_path / "out")
    assert (found["file"], found["verdict"], found["message"]) == (str(path), "read", None)
    (table,) = found["tables"]
    assert list(table) == KEYS
    assert (table["encoding"], table["delimiter"], table["line_end"], table["rows_read"]) == ("cp1252", ";", "\r\n", 3)
    assert (table["header_rows"], table["header"]) == ([2], ["nom", "âge"])
    assert {note["rule"]: note["rows"] for note in table["notes"]} == {"file.note.banner": 1, "file.note.blank_rows": 1}
    assert (tmp_path / "out" / "liste.csv").read_bytes() == "nom,âge\nA,=1+1\nB,\nC,3,surplus\n".encode()
    assert json.loads(json.dumps(found)) == found


def test_a_file_is_never_written_over_itself(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes("nom;âge\r\nA;1\r\n".encode("cp1252"))
    (tmp_path / "link").symlink_to(tmp_path)
    for out in (tmp_path, tmp_path / "link"):
        with pytest.raises(UsageFault, match="choose another folder"):
            describe(path, out)
    assert path.read_bytes() == "nom;âge\r\nA;1\r\n".encode("cp1252")


def test_a_table_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "long.csv").write_text("before")
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b\n1,2\n3," + b"x" * (30 << 20))
    assert describe(path, out)["verdict"] == "refused"
    assert [(found.name, found.read_text()) for found in out.iterdir()] == [("long.csv", "before")]


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UsageFault, match="is not a file"):
            describe(path)


def test_sheets_are_numbered_from_the_second_on(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("un", "deux"):
        book.create_sheet(name).append(["nom", name])
    book.save(tmp_path / "b.xlsx")
    found = describe(tmp_path / "b.xlsx", tmp_path)
    assert [table["sheet"] for table in found["tables"]] == ["un", "deux"]
    assert (tmp_path / "b.csv").read_text("utf-8") == "nom,un\n"
    assert (tmp_path / "b.2.csv").read_text("utf-8") == "nom,deux\n"


def test_a_refusal_is_told_in_the_language_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_bytes(b"")
    texts = {language: describe(path, language=language)["message"] for language in ("fr", "ar", "en")}
    assert (texts["fr"][:21], texts["en"][:17]) == ("Le fichier est vide. ", "The file is empty")
    assert describe(path)["verdict"] == "refused"
    assert len(set(texts.values())) == 3


def test_what_turns_out_broken_on_the_way_is_a_refusal_too(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b\n1,2\n3," + b"x" * (30 << 20))
    assert describe(path)["verdict"] == "refused"
