"""NGOs: assistance to victims and stays in shelters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from marsad.simulation.names import Script
from marsad.simulation.paths import Meeting, Path, Stay
from marsad.simulation.people import identity
from marsad.simulation.police import Told
from marsad.simulation.rows import Value
from marsad.simulation.world import LAST_DAY, PROVINCES, pick, some

_SERVICES = ("shelter", "medical", "psychosocial", "legal", "financial", "education")


def assistance(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One record for each victim the NGO helps."""
    for path in paths:
        for met in path.helpers:
            if met.provider == provider:
                yield _help(path, met, script, rng)


def _help(path: Path, met: Meeting, script: Script, rng: Random) -> Told:
    facts: dict[str, Value] = {
        **identity(path.episode.victim, script, met.on, rng),
        "victim_reference": met.reference,
        "met_on": met.on,
        "exploitation_form": path.episode.purposes,
        "means": path.episode.means,
        "victim.status": ("presumed",),
        "deciding_body": ("ngo",),
        "consent": ("given" if path.episode.victim.age(met.on) >= 18 else "given_by_guardian",),
        "consent_on": met.on,
        "referred_from": ("police",) if path.police else (),
        "police_reference": path.police.reference if path.police else (),
        "language": (pick({"ara": 6, "fra": 3}, rng),),
        "marital_status": (pick({"single": 6, "married": 2, "divorced": 2}, rng),),
        "children": rng.choice((0, 0, 0, 1, 2)),
        "region": (PROVINCES[path.episode.province],),
        "voluntary_return": ("no",),
        "reintegration": (pick({"yes": 3, "no": 5}, rng),),
    }
    for number, kind in enumerate(some(_SERVICES, 3, rng), 1):
        facts |= _service(number, kind, met.on, rng)
    return met.on, met.reference, path.episode.victim.id, facts


def _service(number: int, kind: str, on: date, rng: Random) -> dict[str, Value]:
    started = on + timedelta(rng.randrange(10))
    ended = started + timedelta(rng.randrange(10, 190))
    done = ended <= LAST_DAY
    facts: dict[str, Value] = {
        f"service{number}_kind": (kind,),
        f"service{number}_started_on": started,
        f"service{number}_status": ("done" if done else "running",),
    }
    return facts | ({f"service{number}_ended_on": ended} if done else {})


def shelter_stays(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One record for each stay in a shelter of the NGO; guests are known by number, so no script is needed."""
    del script
    for path in paths:
        for stay in path.stays:
            if stay.provider == provider:
                yield _stay(path, stay, rng)


def _stay(path: Path, stay: Stay, rng: Random) -> Told:
    victim = path.episode.victim
    guest = next(met.reference for met in path.helpers if met.provider == stay.provider)
    facts: dict[str, Value] = {
        "sex": (victim.sex,),
        "citizenship": (victim.citizenship,),
        "stated_age": victim.age(stay.since),
        "service_reference": stay.reference,
        "victim_reference": guest,
        "region": (PROVINCES[path.episode.province],),
        "referred_from": ("police",) if path.police else ("self",),
        "shelter": f"{stay.provider}-{rng.choice('AB')}",
        "capacity": 24,
        "started_on": stay.since,
        "accompanying_children": rng.choice((0, 0, 0, 1, 2)),
    }
    if stay.until:
        facts |= {"ended_on": stay.until, "exit_reason": (pick({"return": 2, "autonomy": 4, "family": 2}, rng),)}
    return stay.since, stay.reference, victim.id, facts
