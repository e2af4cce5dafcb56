"""What a contract alone says must come out as rules: complete, worded, and with the right weight."""

import re
from dataclasses import replace

import pytest
from tests.quality_feed import AGELESS, BOOK, CONTRACT, column

from marsad.contracts.model import Contract
from marsad.errors import UsageFault
from marsad.quality.structural import structural

BIRTH, STATED = column("birth", "date", "identity"), column("stated", "integer")
WHOLE = replace(CONTRACT, columns=(*CONTRACT.columns, BIRTH, STATED))
SNAPSHOT = replace(WHOLE, mode="snapshot")


def rules(contract: Contract = WHOLE) -> dict[str, dict]:
    return {entry["meta"]["rule"]: entry for entry in structural(contract, BOOK)}


def of_column(*columns, **changes) -> dict[str, dict]:
    return rules(replace(AGELESS, columns=columns, totals=(), **changes))


def test_every_rule_has_a_place_a_weight_and_three_texts():
    entries = structural(WHOLE, BOOK)
    assert len({entry["meta"]["rule"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry["meta"]["message"]) == {"fr", "ar", "en"}
        assert entry["meta"]["origin"] == "contract"
        assert entry["severity"] in {"critical", "warning", "info"}


def test_only_counts_of_the_delivery_are_left_to_be_filled_in_later():
    texts = [text for entry in structural(SNAPSHOT, BOOK) for text in entry["meta"]["message"].values()]
    left = {name for text in texts for name in re.findall(r"{(\w+)[|}]", text)}
    assert left == {"rows", "rows_before", "withdrawn", "unmapped", "unmapped_before"}


def test_only_a_whole_list_is_held_against_the_size_of_the_last():
    assert "delivery.volume" in rules(SNAPSHOT)
    assert "delivery.volume" not in rules(WHOLE)


def test_every_state_a_cell_can_be_in_is_judged_in_every_column():
    entries = structural(WHOLE, BOOK)
    for each in WHOLE.columns:
        judged = {
            word for entry in entries if entry["kwargs"].get("column") == f"{each.name}__state"
            for word in entry["kwargs"]["value_set"]
        }  # fmt: skip
        needed = {"blank"} if each.required or each.key else set()
        unseen = {"future"} if each.name == "birth" else set()
        assert judged == {"unparsed", "unmapped", "repaired"} | needed | unseen


@pytest.mark.parametrize(
    ("made", "rule", "severity"),
    [
        (column("a", required=True), "a.filled", "critical"),
        (column("a", key=1), "a.filled", "critical"),
        (column("a", "date"), "a.readable", "critical"),
        (column("a", "code", codelist="sex"), "a.known", "warning"),
        (column("a", "code", codelist="sex", required=True), "a.known", "critical"),
        (column("a", "code", codelist="sex", required=True, severities={"unmapped": "info"}), "a.known", "info"),
        (column("a", severities={"blank": "warning"}), "a.filled", "warning"),
        (column("a", "integer"), "a.as_agreed", "info"),
        (column("a", "integer", placeholders=("0",)), "a.stated", "info"),
        (column("a", "integer", placeholders=("0",), severities={"placeholder": "warning"}), "a.stated", "warning"),
        (column("a", key=1, placeholders=("?",)), "a.stated", "critical"),
        (column("a", "integer", minimum=1), "a.in_range", "critical"),
        (column("a", "integer", minimum=1, severities={"range": "warning"}), "a.in_range", "warning"),
    ],
)
def test_severity_of_a_column_rule(made, rule, severity):
    assert of_column(made)[rule]["severity"] == severity


def test_row_shapes_weigh_what_they_cost():
    weights = {name: rules()[f"row.{name}"]["severity"] for name in ("long", "short", "total", "broken")}
    assert weights == {"long": "critical", "short": "info", "total": "critical", "broken": "critical"}


def test_a_copy_is_refused_where_a_key_tells_it_from_a_second_case():
    keyed, keyless = of_column(column("a", key=1)), of_column(column("a"))
    assert keyed["row.once"]["severity"] == "critical"
    assert keyed["key.one_content"]["severity"] == "critical"
    assert keyless["row.once"]["severity"] == "warning"
    assert "key.one_content" not in keyless


def test_limits_on_identities_are_an_error_and_no_silent_gap():
    with pytest.raises(UsageFault, match="column 'cin' is of class identity"):
        of_column(column("cin", privacy="identity", pattern="^[A-Z]"))


def test_values_of_the_vault_are_never_read():
    entries = structural(WHOLE, BOOK)
    read = {entry["kwargs"].get("column") for entry in entries}
    assert not read & {"name", "note", "birth"}


def test_dates_are_shown_as_the_agency_writes_them():
    texts = rules()["met_on.readable"]["meta"]["message"]
    assert texts["fr"] == (
        "La date dans «\u00a0met_on (fr)\u00a0» n'est pas lisible. "
        "Écrivez jour/mois/année, l'année en quatre chiffres, par exemple 05/03/2025."
    )
    assert "اليوم/الشهر/السنة" in texts["ar"]
    assert "01/01/2000" in rules()["met_on.in_range"]["meta"]["message"]["fr"]


@pytest.mark.parametrize(
    ("formats", "form", "example"),
    [
        (("yyyy",), "année", "2025"),
        (("dd MMMM yyyy", "dd.MM.yy"), "jour.mois.année", "05.03.25"),
        ((), "année-mois-jour", "2025-03-05"),
    ],
)
def test_the_first_pattern_of_digits_is_the_example(formats, form, example):
    text = of_column(column("a", "date", formats=formats))["a.readable"]["meta"]["message"]["fr"]
    assert f"Écrivez {form}, l'année en quatre chiffres, par exemple {example}." in text


def test_examples_come_from_the_code_list_in_the_reader_s_language():
    texts = rules()["sex.known"]["meta"]["message"]
    assert texts["fr"].endswith("Female fr.")
    assert texts["ar"].endswith("Female ar.")
    assert "Force; Fraud" in rules()["means.known"]["meta"]["message"]["en"]


def test_examples_of_numbers_keep_the_limits():
    low = of_column(column("a", "integer", minimum=1990))["a.readable"]["meta"]["message"]["en"]
    assert "for example 1990" in low


def test_a_limit_that_is_no_date_is_explained():
    with pytest.raises(UsageFault, match="'soon' is compared with a date"):
        of_column(column("a", "date", minimum="soon"))


def test_an_age_stated_and_computed_are_compared():
    assert rules()["age.agrees"]["kwargs"] == {"column": "age_agrees", "value_set": ["no"]}
    only_birth = replace(WHOLE, age=replace(WHOLE.age, stated=None))
    assert "age.agrees" not in rules(only_birth)
    assert rules(only_birth)["age.plausible"]["meta"]["column"] == "birth"
    assert "age.plausible" not in rules(AGELESS)


def test_an_unlikely_age_may_be_justified_and_a_wrong_code_may_not():
    assert {name for name, rule in rules().items() if "justify" in rule["meta"]} == {"age.plausible", "age.agrees"}


def test_thresholds_come_from_the_policy():
    policy = {**BOOK.policy, "volume": {"minimum": 0.9, "maximum": 1.5}, "age": {"minimum": 1, "maximum": 99}}
    entries = {e["meta"]["rule"]: e for e in structural(SNAPSHOT, replace(BOOK, policy=policy))}
    assert entries["delivery.volume"]["kwargs"]["min_value"] == 0.9
    assert "90\u00a0%" in entries["delivery.volume"]["meta"]["message"]["fr"]
    assert entries["age.plausible"]["kwargs"]["max_value"] == 99
