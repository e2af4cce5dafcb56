"""A new wrapping key: what was sealed before opens after, whenever a rotation is killed, whatever runs beside it."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from tests.crashing import killed_everywhere

from marsad import durable
from marsad.identity import keystore
from marsad.identity.keys import KeyDestroyed, KeyRing
from marsad.identity.rotation import rotate, usage
from marsad.identity.vault import KeyRef, Sealer, destroy, open_many, open_sealed

Sealed = dict[KeyRef, bytes]
RECORDS = 9


def sealed(ring: KeyRing, *deliveries: str) -> Sealed:
    made: Sealed = {}
    for delivery in deliveries:
        with Sealer(ring, delivery) as sealer:
            ciphers = sealer.seal([f"{delivery} {n}".encode() for n in range(RECORDS)], b"vault")
            made |= {KeyRef(delivery, sealer.attempt, slot): text for slot, text in enumerate(ciphers)}
            sealer.commit()
    return made


def opened(ring: KeyRing, made: Sealed) -> list[bytes | None]:
    return open_many(ring, list(made), list(made.values()), b"vault")


def as_sealed(made: Sealed) -> list[bytes]:
    return [f"{ref.delivery_id} {ref.slot}".encode() for ref in made]


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "keys")


def test_everything_opens_after_and_the_old_key_is_gone(ring: KeyRing) -> None:
    made = sealed(ring, "d1", "d2")
    before = {path.name: path.read_bytes() for path in keystore.files(ring.store)}
    done = rotate(ring)
    assert (done.number, done.rewrapped, done.retired, done.finished) == (2, 2, (1,), True)
    assert usage(ring) == {2: 2}
    assert opened(KeyRing.open(ring.folder), made) == as_sealed(made)
    assert all(path.read_bytes()[64:] != before[path.name][64:] for path in keystore.files(ring.store))
    made |= sealed(ring, "d3")
    assert rotate(ring).number == 3
    assert opened(ring, made) == as_sealed(made)


def test_a_copy_of_the_store_from_before_opens_nothing_after(ring: KeyRing, tmp_path: Path) -> None:
    made = sealed(ring, "d1")
    shutil.copytree(ring.store, tmp_path / "copy")
    rotate(ring)
    shutil.rmtree(ring.store)
    (tmp_path / "copy").rename(ring.store)
    with pytest.raises(KeyDestroyed):
        opened(ring, made)


def test_what_was_erased_stays_erased(ring: KeyRing) -> None:
    made = sealed(ring, "d1")
    gone = [ref for ref in made if ref.slot in {0, 4, 5, RECORDS - 1}]
    destroy(ring, gone)
    rotate(ring)
    assert [ref for ref, text in zip(made, opened(ring, made), strict=True) if text is None] == gone
    assert [text for text in opened(ring, made) if text] == as_sealed({r: c for r, c in made.items() if r not in gone})


def test_killed_anywhere_the_next_run_finishes_and_nothing_is_lost(tmp_path: Path) -> None:
    rings: dict[int, tuple[KeyRing, Sealed]] = {}

    def prepare(point: int):
        ring = KeyRing.create(tmp_path / str(point))
        rings[point] = ring, sealed(ring, "d1", "d2")
        return lambda: rotate(ring)

    for point in killed_everywhere(prepare):
        ring, made = rings[point]
        assert opened(ring, made) == as_sealed(made)
        done = rotate(ring)
        assert done.finished
        assert usage(ring) == {done.number: 2}
        assert opened(ring, made) == as_sealed(made)
        assert not list(ring.folder.rglob("*.tmp"))


def test_while_an_intake_seals_its_key_is_kept(ring: KeyRing) -> None:
    made = sealed(ring, "d1")
    with Sealer(ring, "d2") as intake:
        first = intake.seal([b"d2 0"], b"vault")
        done = rotate(ring)
        assert (done.finished, done.rewrapped, done.retired) == (False, 1, ())
        second = intake.seal([b"d2 1"], b"vault")
        intake.commit()
        made |= {KeyRef("d2", intake.attempt, slot): text for slot, text in enumerate((*first, *second))}
    assert opened(ring, made) == as_sealed(made)
    assert usage(ring) == {1: 1, 2: 1}
    done = rotate(ring)
    assert (done.number, done.rewrapped, done.retired) == (2, 1, (1,))
    assert opened(ring, made) == as_sealed(made)


def test_while_an_erasure_or_a_sweep_holds_a_file_its_key_is_kept(ring: KeyRing) -> None:
    made = sealed(ring, "d1", "d2")
    with keystore.files(ring.store)[0].open("r+b") as file:
        assert durable.try_lock(file)
        done = rotate(ring)
    assert (done.finished, done.rewrapped, done.retired, done.waiting) == (False, 1, (), 1)
    assert opened(ring, made) == as_sealed(made)
    done = rotate(ring)
    assert (done.number, done.rewrapped, done.retired, done.finished) == (2, 1, (1,), True)
    assert opened(ring, made) == as_sealed(made)


def test_intakes_readers_and_erasures_at_once(ring: KeyRing) -> None:
    made, faults = sealed(ring, "first"), []
    erased = next(iter(made))

    def work(number: int) -> None:
        try:
            for turn in range(6):
                mine = sealed(ring, f"w{number}-{turn}")
                assert opened(ring, mine) == as_sealed(mine)
                made.update(mine)
                destroy(ring, [erased])
        except BaseException as fault:  # noqa: BLE001 - told to the test, whatever it is
            faults.append(fault)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        rotate(ring)
    assert faults == []
    rotate(ring)
    assert len(usage(ring)) == 1
    with pytest.raises(KeyDestroyed):
        open_sealed(ring, erased, made.pop(erased), b"vault")
    assert opened(ring, made) == as_sealed(made)


def test_files_without_a_header_or_just_swept_are_not_counted(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed(ring, "d1")
    (ring.store / "d2.1.keys").touch()  # somebody begins to fill it
    known = keystore.files(ring.store)
    monkeypatch.setattr(keystore, "files", lambda _folder: [*known, ring.store / "d3.1.keys"])
    assert usage(ring) == {1: 1}
