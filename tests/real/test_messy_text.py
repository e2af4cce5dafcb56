"""Text files with a known truth: dialects, encodings, exact rows, and strings that break programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import xlsxwriter
from tests.real.published import PERSONS
from tests.real.test_messy import DATA, MESSY, cells_of

from marsad.identity.vault import KeyRef, open_many
from marsad.intake.office import Office
from marsad.intake.pipeline import ingest
from marsad.intake.reading import describe, open_file
from marsad.intake.reading.encoding import detect_encoding
from marsad.intake.rows import VAULT

NAMED = {"comma": ",", "semicolon": ";", "tab": "\t", "space": " ", "vslash": "|", "colon": ":"}
QUOTES = {"doublequote": '"', "singlequote": "'"}
TRUE_ENCODINGS = {  # charset_normalizer's own tests (tests/test_full_detection.py, tests/test_large_payload.py) say so
    "sample-arabic-1.txt": "cp1256",
    "sample-french-1.txt": "cp1252",
    "sample-greek.txt": "cp1253",
    "sample-greek-2.txt": "cp1253",
    "sample-hebrew-2.txt": "cp1255",
    "sample-hebrew-3.txt": "cp1255",
    "sample-chinese.txt": "big5",
    "sample-korean.txt": "cp949",
    "sample-russian.txt": "mac_cyrillic",
    "sample-turkish.txt": "cp1254",
    "sample-english.bom.txt": "utf-8-sig",
}
UPSTREAM_SLIPS = {
    "location_coordinates",  # its JSON has another telephone number than its CSV
    "newlines_crlf",  # its CSV was checked out with LF, its JSON says CRLF
}
NAUGHTY: list[str] = json.loads((MESSY / "blns" / "blns.json").read_text("utf-8")) if MESSY.is_dir() else []


def test_delimiters_of_csvsniffer() -> None:
    """The annotated delimiter of a file counts as right only if it is the one found; quotes likewise."""
    notes = (MESSY / "csvsniffer" / "Dialect_annotations.txt").read_text("utf-8").splitlines()[2:]
    truth = [note.split("|") for note in notes if (MESSY / "csvsniffer" / "CSV" / note.split("|")[0]).exists()]
    seen = [(open_file(MESSY / "csvsniffer" / "CSV" / name).tables[0], *rest) for name, _, *rest in truth]
    right = sum(table.delimiter == NAMED[delimiter] for table, delimiter, *_ in seen)
    quoted = sum(table.quote == QUOTES[quote] for table, _, quote, *_ in seen)
    assert len(truth) >= 50
    assert right >= 0.97 * len(truth)
    assert quoted >= 0.97 * len(truth)


def test_encodings_of_known_texts() -> None:
    """Told right when the bytes decode to the very text that the true encoding gives, whatever it is called."""
    folders = [folder for folder in (MESSY / "char-dataset").iterdir() if folder.is_dir()]
    texts = [(path, folder.name) for folder in folders for path in folder.iterdir()]
    texts += [(path, TRUE_ENCODINGS.get(path.name, "utf-8")) for path in (MESSY / "charset_normalizer").glob("*.txt")]
    texts = [(path, truth) for path, truth in texts if path.name != "PROVENANCE.txt"]
    right = sum(path.read_bytes().decode(detect_encoding(path.read_bytes()), "replace")
                == path.read_bytes().decode(truth) for path, truth in texts)  # fmt: skip
    assert len(texts) >= 30
    assert right >= 0.98 * len(texts)


def test_utf_16_without_a_mark() -> None:
    table = open_file(MESSY / "messytables" / "utf-16le_encoded.csv").tables[0]
    assert table.encoding in {"utf-16", "utf-16-le"}
    assert table.header


@pytest.mark.parametrize("path", sorted((MESSY / "csv-spectrum" / "csvs").glob("*.csv")), ids=lambda path: path.stem)
def test_csv_spectrum(path: Path) -> None:
    expected = json.loads((MESSY / "csv-spectrum" / "json" / f"{path.stem}.json").read_text("utf-8"))
    rows = [expected] if isinstance(expected, dict) else expected
    if path.stem in UPSTREAM_SLIPS:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    file = open_file(path)
    header = file.tables[0].header
    assert [dict(zip(header, cells, strict=True)) for cells in cells_of(file)] == rows


def numbered(strings: Iterable[str]) -> list[list[str]]:
    return [[f"N{number}", text, "."] for number, text in enumerate(strings)]


def as_csv(rows: Iterable[Iterable[str]], **dialect: Any) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows([("number", "text", "end"), *rows])
    return text.getvalue().encode("utf-8")


def written_out(path: Path, out: Path) -> list[list[str]]:
    """The rows that ``marsad read --out-dir`` writes, by Python's csv."""
    assert describe(path, out)["verdict"] == "read"
    with (out / f"{path.stem}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_naughty_strings_survive_text(delimiter: str, quoting: int, line_end: str, tmp_path: Path) -> None:
    path = tmp_path / "naughty.txt"
    path.write_bytes(as_csv(numbered(NAUGHTY), delimiter=delimiter, quoting=quoting, lineterminator=line_end))
    assert len(NAUGHTY) == 515
    assert written_out(path, tmp_path / "out") == numbered(NAUGHTY)


def test_naughty_strings_survive_json(tmp_path: Path) -> None:
    path = tmp_path / "naughty.json"
    path.write_text(json.dumps([{"number": a, "text": b, "end": c} for a, b, c in numbered(NAUGHTY)]), "utf-8")
    assert written_out(path, tmp_path / "out") == numbered(NAUGHTY)


def test_naughty_strings_survive_a_workbook(tmp_path: Path) -> None:
    """All but one: XML has no U+FFFE, and how Excel spells it differs from reader to reader."""
    strings = [text for text in NAUGHTY if "\ufffe" not in text]
    assert len(strings) == len(NAUGHTY) - 1
    with xlsxwriter.Workbook(tmp_path / "naughty.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([["number", "text", "end"], *numbered(strings)]):
            for place, text in enumerate(row):
                sheet.write_string(number, place, text)
    assert written_out(tmp_path / "naughty.xlsx", tmp_path / "out") == numbered(strings)


def test_nul_is_told_and_nothing_else_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "nul.csv"
    path.write_bytes(as_csv([["1", "a\0b", "."], ["2", "c", "."]]))
    assert written_out(path, tmp_path / "out") == [["1", "a\ufffdb", "."], ["2", "c", "."]]


def test_naughty_strings_survive_the_warehouse(office: Office, tmp_path: Path) -> None:
    """In a column that the contract does not know: it goes to the vault as it came; empty text is not kept."""
    with (DATA / PERSONS.path).open(encoding="utf-8-sig", newline="") as file:
        titles, first, *_ = csv.reader(file)
    rows = [[str(700_000 + number), *first[1:], text] for number, text in enumerate(NAUGHTY)]
    content = io.StringIO(newline="")
    csv.writer(content).writerows([[*titles, "texte libre"], *rows])
    path = tmp_path / "naughty.csv"
    path.write_text(content.getvalue(), "utf-8")
    receipt = ingest(office, path, PERSONS.feed, PERSONS.provider)
    assert (receipt["rows_read"], receipt["rows_accepted"]) == (515, 515)
    kept = vaulted(office, receipt["delivery_id"])
    assert sorted(row["texte libre"] for row in kept) == sorted(filter(None, NAUGHTY))


def vaulted(office: Office, delivery: str) -> list[Mapping[str, str]]:
    """The vault's records of a delivery, opened with the keys."""
    query = sa.text(
        "SELECT delivery_id::text, attempt, key_slot, sealed FROM vault.record WHERE delivery_id::text = :id"
    )
    with office.engine.connect() as connection:
        found = connection.execute(query, {"id": delivery}).all()
    refs = [KeyRef(row.delivery_id, row.attempt, row.key_slot) for row in found]
    return [json.loads(text) for text in open_many(office.keyring, refs, [r.sealed for r in found], VAULT) if text]
