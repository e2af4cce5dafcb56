"""The inbox: a sender's bytes are seen whole, taken once and never lost, whoever is killed or overwrites what."""

from __future__ import annotations

import os
import shutil
import stat
import time
from pathlib import Path

import pytest
from tests.crashing import killed_everywhere

from marsad.errors import PlatformFault, UsageFault
from marsad.intake import inbox

FEED = "police/victims"
LATER = 4e9


def put(place: Path, name: str, content: str = "nom\nA\n") -> Path:
    folder = inbox.folder(place, "DGSN", FEED)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)
    return folder / name


def names(place: Path, now: float = LATER) -> list[str]:
    return [file.path.name for file in inbox.waiting(place, FEED, now)]


def test_what_a_sender_puts_under_the_name_of_a_taken_file_is_taken_too(tmp_path: Path) -> None:
    put(tmp_path, "envoi.csv", "first")
    (file,) = inbox.waiting(tmp_path, FEED, LATER)
    with inbox.taken(file) as path:
        assert path is not None
        assert (path.name, path.read_text()) == ("envoi.csv", "first")
        put(tmp_path, "envoi.csv", "second")
    (file,) = inbox.waiting(tmp_path, FEED, LATER)
    with inbox.taken(file) as path:
        assert path is not None
        assert path.read_text() == "second"
    assert list(file.path.parent.iterdir()) == []


def test_a_file_whose_receiving_failed_is_left_for_the_next(tmp_path: Path) -> None:
    put(tmp_path, "envoi.csv", "bytes")
    with pytest.raises(PlatformFault, match="full"), inbox.taken(inbox.waiting(tmp_path, FEED, LATER)[0]):
        raise PlatformFault("the disk is full")
    assert names(tmp_path) == []
    inbox.sweep(tmp_path, FEED, LATER)
    (file,) = inbox.left(tmp_path, FEED)
    assert (file.path.name, file.feed, file.provider) == ("envoi.csv", FEED, "DGSN")
    with inbox.taken(file) as path:
        assert path == file.path
        assert path.read_text() == "bytes"
    assert inbox.left(tmp_path, FEED) == []


def test_two_receivers_never_have_the_same_file(tmp_path: Path) -> None:
    put(tmp_path, "envoi.csv")
    (file,) = inbox.waiting(tmp_path, FEED, LATER)
    with inbox.taken(file) as path:
        assert path is not None
        for other in (file, *inbox.left(tmp_path, FEED)):
            with inbox.taken(other) as again:
                assert again is None
    with inbox.taken(inbox.Waiting(path, FEED, "DGSN")) as gone:
        assert gone is None


def test_a_receiver_killed_anywhere_leaves_the_file_to_the_next(tmp_path: Path) -> None:
    def take(place: Path) -> None:
        inbox.sweep(place, FEED, LATER)
        for file in (*inbox.left(place, FEED), *inbox.waiting(place, FEED, LATER)):
            with inbox.taken(file) as path:
                if path:
                    shutil.copyfile(path, place / "landed")

    def prepare(point: int):
        put(tmp_path / str(point), "envoi.csv", "bytes")
        return lambda: take(tmp_path / str(point))

    for point in killed_everywhere(prepare):
        place = tmp_path / str(point)
        take(place)
        assert (place / "landed").read_text() == "bytes"
        inbox.sweep(place, FEED, LATER)
        assert list(inbox.folder(place, "DGSN", FEED).iterdir()) == []


def test_a_file_is_ready_by_the_clock_of_the_system_not_of_the_sender(tmp_path: Path) -> None:
    new, old = put(tmp_path, "b.csv"), put(tmp_path, "a.csv")
    os.utime(new, (0, 0))
    assert names(tmp_path, new.stat().st_ctime + 1.9) == []
    os.utime(old, (LATER, LATER))
    assert names(tmp_path) == ["b.csv", "a.csv"]


def test_links_among_taken_files_are_not_followed(tmp_path: Path) -> None:
    folder = put(tmp_path, "x.csv").parent
    (folder / ".taken-1").mkdir()
    (folder / ".taken-1" / "hosts").symlink_to("/etc/hostname")
    (folder / ".taken-2").symlink_to("/etc")
    assert inbox.left(tmp_path, FEED) == []


def test_a_dropped_file_lies_whole_in_folders_of_the_owner(tmp_path: Path) -> None:
    source = tmp_path / "envoi.csv"
    source.write_text("bytes")
    place = tmp_path / "home" / "inbox"
    first, second = (inbox.drop(source, place, "DGSN", FEED) for _ in range(2))
    assert [path.name for path in (first, second)] == ["envoi.csv", "envoi_2.csv"]
    assert sorted(path.name for path in first.parent.iterdir()) == ["envoi.csv", "envoi_2.csv"]
    folders = [path for path in (tmp_path / "home").rglob("*") if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    with pytest.raises(UsageFault, match="is not a file"):
        inbox.drop(tmp_path, place, "DGSN", FEED)


def test_a_drop_that_fails_leaves_no_clear_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "envoi.csv"
    source.write_text("bytes")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(PlatformFault, match="No space left"):
        inbox.drop(source, tmp_path, "DGSN", FEED)
    assert list(inbox.folder(tmp_path, "DGSN", FEED).iterdir()) == []


def test_drafts_of_a_killed_drop_go_after_a_day_and_nothing_else_does(tmp_path: Path) -> None:
    source = tmp_path / "envoi.csv"
    source.write_text("bytes")
    left = 0
    for point in killed_everywhere(lambda n: lambda: inbox.drop(source, tmp_path / str(n), "DGSN", FEED)):
        place = tmp_path / str(point)
        folder = inbox.folder(place, "DGSN", FEED)
        drafts = list(folder.glob(".*")) if folder.exists() else []
        whole = len(names(place))
        inbox.sweep(place, FEED, time.time() + 23 * 3600)
        assert all(draft.exists() for draft in drafts)
        inbox.sweep(place, FEED, time.time() + 25 * 3600)
        assert not any(draft.exists() for draft in drafts)
        assert len(names(place)) == whole
        left += len(drafts)
    assert left > 0
    theirs = put(tmp_path, ".upload.part")
    inbox.sweep(tmp_path, FEED, LATER)
    assert theirs.exists()


@pytest.mark.parametrize("provider", ["", ".", "..", ".DGSN", "a/b", "/etc", "a\0b", "a\nb", " a", "\udce9"])
def test_a_provider_that_is_no_name_has_no_folder(tmp_path: Path, provider: str) -> None:
    with pytest.raises(UsageFault, match="no name"):
        inbox.folder(tmp_path, provider, FEED)
    assert inbox.folder(tmp_path, "جمعية النخيل", FEED) == tmp_path / "جمعية النخيل" / "police" / "victims"


@pytest.mark.parametrize("name", [b"envoi_\xe9.csv", "زيارات.csv".encode(), b"\xff\xfe"])
def test_any_file_name_is_valid_text(tmp_path: Path, name: bytes) -> None:
    text = inbox.text_name(os.fsdecode(name))
    assert text.encode("utf-8").decode("utf-8") == text
    assert text == name.decode("utf-8", "replace")


def test_what_was_dropped_is_on_the_disk_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    shown = inbox.drop(put(tmp_path / "theirs", "a.csv"), tmp_path / "inbox", "P", "lab/notes")
    content, name = synced
    assert (content.parent, name) == (shown.parent, shown.parent)
