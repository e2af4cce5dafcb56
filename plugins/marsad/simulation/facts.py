"""What a row says in the words of the common model, read off the contract's bindings."""

from __future__ import annotations

from datetime import date

from marsad.contracts.model import Contract
from marsad.simulation.rows import Row, Value

UNKNOWN = "unknown"


def said(contract: Contract, row: Row, name: str, item: int = 1) -> Value | None:
    """The value of ``entity.field``, from the first column bound to it that is filled, else what the contract fixes."""
    entity, field = name.split(".")
    for column in contract.columns:
        if any((b.entity, b.field, b.item) == (entity, field, item) for b in column.bindings):
            value = row.values.get(column.name)
            if value not in (None, ()):
                return value
    fixed = {(b.entity, b.field, b.item): value for b, value in contract.constants.items()}
    return fixed.get((entity, field, item))


def code(contract: Contract, row: Row, name: str, item: int = 1) -> str:
    """The one code of a field: ``unknown`` without any, ``several`` where there are more."""
    value = said(contract, row, name, item)
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else "several"
    return value if isinstance(value, str) else UNKNOWN


def day(contract: Contract, row: Row, name: str, item: int = 1) -> date | None:
    """The day that a field holds."""
    value = said(contract, row, name, item)
    return value if isinstance(value, date) else None


def number(contract: Contract, row: Row, name: str) -> int | None:
    """The number that a field holds."""
    value = said(contract, row, name)
    return value if isinstance(value, int) else None


def speaks_of(contract: Contract, row: Row, entity: str) -> bool:
    """Whether the row feeds the entity: the contract binds columns to it, and the row meets its condition."""
    if not any(b.entity == entity for column in contract.columns for b in column.bindings):
        return False
    condition = contract.conditions.get(entity)
    value = row.values.get(condition.column, ()) if condition else ()
    return condition is None or (isinstance(value, tuple) and not condition.values.isdisjoint(value))
