"""Rules that choose a model, each applied to many tables at once: one table and all that a bootstrap makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy
from scipy.stats import poisson

from marsad.statistics.estimation.newton import Fits, fit_many
from marsad.statistics.estimation.space import INDEPENDENT, Flags, Floats, Model, Space

THRESHOLD = 0.02
"""The p-value below which a pair enters: the least error in 28 simulations of Chan, Silverman and Vincent (2021)."""

MOST_SEARCHED = 5
"""Lists up to which all models (1,024) are compared by BIC; beyond, a search goes downhill."""

KEPT = 50
"""Of all models those best by BIC on the table itself, among which a bootstrap chooses (Silverman et al. 2024)."""

TRIED = 4
"""Pairs that a search by AIC or BIC fits at each step, the most promising ones: all of them would cost minutes."""

_LESS = 1e-9  # a smaller difference between two criteria is none


@dataclass(frozen=True, slots=True)
class Chosen:
    """A row a table: the model and what it estimates, NaN where no model can be fitted."""

    models: Sequence[Model]
    estimates: Floats


Rule = Callable[[Space, Floats], Chosen]
Step = Callable[[Space, Model, Floats, Fits], tuple[list[Model], Fits]]


def independence(space: Space, counts: Floats) -> Chosen:
    """No pair: what the estimate is if no list knew of another."""
    return Chosen([INDEPENDENT] * len(counts), fit_many(space, INDEPENDENT, counts).estimate)


def by_p_value(space: Space, counts: Floats) -> Chosen:
    """From independence on the pair with the least p-value enters, while it is below ``THRESHOLD``."""
    return _climb(space, counts, _p_value_step)


def by_aic(space: Space, counts: Floats) -> Chosen:
    """From independence on the pair that lowers AIC most enters, while one does."""
    return _climb(space, counts, _criterion_step(lambda n: np.full_like(n, 2.0), removing=False))


def downhill_bic(space: Space, counts: Floats) -> Chosen:
    """From independence on the pair enters or leaves that lowers BIC most, while one does."""
    return _climb(space, counts, _criterion_step(np.log, removing=True))


def best_by_bic(space: Space, counts: Floats) -> Rule:
    """The rule that takes the model with the least BIC, among the ``KEPT`` best of all on the table ``counts``."""
    every = [model for size in range(len(space.pairs) + 1) for model in combinations(range(len(space.pairs)), size)]
    fits = {model: fit_many(space, model, counts[None]) for model in every}
    bic = {model: float(_criterion(space, model, counts[None], found, np.log)[0]) for model, found in fits.items()}
    kept = sorted((model for model in every if np.isfinite(bic[model])), key=lambda model: bic[model])[:KEPT]

    def rule(space: Space, counts: Floats) -> Chosen:
        models, best = np.zeros(len(counts), int), np.full(len(counts), np.inf)
        estimates = np.full(len(counts), np.nan)
        for number, model in enumerate(kept):
            found = fit_many(space, model, counts, np.repeat(fits[model].expected, len(counts), axis=0))
            criterion = _criterion(space, model, counts, found, np.log)
            better = criterion < best - _LESS
            models[better], best[better], estimates[better] = number, criterion[better], found.estimate[better]
        return Chosen([kept[number] for number in models] if kept else [INDEPENDENT] * len(counts), estimates)

    return rule


# -- searching ---------------------------------------------------------------------------------------------------------


def _climb(space: Space, counts: Floats, step: Step) -> Chosen:
    """Tables go from model to model, those at the same one together, until ``step`` leaves each where it is."""
    models = [INDEPENDENT] * len(counts)
    fits = fit_many(space, INDEPENDENT, counts)
    moving = np.flatnonzero(fits.valid)
    while moving.size:
        still = []
        for model, rows in _together(models, moving):
            reached, found = step(space, model, counts[rows], fits.take(rows))
            fits.put(rows, found)
            for row, new in zip(rows, reached, strict=True):
                models[row] = new
            still += [row for row, new in zip(rows, reached, strict=True) if new != model]
        moving = np.array(sorted(still), dtype=int)
    return Chosen(models, fits.estimate)


def _together(models: Sequence[Model], rows: Iterable[int]) -> Iterator[tuple[Model, npt.NDArray[np.int64]]]:
    groups: dict[Model, list[int]] = {}
    for row in rows:
        groups.setdefault(models[row], []).append(row)
    for model, members in groups.items():
        yield model, np.array(members)


def _toggled(model: Model, pair: int) -> Model:
    return tuple(sorted({*model} ^ {pair}))


def _near(space: Space, pair: int, counts: Floats, expected: Floats) -> Floats:
    """Where to start once ``pair`` has entered: its histories scaled to the persons that are on both lists."""
    both = space.pair(pair)
    share = (counts @ both) / np.maximum(expected @ both, 1e-12)
    return np.where(both == 1, expected * share[:, None], expected)


def _p_value_step(space: Space, model: Model, counts: Floats, here: Fits) -> tuple[list[Model], Fits]:
    """The pair with the least p-value whose model can be fitted."""
    p_values = _p_values(space, model, counts, here.expected)
    reached, waiting = [model] * len(counts), np.arange(len(counts))
    found = here.take(waiting)
    while waiting.size:
        best = p_values[waiting].argmin(axis=1)
        low = p_values[waiting, best] < THRESHOLD
        waiting, best, refused = waiting[low], best[low], []
        for pair in np.unique(best):
            rows = waiting[best == pair]
            fits = fit_many(
                space, _toggled(model, pair), counts[rows], _near(space, pair, counts[rows], here.expected[rows])
            )
            found.put(rows[fits.valid], fits.take(fits.valid))
            for row in rows[fits.valid]:
                reached[row] = _toggled(model, int(pair))
            p_values[rows[~fits.valid], pair] = 1
            refused.append(rows[~fits.valid])
        waiting = np.concatenate(refused) if refused else waiting
    return reached, found


def _p_values(space: Space, model: Model, counts: Floats, expected: Floats) -> Floats:
    """Of how many persons are on both lists of a pair, against the Poisson law that ``expected`` gives it."""
    both = space.design[:, space.width :]
    seen, mean = counts @ both, expected @ both
    p_values: Floats = np.minimum(poisson.cdf(seen, mean), poisson.sf(seen - 1, mean))
    p_values[:, list(model)] = 1
    return p_values


Weight = Callable[[Floats], Floats]
"""What a term costs, by the number of persons."""


def _criterion(space: Space, model: Model, counts: Floats, fits: Fits, weight: Weight) -> Floats:
    return fits.loss + weight(counts.sum(axis=1)) * (space.width + len(model))


def _criterion_step(weight: Weight, *, removing: bool) -> Step:
    """The neighbour with the least criterion, if that is less than here."""

    def step(space: Space, model: Model, counts: Floats, here: Fits) -> tuple[list[Model], Fits]:
        reached, found = [model] * len(counts), here.take(np.arange(len(counts)))
        best = _criterion(space, model, counts, here, weight)
        promising = _promising(space, counts, here.expected)
        for pair in range(len(space.pairs)):
            rows = np.flatnonzero(promising[:, pair] if pair not in model else np.full(len(counts), removing))
            neighbour = _toggled(model, pair)
            start = None if pair in model else _near(space, pair, counts[rows], here.expected[rows])
            fits = fit_many(space, neighbour, counts[rows], start)
            criterion = _criterion(space, neighbour, counts[rows], fits, weight)
            better = criterion < best[rows] - _LESS
            found.put(rows[better], fits.take(better))
            best[rows[better]] = criterion[better]
            for row in rows[better]:
                reached[row] = neighbour
        return reached, found

    return step


def _promising(space: Space, counts: Floats, expected: Floats) -> Flags:
    """The pairs that are tried: those that raise the likelihood most with all other terms held."""
    both = space.design[:, space.width :]
    seen, mean = counts @ both, expected @ both
    gain = xlogy(seen, seen) - xlogy(seen, np.maximum(mean, _LESS)) - seen + mean
    least = np.sort(gain, axis=1)[:, -min(TRIED, gain.shape[1])]
    promising: Flags = gain >= least[:, None]
    return promising
