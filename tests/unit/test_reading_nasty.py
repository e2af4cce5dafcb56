"""Files as people and old programs really write them: titles, how many rows, nothing lost, nothing made up."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from marsad.contracts.text import fold
from marsad.errors import ProviderFault
from marsad.intake.reading import Hints, open_file
from marsad.quality.states import Shape

TITLES = ["dossier", "ville", "age"]
ROWS = [["A1", "Fès", "3"], ["A2", "Salé", "4"], ["A3", "Rabat", "5"]]
ARABIC = [["الملف", "المدينة", "السن"], ["أ1", "فاس", "٣"], ["أ2", "سلا", "٤"]]


def joined(mark: str, rows: list[list[str]], end: str = "\n") -> str:
    return end.join(mark.join(row) for row in rows) + end


FORM = [TITLES, *ROWS]
TEXTS: dict[str, tuple[bytes | str, list[str], int]] = {
    "mixed line ends": ("dossier;ville;age\r\nA1;Fès;3\nA2;Salé;4\rA3;Rabat;5\r\n", TITLES, 3),
    "ragged": ("dossier,ville,age\nA1,Fès\nA2,Salé,4,x,y\nA3,Rabat,5\n", TITLES, 3),
    "quotes inside": ('dossier,ville,age\nA1,5" tuyau,3\nA2,le "vieux" port,4\n', TITLES, 2),
    "a quote never closed": ('dossier,ville,age\nA1,"Fès,3\nA2,Salé,4\nA3,Rabat,5\n', TITLES, 3),
    "UTF-8's mark before cp1252": (b"\xef\xbb\xbf" + joined(";", FORM).encode("cp1252"), TITLES, 3),
    "Macintosh": (joined(";", [["dossier", "âge"], ["Fès", "3"]]).encode("mac-roman"), ["dossier", "âge"], 1),
    "DOS": (joined(";", [["dossier", "prénom"], ["Fès", "Rémi"]]).encode("cp850"), ["dossier", "prénom"], 1),
    "cp1256": (joined(";", [ARABIC[0], ["أ", "سلا المدينة", "3"]]).encode("cp1256"), ARABIC[0], 1),
    "ISO-8859-6": (joined(";", [ARABIC[0], ["أ", "سلا المدينة", "3"]]).encode("iso8859-6"), ARABIC[0], 1),
    "UTF-16 without a mark": (joined(";", FORM).encode("utf-16-be"), TITLES, 3),
    "Arabic UTF-16 without a mark": (joined(";", ARABIC).encode("utf-16-le"), ARABIC[0], 2),
    "two encodings": ("dossier;ville;age\nA1;Fès;3\n".encode() + "A2;Salé;4\n".encode("cp1252"), TITLES, 2),
    "an end mark of DOS": ("dossier;ville;age\nA1;Fès;3\n\x1a", TITLES, 1),
    "decimal commas": ("dossier;montant;taux\nA1;1,5;2,25\nA2;3,0;4,5\n", ["dossier", "montant", "taux"], 2),
    "one column of decimal commas": ("montant\n1,5\n2,75\n3,1\n", ["montant"], 3),
    "one column of names": ("nom complet\nAli Ben Ali\nSara El Fassi\nRim B\n", ["nom complet"], 3),
    "apostrophes": ("'dossier','ville'\n'A1','l''Oulja'\n'A2','Salé, vieille'\n", ["dossier", "ville"], 2),
    "two bars": (joined("||", FORM), TITLES, 3),
    "three signs": (joined("~|~", FORM), TITLES, 3),
    "Arabic semicolons": (joined("؛", ARABIC), ARABIC[0], 2),
    "Arabic commas": (joined("،", ARABIC), ARABIC[0], 2),
    "titles only": ("dossier;ville;age", TITLES, 0),
    "blank columns at the end": ("dossier;ville;age;;;\nA1;Fès;3;;;\nA2;Salé;4;;;\n", TITLES, 2),
    "titles twice": ("nom;nom;age\na;b;1\nc;d;3\n", ["nom", "nom", "age"], 2),
    "comments": ("# export 2024\n# ne pas modifier\ndossier,ville,age\nA1,Fès,3\n", TITLES, 1),
    "a total and a source": ("dossier,ville,age\nA1,Fès,3\nTotal,,7\n\nSource : DGSN\n", TITLES, 2),
    "Excel's own first line": ("sep=;\ndossier;ville;age\nA1;Fès;3\nA2;Salé;4\n", TITLES, 2),
    "separators that are none": ("dossier;ville;age\nA1;F\u2028s;3\nA2;S\x85l\x0b\x1cé;4\n", TITLES, 2),
    "3000 columns": (joined(",", [[f"t{i}x" for i in range(3000)], ["1"] * 3000]), [f"t{i}x" for i in range(3000)], 1),
    "keys that come and go": ('{"a":1,"b":2}\n\n{"b":3,"c":4}\r\n{"a":5}\n', ["a", "b", "c"], 3),
    "nested": (json.dumps([{"a": {"b": 1}, "c": [1, 2]}, {"a": 2, "d": None}]), ["a", "c", "d"], 2),
    "two lists in an envelope": (json.dumps({"data": [{"a": 1}, {"a": 2}], "records": [{"a": 3}]}), ["a"], 3),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_file_is_read_as_it_was_meant(name: str, tmp_path: Path) -> None:
    content, titles, rows = TEXTS[name]
    path = tmp_path / "f.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (table,) = open_file(path).tables
    assert (table.header, sum(map(len, table.blocks()))) == (titles, rows)


def workbook(path: Path, sheets: tuple[str, ...] = ("S",)) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name in sheets:
            sheet = book.add_worksheet(name)
            for number, row in enumerate(FORM):
                sheet.write_row(number, 0, row)
    return path


def changed(path: Path, change: Callable[[str, str], tuple[str, str]]) -> Path:
    """The workbook with the name and text of each part changed."""
    with zipfile.ZipFile(workbook(path.with_suffix(".old"))) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.namelist():
            new.writestr(*change(part, old.read(part).decode()))
    return path


ODD: dict[str, Callable[[str, str], tuple[str, str]]] = {
    "too small a dimension": lambda name, text: (name, re.sub(r'(<dimension ref=)"[^"]*"', r'\1"A1"', text)),
    "too large a dimension": lambda name, text: (name, re.sub(r'(<dimension ref=)"[^"]*"', r'\1"A1:XFD1048576"', text)),
    "a dimension inside out": lambda name, text: (name, re.sub(r'(<dimension ref=)"[^"]*"', r'\1"Z9:A1"', text)),
    "absolute paths": lambda name, text: (name, re.sub(r'Target="(worksheets|shared)', r'Target="/xl/\1', text)),
    "backslashes": lambda name, text: (name.replace("/", "\\"), text),
    "cells without places": lambda name, text: (name, re.sub(r'(<row|<c) r="\w+"', r"\1", text)),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_workbook_is_read_as_it_was_meant(name: str, tmp_path: Path) -> None:
    (table,) = open_file(changed(tmp_path / "b.xlsx", ODD[name])).tables
    assert (table.header, sum(map(len, table.blocks()))) == (TITLES, 3)


def test_sheets_with_the_same_titles_that_are_not_read_are_told(tmp_path: Path) -> None:
    hints = Hints([frozenset({title}) for title in TITLES], frozenset({0}), examples=frozenset({"exemple"}))
    path = workbook(tmp_path / "b.xlsx", ("Janvier", "Février", "Mars", "Exemple"))
    (table,) = open_file(path, hints=hints).tables
    assert (sum(map(len, table.blocks())), table.notes) == (3, [("file.note.other_sheets", 2)])


FORMAL = ("Numéro", "Société", "Prénom")
EXPECTED = Hints([frozenset({fold(title)}) for title in FORMAL], frozenset({0}))


def lines(*rows: tuple[str, ...]) -> bytes:
    return "".join(";".join(row) + "\r\n" for row in rows).encode()


def test_titles_that_come_again_are_no_rows_and_told(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    first = lines(FORMAL, ("1", "Équité", "Zoé"), ("2", "Équité", "Léa"))
    path.write_bytes(first + b"\xef\xbb\xbf" + lines(FORMAL, ("3", "Équité", "Zoé")))
    (table,) = open_file(path, hints=EXPECTED).tables
    assert [row for block in table.blocks() for row in block.rows.tolist()] == [2, 3, 5]
    assert table.notes == [("file.note.titles_again", 1)]


def test_titles_that_come_again_in_another_order_begin_another_table(tmp_path: Path) -> None:
    path, moved = tmp_path / "t.csv", ("Société", "Numéro", "Prénom")
    path.write_bytes(lines(FORMAL, ("1", "Équité", "Zoé"), ("", "", ""), moved, ("Équité", "2", "Léa")))
    with pytest.raises(ProviderFault) as fault:
        list(open_file(path, hints=EXPECTED).blocks())
    assert fault.value.rule == "file.tables_several"


@pytest.mark.parametrize(
    "again",
    [
        '\ufeff"Numéro";"Nom légal";"Prénom"',
        "NUMÉRO;NOM LÉGAL;PRÉNOM",
        "Numéro;Nom  légal; Prénom ",
        "Nume\u0301ro;Nom legal;Prenom",
    ],
)
def test_titles_that_come_again_in_another_spelling_are_no_rows(again: str, tmp_path: Path) -> None:
    path, titles = tmp_path / "two.csv", ("Numéro", "Nom légal", "Prénom")
    alike = (("Numéro", "Nom légal", "Zoé"), ("N", "N", "P"), ("", "Nom légal", "Prénom"))
    path.write_bytes(lines(titles, *alike) + f"{again}\r\n".encode() + lines(("3", "Équité", "Zoé")))
    hints = Hints([frozenset({fold(title)}) for title in titles], frozenset({0}))
    (table,) = open_file(path, hints=hints).tables
    assert [row for block in table.blocks() for row in block.rows.tolist()] == [2, 3, 4, 6]
    assert table.notes == [("file.note.titles_again", 1)]


def test_a_damaged_row_makes_no_other_encoding_where_the_titles_say_which_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    plain = [(str(number), "Equite", "Zoe") for number in range(30)]
    path.write_bytes(lines(FORMAL, *plain) + "30;Équité;Zoé\r\n".encode("cp1252"))
    (table,) = open_file(path, hints=EXPECTED).tables
    assert table.header == list(FORMAL)
    (block,) = table.blocks()
    assert block.shapes.tolist() == [*[Shape.OK] * 30, Shape.BROKEN]
