"""Backups brought back: everything but who was erased, also when the restoring process is killed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.faults.killing import killed
from tests.integration.station import Station, stations, visits
from tests.integration.test_erasure import FEED, FIRST, HERS, OTHER, assert_gone, fresh, met_twice, readable, woman

from marsad.errors import PlatformFault, UsageFault
from marsad.intake.office import Office
from marsad.intake.proof import verify_trail
from marsad.linkage import linker
from marsad.linkage.retoken import rotate_tokens
from marsad.register import erasure, holds, retention
from marsad.runtime import backup, standing
from marsad.warehouse import migrate
from marsad.warehouse.engine import database_url

__all__ = ["fresh"]


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "backups", tmp_path / "elsewhere"


def test_all_comes_back_but_who_was_erased(fresh: Station, places: tuple[Path, Path]) -> None:
    person = met_twice(fresh)
    made = backup.backup(fresh.office, *places)
    figures = fresh.rows("SELECT sex, victim_records FROM mart.victims ORDER BY 1, 2")
    before = fresh.counts()
    fresh.send(FEED, visits(woman("V9", "Salma Bouzid")), "C")
    erasure.erase(fresh.office, person, "own_request", "tester")
    rotate_tokens(fresh.office, "tester")
    other = fresh.one("SELECT person_id::text FROM link.record WHERE record_id = 'V2'")
    for held in (person, other):
        holds.place(fresh.office, held, "investigation", "tester")
    holds.lift(fresh.office, person, "tester")
    (landed,) = (path for path in fresh.office.landing.glob("*/*.age") if not _kept(path, places[0]))
    assert backup.restore(fresh.office, places[0], "tester") == made.folder
    after = fresh.counts()
    changed = {table: after[table] - before[table] for table in before if after[table] != before[table]}
    assert changed.pop("audit.event") == 3, "restored, erased again, tokens by the key that is there"
    assert changed.pop("ops.hold") == 1
    assert fresh.one("SELECT held_id::text FROM ops.hold") == other
    assert {*changed} <= {"vault.erased", "vault.erased_row", "vault.token", "vault.token_key", "link.pair"}
    assert_gone(fresh, person)
    assert fresh.rows("SELECT sex, victim_records FROM mart.victims ORDER BY 1, 2") == figures
    assert verify_trail(fresh.office) == []
    assert landed.exists(), "what came after the backup waits in landing"
    assert fresh.send(FEED, FIRST, "A")["status"] == "duplicate"
    fresh.send(FEED, visits(woman("V1", HERS[0], "05/05/2024")), "A")
    linker.link(fresh.office)
    assert_gone(fresh, person)
    assert retention.apply(fresh.office)["landed"] == 1
    assert not landed.exists(), "nobody sent it again"


def _kept(path: Path, folder: Path) -> bool:
    return (folder / "files" / "landing" / path.parent.name / path.name).exists()


def test_a_new_machine_with_both_copies(
    fresh: Station, places: tuple[Path, Path], tmp_path: Path, new_database: Callable[[str], str], migrated: str
) -> None:
    person = met_twice(fresh)
    backup.backup(fresh.office, *places)
    erasure.erase(fresh.office, person, "own_request", "tester")
    for name in HERS:
        assert name not in readable(fresh)
    settings = replace(fresh.office.settings, home=tmp_path / "new", warehouse_url=new_database(migrated))
    with pytest.raises(PlatformFault, match="no copy of the keys"):
        backup.bring_back_keys(settings, places[0])
    assert backup.bring_back_keys(settings, places[1])
    assert not backup.bring_back_keys(settings, places[1])
    office = Office.open(settings, fresh.office.clock)
    backup.restore(office, places[0], "tester")
    other = Station(office, tmp_path)
    assert_gone(other, person)
    assert OTHER in readable(other)
    assert {path.name for path in office.landing.glob("*/*.age")} == {
        path.name for path in fresh.office.landing.glob("*/*.age")
    }
    other.close()


@pytest.mark.long
def test_killed_while_it_restores(fresh: Station, places: tuple[Path, Path]) -> None:
    person = met_twice(fresh)
    backup.backup(fresh.office, *places)
    erasure.erase(fresh.office, person, "own_request", "tester")
    for seconds in (0.2, 0.5, 0.8, 1.2, 2.0):
        killed(fresh, lambda office: backup.restore(office, places[0], "tester"), delay=seconds)
        assert fresh.one("SELECT count(*) FROM ops.delivery") == 2, "the old database or the restored one, never half"
        assert not [name for name in HERS if name in readable(fresh)]
    backup.restore(fresh.office, places[0], "tester")
    assert_gone(fresh, person)


def test_what_came_back_does_not_stand_before_its_rights_are_granted(
    fresh: Station, places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_url(fresh.office.settings)
    standing.note(url, "made of this")
    backup.backup(fresh.office, *places)
    monkeypatch.setattr(migrate, "upgrade", _ended)
    with pytest.raises(KeyboardInterrupt):
        backup.restore(fresh.office, places[0], "tester")
    assert not standing.stands(url, "made of this")


def _ended(_url: str) -> None:
    raise KeyboardInterrupt


def test_a_backup_cut_short_changes_nothing(fresh: Station, places: tuple[Path, Path]) -> None:
    fresh.send(FEED, FIRST, "A")
    made = backup.backup(fresh.office, *places)
    before = fresh.counts()
    dump = made.folder / backup.DUMP
    dump.write_bytes(dump.read_bytes()[: -dump.stat().st_size // 2])
    with pytest.raises(PlatformFault, match="as it was"):
        backup.restore(fresh.office, places[0], "tester")
    assert fresh.counts() == before
    with pytest.raises(UsageFault, match="no backup"):
        backup.restore(fresh.office, places[1], "tester")


def test_keys_are_not_put_beside_what_they_open(fresh: Station, places: tuple[Path, Path]) -> None:
    with pytest.raises(UsageFault):
        backup.backup(fresh.office, places[0], places[0] / "keys")
    places[1].mkdir()
    (places[1] / "other").write_text("something of somebody's")
    with pytest.raises(PlatformFault, match="something else"):
        backup.backup(fresh.office, *places)


def test_neither_a_new_home_nor_one_that_lost_something_overwrites_what_it_should_restore(
    fresh: Station, places: tuple[Path, Path], tmp_path: Path, new_database: Callable[[str], str], migrated: str
) -> None:
    fresh.send(FEED, FIRST, "A")
    backup.backup(fresh.office, *places)
    kept = [sorted(path.rglob("*")) for path in places]
    other = next(stations(tmp_path / "new", new_database(migrated)))
    for wrong in (lambda: backup.backup(other.office, *places),
                  lambda: backup.bring_back_keys(other.office.settings, places[1])):  # fmt: skip
        with pytest.raises(PlatformFault, match="copy of other keys"):
            wrong()
    other.close()
    shutil.rmtree(fresh.office.landing)
    assert [sorted(path.rglob("*")) for path in places] == kept
    backup.backup(fresh.office, *places)
    assert list((places[0] / "files" / "landing").glob("*/*.age")), "its key is there still"
    for path in fresh.office.keyring.store.glob("*.keys"):
        path.unlink()
    with pytest.raises(PlatformFault, match="key store .* was lost"):
        backup.backup(fresh.office, *places)
    assert list((places[1] / "store").glob("*.keys"))


def test_a_copy_that_is_away_is_told(fresh: Station, places: tuple[Path, Path]) -> None:
    person = met_twice(fresh)
    backup.backup(fresh.office, *places)
    shutil.move(places[1], places[1].with_name("away"))
    assert erasure.erase(fresh.office, person, "own_request", "tester").unreached == [str(places[1])]
    shutil.move(places[1].with_name("away"), places[1])
    assert erasure.erase(fresh.office, person, "own_request", "tester").unreached == []
