"""Whatever is dropped gets an answer in plain words, lands nowhere, changes nothing, and holds nobody up."""

from __future__ import annotations

import io
import json
import os
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integration.station import VISITS, Station, csv, notes, stays, visit, visits
from xlsxwriter import Workbook

from marsad.errors import PlatformFault
from marsad.intake import inbox, landing, pipeline
from marsad.intake.receipts import exit_code
from marsad.intake.reports.opened import annotated

MEGABYTE = 2**20
CORE = ("core.", "vault.")


def workbook() -> bytes:
    buffer = io.BytesIO()
    with Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate((VISITS, *(visit(f"V{n}") for n in range(200)))):
            sheet.write_row(at, 0, row)
    return buffer.getvalue()


def encrypted_workbook() -> bytes:
    """What Excel writes for a protected workbook: a compound file with a stream ``EncryptedPackage``."""

    def entry(name: str, kind: int, child: int, right: int) -> bytes:
        text = name.encode("utf-16-le")
        links = b"".join(n.to_bytes(4, "little") for n in (0xFFFFFFFF, right, child))
        return text.ljust(64, b"\0") + (len(text) + 2).to_bytes(2, "little") + bytes([kind, 1]) + links + bytes(48)

    none = 0xFFFFFFFF
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + bytes.fromhex("3e000300feff09000600") + bytes(10)
    header += b"".join(n.to_bytes(4, "little") for n in (1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0))
    table = b"".join(n.to_bytes(4, "little") for n in (0xFFFFFFFD, 0xFFFFFFFE)) + b"\xff" * (512 - 8)
    directory = entry("Root Entry", 5, 1, none) + entry("EncryptionInfo", 2, none, 2)
    directory += entry("EncryptedPackage", 2, none, none) + bytes(128)
    return header.ljust(512, b"\xff") + table + directory


def encrypted_zip() -> bytes:
    """A workbook in which the flag of every member says: encrypted."""
    content = bytearray(workbook())
    for magic, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        for found in re.finditer(re.escape(magic), bytes(content)):
            content[found.start() + flags] |= 1
    return bytes(content)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("visites.csv", visits(visit("V1")))
        archive.writestr("visites-2.csv", visits(visit("V2")))
    return buffer.getvalue()


