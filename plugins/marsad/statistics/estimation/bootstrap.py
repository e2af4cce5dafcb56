"""Intervals that hold after a model was chosen: the choice is repeated on every resampled table (BCa, Efron 1987)."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from marsad.statistics.estimation.space import Floats

_LEAST_USABLE = 0.9
"""Share of the resampled tables that must give an estimate; the others are no random part of them."""


def resampled(counts: Floats, replicates: int, rng: np.random.Generator) -> Floats:
    """The table itself; without one person, for each history that somebody shows; ``replicates`` drawn from it."""
    shown = np.flatnonzero(counts)
    without_one = np.repeat(counts[None], len(shown), axis=0)
    without_one[range(len(shown)), shown] -= 1
    drawn = rng.multinomial(int(counts.sum()), counts / counts.sum(), size=replicates)
    return np.vstack([counts, without_one, drawn])


def bca_quantiles(counts: Floats, estimates: Floats, levels: Floats) -> Floats | None:
    """Quantiles of the population's size, from the estimates of all ``resampled`` tables of ``counts``.

    None where they cannot be had: too few of the tables could be estimated, or the estimate is beyond all of theirs.
    """
    persons = counts[counts > 0]
    point, without_one, drawn = estimates[0], estimates[1 : len(persons) + 1], estimates[len(persons) + 1 :]
    usable = drawn[np.isfinite(drawn)]
    if not np.isfinite(without_one).all() or len(usable) < _LEAST_USABLE * len(drawn):
        return None
    below = (usable < point).mean()
    if not 0 < below < 1:
        return None
    shifted = norm.ppf(levels) + norm.ppf(below)
    curved = norm.ppf(below) + shifted / np.maximum(1 - _acceleration(persons, without_one) * shifted, 1e-9)
    quantiles: Floats = np.quantile(usable, norm.cdf(curved), method="median_unbiased")
    return quantiles


def _acceleration(persons: Floats, without_one: Floats) -> float:
    """Skewness of what one person's absence changes, each history counted for as many persons as show it."""
    change = (persons @ without_one) / persons.sum() - without_one
    spread = float(persons @ change**2)
    return float(persons @ change**3) / (6 * spread**1.5) if spread > 0 else 0.0
