"""The register from the pages' side: right persons, dated histories, consent; the same rows whatever the way there."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from tests.integration.station import VISITS_OR_NOT, Station, csv, stations, stays, visit, visits, withdrawn_visit

from marsad.intake import pipeline
from marsad.linkage import decisions, linker
from marsad.linkage.stock import Key
from marsad.register import queue
from marsad.register import refresh as refreshing
from marsad.register.path import History, history, told
from marsad.register.refresh import refresh
from marsad.register.watch import check
from marsad.settings import PROJECT

FEED = "lab/visits"
TABLES = ("person", "record", "source", "status", "step", "seen_by")


def woman(number: str, name: str, born: str, sent: str = "01/02/2024", **more: object) -> list[object]:
    return visit(number, sent, Nom=name, Naissance=born, **more)


LATIN = woman("V1", "Fatima Zahra El Idrissi", "13/04/1990")
ARABIC = woman("V1", "فاطمة الزهراء الإدريسي", "13/04/1990", Rencontre="20/01/2024")
OTHER = woman("V2", "Khadija Naciri", "02/11/1984")


def run(station: Station) -> dict[str, int]:
    linker.link(station.office)
    return refresh(station.office)


def rows(station: Station, named: dict[str, str] | None = None) -> dict[str, list[tuple[object, ...]]]:
    """All that the register holds, persons by the names given to their ids."""
    names = named or {}
    found: dict[str, list[tuple[object, ...]]] = {}
    for table in TABLES:
        kept = [
            {k: v for k, v in row.items() if k != "content_id"}
            for row in station.rows(f"SELECT * FROM register.{table}")
        ]
        found[table] = sorted((tuple(names.get(str(v), v) for v in row.values()) for row in kept), key=str)
    return found


def by_records(station: Station) -> dict[str, str]:
    """A name for each person that does not depend on ids."""
    query = """SELECT person_id::text AS id, string_agg(provider || record_id, ' ' ORDER BY provider, record_id) AS name
        FROM register.record GROUP BY 1"""
    return {row["id"]: row["name"] for row in station.rows(query)}


def of(station: Station, person: str) -> History:
    with station.office.engine.connect() as connection:
        found = history(connection, person)
    assert found
    return found


def figures(station: Station, as_of: str = "") -> list[list[object]]:
    """What marts tell of persons, now or as of a moment."""
    with station.office.engine.connect() as connection:
        connection.execute(sa.text("SELECT set_config('marsad.as_of', :as_of, true)"), {"as_of": as_of})
        return [sorted(map(repr, connection.execute(sa.text(f"SELECT * FROM mart.{mart}"))))
                for mart in ("persons", "referral_path")]  # fmt: skip


def holds_together(station: Station) -> None:
    """The register is sound, and the tallies that were kept on the way tell what its history does."""
    assert figures(station) == figures(station, station.office.clock().isoformat())
    assert {name: [one.rule.id for one in broken] for name, broken in check(station.office).items()} == {
        "core": [], "register": []
    }  # fmt: skip


@pytest.fixture
def fresh(tmp_path: Path, new_database: Callable[[str], str], migrated: str) -> Iterator[Callable[[], Station]]:
    """Installations of their own, judged by the project's suites of the warehouse."""
    made: list[Station] = []

    def make() -> Station:
        station = next(stations(tmp_path / str(len(made)), new_database(migrated)))
        (station.home / "expectations" / "warehouse").symlink_to(PROJECT / "expectations" / "warehouse")
        made.append(station)
        return station

    yield make
    for station in made:
        station.close()


