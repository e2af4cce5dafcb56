"""Who is whom in the warehouse: found, kept, changed, undone; the same after a rerun, in any order and after a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.station import STAYS, VISITS_OR_NOT, Station, csv, stations, visit, visits, withdrawn_visit

from marsad.errors import PassingFault, UsageFault
from marsad.intake import pipeline
from marsad.linkage import decisions, linker, queue
from marsad.linkage.reasons import why
from marsad.linkage.stock import Key
from marsad.settings import PROJECT

FEED = "lab/visits"
Persons = dict[Key, str]


def who(station: Station) -> Persons:
    """The person of each record, as the view tells it."""
    rows = station.rows("SELECT feed, provider, record_id, person_id::text AS person FROM link.person_record")
    return {Key(row["feed"], row["provider"], row["record_id"]): row["person"] for row in rows}


def together(persons: Persons) -> set[frozenset[Key]]:
    return {frozenset(key for key, other in persons.items() if other == person) for person in persons.values()}


def woman(number: str, name: str, born: str, sent: str = "01/02/2024") -> list[object]:
    return visit(number, sent, Nom=name, Naissance=born)


@pytest.fixture
def fresh(tmp_path: Path, new_database: Callable[[str], str], migrated: str) -> Iterator[Callable[[], Station]]:
    """Installations of their own, which share no persons with other tests."""
    made: list[Station] = []

    def make() -> Station:
        made.append(next(stations(tmp_path / str(len(made)), new_database(migrated))))
        return made[-1]

    yield make
    for station in made:
        station.close()


LATIN = woman("V1", "Fatima Zahra El Idrissi", "13/04/1990")
ARABIC = woman("V1", "فاطمة الزهراء الإدريسي", "13/04/1990")
OTHER = woman("V2", "Khadija Naciri", "02/11/1984")
TURNED = woman("V3", "Idrissi Fatima Zahra", "13/04/1990")


def test_two_scripts_and_orders_of_a_name_are_one_person_with_a_stable_id(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    assert linker.link(station.office)["entered"] == 2
    first = who(station)
    station.send(FEED, visits(ARABIC, TURNED), "B")
    done = linker.link(station.office)
    assert (done["entered"], done["persons"]) == (2, 0)
    found = who(station)
    assert {key: found[key] for key in first} == first
    assert together(found) == {
        frozenset({Key(FEED, "A", "V1"), Key(FEED, "B", "V1"), Key(FEED, "B", "V3")}), frozenset({Key(FEED, "A", "V2")})
    }  # fmt: skip
    assert set(linker.link(station.office).values()) == {0}, "nothing came, so nothing is looked at"
    assert who(station) == found
    _privileges(station)


def _privileges(station: Station) -> None:
    """Tokens are the linker's alone, and hold no key of a name in clear."""
    assert station.one("SELECT count(*) FROM vault.token") > 0
    for role in ("loader", "steward", "analyst", "auditor", "commission"):
        assert not station.one(f"SELECT has_table_privilege('marsad_{role}', 'vault.token', 'SELECT')")


def test_neither_order_nor_size_of_the_steps_changes_who_is_whom(fresh: Callable[[], Station]) -> None:
    files = [
        ("A", visits(LATIN, OTHER)),
        ("B", visits(ARABIC)),
        ("C", visits(TURNED, woman("V9", "Sara Benali", "03/12/2003"))),
    ]
    one, other = fresh(), fresh()
    for provider, content in files:
        one.send(FEED, content, provider)
    linker.link(one.office, at_once=1)
    for provider, content in files[::-1]:
        other.send(FEED, content, provider)
        linker.link(other.office)
    assert together(who(one)) == together(who(other))
    assert len(together(who(one))) == 3


def test_a_merge_keeps_the_older_id_and_can_be_undone(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN), "A")
    linker.link(station.office)
    station.send(FEED, visits(woman("V5", "Fatima Zahra El Idrissi", "02/06/1971")), "B")
    linker.link(station.office)
    older, younger = who(station)[Key(FEED, "A", "V1")], who(station)[Key(FEED, "B", "V5")]
    assert older != younger, "born nineteen years apart"
    decisions.decide(station.office, [(Key(FEED, "A", "V1"), Key(FEED, "B", "V5"))], "tester", same=True)
    linker.link(station.office)
    assert set(who(station).values()) == {older}
    assert station.one("SELECT merged_into::text FROM link.person WHERE person_id = :id", id=younger) == older
    station.send(FEED, visits(woman("V6", "فاطمة الزهراء الإدريسي", "02/06/1971")), "C")
    linker.link(station.office)
    decisions.decide(station.office, [(Key(FEED, "B", "V5"), Key(FEED, "C", "V6"))], "tester", same=True)
    linker.link(station.office)
    assert set(who(station).values()) == {older}
    assert decisions.undo(station.office, younger, "tester") == 1, "of who came later nothing is decided"
    linker.link(station.office)
    assert who(station) == {
        Key(FEED, "A", "V1"): older, Key(FEED, "B", "V5"): younger, Key(FEED, "C", "V6"): younger
    }  # fmt: skip
    assert station.one("SELECT merged_into FROM link.person WHERE person_id = :id", id=younger) is None
    with pytest.raises(UsageFault, match="nothing to take apart"):
        decisions.undo(station.office, older, "tester")


