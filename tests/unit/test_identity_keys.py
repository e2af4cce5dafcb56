"""Keys are made once, whole, for their owner only; a process that only receives never touches private ones."""

from __future__ import annotations

import resource
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyrage
import pytest
from tests.crashing import killed_everywhere

from marsad.errors import PassingFault, PlatformFault
from marsad.identity.keys import KeyDestroyed, KeyRing, PublicKeys


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.key")}


def works(ring: KeyRing) -> bool:
    wrapped = pyrage.encrypt(b"x", [ring.public.recipient])
    signed = ring.signer.sign(b"data")
    return pyrage.decrypt(wrapped, [ring.landing_identity]) == b"x" and ring.public.verifier.verify(b"data", signed)


def test_creating_again_gives_the_same_keys(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys")
    before = contents(tmp_path)
    assert works(KeyRing.create(tmp_path / "keys"))
    assert contents(tmp_path) == before
    assert len(before) == 10


def test_two_installations_share_no_key(tmp_path: Path) -> None:
    for name in ("a", "b"):
        KeyRing.create(tmp_path / name)
    values = [*contents(tmp_path / "a").values(), *contents(tmp_path / "b").values()]
    assert len(set(values)) == len(values) == 20


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "home" / "keys")
    for path in (tmp_path / "home").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_who_reads_a_private_key_leaves_no_memory_on_a_disk(tmp_path: Path) -> None:
    KeyRing.create(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        assert KeyRing.open(tmp_path).token_key()
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def test_killed_at_any_point_the_next_start_has_one_whole_set(tmp_path: Path) -> None:
    for point in killed_everywhere(lambda point: lambda: KeyRing.create(tmp_path / str(point))):
        folder = tmp_path / str(point)
        committed = contents(folder / "private") if (folder / "private").exists() else None
        ring = KeyRing.create(folder)
        assert works(ring)
        assert committed in (None, contents(folder / "private")), "a key in use was replaced"
        assert not list(folder.glob(".private-*"))
        assert not list(folder.rglob("*.tmp"))


def test_two_processes_starting_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        rings = list(pool.map(lambda _: KeyRing.create(tmp_path / "keys"), range(8)))
    assert len({ring.signer.public_bytes() for ring in rings}) == 1
    assert all(works(ring) for ring in rings)


def test_receiving_needs_no_private_key(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys")
    (tmp_path / "keys" / "private").rename(tmp_path / "elsewhere")
    public = PublicKeys.open(tmp_path / "keys")
    assert pyrage.encrypt(b"x", [public.recipient, public.senders_recipient])
    assert not public.verifier.verify(b"data", bytes(64))
    ring = KeyRing.open(tmp_path / "keys")
    assert pyrage.encrypt(b"x", [ring.public.recipient])
    for private in (
        lambda: ring.signer,
        lambda: ring.landing_identity,
        lambda: ring.senders_identity,
        ring.token_key,
        lambda: ring.wrapping_id,
    ):
        with pytest.raises(PlatformFault, match="no private keys"):
            private()


def test_opening_a_ring_reads_no_key(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys")
    for path in (tmp_path / "keys" / "private").iterdir():
        path.write_bytes(b"garbage")
    ring = KeyRing.open(tmp_path / "keys")
    with pytest.raises(PlatformFault, match=r"private/token\.key is damaged"):
        ring.token_key()
    with pytest.raises(PlatformFault, match="landing key is damaged"):
        _ = ring.landing_identity


def test_a_lost_key_is_a_fault_and_never_made_anew(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys")
    (tmp_path / "keys" / "private" / "token.key").unlink()
    with pytest.raises(PlatformFault):
        KeyRing.create(tmp_path / "keys").token_key()
    (tmp_path / "keys" / "private" / "wrapping-0001.key").unlink()
    with pytest.raises(PlatformFault):
        _ = KeyRing.open(tmp_path / "keys").wrapping_id
    with pytest.raises(KeyDestroyed):
        KeyRing.open(tmp_path / "keys").wrapping_key(1)


@pytest.mark.parametrize("kept", ["public/landing.key", "public/signing.key", "store/a.1.keys", "landing/ab.key"])
def test_lost_private_keys_are_never_replaced_by_new_ones(tmp_path: Path, kept: str) -> None:
    KeyRing.create(tmp_path / "keys")
    (tmp_path / "keys" / "private").rename(tmp_path / "backup")
    (tmp_path / "keys" / kept).touch()
    for path in (tmp_path / "keys").rglob("*.key*"):
        if path != tmp_path / "keys" / kept:
            path.unlink()
    with pytest.raises(PlatformFault, match="restore"):
        KeyRing.create(tmp_path / "keys")
    assert not (tmp_path / "keys" / "private").exists()


def test_restored_private_keys_make_the_platform_whole_again(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys")
    (tmp_path / "keys" / "private").rename(tmp_path / "backup")
    with pytest.raises(PlatformFault, match="restore"):
        KeyRing.create(tmp_path / "keys")
    (tmp_path / "backup").rename(tmp_path / "keys" / "private")
    assert works(KeyRing.create(tmp_path / "keys"))


@pytest.mark.parametrize("name", ["landing.key", "senders.key", "signing.key"])
def test_public_keys_of_another_set_are_told(tmp_path: Path, name: str) -> None:
    """Files would be encrypted to a key that nobody has, or receipts signed by one that nobody checks."""
    for folder in ("ours", "theirs"):
        KeyRing.create(tmp_path / folder)
    theirs = (tmp_path / "theirs" / "public" / name).read_bytes()
    (tmp_path / "ours" / "public" / name).write_bytes(theirs)
    with pytest.raises(PlatformFault, match=f"public/{name}"):
        KeyRing.create(tmp_path / "ours")
    assert (tmp_path / "ours" / "public" / name).read_bytes() == theirs


def test_keys_made_before_senders_had_one_get_it_once(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys")
    for kind in ("private", "public"):
        (tmp_path / "keys" / kind / "senders.key").unlink()
    ring = KeyRing.create(tmp_path / "keys")
    assert str(ring.senders_identity.to_public()) == str(ring.public.senders_recipient)
    (tmp_path / "keys" / "private" / "senders.key").unlink()
    with pytest.raises(PlatformFault):
        KeyRing.create(tmp_path / "keys")


def test_private_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys")
    (tmp_path / "keys" / "private").chmod(0o750)
    with pytest.raises(PlatformFault, match="chmod"):
        _ = KeyRing.open(tmp_path / "keys").signer


def test_without_keys_receiving_says_so(tmp_path: Path) -> None:
    for opened in (PublicKeys.open, KeyRing.open):
        with pytest.raises(PlatformFault, match="no keys"):
            opened(tmp_path)


def test_a_place_that_is_no_folder_is_our_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((PlatformFault, PassingFault)):
        KeyRing.create(tmp_path / "file" / "keys")


def test_a_newer_wrapping_key_is_used_from_now_on(tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "keys")
    private = tmp_path / "keys" / "private"
    (private / "wrapping-0002.key").write_text("ab" * 32)
    assert ring.wrapping_id == 2
    assert ring.wrapping_key(2) == b"\xab" * 32
    assert ring.wrapping_key(1) != ring.wrapping_key(2)


def test_no_secret_shows_when_printed(tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "keys")
    shown = f"{ring!r} {ring.token_key()!r} {ring.signer!r} {ring.landing_identity!r}"
    assert not any(secret.decode() in shown for secret in contents(tmp_path / "keys" / "private").values())
    assert ring.token_key().secret.hex() not in shown


def test_identity_does_not_load_airflow_or_pandas() -> None:
    heavy = {"airflow", "pandas", "great_expectations"}
    code = f"import sys, marsad.intake.landing; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
