"""What comparing two records came to, in bits and in words; light, for who only tells it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from marsad.linkage import model
from marsad.linkage.policy import Policy


class Said(NamedTuple):
    """One step of a pair's waterfall: what was compared, what was found, the bits it added."""

    comparison: str
    level: str
    weight: float


@dataclass(frozen=True, slots=True)
class Scored:
    """Two records, by their place in what was given, and what comparing them came to.

    ``weight`` is in bits and holds the prior. ``levels`` and ``weights`` go with the policy's comparisons: the level
    reached ("blank" where a side says nothing) and what it added.
    """

    left: int
    right: int
    weight: float
    probability: float
    levels: tuple[str, ...]
    weights: tuple[float, ...]

    def waterfall(self, policy: Policy, language: str) -> Iterator[Said]:
        """From the prior over each comparison that says something: what was found, in words, and what it added."""
        prior = policy.prior
        yield Said(prior.label[language], prior.says[language], self.weight - sum(self.weights))
        for (_, one), level, weight in zip(policy.comparisons.items(), self.levels, self.weights, strict=True):
            if level != model.BLANK:
                yield Said(one.label[language], one.levels[level].says[language], weight)


def weight_of(probability: float) -> float:
    """The weight in bits whose probability that is."""
    return math.log2(probability / (1 - probability))


def probability_of(weight: float) -> float:
    """The probability of a weight in bits, the prior among them."""
    return 1 / (1 + math.exp2(-weight))
