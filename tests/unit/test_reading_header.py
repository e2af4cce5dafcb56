"""The header is found where people put it: under banners, over two rows, in either language, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from marsad.contracts.model import Column, Contract, Source
from marsad.contracts.text import fold
from marsad.errors import ProviderFault
from marsad.intake.blocks import Shape
from marsad.intake.reading import Hints, ReadFile, open_file
from marsad.intake.reading.header import find_header
from marsad.quality.messages import LANGUAGES, load_messages, render

SPELLINGS = [
    ["Numéro de dossier", "رقم الملف", "case_id"],
    ["Date de naissance", "تاريخ الازدياد", "DDN"],
    ["Sexe", "الجنس", "sex"],
    ["Nationalité", "الجنسية"],
]
HINTS = Hints(
    headers=[frozenset(map(fold, spellings)) for spellings in SPELLINGS],
    required=frozenset({0, 2}),
    labels=[spellings[0] for spellings in SPELLINGS],
    total_words=frozenset({"total", fold("المجموع")}),
)


def read(tmp_path: Path, text: str, hints: Hints | None = HINTS) -> ReadFile:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return open_file(path, hints=hints)


def cells_of(file: ReadFile) -> list[tuple[str, ...]]:
    return [row for block in file.blocks() for row in zip(*(c.to_pylist() for c in block.cells.columns), strict=True)]


def notes_of(file: ReadFile) -> dict[str, int]:
    for _ in file.blocks():
        pass
    return {note.rule: note.rows for note in file.tables[0].notes}


def refusal(tmp_path: Path, text: str) -> ProviderFault:
    with pytest.raises(ProviderFault) as fault:
        read(tmp_path, text)
    return fault.value


def test_banner_and_footer_lines_are_no_rows(tmp_path: Path) -> None:
    text = (
        "ROYAUME DU MAROC\nÉtat des victimes, édité le 03/04/2025\n\n"
        "n°;NUMERO DE DOSSIER;sexe;date de naissance\n1;A1;F;01/02/1990\n2;A2;M;\n"
        "\nSource : DGSN\n* chiffres provisoires\n"
    )
    file = read(tmp_path, text)
    assert cells_of(file) == [("1", "A1", "F", "01/02/1990"), ("2", "A2", "M", "")]
    assert file.tables[0].header_rows == [4]
    assert next(file.blocks()).rows.tolist() == [5, 6]
    assert notes_of(file) == {"file.note.banner": 3, "file.note.footers": 2, "file.note.blank_rows": 1}


def test_arabic_headers_with_vowel_signs_and_other_delimiters_in_the_banner(tmp_path: Path) -> None:
    file = read(tmp_path, "وزارة، قائمة، 2025، شهر، مارس\nرَقْمُ المَلفّ|الجنس|الجنسية\n1|أنثى|مغربية\n")
    assert (file.tables[0].delimiter, file.tables[0].header_rows) == ("|", [2])
    assert cells_of(file) == [("1", "أنثى", "مغربية")]


def test_a_header_over_two_rows_is_joined(tmp_path: Path) -> None:
    hints = Hints(headers=[frozenset({"dossier"}), frozenset({"victime sexe"}), frozenset({"victime age"})])
    file = read(tmp_path, "Dossier,Victime,\n,Sexe,Âge\nA1,F,20\n", hints)
    assert file.tables[0].header == ["Dossier", "Victime Sexe", "Victime Âge"]
    assert (file.tables[0].header_rows, cells_of(file)) == ([1, 2], [("A1", "F", "20")])


def test_a_header_that_comes_twice_is_one_header(tmp_path: Path) -> None:
    file = read(tmp_path, "case_id,sex\nCase ID,Sex\n1,F\n")
    assert (file.tables[0].header_rows, cells_of(file)) == ([1, 2], [("1", "F")])


def test_rows_alike_are_data_all_the_same(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n" * 50, None).tables[0].header_rows == [1, 2, 3]
    assert len(cells_of(read(tmp_path, "a,b\n" + "c,d\n" * 50, None))) == 50


def test_names_that_repeat_are_kept_by_position(tmp_path: Path) -> None:
    file = read(tmp_path, "case_id,sex,note,note\n1,F,a,b\n")
    assert file.tables[0].header == ["case_id", "sex", "note", "note"]
    assert cells_of(file) == [("1", "F", "a", "b")]


@pytest.mark.parametrize("last", ["12,", "المجموع,", "7,F,2020", "Rabat,,"])
def test_the_last_row_is_data_unless_it_is_worded_as_a_note(tmp_path: Path, last: str) -> None:
    file = read(tmp_path, f"case_id,sex,DDN\n1,F,2000\n{last}\n")
    assert len(cells_of(file)) == 2
    assert "file.note.footers" not in notes_of(file)


def test_a_total_below_the_table_stays_a_row(tmp_path: Path) -> None:
    file = read(tmp_path, "case_id,sex,DDN\n1,F,2000\n\nTotal,,\nSource : ministère\n")
    shapes = [Shape(shape) for block in file.blocks() for shape in block.shapes]
    assert shapes == [Shape.OK, Shape.TOTAL]


def test_single_cells_between_rows_are_rows(tmp_path: Path) -> None:
    file = read(tmp_path, "case_id,sex,DDN\n1,F,2000\nSource : région Nord\n2,M,2001\n")
    assert [row[0] for row in cells_of(file)] == ["1", "Source : région Nord", "2"]


def test_an_unrelated_table_is_named_another_feed(tmp_path: Path) -> None:
    fault = refusal(tmp_path, "tribunal,article,peine,sexe2\nRabat,448-1,5 ans,x\n")
    assert fault.rule == "file.no_header"
    many = Hints(headers=[frozenset({f"colonne {i}"}) for i in range(10)], required=frozenset(range(10)))
    with pytest.raises(ProviderFault) as found:
        read(tmp_path, "colonne 1,x,y\n1,2,3\n", many)
    assert (found.value.rule, found.value.params["found"]) == ("file.wrong_feed", 1)


def test_a_missing_required_column_is_named(tmp_path: Path) -> None:
    fault = refusal(tmp_path, "Sexe,Nationalité,DDN\nF,MA,2000\n")
    assert (fault.rule, fault.params["columns"]) == ("file.columns_missing", "Numéro de dossier")


def test_titles_that_name_no_column_are_told_by_their_letters_where_one_is_missing(tmp_path: Path) -> None:
    fault = refusal(tmp_path, "Sexe,N° du carton,DDN,,Ville\nF,7,2000,,Fès\n")
    assert (fault.rule, dict(fault.params)) == (
        "file.columns_unread", {"columns": "Numéro de dossier", "letters": "B, E"}
    )  # fmt: skip


def test_without_a_contract_the_first_row_of_names_is_the_header() -> None:
    header = find_header([["Rapport 2025"], [], ["nom", "âge"], ["a", "1"], ["b", "2"]], None)
    assert header is not None
    assert (header.cells, header.rows, header.data) == (("nom", "âge"), (2,), 3)


def test_numbers_under_numbers_have_no_header() -> None:
    header = find_header([["1", "2020-01-02"], ["2", "2020-01-03"], ["3", "2020-01-04"]], None)
    assert header is not None
    assert (header.rows, header.data) == ((), 0)


def test_years_may_be_headers_over_words() -> None:
    header = find_header([["region", "2020", "2021"], ["Nord", "a", "b"]], None)
    assert header is not None
    assert header.rows == (0,)


def test_every_refusal_has_its_words_in_three_languages() -> None:
    entries = {id_: entry for id_, entry in load_messages().items() if id_.startswith("file.")}
    params = {
        "columns": 3,
        "limit": 1,
        "row": 2,
        "expected": "A",
        "found": 1,
        "format": "ODS",
        "allowed": "CSV",
        "rows": 4,
    }
    texts = [render(id_, language, params) for id_ in entries for language in LANGUAGES]
    assert len(entries) >= 15
    assert not [
        text for text in texts if "{row" in text or "{limit" in text or "{columns" in text or "{expected" in text
    ]


def test_rows_wider_than_the_header_by_separators_at_their_ends(tmp_path: Path) -> None:
    file = read(tmp_path, "nom,ville,note\nA,Fès,x,,\nB,Rabat,,,\nC,Salé,y,,z\n", None)
    assert file.tables[0].header == ["nom", "ville", "note"]
    assert [row[:3] for row in cells_of(file)] == [("A", "Fès", "x"), ("B", "Rabat", ""), ("C", "Salé", "y")]
    assert [Shape(shape) for block in file.blocks() for shape in block.shapes] == [Shape.OK, Shape.OK, Shape.LONG]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("Ligne ,Date ,Montant,\n1,14/07/2017,512,\n2,14/07/2017,9,\n", 1),
        ("a,b,c\n1,x,y\nz,w,v\nu,t,s\n", 1),
    ],
)
def test_a_header_with_gaps_is_still_the_header(tmp_path: Path, text: str, row: int) -> None:
    assert read(tmp_path, text, None).tables[0].header_rows == [row]


def test_hints_of_a_contract(tmp_path: Path) -> None:
    column = Column(
        "birth_date", {"fr": "Date de naissance", "ar": "تاريخ الازدياد"}, ("DDN",), "date", True, "identity"
    )
    key = Column("id", {"fr": "Numéro"}, (), "identifier", False, "public", key=1)
    note, received = Column("note", {}, (), "text", False, None), Source("received")
    contract = Contract(
        "police/x", "1.0.0", {}, "", (key, column, note), (), ("csv",), {"fr": "Feuille"}, "increment",
        received, received, 0.5, "monthly", ("Total", "المجموع"), None, {}, {}, (), tmp_path, "",
    )  # fmt: skip
    hints = Hints.of(contract)
    assert hints.matches([" ddn: ", "NUMERO", "autre"]) == {0, 1}
    assert hints.matches(["تاريخ الإزدياد", "Note"]) == {1, 2}
    assert (hints.required, hints.sheets, hints.formats) == ({0, 1}, {"feuille"}, {"csv"})
    assert hints.marked(["Date de naissance", "DDN", "note", "autre"]) == (0, 2, 3)
    assert (hints.label(1), hints.label(2), hints.total_words) == (
        "Date de naissance / تاريخ الازدياد",
        "note",
        {"total", fold("المجموع")},
    )


def test_a_column_without_a_name_is_kept_when_it_holds_data(tmp_path: Path) -> None:
    file = read(tmp_path, "case_id,sex,,\n1,F,x,\n2,M,y,\n3,F,,\n")
    assert (file.tables[0].header, cells_of(file)[0]) == (["case_id", "sex", ""], ("1", "F", "x"))
