"""Which offices a victim meets, when, and under which references: the overlap that linkage must find again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from random import Random

from marsad.simulation.world import LAST_DAY, Episode


@dataclass(frozen=True, slots=True)
class Meeting:
    """One office meets a victim: provider, day, and the reference the office gives (unique at the provider)."""

    provider: str
    on: date
    reference: str


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in a provider's shelter; ``until`` is None while it lasts."""

    provider: str
    reference: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Path:
    """One victim's way through the offices. At least one of them met her."""

    episode: Episode
    police: Meeting | None
    customs: Meeting | None
    court: Meeting | None
    helpers: tuple[Meeting, ...]
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class Offices:
    """The providers of each kind, in the order of the contracts."""

    police: Sequence[str]
    customs: Sequence[str]
    courts: Sequence[str]
    helpers: Sequence[str]


class Numbers:
    """Running reference numbers of each provider and year, as a register gives them out."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def next(self, prefix: str, provider: str, on: date) -> str:
        """The next reference, e.g. ``PV-DGSN-2024-00017``."""
        stem = f"{prefix}-{provider}-{on.year}"
        self._last[stem] = self._last.get(stem, 0) + 1
        return f"{stem}-{self._last[stem]:05d}"


def draw_paths(episodes: Sequence[Episode], offices: Offices, rng: Random) -> tuple[Path, ...]:
    """A path for each episode, in the same order. At least two victims enter one shelter on the same day."""
    numbers = Numbers()
    return _companions([_path(episode, offices, numbers, rng) for episode in episodes])


def _companions(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Let the second guest of a shelter come with the first, so that even a small world has a month with two stays."""
    guests = [(n, stay) for n, path in enumerate(paths) for stay in path.stays[:1]]
    for (_, first), (n, second) in combinations(guests, 2):
        if first.provider == second.provider and second.until is not None:
            together = (replace(second, since=first.since), *paths[n].stays[1:])
            return (*paths[:n], replace(paths[n], stays=together), *paths[n + 1 :])
    return tuple(paths)


def _path(episode: Episode, offices: Offices, numbers: Numbers, rng: Random) -> Path:
    kinds = {kind for kind, share in (("police", 0.62), ("customs", 0.22), ("ngo", 0.48)) if rng.random() < share}
    if not kinds:
        kinds = {rng.choice(("police", "ngo"))}
    police = _meeting("PV", offices.police, episode.detected, 0, numbers, rng) if "police" in kinds else None
    customs = _meeting("FD", offices.customs, episode.detected, 1, numbers, rng) if "customs" in kinds else None
    court = (
        _meeting("DOS", offices.courts, episode.detected, 60, numbers, rng) if police and rng.random() < 0.55 else None
    )
    helpers = _helpers(episode, offices, numbers, rng) if "ngo" in kinds else ()
    stays = tuple(_stay(meeting, numbers, rng) for meeting in helpers if rng.random() < 0.6)
    return Path(episode, police, customs, court, helpers, stays)


def _helpers(episode: Episode, offices: Offices, numbers: Numbers, rng: Random) -> tuple[Meeting, ...]:
    chosen = rng.sample(list(offices.helpers), 2 if len(offices.helpers) > 1 and rng.random() < 0.12 else 1)
    return tuple(_meeting("BEN", [one], episode.detected, 12, numbers, rng) for one in chosen)


def _meeting(
    prefix: str, providers: Sequence[str], detected: date, delay: int, numbers: Numbers, rng: Random
) -> Meeting:
    provider = rng.choices(providers, range(len(providers) + 1, 1, -1))[0]
    on = min(detected + timedelta(delay + rng.randrange(0, 6 + delay)), LAST_DAY)
    return Meeting(provider, on, numbers.next(prefix, provider, on))


def _stay(meeting: Meeting, numbers: Numbers, rng: Random) -> Stay:
    since = min(meeting.on + timedelta(rng.randrange(4)), LAST_DAY)
    until = since + timedelta(rng.randrange(5, 160))
    return Stay(
        meeting.provider, numbers.next("SEJ", meeting.provider, since), since, until if until <= LAST_DAY else None
    )
