"""One log-linear model of one table: may it be fitted, and what does it say?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from scipy.optimize import linprog
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from marsad.errors import PlatformFault
from marsad.statistics.estimation.space import Floats, Model, Space, absent_terms

_POSITIVE = 1e-6  # HiGHS keeps constraints to 1e-7


@dataclass(frozen=True, slots=True)
class Fit:
    """``estimate`` counts seen and unseen persons; None, as ``aic`` and ``bic``, for a model that fails a check."""

    exists: bool
    identifiable: bool
    estimate: float | None = None
    aic: float | None = None
    bic: float | None = None


def fit(space: Space, counts: Floats, model: Model) -> Fit:
    """``model`` fitted to one table of ``counts`` by maximum likelihood, after both checks."""
    terms = space.terms(model)
    absent, kept = absent_terms(terms, counts)
    used, seen = terms[np.ix_(kept, ~absent)], counts[kept]
    checked = Fit(_exists(used, seen), bool(np.linalg.matrix_rank(used) == used.shape[1]))
    if not (checked.exists and checked.identifiable):
        return checked
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):  # as many terms as histories
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        found = sm.GLM(seen, used, family=sm.families.Poisson()).fit(tol=1e-12)
    loss = -2 * float(found.llf)
    return Fit(
        exists=True,
        identifiable=True,
        estimate=float(counts.sum() + np.exp(found.params[0])),
        aic=loss + 2 * terms.shape[1],
        bic=loss + float(np.log(counts.sum())) * terms.shape[1],
    )


def _exists(terms: Floats, counts: Floats) -> bool:
    """Fienberg and Rinaldo (2012): some table without a zero must have the same margins as this one.

    The linear programme asks for the table whose smallest cell is largest; its variables are that cell and what each
    other one has beyond it.
    """
    if not counts.any():
        return False
    margins = np.column_stack([terms.T, terms.sum(axis=0)])
    objective = np.append(np.zeros(len(counts)), -1.0)
    found = linprog(objective, A_eq=margins, b_eq=terms.T @ counts, bounds=(0, None), method="highs")
    if found.status != 0:
        raise PlatformFault("the linear programme of the existence check was not solved")
    return bool(-found.fun > _POSITIVE)
