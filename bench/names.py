"""How well names alone tell one name from another: ``python -m bench.names FILE``, pairs "Arabic<TAB>Latin".

Every spelling of one side is compared with every one of the other, and recall at a precision of 0.99 told for one and
for ten pairs of different names to each pair of one name, as in the literature.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from marsad.identity.names import Hearing, Likeness, load_rules
from marsad.settings import PROJECT

Pair = tuple[str, str]
PRECISION = 0.99


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file; other lines are left out."""
    lines = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    return [(parts[0], parts[1]) for parts in lines if len(parts) == 2]


def recalls(pairs: Sequence[Pair], negatives: Sequence[float]) -> list[float]:
    """Recall at ``PRECISION`` for each number of pairs of different names to one pair of one name."""
    rules = load_rules(PROJECT / "schemas" / "names")
    hearing, likeness = Hearing(rules), Likeness(rules)
    left, right = [hearing.sounds(one) for one, _ in pairs], [hearing.sounds(other) for _, other in pairs]
    true = likeness.of(left, right)
    false = np.concatenate(
        [
            likeness.of([heard] * len(others), [right[place] for place in others])
            for heard, pair in zip(left, pairs, strict=True)
            if (others := [n for n, other in enumerate(pairs) if other[0] != pair[0] and other[1] != pair[1]])
        ]
    )
    return [_recall(true, false, share) for share in negatives]


def _recall(true: npt.NDArray[np.float32], false: npt.NDArray[np.float32], negatives: float) -> float:
    """The best of all thresholds that keep the precision, with the false pairs scaled to ``negatives`` a true one."""
    thresholds, true, false = np.unique(true), np.sort(true), np.sort(false)
    found = len(true) - np.searchsorted(true, thresholds)
    wrong = (len(false) - np.searchsorted(false, thresholds)) * (negatives * len(true) / len(false))
    kept = found[found >= PRECISION * (found + wrong)]
    return float(kept.max(initial=0) / len(true))


if __name__ == "__main__":
    one, ten = recalls(read_pairs(Path(sys.argv[1])), (1, 10))
    print(f"recall at precision {PRECISION}: {one:.3f} at 1:1, {ten:.3f} at 1:10")
