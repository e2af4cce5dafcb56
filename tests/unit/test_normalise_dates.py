# ruff: noqa: DTZ001  spreadsheets and forms know no zone
from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.made_tables import codelists, column, contract, normalise, read_one

from marsad.errors import UsageFault
from marsad.intake.blocks import State
from marsad.intake.normalise import Normaliser

MARCH = date(2024, 3, 15)
BIRTH = column("birth_date", "date", formats=("dd/MM/yyyy", "yyyy"))
NAMED = column("met_on", "date", formats=("dd/MM/yyyy", "d MMMM yyyy"))
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@pytest.mark.parametrize(
    "text",
    [
        "15/03/2024",
        "15/3/2024",
        " 15/03/2024 ",
        "2024-03-15",
        "2024-03-15 00:00:00",
        "2024-03-15T00:00:00.000",
        "١٥/٠٣/٢٠٢٤",
        "۱۵/۰۳/۲۰۲۴",
        "٢٠٢٤-٠٣-١٥",
        "15/03/2024م",
    ],
)
def test_what_the_contract_lists_is_read(text: str) -> None:
    assert read_one(BIRTH, text) == (MARCH, State.OK)


@pytest.mark.parametrize(
    "text",
    [
        "15-03-2024",
        "15.03.2024",
        "15 / 03 / 2024",
        "2024/03/15",
        "15؍03؍2024",
        "\u200f15\u200f/03\u200f/2024",
        "15/03/2024 14:30",
        "2024-03-15T23:59:59",
    ],
)
def test_the_same_day_in_another_dress_is_repaired(text: str) -> None:
    assert read_one(BIRTH, text) == (MARCH, State.REPAIRED)


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2020",
        "29/02/2023",
        "00/03/2024",
        "15/13/2024",
        "2024-02-30",
        "15/03/24",
        "45366",
        "15/09/1445",
        "1445-09-05",
        "15 رمضان 1445 هـ",
        "15/03/0024",
        "15/03-2024",
        "03/2024",
        "20240315",
        "2024-03-15T23:30:00Z",
        "2024-03-15T10:00:00+01:00",
        "15/03/2024 25:00",
        "vers 2010",
        "2024",
        "99999999999999999999",
    ],
)
def test_what_would_need_a_guess_is_unparsed(text: str) -> None:
    only_days = column("met_on", "date", formats=("dd/MM/yyyy",))
    assert read_one(only_days, text) == (None, State.UNPARSED)


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "-", "N/A", "n/a", "01/01/1900"])
def test_spellings_of_nothing_are_blank(text: str) -> None:
    one = column("birth_date", "date", formats=("dd/MM/yyyy",), blanks=("-", "N/A", "01/01/1900"))
    assert read_one(one, text) == (None, State.BLANK)


def test_without_listed_formats_only_iso_is_read() -> None:
    assert read_one(column("met_on", "date"), "2024-03-15") == (MARCH, State.OK)
    assert read_one(column("met_on", "date"), "25/12/2024") == (None, State.UNPARSED)


def test_a_bare_year_is_known_beside_a_null_date() -> None:
    block = normalise(contract(BIRTH), birth_date=["1999", "15/03/2024", "١٩٨٧", "1445", "", "?"])
    assert block.values["birth_date"].to_pylist() == [None, MARCH, None, None, None, None]
    assert block.values["birth_date__year"].to_pylist() == [1999, 2024, 1987, None, None, None]
    ok, unparsed = State.OK, State.UNPARSED
    assert block.states["birth_date"].tolist() == [ok, ok, ok, unparsed, State.BLANK, unparsed]


def test_a_month_of_a_year_gives_the_year_where_listed() -> None:
    block = normalise(contract(column("born", "date", formats=("MM/yyyy",))), born=["03/2001", "13/2001", "2001"])
    assert block.values["born__year"].to_pylist() == [2001, None, None]
    assert block.states["born"].tolist() == [State.OK, State.UNPARSED, State.UNPARSED]


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("1er janvier 2024", 1),
        ("1 fév. 2024", 2),
        ("1 Février 2024", 2),
        ("01 mars 2024", 3),
        ("1 AVRIL 2024", 4),
        ("1 août 2024", 8),
        ("1 aout 2024", 8),
        ("1 déc 2024", 12),
        ("1 July 2024", 7),
        ("1 يناير 2024", 1),
        ("١ ماي ٢٠٢٤", 5),
        ("1 يوليوز 2024", 7),
        ("1 غشت 2024", 8),
        ("1 شتنبر 2024", 9),
        ("1 نونبر 2024", 11),
        ("1 دجنبر 2024", 12),
        ("1 كانون الثاني 2024", 1),
        ("1 آذار 2024", 3),
        ("1 اذار 2024", 3),
        ("1 تشرين الأول 2024", 10),
        ("1 جويلية 2024", 7),
        ("1 أغسطس 2024م", 8),
    ],
)
def test_month_names_of_french_and_arabic_calendars(text: str, month: int) -> None:
    assert read_one(NAMED, text) == (date(2024, month, 1), State.OK)


