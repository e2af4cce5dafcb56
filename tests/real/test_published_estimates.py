"""The published estimates, from the published tables (shared/data/mse).

Sources: Chan, Silverman and Vincent 2021 (stepwise, p < 0.02); Silverman, Chan and Vincent 2024 (BIC); their R package.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marsad.statistics.estimation import estimate, read_table, selection
from marsad.statistics.estimation.bootstrap import bca_quantiles, resampled
from marsad.statistics.estimation.space import space_of

P_VALUE = "p-value < 0.02"


@pytest.fixture(scope="module")
def estimated(data: Path) -> dict[str, dict[str, Any]]:
    """What is said of each table, once for all tests; with few replicates, for which models and points do not care."""
    names = ("Korea", "Western", "NewOrl", "NewOrl_5", "NewOrleans_MSETools", "Artificial_3")
    tables = {name: read_table(data / "mse" / f"{name}.csv") for name in names}
    rng = np.random.default_rng(1)
    return {name: asdict(estimate([table], rng, lambda _: None, 100)) for name, table in tables.items()}


@pytest.mark.parametrize(
    ("table", "selection", "terms", "published"),
    [
        ("Korea", "independence", [], 141.9926),
        ("Korea", P_VALUE, ["b:c"], 268.7778),
        ("Korea", "BIC", ["b:c", "c:d"], 157.1667),
        ("Western", P_VALUE, ["A:E"], 2483.384),
        ("NewOrl", P_VALUE, ["D:E"], 1110.488),
        ("NewOrl", "BIC", ["D:E"], 1110.488),
        ("NewOrl_5", "independence", [], 981.4314),
        ("NewOrl_5", "BIC", [], 981.4314),
        ("NewOrleans_MSETools", P_VALUE, [], 1034.1511),
    ],
)
def test_the_published_points(
    estimated: dict[str, dict[str, Any]], table: str, selection: str, terms: list[str], published: float
) -> None:
    (model,) = [model for model in estimated[table]["models"] if model["selection"] == selection]
    assert model["terms"] == terms
    assert model["estimate"] == pytest.approx(published, abs=6e-4)


@pytest.mark.long
@pytest.mark.parametrize(
    ("table", "selected", "replicates", "published"),
    [
        ("Korea", "BIC", 5000, (128, 349)),
        ("Western", P_VALUE, 1000, (1293, 3670)),
        ("NewOrl", "downhill BIC", 1000, (586, 1512)),
        ("NewOrl_5", "BIC", 5000, (397, 1511)),
        ("NewOrleans_MSETools", P_VALUE, 1000, (589, 1703)),
    ],
)
def test_the_published_intervals(
    data: Path, table: str, selected: str, replicates: int, published: tuple[float, float]
) -> None:
    """With the seed and the replicates that the command has by default."""
    read = read_table(data / "mse" / f"{table}.csv")
    space, counts = space_of(len(read.lists)), read.counts.astype(np.float64)
    rules = {P_VALUE: selection.by_p_value, "downhill BIC": selection.downhill_bic}
    rule = rules[selected] if selected in rules else selection.best_by_bic(space, counts)
    estimates = rule(space, resampled(counts, replicates, np.random.default_rng(1))).estimates
    assert bca_quantiles(counts, estimates, np.array([0.025, 0.975])) == pytest.approx(published, rel=0.1)


def test_bic_of_korea_is_the_published_one(estimated: dict[str, dict[str, Any]]) -> None:
    bic = {tuple(model["terms"]): (model["criterion"] or {}).get("bic") for model in estimated["Korea"]["models"]}
    assert bic[()] == pytest.approx(184.14431, abs=1e-4)
    assert bic["b:c",] == pytest.approx(58.96860, abs=1e-4)
    assert bic["b:c", "c:d"] == pytest.approx(57.14081, abs=1e-4)


def test_both_traps_are_refused_and_told_apart(estimated: dict[str, dict[str, Any]]) -> None:
    models = {tuple(model["terms"]): model for model in estimated["Artificial_3"]["models"]}
    checks = {terms: (model["exists"], model["identifiable"]) for terms, model in models.items()}
    assert checks["A:B",] == (False, True)
    assert checks["A:B", "A:C", "B:C"] == (True, False)
    assert checks["A:C", "B:C"] == (True, True)
    assert [terms for terms, model in models.items() if model["estimate"] is None] == [("A:B", "A:C", "B:C"), ("A:B",)]


def test_no_model_stands_alone(estimated: dict[str, dict[str, Any]]) -> None:
    for document in estimated.values():
        taken = [model for model in document["models"] if model["interval"]]
        assert len(taken) == 4
        low, high = document["range"]
        assert all(low <= limit <= high for model in taken for limit in (model["estimate"], *model["interval"]))
