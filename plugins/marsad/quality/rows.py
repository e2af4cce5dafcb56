"""Row rules, judged by Great Expectations on blocks.

The verdict of a row rule depends only on the cells it reads. So a rule is shown each distinct combination of these
cells once, and its verdict holds for every row, of this block and of later ones, that has the same combination: states
and codes repeat, and GX costs tens of milliseconds a rule, whatever the rows. Only where combinations hardly repeat
(amounts, pairs of dates) does a rule see the rows themselves. Both ways give the same findings: a property test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from great_expectations.core.batch_definition import BatchDefinition

from marsad.contracts.model import Contract
from marsad.errors import UsageFault
from marsad.quality.allowed import columns_read
from marsad.quality.engine import POSITIONS, broken_rows, quiet_context
from marsad.quality.examples import moment
from marsad.quality.findings import Broken
from marsad.quality.frames import Judged, coded, combine, frame_columns, plain, stacked, to_pandas
from marsad.quality.structural import Expectation
from marsad.quality.suites import Suite

Coded = Mapping[str, tuple[npt.NDArray[np.int64], pa.Array]]
Mask = npt.NDArray[np.bool_]

REMEMBERED = 200_000  # combinations a view keeps before it starts anew: some 20 MB at most


@dataclass(slots=True)
class View:
    """Rules that read the same columns, and what GX said of each combination of these columns met so far."""

    columns: tuple[str, ...]
    entries: tuple[Expectation, ...]
    known: dict[tuple[object, ...], int] = field(default_factory=dict)
    verdicts: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), np.bool_))

    def forget(self) -> None:
        """Starts anew."""
        self.known = {}
        self.verdicts = np.zeros((0, len(self.entries)), np.bool_)


@dataclass(frozen=True, slots=True)
class Profile:
    """The distinct combinations that one view meets in a block: combination a row, and their cells."""

    view: View
    ids: npt.NDArray[np.int64]
    cells: list[pa.Array]
    keys: list[tuple[object, ...]]

    def unseen(self) -> list[int]:
        """Numbers of the combinations without a verdict."""
        return [number for number, key in enumerate(self.keys) if key not in self.view.known]


class RowJudge:
    """Judges the blocks of one feed; keeps verdicts by combination, so use one judge for all blocks of a delivery.

    A view goes to full rows when it has more than ``share`` distinct combinations a row of the block.

    Raises UsageFault when a rule reads a column that judges may not see or that the contract does not have.
    """

    def __init__(self, contract: Contract, suite: Suite, *, share: float = 0.5) -> None:
        entries = [_timely(entry, contract) for entry in suite.of("row")]
        _check_reads(entries, frame_columns(contract))
        self._rules = {entry["meta"]["rule"]: suite.rules[entry["meta"]["rule"]] for entry in entries}
        self._views = _views(entries)
        self._share = share
        self._frames = _frame_batches()

    def judge(self, block: Judged) -> list[Broken]:
        """The rules broken in the block, in the order of the suite, with row numbers ascending as in the block.

        Raises PlatformFault when GX could not judge a rule.
        """
        if not len(block.raw.rows):
            return []
        wide, profiles = self._profiles(block)
        self._learn(profiles)
        broken = self._in_full(block, wide)
        for profile in profiles:
            broken |= _expanded(profile)
        rows, sheet = block.raw.rows, block.raw.sheet
        return [Broken(rule, rows[broken[id_]], sheet) for id_, rule in self._rules.items() if len(broken[id_])]

    def _profiles(self, block: Judged) -> tuple[list[View], list[Profile]]:
        limit = max(1, int(self._share * len(block.raw.rows)))
        columns = {name: coded(block, name) for name in sorted({c for view in self._views for c in view.columns})}
        wide, profiles = [], []
        for view in self._views:
            profile = _profile(view, columns, limit)
            if profile is None:
                wide.append(view)
            else:
                profiles.append(profile)
        return wide, profiles

    def _learn(self, profiles: Sequence[Profile]) -> None:
        """Has GX judge the combinations not met before: all of them below each other in one small frame."""
        fresh = [(profile, numbers) for profile in profiles if (numbers := profile.unseen())]
        if not fresh:
            return
        frame = stacked([(p.view.columns, [cells.take(pa.array(n)) for cells in p.cells]) for p, n in fresh])
        found = self._judged(frame, [entry for profile, _ in fresh for entry in profile.view.entries])
        start = 0
        for profile, numbers in fresh:
            _remember(profile, numbers, found, start)
            start += len(numbers)

    def _in_full(self, block: Judged, views: Sequence[View]) -> dict[str, npt.NDArray[np.int64]]:
        if not views:
            return {}
        names = sorted({name for view in views for name in view.columns})
        frame = {name: to_pandas(_full(block, name)) for name in names}
        return self._judged(frame, [entry for view in views for entry in view.entries])

    def _judged(
        self, columns: Mapping[str, pd.Series], entries: Sequence[Expectation]
    ) -> dict[str, npt.NDArray[np.int64]]:
        batch = self._frames.get_batch({"dataframe": pd.DataFrame(dict(columns))})
        return broken_rows(batch, entries, POSITIONS)


def _frame_batches() -> BatchDefinition:
    source = quiet_context().data_sources.add_pandas("blocks")
    return source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")


def _views(entries: Iterable[Expectation]) -> list[View]:
    by_columns = sorted(entries, key=lambda entry: sorted(columns_read(entry)))
    groups = groupby(by_columns, key=lambda entry: tuple(sorted(columns_read(entry))))
    views = [View(columns, tuple(group)) for columns, group in groups]
    for view in views:
        view.forget()
    return views


def _profile(view: View, columns: Coded, limit: int) -> Profile | None:
    """The view's distinct combinations, or None when there are more than ``limit``."""
    parts = [columns[name] for name in view.columns]
    ids, firsts = combine([(codes, len(values)) for codes, values in parts])
    if len(firsts) > limit:
        return None
    if len(view.known) > REMEMBERED:
        view.forget()
    cells = [values.take(pa.array(codes[firsts])) for codes, values in parts]
    return Profile(view, ids, cells, list(zip(*(cell.to_pylist() for cell in cells), strict=True)))