@pytest.mark.parametrize("text", ["1 rajab 2024", "1 محرم 2024", "1 brumaire 2024", "mars 2024", "31 avril 2024"])
def test_names_that_are_no_gregorian_month_are_unparsed(text: str) -> None:
    assert read_one(NAMED, text) == (None, State.UNPARSED)


def test_month_names_are_read_only_where_listed() -> None:
    assert read_one(BIRTH, "15 mars 2024") == (None, State.UNPARSED)


def test_the_order_of_day_and_month_comes_from_the_contract() -> None:
    american = column("met_on", "date", formats=("MM/dd/yyyy",))
    assert read_one(american, "03/04/2024") == (date(2024, 3, 4), State.OK)
    assert read_one(american, "15/03/2024") == (None, State.UNPARSED)
    assert read_one(BIRTH, "03/04/2024") == (date(2024, 4, 3), State.OK)


def test_two_listed_orders_read_only_what_both_read_alike() -> None:
    both = column("met_on", "date", formats=("dd/MM/yyyy", "MM/dd/yyyy"))
    assert read_one(both, "03/04/2024") == (None, State.UNPARSED)
    assert read_one(both, "05/05/2024") == (date(2024, 5, 5), State.OK)
    assert read_one(both, "25/12/2024") == (date(2024, 12, 25), State.OK)
    assert read_one(both, "25-12-2024") == (None, State.UNPARSED)  # no separator is changed where orders differ


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("yyyyMMdd", "20240315", (MARCH, State.OK)),
        ("ddMMyyyy", "15032024", (MARCH, State.OK)),
        ("dd.MM.yyyy", "15.3.2024", (MARCH, State.OK)),
        ("dd-MM-yyyy", "15-03-2024", (MARCH, State.OK)),
        ("dd/MM/yy", "15/03/24", (MARCH, State.REPAIRED)),
        ("dd/MM/yy", "15/03/85", (date(1985, 3, 15), State.REPAIRED)),
        ("serial", "45366", (MARCH, State.OK)),
        ("serial", "45366.5", (MARCH, State.REPAIRED)),
        ("serial", "60", (None, State.UNPARSED)),
        ("serial", "9999999", (None, State.UNPARSED)),
        ("MMMM d, yyyy", "March 15, 2024", (MARCH, State.OK)),
        ("dd/MM/yyyy HH:mm", "15/03/2024 00:00", (MARCH, State.OK)),
    ],
)
def test_listed_patterns_make_certain_what_else_is_refused(
    pattern: str, text: str, expected: tuple[date | None, State]
) -> None:
    assert read_one(column("met_on", "date", formats=(pattern,)), text) == expected


def test_a_serial_that_could_be_a_year_is_neither() -> None:
    both = column("met_on", "date", formats=("serial", "yyyy"))
    assert read_one(both, "2024") == (None, State.UNPARSED)


