"""ZIP and GZ files: the table inside is read, bombs and climbing names are refused, nothing is written anywhere."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from marsad.errors import ProviderFault
from marsad.intake.reading import Hints, describe, limits, open_file, sandbox

HINTS = Hints(
    headers=(frozenset({"dossier"}), frozenset({"sexe"})), labels=("Dossier", "Sexe"), required=frozenset({0, 1})
)
FORM, OTHER = b"dossier;sexe\nA1;F\nA2;M\n", b"ville,prix\nRabat,3\n"


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def book() -> bytes:
    content = io.BytesIO()
    workbook = openpyxl.Workbook()
    for row in (["dossier", "sexe"], ["A1", "F"]):
        workbook.worksheets[0].append(row)
    workbook.save(content)
    return content.getvalue()


def refused(path: Path, hints: Hints | None = None) -> tuple[str, dict[str, str | int]]:
    with pytest.raises(ProviderFault) as caught:
        list(open_file(path, hints=hints).blocks())
    return caught.value.rule, dict(caught.value.params)


@pytest.mark.parametrize("door", [open_file, sandbox.open_file], ids=["here", "apart"])
def test_the_one_table_of_an_archive_is_read(door: object, tmp_path: Path) -> None:
    files = {"lisez-moi.md": b"# rien", "__MACOSX/._liste.csv": b"\0\0", "2024/liste.csv": FORM, "2024/": b""}
    (table,) = door(packed(tmp_path / "a.zip", files), hints=HINTS).tables  # type: ignore[operator]
    rows = [block.cells.to_pydict() for block in table.blocks()]
    assert (rows, table.rows_read, table.notes) == ([{"c0": ["A1", "A2"], "c1": ["F", "M"]}], 2, [])


def test_a_gz_file_is_read_as_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "liste.csv.gz").write_bytes(gzip.compress(FORM) + gzip.compress(b"A3;F\n"))
    (table,) = open_file(tmp_path / "liste.csv.gz", hints=HINTS).tables
    assert sum(map(len, table.blocks())) == 3


def test_of_several_files_the_one_that_fits_is_taken_and_said_so(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"prix.csv": OTHER, "form.xlsx": book()})
    (table,) = open_file(path, hints=HINTS).tables
    assert [block.cells.to_pydict() for block in table.blocks()] == [{"c0": ["A1"], "c1": ["F"]}]
    assert (table.member, table.notes) == ("form.xlsx", [("file.note.archive", 1)])


def test_which_of_several_that_fit_cannot_be_guessed(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"1.csv": FORM, "2.csv": FORM})
    assert refused(path, HINTS) == ("file.archive_several", {"files": 2})


def test_without_a_contract_all_are_shown_by_name(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"prix.csv": OTHER, "form.xlsx": book()})
    found = describe(path, tmp_path / "out")
    assert [(table["sheet"], table["rows_read"]) for table in found["tables"]] == [
        ("prix.csv", 1),
        ("form.xlsx / Sheet", 1),
    ]
    assert sorted(out.name for out in (tmp_path / "out").iterdir()) == ["a.2.csv", "a.csv"]


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv", "..\\..\\evil.csv", "C:\\evil.csv"])
def test_names_that_lead_out_are_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    path = packed(folder / "a.zip", {"good.csv": FORM, name: b"a,b\n1,2\n"})
    assert refused(path)[0] == "file.archive_names"
    assert describe(path, folder / "out")["verdict"] == "refused"
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def test_archives_inside_archives_are_not_opened(tmp_path: Path) -> None:
    inner = packed(tmp_path / "in.zip", {"liste.csv": FORM}).read_bytes()
    assert refused(packed(tmp_path / "a.zip", {"in.zip": inner}))[0] == "file.archive"
    assert refused(packed(tmp_path / "b.zip", {"in.csv": inner}))[0] == "file.archive"
    (tmp_path / "c.gz").write_bytes(gzip.compress(gzip.compress(FORM)))
    assert refused(tmp_path / "c.gz")[0] == "file.archive"


def test_bombs_are_refused_before_they_go_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = b"a,b\n" + b"0" * (40 << 20)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(bomb))
    assert refused(tmp_path / "a.csv.gz")[0] == "file.too_large"
    assert refused(packed(tmp_path / "a.zip", {"a.csv": bomb}))[0] == "file.too_large"
    monkeypatch.setattr(limits, "MAX_UNZIPPED_BYTES", 10)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(FORM))
    assert refused(tmp_path / "b.csv.gz")[0] == "file.too_large"


def test_half_an_archive_is_damaged(tmp_path: Path) -> None:
    content = gzip.compress(FORM * 1000)
    (tmp_path / "a.csv.gz").write_bytes(content[: len(content) // 2])
    assert refused(tmp_path / "a.csv.gz")[0] == "file.truncated_archive"
    whole = packed(tmp_path / "a.zip", {"liste.csv": FORM}).read_bytes()
    (tmp_path / "b.zip").write_bytes(whole[:-30])
    assert refused(tmp_path / "b.zip")[0] == "file.truncated_archive"
