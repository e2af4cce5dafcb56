"""Justice: defendants stage by stage, and victims before a court."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from marsad.simulation.names import Script
from marsad.simulation.paths import Meeting, Path
from marsad.simulation.people import identity
from marsad.simulation.police import Told
from marsad.simulation.rows import Value
from marsad.simulation.world import LAST_DAY, Person, pick, some

_ARTICLES = ("448-2", "448-3", "448-4", "448-7")
_COURTS = ("CA_RABAT", "CA_TANGER", "CA_MARRAKECH", "CA_CASABLANCA")
_DECISIONS = {"convicted": 52, "acquitted": 34, "requalified": 14}


def proceedings(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One record for each defendant at each instance."""
    for path in paths:
        if path.court and path.court.provider == provider:
            for number, person in enumerate(path.episode.suspects, 1):
                yield from _defendant(path, path.court, number, person, script, rng)


def _defendant(path: Path, met: Meeting, number: int, person: Person, script: Script, rng: Random) -> Iterator[Told]:
    articles = some(_ARTICLES, 2, rng)
    decided = met.on + timedelta(rng.randrange(20, 120))
    yield _stage(path, met, f"{met.reference}/{number}/1", person, (met.on, decided), "first", articles, script, rng)
    if rng.random() < 0.3 and decided + timedelta(150) <= LAST_DAY:
        again = (decided + timedelta(30), decided + timedelta(rng.randrange(60, 150)))
        yield _stage(path, met, f"{met.reference}/{number}/2", person, again, "appeal", articles, script, rng)


def _stage(
    path: Path,
    met: Meeting,
    key: str,
    person: Person,
    days: tuple[date, date],
    instance: str,
    articles: tuple[str, ...],
    script: Script,
    rng: Random,
) -> Told:
    received, decided = days
    facts: dict[str, Value] = {
        **identity(person, script, received, rng),
        **_file(path, met),
        "proceeding_reference": key,
        "defendant_reference": key.rpartition("/")[0],
        "person_type": ("natural",),
        "instance": (instance,),
        "stage": ("indicted",),
        "charge_articles": articles,
        "received_on": received,
        "indicted_on": received,
        "custody": (pick({"detained": 7, "free": 3}, rng),),
    }
    if decided <= LAST_DAY:
        facts |= _decision(decided, articles, rng)
    return received, key, person.id, facts


def _decision(decided: date, articles: tuple[str, ...], rng: Random) -> dict[str, Value]:
    decision = pick(_DECISIONS, rng)
    facts: dict[str, Value] = {
        "decided_on": decided,
        "heard_on": decided,
        "decision": (decision,),
        "stage": ("judged",),
    }
    if decision == "convicted":
        sentence: dict[str, Value] = {
            "sentence_months": rng.randrange(60, 241, 6),
            "fine": rng.randrange(10, 500, 10) * 1000,
        }
        facts |= sentence | {"convicted_articles": articles[:1]}
    if decision == "requalified":
        facts["requalified_to"] = ("smuggling",)
    return facts


def victims(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One record for each victim named in a file of the court."""
    for path in paths:
        if path.court and path.court.provider == provider:
            yield _victim(path, path.court, script, rng)


def _victim(path: Path, met: Meeting, script: Script, rng: Random) -> Told:
    key = f"{met.reference}/V1"
    recognised = rng.random() < 0.7
    decided = min(met.on + timedelta(rng.randrange(20, 120)), LAST_DAY)
    facts: dict[str, Value] = {
        **identity(path.episode.victim, script, met.on, rng),
        **_file(path, met),
        "victim_reference": key,
        "proceeding_reference": key,
        "received_on": met.on,
        "instance": ("first",),
        "exploitation_form": path.episode.purposes,
        "means": path.episode.means,
        "decided_on": decided,
        "victim.status": ("confirmed" if recognised else "not_confirmed",),
        "status_on": decided,
        "deciding_body": ("court",),
        "recognised": ("yes" if recognised else "no",),
        "civil_party": ("yes" if recognised and rng.random() < 0.6 else "no",),
    }
    return met.on, key, path.episode.victim.id, facts


def _file(path: Path, met: Meeting) -> dict[str, Value]:
    return {
        "case_reference": met.reference,
        "court_reference": met.reference,
        "police_reference": path.police.reference if path.police else (),
        "offence": ("tip",),
        "exploitation_form": path.episode.purposes,
        "court": (_COURTS[int(met.reference[-1]) % len(_COURTS)],),
    }