def _remember(profile: Profile, numbers: Sequence[int], found: Mapping[str, npt.NDArray[np.int64]], start: int) -> None:
    view = profile.view
    fresh = np.zeros((len(numbers), len(view.entries)), np.bool_)
    for column, entry in enumerate(view.entries):
        places = found[entry["meta"]["rule"]] - start
        fresh[places[(places >= 0) & (places < len(numbers))], column] = True
    for number in numbers:
        view.known[profile.keys[number]] = len(view.known)
    view.verdicts = np.concatenate([view.verdicts, fresh])


def _expanded(profile: Profile) -> dict[str, npt.NDArray[np.int64]]:
    view = profile.view
    verdicts = view.verdicts[[view.known[key] for key in profile.keys]]
    return {
        entry["meta"]["rule"]: np.flatnonzero(verdicts[:, column][profile.ids])
        if verdicts[:, column].any()
        else np.empty(0, np.int64)
        for column, entry in enumerate(view.entries)
    }


def _full(block: Judged, name: str) -> pa.Array:
    if name in block.values:
        return plain(block.values[name])
    codes, words = coded(block, name)
    return words.take(pa.array(codes))


def _check_reads(entries: Iterable[Expectation], visible: frozenset[str]) -> None:
    for entry in entries:
        for name in sorted(columns_read(entry) - visible):
            raise UsageFault(
                f"rule '{entry['meta']['rule']}' reads '{name}', which judges do not see: identity and free-text "
                f"columns are judged by '{name}__state' alone, other names must be columns of the contract"
            )


def _timely(entry: Expectation, contract: Contract) -> Expectation:
    """The entry with limits on dates as dates: JSON has none, and GX does not compare a date with a text."""
    dates = {column.name for column in contract.columns if column.type in {"date", "timestamp"}}
    kwargs = entry["kwargs"]
    if kwargs.get("column") not in dates:
        return entry
    return entry | {"kwargs": {name: _moment(name, value) for name, value in kwargs.items()}}


def _moment(name: str, value: object) -> object:
    if name in {"min_value", "max_value"} and isinstance(value, str):
        return moment(value)
    if name == "value_set" and isinstance(value, list):
        return [moment(item) for item in value]
    return value
