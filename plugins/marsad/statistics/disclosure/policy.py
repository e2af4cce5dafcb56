"""``schemas/policies/disclosure.yaml``: what may be published of numbers of people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from marsad import policies
from marsad.policies import Part

Zeros = Literal["published", "risk"]
Count = Annotated[int, Field(ge=1)]


class Dominance(Part):
    """A cell with this share of a line of fewer than ``below`` people tells what each of them is."""

    share: Annotated[float, Field(gt=0.5, le=1)]
    below: Count


class Policy(Part):
    """The policy of an installation."""

    version: Count
    owner: str
    decided: str
    review: str
    threshold: Annotated[int, Field(ge=2)]
    zeros: Zeros
    rounding: Count
    dominance: Dominance
    width: Count
    differences_below: Count

    def shown(self, count: int) -> int:
        """The number that is printed for a count."""
        return (2 * count + self.rounding) // (2 * self.rounding) * self.rounding

    def meant(self, shown: int) -> tuple[int, int]:
        """The least and the largest count that are printed as ``shown``."""
        below, above = self.rounding // 2, (self.rounding - 1) // 2
        return max(shown - below, 0), shown + above


def load_policy(schemas: Path) -> Policy:
    """The policy of an installation. Raises UsageFault that names what is wrong."""
    return policies.load(Policy, schemas, "disclosure")
