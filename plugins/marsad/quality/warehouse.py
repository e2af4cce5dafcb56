"""What must hold across feeds, and of a release: suites of ``expectations/warehouse`` and ``/releases``, on counts.

Great Expectations is shown one row of numbers (``register.facts_of_<suite>``), so nothing of a person can come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from marsad.quality.allowed import columns_read
from marsad.quality.engine import POSITIONS, broken_rows, frame_batches
from marsad.quality.findings import Broken
from marsad.quality.suites import Suite, load_suite

Facts = Mapping[str, int | float | None]
FOLDER = "warehouse"


def warehouse_suites(folders: tuple[Path, ...], kind: str = FOLDER) -> dict[str, Suite]:
    """The suites of a kind by name (``core``, ``register``). Raises UsageFault if one is wrong."""
    paths = {path.stem: path for folder in folders for path in sorted((folder / kind).glob("*.json"))}
    return {name: load_suite(path) for name, path in sorted(paths.items())}


def judge_facts(suite: Suite, facts: Facts) -> list[Broken]:
    """The rules that the counts break, in suite order, with what they read; an unknown count breaks none.

    Raises PlatformFault when GX could not judge a rule.
    """
    entries = suite.of("warehouse")
    frame = pd.DataFrame({name: [float("nan") if fact is None else fact] for name, fact in facts.items()})
    found = broken_rows(frame_batches().get_batch({"dataframe": frame}), entries, POSITIONS)
    return list(_broken(suite, facts, {rule for rule, rows in found.items() if len(rows)}))


def _broken(suite: Suite, facts: Facts, rules: set[str]) -> Iterator[Broken]:
    for entry in suite.of("warehouse"):
        rule = suite.rules[entry["meta"]["rule"]]
        if rule.id in rules:
            yield Broken(rule, params={name: _told(facts[name]) for name in sorted(columns_read(entry))})


def _told(fact: float | None) -> int | str:
    return fact if isinstance(fact, int) else str(fact)