@pytest.mark.parametrize("pattern", ["dd/MM", "jj/MM/aaaa", "MM/yyyy/MM", "dd/yyyy", "", "DD/MM/YYYY", "dd/MM/yyyyT"])
def test_a_pattern_that_is_none_names_its_column(pattern: str) -> None:
    with pytest.raises(UsageFault, match="met_on"):
        Normaliser(contract(column("met_on", "date", formats=(pattern,))), codelists(), ["met_on"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-15 14:30:00", (datetime(2024, 3, 15, 14, 30), State.OK)),
        ("2024-03-15T14:30", (datetime(2024, 3, 15, 14, 30), State.OK)),
        ("15/03/2024 14:30:05", (datetime(2024, 3, 15, 14, 30, 5), State.OK)),
        ("15/03/2024 à 14:30", (None, State.UNPARSED)),
        ("15/03/2024 14h30", (datetime(2024, 3, 15, 14, 30), State.OK)),
        ("١٥/٠٣/٢٠٢٤ ١٤:٣٠", (datetime(2024, 3, 15, 14, 30), State.OK)),
        ("15-03-2024 14:30", (datetime(2024, 3, 15, 14, 30), State.REPAIRED)),
        ("2024-03-15T14:30:00.250", (datetime(2024, 3, 15, 14, 30, 0, 250000), State.OK)),
        ("2024-03-15T14:30:00Z", (datetime(2024, 3, 15, 14, 30), State.OK)),
        ("2024-03-15T00:30:00+01:00", (datetime(2024, 3, 14, 23, 30), State.OK)),
        ("2024-03-15T14:30:00-0530", (datetime(2024, 3, 15, 20, 0), State.OK)),
        ("9999-12-31T23:30:00-05:00", (None, State.UNPARSED)),
        ("2024-03-15T14:30:00+99:00", (None, State.UNPARSED)),
        ("2024-03-15", (datetime(2024, 3, 15), State.OK)),
        ("15/03/2024", (datetime(2024, 3, 15), State.REPAIRED)),
        ("2024-03-15 24:00:00", (None, State.UNPARSED)),
        ("2024-03-15 14:60:00", (None, State.UNPARSED)),
        ("2024-02-30 14:00:00", (None, State.UNPARSED)),
        ("1445-02-20 14:00:00", (None, State.UNPARSED)),
        ("2024", (None, State.UNPARSED)),
    ],
)
def test_timestamps(text: str, expected: tuple[datetime | None, State]) -> None:
    assert read_one(column("at", "timestamp", formats=("dd/MM/yyyy HH:mm",)), text) == expected


def test_a_day_alone_is_its_beginning_where_listed() -> None:
    one = column("at", "timestamp", formats=("dd/MM/yyyy HH:mm", "dd/MM/yyyy"))
    assert read_one(one, "15/03/2024") == (datetime(2024, 3, 15), State.OK)


def test_one_impossible_timestamp_does_not_spoil_its_neighbours() -> None:
    texts = ["2024-03-15 14:30:00", "2024-02-30 14:30:00"] * 50
    block = normalise(contract(column("at", "timestamp")), at=texts)
    assert block.values["at"].to_pylist() == [datetime(2024, 3, 15, 14, 30), None] * 50


DAYS = st.dates(date(1600, 1, 1), date(9999, 12, 31))


@given(DAYS, st.sampled_from(["%d/%m/%Y", "%Y-%m-%d"]), st.sampled_from([ARABIC, PERSIAN]))
def test_all_numeral_systems_give_the_same_date(day: date, pattern: str, digits: dict[int, str]) -> None:
    text = _written(day, pattern)
    assert read_one(BIRTH, text) == read_one(BIRTH, text.translate(digits)) == (day, State.OK)


@given(st.lists(DAYS, min_size=1))
def test_reading_what_was_read_gives_the_same(days: list[date]) -> None:
    first = normalise(contract(BIRTH), birth_date=[_written(day, "%d/%m/%Y") for day in days]).values["birth_date"]
    again = normalise(contract(BIRTH), birth_date=[day.isoformat() for day in first.to_pylist()])
    assert again.values["birth_date"].equals(first)
    assert not again.states["birth_date"].any()


@given(st.datetimes(datetime(1600, 1, 1)))
def test_reading_a_timestamp_that_was_read_gives_the_same(instant: datetime) -> None:
    assert read_one(column("at", "timestamp"), instant.isoformat()) == (instant, State.OK)


@given(
    st.integers(0, 40), st.integers(0, 14), st.integers(0, 9999), st.sampled_from(["dd/MM/yyyy", "MM-dd-yyyy", "ISO"])
)
def test_whole_columns_are_read_as_single_cells_are(day: int, month: int, year: int, pattern: str) -> None:
    """The vector path must never differ from the cell reader: a leading space keeps a cell off the vector path."""
    formats = () if pattern == "ISO" else (pattern,)
    shown = "yyyy-MM-dd" if pattern == "ISO" else pattern
    text = shown.replace("dd", f"{day:02}").replace("MM", f"{month:02}").replace("yyyy", f"{year:04}")
    one = column("met_on", "date", formats=formats)
    assert read_one(one, text) == read_one(one, " " + text)


def _written(day: date, pattern: str) -> str:
    return pattern.replace("%d", f"{day.day:02}").replace("%m", f"{day.month:02}").replace("%Y", f"{day.year:04}")
