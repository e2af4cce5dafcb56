"""JSON and JSON Lines: every record a row, numbers as written, broken syntax named by record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marsad.errors import ProviderFault
from marsad.intake.blocks import Shape
from marsad.intake.reading import Hints, ReadFile, open_file
from marsad.intake.reading.scanner import Scanner

HINTS = Hints(headers=[frozenset({"dossier"}), frozenset({"sexe"})], required=frozenset({0}))


def read(tmp_path: Path, content: str | bytes, name: str = "t.json", hints: Hints | None = None) -> ReadFile:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return open_file(path, hints=hints)


def cells_of(file: ReadFile) -> list[tuple[str, ...]]:
    return [row for block in file.blocks() for row in zip(*(c.to_pylist() for c in block.cells.columns), strict=True)]


RECORDS = (
    '{"dossier": "A1", "sexe": "F", "n": 1.50}',
    '{"dossier": "A2", "x": [1, {"é": null}], "n": 12345678901234567890}',
)
TABLE = [("A1", "F", "1.50", ""), ("A2", "", "12345678901234567890", '[1, {"é": null}]')]


@pytest.mark.parametrize(
    "text",
    [
        "[" + ",".join(RECORDS) + "]",
        "\n".join(RECORDS),
        "\r\n".join(RECORDS) + "\r\n\r\n",
        '{"source": "x", "data": [' + ",".join(RECORDS) + '], "count": 2}',
        '\ufeff {"records":[' + " , ".join(RECORDS) + "]}",
    ],
)
def test_lists_lines_and_envelopes_give_the_same_table(tmp_path: Path, text: str) -> None:
    file = read(tmp_path, text)
    assert file.tables[0].header == ["dossier", "sexe", "n", "x"]
    assert cells_of(file) == TABLE
    assert [int(row) for block in file.blocks() for row in block.rows] == [1, 2]


def test_the_name_is_not_needed_and_hints_apply(tmp_path: Path) -> None:
    assert read(tmp_path, RECORDS[0], "landing-file", HINTS).format == "json"
    with pytest.raises(ProviderFault) as fault:
        read(tmp_path, '[{"sexe": "F"}]', hints=HINTS)
    assert fault.value.rule == "file.columns_missing"
    for text, rule in (("[]", "file.empty"), ('["dossier", "A1"]', "file.no_objects"), ("12", "file.no_objects")):
        with pytest.raises(ProviderFault) as unnamed:
            read(tmp_path, text, hints=HINTS)
        assert unnamed.value.rule == rule


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": NaN}]', '[{"a": Infinity}]', '[{"a": 1},]', '[{"a": 1}', '{"a": 1}}', '{"a": 1} {"a": 2}', "[1] [2]",
        '{"a" 1}', "{'a': 1}", '[{"a": 01}]', '{"a": 1,}', '[1, 2, "x', "[" * 100_000, '{"a":' * 100_000, '["\t"]',
        "[1]x", '{"data": [1,]}',
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProviderFault) as fault:
        list(read(tmp_path, text).blocks())
    assert fault.value.rule == "file.json_broken"


def test_the_broken_record_is_named_and_nothing_of_it_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(ProviderFault) as fault:
        read(tmp_path, '{"nom": "Fatima"}\n{"nom": "Khadija"}\n{"nom": "Zineb\n')
    assert fault.value.params == {"row": 3}
    assert (fault.value.__cause__, fault.value.__context__) == (None, None)


@pytest.mark.parametrize(
    "text", ["42", '"x"', "null", "[1, 2]", "[]", "{}", "[[]]", '[{"a": 1}, 2, [3]]', '[["a","b"],["1","2"]]']
)
def test_any_valid_document_is_read(tmp_path: Path, text: str) -> None:
    assert len(read(tmp_path, text).tables) == 1


def test_a_list_of_lists_has_its_header_in_the_first(tmp_path: Path) -> None:
    file = read(tmp_path, '[["Dossier","Sexe"],["A1","F"],["A2"]]', hints=HINTS)
    assert (file.tables[0].header, cells_of(file)) == (["Dossier", "Sexe"], [("A1", "F"), ("A2", "")])


def test_a_record_that_is_no_object_shows_among_objects(tmp_path: Path) -> None:
    block = next(read(tmp_path, '[{"a": "1"}, "stray"]').blocks())
    assert (block.shapes.tolist(), block.cells.column("extra").to_pylist()) == (
        [Shape.OK, Shape.LONG],
        ["", '["stray"]'],
    )


def test_what_postgres_cannot_hold_breaks_the_row(tmp_path: Path) -> None:
    block = next(read(tmp_path, '[{"a": "x\\u0000y"}, {"a": "\\ud800"}, {"a": "\\ud83d\\ude00"}]').blocks())
    assert block.cells.column("c0").to_pylist() == ["x\ufffdy", "\ufffd", "😀"]
    assert block.shapes.tolist() == [Shape.BROKEN, Shape.BROKEN, Shape.OK]


def test_a_name_given_again_shows_as_a_cell_too_many(tmp_path: Path) -> None:
    block = next(read(tmp_path, '[{"a": "1", "a": "2", "b": {"c": 1, "c": 2}, "a": 3}, {"a": "4"}]').blocks())
    assert block.shapes.tolist() == [Shape.LONG, Shape.OK]
    cells = [column.to_pylist() for column in block.cells.columns]
    assert cells == [["1", "4"], ['{"c": [1, 2]}', ""], ['["2", "3"]', ""]]


def test_other_unicode_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"):
        assert cells_of(read(tmp_path, '[{"nom": "فاطمة"}]'.encode(encoding))) == [("فاطمة",)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80)
@given(values=st.lists(VALUES, max_size=5), size=st.integers(1, 9), indent=st.sampled_from([None, 1]))
def test_the_scanner_reads_what_json_reads_however_the_text_is_cut(
    values: list[object], size: int, indent: int | None
) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    scanner = Scanner(iter([text[i : i + size] for i in range(0, len(text), size)]))
    assert scanner.value() == values
    assert scanner.peek() == ""
