"""Names in two scripts that nobody here wrote: pairs mined from Wikipedia (Google, split for evaluation)."""

from __future__ import annotations

import random
from pathlib import Path

from bench.names import read_pairs, recalls

# The best that was measured before on these pairs with a romaniser and vowel folding on both sides.
BEFORE = (0.948, 0.834)


def test_arabic_and_latin_spellings_of_one_name_are_told_from_others(data: Path) -> None:
    pairs = read_pairs(data / "names" / "google_ar2en-eval.txt")
    sample = random.Random(7).sample(pairs, 250)  # all of them: python -m bench.names
    one, ten = recalls(sample, (1, 10))
    assert one > BEFORE[0]
    assert ten > BEFORE[1]
