"""What the campaign tries again and again, each time with other chances; a trial raises when something is wrong."""

from __future__ import annotations

import random
from collections.abc import Callable

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from tests.faults.killing import FEED, assert_once, assert_swept, content, kill_and_rerun, killed, tell_and_rerun
from tests.faults.test_race import at_once
from tests.integration import test_judged_again, test_pipeline
from tests.integration.histories import assert_any_order, histories
from tests.integration.station import Station, visit, visits
from tests.integration.test_bad_input import SAMPLES, any_bytes_are_answered, mutations
from tests.integration.versions import CHILDREN, arrive, counting, sequences

from marsad import audit
from marsad.intake import pipeline
from marsad.intake.proof import _documents

Trial = Callable[[Station, random.Random, int], None]
_DRAWS = settings(
    max_examples=3, phases=[Phase.generate], deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def kill_at_a_step(station: Station, chance: random.Random, steps: int) -> None:
    """SIGKILL before any statement, commit or change to the disk; then the file is sent again."""
    kill_and_rerun(station, point=chance.randint(1, steps))
    assert_swept(station)


def kill_after_a_while(station: Station, chance: random.Random, _steps: int) -> None:
    """SIGKILL at any moment."""
    kill_and_rerun(station, delay=chance.uniform(0, 1.5))
    assert_swept(station)


def told_to_end(station: Station, chance: random.Random, _steps: int) -> None:
    """SIGTERM at any moment."""
    tell_and_rerun(station, chance.uniform(0, 1.5))
    assert_swept(station)


def kill_between_commit_and_event(station: Station, chance: random.Random, steps: int) -> None:
    """SIGKILL in the last steps of a load; the drain after it finds all done and says what changed."""
    provider, before = station.sender(), station.office.clock()
    path = station.file(content(provider))
    point = steps - chance.randint(0, 3)
    killed(station, lambda office: pipeline.ingest(office, path, FEED, provider), point=point)
    pipeline.ingest(station.office, path, FEED, provider)
    assert pipeline.drain(station.office.settings, FEED, since=before).changed
    assert_once(station, provider)


def kill_again_and_again(station: Station, chance: random.Random, steps: int) -> None:
    """The same load killed several times before it gets through."""
    provider = station.sender()
    path = station.file(content(provider))
    for _ in range(chance.randint(2, 4)):
        point = chance.randint(1, steps)
        killed(station, lambda office: pipeline.ingest(office, path, FEED, provider), point=point)
    pipeline.ingest(station.office, path, FEED, provider)
    assert_once(station, provider)
    assert_swept(station)


def race_for_one_file(station: Station, chance: random.Random, _steps: int) -> None:
    """Two to four loaders and drains at once."""
    provider, settings_ = station.sender(), station.office.settings
    path = station.file(content(provider))
    loaders = [lambda office: pipeline.ingest(office, path, FEED, provider)] * chance.randint(2, 3)
    drains = [lambda _office: pipeline.drain(settings_, FEED)] * chance.randint(0, 1)
    assert set(at_once(station, *loaders, *drains)) == {0}
    assert_once(station, provider)


def race_of_two_files(station: Station, chance: random.Random, _steps: int) -> None:
    """An old and a new file of one sender at once: the new one counts."""
    provider, rows = station.sender(), chance.randint(1, 20)
    files = [
        station.file(visits(*(visit(f"V{n}", sent, Enfants=children) for n in range(rows))))
        for sent, children in (("01/02/2024", 1), ("02/02/2024", 2))
    ]
    chance.shuffle(works := [lambda office, path=path: pipeline.ingest(office, path, FEED, provider) for path in files])
    assert at_once(station, *works) == [0, 0]
    assert set(station.state(FEED, provider, "children")) == {(2,)}


def five_versions(station: Station, chance: random.Random, _steps: int) -> None:
    """Five versions with withdrawals of every kind, in any order, end as a model of their meaning says."""

    @seeded(chance.getrandbits(64))
    @_DRAWS
    @given(sequences())
    def draw(sequence) -> None:
        feed, sent, events = sequence
        provider = station.sender()
        arrive(station, feed, provider, sent, events)
        assert station.state(feed, provider, "record_id", "version", CHILDREN[feed]) == counting(feed, sent), events

    draw()


def any_order(station: Station, chance: random.Random, _steps: int) -> None:
    """Histories of corrections, snapshots, bad rows and withdrawals in two orders end in one state."""

    @seeded(chance.getrandbits(64))
    @_DRAWS
    @given(histories())
    def draw(history) -> None:
        assert_any_order(station, history)

    draw()


def any_bytes(station: Station, chance: random.Random, _steps: int) -> None:
    """Damaged files of all kinds get an answer."""
    name = chance.choice(sorted(SAMPLES))

    @seeded(chance.getrandbits(64))
    @_DRAWS
    @given(mutations(SAMPLES[name]))
    def draw(damaged) -> None:
        any_bytes_are_answered(station, name, damaged)

    draw()


BACK_AND_FORTH = (
    test_judged_again.test_after_a_contract_change_the_same_bytes_are_judged_anew,
    test_pipeline.test_back_and_forth_with_versions,
    test_pipeline.test_back_and_forth_without_versions_takes_what_came_last,
    test_pipeline.test_back_and_forth_of_a_snapshot,
    test_pipeline.test_back_and_forth_of_a_snapshot_without_versions,
    test_judged_again.test_rejudging_after_the_contract_changed,
    test_judged_again.test_retracting_and_sending_again,
    test_judged_again.test_terms_that_are_put_back_bring_the_first_reading_back,
    test_judged_again.test_terms_that_are_put_back_count_when_the_bytes_are_sent_again,
    test_judged_again.test_a_delivery_that_meets_another_under_the_terms_of_now_becomes_its_repeat,
)


def back_and_forth(station: Station, chance: random.Random, _steps: int) -> None:
    """The same file twice, after a contract change, A-B-A, withdrawn and sent again."""
    chance.choice(BACK_AND_FORTH)(station, station.sender())


TAMPERING = (
    "UPDATE audit.event SET actor = actor || 'x' WHERE seq = :seq",
    "UPDATE audit.event SET detail = detail || '{\"rows_read\": 77}' WHERE seq = :seq",
    "UPDATE audit.event SET at = at + interval '1 microsecond' WHERE seq = :seq",
    "DELETE FROM audit.event WHERE seq = :seq",
    "DELETE FROM audit.event WHERE seq >= :seq",
    """WITH cut AS (DELETE FROM audit.event WHERE seq >= :seq) UPDATE audit.head
       SET seq = :seq - 1, hash = coalesce((SELECT hash FROM audit.event WHERE seq = :seq - 1), '')""",
)


def tampering(station: Station, chance: random.Random, _steps: int) -> None:
    """A row of the audit changed, removed or cut off at the tail is found."""
    receipt = station.send(FEED, content(station.sender()), station.sender())
    last = audit.Head.parse(receipt[audit.AUDIT_HEAD]).seq
    seq = chance.choice((last, chance.randint(1, last)))
    with station.office.engine.connect() as connection:
        documents = list(_documents(connection, station.office))
        connection.execute(sa.text("ALTER TABLE audit.event DISABLE TRIGGER USER"))
        connection.execute(sa.text(chance.choice(TAMPERING)), {"seq": seq})
        faults = audit.verify(connection, documents, station.office.keyring.public.verifier)
        connection.rollback()
    assert faults, f"tampering with event {seq} of {last} was not found"
    station.assert_whole()


def endless_line(station: Station, _chance: random.Random, _steps: int) -> None:
    """One line of 500 MB."""
    path = station.file(visits(visit("V1")))
    with path.open("ab") as file:
        for _ in range(500):
            file.write(b"x" * 2**20)
    receipt = pipeline.ingest(station.office, path, FEED, station.sender())
    path.unlink()
    assert receipt["status"] == "refused"
    assert "file.line_too_long" in station.findings(receipt)


KILLS: tuple[Trial, ...] = (
    kill_at_a_step, kill_at_a_step, kill_at_a_step, kill_after_a_while, kill_between_commit_and_event,
)  # fmt: skip
OTHERS: tuple[Trial, ...] = (
    any_order, five_versions, race_for_one_file, any_bytes, back_and_forth, tampering, race_of_two_files,
    kill_again_and_again, told_to_end,
)  # fmt: skip
ONCE: tuple[Trial, ...] = (endless_line,)