def test_of_merges_in_a_row_each_can_be_undone(fresh: Callable[[], Station]) -> None:
    station = fresh()
    keys = [Key(FEED, "A", number) for number in ("V1", "V2", "V4")]
    station.send(FEED, visits(LATIN, OTHER, woman("V4", "Salma Bouzid", "07/09/2001")), "A")
    linker.link(station.office, at_once=1)
    before = who(station)
    for pair in ((keys[1], keys[2]), (keys[0], keys[1])):
        decisions.decide(station.office, [pair], "tester", same=True)
        linker.link(station.office)
    assert set(who(station).values()) == {before[keys[0]]}
    assert decisions.undo(station.office, before[keys[2]], "tester") == 2, "from whom it met, and from whom these met"
    linker.link(station.office)
    assert who(station) == {keys[0]: before[keys[0]], keys[1]: before[keys[0]], keys[2]: before[keys[2]]}
    assert decisions.undo(station.office, before[keys[1]], "tester") == 1
    linker.link(station.office)
    assert who(station) == before
    with pytest.raises(UsageFault, match="merged into nobody"):
        decisions.undo(station.office, before[keys[1]], "tester")


def test_who_is_withdrawn_leaves_and_is_herself_when_she_returns(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN), "A")
    sent = station.send(FEED, visits(ARABIC), "B")
    linker.link(station.office)
    before = who(station)
    assert len(set(before.values())) == 1
    station.send(FEED, csv(VISITS_OR_NOT, withdrawn_visit("V1", "03/03/2024")), "A")
    assert linker.link(station.office)["departed"] == 1
    assert who(station) == {Key(FEED, "B", "V1"): before[Key(FEED, "B", "V1")]}
    pipeline.retract(station.office, sent["delivery_id"], "tester")
    linker.link(station.office)
    assert who(station) == {}
    assert station.one("SELECT count(*) FROM vault.token") == station.one("SELECT count(*) FROM link.pair") == 0
    station.send(FEED, visits(woman("V1", "Fatima Zahra El Idrissi", "13/04/1990", "04/04/2024")), "A")
    linker.link(station.office)
    assert who(station) == {Key(FEED, "A", "V1"): before[Key(FEED, "A", "V1")]}


def test_a_corrected_record_is_looked_at_again(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, woman("V2", "Khadija Naciri", "13/04/1990")), "A")
    station.send(FEED, visits(ARABIC), "B")
    linker.link(station.office)
    before = who(station)
    station.send(FEED, visits(woman("V1", "Salma Bouzid", "07/09/2001", "05/05/2024")), "A")
    done = linker.link(station.office)
    assert (done["entered"], done["departed"]) == (1, 0)
    assert len(together(who(station))) == 3
    assert who(station)[Key(FEED, "B", "V1")] == before[Key(FEED, "B", "V1")], "what hangs on her id is not another's"
    station.send(FEED, visits(woman("V1", "Fatima Zahra El Idrissi", "13/04/1990", "06/06/2024")), "A")
    linker.link(station.office)
    assert who(station) == before


