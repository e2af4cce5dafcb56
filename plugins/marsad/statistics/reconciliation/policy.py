"""Thresholds of reconciliation: ``schemas/policies/reconciliation.yaml``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from marsad import policies
from marsad.policies import Part


class Rule(Part):
    """What a source counts that does not say so."""

    unit: str
    stage: str


class Copies(Part):
    """When equal numbers in two tables are no chance."""

    smallest: int
    total: int
    ages: int


class History(Part):
    """When a year stands out of its own series."""

    years: int
    neighbours: int
    factor: float
    spread: float
    floor: float
    smallest: int


class Policy(Part):
    """The whole file."""

    owner: str
    decided: date
    defaults: dict[str, Rule]
    topics: dict[str, tuple[str, ...]]
    order: tuple[str, ...]
    alike: frozenset[str]
    dimensions: dict[str, str]
    manifold: frozenset[str]
    apart: frozenset[str]
    whole: dict[str, frozenset[str]]
    copies: Copies
    history: History
    warehouse: str


def load_policy(schemas: Path) -> Policy:
    """The policy in force. Raises UsageFault that names all that is wrong."""
    return policies.load(Policy, schemas, "reconciliation")
