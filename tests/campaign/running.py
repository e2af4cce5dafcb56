"""Runs trials against the clock and counts them."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.campaign.trials import KILLS, ONCE, OTHERS, Trial
from tests.integration.station import Station

Say = Callable[[str], object]
_EVERY = 15.0  # seconds between two lines of progress


@dataclass
class Score:
    """How many trials passed and failed, and how many of them killed a loader."""

    passed: int = 0
    failed: int = 0
    kills: int = 0
    names: set[str] = field(default_factory=set)


def campaign(
    station: Station, steps: int, *, seed: int, seconds: float, kills: int, say: Say,
    once: Sequence[Trial] = ONCE, others: Sequence[Trial] = OTHERS,
) -> Score:  # fmt: skip
    """All trials once, ``kills`` kills, then whatever fits into ``seconds`` (monotonic, from now).

    The same seed draws the same trials with the same chances, as far as time does not decide.
    """
    score, started, told = Score(), time.monotonic(), 0.0
    for number, (trial, owed) in enumerate(_order(random.Random(seed), kills, once, others)):
        if not owed and time.monotonic() - started > seconds:
            break
        _try(trial, station, steps, f"{seed}/{number}", score, say)
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            say(f"{told - started:6.0f} s  {score.kills} loaders killed, {score.passed} passed, {score.failed} failed")
    say(f"{score.kills} loaders killed; {len(score.names)} kinds of trials")
    say(f"{score.passed} passed, {score.failed} failed")
    return score


def _order(
    chance: random.Random, kills: int, once: Sequence[Trial], others: Sequence[Trial]
) -> Iterator[tuple[Trial, bool]]:
    """Trials without end, each with whether it has to be done however long it takes."""
    for trial in (*once, *others):
        yield trial, True
    for number in range(kills):
        yield KILLS[number % len(KILLS)], True
    while True:
        yield chance.choice((*KILLS, *others)), False


def _try(trial: Trial, station: Station, steps: int, seed: str, score: Score, say: Say) -> None:
    score.names.add(trial.__name__)
    score.kills += trial.__name__.startswith("kill")
    try:
        trial(station, random.Random(seed), steps)
    except Exception:  # noqa: BLE001 - a failed trial is a result, whatever it raises
        score.failed += 1
        say(f"FAILED {trial.__name__} (chances {seed})\n{traceback.format_exc(limit=-8)}")
    else:
        score.passed += 1
