"""Landing: encrypted at once, found by its hash, kept once however often it comes, readable until destroyed."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.crashing import killed_everywhere

from marsad.errors import PassingFault, PlatformFault
from marsad.identity.keys import KeyDestroyed, KeyRing, PublicKeys
from marsad.intake import landing
from marsad.intake.landing import Landed, destroy_landed, open_landed, receive

CANARY = "nom;date\nZineb Qanariya زينب;1999-01-01\n".encode()
PIECES = (b"Zineb", b"Qanariya", "زينب".encode())


@dataclass(frozen=True)
class Place:
    home: Path
    keyring: KeyRing

    @property
    def folder(self) -> Path:
        return self.home / "landing"

    def receive(self, content: bytes) -> Landed:
        return receive(io.BytesIO(content), self.folder, self.keyring.public)

    def read(self, sha256: str) -> bytes:
        with open_landed(sha256, self.folder, self.keyring, self.home / "tmp") as path:
            return path.read_bytes()

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*.age"))

    def keys(self) -> list[Path]:
        return sorted(self.keyring.public.landing_folder.iterdir())


@pytest.fixture
def place(home: Path) -> Place:
    return Place(home, KeyRing.create(home / "keys"))


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 1_000_000])
def test_what_was_received_comes_back(place: Place, size: int) -> None:
    content = os.urandom(size)
    landed = place.receive(content)
    assert landed == Landed(hashlib.sha256(content).hexdigest(), size)
    assert place.read(landed.sha256) == content


def test_a_path_is_taken_like_a_stream(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_bytes(CANARY)
    landed = receive(tmp_path / "file.csv", place.folder, place.keyring.public)
    assert place.read(landed.sha256) == CANARY
    assert (tmp_path / "file.csv").exists()


def test_nothing_in_clear_lies_at_rest_even_while_open(place: Place) -> None:
    landed = place.receive(CANARY * 5000)
    with open_landed(landed.sha256, place.folder, place.keyring, place.home / "tmp") as path:
        assert path.read_bytes() == CANARY * 5000
        contents = [one.read_bytes() for one in place.home.rglob("*") if one.is_file()]
    assert len(contents) > 8
    assert not any(piece in content for content in contents for piece in PIECES)


def test_large_files_open_without_a_name_on_disk(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "MEMORY_LIMIT", 1000)
    landed = place.receive(CANARY * 5000)
    with open_landed(landed.sha256, place.folder, place.keyring, place.home / "tmp") as path:
        with path.open("rb") as file:
            file.seek(-10, os.SEEK_END)
            assert file.read() == (CANARY * 5000)[-10:]
        assert path.readlink().is_relative_to(place.home / "tmp")
        assert list((place.home / "tmp").iterdir()) == []
        assert stat.S_IMODE((place.home / "tmp").stat().st_mode) == 0o700


def test_the_clear_path_ends_with_the_with(place: Place) -> None:
    landed = place.receive(CANARY)
    with pytest.raises(ZeroDivisionError), open_landed(landed.sha256, place.folder, place.keyring, place.home) as path:
        raise ZeroDivisionError
    assert not path.exists()


def test_opened_twice_at_once_each_reads_from_the_start(place: Place) -> None:
    landed = place.receive(CANARY)
    with open_landed(landed.sha256, place.folder, place.keyring, place.home / "tmp") as path:
        with path.open("rb") as one, path.open("rb") as two:
            assert one.read() == two.read() == CANARY
        assert place.read(landed.sha256) == CANARY


def test_only_the_owner_may_read_and_nobody_writes(place: Place) -> None:
    place.receive(CANARY)
    for path in [place.folder, *place.folder.rglob("*"), *place.keys()]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o400 if path in place.files() else 0o600), path


def test_the_same_content_again_changes_nothing(place: Place) -> None:
    first = place.receive(CANARY)
    before = {path: path.read_bytes() for path in (*place.files(), *place.keys())}
    assert place.receive(CANARY) == first
    assert {path: path.read_bytes() for path in (*place.files(), *place.keys())} == before
    assert list((place.folder / ".incoming").glob("*.tmp")) == []


def test_the_same_content_many_times_at_once_is_one_readable_file(place: Place) -> None:
    with ThreadPoolExecutor(8) as pool:
        landed = list(pool.map(place.receive, [CANARY * 2000] * 24))
    assert len(set(landed)) == len(place.files()) == len(place.keys()) == 1
    assert place.read(landed[0].sha256) == CANARY * 2000
    assert list((place.folder / ".incoming").glob("*.tmp")) == []


def test_receiving_needs_public_keys_only(place: Place) -> None:
    (place.home / "keys" / "private").rename(place.home / "away")
    public = PublicKeys.open(place.home / "keys")
    landed = receive(io.BytesIO(CANARY), place.folder, public)
    (place.home / "away").rename(place.home / "keys" / "private")
    assert place.read(landed.sha256) == CANARY


def test_another_installation_cannot_open(place: Place, tmp_path: Path) -> None:
    landed = place.receive(CANARY)
    thief = KeyRing.create(tmp_path / "keys")
    stolen = thief.public.landing_folder / place.keys()[0].name
    stolen.write_bytes(place.keys()[0].read_bytes())
    with pytest.raises(PlatformFault), open_landed(landed.sha256, place.folder, thief, tmp_path):
        pass


def test_destroying_ends_one_file_and_no_other(place: Place) -> None:
    gone, kept = place.receive(CANARY), place.receive(b"other")
    stolen = place.files()
    copies = {path: path.read_bytes() for path in stolen}
    for _ in range(2):
        destroy_landed(gone.sha256, place.folder, place.keyring.public)
    with pytest.raises(KeyDestroyed):
        place.read(gone.sha256)
    for path, content in copies.items():  # a copy of the ciphertext does not help
        path.unlink(missing_ok=True)
        path.write_bytes(content)
    with pytest.raises(KeyDestroyed):
        place.read(gone.sha256)
    assert place.read(kept.sha256) == b"other"


def test_a_destroyed_content_may_land_anew(place: Place) -> None:
    landed = place.receive(CANARY)
    place.keys()[0].unlink()  # killed in the middle of destroying: the file is still there
    assert place.receive(CANARY) == landed
    assert place.read(landed.sha256) == CANARY


def test_destroying_what_never_came_does_nothing(place: Place) -> None:
    destroy_landed("0" * 64, place.folder, place.keyring.public)
    assert not place.folder.exists()


def test_killed_at_any_point_the_next_receive_makes_it_whole(place: Place) -> None:
    sha256 = hashlib.sha256(CANARY).hexdigest()
    for _ in killed_everywhere(lambda _: lambda: place.receive(CANARY)):
        whole = bool(place.files()) and place.read(sha256) == CANARY
        assert whole or not place.files(), "a file in landing that its key does not open"
        place.receive(CANARY)
        assert place.read(sha256) == CANARY
        assert [path.name for path in (place.folder / ".incoming").iterdir()] == [".lock"]
        destroy_landed(sha256, place.folder, place.keyring.public)


def test_killed_while_destroying_the_next_receive_makes_it_whole(place: Place) -> None:
    landed = place.receive(CANARY)
    public = place.keyring.public
    for _ in killed_everywhere(lambda _: lambda: destroy_landed(landed.sha256, place.folder, public)):
        destroy_landed(landed.sha256, place.folder, public)
        assert place.files() == place.keys() == []
        place.receive(CANARY)
        assert place.read(landed.sha256) == CANARY


@pytest.mark.parametrize("at", [0, 100, 250, 70_000, -1])
def test_damage_is_our_fault(place: Place, at: int) -> None:
    landed = place.receive(CANARY * 3000)
    (file,) = place.files()
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.unlink()
    file.write_bytes(content)
    with pytest.raises(PlatformFault, match="damaged") as raised:
        place.read(landed.sha256)
    assert raised.value.__context__ is None or raised.value.__suppress_context__
    with pytest.raises(PlatformFault, match="the same file sent again"):
        place.read(landed.sha256)
    assert place.receive(CANARY * 3000) == landed
    assert place.read(landed.sha256) == CANARY * 3000
    assert [path.suffix for path in file.parent.iterdir() if path.name != ".lock"] == [".age"]


def test_a_cut_or_swapped_file_is_our_fault(place: Place) -> None:
    landed = place.receive(CANARY * 3000)
    other = place.receive(b"other")
    (file,) = [path for path in place.files() if path.stem == landed.sha256]
    content = file.read_bytes()
    file.unlink()
    for wrong in (content[:-1], content[:65_700], content[:100], b"", place.files()[0].read_bytes()):
        file.write_bytes(wrong)
        with pytest.raises(PlatformFault, match="damaged"):
            place.read(landed.sha256)
    key = place.keyring.public.landing_folder
    file.write_bytes(place.files()[0].read_bytes() if place.files()[0] != file else place.files()[1].read_bytes())
    (key / f"{landed.sha256}.age").write_bytes((key / f"{other.sha256}.age").read_bytes())
    with pytest.raises(PlatformFault, match="is damaged"):
        place.read(landed.sha256)


def test_a_damaged_key_is_our_fault(place: Place) -> None:
    landed = place.receive(CANARY)
    for content in (b"", b"junk", place.keys()[0].read_bytes()[:-1]):
        place.keys()[0].write_bytes(content)
        with pytest.raises(PlatformFault, match="key of the landed file"):
            place.read(landed.sha256)
        assert len(place.files()) == 1


class Failing(io.RawIOBase):
    def __init__(self, error: OSError) -> None:
        self._error = error
        self._chunks: Iterator[bytes] = iter([CANARY * 100])

    def read(self, size: int = -1) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise self._error


@pytest.mark.parametrize(("number", "kind"), [(errno.EIO, PlatformFault), (errno.ESTALE, PassingFault)])
def test_a_source_that_fails_midway_leaves_nothing(place: Place, number: int, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="receiving a file") as raised:
        receive(Failing(OSError(number, "x", "/inbox/Zineb.csv")), place.folder, place.keyring.public)  # type: ignore[arg-type]
    assert "Zineb" not in str(raised.value)
    assert raised.value.__suppress_context__
    assert place.files() == place.keys() == []
    assert list((place.folder / ".incoming").glob("*.tmp")) == []


def test_a_full_disk_is_our_fault(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    landed = place.receive(CANARY)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.write", full)
    with pytest.raises(PlatformFault, match="receiving a file: No space left"):
        place.receive(b"more")
    with pytest.raises(PlatformFault, match="opening a landed file: No space left"):
        place.read(landed.sha256)
    monkeypatch.undo()
    assert place.read(landed.sha256) == CANARY
    assert len(place.files()) == len(place.keys()) == 1


def test_a_vanished_source_is_never_the_providers_fault(place: Place) -> None:
    with pytest.raises(PlatformFault, match="receiving a file"):
        receive(place.home / "gone.csv", place.folder, place.keyring.public)


@pytest.mark.parametrize("sha256", ["", "../keys", "A" * 64, "0" * 63])
def test_only_a_hash_is_looked_for(place: Place, sha256: str) -> None:
    with pytest.raises(PlatformFault, match="SHA-256"):
        place.read(sha256)
    with pytest.raises(PlatformFault, match="SHA-256"):
        destroy_landed(sha256, place.folder, place.keyring.public)


def test_what_was_set_aside_is_destroyed_too(place: Place) -> None:
    landed = place.receive(CANARY)
    (file,) = place.files()
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(PlatformFault, match="damaged"):
        place.read(landed.sha256)
    destroy_landed(landed.sha256, place.folder, place.keyring.public)
    assert [path.name for path in file.parent.iterdir()] == [".lock"]
    with pytest.raises(KeyDestroyed):
        place.read(landed.sha256)
