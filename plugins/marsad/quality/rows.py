"""Row rules, judged by Great Expectations on blocks.

The verdict of a row rule depends only on the cells it reads. So a rule is shown each distinct combination of these
cells once, and its verdict holds for every row, of this block and of later ones, that has the same combination: states
and codes repeat, and GX costs tens of milliseconds a rule, whatever the rows. For the same reason rules that differ in
nothing but the names of their columns are judged together (``quality.forms``). Only where combinations hardly repeat
(amounts, pairs of dates) does a rule see the rows themselves. All ways give the same findings: a property test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from marsad.contracts.examples import moment
from marsad.contracts.model import Contract
from marsad.errors import UsageFault
from marsad.quality.allowed import columns_read
from marsad.quality.engine import POSITIONS, broken_rows, frame_batches
from marsad.quality.findings import Broken
from marsad.quality.forms import Form, Forms, Key
from marsad.quality.frames import STATE, Judged, coded, combine, frame_columns, kind_of, plain, stacked, to_pandas
from marsad.quality.structural import Expectation
from marsad.quality.suites import Suite
from marsad.quality.withdrawals import columns_of_withdrawals, withdrawing, without

Coded = Mapping[str, tuple[npt.NDArray[np.int64], pa.Array]]

FEW = 200  # combinations that are always judged apart: a second frame for GX would cost more than they do
REMEMBERED = 200_000  # combinations a form keeps before it starts anew: some 30 MB


@dataclass(frozen=True, slots=True)
class View:
    """Rules that read the same columns (in alphabetical order), and the form of each."""

    columns: tuple[str, ...]
    entries: tuple[Expectation, ...]
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """The distinct combinations that one view meets in a block: combination a row, and their cells."""

    view: View
    ids: npt.NDArray[np.int64]
    cells: list[pa.Array]
    keys: list[Key]


@dataclass(slots=True)
class Question:
    """Combinations that a form was not judged on yet, with their cells by column of the form."""

    keys: list[Key] = field(default_factory=list)
    cells: list[list[pa.Array]] = field(default_factory=list)

    def add(self, profile: Profile, form: Form) -> None:
        """Takes in what the profile has and the form does not know."""
        met = set(self.keys)
        new = [n for n, key in enumerate(profile.keys) if key not in form.broken and key not in met]
        if new:
            self.keys += [profile.keys[number] for number in new]
            self.cells.append([cells.take(pa.array(new)) for cells in profile.cells])

    def columns(self) -> list[pa.Array]:
        """The cells of all combinations, column by column."""
        return [pa.concat_arrays(parts) for parts in zip(*self.cells, strict=True)]


class RowJudge:
    """Judges the blocks of one feed; keeps verdicts by combination, so use one judge for all blocks of a delivery.

    A view goes to full rows when it has more than ``share`` distinct combinations a row of the block.

    Raises UsageFault when a rule reads a column that judges may not see or that the contract does not have.
    """

    def __init__(self, contract: Contract, suite: Suite, *, share: float = 0.5) -> None:
        entries = [_timely(entry, contract) for entry in suite.of("row")]
        _check_reads(entries, frame_columns(contract))
        self._rules = {entry["meta"]["rule"]: suite.rules[entry["meta"]["rule"]] for entry in entries}
        self._forms = Forms(lambda name: kind_of(name, contract))
        self._views = _views(entries, self._forms)
        self._share = share
        self._contract = contract
        about = columns_of_withdrawals(contract)
        self._unasked = frozenset(e["meta"]["rule"] for e in entries if not columns_read(e) <= about)
        self._frames = frame_batches()

    def judge(self, block: Judged) -> list[Broken]:
        """The rules broken in the block, in the order of the suite, with row numbers ascending as in the block.

        Raises PlatformFault when GX could not judge a rule.
        """
        if not len(block.raw.rows):
            return []
        for form in self._forms:
            if len(form.broken) > REMEMBERED:
                form.broken.clear()
        wide, profiles = self._profiles(block)
        self._learn(profiles)
        broken = self._in_full(block, wide)
        for profile in profiles:
            broken |= _expanded(profile)
        withdrawn = withdrawing(self._contract, block)
        if withdrawn.any():
            broken = {id_: without(at, withdrawn) if id_ in self._unasked else at for id_, at in broken.items()}
        rows, sheet = block.raw.rows, block.raw.sheet
        return [Broken(rule, rows[broken[id_]], sheet) for id_, rule in self._rules.items() if len(broken[id_])]

    def _profiles(self, block: Judged) -> tuple[list[View], list[Profile]]:
        limit = max(FEW, int(self._share * len(block.raw.rows)))
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
        open_questions: dict[Form, Question] = {}
        for profile in profiles:
            for form in profile.view.forms:
                open_questions.setdefault(form, Question()).add(profile, form)
        asked = [(form, question) for form, question in open_questions.items() if question.keys]
        if not asked:
            return
        frame = stacked([(form.names, question.columns()) for form, question in asked])
        found = self._judged(frame, [form.entry for form, _ in asked])
        start = 0
        for form, question in asked:
            broken = set((found[form.entry["meta"]["rule"]] - start).tolist())
            form.broken.update((key, number in broken) for number, key in enumerate(question.keys))
            start += len(question.keys)

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


def _views(entries: Iterable[Expectation], forms: Forms) -> list[View]:
    by_columns: dict[tuple[str, ...], list[Expectation]] = {}
    for entry in entries:
        by_columns.setdefault(tuple(sorted(columns_read(entry))), []).append(entry)
    return [
        View(columns, tuple(group), tuple(forms.of(entry) for entry in group)) for columns, group in by_columns.items()
    ]


def _profile(view: View, columns: Coded, limit: int) -> Profile | None:
    """The view's distinct combinations, or None when there are more than ``limit``."""
    parts = [columns[name] for name in view.columns]
    ids, firsts = combine([(codes, len(values)) for codes, values in parts])
    if len(firsts) > limit:
        return None
    cells = [values.take(pa.array(codes[firsts])) for codes, values in parts]
    return Profile(view, ids, cells, list(zip(*(_hashable(cell) for cell in cells), strict=True)))


def _hashable(cells: pa.Array) -> list[object]:
    """The cells as Python values; moments as their number, which is made five times as fast."""
    moments = pa.types.is_timestamp(cells.type)
    values: list[object] = (cells.cast(pa.int64()) if moments else cells).to_pylist()
    return values


def _expanded(profile: Profile) -> dict[str, npt.NDArray[np.int64]]:
    return {
        entry["meta"]["rule"]: _rows_where([form.broken[key] for key in profile.keys], profile.ids)
        for entry, form in zip(profile.view.entries, profile.view.forms, strict=True)
    }


def _rows_where(broken: Sequence[bool], ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.array(broken)[ids]) if any(broken) else np.empty(0, np.int64)


def _full(block: Judged, name: str) -> pa.Array:
    if name in block.values:
        return plain(block.values[name])
    codes, words = coded(block, name)
    return words.take(pa.array(codes))


def _check_reads(entries: Iterable[Expectation], visible: frozenset[str]) -> None:
    for entry in entries:
        for name in sorted(columns_read(entry) - visible):
            raise UsageFault(
                f"rule '{entry['meta']['rule']}' reads '{name}', which judges do not see: names must be columns of "
                "the contract (after it changed, run `marsad feed sync`), and of identity and free-text columns judges "
                f"see '<column>{STATE}' alone"
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
