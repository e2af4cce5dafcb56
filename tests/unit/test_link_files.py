"""``marsad link-files``: lists of people from any office, in and out."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections import defaultdict
from pathlib import Path

import openpyxl
import pytest

from marsad import cli

BIND = "given_name=prenom,surname=nom,birth_date=ne,sex=sexe"
POLICE = """\
id,prenom,nom,ne,sexe
7,Fatima,EL IDRISSI,13/04/1990,Femme
8,Karim,Naciri,02/03/1971,M
9,karim,ENNACIRI,1971,M
"""
NGO = "id;prenom;nom;ne;sexe\nA-1;الإدريسي;فاطمة;١٣/٠٤/١٩٩٠;أنثى\nA-2;Blessing;Osagie;;F\n"

Rows = list[dict[str, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two lists, the one in French letters and commas, the other in Arabic ones and semicolons."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "police.csv").write_text(POLICE, "utf-8")
    (tmp_path / "ong.csv").write_bytes(NGO.encode("utf-8-sig"))
    return tmp_path


def link(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Exit code of the command in this process."""
    monkeypatch.setattr(sys, "argv", ["marsad", "link-files", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def groups(clusters: Rows) -> set[frozenset[tuple[str, str]]]:
    found = defaultdict(set)
    for row in clusters:
        found[row["person_id"]].add((row["file"], row["row_id"]))
    return set(map(frozenset, found.values()))


def test_people_are_found_again_within_and_across_files(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("police.csv", "ong.csv", "--id", "id", "--bind", BIND, "--out", "p.csv", "--clusters", "c.csv", "--json")
    assert link(monkeypatch, *words) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["rows"], counts["persons"]) == (5, 3)
    assert (here / "p.csv").read_text().splitlines()[0] == (
        "left_file,left_id,right_file,right_id,match_weight,match_probability"
    )
    assert (here / "c.csv").read_text().splitlines()[0] == "file,row_id,person_id"
    assert groups(rows(here / "c.csv")) == {
        frozenset({("police.csv", "7"), ("ong.csv", "A-1")}),
        frozenset({("police.csv", "8"), ("police.csv", "9")}),
        frozenset({("ong.csv", "A-2")}),
    }
    pairs = rows(here / "p.csv")
    assert {(pair["left_file"], pair["left_id"], pair["right_file"], pair["right_id"]) for pair in pairs[:2]} == {
        ("police.csv", "7", "ong.csv", "A-1"), ("police.csv", "8", "police.csv", "9"),
    }  # fmt: skip
    weights = [float(pair["match_weight"]) for pair in pairs]
    assert weights == sorted(weights, reverse=True)
    assert all(0 < float(pair["match_probability"]) <= 1 for pair in pairs)


def test_why_tells_steps_and_no_value_of_a_person(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("police.csv", "ong.csv", "--id", "id", "--bind", BIND, "--out", "p.csv", "--why", "w.csv", "--lang", "fr")
    assert link(monkeypatch, *words) == 0
    steps = [row for row in rows(here / "w.csv") if (row["left_id"], row["right_id"]) == ("7", "A-1")]
    assert {"Avant comparaison", "Prénom", "Date de naissance", "Sexe"} <= {step["comparison"] for step in steps}
    (pair,) = (row for row in rows(here / "p.csv") if (row["left_id"], row["right_id"]) == ("7", "A-1"))
    assert sum(float(step["match_weight"]) for step in steps) == pytest.approx(float(pair["match_weight"]), abs=1e-3)
    assert not any(word in (here / "w.csv").read_text() for word in ("Fatima", "IDRISSI", "1990", "فاطمة"))


def test_each_file_may_have_columns_of_its_own(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "whole.xlsx").write_bytes(
        workbook([["id", "Nom complet"], ["x", "IDRISSI Fatima"], ["y", "Osagie Blessing"]])
    )
    words = ("police.csv", "whole.xlsx", "--id", "id", "--out", "p.csv", "--clusters", "c.csv")
    assert link(monkeypatch, *words, "--bind", BIND, "--bind", "name=nom complet") == 0
    assert len(rows(here / "c.csv")) == 5
    assert ("police.csv", "7", "whole.xlsx", "x") in {tuple(row.values())[:4] for row in rows(here / "p.csv")}


def test_three_rows_without_anything_in_common_stay_three_people(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "few.csv").write_text("id,nom\n1,Tazi\n2,Coulibaly\n3,\n")
    assert (
        link(monkeypatch, "few.csv", "--id", "id", "--bind", "surname=nom", "--out", "p.csv", "--clusters", "c.csv")
        == 0
    )
    assert rows(here / "p.csv") == []
    assert [row["person_id"] for row in rows(here / "c.csv")] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("police.csv", "--id", "nr", "--bind", BIND), "police.csv has no column nr: write --id"),
        (("bare.csv", "--id", "id", "--bind", BIND), "bare.csv has no column id, prenom"),
        (
            ("twice.csv", "--id", "id", "--bind", "surname=nom"),
            "2 rows have no id in id, or one of a row above (row 4, 5)",
        ),
        (("police.csv", "--id", "id", "--bind", "given_name=vorname"), "has no column vorname"),
        (("police.csv", "--id", "id", "--bind", "shoe_size=ne"), "there is no concept 'shoe_size' to link by"),
        (("police.csv", "--id", "id", "--bind", "sex=sexe,sex=nom"), "'sex' is bound twice"),
        (("police.csv", "--id", "id", "--bind", "nom"), "wants concept=column"),
        (("police.csv", "--id", "id", "--bind", ""), "bind at least one concept"),
        (("none.csv", "--id", "id", "--bind", BIND), "none.csv is not a file"),
        (("police.csv", "police.csv", "--id", "id", "--bind", BIND), "named twice"),
        (("police.csv", "./x/../police.csv", "--id", "id", "--bind", BIND), "named twice"),
        (("police.csv", "--id", "id", "--bind", BIND, "--bind", BIND), "--bind once, or once for each"),
        (("empty.csv", "--id", "id", "--bind", BIND), "empty.csv: "),
        (("police.csv", "--id", "id", "--bind", BIND, "--clusters", "police.csv"), "would be written over"),
    ],
)
def test_a_mistake_is_one_plain_message(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    (here / "empty.csv").write_bytes(b"")
    (here / "x").mkdir()
    (here / "bare.csv").write_text("7,Zkanari,Zoubida\n8,Zkanari,Zineb\n9,Zkanari,Zahra\n")
    (here / "twice.csv").write_text("id,nom\n1,Zkanari\n2,Zkanari\n1,Zkanari\n,Zkanari\n")
    assert link(monkeypatch, *words, "--out", "p.csv") == 64
    told = " ".join(capsys.readouterr().err.split())
    assert said in told
    assert "Traceback" not in told
    assert "zkanari" not in told.lower()
    assert not (here / "p.csv").exists()
    assert (here / "police.csv").read_text("utf-8") == POLICE


def workbook(table: list[list[str]]) -> bytes:
    """An XLSX of one sheet."""
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in table:
        book.active.append(row)
    book.save(content)
    return content.getvalue()
