"""Sealed records open with their key, in their place, and never again once the key is destroyed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.crashing import killed_everywhere

from marsad.errors import PlatformFault
from marsad.identity import keystore
from marsad.identity.keys import KeyDestroyed, KeyRing
from marsad.identity.keystore import StoreName
from marsad.identity.vault import KeyRef, Sealer, destroy, open_many, open_sealed

DELIVERY = "0199aaaa-0000-7000-8000-000000000001"
LATER = datetime.now(UTC) + timedelta(hours=1)
CANARY = "Zineb Qanariya زينب قنارية".encode()


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.create(tmp_path_factory.mktemp("vault") / "keys")


def seal(keyring: KeyRing, payloads: list[bytes], context: bytes = b"vault") -> tuple[list[KeyRef], list[bytes]]:
    with Sealer(keyring, DELIVERY) as sealer:
        first = sealer.next_slot
        sealed = sealer.seal(payloads, context)
        sealer.commit()
        return [KeyRef(DELIVERY, sealer.attempt, first + i) for i in range(len(payloads))], sealed


@given(batches=st.lists(st.lists(st.binary(max_size=300), max_size=5), min_size=1, max_size=4))
def test_what_was_sealed_in_any_batches_opens_in_any_order(keyring: KeyRing, batches: list[list[bytes]]) -> None:
    with Sealer(keyring, DELIVERY) as sealer:
        sealed = [ciphertext for batch in batches for ciphertext in sealer.seal(batch, b"vault")]
        sealer.commit()
        refs = [KeyRef(DELIVERY, sealer.attempt, slot) for slot in range(sealer.next_slot)]
    payloads = [payload for batch in batches for payload in batch]
    assert open_many(keyring, refs, sealed, b"vault") == payloads
    assert open_many(keyring, refs[::-1], sealed[::-1], b"vault") == payloads[::-1]


@given(count=st.integers(2, 12), data=st.data())
def test_erasure_makes_exactly_the_erased_unreadable(keyring: KeyRing, count: int, data: st.DataObject) -> None:
    payloads = [b"record %d" % i for i in range(count)]
    refs, sealed = seal(keyring, payloads)
    erased = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    for _ in range(2):  # again does nothing
        destroy(keyring, [refs[i] for i in erased])
    opened = open_many(keyring, refs, sealed, b"vault")
    assert opened == [None if i in erased else payload for i, payload in enumerate(payloads)]
    with pytest.raises(KeyDestroyed):
        open_sealed(keyring, refs[min(erased)], sealed[min(erased)], b"vault")


def test_erasure_reaches_over_deliveries(keyring: KeyRing) -> None:
    (a, *_), (sealed_a, *_) = seal(keyring, [b"a0", b"a1"])
    (_, b), (_, sealed_b) = seal(keyring, [b"b0", b"b1"])
    destroy(keyring, [a, b])
    assert open_many(keyring, [a, b], [sealed_a, sealed_b], b"vault") == [None, None]


def test_a_record_opens_only_as_what_and_where_it_was_sealed(keyring: KeyRing) -> None:
    (first, second), (sealed, other) = seal(keyring, [b"one", b"two"])
    (elsewhere, _), _ = seal(keyring, [b"x", b"y"])
    wrong = [
        (first, sealed, b"quarantine"),
        (second, sealed, b"vault"),
        (first, other, b"vault"),
        (elsewhere, sealed, b"vault"),
        (first, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"vault"),
        (first, b"", b"vault"),
    ]
    for ref, ciphertext, context in wrong:
        with pytest.raises(PlatformFault, match="does not belong"):
            open_sealed(keyring, ref, ciphertext, context)
    assert open_sealed(keyring, first, sealed, b"vault") == b"one"


def test_equal_records_look_different(keyring: KeyRing) -> None:
    _, sealed = seal(keyring, [b"same"] * 50)
    assert len(set(sealed)) == 50
    _, again = seal(keyring, [b"same"] * 50)
    assert not set(sealed) & set(again)


def test_nothing_in_clear_lies_anywhere(keyring: KeyRing) -> None:
    _, sealed = seal(keyring, [CANARY] * 3)
    files = [path.read_bytes() for path in keyring.folder.rglob("*") if path.is_file()]
    for piece in (CANARY, b"Zineb", "زينب".encode()):
        assert not any(piece in content for content in (*sealed, *files))


def test_no_data_key_lies_in_clear(keyring: KeyRing) -> None:
    refs, _ = seal(keyring, [b"x"] * 5)
    keys = list(keystore.read_keys(keyring, refs[0].store, range(5)))
    stored = (keyring.store / refs[0].store.file_name).read_bytes()
    assert len(set(keys)) == 5
    assert not any(key in stored for key in keys if key)


def test_another_installation_opens_nothing(keyring: KeyRing, tmp_path: Path) -> None:
    (ref,), (sealed,) = seal(keyring, [b"mine"])
    thief = KeyRing.create(tmp_path / "keys")
    (thief.store / ref.store.file_name).write_bytes((keyring.store / ref.store.file_name).read_bytes())
    with pytest.raises(PlatformFault, match="does not belong"):
        open_sealed(thief, ref, sealed, b"vault")


def test_a_key_file_renamed_to_another_delivery_opens_nothing(keyring: KeyRing) -> None:
    (ref,), (sealed,) = seal(keyring, [b"mine"])
    other = KeyRef("other", 1, 0)
    (keyring.store / other.store.file_name).write_bytes((keyring.store / ref.store.file_name).read_bytes())
    with pytest.raises(PlatformFault, match="does not belong"):
        open_sealed(keyring, other, sealed, b"vault")


def test_a_new_attempt_never_touches_an_earlier_one(keyring: KeyRing) -> None:
    refs, sealed = seal(keyring, [b"committed"])
    later, sealed_later = seal(keyring, [b"rejudged"])
    assert later[0].attempt != refs[0].attempt
    both = open_many(keyring, [*refs, *later], [*sealed, *sealed_later], b"vault")
    assert both == [b"committed", b"rejudged"]


def test_two_loaders_at_once_get_files_of_their_own(keyring: KeyRing) -> None:
    with Sealer(keyring, "racing") as one, Sealer(keyring, "racing") as two:
        assert one.attempt != two.attempt
        sealed = [one.seal([b"1"], b"vault")[0], two.seal([b"2"], b"vault")[0]]
        one.commit()
        two.commit()
        refs = [KeyRef("racing", one.attempt, 0), KeyRef("racing", two.attempt, 0)]
    assert open_many(keyring, refs, sealed, b"vault") == [b"1", b"2"]


def test_a_failed_load_leaves_no_keys(keyring: KeyRing) -> None:
    def load() -> None:
        with Sealer(keyring, "failing") as sealer:
            sealer.seal([b"x"], b"vault")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load()
    assert not list(keyring.store.glob("failing.*"))


def test_keys_stay_when_the_database_commit_fails(keyring: KeyRing) -> None:
    """Its outcome may be unknown: only the database can say later, so sweep decides."""

    def load() -> None:
        with Sealer(keyring, "unsure") as sealer:
            sealer.seal([b"x"], b"vault")
            sealer.commit()
            raise ConnectionError

    with pytest.raises(ConnectionError):
        load()
    assert len(list(keyring.store.glob("unsure.*"))) == 1


def test_sweep_takes_only_what_nobody_knows_and_nobody_fills(tmp_path: Path) -> None:
    keyring = KeyRing.create(tmp_path / "keys")
    (kept,), (sealed,) = seal(keyring, [b"known"])
    seal(keyring, [b"orphan"])
    with Sealer(keyring, "running") as running:
        assert keystore.sweep(keyring, lambda _: False, datetime(2020, 1, 1, tzinfo=UTC)) == 0
        assert keystore.sweep(keyring, lambda name: name == kept.store, LATER) == 1
        running.seal([b"x"], b"vault")
        running.commit()
    assert open_sealed(keyring, kept, sealed, b"vault") == b"known"
    assert sorted(path.name for path in keyring.store.glob("*.keys")) == [kept.store.file_name, "running.1.keys"]


def test_killed_at_any_point_what_was_committed_opens_and_the_rest_is_swept(tmp_path: Path) -> None:
    keyring = KeyRing.create(tmp_path / "keys")
    refs, sealed = seal(keyring, [b"before"])

    def load() -> None:
        with Sealer(keyring, DELIVERY) as sealer:
            sealer.seal([b"x"] * 100, b"vault")
            sealer.seal([b"y"] * 100, b"quarantine")
            sealer.commit()

    for _ in killed_everywhere(lambda _: load):
        again, sealed_again = seal(keyring, [b"rerun"])
        assert open_many(keyring, [*refs, *again], [*sealed, *sealed_again], b"vault") == [b"before", b"rerun"]
        known = {refs[0].store, again[0].store}
        keystore.sweep(keyring, known.__contains__, LATER)
        assert {path.name for path in keyring.store.glob("*.keys")} == {name.file_name for name in known}


def test_damage_is_told_from_destruction(keyring: KeyRing) -> None:
    refs, sealed = seal(keyring, [b"a", b"b"])
    path = keyring.store / refs[0].store.file_name
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:10], b"x" + whole[1:], whole[:20] + bytes([whole[20] ^ 1]) + whole[21:]):
        path.write_bytes(damaged)
        with pytest.raises(PlatformFault):
            open_sealed(keyring, refs[1], sealed[1], b"vault")
    path.unlink()
    with pytest.raises(PlatformFault):
        open_sealed(keyring, refs[1], sealed[1], b"vault")


def test_destroying_what_is_not_there_is_refused(keyring: KeyRing) -> None:
    refs, sealed = seal(keyring, [b"a"])
    for slot in (1, -1, 10**6):
        with pytest.raises(PlatformFault):
            destroy(keyring, [KeyRef(DELIVERY, refs[0].attempt, slot)])
    with pytest.raises(PlatformFault):
        destroy(keyring, [KeyRef("nobody", 1, 0)])
    assert open_sealed(keyring, refs[0], sealed[0], b"vault") == b"a"


@pytest.mark.parametrize("delivery_id", ["../private/x", "a/b", "", "a.b", "*", "a\0", "é"])
def test_a_delivery_id_cannot_lead_out_of_the_store(keyring: KeyRing, delivery_id: str) -> None:
    with pytest.raises(ValueError, match="letters, digits and dashes"):
        Sealer(keyring, delivery_id)
    with pytest.raises(ValueError, match="letters, digits and dashes"):
        open_sealed(keyring, KeyRef(delivery_id, 1, 0), b"", b"vault")


def test_a_full_disk_is_our_fault(keyring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device", "/x/secret name")

    with Sealer(keyring, "full") as sealer:
        with monkeypatch.context() as patch:
            patch.setattr("os.write", full)
            with pytest.raises(PlatformFault, match="No space left") as raised:
                sealer.seal([b"x"] * 10, b"vault")
        assert "secret" not in str(raised.value)
    assert not list(keyring.store.glob("full.*"))


def test_a_retired_wrapping_key_takes_all_with_it(tmp_path: Path) -> None:
    keyring = KeyRing.create(tmp_path / "keys")
    (old,), (sealed_old,) = seal(keyring, [b"old"])
    private = tmp_path / "keys" / "private"
    (private / "wrapping-0002.key").write_text("cd" * 32)
    keyring = KeyRing.open(tmp_path / "keys")
    (new,), (sealed_new,) = seal(keyring, [b"new"])
    assert open_many(keyring, [old, new], [sealed_old, sealed_new], b"vault") == [b"old", b"new"]
    (private / "wrapping-0001.key").unlink()
    assert open_sealed(keyring, new, sealed_new, b"vault") == b"new"
    with pytest.raises(KeyDestroyed):
        open_sealed(keyring, old, sealed_old, b"vault")


def test_file_name_says_delivery_and_attempt() -> None:
    assert StoreName(DELIVERY, 3).file_name == f"{DELIVERY}.3.keys"
