"""The commission: what the plans ask for, and how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from marsad.simulation.hotline import Told
from marsad.simulation.names import Script
from marsad.simulation.paths import Path
from marsad.simulation.rows import Value
from marsad.simulation.world import FIRST_DAY, LAST_DAY, PROVINCES, pick

_ACTIVITIES = 36
_PLANS = {"Plan national 2023-2030": 6, "Plan d'action 2025-2026": 3, "Recommandations internationales": 2}
_KINDS = {
    "training": ("Formation des magistrats référents", "Protection", "participants"),
    "campaign": ("Campagne nationale de sensibilisation", "Prévention", "personnes touchées"),
    "recommendation": ("Indemnisation des victimes", "Poursuites", "mesures"),
    "tool": ("Guide des indicateurs de détection", "Prévention", "guides"),
    "infrastructure": ("Centre d'hébergement spécialisé", "Protection", "centres"),
    "coordination": ("Réunion de la commission", "Partenariat", "réunions"),
}
_SHARES = {"training": 5, "campaign": 3, "recommendation": 3, "tool": 1, "infrastructure": 1, "coordination": 2}
_AUDIENCES = ("magistrats", "police", "inspecteurs du travail", "grand public")
_STATES = {"done": 5, "partly_done": 2, "running": 3, "planned": 2, "delayed": 1}


def activities(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """What the plans hold, however many victims there are; told on some day, in the state of that day."""
    del paths, script
    for number in range(1, _ACTIVITIES + 1):
        on = FIRST_DAY + timedelta(rng.randrange((LAST_DAY - FIRST_DAY).days))
        key = f"ACT-{provider}-{number:03d}"
        yield on, key, None, _activity(key, on, rng)


def _activity(key: str, on: date, rng: Random) -> dict[str, Value]:
    kind = pick(_SHARES, rng)
    title, axis, unit = _KINDS[kind]
    starts = on - timedelta(rng.randrange(30, 120))
    facts: dict[str, Value] = {
        "activity_reference": key,
        "plan": pick(_PLANS, rng),
        "axis": axis,
        "kind": (kind,),
        "title": title,
        "responsible": "CNCLT",
        "region": (rng.choice(sorted(set(PROVINCES.values()))),),
        "starts_on": starts,
        "due_on": starts + timedelta(rng.randrange(20, 200)),
        "target": rng.randrange(20, 200, 10),
        "unit": unit,
        "audience": rng.choice(_AUDIENCES),
    }
    return facts | _progress(kind, pick(_STATES, rng), on, starts, rng)


def _progress(kind: str, status: str, on: date, starts: date, rng: Random) -> dict[str, Value]:
    facts: dict[str, Value] = {"status": (status,)}
    if status != "planned":
        facts["achieved"] = rng.randrange(10, 200, 10)
    if status == "done":
        facts |= {"done_on": starts + timedelta(rng.randrange((on - starts).days)), "evidence": "Rapport de session"}
    if status == "done" and kind == "training":
        facts |= {"women": rng.randrange(5, 40), "men": rng.randrange(5, 40)}
    return facts
