"""What else lies in a folder of contracts: copies, locks of editors, links that lead nowhere."""

import pytest
from tests.contracts.small_feed import CODELISTS, MODEL, write

from marsad.contracts.check import check_folder, read_contracts
from marsad.contracts.codelists import load_codelists
from marsad.contracts.files import contract_files
from marsad.errors import UsageFault


def test_hidden_files_are_no_contracts(tmp_path):
    path = write(tmp_path)
    path.with_name(".#victims.yaml").symlink_to("me@host.1:2")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "victims.yaml").write_text("name: [")
    assert contract_files([tmp_path]) == [path]


@pytest.mark.parametrize("name", ["victims copy.yaml", "Victims.yaml", f"{'v' * 61}.yaml"])
def test_a_file_that_no_feed_is_called_is_told_and_takes_no_feed_away(tmp_path, name):
    path = write(tmp_path)
    path.with_name(name).write_bytes(path.read_bytes())
    contracts, problems = read_contracts([tmp_path], CODELISTS, MODEL)
    assert list(contracts) == ["police/victims"]
    assert [problem.file.name for problem in problems if "is no feed name" in problem.message] == [name]


def test_a_link_that_leads_nowhere_is_one_problem(tmp_path):
    write(tmp_path).with_name("suspects.yaml").symlink_to(tmp_path / "nowhere")
    [problem] = check_folder([tmp_path], CODELISTS, MODEL)
    assert str(problem).startswith("police/suspects.yaml:1:1: the file cannot be read: No such file or directory")


def test_a_code_list_that_cannot_be_read_is_named_and_a_hidden_one_is_none(tmp_path):
    (tmp_path / ".#sex.csv").symlink_to("me@host.1:2")
    assert load_codelists(tmp_path) == {}
    (tmp_path / "sex.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageFault, match=r"sex\.csv: the file cannot be read"):
        load_codelists(tmp_path)
