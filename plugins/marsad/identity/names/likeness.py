"""How alike names sound: the cheapest way to turn one into the other, many pairs at once.

An edit distance in which each sound has its own cost of being left out or heard as another. One step of the usual
table is one operation on all pairs together, so a hundred thousand pairs cost about as much as a hundred alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from marsad.identity.names.rules import NameRules

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]

_OTHER = 1.0  # for sounds that have nothing in common, and for signs no rule knows
_LONGEST = 24  # sounds of a name looked at
_AT_ONCE = 50_000  # pairs: bounds memory
_UNKNOWN = 64  # codes for signs that no rule knows
_LEFTOVER = 0.05  # off for a name that has more words than the other


class Likeness:
    """Compares names that ``Hearing`` turned into sounds, under the same rules."""

    def __init__(self, rules: NameRules) -> None:
        signs = sorted(rules.sounds)
        self._known = len(signs) + 1
        self._code = self._unknown(np.arange(128, dtype=np.uint32))
        self._code[0] = 0
        self._code[[ord(sign) for sign in signs]] = np.arange(1, self._known)
        self._costs = _cost_table(rules, signs)

    def of(self, left: Sequence[str], right: Sequence[str]) -> Floats:
        """From 0 (nothing in common) to 1 (the same sounds) for each pair; 0 where a name is empty.

        Words may stand in another order, be joined, or be missing on one side.
        """
        whole = self._joined([name.replace(" ", "") for name in left], [name.replace(" ", "") for name in right])
        several = [n for n, pair in enumerate(zip(left, right, strict=True)) if " " in pair[0] or " " in pair[1]]
        if several:
            by_words = self._by_words([left[n].split() for n in several], [right[n].split() for n in several])
            whole[several] = np.maximum(whole[several], by_words)
        return whole

    def _joined(self, left: Sequence[str], right: Sequence[str]) -> Floats:
        parts = [slice(start, start + _AT_ONCE) for start in range(0, len(left), _AT_ONCE)]
        return np.concatenate([self._aligned(left[part], right[part]) for part in parts] or [np.zeros(0, np.float32)])

    def _aligned(self, left: Sequence[str], right: Sequence[str]) -> Floats:
        a, b = self._codes(left), self._codes(right)
        weight = (self._weight(a) + self._weight(b)) / 2
        likeness = 1 - self._distance(a, b) / np.maximum(weight, 1e-6)
        return np.where((a[0] > 0) & (b[0] > 0), np.clip(likeness, 0, 1), 0).astype(np.float32)

    def _codes(self, names: Sequence[str]) -> Codes:
        """One column a name, one row a place in it; 0 after its end."""
        length = max(1, min(_LONGEST, max(map(len, names))))
        points = np.array(names, dtype=f"U{length}").view(np.uint32).reshape(len(names), length)
        return np.where(points < len(self._code), self._code[points % len(self._code)], self._unknown(points)).T

    def _unknown(self, points: npt.NDArray[np.uint32]) -> Codes:
        """Signs that no rule knows are like themselves only (and like one in sixty others: it does not matter)."""
        return (self._known + points % _UNKNOWN).astype(np.uint8)

    def _weight(self, codes: Codes) -> Floats:
        weights: Floats = self._costs[codes, 0].sum(axis=0)
        return weights

    def _distance(self, a: Codes, b: Codes) -> Floats:
        """The classic table, row by row; places after a name's end cost nothing."""
        gone, come = self._costs[a, 0], self._costs[b, 0]
        before: list[Floats] = [np.zeros(a.shape[1], np.float32), *np.cumsum(come, axis=0)]
        for i, sign in enumerate(a):
            row = [before[0] + gone[i]]
            for j, other in enumerate(b):
                step = np.minimum(before[j + 1] + gone[i], row[j] + come[j])
                row.append(np.minimum(step, before[j] + self._costs[sign, other]))
            before = row
        return before[-1]

    def _by_words(self, left: Sequence[list[str]], right: Sequence[list[str]]) -> Floats:
        """Each word of the shorter name with the most alike of the longer; a little off for what is left over."""
        short, long = zip(*(sorted(pair, key=len) for pair in zip(left, right, strict=True)), strict=True)
        pairs = [(w, v) for words, others in zip(short, long, strict=True) for w in words for v in others]
        alike = self._joined([w for w, _ in pairs], [v for _, v in pairs])
        result, place = np.zeros(len(short), np.float32), 0
        for n, (words, others) in enumerate(zip(short, long, strict=True)):
            count = len(words) * len(others)
            if count:
                result[n] = _best(alike[place : place + count].reshape(len(words), len(others)))
            place += count
        return result


def _best(alike: Floats) -> float:
    """Of names as many words long the worse direction, so that no word counts for two."""
    short, long = alike.shape
    best = float(alike.max(axis=1).mean())
    return max(0.0, best - _LEFTOVER) if short < long else min(best, float(alike.max(axis=0).mean()))


def _cost_table(rules: NameRules, signs: Sequence[str]) -> Floats:
    """Costs by code; 0 stands for no sound, the last for signs that no rule knows."""
    number = {sign: code for code, sign in enumerate(signs, 1)}
    omitted = [0, *(rules.sounds[sign].omitted for sign in signs), *[_OTHER] * _UNKNOWN]
    costs = np.full((len(omitted), len(omitted)), _OTHER, np.float32)
    costs[0, :] = costs[:, 0] = omitted
    for (one, other), cost in rules.confusions.items():
        costs[number[one], number[other]] = costs[number[other], number[one]] = cost
    np.fill_diagonal(costs, 0)
    return costs
