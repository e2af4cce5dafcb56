"""The true world: victims, suspects and what happened, before any office writes it down.

Codes are those of ``schemas/codelists`` (the common language of all offices); how an office spells them is in
``spellings``. Shares follow the order of magnitude of what Moroccan institutions publish, nothing is estimated from
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from marsad.simulation.names import Name, draw_name

FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2025, 6, 30)

_ORIGINS = {"MAR": 58, "CIV": 12, "NGA": 9, "SEN": 6, "NER": 6, "SYR": 5, "PHL": 4}
_PURPOSES = {
    ("sexual",): 46,
    ("forced_labour",): 24,
    ("begging",): 12,
    ("servitude",): 8,
    ("forced_criminality",): 5,
    ("sexual", "forced_labour"): 3,
    ("begging", "forced_criminality"): 2,
}
_MEANS = ("deception", "vulnerability", "abuse_of_power", "threat_or_force", "fraud", "coercion", "payment")
_ACTS = ("recruitment", "transportation", "transfer", "harbouring", "receipt")
_CHANNELS = {"social_networks": 28, "friends": 20, "family": 18, "workplace": 14, "online_ad": 12, "street": 8}
PROVINCES = {
    "MA-RAB": "MA-04",
    "MA-TNG": "MA-01",
    "MA-CAS": "MA-06",
    "MA-MAR": "MA-07",
    "MA-FES": "MA-03",
    "MA-OUJ": "MA-02",
    "MA-NAD": "MA-02",
    "MA-AGD": "MA-09",
    "MA-LAA": "MA-11",
    "MA-TET": "MA-01",
}
"""Province to region, by their codes (ISO 3166-2)."""


@dataclass(frozen=True, slots=True)
class Person:
    """One true person; ``sex`` is ``F`` or ``M``, ``citizenship`` an ISO 3166 alpha-3 code."""

    id: str
    name: Name
    sex: str
    born: date
    citizenship: str
    document: str
    phone: str

    def age(self, on: date) -> int:
        """Completed years on a day."""
        return on.year - self.born.year - ((on.month, on.day) < (self.born.month, self.born.day))


@dataclass(frozen=True, slots=True)
class Episode:
    """What was done to one victim, and the day an office first met her.

    ``means`` may be empty for who stays a minor throughout.
    """

    victim: Person
    purposes: tuple[str, ...]
    means: tuple[str, ...]
    acts: tuple[str, ...]
    channel: str
    province: str
    detected: date
    suspects: tuple[Person, ...]


def draw_world(victims: int, rng: Random) -> tuple[Episode, ...]:
    """``victims`` episodes in the order of detection; suspects are about half as many and meet several victims."""
    suspects = [_person(f"S{n:05d}", 32, rng, adult=True) for n in range(1, victims // 2 + 2)]
    days = sorted(FIRST_DAY + timedelta(rng.randrange((LAST_DAY - FIRST_DAY).days - 20)) for _ in range(victims))
    return tuple(_episode(f"V{n:05d}", day, suspects, rng) for n, day in enumerate(days, 1))


def pick(weights: dict[str, int], rng: Random) -> str:
    """One key, drawn by weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


def some(values: Sequence[str], most: int, rng: Random) -> tuple[str, ...]:
    """One to ``most`` different values, sorted."""
    return tuple(sorted(rng.sample(values, rng.randint(1, most))))


def _episode(victim_id: str, detected: date, suspects: list[Person], rng: Random) -> Episode:
    victim = _person(victim_id, 64, rng)
    minor = victim.age(LAST_DAY) < 18
    return Episode(
        victim=victim,
        purposes=rng.choices(list(_PURPOSES), list(_PURPOSES.values()))[0],
        means=() if minor and rng.random() < 0.5 else some(_MEANS, 3, rng),
        acts=some(_ACTS, 2, rng),
        channel=pick(_CHANNELS, rng),
        province=rng.choice(list(PROVINCES)),
        detected=detected,
        suspects=tuple(rng.sample(suspects, min(len(suspects), rng.choice((0, 1, 1, 2))))),
    )


def _person(person_id: str, women: int, rng: Random, *, adult: bool = False) -> Person:
    """A person; ``women`` is the share of women in a hundred."""
    sex = "F" if rng.random() < women / 100 else "M"
    origin = pick(_ORIGINS, rng)
    young = not adult and rng.random() < 0.36
    years = rng.randint(6, 17) if young else rng.randint(19, 60)
    born = date(2024 - years, 1, 1) + timedelta(rng.randrange(365))
    document = f"{rng.choice('ABCDEFGHJK')}{rng.choice('ABEHKT')}{rng.randrange(10**5, 10**6)}"
    phone = f"06{rng.randrange(10**7, 10**8)}"
    return Person(person_id, draw_name(origin, sex, rng), sex, born, origin, document, phone)
