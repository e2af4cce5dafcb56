"""NGOs: assistance to victims and stays in shelters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random

from marsad.simulation.names import Script
from marsad.simulation.paths import Meeting, Path, Stay
from marsad.simulation.people import identity
from marsad.simulation.police import Told
from marsad.simulation.rows import Value
from marsad.simulation.world import LAST_DAY, pick, some

_SERVICES = ("shelter", "medical", "psychosocial", "legal", "financial", "education")


def assistance(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One record for each victim the NGO helps."""
    for path in paths:
        for met in path.helpers:
            if met.provider == provider:
                yield _help(path, met, script, rng)


def _help(path: Path, met: Meeting, script: Script, rng: Random) -> Told:
    ended = met.on + timedelta(rng.randrange(20, 200))
    facts: dict[str, Value] = {
        **identity(path.episode.victim, script, met.on, rng),
        "victim_reference": met.reference,
        "service_reference": met.reference,
        "met_on": met.on,
        "started_on": met.on,
        "requested_on": met.on - timedelta(rng.randrange(3)),
        "kind": some(_SERVICES, 3, rng),
        "exploitation_form": path.episode.purposes,
        "means": path.episode.means,
        "status": ("presumed",),
        "consent": ("given",),
        "consent_on": met.on,
        "referred_from": ("police",) if path.police else (),
        "police_reference": path.police.reference if path.police else (),
        "voluntary_return": ("no",),
        "reintegration": (pick({"yes": 3, "no": 5}, rng),),
    }
    if ended <= LAST_DAY:
        facts["ended_on"] = ended
    return met.on, met.reference, path.episode.victim.id, facts


def shelter_stays(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One record for each stay in a shelter of the NGO."""
    for path in paths:
        for stay in path.stays:
            if stay.provider == provider:
                yield _stay(path, stay, script, rng)


def _stay(path: Path, stay: Stay, script: Script, rng: Random) -> Told:
    victim = path.episode.victim
    guest = next(met.reference for met in path.helpers if met.provider == stay.provider)
    facts: dict[str, Value] = {
        **identity(victim, script, stay.since, rng),
        "service_reference": stay.reference,
        "victim_reference": guest,
        "kind": ("shelter",),
        "shelter": f"{stay.provider}-{rng.choice('AB')}",
        "capacity": 24,
        "started_on": stay.since,
        "accompanying_children": rng.choice((0, 0, 0, 1, 2)),
    }
    if stay.until:
        facts |= {"ended_on": stay.until, "exit_reason": (pick({"return": 2, "autonomy": 4, "family": 2}, rng),)}
    return stay.since, stay.reference, victim.id, facts
