"""Texts, identifiers, codes, booleans and numbers, as agencies write them."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.made_tables import codelists, column, contract, read, read_one

from marsad.contracts.model import ColumnType
from marsad.errors import UsageFault
from marsad.intake.blocks import State
from marsad.intake.normalise import Normaliser

TEXT = column("note")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fatima", ("Fatima", State.OK)),
        ("  Fatima\t", ("Fatima", State.OK)),
        ("فاطمة الزهراء", ("فاطمة الزهراء", State.OK)),
        ("Me\u0301lanie", ("Mélanie", State.OK)),
        ("Ben\u00a0Ali", ("Ben Ali", State.OK)),
        ("12\u202f000", ("12 000", State.OK)),
        ("\ufeffFatima", ("Fatima", State.REPAIRED)),
        ("فاطمة\u200f", ("فاطمة", State.REPAIRED)),
        ("Fat\u200bima", ("Fatima", State.REPAIRED)),
        ("Fat\x00ima", ("Fatima", State.REPAIRED)),
        ("ligne 1\nligne 2", ("ligne 1\nligne 2", State.OK)),
        ("deux  espaces", ("deux  espaces", State.OK)),
        ("Côte d’Ivoire", ("Côte d’Ivoire", State.OK)),
        ("١٢ شارع محمد الخامس", ("١٢ شارع محمد الخامس", State.OK)),
        ("\u200f \u00a0", (None, State.BLANK)),
        ("", (None, State.BLANK)),
        ("#N/A", (None, State.UNPARSED)),
        ("#Valeur!", (None, State.UNPARSED)),
        ("#N/D", (None, State.UNPARSED)),
        ("#REF\u00a0!", (None, State.UNPARSED)),
        ("#12", ("#12", State.OK)),
    ],
)
def test_texts_keep_what_a_reader_sees(text: str, expected: tuple[str | None, State]) -> None:
    assert read_one(TEXT, text) == expected


@pytest.mark.parametrize("text", ["-", " - ", "NÉANT", "néant", "Ne\u0301ant", "\u200f-", "لا شيء", "٠", "0", "n/a"])
def test_the_contracts_words_for_nothing_are_blank(text: str) -> None:
    one = column("note", blanks=("-", "néant", "لا شيء", "0", "N/A"))
    assert read_one(one, text) == (None, State.BLANK)


@pytest.mark.parametrize("text", ["--", "néantin", "00", "n / a"])
def test_other_texts_are_not_blank(text: str) -> None:
    one = column("note", blanks=("-", "néant", "0", "N/A"))
    assert read_one(one, text) == (text, State.OK)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (None, " AB 12/2024 ", ("AB 12/2024", State.OK)),
        (None, "٢٠٢٤/١٢", ("2024/12", State.OK)),
        (None, "۱۲۳", ("123", State.OK)),
        (None, "123.0", ("123.0", State.OK)),
        (None, "0012", ("0012", State.OK)),
        (r"\d+", "123", ("123", State.OK)),
        (r"\d+", "123.0", ("123", State.REPAIRED)),
        (r"\d+", "123.5", (None, State.UNPARSED)),
        (r"\d+(\.\d)?", "123.0", ("123.0", State.OK)),
        (r"[A-Z]{1,2}\d{4,6}", "BE123456", ("BE123456", State.OK)),
        (r"[A-Z]{1,2}\d{4,6}", "BE١٢٣٤٥٦", ("BE123456", State.OK)),
        (r"[A-Z]{1,2}\d{4,6}", "BE123456\u200e", ("BE123456", State.REPAIRED)),
        (r"[A-Z]{1,2}\d{4,6}", "be123456", (None, State.UNPARSED)),
        (r"[A-Z]{1,2}\d{4,6}", "XBE123456", (None, State.UNPARSED)),
        (r"[A-Z]{1,2}\d{4,6}", "1.23E+05", (None, State.UNPARSED)),
        (r"(?!00)\d{2}", "12", ("12", State.OK)),
        (r"(?!00)\d{2}", "00", (None, State.UNPARSED)),
    ],
)
def test_identifiers(pattern: str | None, text: str, expected: tuple[str | None, State]) -> None:
    assert read_one(column("ref", "identifier", pattern=pattern), text) == expected


SEX = column("sex", "code", codelist="sex", blanks=("-",))


@pytest.mark.parametrize("text", ["F", "f", "Féminin", "FEMININ", " féminin ", "أنثى", "انثى", "\u200fأُنثى", "femme"])
def test_codes_in_both_languages(text: str) -> None:
    assert read_one(SEX, text) == ("F", State.OK)


def test_unknown_codes_are_unmapped_never_guessed() -> None:
    texts = ["Fem1nin", "XX", "féminin ou masculin", "-", ""]
    states = [State.UNMAPPED, State.UNMAPPED, State.UNMAPPED, State.BLANK, State.BLANK]
    assert read(SEX, texts) == [(None, state) for state in states]


FORMS = column("forms", "code", codelist="exploitation_form", many=";")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sexual", (["sexual"], State.OK)),
        ("webcam; sexual", (["sexual", "sexual_remote"], State.OK)),
        ("sexual;sexuelle;sexual", (["sexual"], State.OK)),
        ("sexual؛ الاستغلال الجنسي ؛", (["sexual"], State.OK)),
        ("sexual; ; -", (["sexual"], State.OK)),
        ("الاستغلال الجنسي، webcam", (["sexual", "sexual_remote"], State.REPAIRED)),
        ("webcam، sexual؛ sexual", (["sexual", "sexual_remote"], State.REPAIRED)),
        ("sexual، inventé", (None, State.UNMAPPED)),
        ("; -", (None, State.BLANK)),
        ("sexual; inventé", (None, State.UNMAPPED)),
    ],
)
def test_cells_of_several_codes(text: str, expected: tuple[list[str] | None, State]) -> None:
    assert read_one(column("forms", "code", codelist="exploitation_form", many=";", blanks=("-",)), text) == expected


def test_a_label_that_holds_the_separator_is_one_code() -> None:
    commas = column("forms", "code", codelist="exploitation_form", many=",")
    label = "Pornographie, y compris en ligne"
    assert codelists()["exploitation_form"].spelling(label) == "sexual_pornography"
    assert read_one(commas, label) == (["sexual_pornography"], State.OK)
    assert read_one(commas, "webcam، sexual") == (["sexual", "sexual_remote"], State.OK)


def test_several_texts_in_a_cell() -> None:
    assert read_one(column("names", many="|"), " b | a |a") == (["a", "b"], State.OK)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oui", (True, State.OK)),
        ("Non", (False, State.OK)),
        ("نعم", (True, State.OK)),
        ("لا", (False, State.OK)),
        ("TRUE", (True, State.OK)),
        ("٠", (False, State.OK)),
        ("peut-être", (None, State.UNPARSED)),
        ("2", (None, State.UNPARSED)),
        ("", (None, State.BLANK)),
    ],
)
def test_booleans(text: str, expected: tuple[bool | None, State]) -> None:
    assert read_one(column("consent", "boolean"), text) == expected


def test_a_yes_or_no_with_a_code_list_is_a_code() -> None:
    one = column("consent", "code", codelist="yes_no")
    assert read(one, ["Si", "x", "غير معروف"]) == [("yes", State.OK), ("yes", State.OK), ("unknown", State.OK)]


@pytest.mark.parametrize(
    ("kind", "formats", "text", "value"),
    [
        ("integer", (), "34", 34),
        ("integer", (), "٣٤", 34),
        ("integer", (), "007", 7),
        ("integer", (), "-3", -3),
        ("integer", (), "−3", -3),
        ("integer", (), "19.0", 19),
        ("integer", (), "12 345", 12345),
        ("integer", (), "12\u00a0345", 12345),
        ("integer", (), "1\u202f234\u202f567", 1234567),
        ("integer", (), "١٬٢٣٤", 1234),
        ("integer", (), "9223372036854775807", 2**63 - 1),
        ("integer", ("#,##0",), "6,112,019", 6112019),
        ("integer", ("#.##0",), "1.000", 1000),
        ("number", (), "12.5", 12.5),
        ("number", (), ".5", 0.5),
        ("number", (), "-0", 0.0),
        ("number", (), "1.5e-3", 0.0015),
        ("number", (), "١٢٫٥", 12.5),
        ("number", (), "١٬٢٣٤٫٥", 1234.5),
        ("number", (), "1 234.5", 1234.5),
        ("number", (",",), "12,5", 12.5),
        ("number", (",",), "1 234,5", 1234.5),
        ("number", (",",), "12.5", 12.5),
        ("number", ("#,##0.##",), "1,234.5", 1234.5),
        ("number", ("#,##0.##",), "1,234", 1234.0),
        ("number", ("#.##0,##",), "1.234,5", 1234.5),
        ("number", ("#.##0,##",), "1.234", 1234.0),
        ("number", ("# ##0,00",), "1 234,50", 1234.5),
        ("number", ("#'##0.00",), "1'234.50", 1234.5),
    ],
)
def test_numbers(kind: ColumnType, formats: tuple[str, ...], text: str, value: float) -> None:
    assert read_one(column("n", kind, formats=formats), text) == (value, State.OK)


@pytest.mark.parametrize(
    ("kind", "formats", "text"),
    [
        ("integer", (), "<5"),
        ("integer", (), "1,234"),
        ("integer", (), "6,112,019"),
        ("integer", (), "1.000"),
        ("integer", (), "19.5"),
        ("integer", (), "12 34"),
        ("integer", (), "1 234,567 890"),
        ("integer", (), "25 ans"),
        ("integer", (), "9223372036854775808"),
        ("integer", (), "9" * 60),
        ("integer", (), "9" * 5000),
        ("integer", (), "1e3"),
        ("integer", (), "."),
        ("integer", (), "-"),
        ("number", (), "1,234"),
        ("number", (), "12,5"),
        ("number", (), "nan"),
        ("number", (), "inf"),
        ("number", (), "1e999"),
        ("number", (), "1.2.3"),
        ("number", (), "12 %"),
        ("number", ("#,##0.##",), "12,5"),
        ("number", (",", "#,##0"), "1,234"),
        ("number", (), "Q6.1_10s_2019"),
    ],
)
def test_figures_that_would_need_a_guess_are_unparsed(kind: ColumnType, formats: tuple[str, ...], text: str) -> None:
    assert read_one(column("n", kind, formats=formats), text) == (None, State.UNPARSED)


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize("text", ["0", "00", "0.0", "٠", " 0 ", "-0", "99", "N/A"])
def test_figures_that_mean_nothing_are_blank_however_written(kind: ColumnType, text: str) -> None:
    assert read_one(column("age", kind, blanks=("0", "99", "n/a")), text) == (None, State.BLANK)


def test_the_same_figures_count_where_the_contract_does_not_say_so() -> None:
    assert read(column("age", "integer"), ["0", "99"]) == [(0, State.OK), (99, State.OK)]


def test_a_placeholder_is_no_value_and_no_blank_however_it_is_written() -> None:
    suppressed = column("count", "integer", placeholders=("<5",), blanks=("-",), formats=("#,##0",))
    assert read(suppressed, ["<5", " <٥ ", "", "-", "5", "1,234", "<6"]) == [
        (None, State.PLACEHOLDER), (None, State.PLACEHOLDER), (None, State.BLANK), (None, State.BLANK), (5, State.OK),
        (1234, State.OK), (None, State.UNPARSED),
    ]  # fmt: skip
    age = column("age", "integer", placeholders=("0",))
    assert read(age, ["0", "0.0", "٠", "10", ""]) == [
        (None, State.PLACEHOLDER), (None, State.PLACEHOLDER), (None, State.PLACEHOLDER), (10, State.OK),
        (None, State.BLANK),
    ]  # fmt: skip


def test_several_separators_may_stand_in_one_cell() -> None:
    one = column("forms", "code", codelist="exploitation_form", many="&", many_also=(",",))
    assert read(one, ["begging, servitude & slavery", "begging & servitude", "begging, nonsense & slavery"]) == [
        (["begging", "servitude", "slavery"], State.OK), (["begging", "servitude"], State.OK), (None, State.UNMAPPED),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [
        column("n", "number", formats=("comma",)),
        column("n", "number", formats=("#,##0,00",)),
        column("n", "code", codelist="nowhere"),
        column("n", "identifier", pattern="[A-Z"),
    ],
)
def test_a_contract_that_cannot_be_followed_is_a_usage_fault(broken: Any) -> None:
    with pytest.raises(UsageFault, match="'n'"):
        Normaliser(contract(broken), codelists(), ["n"])


ANY_COLUMN = [
    TEXT,
    column("note", blanks=("-", "néant", "لا شيء")),
    column("ref", "identifier"),
    column("ref", "identifier", pattern=r"[A-Z]{0,2}\d{1,6}"),
    SEX,
    FORMS,
    column("names", many=","),
    column("at", "timestamp", formats=("dd/MM/yyyy HH:mm",)),
    column("day", "date", formats=("dd/MM/yyyy", "d MMMM yyyy", "yyyy", "serial", "dd/MM/yy")),
    column("n", "integer", blanks=("0",)),
    column("n", "number", formats=(",",)),
    column("n", "number", blanks=("-", "0")),
    column("n", "integer", placeholders=("0", "<5")),
    column("yes", "boolean"),
]
# Near misses of real cells, and anything at all.
SPELT = st.text(st.sampled_from("0123456789٠١٢٣٤٥٦٧٨٩/.,-+:;،؛ T\u00a0\u200f\u0301\nabcéßFoui\x00سنة"), max_size=22)
FAILED = st.sampled_from(["#N/A", "#REF!", "#div/0!", "#", "#1"])
TEXTS = st.lists(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), SPELT, FAILED), min_size=1, max_size=30)


@given(st.sampled_from(ANY_COLUMN), TEXTS)
def test_no_text_makes_reading_raise_and_only_understood_cells_have_values(one: Any, texts: list[str]) -> None:
    bare_years = one.name == "day"
    for value, state in read(one, texts):
        if not (bare_years and state in {State.OK, State.REPAIRED}):
            assert (value is None) == (state not in {State.OK, State.REPAIRED})


@given(st.sampled_from(ANY_COLUMN), TEXTS)
def test_a_cell_is_read_the_same_in_any_company(one: Any, texts: list[str]) -> None:
    """Vectors, memory and dictionaries are shortcuts: cell by cell gives the same."""
    assert read(one, texts) == [read_one(one, text) for text in texts]


@given(st.sampled_from([TEXT, ANY_COLUMN[1], ANY_COLUMN[2], ANY_COLUMN[3], SEX]), TEXTS)
def test_outer_spaces_and_unicode_forms_make_no_difference(one: Any, texts: list[str]) -> None:
    dressed = [f" {unicodedata.normalize('NFD', text)}\u00a0" for text in texts]
    assert read(one, dressed) == read(one, texts)


@given(st.sampled_from([TEXT, ANY_COLUMN[2], ANY_COLUMN[3], SEX, *ANY_COLUMN[-4:]]), TEXTS)
def test_what_was_read_reads_as_itself(one: Any, texts: list[str]) -> None:
    values = [value for value, _ in read(one, texts) if value is not None]
    spelt = [str(value) for value in values]
    assert read(one, spelt) == [(value, State.OK) for value in values]


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_integer_of_64_bits_is_read(number: int) -> None:
    assert read_one(column("n", "integer"), str(number)) == (number, State.OK)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_finite_number_is_read_as_python_writes_it(number: float) -> None:
    assert read_one(column("n", "number"), repr(number)) == (number + 0.0, State.OK)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_plain_decimals_are_read_exactly_alike_by_both_ways(number: Any) -> None:
    one = column("n", "number")
    assert read_one(one, str(number)) == read_one(one, f" {number}") == (float(number) + 0.0, State.OK)
