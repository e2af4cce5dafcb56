"""Which pairs are worth opening: those that could come near a link, by what the keys they share say.

The larger a register, the more two records must have in common to be of one person, and the more pairs share some key
by chance. A pair that shares keys of its names only can be linked among a thousand records and never among a million.
The bounds are the policy's own weights; its ``near`` leaves room for what agrees without a key to say so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf

from marsad.linkage.keys import Kind
from marsad.linkage.policy import Level, Policy


def worthy(policy: Policy, bound: float) -> list[int]:
    """The sets of kinds, as sums, that let a pair come near the weight ``bound`` of a link (without the prior)."""
    most, least = _Most(policy), bound - policy.candidates.near
    return [kinds for kinds in range(1, 2 * max(Kind)) if most.of(Kind(kinds)) >= least]


def needed(worthy: Collection[int]) -> list[Kind]:
    """The kinds that are part of a smallest worthy set: keys of no other kind need be looked up."""
    smallest = [kinds for kinds in worthy if not any(one != kinds and one & kinds == one for one in worthy)]
    return [kind for kind in Kind if any(kind & kinds for kinds in smallest)]


class _Most:
    """The most that a pair can come to that shares keys of some kinds and no others, in bits."""

    def __init__(self, policy: Policy) -> None:
        self._comparisons = policy.comparisons
        given, family, whole = (self._best(name) for name in ("given_name", "family_name", "whole_name"))
        self._both, self._one = max(given + family, whole), max(given, family)
        self._rest = sum(map(self._best, ("sex", "nationality", "place")))

    def of(self, kinds: Kind) -> float:
        if kinds & (Kind.NUMBER | Kind.DATE):
            return inf
        birth = (
            self._birth("year_only", "part") if kinds & Kind.YEAR else self._birth("part") if kinds & Kind.DAY else 0
        )
        names = self._both if kinds & Kind.NAME else self._one if kinds & (Kind.YEAR | Kind.DAY) else 0
        born = self._birth("same") if kinds & Kind.BORN else 0  # and no word of the names
        return max(names + birth, born) + self._rest

    def _best(self, name: str) -> float:
        return max((level.weight for level in self._levels(name).values()), default=0)

    def _birth(self, *keys: str) -> float:
        levels = self._levels("birth_date")
        return max((levels[key].weight for key in keys if key in levels), default=0)

    def _levels(self, name: str) -> Mapping[str, Level]:
        return self._comparisons[name].levels if name in self._comparisons else {}
