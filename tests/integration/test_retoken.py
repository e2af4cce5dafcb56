"""A new key for tokens: who is whom stays, whoever is killed meanwhile, whatever loads beside it."""

from __future__ import annotations

import threading

import pytest
from tests.faults.killing import killed
from tests.integration.station import Station, visits
from tests.integration.test_erasure import FEED, FIRST, HERS, assert_gone, fresh, met_twice, woman

from marsad.identity.rotation import rotate
from marsad.linkage import linker
from marsad.linkage.retoken import rotate_tokens
from marsad.register import erasure

__all__ = ["fresh"]
PERSONS = "SELECT feed, provider, record_id, person_id::text FROM link.record ORDER BY 1, 2, 3"


def tokens(station: Station) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for row in station.rows("SELECT content_id, token FROM vault.token"):
        found.setdefault(row["content_id"], set()).add(row["token"])
    return found


def test_all_tokens_are_others_and_find_the_same(fresh: Station) -> None:
    met_twice(fresh)
    before, persons = tokens(fresh), fresh.rows(PERSONS)
    assert rotate_tokens(fresh.office, "tester") == (2, 3)
    after = tokens(fresh)
    assert after.keys() == before.keys()
    assert all(
        len(after[content]) == len(before[content]) and not after[content] & before[content] for content in after
    )
    assert fresh.office.keyring.token_ids == (2,)
    assert fresh.rows(PERSONS) == persons
    fresh.send(FEED, visits(woman("X1", HERS[0])), "C")
    assert linker.link(fresh.office)["compared"] > 0, "what comes later still meets it"
    assert rotate_tokens(fresh.office, "tester") == (3, 4)


def test_an_erased_person_gets_none(fresh: Station) -> None:
    person = met_twice(fresh)
    erasure.erase(fresh.office, person, "own_request", "tester")
    assert rotate_tokens(fresh.office, "tester")[1] == 1
    assert_gone(fresh, person)


@pytest.mark.long
def test_killed_anywhere_and_run_again(fresh: Station) -> None:
    met_twice(fresh)
    persons, point, before = fresh.rows(PERSONS), 0, tokens(fresh)
    while point == 0 or killed(fresh, lambda office: rotate_tokens(office, "tester"), point=point) is None:
        point += 1
        assert tokens(fresh).keys() == before.keys()
    assert point > 10
    fresh.send(FEED, visits(woman("X1", HERS[0])), "C")
    linker.link(fresh.office)
    number, records = rotate_tokens(fresh.office, "tester")
    assert (fresh.office.keyring.token_ids, records) == ((number,), 4)
    assert len(tokens(fresh)) == 4
    assert [row for row in fresh.rows(PERSONS) if row["provider"] != "C"] == persons


def test_both_keys_change_while_files_are_taken_in(fresh: Station) -> None:
    stop, faults = threading.Event(), []

    def turn() -> None:
        while not stop.is_set():
            try:
                rotate(fresh.office.keyring)
                rotate_tokens(fresh.office, "tester")
            except Exception as fault:  # noqa: BLE001 - told below
                faults.append(repr(fault))

    beside = threading.Thread(target=turn)
    beside.start()
    try:
        for number in range(6):
            fresh.send(FEED, FIRST.replace("V", f"V{number}-"), f"P{number}")
            linker.link(fresh.office)
    finally:
        stop.set()
        beside.join()
    assert faults == []
    fresh.assert_whole()
    assert fresh.one("SELECT count(*) FROM vault.record") == 12
    assert len(tokens(fresh)) == fresh.one("SELECT count(*) FROM link.record") == 12
    assert rotate(fresh.office.keyring).finished
