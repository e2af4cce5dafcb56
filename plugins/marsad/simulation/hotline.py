"""A hotline: calls about victims whom offices meet later, and the many others that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from marsad.simulation.names import Script
from marsad.simulation.paths import Numbers, Path
from marsad.simulation.rows import Facts, Value
from marsad.simulation.world import FIRST_DAY, LAST_DAY, PROVINCES, pick

Told = tuple[date, str, None, Facts]
"""Day, number of the call, nobody (a call is no person), what was noted."""

_KINDS = {"call": 6, "report": 4, "complaint": 1, "information": 5}
_CHANNELS = {"phone": 8, "social_network": 3, "web": 2, "agency": 1}
_REPORTERS = {"victim": 2, "relative": 4, "witness": 5, "anonymous": 3, "institution": 1}
_OUTCOMES = {"referred": 5, "police_report": 3, "no_action": 1}
_DESTINATIONS = {"police": 5, "ngo": 2, "shelter": 2, "child_protection": 1}


def calls(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One call for about every other victim, some days before an office met her, and as many of other matters."""
    del script
    days = [(path.episode.detected - timedelta(rng.randrange(1, 15)), path) for path in paths if rng.random() < 0.5]
    others = [(FIRST_DAY + timedelta(rng.randrange((LAST_DAY - FIRST_DAY).days)), None) for _ in days]
    numbers = Numbers()
    for on, path in sorted([*days, *others], key=lambda item: item[0]):
        day = max(on, FIRST_DAY)
        key = numbers.next("AP", provider, day)
        yield day, key, None, _call(key, day, path, rng)


def _call(key: str, on: date, path: Path | None, rng: Random) -> dict[str, Value]:
    persons = rng.randrange(1, 4)
    outcome = pick(_OUTCOMES, rng) if path else "no_action"
    facts: dict[str, Value] = {
        "contact_reference": key,
        "received_on": on,
        "kind": (pick(_KINDS, rng),),
        "channel": (pick(_CHANNELS, rng),),
        "reporter": (pick(_REPORTERS, rng),),
        "persons": persons,
        "minors": rng.randrange(persons + 1),
        "presumed_victim": ("yes" if path else "no",),
        "outcome": (outcome,),
        "caller_phone": f"06{rng.randrange(10**7, 10**8)}",
    }
    return facts | _matter(on, path, outcome, rng) if path else facts


def _matter(on: date, path: Path, outcome: str, rng: Random) -> dict[str, Value]:
    facts: dict[str, Value] = {
        "exploitation_form": path.episode.purposes,
        "citizenship": (path.episode.victim.citizenship,),
        "region": (PROVINCES[path.episode.province],),
    }
    if outcome == "referred":
        facts |= {"referred_to": (pick(_DESTINATIONS, rng),), "referred_on": min(on + timedelta(2), LAST_DAY)}
    return facts
