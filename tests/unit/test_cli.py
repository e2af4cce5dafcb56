"""The command line: every mistake is one plain message and an exit code, whatever a file is called."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
import xlsxwriter
from rich.console import Console

from marsad import cli, cli_bodies, terminal
from marsad.contracts.codelists import load_codelists
from marsad.intake import newfeed
from marsad.intake.reading.workbook import open_workbook
from marsad.portal.accounts import ROLES
from marsad.settings import Settings


def marsad(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Exit code of a command in this process."""
    monkeypatch.setattr(sys, "argv", ["marsad", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def table(path: Path) -> Path:
    path.write_text("nom,age\nA,1\n")
    return path


def test_a_file_that_is_not_there_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = table(tmp_path / "a.csv")
    assert marsad(monkeypatch, "read", "--json", tmp_path / "none.csv", found) == 64
    told = capsys.readouterr()
    assert [json.loads(line)["file"] for line in told.out.splitlines()] == [str(found)]
    assert "none.csv is not a file" in " ".join(told.err.split())
    assert "Traceback" not in told.err


@pytest.mark.parametrize("wrong", [("sex=F", "sex=M"), ("sex",)])
def test_a_dimension_of_a_cell_is_said_once_and_whole(
    wrong: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [word for one in wrong for word in ("--cell", one)]
    assert marsad(monkeypatch, "release", "sources", "4f1c", "sex_age", *said) == 64
    assert f"--cell {wrong[-1]}: write dimension=code, each dimension once" in " ".join(capsys.readouterr().err.split())


def test_names_that_look_like_markup_are_shown_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = table(tmp_path / "[red]a[bold]:warning:.csv")
    assert marsad(monkeypatch, "read", file) == 0
    assert "[red]a[bold]:warning:.csv: read" in capsys.readouterr().out
    monkeypatch.setenv("MARSAD_HOME", str(tmp_path / "home"))
    assert marsad(monkeypatch, "drop", file, "--feed", "police/victims", "--provider", "DGSN") == 0
    assert capsys.readouterr().out.strip().endswith("[red]a[bold]:warning:.csv")


def test_a_table_is_never_written_over_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = table(tmp_path / "a.csv")
    assert marsad(monkeypatch, "read", file, "--out-dir", tmp_path) == 64
    assert "choose another folder" in " ".join(capsys.readouterr().err.split())
    assert file.read_text() == "nom,age\nA,1\n"


def test_a_name_that_is_no_valid_text_can_be_shown(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"envoi_\xe9.csv")
    table(file)
    for options in ((), ("--json",)):
        command = [sys.executable, "-c", "from marsad.cli import main; main()", "read", *options, str(file)]
        run = subprocess.run(command, capture_output=True, check=False)
        assert run.returncode == 0, run.stderr
        assert rb"envoi_\udce9.csv" in run.stdout


def test_a_database_that_fails_is_one_line_without_a_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from marsad.identity.keys import KeyRing

    KeyRing.create(tmp_path / "keys")
    monkeypatch.setenv("MARSAD_HOME", str(tmp_path))
    monkeypatch.setenv("MARSAD_WAREHOUSE_URL", "postgresql+psycopg2://nobody@127.0.0.1:1/none")
    for words in (("deliveries",), ("receipt", "01890000-0000-7000-8000-000000000000"), ("deliveries", "--json")):
        assert marsad(monkeypatch, *words) == 70
        told = capsys.readouterr()
        assert (told.out, "Traceback" in told.err, "SELECT" in told.err) == ("", False, False)
        assert "database does not answer" in told.err


def test_a_bug_of_ours_is_one_line_and_tells_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def choked(*_: object) -> None:
        raise ValueError("Fatima cannot be read")

    monkeypatch.setattr("marsad.contracts.catalog.load_catalog", choked)
    assert marsad(monkeypatch, "ingest", table(tmp_path / "t.csv"), "--feed", "a/b", "--provider", "P") == 70
    told = capsys.readouterr()
    assert "ValueError at" in told.err
    assert not any(word in told.out + told.err for word in ("Fatima", "Traceback"))


@pytest.fixture
def no_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home without anything, where starting PostgreSQL would be noticed."""

    def started(*_: object) -> None:
        pytest.fail("PostgreSQL was started for a mistake that shows without it")

    monkeypatch.setenv("MARSAD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("marsad.runtime.stack.borrowed_warehouse", started)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "FILE", "--feed", "police/victim"), "did you mean 'police/victims'?"),
        (("check", "none.csv", "--feed", "police/victims"), "none.csv is not a file"),
        (("check", "FILE", "--feed", "police/victims", "--provider", "X"), "'X' does not send police/victims"),
        (("ingest", "FILE", "--feed", "police/victims", "--provider", "../x"), "is no name of a provider"),
        (("ingest", "FILE", "--feed", "polise/victims", "--provider", "DGSN"), "there is no feed 'polise/victims'"),
        (("drop", "none.csv", "--feed", "police/victims", "--provider", "DGSN"), "none.csv is not a file"),
        (("rejudge", "police/victim"), "did you mean 'police/victims'?"),
        (("receipt", "7"), "'7' is no delivery"),
        (("retract", "police/victims"), "is no delivery"),
        (("admit", "police/victims", "--reason", "confirmed", "--note", "x"), "is no delivery"),
        (("admit", str(UUID(int=7)), "--reason", "so", "--note", "x"), "there is no reason 'so'"),
        (("admit", str(UUID(int=7)), "--reason", "confirmed", "--note", " "), "a note has 1 to 500 characters"),
        (("sql", "SELECT 1", "--role", "analist"), "there is no role 'analist'"),
        (("check", "FILE"), "--feed"),
    ],
)
def test_mistakes_are_told_before_anything_is_started(
    words: tuple[str, ...], said: str, no_start: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = table(tmp_path / "a.csv")
    assert marsad(monkeypatch, *(file if word == "FILE" else word for word in words)) == 64
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "home").exists()


def test_nothing_is_dropped_for_a_draft(
    no_start: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No DAG would fetch it: it would lie in the inbox in clear."""
    sample = tmp_path / "a.csv"
    sample.write_text("nom;sexe\n" + "".join(f"Fatima {n};F\n" for n in range(30)))
    assert marsad(monkeypatch, "feed", "new", sample, "--feed", "partner/tried", "--out", tmp_path) == 0
    monkeypatch.setenv("MARSAD_CONTRACTS", str(tmp_path / "contracts"))
    monkeypatch.setenv("MARSAD_EXPECTATIONS", str(tmp_path / "expectations"))
    assert marsad(monkeypatch, "drop", sample, "--feed", "partner/tried", "--provider", "P") == 64
    assert "partner/tried is a draft" in " ".join(capsys.readouterr().err.split())
    contract = tmp_path / "contracts" / "partner" / "tried.yaml"
    contract.write_text(contract.read_text().replace("status: draft", "status: active"))
    assert marsad(monkeypatch, "drop", sample, "--feed", "partner/tried", "--provider", "P") == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "nothing here names a body 'P' yet" in told, "who cannot be asked is told"
    assert marsad(monkeypatch, "drop", sample, "--feed", "partner/tried", "--provider", "P") == 0
    assert "nothing here names" not in capsys.readouterr().err, "it sent before"
    assert marsad(monkeypatch, "drop", sample, "--feed", "partner/tried", "--provider", "DGSM") == 64
    assert "did you mean DGSN? If not, say --new-body" in " ".join(capsys.readouterr().err.split())
    monkeypatch.setattr(cli_bodies, "err", Console(stderr=True, force_terminal=True))
    for provider, said, code in (("DGSM", "n\n", 64), ("New", "y\n", 0)):
        monkeypatch.setattr(sys, "stdin", Terminal(said))
        assert marsad(monkeypatch, "drop", sample, "--feed", "partner/tried", "--provider", provider) == code
        assert (tmp_path / "home" / "inbox" / provider).exists() is (code == 0)
        assert ("did you mean DGSN?" in capsys.readouterr().err) is (code == 64)
    monkeypatch.setattr(sys, "stdin", Terminal(""))  # whoever is asked now gets no answer
    assert marsad(monkeypatch, "drop", sample, "--feed", "partner/tried", "--provider", "Other", "--new-body") == 0


@pytest.mark.parametrize(
    ("name", "body", "slip"),
    [
        ("DGSM", "DGSN", True), ("dgsn", "DGSN", True), ("ONG KARAMA", "ONG-KARAMA", True),
        ("ONG-KARMA", "ONG-KARAMA", True), ("CA-RABBAT", "CA-RABAT", True), ("CA-RAABT", "CA-RABAT", True),
        ("ONG-AMANE", "ONG-KARAMA", False), ("CA-SAFI", "CA-FES", False), ("ONG-A", "ONG-B", False),
        ("NGO-1", "NGO-2", False), ("NGO-1", "NGO-12", False), ("NGO-1-2", "NGO-12", False),
        ("NGO 12", "NGO-12", True), ("GB", "GR", False), ("PARTNER", "DGSN", False),
    ],
)  # fmt: skip
def test_a_slip_of_the_key_is_told_from_another_body(name: str, body: str, slip: bool) -> None:
    assert (cli_bodies.is_slip(name, body), cli_bodies.is_slip(body, name)) == (slip, slip)


class Terminal(io.StringIO):
    """Somebody at a keyboard."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def drafted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A feed outside the project, sound."""
    sample = tmp_path / "a.csv"
    sample.write_text("nom;sexe\n" + "".join(f"Fatima {n};F\n" for n in range(30)))
    assert marsad(monkeypatch, "feed", "new", sample, "--feed", "partner/tried", "--out", tmp_path / "ours") == 0
    contract = tmp_path / "ours" / "contracts" / "partner" / "tried.yaml"
    assert marsad(monkeypatch, "feed", "check", contract.parents[1]) == 0
    return contract


def test_a_deleted_or_broken_suite_is_found_by_the_check(
    drafted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = drafted.parents[2] / "expectations" / "partner" / "tried.json"
    suite.write_text("[]")
    assert marsad(monkeypatch, "feed", "check", drafted) == 64
    assert "partner/tried.yaml:1:1: partner/tried.json: a suite has 'name'" in capsys.readouterr().out
    suite.unlink()
    assert marsad(monkeypatch, "feed", "check", drafted.parents[1]) == 64
    assert "partner/tried.yaml:1:1: partner/tried has no suite: run `marsad feed sync`" in capsys.readouterr().out


def test_unknown_providers_are_found_outside_the_project_too(
    drafted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drafted.write_text(drafted.read_text().replace("providers: []", "providers: [DGSM]"))
    assert marsad(monkeypatch, "feed", "check", drafted) == 64
    assert "unknown provider 'DGSM' — did you mean 'DGSN'?" in capsys.readouterr().out


def test_checking_nothing_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert marsad(monkeypatch, "feed", "check", tmp_path / "none") == 64
    assert marsad(monkeypatch, "feed", "check", tmp_path) == 64
    assert "there is no contract <agency>/<name>.yaml" in " ".join(capsys.readouterr().err.split())


VISAS = """\
scheme,version,code,parent,label_fr,label_ar,label_en,spellings,valid_from,source
visa_kind,1,tourist,,Touristique,سياحية,Tourist,tourisme|T,,form 12
visa_kind,1,work,,Travail,عمل,Work,emploi|W,,form 12
"""


def test_a_code_list_outside_the_project_is_proposed_checked_and_guarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "codelists"
    own.mkdir()
    (own / "visa_kind.csv").write_text(VISAS, "utf-8")
    sample = tmp_path / "a.csv"
    sample.write_text("numéro;visa\n" + "".join(f"{n};{('tourisme', 'W')[n % 2]}\n" for n in range(30)), "utf-8")
    monkeypatch.setenv("MARSAD_CODELISTS", str(own))
    assert marsad(monkeypatch, "feed", "new", sample, "--feed", "partner/visas", "--out", tmp_path / "ours") == 0
    contract = tmp_path / "ours" / "contracts" / "partner" / "visas.yaml"
    assert "codelist: visa_kind" in contract.read_text()
    assert marsad(monkeypatch, "feed", "check", contract) == 0
    monkeypatch.delenv("MARSAD_CODELISTS")
    capsys.readouterr()
    assert marsad(monkeypatch, "feed", "check", contract) == 64
    assert "unknown code list 'visa_kind'" in capsys.readouterr().out
    (own / "sex.csv").write_text(VISAS, "utf-8")
    monkeypatch.setenv("MARSAD_CODELISTS", str(own))
    assert marsad(monkeypatch, "feed", "check", contract) == 64
    assert "sex.csv:2: scheme and version must be 'sex'" in " ".join(capsys.readouterr().err.split())


def test_providers_and_spellings_of_a_feed_outside_the_project_stand_beside_it(
    drafted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = drafted.parents[2] / "codelists"
    own.mkdir()
    head = VISAS.splitlines()[0]
    (own / "provider.csv").write_text(f"{head}\nprovider,1,HARBOUR,,Port libre,ميناء,Free port,,,\n", "utf-8")
    (own / "sex.csv").write_text(f"{head}\nsex,1,F,,,,,donna|mujeres,,\n", "utf-8")
    drafted.write_text(drafted.read_text().replace("providers: []", "providers: [HARBOUR]"))
    assert marsad(monkeypatch, "feed", "check", drafted) == 64
    monkeypatch.setenv("MARSAD_CODELISTS", str(own))
    assert marsad(monkeypatch, "feed", "check", drafted) == 0
    lists = load_codelists(*Settings.from_env().codelist_dirs)
    assert (lists["sex"].spelling("Donna"), lists["sex"].spelling("femme")) == ("F", "F")
    assert lists["sex"].codes["F"].labels["fr"] == "Féminin"
    for wrong, told in (("F,,Femme,,,", "leave its labels blank"), ("F,,,,,homme", "'homme' stands for F and M")):
        (own / "sex.csv").write_text(f"{head}\nsex,1,{wrong},,\n", "utf-8")
        capsys.readouterr()
        assert marsad(monkeypatch, "feed", "check", drafted) == 64
        assert told in " ".join(capsys.readouterr().err.split())


def test_a_suite_that_is_behind_its_contract_is_told(
    drafted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    severity = "codelist: sex\n              severity: {unmapped: critical}"
    drafted.write_text(drafted.read_text().replace("codelist: sex", severity))
    assert marsad(monkeypatch, "feed", "check", drafted) == 64
    assert "its suite is behind — run `marsad feed sync partner/tried`" in capsys.readouterr().out


def test_without_a_folder_all_feeds_of_the_settings_are_checked(
    drafted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MARSAD_CONTRACTS", str(drafted.parents[1]))
    assert marsad(monkeypatch, "feed", "check") == 0
    drafted.write_text(drafted.read_text().replace("providers: []", "providers: [DGSM]"))
    assert marsad(monkeypatch, "feed", "check") == 64
    assert "partner/tried.yaml" in capsys.readouterr().out


def test_a_draft_that_the_check_refuses_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = tmp_path / "a.csv"
    sample.write_text("numéro;ville\n1;Fès\n2;Salé\n", "utf-8")
    new = ("feed", "new", sample, "--feed", "partner/towns", "--out", tmp_path / "ours")
    with monkeypatch.context() as patch:
        patch.setattr(newfeed, "draft_contract", lambda *_, **__: "kind: DataContract\n")
        assert marsad(monkeypatch, *new) == 64
    assert not [path for path in tmp_path.glob("ours/**/*") if path.is_file()]
    assert marsad(monkeypatch, *new) == 0


def test_a_draft_numbers_rows_as_the_sheet_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that begins at B4, with a blank row in the middle."""
    with xlsxwriter.Workbook(tmp_path / "off.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row("B4", ["numero", "visite le", "age"])
        for number, row in enumerate([5, 6, 7, 8, 10, 11, 12, 13]):
            sheet.write_row(row - 1, 1, [f"A{number}", "bientot" if row == 12 else f"{13 + number}/02/2024", 20])
    assert marsad(monkeypatch, "feed", "new", tmp_path / "off.xlsx", "--feed", "partner/off", "--out", tmp_path) == 0
    told = (tmp_path / "contracts" / "partner" / "off.yaml").read_text("utf-8")
    assert "1 of 8 cells do not read as date (row 12)" in told
    (table,) = open_workbook(tmp_path / "off.xlsx", None)
    assert [row for block in table.blocks() for row in block.rows.tolist()] == [5, 6, 7, 8, 10, 11, 12, 13]


def test_help_names_every_role_of_an_account(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert marsad(monkeypatch, "account", "add", "--help") == 0
    told = capsys.readouterr().out
    assert [role for role in ROLES if role not in told] == []


def test_a_table_is_folded_to_the_terminal_but_never_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=screen, width=60, soft_wrap=True))
    terminal.show_rows(False, [{"name": "mart.a", "holds": "some words " * 30}], ["name", "holds"])
    assert max(map(len, screen.getvalue().splitlines())) <= 60
    whole = str(UUID(int=7))
    terminal.show_rows(False, [{"delivery_id": whole, "file_name": "x" * 70}], ["delivery_id", "file_name"])
    assert whole in screen.getvalue()
