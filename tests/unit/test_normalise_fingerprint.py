"""What a row's fingerprint is made of: equal when, and only when, the rows say the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.made_tables import codelists, column, contract, normalise, raw_block

from marsad.intake.normalise import Normaliser, row_bytes

COLUMNS = (
    column("name", privacy="identity", blanks=("-",)),
    column("sexes", "code", codelist="sex", many=";"),
    column("day", "date", formats=("dd/MM/yyyy", "yyyy")),
    column("n", "number"),
    column("last"),
)
NAMES = tuple(one.name for one in COLUMNS)


def rows_as_bytes(*rows: tuple[str, ...]) -> list[bytes]:
    block = normalise(contract(*COLUMNS), **dict(zip(NAMES, zip(*rows, strict=True), strict=True)))
    return list(row_bytes(block, NAMES).to_pylist())


def test_the_same_content_in_other_spellings_gives_the_same_bytes() -> None:
    first, second = rows_as_bytes(
        ("Mélanie", "F;M", "15/03/2024", "12", "x"),
        (" Me\u0301lanie ", "homme ; femme", "٢٠٢٤-٠٣-١٥", "12.0", "x"),
    )
    assert first == second


def test_what_was_not_understood_still_tells_rows_apart() -> None:
    texts = ["1999", "2000", "31/02/2020", "30/02/2020", "hier", "", "15/03/2024"]
    assert len(set(rows_as_bytes(*[("a", "", text, "", "") for text in texts]))) == len(texts)
    assert len(set(rows_as_bytes(*[("a", code, "", "", "") for code in ("X", "Y", "F", "F;X")]))) == 4


def test_a_text_that_looks_like_a_neighbour_does_not_move_into_it() -> None:
    pairs = [("a", "", "", "", "b"), ("", "", "", "", "ab"), ("ab", "", "", "", ""), ("a\x1f", "", "", "", "b")]
    first, *others, marked = rows_as_bytes(*pairs)
    assert len({first, *others}) == 3
    assert marked == first  # the separator is a control character: cleaning took it out of the text


def test_columns_added_at_the_end_leave_older_rows_as_they_were() -> None:
    block = normalise(contract(*COLUMNS), **dict(zip(NAMES, [["a"], ["F"], [""], ["1"], [""]], strict=True)))
    assert row_bytes(block, NAMES[:4]).equals(row_bytes(block, NAMES))


def test_a_column_the_file_does_not_have_counts_as_blank() -> None:
    made = contract(*COLUMNS)
    short = Normaliser(made, codelists(), NAMES[:2]).block(raw_block(["a"], ["F"]))
    assert row_bytes(short, NAMES).to_pylist() == rows_as_bytes(("a", "F", "", "", ""))


def test_raw_columns_that_the_contract_does_not_know_count_by_their_text() -> None:
    block = normalise(contract(COLUMNS[0]), name=["a", "a", "a"], other=["x", " x ", "y"])
    first, second, third = row_bytes(block, ("name", "c1")).to_pylist()
    assert first == second != third


def test_no_columns_give_empty_bytes() -> None:
    block = normalise(contract(COLUMNS[0]), name=["a", "b"])
    assert row_bytes(block, ()).to_pylist() == [b"", b""]


CELL = st.one_of(
    st.text(st.sampled_from("aé1;/.-\x01\x1e\x1f\x00 "), max_size=4),
    st.sampled_from(["F", "M;F", "15/03/2024", "2024-03-15", "1999", "12", "12.0"]),
)


@given(st.lists(st.tuples(*[CELL] * len(COLUMNS)), min_size=2, max_size=8))
def test_bytes_are_equal_when_and_only_when_all_cells_say_the_same(rows: list[tuple[str, ...]]) -> None:
    width = len(COLUMNS)
    alone = [_alone(row, place) for row in rows for place in range(width)]
    made, cells = rows_as_bytes(*rows), rows_as_bytes(*alone)
    each = [cells[start : start + width] for start in range(0, len(cells), width)]
    for i, first in enumerate(each):
        for j, second in enumerate(each):
            assert (made[i] == made[j]) == (first == second)


def _alone(row: tuple[str, ...], place: int) -> tuple[str, ...]:
    """The row with all other cells blank."""
    return tuple(cell if at == place else "" for at, cell in enumerate(row))
