# ruff: noqa: E501 -- messages are compared whole, as their reader sees them
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.contracts.small_feed import CODELISTS, MODEL, SOUND, write
from tests.contracts.wrong_contracts import WRONG

from marsad.contracts.check import check_folder, read_contract
from marsad.contracts.load import load_contract
from marsad.contracts.model import AGE_COLUMNS, RESERVED, SYSTEM_COLUMNS
from marsad.intake.stage import Stage
from marsad.warehouse.engine import make_engine


@pytest.mark.parametrize(("old", "new", "expected"), WRONG, ids=[f"{new[:30]!r}" for _, new, _ in WRONG])
def test_a_fault_is_named_with_its_place_and_remedy(tmp_path, old, new, expected):
    path = write(tmp_path, SOUND.replace(old, new, 1))
    problems = check_folder([path], CODELISTS, MODEL, tmp_path)
    assert [str(problem).removeprefix("police/victims.yaml:") for problem in problems] == expected


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_names_of_the_columns_that_every_row_gets_are_taken(tmp_path, name):
    path = write(tmp_path, SOUND.replace("- name: remarks", f"- name: {name}", 1))
    [problem] = check_folder([path], CODELISTS, MODEL)
    assert problem.code == "name"
    assert f"'{name}'" in problem.message
    assert str(problem).endswith(f"call it 'stated_{name}'")


def test_every_column_of_a_staging_table_is_taken_or_the_contracts_own(tmp_path):
    contract = load_contract(write(tmp_path), CODELISTS, MODEL)
    made = {
        column.name for column in Stage(make_engine("postgresql+psycopg2://"), contract, "d", 1).definition().columns
    }
    own = {column.name for column in contract.columns if not column.vaulted}
    assert made - own == RESERVED - set(SYSTEM_COLUMNS) | set(AGE_COLUMNS)


def test_a_sound_contract_has_no_problem(tmp_path):
    write(tmp_path)
    assert check_folder([tmp_path], CODELISTS, MODEL, tmp_path) == []


def test_the_place_of_a_problem_is_where_the_fault_stands(tmp_path):
    path = write(tmp_path, SOUND.replace("victim.birth_date\n", "victim.birthdate\n"))
    [problem] = check_folder([path], CODELISTS, MODEL)
    assert path.read_text().splitlines()[problem.line - 1][problem.column - 1 :] == "victim.birthdate"


def test_all_faults_of_a_file_are_told_at_once_in_order(tmp_path):
    changes = [row for row in WRONG if row[1] in {"requierd: true", "grain: mnth", "unmaped: critical", "[dd/MM]"}]
    text = SOUND
    for old, new, _ in changes:
        text = text.replace(old, new, 1)
    problems = check_folder([write(tmp_path, text)], CODELISTS, MODEL)
    assert [str(problem).removeprefix("police/victims.yaml:") for problem in problems] == sorted(
        (message for *_, messages in changes for message in messages), key=lambda text: int(text.partition(":")[0])
    )


def test_two_key_columns_need_different_positions(tmp_path):
    second = SOUND.replace("      - name: sent_on\n", "      - name: sent_on\n        primaryKey: true\n")
    problems = check_folder([write(tmp_path, second)], CODELISTS, MODEL)
    assert [(problem.code, problem.line) for problem in problems] == [("key", 26), ("key", 66)]
    numbered = second.replace("primaryKey: true\n", "primaryKey: true\n        primaryKeyPosition: 2\n", 1)
    contract, problems = read_contract(write(tmp_path, numbered), CODELISTS, MODEL)
    assert contract, problems
    assert [column.name for column in contract.key] == ["sent_on", "record_no"]


def test_a_feed_with_two_contracts_names_both_files(tmp_path):
    first, second = write(tmp_path / "a"), write(tmp_path / "b")
    [problem] = check_folder([tmp_path / "a", tmp_path / "b"], CODELISTS, MODEL)
    assert str(first) in problem.message
    assert str(second) in problem.message


def test_providers_outside_the_project_may_be_any(tmp_path):
    path = write(tmp_path / "theirs", SOUND.replace("[DGSN, GR]", "[Salvation Army]"))
    assert check_folder([path], CODELISTS, MODEL, tmp_path / "ours") == []


def test_a_draft_may_have_nothing_bound_but_an_active_contract_may_not(tmp_path):
    bare = "\n".join(
        line
        for line in SOUND.splitlines()
        if not any(word in line for word in ("concept:", "age:", "conditions:", "constants:"))
    )
    [problem] = check_folder([write(tmp_path, bare)], CODELISTS, MODEL)
    assert problem.code == "nothing-bound"
    assert check_folder([write(tmp_path, bare.replace("status: active", "status: draft"))], CODELISTS, MODEL) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "1:1: a contract is a mapping of keys, this file is not"),
        (b"- a\n- b\n", "1:1: a contract is a mapping of keys, this file is not"),
        (b"name: \xe9t\xe9\n", "1:1: the file is not UTF-8 text — save it as UTF-8"),
    ],
)
def test_a_file_that_is_no_contract_is_one_problem(tmp_path, content, message):
    path = write(tmp_path)
    path.write_bytes(content)
    assert [str(problem) for problem in check_folder([path], CODELISTS, MODEL)] == [f"police/victims.yaml:{message}"]


BAD_VALUES = ["", "null", "3", "yes", "true", "[]", "{}", "[[1]]", "{a: {b: 1}}", "2024-01-31", "*x", "!!python/name:x"]


@settings(max_examples=40, phases=[Phase.generate])
@given(st.data())
def test_no_damage_to_a_contract_makes_the_check_itself_fail(tmp_path_factory, data):
    """Lines cut out, doubled, moved in; values of the wrong kind: a contract or problems, never an exception."""
    lines = SOUND.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        worse = [f"{line.partition(':')[0]}: {bad}" for bad in BAD_VALUES]
        lines[place] = data.draw(st.sampled_from(["", f"{line}\n{line}", line[2:], f"  {line}", *worse]))
    text = "\n".join(lines)
    path = write(tmp_path_factory.mktemp("damaged"), text)
    contract, problems = read_contract(path, CODELISTS, MODEL)
    assert (contract is None) == bool(problems)
    assert all(1 <= problem.line <= text.count("\n") + 2 and problem.column >= 1 for problem in problems)


def test_a_cell_with_several_values_makes_records_only_where_one_row_may_hold_several(tmp_path):
    model = {**MODEL, "service": replace(MODEL["service"], fields={
        name: replace(field, repeats=True) for name, field in MODEL["service"].fields.items()})}  # fmt: skip
    bound = 'concept: [victim.sex, "service#2.sex"]'
    several = SOUND.replace(bound, 'many: ";"\n              concept: service.sex')
    assert check_folder([write(tmp_path, several)], CODELISTS, model) == []
    beside = several.replace("codelist: role}", 'codelist: role, concept: "service#2.kind"}')
    (problem,) = check_folder([write(tmp_path, beside)], CODELISTS, model)
    assert "each value of 'sex' makes a service of its own" in str(problem)
