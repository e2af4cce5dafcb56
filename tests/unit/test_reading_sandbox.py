"""Files read in a process of their own: the same rows, no secrets over there, an end that says whose fault it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from tests.servers import listens

from marsad.errors import PassingFault, PlatformFault, ProviderFault
from marsad.intake.blocks import BLOCK_ROWS
from marsad.intake.reading import Hints, ReadFile, files, limits, sandbox, wire
from marsad.settings import PROJECT

HINTS = Hints(headers=(frozenset({"nom"}), frozenset({"age"})), labels=("Nom", "Âge"), required=frozenset({0, 1}))
TEXT = "Liste\r\nnom;âge\r\nA;12\r\nB;1;surplus\r\n\r\nC\r\nSource : nous\r\n"


def shown(file: ReadFile) -> list[Any]:
    """All that a file holds, and what is known of its tables afterwards."""
    blocks = [(b.sheet, b.cells.to_pydict(), b.rows.tolist(), b.shapes.tolist()) for b in file.blocks()]
    facts = [(t.header, t.header_rows, t.sheet, t.encoding, t.delimiter, t.rows_read, t.notes) for t in file.tables]
    return [file.format, blocks, facts]


def written(folder: Path, kind: str) -> Path:
    path = folder / f"liste.{kind}"
    if kind == "csv":
        path.write_bytes(TEXT.encode("cp1252"))
    elif kind == "json":
        path.write_text(json.dumps([{"nom": "A", "âge": 12}, {"nom": "B", "âge": None}]), "utf-8")
    else:
        book = openpyxl.Workbook()
        for name in ("un", "deux"):
            sheet = book.create_sheet(name)
            sheet.append(["nom", "âge"])
            sheet.append(["A", 12])
        book.save(path)
    return path


@pytest.mark.parametrize("hints", [None, HINTS], ids=["unknown", "expected"])
@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_rows_are_those_read_in_one_process(kind: str, hints: Hints | None, tmp_path: Path) -> None:
    path = written(tmp_path, kind)
    apart = sandbox.open_file(path, hints=hints)
    expected = shown(files.open_file(path, hints=hints))
    path.unlink()
    assert shown(apart) == expected
    assert shown(apart) == expected  # a second time, though the file's name is gone


def test_rows_can_be_left_and_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{i},x\n" for i in range(120_000)), "utf-8")
    (table,) = sandbox.open_file(path).tables
    assert next(table.blocks()).rows[0] == 2
    assert sum(len(block) for block in table.blocks()) == table.rows_read == 120_000


def test_a_refusal_arrives_with_its_rule(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(map(str, range(6_000))), "utf-8")
    with pytest.raises(ProviderFault) as caught:
        sandbox.open_file(path)
    assert (caught.value.rule, caught.value.params["columns"]) == ("file.too_many_columns", 6_000)


def test_a_refusal_that_shows_late_arrives_too(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b\n1,2\n3," + b"x" * (30 << 20))
    file = sandbox.open_file(path)
    with pytest.raises(ProviderFault) as caught:
        list(file.blocks())
    assert caught.value.rule == "file.line_too_long"


def test_who_wants_too_much_memory_sent_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = book.worksheets[0].cell(400_000, 100).value = "two cells, and 40 million between them"
    book.save(tmp_path / "wide.xlsx")
    monkeypatch.setattr(limits, "READER_BYTES", 256 << 20)
    with pytest.raises(ProviderFault) as caught:
        list(sandbox.open_file(tmp_path / "wide.xlsx").blocks())
    assert caught.value.rule == "file.too_complex"


def test_who_wants_too_much_time_sent_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.json"
    path.write_text(json.dumps([{f"k{i}": i for i in range(20)}] * 100_000), "utf-8")
    monkeypatch.setattr(limits, "READER_SECONDS", 1)
    monkeypatch.setattr(limits, "READER_SECONDS_A_MB", 0)
    with pytest.raises(ProviderFault) as caught:
        list(sandbox.open_file(path).blocks())
    assert caught.value.rule == "file.too_complex"


def test_who_was_killed_from_outside_is_nobodys_fault(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{i},x\n" for i in range(400_000)), "utf-8")
    blocks = sandbox.open_file(path).blocks()
    next(blocks)
    for reader in readers():
        os.kill(reader, signal.SIGKILL)
    with pytest.raises(PassingFault):
        list(blocks)
    assert sum(map(len, sandbox.open_file(path).blocks())) == 400_000


def test_a_killed_server_is_replaced(tmp_path: Path) -> None:
    path = written(tmp_path, "csv")
    sandbox.open_file(path)
    (server,) = servers()
    os.kill(server, signal.SIGKILL)
    os.waitpid(server, 0)
    assert shown(sandbox.open_file(path)) == shown(files.open_file(path))


def test_the_reader_sees_no_environment_and_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARSAD_SECRET_OF_A_TEST", "canary-4711")
    (tmp_path / "key").write_text("secret")
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{i},x\n" for i in range(400_000)), "utf-8")
    with (tmp_path / "key").open():
        blocks = sandbox.open_file(path).blocks()
        next(blocks)
        (reader,) = readers()
        place = Path(f"/proc/{reader}")
        named = [os.path.realpath(entry) for entry in (place / "fd").iterdir()]
        assert b"canary-4711" not in (place / "environ").read_bytes()
        assert {name for name in named if name.startswith(str(tmp_path))} == {str(path)}
        assert "Max core file size        0" in (place / "limits").read_text()


@pytest.fixture
def another_users(tmp_path: Path) -> Iterator[Path]:
    """The socket of a server of readers that runs as another user where we may start one, as in docker-compose."""
    folder = Path(tempfile.mkdtemp())  # pytest's own is closed to other users
    folder.chmod(0o777)
    sandbox.served_at(folder / "reader.sock")
    yield folder / "reader.sock"
    sandbox.served_at(None)
    shutil.rmtree(folder)


def another_user_may() -> bool:
    """Whether we may start processes of another user, who can pass to Python and the project."""
    folders = {*PROJECT.parents, *Path(sys.executable).parents, *Path(sys.executable).resolve().parents}
    return os.geteuid() == 0 and all(folder.stat().st_mode & 1 for folder in folders)


@contextmanager
def listening(place: Path) -> Iterator[int]:
    """The server's process."""
    command = [sys.executable, "-m", "marsad.intake.reading", str(place)]
    user = {"user": "nobody"} if another_user_may() else {}
    environment = {"PATH": os.defpath, "PYTHONPATH": str(PROJECT / "plugins")}
    server = subprocess.Popen(command, env=environment, cwd="/", **user)
    try:
        while not listens(place):
            assert server.poll() is None
            time.sleep(0.05)
        yield server.pid
    finally:
        server.kill()
        server.wait()
        place.unlink()


