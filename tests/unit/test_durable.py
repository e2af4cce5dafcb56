"""Files are whole or not there, for the owner only, and system faults never quote a name."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.crashing import killed_everywhere

from marsad import durable
from marsad.errors import PassingFault, PlatformFault


def test_killed_at_any_point_a_reader_sees_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    seen = set()
    for _ in killed_everywhere(lambda _: lambda: durable.write_whole(path, b"new" * 1000)):
        seen.add(path.read_bytes())
        path.write_bytes(b"old")
    assert seen == {b"old", b"new" * 1000}
    durable.write_whole(path, b"last")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([65 + i]) * 50_000 for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: durable.write_whole(path, content), contents * 5))
    assert path.read_bytes() in contents
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    durable.write_whole(path, b"old")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.write", full)
    with pytest.raises(OSError, match="No space"):
        durable.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_files_and_folders_are_the_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = durable.private_folder(tmp_path / "a" / "b")
        durable.write_whole(folder / "file", b"x")
        durable.open_new(folder / "new").close()
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a", folder, *folder.iterdir())}
    assert modes == {"a": 0o700, "b": 0o700, "file": 0o600, "new": 0o600}


def test_an_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    assert stat.S_IMODE(durable.private_folder(tmp_path / "shared").stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, PlatformFault),
        (errno.EIO, PlatformFault),
        (errno.ESTALE, PassingFault),
        (errno.EAGAIN, PassingFault),
    ],
)
def test_a_system_fault_is_ours_and_names_no_file(number: int, kind: type[Exception]) -> None:
    with pytest.raises(kind) as raised, durable.os_faults("landing"):
        raise OSError(number, os.strerror(number), "/inbox/Fatima.csv")
    assert str(raised.value) == f"landing: {os.strerror(number)}"
    assert raised.value.__suppress_context__


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with durable.locked(path), path.open("rb") as other:
        assert not durable.try_lock(other)
    with path.open("rb") as other:
        assert durable.try_lock(other)
