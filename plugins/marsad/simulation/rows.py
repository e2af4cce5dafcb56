"""A row before it is written: what it means by contract column, and what an injected fault made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from marsad.contracts.model import Column, Contract

Value = str | int | date | tuple[str, ...]
"""Text or identifier as written, a number, a day, or codes (also a single one) of the column's code list."""

Facts = Mapping[str, Value]
"""What an office knows: by column name, by ``entity.field`` or by ``field`` of the common model, tried in that order.

``field#2`` is the second of repeated groups.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one sending.

    ``values`` are meant by column (blank ones are missing). ``written`` are cells that say something no reader can
    understand. ``beyond`` are cells past the last column. ``faults`` name what was injected.
    """

    key: str
    person: str | None
    values: Mapping[str, Value]
    written: Mapping[str, str] = field(default_factory=dict)
    beyond: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def content(self, version: str | None) -> tuple[object, ...]:
        """What decides whether two rows say the same: everything but the version column."""
        said = tuple(sorted((name, value) for name, value in self.values.items() if name != version))
        return (said, tuple(sorted(self.written.items())))

    def put(self, name: str, value: Value) -> Row:
        """The row with one value replaced."""
        return replace(self, values={**self.values, name: value})

    def blank(self, name: str) -> Row:
        """The row with nothing in one column."""
        return replace(self, values={key: value for key, value in self.values.items() if key != name})

    def spoil(self, name: str, text: str) -> Row:
        """The row with one cell that cannot be understood."""
        return replace(self.blank(name), written={**self.written, name: text})

    def blame(self, kind: str) -> Row:
        """The row with one more fault to its name."""
        return replace(self, faults=(*self.faults, kind))


Sources = Mapping[str, tuple[str, ...]]
"""Column name to the names of facts that may fill it, best first."""


def sources(contract: Contract) -> Sources:
    """Where each column's value comes from: the fact of its own name, else of a field it is bound to."""
    return {column.name: (column.name, *_bound(column)) for column in contract.columns}


def _bound(column: Column) -> Iterator[str]:
    fields = [(b.entity, b.field if b.item == 1 else f"{b.field}#{b.item}") for b in column.bindings]
    yield from (f"{entity}.{field}" for entity, field in fields)
    yield from (field for _, field in fields)


def fill(columns: Sources, key: str, person: str | None, facts: Facts) -> Row:
    """A row of these columns; a fact of no codes, like a missing one, leaves its cell empty."""
    found = {name: next((facts[n] for n in names if facts.get(n, ()) != ()), None) for name, names in columns.items()}
    return Row(key, person, {name: value for name, value in found.items() if value is not None})
