"""Customs: persons met at a border with indicators of trafficking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random

from marsad.simulation.names import Script
from marsad.simulation.paths import Meeting, Path
from marsad.simulation.people import identity
from marsad.simulation.police import Told
from marsad.simulation.rows import Value
from marsad.simulation.world import LAST_DAY, pick, some

_INDICATORS = ("documents_withheld", "movement_restricted", "coached_story", "unaware_destination", "fear")
_POSTS = {"TANGER_MED": 4, "CMN": 4, "BAB_SEBTA": 3, "BENI_ENSAR": 2}


def detections(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One record for each detection slip of the provider."""
    for path in paths:
        if path.customs and path.customs.provider == provider:
            yield _detection(path, path.customs, script, rng)


def _detection(path: Path, met: Meeting, script: Script, rng: Random) -> Told:
    victim = path.episode.victim
    minor = victim.age(met.on) < 18
    presumed = pick({"yes": 9, "no": 1}, rng)
    facts: dict[str, Value] = {
        **identity(victim, script, met.on, rng),
        "contact_reference": met.reference,
        "received_on": met.on,
        "border_post": (pick(_POSTS, rng),),
        "direction": (pick({"entry": 5, "exit": 4, "transit": 2}, rng),),
        "transport": (pick({"plane": 4, "ship": 3, "car": 3}, rng),),
        "origin": (victim.citizenship,),
        "destination": (pick({"ESP": 3, "MAR": 4, "ITA": 1}, rng),),
        "document_type": (pick({"passport": 7, "national_id": 3}, rng),),
        "document_state": (pick({"valid": 6, "expired": 1, "forged": 1, "held_by_other": 2}, rng),),
        "persons": rng.randrange(1, 5),
        "minors": int(minor),
        "indicators": some(_INDICATORS, 3, rng),
        "presumed_victim": (presumed,),
        "offence": ("tip" if presumed == "yes" else "smuggling",),
        "exploitation_form": path.episode.purposes,
        "referred_to": (pick({"police": 6, "ngo": 1}, rng),),
        "referred_on": min(met.on + timedelta(rng.randrange(3)), LAST_DAY),
        "outcome": ("referred",),
        "police_reference": path.police.reference if path.police else (),
    }
    if minor:
        facts["minor_accompaniment"] = (pick({"alone": 3, "one_parent": 3, "unrelated": 2}, rng),)
    return met.on, met.reference, victim.id, facts
