"""One log-linear model fitted to many tables at once: what a bootstrap that repeats the selection needs.

The same estimates as ``loglinear.fit`` some hundred times faster: a bootstrap fits up to a hundred thousand models.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from marsad.statistics.estimation.space import Flags, Floats, Model, Space, absent_terms, space_of

_ITERATIONS = 30
_SETTLED = 1e-6  # of the linear predictor between two iterations
_STRIDE = 4.0  # how far it may move at once
_LARGEST = 60.0  # e to this is more than there are people


@dataclass(frozen=True, slots=True)
class Fits:
    """A row a table. ``valid``: the estimate exists, is identifiable; else ``estimate`` is NaN and ``loss`` infinite.

    ``loss`` is -2 log likelihood, without what depends on the table alone. ``expected`` is 0 for histories left out.
    """

    valid: Flags
    estimate: Floats
    loss: Floats
    expected: Floats

    def take(self, rows: npt.NDArray[Any]) -> Fits:
        """The fits of some tables."""
        return Fits(self.valid[rows], self.estimate[rows], self.loss[rows], self.expected[rows])

    def put(self, rows: npt.NDArray[Any], other: Fits) -> None:
        """Those of ``other`` instead."""
        self.valid[rows], self.estimate[rows] = other.valid, other.estimate
        self.loss[rows], self.expected[rows] = other.loss, other.expected


def fit_many(space: Space, model: Model, counts: Floats, start: Floats | None = None) -> Fits:
    """``model`` fitted to each row of ``counts``, from the expectations ``start`` if there are any near.

    No linear programme is needed: Newton's method coming to rest at finite terms has found the estimate, and where
    there is none the terms keep moving by about one an iteration (the likelihood has an exponential tail).
    """
    terms = space.terms(model)
    absent, kept = absent_terms(terms, counts)
    nothing = np.zeros(len(counts))
    fits = Fits(nothing > 0, nothing + np.nan, nothing + np.inf, np.zeros(counts.shape))
    rows = np.flatnonzero(_identifiable(space, model, absent))
    predictor = np.log(np.maximum(counts + 0.1 if start is None else start, 1e-30))
    squares = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), -1)
    for _ in range(_ITERATIONS):
        if not rows.size:
            break
        constant, moved = _iterate(terms, squares, counts[rows], kept[rows], absent[rows], predictor[rows])
        far = np.abs(np.where(kept[rows], moved, 0)).max(axis=1)
        predictor[rows] += moved * np.minimum(1, _STRIDE / np.maximum(far, _SETTLED))[:, None]
        done = rows[far < _SETTLED]
        expected: Floats = np.where(kept[done], np.exp(predictor[done]), 0)
        loss = 2 * (expected - counts[done] * predictor[done] * kept[done]).sum(axis=1)
        estimate: Floats = counts[done].sum(axis=1) + np.exp(constant[far < _SETTLED])
        fits.put(done, Fits(np.ones(len(done), bool), estimate, loss, expected))
        rows = rows[far >= _SETTLED]
    return fits


def _iterate(
    terms: Floats, squares: Floats, counts: Floats, kept: Flags, absent: Flags, predictor: Floats
) -> tuple[Floats, Floats]:
    """The constant that one step of Newton's method gives, and how far it moves the predictor of each history."""
    expected = np.where(kept, np.exp(np.minimum(predictor, _LARGEST)), 0)
    width = terms.shape[1]
    information = (expected @ squares).reshape(-1, width, width)
    information[:, range(width), range(width)] += absent + 1e-13
    score = (expected * (predictor - 1) + counts) @ terms
    found: npt.NDArray[Any] = np.linalg.solve(information, score[:, :, None])[:, :, 0]
    return found[:, 0], found @ terms.T - predictor


def _identifiable(space: Space, model: Model, absent: Flags) -> Flags:
    kinds, rows = np.unique(absent @ (1 << np.arange(absent.shape[1])), return_inverse=True)
    return np.array([_has_full_rank(space.width - 1, model, int(kind)) for kind in kinds], dtype=bool)[rows]


@cache
def _has_full_rank(lists: int, model: Model, kind: int) -> bool:
    terms = space_of(lists).terms(model)
    absent = kind >> np.arange(terms.shape[1]) & 1 == 1
    used = terms[(terms[:, absent] == 0).all(axis=1)][:, ~absent]
    return bool(np.linalg.matrix_rank(used) == used.shape[1])
