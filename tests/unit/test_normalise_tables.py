"""Headers to columns, blocks as a whole, derived ages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.made_tables import codelists, column, contract, normalise, raw_block

from marsad.contracts.model import AgeSource, Column
from marsad.errors import UsageFault
from marsad.intake.blocks import State
from marsad.intake.normalise import Normaliser
from marsad.quality.states import LATEST

BIRTH = column(
    "birth_date",
    "date",
    headers={"fr": "Date de naissance", "ar": "تاريخ الازدياد", "en": "Date of birth"},
    aliases=("DDN", "né(e) le", "تاريخ الميلاد"),
    formats=("dd/MM/yyyy", "yyyy"),
)
NAME = column("family_name", headers={"fr": "Nom", "ar": "الاسم العائلي"}, privacy="identity")


def normaliser(header: list[str], *columns: Column) -> Normaliser:
    return Normaliser(contract(*columns), codelists(), header)


@pytest.mark.parametrize(
    "header",
    [
        "Date de naissance",
        "DATE DE NAISSANCE",
        "date_de_naissance",
        " Date de\nnaissance ",
        "تاريخ الازدياد",
        "تاريخ الإزدياد",
        "\u200fتاريخ الميلاد",
        "ddn",
        "DDN :",
        "Né(e) le",
        "birth_date",
    ],
)
def test_headers_match_by_label_alias_or_name(header: str) -> None:
    made = normaliser(["Nom", header], NAME, BIRTH)
    assert made.matched == {"family_name": "c0", "birth_date": "c1"}
    assert (made.missing, made.unknown, made.repeated) == ((), {}, {})


def test_missing_columns_read_as_blank_and_unknown_ones_are_named() -> None:
    made = normaliser(["Observations", "", "Nom"], NAME, BIRTH)
    assert made.missing == (BIRTH,)
    assert made.unknown == {"c0": "Observations", "c1": ""}
    block = made.block(raw_block(["a", "b"], ["", "x"], ["Ali", " "]))
    assert block.values["birth_date"].equals(pa.nulls(2, pa.date32()))
    assert block.states["birth_date"].tolist() == [State.BLANK] * 2
    assert block.states["family_name"].tolist() == [State.OK, State.BLANK]
    assert block.unknown == made.unknown
    assert block.matched == {"family_name": "c2"}


def test_of_headers_that_read_alike_the_exact_one_wins_then_the_first() -> None:
    assert normaliser(["NOM", "Nom", "nom"], NAME).matched == {"family_name": "c1"}
    twice = normaliser(["NOM", "nom"], NAME)
    assert twice.matched == {"family_name": "c0"}
    assert twice.unknown == {"c1": "nom"}
    assert twice.repeated == {"c1": "family_name"}


def test_one_header_fills_one_column_only() -> None:
    first, second = column("first_date", aliases=("Date",)), column("second_date", aliases=("Date",))
    assert normaliser(["Date", "Date"], first, second).matched == {"first_date": "c0", "second_date": "c1"}
    assert normaliser(["Date"], first, second).missing == (second,)


def test_numbered_headers_stay_apart() -> None:
    columns = (column("derivacion"), column("derivacion2"), column("derivacion3"))
    header = ["derivacion3", "derivacion", "derivacion2"]
    assert normaliser(header, *columns).matched == {"derivacion": "c1", "derivacion2": "c2", "derivacion3": "c0"}


def test_values_have_the_arrow_type_of_their_column() -> None:
    kinds: dict[str, Any] = {"t": "text", "d": "date", "s": "timestamp", "i": "integer", "n": "number", "b": "boolean"}
    columns = [column(name, kind) for name, kind in kinds.items()]
    columns += [column("c", "code", codelist="sex"), column("m", "code", codelist="sex", many=";")]
    expected = [pa.string(), pa.date32(), pa.timestamp("us"), pa.int64(), pa.float64(), pa.bool_(), pa.string()]
    for header in ([], [one.name for one in columns]):
        made = normaliser(header, *columns)
        block = made.block(raw_block(*[["?"] * 2] * 8))
        assert [block.values[one.name].type for one in columns] == [*expected, pa.list_(pa.string())]


def test_rows_may_speak_of_all_the_day_after_their_file_came() -> None:
    made = Normaliser(contract(NAME), codelists(), ["Nom"], date(2024, 6, 1))
    latest = made.block(raw_block(["a"])).values[LATEST]
    assert latest.to_pylist() == [datetime(2024, 6, 2, 23, 59, 59, 999_999)]  # noqa: DTZ001 - as judges see moments


def test_a_birth_that_has_not_come_is_no_value_and_says_so() -> None:
    birth = replace(BIRTH, privacy="identity")
    made = Normaliser(contract(birth, NAME), codelists(), ["DDN"], date(2024, 6, 1))
    block = made.block(raw_block(["02/06/2024", "03/06/2024", "2024", "2025", ""]))
    assert block.values["birth_date"].to_pylist() == [date(2024, 6, 2), None, None, None, None]
    assert block.values["birth_date__year"].to_pylist() == [2024, None, 2024, None, None]
    assert block.states["birth_date"].tolist() == [State.OK, State.FUTURE, State.OK, State.FUTURE, State.BLANK]


def test_a_block_of_no_rows() -> None:
    made = Normaliser(MET, codelists(), ["birth_date", "age", "met_on"])
    block = made.block(raw_block([], [], []))
    assert len(block) == 0
    assert all(len(values) == 0 for values in block.values.values())


WIDE = (
    column("ref", "identifier", pattern=r"\d+"),
    column("note", blanks=("-",)),
    column("day", "date", formats=("dd/MM/yyyy", "yyyy")),
    column("n", "integer"),
    column("sexes", "code", codelist="sex", many=";"),
)
CELLS = st.sampled_from(
    [
        "",
        "-",
        "12",
        "12.0",
        " 12",
        "١٢",
        "F",
        "F;M",
        "homme",
        "15/03/2024",
        "15.03.2024",
        "1999",
        "é",
        "e\u0301",
        "\u200fم",
    ]
)
ROWS = st.lists(st.tuples(*[CELLS] * len(WIDE)), min_size=1, max_size=25)


@given(ROWS, st.data())
def test_where_blocks_are_cut_makes_no_difference(rows: list[tuple[str, ...]], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    made = normaliser([one.name for one in WIDE], *WIDE)
    pieces = [rows[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    blocks = [made.block(raw_block(*zip(*piece, strict=True))) for piece in pieces if piece]
    whole = normaliser([one.name for one in WIDE], *WIDE).block(raw_block(*zip(*rows, strict=True)))
    for name, values in whole.values.items():
        assert pa.concat_arrays([block.values[name] for block in blocks]).equals(values)
    for name, states in whole.states.items():
        assert [state for block in blocks for state in block.states[name]] == states.tolist()


def test_sliced_and_chunked_tables_read_like_any_other() -> None:
    texts = [f"{i}" if i % 3 else f" é{i} " for i in range(40)]
    block = raw_block(texts)
    parts = [block.cells.slice(0, 7), block.cells.slice(7, 20), block.cells.slice(27)]
    chunked = type(block)(None, pa.concat_tables(parts), block.rows, block.shapes)
    sliced = type(block)(None, block.cells.slice(7, 20), block.rows[7:27], block.shapes[7:27])
    made = normaliser(["note"], column("note"))
    assert made.block(chunked).values["note"].to_pylist() == [text.strip() for text in texts]
    assert made.block(sliced).values["note"].to_pylist() == [text.strip() for text in texts[7:27]]


AGE = AgeSource("victim", "birth_date", "age", "met_on")
MET = contract(
    column("birth_date", "date", formats=("dd/MM/yyyy", "yyyy")),
    column("age", "integer", blanks=("0",)),
    column("met_on", "date", formats=("dd/MM/yyyy",)),
    age=AGE,
)


@pytest.mark.parametrize(
    ("birth", "age", "met", "expected"),
    [
        ("15/03/2006", "", "14/03/2024", (17, "9-17", "yes", "unknown")),
        ("15/03/2006", "", "15/03/2024", (18, "18-20", "no", "unknown")),
        ("29/02/2004", "", "28/02/2022", (17, "9-17", "yes", "unknown")),
        ("29/02/2004", "", "01/03/2022", (18, "18-20", "no", "unknown")),
        ("15/03/2024", "", "15/03/2024", (0, "0-8", "yes", "unknown")),
        ("15/03/2006", "18", "14/03/2024", (17, "9-17", "yes", "yes")),
        ("15/03/2006", "19", "14/03/2024", (17, "9-17", "yes", "no")),
        ("1990", "", "14/03/2024", (None, "30-38", "no", "unknown")),
        ("1990", "33", "14/03/2024", (33, "30-38", "no", "yes")),
        ("1990", "25", "14/03/2024", (None, "30-38", "no", "no")),
        ("2006", "", "14/03/2024", (None, None, "unknown", "unknown")),
        ("2006", "17", "14/03/2024", (17, "9-17", "yes", "yes")),
        ("2006", "30", "14/03/2024", (None, None, "unknown", "no")),
        ("2007", "", "14/03/2024", (None, "9-17", "yes", "unknown")),
        ("2003", "", "14/03/2024", (None, "18+", "no", "unknown")),
        ("2024", "", "14/03/2024", (0, "0-8", "yes", "unknown")),
        ("", "25", "14/03/2024", (25, "24-26", "no", "unknown")),
        ("", "17", "", (17, "9-17", "yes", "unknown")),
        ("15/03/2006", "17", "", (17, "9-17", "yes", "unknown")),
        ("", "0", "14/03/2024", (None, None, "unknown", "unknown")),
        ("", "", "14/03/2024", (None, None, "unknown", "unknown")),
        ("15/03/2030", "", "14/03/2024", (-1, None, "unknown", "unknown")),
        ("15/03/2024", "", "14/03/2024", (-1, None, "unknown", "unknown")),
        ("2025", "", "14/03/2024", (-1, None, "unknown", "unknown")),
        ("15/03/2030", "20", "14/03/2024", (20, "18-20", "no", "no")),
        ("15/03/2030", "20", "", (20, "18-20", "no", "unknown")),
        ("", "-4", "", (None, None, "unknown", "unknown")),
        ("", "100", "", (100, "48+", "no", "unknown")),
    ],
)
def test_age_band_and_minority(birth: str, age: str, met: str, expected: tuple[Any, ...]) -> None:
    block = normalise(MET, birth_date=[birth], age=[age], met_on=[met])
    names = ("age_years", "age_band", "minor", "age_agrees")
    assert tuple(block.values[name][0].as_py() for name in names) == expected
    for name, value in zip(names, expected, strict=True):
        assert block.states[name][0] == (State.BLANK if value is None else State.OK)


@given(st.dates(date(1900, 1, 1), date(2030, 12, 31)), st.dates(date(1900, 1, 1), date(2030, 12, 31)))
def test_a_bare_year_never_says_more_or_else_than_the_full_date(birth: date, met: date) -> None:
    block = normalise(
        MET, birth_date=[birth.strftime("%d/%m/%Y"), f"{birth.year}"], age=["", ""], met_on=[met.isoformat()] * 2
    )
    full, bare = ({name: block.values[name][row].as_py() for name in ("age_years", "minor")} for row in (0, 1))
    if full["age_years"] not in {None, -1}:
        assert bare["age_years"] in {None, full["age_years"]}
        assert bare["minor"] in {"unknown", full["minor"]}


def test_the_age_of_a_feed_without_birth_dates() -> None:
    stated = contract(column("age", "number"), age=AgeSource("victim", None, "age", None))
    block = normalise(stated, age=["17.9", "18", "1e300", ""])
    assert block.values["age_years"].to_pylist() == [17, 18, None, None]
    assert block.values["minor"].to_pylist() == ["yes", "no", "unknown", "unknown"]


@pytest.mark.parametrize(
    ("source", "extra"),
    [
        (AgeSource("victim", "age", None, None), "day"),
        (AgeSource("victim", None, "nowhere", None), "day"),
        (AgeSource("victim", None, "age", None), "minor"),
    ],
)
def test_an_age_that_cannot_be_derived_is_a_usage_fault(source: AgeSource, extra: str) -> None:
    with pytest.raises(UsageFault, match="police/victims"):
        normalise(contract(column("age", "integer"), column(extra), age=source), age=["1"])
