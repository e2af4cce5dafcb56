"""Police: presumed victims met and suspects in formal contact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from marsad.simulation.names import Script
from marsad.simulation.paths import Meeting, Path
from marsad.simulation.people import identity
from marsad.simulation.rows import Facts, Value
from marsad.simulation.world import LAST_DAY, PROVINCES, Person, pick, some

Told = tuple[date, str, str, Facts]
"""Day, key at the provider, person and what the office knows."""

_REFERRALS = {"shelter": 4, "ngo": 4, "hospital_cell": 2, "prosecution": 3}
_INDICATORS = ("documents_withheld", "movement_restricted", "threats", "excessive_hours", "wages_withheld", "violence")
_ROLES = ("recruiter", "transporter", "exploiter", "harbourer")
_ARTICLES = ("448-1", "448-2", "448-3", "448-4")


def victims(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One record for each victim the provider met."""
    for path in paths:
        if path.police and path.police.provider == provider:
            yield _victim(path, path.police, script, rng)


def _victim(path: Path, met: Meeting, script: Script, rng: Random) -> Told:
    episode = path.episode
    began = episode.detected - timedelta(rng.randrange(20, 500))
    facts: dict[str, Value] = {
        **identity(episode.victim, script, met.on, rng),
        **_procedure(met, episode.purposes, rng),
        "victim_reference": f"{met.reference}/V1",
        "met_on": met.on,
        "opened_on": met.on,
        "province": (episode.province,),
        "region": (PROVINCES[episode.province],),
        "exploitation_form": episode.purposes,
        "means": episode.means,
        "acts": episode.acts,
        "recruitment_channel": (episode.channel,),
        "indicators": some(_INDICATORS, 3, rng),
        "country_of_exploitation": ("MAR",),
        "exploitation_started_on": began,
        "exploitation_months": (episode.detected - began).days // 30,
        "victim.status": ("presumed",),
        "status_on": met.on,
        "deciding_body": ("police",),
        "referred_to": (pick(_REFERRALS, rng),),
        "referred_on": min(met.on + timedelta(rng.randrange(4)), LAST_DAY),
        "consent": (pick({"given": 8, "refused": 1}, rng),),
    }
    return met.on, f"{met.reference}/V1", episode.victim.id, facts


def suspects(paths: Sequence[Path], provider: str, script: Script, rng: Random) -> Iterator[Told]:
    """One record for each suspect of each procedure of the provider."""
    for path in paths:
        if path.police and path.police.provider == provider:
            for number, person in enumerate(path.episode.suspects, 1):
                yield _suspect(path, path.police, number, person, script, rng)


def _suspect(path: Path, met: Meeting, number: int, person: Person, script: Script, rng: Random) -> Told:
    on = min(met.on + timedelta(rng.randrange(15)), LAST_DAY)
    key = f"{met.reference}/S{number}"
    facts: dict[str, Value] = {
        **identity(person, script, on, rng),
        **_procedure(met, path.episode.purposes, rng),
        "suspect_reference": key,
        "person_type": ("natural",),
        "contact_on": on,
        "roles": some(_ROLES, 2, rng),
        "acts": path.episode.acts,
        "means": path.episode.means,
        "exploitation_form": path.episode.purposes,
        "charge_articles": some(_ARTICLES, 2, rng),
        "custody": (pick({"police_custody": 6, "free": 3}, rng),),
        "custody_on": on,
        "region": (PROVINCES[path.episode.province],),
        "wanted": ("no",),
        "public_official": ("no",),
    }
    return on, key, person.id, facts


def _procedure(met: Meeting, purposes: tuple[str, ...], rng: Random) -> dict[str, Value]:
    return {
        "case_reference": met.reference,
        "police_reference": met.reference,
        "offence": ("tip",),
        "case_status": ("active",),
        "exploitation_form": purposes,
        "unit": rng.choice(("BPJ", "SRPJ", "BNPJ", "Brigade mineurs")),
        "detection_source": (pick({"complaint": 5, "police_action": 4, "ngo": 2}, rng),),
    }