def test_another_users_server_reads_what_only_we_may_open(another_users: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "xlsx")
    path.chmod(0o600)
    with pytest.raises(PassingFault):
        sandbox.open_file(path)
    with listening(another_users) as server:
        assert shown(sandbox.open_file(path)) == shown(files.open_file(path))
        blocks = sandbox.open_file(path).blocks()
        next(blocks)
        (held,) = children(server)
        assert Path(f"/proc/{held}").stat().st_uid == Path(f"/proc/{server}").stat().st_uid
        assert (Path(f"/proc/{server}").stat().st_uid != os.geteuid()) == another_user_may()
    with listening(another_users):  # it was started anew
        assert shown(sandbox.open_file(path)) == shown(files.open_file(path))
    assert servers() == []  # we started none


def readers() -> Iterator[int]:
    """The processes that read for us just now: children of those that wait for them, children of the server."""
    for server in servers():
        for waiting in children(server):
            yield from children(waiting)


def servers() -> list[int]:
    """Our servers of readers, and nothing else that a test run may have started."""
    mine = children(os.getpid())
    return [one for one in mine if b"reading.worker" in Path(f"/proc/{one}/cmdline").read_bytes()]


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def test_rows_wait_with_the_reader_until_they_are_taken(tmp_path: Path) -> None:
    """Else a large file would stand in memory as a whole."""
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{i},x\n" for i in range(700_000)), "utf-8")
    blocks = sandbox.open_file(path).blocks()
    next(blocks)
    (reader,) = readers()
    while (worked := ticks(reader)) >= 0:
        time.sleep(0.5)
        if ticks(reader) == worked:
            break  # it waits, or it has read all
    named = [os.path.realpath(entry) for entry in Path(f"/proc/{reader}/fd").iterdir()]
    assert named.count(str(path)) == 2  # the file as handed over, and as it is still being read
    assert sum(map(len, blocks)) == 700_000 - BLOCK_ROWS


