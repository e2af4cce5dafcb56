"""Suite files: kept in step with the contract, kept safe, never losing what people wrote."""

import json
from dataclasses import replace

import pytest
from tests.quality_feed import AGELESS, BOOK, MESSAGE, rule, suite_of, when

from marsad.errors import UsageFault
from marsad.quality.suites import load_suite, suite_path, suite_to_write, sync_suite

NOT_IN = "expect_column_values_to_not_be_in_set"
BY_HAND = rule(
    "stay.when_female", NOT_IN, column="stay__state", value_set=["blank"], row_condition=when("sex", "==", "f")
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "expectations" / "police" / "people.json"


def document(path):
    return json.loads(path.read_text("utf-8"))


def write(path, entries):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": "police.people", "expectations": entries}), "utf-8")


def justified(severity, word):
    entry = rule("r", NOT_IN, severity, column="sex", value_set=["x"])
    return {**entry, "meta": {**entry["meta"], "justify": word}}


def test_sync_writes_a_suite_that_loads(path):
    assert sync_suite(AGELESS, path, BOOK)
    suite = load_suite(path)
    assert suite.name == "police.people"
    assert suite.rules["sex.known"].severity == "critical"
    assert suite.rules["met_on.readable"].column == "met_on"
    assert {e["meta"]["scope"] for e in suite.of("delivery")} == {"delivery"}


def test_a_second_sync_changes_nothing(path):
    sync_suite(AGELESS, path, BOOK)
    before = path.read_bytes()
    assert not sync_suite(AGELESS, path, BOOK)
    assert path.read_bytes() == before


def test_sync_follows_the_contract_and_keeps_the_rules_of_the_field(path):
    sync_suite(AGELESS, path, BOOK)
    entries = document(path)["expectations"]
    write(path, [BY_HAND, *entries, rule("other", NOT_IN, column="sex", value_set=["x"])])
    smaller = replace(AGELESS, columns=AGELESS.columns[:5], totals=())
    assert sync_suite(smaller, path, BOOK)
    suite = load_suite(path)
    assert "met_on.readable" not in suite.rules
    assert list(suite.rules)[-2:] == ["stay.when_female", "other"]
    assert suite.entries[-2]["kwargs"] == BY_HAND["kwargs"]


def test_files_are_readable_and_hold_no_random_ids(path):
    sync_suite(AGELESS, path, BOOK)
    entries = document(path)["expectations"]
    write(path, [{**BY_HAND, "id": "5b7c"}, *({**entry, "id": "d0c1"} for entry in entries)])
    sync_suite(AGELESS, path, BOOK)
    text = path.read_text("utf-8")
    assert '"id"' not in text
    assert "\\u" not in text
    assert '\n  "expectations": [\n    {\n      "type"' in text


def test_the_fingerprint_follows_content_not_layout(path):
    sync_suite(AGELESS, path, BOOK)
    first = load_suite(path).fingerprint
    body = document(path)
    path.write_text(json.dumps(body, indent=7), "utf-8")
    assert load_suite(path).fingerprint == first
    body["expectations"][0]["severity"] = "info"
    path.write_text(json.dumps(body), "utf-8")
    assert load_suite(path).fingerprint != first


def test_a_rule_id_used_twice_stops_sync_and_leaves_the_file(path):
    sync_suite(AGELESS, path, BOOK)
    write(path, [rule("sex.known", NOT_IN, column="sex", value_set=["x"])])
    before = path.read_bytes()
    with pytest.raises(UsageFault, match="'sex.known' is used twice"):
        sync_suite(AGELESS, path, BOOK)
    assert path.read_bytes() == before


def test_suites_are_found_in_the_first_folder_that_has_them(tmp_path):
    second = tmp_path / "b"
    made = suite_of(second, BY_HAND)
    assert suite_path("police/people", (tmp_path / "a", second)) == made.path
    with pytest.raises(UsageFault, match="police/others has no suite"):
        suite_path("police/others", (second,))


def test_a_first_suite_goes_beside_the_folder_of_its_contract(tmp_path):
    ours, theirs = tmp_path / "ours" / "contracts", tmp_path / "theirs" / "contracts"
    suites = (tmp_path / "ours" / "expectations", tmp_path / "theirs" / "expectations")
    contract = replace(AGELESS, path=theirs / "police" / "people.yaml")
    assert suite_to_write(contract, (ours, theirs), suites) == suites[1] / "police" / "people.json"
    made = suite_of(suites[0], BY_HAND)
    assert suite_to_write(contract, (ours, theirs), suites) == made.path
    with pytest.raises(UsageFault, match="name a folder for its suite"):
        suite_to_write(contract, (ours, theirs), (tmp_path / "elsewhere",))


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (rule("r", "expect_column_values_to_be_unique", column="sex"), "may not be used in scope row"),
        (rule("r", "unexpected_rows_expectation", unexpected_rows_query="x"), "may not be used in scope row"),
        (
            rule("r", "unexpected_rows_expectation", scope="delivery", unexpected_rows_query="SELECT row FROM {batch}"),
            "may not be used in scope delivery",
        ),
        (rule("r", "expect_column_distinct_values_to_be_in_set", column="sex", value_set=[]), "may not be used"),
        (rule("r", NOT_IN, column="sex", value_set=["x"], mostly=0.9), "'mostly' lets broken rows through"),
        (rule("r", NOT_IN, column="sex", value_set=["x"], row_condition='sex == "f"'), "written as an object"),
        (
            rule("r", NOT_IN, column="sex", value_set=["x"], row_condition={"type": "pass_through"}),
            "written as an object",
        ),
        (
            rule("r", NOT_IN, column="a", row_condition={"type": "or", "conditions": ["a == 1"]}),
            "written as an object",
        ),
        (
            rule("r", "expect_column_pair_values_to_be_equal", column_A="a", column_B="b"),
            "ignore_row_if: 'either_value_is_missing'",
        ),
        (rule("r", "expect_multicolumn_sum_to_equal", column_list=["a"], sum_total=1), "'any_value_is_missing'"),
        (rule("r", NOT_IN, severity="fatal", column="a"), "severity is one of critical, warning, info"),
        (rule("r", NOT_IN, scope="file", column="a"), "meta.scope is row, delivery or warehouse"),
        ({**BY_HAND, "meta": {**BY_HAND["meta"], "message": {"fr": "x", "en": "y"}}}, "a text in each of fr, ar, en"),
        ({"type": NOT_IN, "kwargs": {}, "severity": "info"}, "has no meta.rule"),
        (justified("warning", "yes"), "meta.justify is true or left out"),
        (justified("critical", True), "only for a warning of scope row"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_safely_is_refused_with_what_to_do(tmp_path, entry, complaint):
    with pytest.raises(UsageFault) as caught:
        suite_of(tmp_path, entry)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("police/people.json: ")


def test_broken_json_names_the_line(path):
    path.parent.mkdir(parents=True)
    path.write_text('{\n"name": "x",\n}')
    with pytest.raises(UsageFault, match="police/people.json:3: no JSON"):
        load_suite(path)
    path.write_text('{"name": "x"}')
    with pytest.raises(UsageFault, match="a list of 'expectations'"):
        load_suite(path)


@pytest.mark.parametrize(
    "text",
    ["[]", "null", "7", '{"name": "x", "expectations": [7]}', '{"name": 7, "expectations": []}',
     '{"name": "x", "expectations": {}}', '{"name": "x", "expectations": [{"type": "t", "kwargs": [], "meta": {}}]}',
     '{"name": "x", "expectations": [{"type": "t", "kwargs": {}, "meta": [1]}]}',
     '{"name": "x", "expectations": [{"type": "t", "kwargs": {}, "meta": {"message": "m"}}]}',
     '{"name": "x", "expectations": [{"kwargs": {}, "meta": {}}]}'],
)  # fmt: skip
def test_what_is_json_but_no_suite_is_a_fault_of_use(path, text):
    path.parent.mkdir(parents=True)
    path.write_text(text)
    for use in (load_suite, lambda place: sync_suite(AGELESS, place, BOOK)):
        with pytest.raises(UsageFault, match="police/people.json: a suite has 'name' and a list"):
            use(path)
    assert path.read_text() == text


def test_a_suite_in_another_encoding_is_a_fault_of_use(path):
    path.parent.mkdir(parents=True)
    path.write_bytes('{"name": "é"}'.encode("latin-1"))
    with pytest.raises(UsageFault, match="police/people.json: not written in UTF-8"):
        load_suite(path)


def test_great_expectations_takes_the_suite_as_it_is(path):
    sync_suite(AGELESS, path, BOOK)
    held = load_suite(path).expectations()
    assert held.name == "police.people"
    assert {e.meta["rule"] for e in held.expectations} == set(load_suite(path).rules)
    assert held.expectations[0].meta["message"].keys() == MESSAGE.keys()
