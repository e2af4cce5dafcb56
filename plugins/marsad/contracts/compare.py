"""What changed between two versions of a contract, and whether files made for the old one can still be sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from marsad.contracts.model import Binding, Column, Contract
from marsad.contracts.text import fold

_TERMS = (
    "providers",
    "formats",
    "mode",
    "period",
    "revision",
    "refuse_above",
    "age",
    "conditions",
    "constants",
    "totals",
    "withdrawal",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``breaking`` means that a file, or a stored record, fit for the old contract may not fit now."""

    text: str
    breaking: bool


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """The differences between two contracts of one feed: columns in order of the new contract, then terms."""
    return tuple([*_columns(old, new), *_terms(old, new)])


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    for column in new.columns:
        if column.name in before:
            yield from _column(before[column.name], column)
        else:
            needed = column.required or column.key is not None
            yield Change(f"column '{column.name}' is new{', and required' if needed else ''}", breaking=needed)
    for name in before.keys() - {column.name for column in new.columns}:
        yield Change(f"column '{name}' is gone", breaking=True)


def _column(old: Column, new: Column) -> Iterator[Change]:
    for field in fields(Column):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if was != now and field.name not in {"headers", "aliases", "description"}:
            breaking = field.name in {"type", "codelist", "key", "many", "bindings", "privacy"}
            breaking = breaking or (field.name == "required" and new.required) or _narrower(field.name, old, new)
            yield Change(f"column '{new.name}': {field.name} was {_said(was)}, is {_said(now)}", breaking)
    lost = _spellings(old) - _spellings(new)
    if lost:
        yield Change(f"column '{new.name}': no longer found by header {', '.join(sorted(lost))}", breaking=True)
    elif _spellings(new) - _spellings(old):
        yield Change(f"column '{new.name}': found by more headers", breaking=False)


def _narrower(field: str, old: Column, new: Column) -> bool:
    """True when a limit was added or tightened, or a way of writing was taken away."""
    was, now = getattr(old, field), getattr(new, field)
    if field in {"formats", "blanks", "placeholders", "many_also"}:
        return not set(was) <= set(now)
    if field not in {"pattern", "minimum", "maximum", "max_length"} or now is None:
        return False
    return bool(was is None or field == "pattern" or (now > was if field == "minimum" else now < was))


def _spellings(column: Column) -> set[str]:
    return {fold(text) for text in (*column.headers.values(), *column.aliases)}


def _terms(old: Contract, new: Contract) -> Iterator[Change]:
    for name in _TERMS:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield Change(f"{name} changed", breaking=name not in {"providers", "formats"} or not _wider(was, now))


def _wider(was: tuple[str, ...], now: tuple[str, ...]) -> bool:
    """True when all that was allowed still is; an empty list allows everything."""
    return not now or (bool(was) and set(was) <= set(now))


def _said(value: object) -> str:
    if isinstance(value, Binding):
        return f"{value.entity}{f'#{value.item}' if value.item > 1 else ''}.{value.field}"
    if isinstance(value, tuple):
        return ", ".join(_said(part) for part in value) or "nothing"
    return "nothing" if value is None else str(value)