@pytest.mark.long
def test_a_killed_linker_has_done_nothing_or_all(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    linker.link(station.office)
    before = who(station)
    station.send(FEED, visits(ARABIC, TURNED), "B")
    for point in (6, 18, 33):
        # No fork: linking has threads, and a thread's lock stays locked in a fork for ever.
        settings = station.office.settings
        command = [sys.executable, "-m", "tests.faults.linking", settings.home, settings.warehouse_url, str(point)]
        assert subprocess.run(command, cwd=PROJECT, check=False).returncode == -signal.SIGKILL, "it got through"
        assert who(station) == before
    linker.link(station.office)
    assert {key: who(station)[key] for key in before} == before
    assert len(who(station)) == 4
    assert len(set(who(station).values())) == 2
    station.assert_whole()


def test_it_says_why_in_words_and_numbers_and_no_values(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    station.send(FEED, visits(ARABIC), "B")
    linker.link(station.office)
    told = why(station.office, f"{FEED}/A/V1", f"{FEED}/B/V1", "fr")
    assert told.same
    assert told.weight == pytest.approx(sum(step.weight for step in told.steps), abs=1e-4)
    assert [step.comparison for step in told.steps] == ["Avant comparaison", "Nom complet", "Date de naissance", "Sexe"]
    text = "\n".join(told.lines()) + str(told.as_dict())
    assert not [value for value in ("Fatima", "Idrissi", "الإدريسي", "1990") if value in text]
    apart = why(station.office, f"{FEED}/A/V1", f"{FEED}/A/V2", "en")
    assert (apart.same, apart.steps) == (False, ())
    with pytest.raises(UsageFault, match="not linked"):
        why(station.office, f"{FEED}/A/V1", f"{FEED}/A/none", "en")
    with pytest.raises(UsageFault, match="agency/name/provider/number"):
        why(station.office, "V1", "V2", "en")
    station.send(FEED, visits(woman("V8", "Salma Bouzid", "13/04/1990")), "C")
    linker.link(station.office)
    decisions.decide(station.office, [(Key(FEED, "B", "V1"), Key(FEED, "C", "V8"))], "tester", same=True)
    linker.link(station.office)
    joined = why(station.office, f"{FEED}/A/V1", f"{FEED}/C/V8", "en")
    assert (joined.same, joined.over) == (True, [Key(FEED, "B", "V1")]), "people joined her to the other record"


def test_another_model_compares_all_again_and_keeps_the_ids(
    fresh: Callable[[], Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    station.send(FEED, visits(ARABIC), "B")
    linker.link(station.office)
    before, used = who(station), linker.load_policy(station.office.settings.schemas)
    reworded = used.model_copy(update={"owner": "somebody else"})
    monkeypatch.setattr(linker, "load_policy", lambda _schemas: reworded)
    assert linker.link(station.office)["entered"] == 0, "words decide nothing"
    stricter = used.model_copy(update={"thresholds": used.thresholds.model_copy(update={"link": 0.95})})
    monkeypatch.setattr(linker, "load_policy", lambda _schemas: stricter)
    with pytest.raises(UsageFault, match="another version"):
        linker.link(station.office)
    newer = stricter.model_copy(update={"version": used.version + 1})
    monkeypatch.setattr(linker, "load_policy", lambda _schemas: newer)
    assert linker.link(station.office, at_once=1)["entered"] == 3
    assert who(station) == before
    monkeypatch.setattr(linker, "load_policy", lambda _schemas: stricter)
    with pytest.raises(UsageFault, match="another version"):
        linker.link(station.office)


def test_a_run_ends_when_another_took_up_a_newer_model(
    fresh: Callable[[], Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    station.send(FEED, visits(ARABIC), "B")
    used = linker.load_policy(station.office.settings.schemas)

    def take_up_another(_told: str) -> None:
        newer = used.model_copy(update={"version": used.version + 1})
        monkeypatch.setattr(linker, "load_policy", lambda _schemas: newer)
        linker.link(station.office, at_once=1)

    with pytest.raises(PassingFault, match="run 'link' again"):
        linker.link(station.office, at_once=1, progress=take_up_another)
    assert station.rows("SELECT DISTINCT model_version FROM link.pair") == [{"model_version": used.version + 1}]
    assert len(together(who(station))) == 2


def test_women_of_whom_nobody_knows_the_name_are_not_one(fresh: Callable[[], Station]) -> None:
    station = fresh()
    with station.amended(FEED, "victim.full_name}", "victim.full_name, placeholders: [voir dossier]}"):
        for provider in "AB":
            rows = woman("V1", "Inconnue", "01/01/1990"), woman("V2", "voir dossier", "01/01/1990")
            station.send(FEED, visits(*rows), provider)
        linker.link(station.office)
        assert len(together(who(station))) == 4


def test_without_the_contract_of_a_feed_nothing_of_it_is_read_or_forgotten(fresh: Callable[[], Station]) -> None:
    station = fresh()
    sent = station.send(FEED, visits(LATIN), "A")
    linker.link(station.office)
    pipeline.retract(station.office, sent["delivery_id"], "tester")
    whole = station.office.catalog
    contracts = {feed: contract for feed, contract in whole.contracts.items() if feed != FEED}
    station.office = replace(station.office, known=replace(whole, contracts=contracts))
    linker.link(station.office)
    assert len(who(station)) == 1
    station.office = replace(station.office, known=whole)
    assert linker.link(station.office)["departed"] == 1
    assert who(station) == {}


def test_a_stay_follows_its_guest_once_whatever_waits(fresh: Callable[[], Station]) -> None:
    station = fresh()
    helped = station.amended(FEED, "victim.victim_reference}", "[victim.victim_reference, service.victim_reference]}")
    stayed = station.amended("lab/stays", "service.shelter}", "service.victim_reference}")
    with helped, stayed:
        station.send(FEED, visits(LATIN), "A")
        station.send("lab/stays", csv(STAYS, ["S1", "V1", 0, "2024-02-01", "2024-03-01"]), "A")
        linker.link(station.office)
        found = who(station)
        assert set(found) == {Key(FEED, "A", "V1"), Key("lab/stays", "A", "S1")}
        assert len(set(found.values())) == 1
        station.send(FEED, visits(woman("V1", "Fatima Idrissi", "13/04/1990", "05/05/2024")), "A")
        assert _rows(station) == (2, found), "a correction waits"
        with station.office.engine.begin() as connection:
            queue.everything_again(connection)
        assert _rows(station) == (2, found), "all waits"


def _rows(station: Station) -> tuple[int, Persons]:
    return station.one("SELECT count(*) FROM link.person_record"), who(station)