BAD: dict[str, tuple[str, Callable[[], str | bytes], str]] = {
    "another feed": ("v.csv", lambda: csv(("Numéro", "Couleur", "Prix"), (1, "bleu", 3)), "file.wrong_feed"),
    "a feed much like it": ("v.csv", lambda: stays("2024-02-01", s1="A", s2="B"), "file.other_feed"),
    "nothing like a feed": ("v.csv", lambda: csv(("a", "b"), (1, 2), (3, 4)), "file.no_header"),
    "no bytes": ("v.csv", lambda: b"", "file.empty"),
    "titles only": ("v.csv", lambda: csv(VISITS), "file.empty"),
    "blank lines only": ("v.csv", lambda: "\r\n;;;\r\n \r\n", "file.empty"),
    "no key column": ("v.csv", lambda: csv(VISITS[1:], *(visit(n)[1:] for n in "12")), "file.columns_missing"),
    "most rows broken": (
        "v.csv",
        lambda: visits(*(visit(n, Enfants="viele") for n in "abc"), visit("d"), visit("e")),
        "delivery.refused_share",
    ),
    "all rows broken": ("v.csv", lambda: visits(*(visit("") for _ in range(3))), "delivery.refused_share"),
    "a protected workbook": ("v.xlsx", encrypted_workbook, "file.encrypted"),
    "an encrypted zip": ("v.xlsx", encrypted_zip, "file.encrypted"),
    "half a workbook": ("v.xlsx", lambda: workbook()[:3000], "file.truncated_archive"),
    "a workbook without its end": ("v.xlsx", lambda: workbook()[:-30], "file.truncated_archive"),
    "an archive of two": ("v.zip", zipped, "file.archive_several"),
    "100,000 columns": (
        "v.csv",
        lambda: csv((*VISITS, *(f"c{n}" for n in range(100_000))), [*visit("V1"), *range(100_000)]),
        "file.too_many_columns",
    ),
    "one endless line": ("v.csv", lambda: visits(visit("V1")).encode() + b"x" * (100 * MEGABYTE), "file.line_too_long"),
    "a quotation mark never closed": (
        "v.csv",
        lambda: visits(visit("V1")).encode() + b'"' + b"x\n" * 20_000,
        "delivery.refused_share",
    ),
    "broken JSON": ("v.json", lambda: '[{"Numéro": "1", "Nom": ', "file.json_broken"),
    "encrypted for somebody else": (
        "v.csv.age",
        lambda: pyrage.encrypt(visits(visit("V1")).encode(), [pyrage.x25519.Identity.generate().to_public()]),
        "file.age",
    ),
    "a picture": ("v.csv", lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "file.not_a_table"),
    "a PDF": ("v.pdf", lambda: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" + bytes(range(256)), "file.not_a_table"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_answered_and_changes_nothing(station: Station, sender: str, case: str):
    name, content, rule = BAD[case]
    station.send("lab/visits", visits(visit("known"), visit("d", Enfants=7)), sender)
    state, before = station.state("lab/visits", sender), station.counts()

    receipt = station.send("lab/visits", content(), sender, name)

    assert (receipt["status"], exit_code(receipt)) == ("refused", 2)
    assert rule in station.findings(receipt)
    assert station.state("lab/visits", sender) == state
    after = station.counts()
    assert {table for table in after if table.startswith(CORE) and after[table] != before[table]} == set()
    assert station.send("lab/visits", visits(visit("next")), sender)["status"] == "accepted"
    assert_plain(station, receipt, rule)


def assert_plain(station: Station, receipt: dict, rule: str) -> None:
    told = json.loads((station.home / receipt["reports"]["json"]).read_text("utf-8"))
    (message,) = [group["message"] for group in told["findings"] if group["rule"] == rule]
    assert len(set(message.values())) == 3
    assert re.search(r"[\u0600-\u06ff]{3}", message["ar"])
    for language, text in message.items():
        assert not re.search(r"\{\w+\}|Error|Exception|Traceback", text)
        page = (station.home / receipt["reports"][language]).read_text("utf-8")
        assert f'lang="{language}"' in page
        assert text.split()[0] in page


def test_what_the_reader_left_out_is_said_and_worries_nobody(station: Station, sender: str):
    banner, source = "Registre des visites;;;;;;;;\r\n", ";;;;;;;;\r\nSource : cellule d'accueil;;;;;;;;\r\n"
    receipt = station.send("lab/visits", banner + visits(visit("V1")) + source, sender)
    assert (receipt["status"], receipt["rows_read"], receipt["warnings"]) == ("accepted", 1, 0)
    assert station.findings(receipt) == {
        "file.note.banner": [None],
        "file.note.blank_rows": [None],
        "file.note.footers": [None],
    }
    assert_plain(station, receipt, "file.note.banner")


def test_a_file_encrypted_to_the_platform_is_taken_like_any_other(station: Station, sender: str):
    to_us = station.office.keyring.public.senders_recipient
    content = pyrage.encrypt(visits(visit("V1"), visit("V2", Enfants="x"), visit("V3")).encode(), [to_us])
    receipt = station.send("lab/visits", content, sender, "v.csv.age")
    assert (receipt["file_name"], receipt["rows_accepted"], receipt["rows_quarantined"]) == ("v.csv.age", 2, 1)
    book = openpyxl.load_workbook(io.BytesIO(annotated(station.office, receipt["delivery_id"], "fr", "someone")))
    assert [cell.value for cell in book.worksheets[1]["A"]][1:] == ["V1", "V2", "V3"]


def nul_in(kind: str) -> bytes:
    """Three visits, the second with a NUL in its name."""
    rows = [visit("V1"), visit("V2", Nom="A\0B"), visit("V3")]
    if kind == "csv":
        return visits(*rows).encode()
    return json.dumps([dict(zip(VISITS, row, strict=True)) for row in rows]).encode()


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_row_with_a_nul_waits_and_the_others_count(station: Station, sender: str, kind: str):
    receipt = station.send("lab/visits", nul_in(kind), sender, f"v.{kind}")
    assert (receipt["rows_accepted"], receipt["rows_quarantined"]) == (2, 1)
    assert set(station.findings(receipt)) == {"row.broken"}
    assert_plain(station, receipt, "row.broken")


def test_refused_rows_of_a_refused_file_all_wait_in_quarantine(station: Station, sender: str):
    receipt = station.send("lab/visits", visits(visit("a", Enfants="x"), visit("b", Enfants="x"), visit("c")), sender)
    assert (receipt["rows_read"], receipt["rows_quarantined"]) == (3, 3)
    assert len(station.opened("quarantine", [receipt["delivery_id"]])) == 2  # the sound row is not kept apart


def test_a_half_written_file_is_left_alone(station: Station, sender: str):
    place = station.office.settings.place("inbox")
    folder = inbox.folder(place, sender, "lab/visits")
    folder.mkdir(parents=True)
    for name in ("a.csv.part", ".b.csv", "c.csv"):
        (folder / name).write_text(visits(visit("V1")), "utf-8")
    (folder / "sub").mkdir()
    Path(folder / "link.csv").symlink_to(folder / "c.csv")
    written = (folder / "c.csv").stat().st_ctime
    assert inbox.waiting(place, "lab/visits", written + 1.9) == []
    assert [file.path.name for file in inbox.waiting(place, "lab/visits", written + 2.1)] == ["c.csv"]


def test_the_same_bytes_under_another_name_are_one_delivery(station: Station, sender: str):
    content = visits(visit("V1"))
    station.send("lab/visits", content, sender, "janvier.csv")
    state = station.state("lab/visits", sender)
    again = station.send("lab/visits", content, sender, "زيارات.xlsx")
    assert (again["status"], again["first"]["file_name"]) == ("duplicate", "janvier.csv")
    assert station.state("lab/visits", sender) == state


LONG = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyzéàشمس", k=20_000))
ODD = ["\0", "\x1b[31m", "\ud800", "\ufffe", LONG, LONG[:3_000], "=cmd|' /C calc'!A0", "1e400", "9" * 400, "-0",
       "31/02/2024", "00/00/0000", "99999-01-01", "١٥/٠١/٢٠٢٤", "NaN", "Infinity", "true", "[]", "{}",
       "'; DROP TABLE x", "\\x00", "\\N", '"', "\u202e", "{table}", "%s", ":id"]  # fmt: skip


@pytest.mark.parametrize("column", VISITS)
def test_odd_cells_never_break_the_platform(station: Station, sender: str, column: str):
    rows = [dict(zip(VISITS, visit(f"V{n}", **{column: cell}), strict=True)) for n, cell in enumerate(ODD)]
    sound = [dict(zip(VISITS, visit(f"W{n}"), strict=True)) for n in range(len(ODD) + 1)]
    receipt = station.send("lab/visits", json.dumps(rows + sound), sender, "v.json")
    assert receipt["rows_read"] == len(rows) + len(sound)
    assert receipt["rows_accepted"] >= len(sound)


@pytest.mark.parametrize("feed", ["lab/notes", "lab/calls"])
def test_odd_cells_of_feeds_without_versions_or_keys(station: Station, sender: str, feed: str):
    header = ("Numéro", "Centre", "Enfants") if feed == "lab/notes" else ("Centre", "Enfants", "Entrée")
    odd = [cell for cell in ODD if not set(cell) & set('\0";\ud800')]
    rows = [(cell, cell, 1) if feed == "lab/notes" else (cell, 1, "2024-01-01") for cell in odd]
    receipt = station.send(feed, csv(header, *rows), sender)
    assert receipt["rows_accepted"] > 0


def mutations(sample: bytes) -> st.SearchStrategy[bytes]:
    place = st.integers(0, len(sample) - 1)
    cut = st.builds(lambda at: sample[:at], place)
    change = st.lists(st.tuples(place, st.integers(0, 255)), min_size=1, max_size=12).map(
        lambda changes: bytes(dict(changes).get(at, byte) for at, byte in enumerate(sample))
    )
    slip = st.builds(lambda at, piece: sample[:at] + piece + sample[at:], place, st.binary(min_size=1, max_size=40))
    return st.one_of(cut, change, slip, st.binary(max_size=300))


SAMPLES = {
    "v.csv": visits(*(visit(f"V{n}") for n in range(4))).encode(),
    "v.json": json.dumps([dict(zip(VISITS, visit(f"V{n}"), strict=True)) for n in range(4)]).encode(),
    "v.xlsx": workbook(),
}


def any_bytes_are_answered(station: Station, name: str, content: bytes) -> None:
    receipt = station.send("lab/visits", content, station.sender(), name)
    assert receipt["status"] in {"accepted", "accepted_with_findings", "refused"}
    assert (receipt["rows_accepted"] == 0) or receipt["status"] != "refused"


@settings(max_examples=12)
@given(st.data())
def test_any_bytes_are_answered(station: Station, data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(SAMPLES)))
    any_bytes_are_answered(station, name, data.draw(mutations(SAMPLES[name])))


def test_nothing_is_left_behind(station: Station):
    station.assert_whole()
    tmp = station.office.settings.place("tmp")
    assert not tmp.exists() or list(tmp.iterdir()) == []


def test_a_file_that_is_gone_before_it_is_taken(station: Station, sender: str, tmp_path: Path):
    path = tmp_path / "v.csv"
    path.write_text(notes(n1="A"), "utf-8")
    place = station.office.settings.place("inbox")
    waiting = inbox.drop(path, place, sender, "lab/notes")
    waiting.unlink()
    assert inbox.waiting(place, "lab/notes", 4e9) == []
    assert pipeline.answer_repeats(station.office, "lab/notes") == 0


def test_one_file_that_cannot_be_taken_holds_up_no_other(
    station: Station, sender: str, monkeypatch: pytest.MonkeyPatch
):
    place = station.office.settings.place("inbox")
    for name in ("a.csv", "b.csv", "c.csv"):
        inbox.drop(station.file(notes(n1=name), name), place, sender, "lab/notes")
    take = landing.receive

    def broken(path, *more):
        if path.name == "a.csv":
            raise ZeroDivisionError("Fatima")
        return take(path, *more)

    with monkeypatch.context() as patch:
        patch.setattr(landing, "receive", broken)
        with pytest.raises(PlatformFault, match="ZeroDivisionError at") as fault:
            pipeline.receive_waiting(station.office, "lab/notes", 4e9)
    assert "Fatima" not in str(fault.value)
    known = "SELECT file_name FROM ops.delivery WHERE provider = :p ORDER BY seq"
    assert [row["file_name"] for row in station.rows(known, p=sender)] == ["b.csv", "c.csv"]
    assert pipeline.receive_waiting(station.office, "lab/notes", 4e9) == 1
    assert [row["file_name"] for row in station.rows(known, p=sender)] == ["b.csv", "c.csv", "a.csv"]


def test_a_file_name_in_no_known_encoding_is_received(station: Station, sender: str):
    place = station.office.settings.place("inbox")
    path = station.file(notes(n1="A"), os.fsdecode(b"envoi_\xe9.csv"))
    inbox.drop(path, place, sender, "lab/notes")
    assert pipeline.receive_waiting(station.office, "lab/notes", 4e9) == 1
    (row,) = station.rows("SELECT file_name FROM ops.delivery WHERE provider = :p", p=sender)
    assert row["file_name"] == "envoi_�.csv"