def test_one_row_a_person_and_only_who_is_touched_is_rebuilt(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    assert run(station)["registered"] == 2
    station.send(FEED, visits(ARABIC), "B")
    assert run(station)["touched"] == 1
    assert set(refresh(station.office).values()) == {0}, "nothing came"
    (seen,) = station.rows("SELECT person_id::text AS id FROM register.seen_by WHERE provider = 'B'")
    one = of(station, seen["id"])
    assert [(s.provider, str(s.first_seen)) for s in one.seen_by] == [("A", "2024-01-15"), ("B", "2024-01-20")]
    assert (len(one.records), one.purpose, one.status.status) == (2, "statistics", "presumed")
    assert one.values["sex"].value == "F"
    assert one.values["age_band"].sources == {1: Key(FEED, "A", "V1")}, "of the first who met her"
    assert [(step.kind, step.days) for step in one.steps] == [("detection", None), ("detection", 5)]
    assert one.identity == {}
    assert not [value for value in ("Fatima", "Idrissi", "1990-04-13") if value in str(one) + str(told(one))]
    holds_together(station)


def test_neither_order_nor_size_of_the_steps_changes_a_row(fresh: Callable[[], Station]) -> None:
    corrected = woman("V1", "Fatima Zahra El Idrissi", "13/04/1990", "05/05/2024", Rencontre="10/01/2024")
    files = [("A", visits(LATIN, OTHER)), ("B", visits(ARABIC)), ("A", visits(corrected))]
    one, other = fresh(), fresh()
    for provider, content in files:
        one.send(FEED, content, provider)
        run(one)
    for provider, content in files[::-1]:
        other.send(FEED, content, provider)
        linker.link(other.office)
    refresh(other.office)
    assert rows(one, by_records(one)) == rows(other, by_records(other))
    late = [
        row for row in one.rows("SELECT stated, replaced, decided_on::text AS day FROM register.status ORDER BY 1, 3")
    ]
    assert {"stated": "2024-02-01", "replaced": "2024-05-05", "day": "2024-01-15"} in late, "closed, never overwritten"
    assert {"stated": "2024-05-05", "replaced": None, "day": "2024-01-10"} in late
    before = rows(one)
    one.send(FEED, files[0][1].replace("récit", "autre récit"), "A")
    run(one)
    assert rows(one)["person"] == before["person"]


def test_a_merge_undone_leaves_what_was_there_and_nothing_hangs_on_a_ghost(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    station.send(FEED, visits(woman("V5", "Fatima Zahra El Idrissi", "02/06/1971")), "B")
    run(station)
    before = rows(station)
    pair = (Key(FEED, "A", "V1"), Key(FEED, "B", "V5"))
    with station.office.engine.begin() as connection:
        connection.execute(sa.text(_REFERRAL))
    decisions.decide(station.office, [pair], "tester", same=True)
    assert run(station)["touched"] == 2
    assert station.one(_REFERRED) == 2, "what was sent goes with her"
    (ghost,) = station.rows("SELECT person_id::text AS id FROM link.person WHERE merged_into IS NOT NULL")
    for table in TABLES:
        assert not station.one(f"SELECT count(*) FROM register.{table} WHERE person_id::text = :id", id=ghost["id"])
    assert len(rows(station)["person"]) == 2
    holds_together(station)
    decisions.undo(station.office, ghost["id"], "tester")
    run(station)
    assert rows(station) == before
    assert station.one(_REFERRED) == 1


_REFERRAL = """
    INSERT INTO register.referral
        (referral_id, feed, provider, record_id, person_id, to_provider, kind, sent_at, sent_by)
    SELECT uuidv7(), feed, provider, record_id, person_id, 'ONG', 'medical', now(), 'account:x'
    FROM register.record WHERE record_id = 'V5'
"""
_REFERRED = "SELECT count(*) FROM register.referral JOIN register.record USING (person_id)"


def test_a_referral_by_a_withdrawn_record_follows_whose_it_was(fresh: Callable[[], Station]) -> None:
    station = fresh()
    name = "Fatima Zahra El Idrissi"
    for provider, row in (("C", OTHER), ("A", LATIN), ("B", woman("V5", name, "13/04/1990"))):
        station.send(FEED, visits(row), provider)
        run(station)
    with station.office.engine.begin() as connection:
        connection.execute(sa.text(_REFERRAL))
    station.send(FEED, csv(VISITS_OR_NOT, withdrawn_visit("V5", "03/03/2024")), "B")
    run(station)
    person = "SELECT person_id::text FROM link.record WHERE provider = :p"
    hers = station.one(person, p="A")
    decisions.decide(station.office, [(Key(FEED, "A", "V1"), Key(FEED, "C", "V2"))], "tester", same=True)
    run(station)
    assert station.one(person, p="A") == station.one(person, p="C") != hers
    assert station.one("SELECT person_id::text FROM register.referral") == station.one(person, p="C")
    decisions.undo(station.office, hers, "tester")
    run(station)
    assert station.one("SELECT person_id::text FROM register.referral") == hers


def test_who_is_withdrawn_leaves_the_register_and_comes_back(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    run(station)
    before = rows(station)
    station.send(FEED, csv(VISITS_OR_NOT, withdrawn_visit("V1", "03/03/2024")), "A")
    run(station)
    assert len(rows(station)["person"]) == 1
    holds_together(station)
    station.send(FEED, visits(woman("V1", "Fatima Zahra El Idrissi", "13/04/1990", "04/04/2024")), "A")
    run(station)
    assert rows(station)["person"] == before["person"]
    history_of_it = station.rows("SELECT stated, replaced FROM register.status WHERE record_id = 'V1' ORDER BY stated")
    assert [tuple(row.values()) for row in history_of_it] == [("2024-02-01", "2024-03-03"), ("2024-04-04", None)]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_a_decision_closes_the_one_before_and_neither_is_ever_lost(
    fresh: Callable[[], Station], order: tuple[int, ...]
) -> None:
    station = fresh()
    told = ("presumed", "confirmed", "confirmed", "not_confirmed")
    with station.amended(FEED, "codelist: sex, concept: victim.sex", "codelist: victim_status, concept: victim.status"):
        for place in order:
            row = woman("V1", "Fatima Zahra El Idrissi", "13/04/1990", f"0{place + 1}/02/2024", Sexe=told[place])
            station.send(FEED, visits(row), "A")
            run(station)
    history = station.rows("SELECT stated, status, replaced, current FROM register.status ORDER BY stated")
    assert [tuple(row.values()) for row in history] == [
        ("2024-02-01", "presumed", "2024-02-02", False),
        ("2024-02-02", "confirmed", "2024-02-04", False),
        ("2024-02-04", "not_confirmed", None, True),
    ]


def test_what_a_retracted_delivery_said_leaves_a_history_though_it_counted_no_longer(
    fresh: Callable[[], Station],
) -> None:
    station = fresh()
    first = station.send(FEED, visits(LATIN), "A")
    station.send(FEED, visits(woman("V1", "Fatima Zahra El Idrissi", "13/04/1990", "05/05/2024")), "A")
    run(station)
    pipeline.retract(station.office, first["delivery_id"], "tester")
    assert run(station)["touched"] == 1
    assert station.rows("SELECT stated, replaced FROM register.status") == [{"stated": "2024-05-05", "replaced": None}]


def test_a_stay_follows_its_guests_code_wherever_a_newer_list_puts_it(fresh: Callable[[], Station]) -> None:
    station = fresh()
    with station.amended("lab/stays", "concept: service.shelter", "concept: service.victim_reference"):
        station.send("lab/stays", stays("2024-02-01", S1="V1", S2="V1", S3="V9"), "A")
        station.send(FEED, visits(LATIN, OTHER), "A")
        run(station)
        assert guests(station) == {"S1": "V1", "S2": "V1"}
        station.send("lab/stays", stays("2024-02-02", S1="V2", S3="V9"), "A")
        assert run(station)["touched"] == 2
        assert guests(station) == {"S1": "V2"}
        station.send(FEED, visits(woman("V9", "Sara Benali", "03/12/2003")), "A")
        run(station)
        assert guests(station) == {"S1": "V2", "S3": "V9"}
        holds_together(station)


def guests(station: Station) -> dict[str, str]:
    query = """SELECT s.record_id AS stay, v.record_id AS guest FROM register.record s JOIN register.record v
        USING (person_id) WHERE s.feed = 'lab/stays' AND v.feed = 'lab/visits'"""
    return {row["stay"]: row["guest"] for row in station.rows(query)}


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_what_grew_step_by_step_is_what_is_built_from_nothing(fresh: Callable[[], Station], seed: int) -> None:
    station, chance = fresh(), Random(seed)
    women = [("Fatima Zahra El Idrissi", "13/04/1990"), ("فاطمة الزهراء الإدريسي", "13/04/1990"),
             ("Khadija Naciri", "02/11/1984")]  # fmt: skip

    def send() -> None:
        number, sent, met = chance.choice("123"), chance.randint(1, 28), chance.randint(1, 31)
        row = woman(f"V{number}", *chance.choice(women), f"{sent:02}/02/2024", Rencontre=f"{met:02}/01/2024")
        station.send(FEED, visits(row), chance.choice("ABC"))

    def withdraw() -> None:
        number, sent = chance.choice("123"), chance.randint(1, 28)
        station.send(
            FEED, csv(VISITS_OR_NOT, withdrawn_visit(f"V{number}", f"{sent:02}/02/2024")), chance.choice("ABC")
        )

    def retract() -> None:
        live = station.rows("SELECT delivery_id::text AS id FROM ops.delivery WHERE live AND status LIKE 'accepted%'")
        if live:
            pipeline.retract(station.office, chance.choice(live)["id"], "tester")

    def decide() -> None:
        found = station.rows("SELECT feed, provider, record_id FROM link.record ORDER BY 1, 2, 3")
        linked = [Key(*row.values()) for row in found]
        if len(linked) > 1:
            pair = tuple(chance.sample(linked, 2))
            decisions.decide(station.office, [pair], "tester", same=chance.random() < 0.5)

    send()
    for _ in range(14):
        chance.choice((send, send, send, withdraw, retract, decide))()
        if chance.random() < 0.7:
            run(station)
    run(station)
    grown = rows(station)
    with station.office.engine.begin() as connection:
        for table in TABLES:
            connection.execute(sa.text(f"DELETE FROM register.{table}"))
        queue.everybody(connection)
    refresh(station.office)
    assert rows(station) == grown
    holds_together(station)


@pytest.mark.long
def test_a_killed_refresh_has_done_nothing_or_all(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    run(station)
    before = rows(station)
    station.send(FEED, visits(ARABIC), "B")
    linker.link(station.office)
    for point in (5, 14, 25):
        command = [
            sys.executable,
            "-m",
            "tests.faults.linking",
            station.home,
            station.office.settings.warehouse_url,
            str(point),
            "register",
        ]
        assert subprocess.run(list(map(str, command)), cwd=PROJECT, check=False).returncode == -signal.SIGKILL
        assert rows(station) == before
    assert refresh(station.office)["touched"] == 1
    assert len(rows(station)["seen_by"]) == 3
    holds_together(station)


def test_another_policy_rebuilds_everybody(fresh: Callable[[], Station], monkeypatch: pytest.MonkeyPatch) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    run(station)
    used = refreshing.load_survivorship(station.office.settings.schemas)
    status = used.status.model_copy(update={"unstated": "potential"})
    monkeypatch.setattr(refreshing, "load_survivorship", lambda _schemas: used.model_copy(update={"status": status}))
    assert refresh(station.office)["registered"] == 2
    assert station.rows("SELECT DISTINCT status FROM register.status") == [{"status": "potential"}]
    assert refresh(station.office)["touched"] == 0


def test_what_breaks_the_rules_of_the_warehouse_is_told_since_when_and_until_when(fresh: Callable[[], Station]) -> None:
    station = fresh()
    station.send(FEED, visits(LATIN, OTHER), "A")
    run(station)
    holds_together(station)
    with station.office.engine.begin() as connection:
        connection.execute(sa.text("UPDATE register.status SET current = false WHERE record_id = 'V1'"))
    for _ in range(2):
        (broken,) = check(station.office)["register"]
        assert (broken.rule.id, broken.severity, broken.params) == (
            "status.one_counts", "critical", {"without_one_status": 1}
        )  # fmt: skip
    assert station.one("SELECT count(*) FROM ops.breach WHERE until IS NULL") == 1
    with station.office.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO link.touched SELECT person_id FROM register.person"))
    refresh(station.office)
    holds_together(station)
    assert station.one("SELECT count(*) FROM ops.breach WHERE until > since") == 1


def test_it_is_told_when_people_contradict_each_other(fresh: Callable[[], Station]) -> None:
    station = fresh()
    names = ("Fatima Zahra El Idrissi", "Khadija Naciri", "Salma Bouzid")
    for provider, name in zip("ABC", names, strict=True):
        station.send(FEED, visits(woman("V1", name, "13/04/1990")), provider)
    run(station)
    one, other, third = (Key(FEED, provider, "V1") for provider in "ABC")
    decisions.decide(station.office, [(one, other)], "tester", same=False)
    decisions.decide(station.office, [(one, third), (other, third)], "tester", same=True)
    run(station)
    (broken,) = check(station.office)["core"]
    assert (broken.rule.id, broken.severity, broken.params) == ("link.heeds_people", "warning", {"decided_in_vain": 1})
    decisions.decide(station.office, [(one, other)], "tester", same=True)
    run(station)
    holds_together(station)


def test_every_view_and_column_of_the_register_is_described(station: Station) -> None:
    undescribed = station.rows(
        """SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
           WHERE c.relnamespace = 'register'::regnamespace AND c.relkind = 'v' AND a.attnum > 0
             AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"""
    )
    assert undescribed == []
