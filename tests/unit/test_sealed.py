"""Files that senders encrypt to us: opened in memory, never at rest in clear, and no way to have other keys opened."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pyrage
import pytest

from marsad.errors import ProviderFault
from marsad.identity.keys import KeyRing
from marsad.intake import landing, sealed
from marsad.intake.reading import limits, sandbox

FORM = b"dossier;sexe\nQ-Qanariya;F\n"


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "keys")


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def refused(path: Path, ring: KeyRing) -> str:
    with pytest.raises(ProviderFault) as caught, sealed.opened(path, ring, path.parent / "tmp"):
        pass
    return caught.value.rule


@pytest.mark.parametrize("armored", [False, True], ids=["binary", "armour"])
def test_a_file_encrypted_to_us_is_read_and_nowhere_in_clear(ring: KeyRing, tmp_path: Path, armored: bool) -> None:
    other = pyrage.x25519.Identity.generate().to_public()
    content = pyrage.encrypt(FORM * 5_000, [other, ring.public.senders_recipient], armored=armored)
    path = write(tmp_path / "v.csv.age", content)
    with sealed.opened(path, ring, tmp_path / "tmp") as clear:
        (table,) = sandbox.open_file(clear, name="v.csv").tables
        assert sum(map(len, table.blocks())) == 9_999
        held = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
        assert not any(b"Qanariya" in content for content in held)


def test_what_nobody_encrypted_passes_without_a_key(tmp_path: Path) -> None:
    path = write(tmp_path / "v.csv", FORM)
    with sealed.opened(path, KeyRing(tmp_path / "none"), tmp_path) as clear:
        assert clear == path


def test_what_is_for_others_or_damaged_is_refused(ring: KeyRing, tmp_path: Path) -> None:
    for_others = pyrage.encrypt(FORM, [pyrage.x25519.Identity.generate().to_public()])
    for_us = pyrage.encrypt(FORM, [ring.public.senders_recipient])
    for content in (
        for_others,
        for_us[:-1],
        for_us[:60],
        pyrage.passphrase.encrypt(FORM, "secret"),
        b"age-encryption.org/v1\n" + b"-> X25519 " + b"a" * 43 + b"\n" * 100_000,
        b"-----BEGIN AGE ENCRYPTED FILE-----\n%%%%\n",
    ):
        path = write(tmp_path / "v.age", content)
        assert refused(path, ring) == "file.age"
        with sealed.opened_if_possible(path, ring, tmp_path / "tmp") as shown:
            assert shown == path


def test_the_key_of_a_landed_file_cannot_be_sent_in_to_be_opened(ring: KeyRing, tmp_path: Path) -> None:
    """Else whoever stole one could read it in the marked workbook of what he sent."""
    landed = landing.receive(io.BytesIO(FORM), tmp_path / "landing", ring.public)
    wrapped = ring.public.landing_folder / f"{landed.sha256}.age"
    assert refused(wrapped, ring) == "file.age"


def test_the_limit_of_archives_holds(ring: KeyRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "v.age", pyrage.encrypt(os.urandom(2_000), [ring.public.senders_recipient]))
    monkeypatch.setattr(limits, "MAX_UNZIPPED_BYTES", 1_000)
    assert refused(path, ring) == "file.too_large"
