"""A contract as the rest of Marsad sees it: plain immutable values, made by ``contracts.load`` from ODCS 3 YAML."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from marsad.warehouse.model import VAULTED

Severity = Literal["critical", "warning", "info"]
ColumnType = Literal["text", "identifier", "code", "date", "timestamp", "integer", "number", "boolean"]
Labels = Mapping[str, str]  # language (fr, ar, en) -> text

# Every row is staged beside a contract's columns under these names, so no column of a contract may have one of them.
ROW_COLUMNS = (
    "row",
    "sheet",
    "record_id",
    "version",
    "period",
    "fingerprint",
    "withdraws",
    "refused",
    "slot",
    "sealed",
)
LATE_COLUMNS = ("later", "late", "late_slot", "late_sealed")
REPEAT_COLUMNS = ("content_id", "occurrence", "rivals", "again")
SYSTEM_COLUMNS = ("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid")  # PostgreSQL's own of every table
RESERVED = frozenset({*ROW_COLUMNS, *LATE_COLUMNS, *REPEAT_COLUMNS, *SYSTEM_COLUMNS})
REASONS = "justification"  # the code list of why what a warning doubts is right
AGE_COLUMNS = ("age_years", "age_band", "minor", "age_agrees")  # taken as well where a contract derives age


@dataclass(frozen=True, slots=True)
class Binding:
    """A column (or constant) that fills ``entity.field``; ``item`` numbers repeated groups of one row (from 1)."""

    entity: str
    field: str
    item: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a feed.

    ``headers`` are what agencies see per language, ``aliases`` further spellings met. ``formats`` are date patterns in
    ICU letters (``dd/MM/yyyy``, ``yyyy``), or number patterns (``#,##0``). ``many`` is the separator of multi-valued
    cells, ``many_also`` are others met. ``blanks`` are spellings of "nothing" besides the empty cell, ``placeholders``
    texts that say that there is a value but not which (``<5``, an age of 0): no value either, but worth a finding.
    ``example`` is what the example row of a template has there, as a code or ISO date; empty: nothing; None: anything.
    ``privacy`` None means unclassified, which is treated like identity.
    """

    name: str
    headers: Labels
    aliases: tuple[str, ...]
    type: ColumnType
    required: bool
    privacy: str | None
    codelist: str | None = None
    formats: tuple[str, ...] = ()
    many: str | None = None
    many_also: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    pattern: str | None = None
    minimum: float | str | None = None
    maximum: float | str | None = None
    max_length: int | None = None
    example: str | None = None
    key: int | None = None
    bindings: tuple[Binding, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    description: str = ""

    @property
    def vaulted(self) -> bool:
        """True when values may live in the vault only (identity, free text, unclassified)."""
        return self.privacy is None or self.privacy in VAULTED


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version or a period comes from: a column, a pattern (one group) on the file name, or arrival."""

    kind: Literal["column", "file_name", "received"]
    value: str = ""
    grain: Literal["day", "month", "quarter", "year"] = "month"


@dataclass(frozen=True, slots=True)
class AgeSource:
    """How age, age band and minority at the time are derived before the birth date is vaulted.

    Yields the pseudo-columns ``age_years`` (integer; -1 of who was born after ``on``), ``age_band`` (code), ``minor``
    (yes/no/unknown), bound to the fields ``age`` (none instead of -1), ``age_band``, ``minor`` of ``entity``.
    """

    entity: str
    birth_date: str | None
    stated: str | None
    on: str | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A row feeds the entity, or withdraws its record, only if ``column`` holds one of ``values`` (codes)."""

    column: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Total:
    """A total row of a file (``where`` holds the marker columns) must equal the sum of its parts in ``measure``."""

    measure: str
    by: tuple[str, ...]
    marker: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything that says how one feed's file is found, shaped and read.

    ``sheets`` are the names that the sheet to read may bear, by the language of its template; empty when any will do.
    ``justification`` names the column that tells, by a code of ``REASONS``, why what warnings doubt in its row is so.
    """

    feed: str
    version: str
    title: Labels
    description: str
    columns: tuple[Column, ...]
    providers: tuple[str, ...]
    formats: tuple[str, ...]
    sheets: Labels
    mode: Literal["increment", "snapshot"]
    period: Source
    revision: Source
    refuse_above: float
    cadence: str
    total_words: tuple[str, ...]
    age: AgeSource | None
    conditions: Mapping[str, Condition]
    constants: Mapping[Binding, str]
    totals: tuple[Total, ...]
    path: Path
    fingerprint: str
    draft: bool = False
    withdrawal: Condition | None = None
    justification: str | None = None

    @property
    def agency(self) -> str:
        """First half of the feed's name."""
        return self.feed.partition("/")[0]

    @property
    def key(self) -> tuple[Column, ...]:
        """Key columns in order; empty when the feed has no natural key."""
        return tuple(sorted((c for c in self.columns if c.key is not None), key=lambda c: c.key or 0))

    def takes_from(self, provider: str, granted: Collection[str]) -> bool:
        """Whether the body may send now: the contract names it, or names nobody and the feed was ``granted`` to it."""
        return not self.draft and (provider in self.providers if self.providers else self.feed in granted)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        return next(c for c in self.columns if c.name == name)
