"""How well linkage finds the simulation's persons in the warehouse: ``python -m bench.linked --seed 11``.

Simulates agencies, ingests their files, links, and holds ``link.person_record`` against the truth, before any review:
pairs of all feeds that speak of victims. Beside it a baseline, the same folded name and birth date. Errors are told by
kind: how far scripts, names and births of the two rows agree, and whether they were compared.
With ``--review 0.02`` two people who know the truth answer the queue of clerical review then, in its order, up to that
share of the pairs that reached it or were joined, and what came of it is told again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.servers import fresh_warehouse

from bench import kinds, persons
from marsad.identity.keys import KeyRing
from marsad.intake import pipeline
from marsad.intake.office import Office
from marsad.linkage import linker, review
from marsad.linkage.reasons import why
from marsad.linkage.review import Question
from marsad.settings import Settings
from marsad.simulation import simulate

Key = tuple[str, str, str]
Pair = tuple[Key, Key]
_SHOWN = 12
_PEOPLE = ("first", "second")  # who answer, knowing the truth
_ROUND = 100  # answers between two runs of linkage


def main() -> None:
    """Simulates, ingests, links, tells precision and recall of pairs and what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.linked", description=__doc__)
    parser.add_argument("--victims", type=int, default=2000)
    parser.add_argument("--seed", type=int, nargs="+", default=[11])
    parser.add_argument("--review", type=float, default=0.0, help="Share of the pairs kept that people answer.")
    chosen = parser.parse_args()
    for seed in chosen.seed:
        print(f"seed {seed}, {chosen.victims} victims", flush=True)
        _run(chosen.victims, seed, chosen.review)


def _run(victims: int, seed: int, share: float) -> None:
    with fresh_warehouse("marsad-linked-") as (base, url), tempfile.TemporaryDirectory() as folder:
        files = simulate(Path(folder), victims, seed).parent
        settings = Settings.from_env({"MARSAD_HOME": str(base / "home"), "MARSAD_WAREHOUSE_URL": url})
        KeyRing.create(settings.place("keys"))
        office = Office.open(settings)
        truth = json.loads((files / "truth.json").read_text("utf-8"))
        _measure(office, files, truth)
        if share:
            _review(office, truth, share)
        office.engine.dispose()


def _measure(office: Office, files: Path, truth: Mapping[str, Any]) -> None:
    started = time.perf_counter()
    for sent in truth["files"]:
        pipeline.ingest(office, files / sent["file"], sent["feed"], sent["provider"])
    ingested = time.perf_counter()
    counts = linker.link(office)
    ended = time.perf_counter()
    print(f"ingested in {ingested - started:.0f} s, linked in {ended - ingested:.1f} s: {counts}")
    right, wrong = _held_against(office, truth)
    rows = dict(persons.rows_sent(office.catalog, truth, files, persons.ALL_FEEDS))
    own = {key for key, person in _known(truth).items() if person.startswith("V") and key in rows}
    _tell("the same folded name and birth date", right, _pairs({key: persons.plain(key, rows[key]) for key in own}))
    _explain(office, "missed", sorted(right - wrong), rows)
    _explain(office, "wrong", sorted(wrong - right), rows)


def _review(office: Office, truth: Mapping[str, Any], share: float) -> None:
    """Answers the queue in rounds, as people do between two runs of linkage, and tells what it brought."""
    known, policy = _known(truth), review.load_policy(office.settings.schemas)
    with office.engine.connect() as connection:
        kept = int(connection.execute(sa.text("SELECT count(*) FROM link.pair")).scalar_one())
        waiting = review.backlog(connection)
    budget, asked = int(share * kept), 0
    while asked < budget:
        with office.engine.begin() as connection:
            answered = [_answered(connection, one, known, policy, office)
                        for one in review.questions(connection, _PEOPLE[0], min(_ROUND, budget - asked))]  # fmt: skip
        if not answered:
            break
        asked += len(answered)
        linker.link(office)
    print(f"{waiting} pairs waited; {asked} answered, {100 * asked / kept:.2f} % of the {kept} pairs kept")
    _held_against(office, truth)


def _answered(
    connection: sa.Connection, asked: Question, known: Mapping[Key, str], policy: review.Policy, office: Office
) -> bool:
    """Whether it was decided, after as many people said the same as the policy wants."""
    persons = {known.get((key.feed, key.provider, key.record_id), str(key)) for key in (asked.left, asked.right)}
    said = review.SAME if len(persons) == 1 else review.DIFFERENT
    return any(
        review.answer(connection, asked, said, person, policy, office.clock()) == "decided" for person in _PEOPLE
    )


def _known(truth: Mapping[str, Any]) -> dict[Key, str]:
    return {tuple(record): one["person"] for one in truth["persons"] for record in one["records"]}


def _held_against(office: Office, truth: Mapping[str, Any]) -> tuple[set[Pair], set[Pair]]:
    """Tells precision and recall; returns the pairs that are right, and those found, of records but stays."""
    known = _known(truth)
    with office.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT feed, provider, record_id, person_id::text FROM link.person_record"))
        found = {(feed, provider, record): person for feed, provider, record, person in rows}
    victims = {key: person for key, person in known.items() if person.startswith("V")}
    _tell("all records of victims", _pairs(victims), _pairs(found))
    own = {key: person for key, person in victims.items() if key[0] != "ngo/shelter_stays"}
    right, wrong = _pairs(own), _pairs({key: person for key, person in found.items() if key in own})
    _tell("without stays", right, wrong)
    return right, wrong


def _pairs(groups: Mapping[Key, Hashable]) -> set[Pair]:
    members: dict[Hashable, list[Key]] = defaultdict(list)
    for key, group in groups.items():
        members[group].append(key)
    return {pair for keys in members.values() for pair in combinations(sorted(keys), 2)}


def _tell(name: str, true: set[Pair], found: set[Pair]) -> None:
    right = len(true & found)
    print(f"{name}: precision {right / max(1, len(found)):.4f}, recall {right / max(1, len(true)):.4f} of {len(true)}")


def _explain(office: Office, name: str, pairs: Sequence[Pair], rows: Mapping[Key, kinds.Row]) -> None:
    kind = kinds.kinds(office.clock().date())
    found = Counter(f"{kind(rows[one], rows[other])}; {_compared(office, one, other)}" for one, other in pairs)
    print(f"{name}: {len(pairs)}")
    for text, times in found.most_common(_SHOWN):
        print(f"  {times:4}  {text}")


def _compared(office: Office, one: Key, other: Key) -> str:
    told = why(office, "/".join(one), "/".join(other), "en")
    return "met over others" if told.over else "compared" if told.steps else "not compared"


if __name__ == "__main__":
    main()
