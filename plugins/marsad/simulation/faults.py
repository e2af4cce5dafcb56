"""What goes wrong on purpose. ``FAULTS`` is the table; docs, tests and the oracle read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from marsad.contracts.model import Column, Contract
from marsad.simulation.figures import years
from marsad.simulation.rows import Row

Level = Literal["row", "file"]
Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault: ``critical`` refuses the row (or file), ``warning`` lets it pass with a finding."""

    kind: str
    level: Level
    severity: Severity
    what: str


FAULTS: Mapping[str, Fault] = {
    fault.kind: fault
    for fault in (
        Fault("missing_required", "row", "critical", "a required cell is empty"),
        Fault("missing_key", "row", "critical", "the key is empty"),
        Fault("unparsed_date", "row", "critical", "a date that is none, in a column that may be empty"),
        Fault("unparsed_birth_date", "row", "warning", "a birth date that is none: the record stays, its age unknown"),
        Fault("unmapped_code", "row", "warning", "a word no code list knows, in a column that may be empty"),
        Fault("exit_before_entry", "row", "critical", "a stay ends before it begins"),
        Fault("adult_without_means", "row", "warning", "an adult victim without means"),
        Fault("named_without_consent", "row", "critical", "a name sent although consent was refused"),
        Fault("duplicate_row", "row", "critical", "the same row again: the second copy is refused"),
        Fault("conflicting_rows", "row", "critical", "one key twice with different content: both are refused"),
        Fault("total_row", "row", "critical", "a total at the end, counted as a row"),
        Fault("long_row", "row", "critical", "more cells than the header has"),
        Fault("wrong_feed", "file", "critical", "a file of another feed in this inbox"),
        Fault("truncated", "file", "critical", "a workbook cut off in the middle"),
        Fault("empty", "file", "critical", "no bytes at all"),
        Fault("no_key_column", "file", "critical", "the key column is missing"),
        Fault("odd_volume", "file", "warning", "a whole list with far fewer or more rows than the one before"),
        Fault("half_broken", "file", "critical", "more broken rows than the contract lets pass"),
        Fault("duplicate_file", "file", "info", "the same bytes under another name"),
        Fault("late_file", "file", "info", "an older sending after a newer one"),
        Fault("correction", "file", "info", "records again with a newer version"),
        Fault("resent_unchanged", "file", "info", "a newer sending of records that say the same"),
        Fault("changed_snapshot", "file", "info", "a period again, without one of its records"),
    )
}

UNKNOWN_WORDS = {
    "fr": ("voir PV annexé", "à confirmer par le parquet"),
    "ar": ("انظر المحضر المرفق", "في انتظار رد النيابة"),
}
"""Spellings that no code list may know."""

FEEDS_OF = {
    "exit_before_entry": ("ngo/shelter_stays",),
    "adult_without_means": ("police/victims",),
    "named_without_consent": ("ngo/assistance",),
}
"""Faults that only some feeds can have: those whose rules look for them."""

WATCHED = frozenset(
    {
        "charge_articles", "civil_party", "consent", "convicted_articles", "decided_on", "deciding_body", "decision",
        "done_on", "ended_on", "evidence", "exit_reason", "indicators", "means", "minor_accompaniment", "recognised",
        "referred_to", "requalified_to", "sentence_months", "service1_kind", "service2_kind", "service3_kind", "stage",
        "status",
    }
)  # fmt: skip
"""Columns that field rules look at: a gap or an unknown word there would break a second rule."""

UNREADABLE_DAYS = ("31/02/2024", "mi-mars", "00/13/2024")

Injector = Callable[[Row, Contract, "Hand"], Sequence[Row] | None]


@dataclass(frozen=True, slots=True)
class Hand:
    """Who writes wrongly: language, columns that the office sends, and chance."""

    language: str
    columns: Sequence[Column]
    rng: Random

    def some(self, columns: Sequence[Column]) -> Column | None:
        """One of the columns, or None if there is none."""
        return self.rng.choice(columns) if columns else None


def critical(row: Row) -> bool:
    """Whether an injected fault refuses the row."""
    return any(FAULTS[kind].severity == "critical" for kind in row.faults)


def warned(row: Row) -> bool:
    """Whether an injected fault leaves a warning."""
    return any(FAULTS[kind].severity == "warning" for kind in row.faults)


def _missing_required(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    del contract
    column = hand.some([c for c in hand.columns if c.required and c.key is None and c.name in row.values])
    return [row.blank(column.name).blame("missing_required")] if column else None


def _missing_key(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    del hand
    return [row.blank(contract.key[0].name).blame("missing_key")] if contract.key else None


def _unparsed_date(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    spared = {contract.revision.value, contract.period.value}
    dates = [c for c in hand.columns if c.type == "date" and not c.required and c.name not in spared]
    column = hand.some([c for c in dates if "unparsed" not in c.severities and c.name in row.values])
    return [row.spoil(column.name, hand.rng.choice(UNREADABLE_DAYS)).blame("unparsed_date")] if column else None


def _unparsed_birth_date(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    del contract
    if "birth_date" not in row.values:
        return None
    return [row.spoil("birth_date", hand.rng.choice(UNREADABLE_DAYS)).blame("unparsed_birth_date")]


def _unmapped_code(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    del contract
    codes = [c for c in hand.columns if c.codelist and not c.required and c.key is None and c.name in row.values]
    column = hand.some([c for c in codes if not c.severities and c.name not in WATCHED])
    word = hand.rng.choice(UNKNOWN_WORDS[hand.language])
    return [row.spoil(column.name, word).blame("unmapped_code")] if column else None


def _exit_before_entry(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    del contract
    entry, leave = row.values.get("started_on"), row.values.get("ended_on")
    if not isinstance(entry, date) or not isinstance(leave, date):
        return None
    return [row.put("ended_on", entry - timedelta(hand.rng.randint(2, 9))).blame("exit_before_entry")]


def _adult_without_means(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    del hand
    age = years(contract, row)
    adult = age is not None and age >= 18
    return [row.blank("means").blame("adult_without_means")] if adult and "means" in row.values else None


def _named_without_consent(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    del contract, hand
    named = {"family_name", "family_name_ar"} & row.values.keys()
    return [row.put("consent", ("refused",)).blame("named_without_consent")] if named else None


def _duplicate_row(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    del hand
    return [row, row.blame("duplicate_row")] if contract.key else None


def _conflicting_rows(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    spared = {contract.revision.value, contract.period.value}
    free = [c for c in hand.columns if not c.required and c.key is None and c.name not in spared | WATCHED]
    column = hand.some([c for c in free if c.name in row.values])
    if column is None or not contract.key:
        return None
    return [row.blame("conflicting_rows"), row.blank(column.name).blame("conflicting_rows")]


def _long_row(row: Row, contract: Contract, hand: Hand) -> Sequence[Row] | None:
    del contract, hand
    return [Row(row.key, row.person, row.values, row.written, ("suite", "p. 2"), row.faults).blame("long_row")]


INJECTORS: Mapping[str, Injector] = {
    "missing_required": _missing_required,
    "missing_key": _missing_key,
    "unparsed_date": _unparsed_date,
    "unparsed_birth_date": _unparsed_birth_date,
    "unmapped_code": _unmapped_code,
    "exit_before_entry": _exit_before_entry,
    "adult_without_means": _adult_without_means,
    "named_without_consent": _named_without_consent,
    "duplicate_row": _duplicate_row,
    "conflicting_rows": _conflicting_rows,
    "long_row": _long_row,
}
