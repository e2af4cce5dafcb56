"""How many people there are, those included whom no list knows: several models and a range, or a refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from marsad.errors import UsageFault
from marsad.statistics.estimation import selection
from marsad.statistics.estimation.bootstrap import bca_quantiles, resampled
from marsad.statistics.estimation.loglinear import Fit, fit
from marsad.statistics.estimation.space import INDEPENDENT, Floats, Model, Space, space_of
from marsad.statistics.estimation.table import OverlapTable

REPLICATES = 1000
"""Resampled tables: the number of the published intervals."""

ONE_PAIR, ALL_PAIRS = "one pair", "all pairs"
_LIMITS = (0.025, 0.975)
_GRID = np.arange(0.0005, 1, 0.001)  # levels at which the tables' distributions are joined
_BLOCK = 500  # resampled tables at once: memory, and something to tell meanwhile

Report = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class ModelEstimate:
    """What one model says. ``terms``: the pairs of lists that it lets depend; ``selection``: the rule that took it.

    ``estimate`` counts seen and unseen persons and is None for a model that fails a check; ``interval`` (95 %) is None
    where no rule took the model or the resampled tables give none. ``criterion``: its AIC and BIC.
    """

    terms: list[str]
    selection: str
    estimate: float | None
    interval: tuple[float, float] | None
    criterion: dict[str, float] | None
    exists: bool
    identifiable: bool


@dataclass(frozen=True, slots=True)
class Estimation:
    """``range`` is what all rules together leave open. ``reason`` says why it was refused, or what is missing."""

    observed: float
    verdict: Literal["ok", "refused"]
    reason: str | None
    models: list[ModelEstimate]
    range: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class _Run:
    """What a rule made of one table."""

    model: Model
    fit: Fit
    quantiles: Floats | None


def estimate(
    tables: Sequence[OverlapTable], rng: np.random.Generator, report: Report, replicates: int = REPLICATES
) -> Estimation:
    """The size of the population behind one overlap table.

    Several ``tables`` are the same lists after several draws of a linkage that is not certain who is whom: estimates
    are averaged, and each interval covers both what the draws and what the tables leave open.

    Raises:
        UsageFault: the tables have different lists.
    """
    if len({table.lists for table in tables}) != 1:
        raise UsageFault("the tables have different lists: they must be replicates of one linkage")
    lists, space = tables[0].lists, space_of(len(tables[0].lists))
    counts = [table.counts.astype(np.float64) for table in tables]
    persons = float(np.mean([table.sum() for table in counts]))
    observed = int(persons) if persons.is_integer() else persons
    probed = _probed(space, lists, counts)
    reason = next(filter(None, (_refusal(space, table) for table in counts)), None)
    if reason:
        return Estimation(observed, "refused", reason, probed, None)
    chosen = [*_by_rule(space, lists, counts, (rng, replicates), report)]
    reason = _missing(chosen)
    return Estimation(observed, "ok", reason, [*chosen, *probed], _range(chosen))


# -- what can be asked of the tables at all ----------------------------------------------------------------------------


def _refusal(space: Space, counts: Floats) -> str | None:
    """Why no estimate may be given; None if one may."""
    named = int((counts @ space.design[:, 1 : space.width] > 0).sum())
    if named < 3:
        return f"{named} lists name anybody; at least three are needed, two cannot show whether they know of each other"
    if fit(space, counts, INDEPENDENT).estimate is None:
        return "not even independent lists can be fitted: no two lists share a person, or one list names everybody"
    if all(fit(space, counts, (pair,)).estimate is None for pair in range(len(space.pairs))):
        return "only independent lists can be fitted, and the estimate of one model alone says nothing of its error"
    return None


def _probed(space: Space, lists: Sequence[str], counts: Sequence[Floats]) -> list[ModelEstimate]:
    """The model with all pairs, and those with one pair that a check forbids."""
    every = tuple(range(len(space.pairs)))
    found = [_pooled(space, lists, ALL_PAIRS, [_Run(every, fit(space, table, every), None) for table in counts])]
    for pair in every:
        runs = [_Run((pair,), fit(space, table, (pair,)), None) for table in counts]
        if any(run.fit.estimate is None for run in runs):
            found.append(_pooled(space, lists, ONE_PAIR, runs))
    return found


# -- rules -------------------------------------------------------------------------------------------------------------


def _rules(space: Space, lists: int, counts: Floats) -> dict[str, tuple[selection.Rule, float]]:
    """Each rule, and how many times ``replicates`` its time allows: AIC takes most pairs in, hence most fits."""
    small = lists <= selection.MOST_SEARCHED
    return {
        "independence": (selection.independence, 1),
        f"p-value < {selection.THRESHOLD}": (selection.by_p_value, 1),
        "AIC": (selection.by_aic, 1 if small else 0.2),
        "BIC": (selection.best_by_bic(space, counts), 5) if small else (selection.downhill_bic, 1),
    }


def _by_rule(
    space: Space, lists: Sequence[str], counts: Sequence[Floats], draws: tuple[np.random.Generator, int], report: Report
) -> Iterator[ModelEstimate]:
    rng, replicates = draws
    rules = [_rules(space, len(lists), table) for table in counts]
    most = max(times for _, times in rules[0].values())
    samples = [resampled(table, round(most * replicates), rng) for table in counts]
    for name in rules[0]:
        runs = []
        for number, (table, sample) in enumerate(zip(counts, samples, strict=True), start=1):
            rule, times = rules[number - 1][name]
            used = sample[: len(sample) - round((most - times) * replicates)]
            report(f"{name}, table {number} of {len(counts)}, and {len(used):,} resampled from it")
            runs.append(_run(space, rule, (table, used), report))
        yield _pooled(space, lists, name, runs)


def _run(space: Space, rule: selection.Rule, tables: tuple[Floats, Floats], report: Report) -> _Run:
    counts, sample = tables
    model = rule(space, counts[None]).models[0]
    estimates = []
    for start in range(0, len(sample), _BLOCK):
        if start:
            report(f"{start:,} done")
        estimates.append(rule(space, sample[start : start + _BLOCK]).estimates)
    return _Run(model, fit(space, counts, model), bca_quantiles(counts, np.concatenate(estimates), _GRID))


# -- putting together --------------------------------------------------------------------------------------------------


def _pooled(space: Space, lists: Sequence[str], name: str, runs: Sequence[_Run]) -> ModelEstimate:
    """One entry of all tables: the model that most of them took, the mean of their estimates, their joint interval."""
    fits = [run.fit for run in runs]
    quantiles = [run.quantiles for run in runs if run.quantiles is not None]
    interval = None
    if len(quantiles) == len(runs):
        low, high = np.quantile(np.concatenate(quantiles), _LIMITS)
        interval = float(low), float(high)
    aic, bic = _mean([found.aic for found in fits]), _mean([found.bic for found in fits])
    return ModelEstimate(
        terms=space.names(Counter(run.model for run in runs).most_common(1)[0][0], lists),
        selection=name,
        estimate=_mean([found.estimate for found in fits]),
        interval=interval,
        criterion=None if aic is None or bic is None else {"aic": aic, "bic": bic},
        exists=all(found.exists for found in fits),
        identifiable=all(found.identifiable for found in fits),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _missing(chosen: Sequence[ModelEstimate]) -> str | None:
    names = ", ".join(model.selection for model in chosen if model.interval is None)
    return (
        f"no interval for {names}: too many resampled tables allow no estimate, or none exceeds it" if names else None
    )


def _range(chosen: Sequence[ModelEstimate]) -> tuple[float, float]:
    """From the lowest to the highest that any rule says, limits of intervals included."""
    said = [model.estimate for model in chosen if model.estimate is not None]
    said += [limit for model in chosen for limit in model.interval or ()]
    return min(said), max(said)
