"""Delimited text: whatever dialect and encoding it comes in, the same cells come out, and no row is lost."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marsad.errors import ProviderFault
from marsad.intake.blocks import BLOCK_ROWS, Shape
from marsad.intake.reading import Hints, ReadFile, open_file
from marsad.intake.reading import text as text_module
from marsad.intake.reading.dialect import Dialect
from marsad.intake.reading.encoding import Utf8Stream, detect_encoding
from marsad.intake.reading.records import Piece, parse_lines, read_pieces

FRENCH = ["référence", "prénom élève", "âge", "Meknès", "à vérifier", "naïveté", "Benoît", "garçon", "été", "Fès"]
ARABIC = ["محمد العلوي", "فاطمة الزهراء", "الدار البيضاء", "ضحية", "مراكش", "خديجة", "يوسف", "تحقيق", "العمل القسري"]
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def cells_of(file: ReadFile) -> list[tuple[str, ...]]:
    return [row for block in file.blocks() for row in zip(*(c.to_pylist() for c in block.cells.columns), strict=True)]


def rows_of(file: ReadFile) -> list[int]:
    return [int(row) for block in file.blocks() for row in block.rows]


def shapes_of(file: ReadFile) -> list[Shape]:
    return [Shape(shape) for block in file.blocks() for shape in block.shapes]


def hints_for(*names: str) -> Hints:
    return Hints(headers=[frozenset({name}) for name in names], total_words=frozenset({"total", "المجموع"}))


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@st.composite
def tables(draw: st.DrawFn, cell: st.SearchStrategy[str]) -> list[list[str]]:
    """Rows with at least two filled cells, so that none can be taken for a note below the table."""
    width = draw(st.integers(2, 6))
    rows = draw(st.lists(st.lists(cell, min_size=width - 2, max_size=width - 2), min_size=1, max_size=12))
    header = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"][:width]
    return [header, *([f"n{i}", "x", *row] for i, row in enumerate(rows))]


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\",;|\t'\n"), max_size=9)


@MANY
@given(
    table=tables(ANY_TEXT),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le"]),
)
def test_any_table_in_any_dialect_and_unicode_encoding_comes_back(
    tmp_path: Path, table: list[list[str]], delimiter: str, line_end: str, quoting: int, encoding: str
) -> None:
    buffer = io.StringIO()
    if line_end == "\r":
        quoting = csv.QUOTE_ALL  # before 3.13 the writer leaves a line feed unquoted when lines end otherwise
    csv.writer(buffer, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(table)
    path = write(tmp_path / "t.csv", buffer.getvalue().encode(encoding))
    file = open_file(path, hints=hints_for(*table[0]))
    info = file.tables[0]
    assert cells_of(file) == [tuple(row) for row in table[1:]]
    assert rows_of(file) == list(range(2, len(table) + 1))
    assert (info.header, info.delimiter, info.header_rows) == (table[0], delimiter, [1])
    assert info.rows_read == len(table) - 1


@pytest.mark.parametrize(
    ("encoding", "words"), [("cp1252", FRENCH), ("iso8859-15", FRENCH), ("cp1256", ARABIC), ("iso8859-6", ARABIC)]
)
def test_a_legacy_encoding_is_told_from_its_letters(tmp_path: Path, encoding: str, words: list[str]) -> None:
    rows = [["n", "texte"], *([str(i), word] for i, word in enumerate(words * 3))]
    path = write(tmp_path / "t.csv", "\r\n".join(";".join(row) for row in rows).encode(encoding))
    assert cells_of(open_file(path)) == [tuple(row) for row in rows[1:]]


def test_an_encoding_that_shows_late_is_still_found(tmp_path: Path) -> None:
    plain = "".join(f"{i};plain text here\n" for i in range(60_000))
    accents = "".join(f"{i};{word}\n" for i, word in enumerate(FRENCH))
    file = open_file(write(tmp_path / "t.csv", ("n;mot\n" + plain + accents).encode("cp1252")))
    assert [row[1] for row in cells_of(file)[-len(FRENCH) :]] == FRENCH
    assert Shape.BROKEN not in shapes_of(file)
    assert file.tables[0].encoding == "cp1252"


def test_undecodable_bytes_and_nul_break_their_row_only(tmp_path: Path) -> None:
    good = "".join(f"{i},الرباط été\n" for i in range(40)).encode()
    file = open_file(write(tmp_path / "t.csv", b"n,ville\n" + good + b"40,F\xe8s\n41,a\0b\n42,ok\n"))
    assert shapes_of(file)[-4:] == [Shape.OK, Shape.BROKEN, Shape.BROKEN, Shape.OK]
    assert cells_of(file)[-3:] == [("40", "F\ufffds"), ("41", "a\ufffdb"), ("42", "ok")]
    assert len(cells_of(file)) == 43


def normal(record: list[str]) -> list[str]:
    return record if any(record) else []


def flat(pieces: list[Piece]) -> tuple[dict[int, list[str]], set[int]]:
    """Records by number; blank ones look alike however a parser shows them."""
    found: dict[int, list[str]] = {}
    for piece in pieces:
        columns = [column.to_pylist() for column in piece.table.columns]
        for row, record in zip(piece.rows, zip(*columns, strict=True), strict=True):
            found[int(row)] = normal(list(record))
        found.update({row: normal(record) for row, record in piece.ragged})
    return found, {row for piece in pieces for row in piece.broken}


@settings(max_examples=250, deadline=None)
@given(
    text=st.text('ab,"\n\ré ', max_size=60)
    | st.lists(st.sampled_from(['a,"b"', '"x""y",', '""', "\r\n", ",", "\n"])).map("".join),
    cuts=st.integers(1, 20),
    width=st.integers(1, 4),
)
def test_the_fast_and_the_exact_parser_agree_wherever_the_stream_is_cut(text: str, cuts: int, width: int) -> None:
    data = text.encode()
    chunks = [(data[i : i + cuts], i + cuts >= len(data)) for i in range(0, len(data), cuts)]
    records, broken, _ = parse_lines(list(io.StringIO(text, newline="")), Dialect(), give_up=True)
    expected = {row: normal(record) for row, record in enumerate(records, 1)}
    assert flat(list(read_pieces(chunks, Dialect(), width, 1))) == (expected, {row + 1 for row in broken})


def test_a_quote_that_never_closes_costs_one_row(tmp_path: Path) -> None:
    lines = [f'{i},"text {i}"' for i in range(20)]
    lines[5] = '5,"open'
    lines[6:] = [f"{i},plain" for i in range(6, 20)]
    file = open_file(write(tmp_path / "t.csv", "\n".join(["n,note", *lines])), hints=hints_for("n", "note"))
    assert len(cells_of(file)) == 20
    assert [row for row, shape in zip(rows_of(file), shapes_of(file), strict=True) if shape is Shape.BROKEN] == [7]


def test_backslash_escapes_and_single_quotes(tmp_path: Path) -> None:
    text = "n;a;b\n" + "".join(f"{i};'d''or; {i}';'x'\n" for i in range(9))
    assert cells_of(open_file(write(tmp_path / "s.csv", text)))[0] == ("0", "d'or; 0", "x")
    text = "n,a\n" + "".join(f'{i},"say \\"{i}\\" now"\n' for i in range(9))
    assert cells_of(open_file(write(tmp_path / "e.csv", text)))[3] == ("3", 'say "3" now')


def test_a_windows_path_keeps_its_backslashes(tmp_path: Path) -> None:
    text = "n,path\n" + "".join(f'{i},"C:\\data\\{i}"\n' for i in range(9))
    assert cells_of(open_file(write(tmp_path / "t.csv", text)))[2] == ("2", "C:\\data\\2")


def test_ragged_rows_keep_their_place_and_their_cells(tmp_path: Path) -> None:
    file = open_file(write(tmp_path / "t.csv", 'a,b,c\n1,2,3\n1,2\n1,2,3,"4, 5",6\n1,2,3,,\n\n7,8,9\n'))
    assert rows_of(file) == [2, 3, 4, 5, 7]
    assert shapes_of(file) == [Shape.OK, Shape.SHORT, Shape.LONG, Shape.OK, Shape.OK]
    assert [row[:3] for row in cells_of(file)] == [
        ("1", "2", "3"),
        ("1", "2", ""),
        *[("1", "2", "3")] * 2,
        ("7", "8", "9"),
    ]
    assert [row[3] for row in cells_of(file)] == ["", "", '["4, 5", "6"]', "", ""]
    assert [note.rows for note in file.tables[0].notes if note.rule == "file.note.blank_rows"] == [1]
    assert next(file.blocks()).cells.column_names == ["c0", "c1", "c2", "extra"]


def test_trailing_separators_are_no_extra_column(tmp_path: Path) -> None:
    file = open_file(write(tmp_path / "t.csv", "a;b;;\n1;2;;\n3;4;;\n"))
    assert (file.tables[0].header, cells_of(file)) == (["a", "b"], [("1", "2"), ("3", "4")])
    assert set(shapes_of(file)) == {Shape.OK}


def test_mixed_line_ends_and_line_breaks_in_cells_count_as_a_spreadsheet_counts(tmp_path: Path) -> None:
    file = open_file(write(tmp_path / "t.csv", b'a,b\r\n1,"x\r\ny"\n2,z\r3,w\n'), hints=hints_for("a", "b"))
    assert cells_of(file) == [("1", "x\r\ny"), ("2", "z"), ("3", "w")]
    assert rows_of(file) == [2, 3, 4]


def test_total_rows_are_marked_in_any_column_and_spelling(tmp_path: Path) -> None:
    text = "ville,sexe,n\nRabat,F,1\n TOTAL :,F,2\nRabat,Totāl,3\nالرباط,المَجْمُوع,4\nTotalement,Total x,5\n"
    file = open_file(write(tmp_path / "t.csv", text), hints=hints_for("ville", "sexe", "n"))
    assert shapes_of(file) == [Shape.OK, Shape.TOTAL, Shape.TOTAL, Shape.TOTAL, Shape.OK]


def test_blocks_are_bounded_and_in_order(tmp_path: Path) -> None:
    rows = BLOCK_ROWS * 2 + 17
    body = "".join(f"{i},value {i}\n" if i % 1000 else f"{i}\n" for i in range(rows))
    file = open_file(write(tmp_path / "t.csv", "n,v\n" + body))
    sizes = [len(block) for block in file.blocks()]
    assert sizes == [BLOCK_ROWS, BLOCK_ROWS, 17]
    assert rows_of(file) == list(range(2, rows + 2))
    assert [row[0] for row in cells_of(file)] == [str(i) for i in range(rows)]


def test_long_cells_make_smaller_blocks(tmp_path: Path) -> None:
    body = "".join(f"{i},{'x' * 20_000}\n" for i in range(3_000))
    sizes = [(len(b), b.cells.nbytes) for b in open_file(write(tmp_path / "t.csv", "n,v\n" + body)).blocks()]
    assert sum(rows for rows, _ in sizes) == 3_000
    assert max(size for _, size in sizes) < 32 << 20


def test_a_stream_gives_the_same_whatever_its_chunks(tmp_path: Path) -> None:
    content = ("é,الرباط\n" * 50).encode("utf-16")
    path = write(tmp_path / "t.csv", content)
    for size in (1, 2, 3, 7, 4096):
        with path.open("rb") as file:
            data = b"".join(chunk for chunk, _ in Utf8Stream(file, detect_encoding(content), size))
        assert data.decode() == "é,الرباط\n" * 50


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    file = open_file(write(tmp_path / "t.csv", "Liste\n\na,b\n1,2\n3,4\n\nSource: DGSN\n"))
    assert cells_of(file) == cells_of(file) == [("1", "2"), ("3", "4")]
    assert file.tables[0].rows_read == 2
    assert [note.rule for note in file.tables[0].notes].count("file.note.footers") == 1


def test_one_endless_line_is_refused_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "MAX_RECORD_BYTES", 3 << 20)
    path = write(tmp_path / "t.csv", b"x" * (9 << 20))
    with pytest.raises(ProviderFault) as fault:
        open_file(path)
    assert fault.value.rule == "file.line_too_long"


def test_a_line_without_end_further_down_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", b"a,b\n1,2\n3," + b"x" * (30 << 20))
    with pytest.raises(ProviderFault) as fault:
        list(open_file(path).blocks())
    assert fault.value.rule == "file.line_too_long"


def test_a_record_longer_than_arrow_likes_is_read_all_the_same(tmp_path: Path) -> None:
    text = "n,note\n1,x\n2," + "é" * (2 << 20) + '\n3,"a\nb"\n'
    file = open_file(write(tmp_path / "t.csv", text), hints=hints_for("n", "note"))
    assert [(row[0], len(row[1])) for row in cells_of(file)] == [("1", 1), ("2", 2 << 20), ("3", 3)]
    assert rows_of(file) == [2, 3, 4]


@settings(max_examples=80)
@given(
    content=st.binary(max_size=300)
    | st.lists(st.sampled_from([b"a;b\n", b"\xff", b"'", b'"', b"\0", b"1\t2\r", b"[{"])).map(b"".join)
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "t.csv", content)
    try:
        file = open_file(path)
        assert len(rows_of(file)) == len(cells_of(file)) == file.tables[0].rows_read
    except ProviderFault as fault:
        seen = fault.rule
    else:
        seen = "file.read"
    assert seen.startswith("file.")
