"""``schemas/policies/linkage.yaml``: the frozen model, its prior and its thresholds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from marsad import policies
from marsad.contracts.model import Labels
from marsad.policies import Part

Share = Annotated[float, Field(gt=0, lt=1)]
_WORDS = frozenset({"label", "says", "owner", "decided"})  # may be put better under the same version
_SUM_OFF = 0.011  # shares are written with two or three places


class Level(Part):
    """One level of a comparison. ``likeness`` is from where on names reach it; ``says`` what it tells people."""

    m: Share
    u: Share
    says: Labels
    likeness: Share | None = None

    @property
    def weight(self) -> float:
        """What the level adds to the weight of a pair, in bits."""
        return math.log2(self.m / self.u)


class Comparison(Part):
    """One thing compared, from its strongest level to none at all."""

    label: Labels
    levels: Mapping[str, Level]

    @model_validator(mode="after")
    def _shares(self) -> Comparison:
        for name in ("m", "u"):
            total = sum(getattr(level, name) for level in self.levels.values())
            if abs(total - 1) > _SUM_OFF:
                raise ValueError(f"the {name} of all levels add up to {total:.3f}, not 1")
        return self


class Prior(Part):
    """How likely two records are of one person before anything is compared; the first step of every waterfall."""

    label: Labels
    says: Labels
    partners: Annotated[float, Field(gt=0)]
    most: Share
    fewest: Annotated[int, Field(gt=0)]

    def of(self, records: int) -> float:
        """For any two of so many records."""
        return min(self.most, self.partners / max(1, records - 1))

    def of_register(self, records: int) -> float:
        """For any two records of a warehouse with so many; one for each doubling, so that it seldom moves."""
        return self.of(1 << (max(records, self.fewest) - 1).bit_length())


class Thresholds(Part):
    """Probabilities: from ``link`` on the machine joins, from ``review`` on people are asked."""

    link: Share
    review: Share


class Candidates(Part):
    """How pairs worth comparing are found."""

    most_per_key: Annotated[int, Field(gt=1)]
    near: Annotated[float, Field(ge=0)]


class TermFrequency(Part):
    """How much is assumed of how common names are."""

    assumed: Annotated[int, Field(gt=0)]


class Policy(Part):
    """The whole model. ``version`` goes wherever a weight goes."""

    version: int
    owner: str
    decided: str
    prior: Prior
    thresholds: Thresholds
    candidates: Candidates
    term_frequency: TermFrequency
    comparisons: Mapping[str, Comparison]


def deciding(policy: Mapping[str, object]) -> str:
    """What decides who is linked in a policy as a document, as one text: all numbers in their order, no words."""
    return json.dumps(_without_words(policy))


def _without_words(part: object) -> object:
    if not isinstance(part, dict):
        return part
    return {name: _without_words(inner) for name, inner in part.items() if name not in _WORDS}


def load_policy(schemas: Path) -> Policy:
    """The policy of an installation. Raises UsageFault that names what is wrong."""
    return policies.load(Policy, schemas, "linkage")