def ticks(process: int) -> int:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.parametrize(
    "told",
    [
        {"fault": "file.canary", "params": {}},
        {"fault": ["canary"], "params": {}},
        {"fault": "file.empty", "params": {"row": "canary"}},
        {"fault": "file.json_broken", "params": {"row": "canary"}},
        {"fault": "file.columns_missing", "params": {"columns": "Nom, canary"}},
        {"fault": "file.columns_unread", "params": {"columns": "Nom", "letters": "canary"}},
        {"fault": "file.empty"},
        {"passing": "canary"},
        {"platform": "canary"},
    ],
)
def test_no_text_of_a_reader_that_was_taken_over_is_repeated(
    told: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "document_of", lambda _: told)
    with pytest.raises(PassingFault if "passing" in told else PlatformFault) as caught:
        sandbox.open_file(written(tmp_path, "csv"), hints=HINTS)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x;y\n1;2\n", "file.no_header"),
        ("nom\n1\n2\n", "file.columns_missing"),
        ("nom;y\n1;2\n", "file.columns_unread"),
        ('[{"nom": "A"}]', "file.format_not_allowed"),
    ],
)
def test_titles_and_formats_arrive_in_refusals(text: str, rule: str, tmp_path: Path) -> None:
    path = tmp_path / ("liste.json" if text.startswith("[") else "liste.csv")
    path.write_text(text, "utf-8")
    hints = replace(HINTS, formats=frozenset({"csv", "xlsx"}))
    told = []
    for reader in (files, sandbox):
        with pytest.raises(ProviderFault) as caught:
            reader.open_file(path, hints=hints)
        told.append((caught.value.rule, dict(caught.value.params)))
    assert told[0] == told[1]
    assert told[0][0] == rule


def test_a_reader_that_sends_nonsense_and_goes_on_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{i},x\n" for i in range(400_000)), "utf-8")
    monkeypatch.setattr(sandbox, "_LAST_WORDS", 0.2)
    others = set(readers())
    blocks = sandbox.open_file(path).blocks()
    next(blocks)
    (reader,) = set(readers()) - others
    os.kill(reader, signal.SIGSTOP)  # as deaf as one that was taken over
    monkeypatch.setattr(wire, "receive", torn)
    with pytest.raises(PlatformFault, match="no sense"):
        list(blocks)
    deadline = time.monotonic() + 60
    while Path(f"/proc/{reader}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{reader}").exists()


def torn(_source: object) -> None:
    raise wire.Torn


@pytest.mark.parametrize(("compression", "taken"), [(None, True), ("lz4", False), ("zstd", False)])
def test_a_block_that_is_packed_is_not_unpacked(compression: str | None, taken: bool) -> None:
    table = pa.table({"c": ["x" * 1000] * 1000, "row": np.arange(1000), "shape": np.zeros(1000, np.uint8)})
    sent = pa.BufferOutputStream()
    with pa.ipc.new_stream(sent, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    if taken:
        assert len(wire.block_of(sent.getvalue(), None)) == 1000
        return
    with pytest.raises(wire.Torn):
        wire.block_of(sent.getvalue(), None)
