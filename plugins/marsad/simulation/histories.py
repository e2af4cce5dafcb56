"""What the register must tell of each victim's record: its statuses in the order in which its sender stated them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from marsad.contracts.model import Contract
from marsad.simulation.figures import is_victim
from marsad.simulation.rows import Row, Value

Revisions = Mapping[date, Row]
_UNSTATED = "presumed"


def statuses(records: Iterable[tuple[Contract, str, Revisions]]) -> list[dict[str, Any]]:
    """``{feed, provider, record_id, entries: [[version, status, day]]}`` of each record that is a victim's now."""
    found = []
    for contract, provider, revisions in records:
        newest = revisions[max(revisions)]
        if is_victim(contract, newest):
            key = {"feed": contract.feed, "provider": provider, "record_id": newest.key}
            found.append({**key, "entries": _entries(contract, revisions)})
    return found


def _entries(contract: Contract, revisions: Revisions) -> list[list[str | None]]:
    """Only what differs from the statement before."""
    told: list[list[str | None]] = []
    before: object = None
    for version, row in sorted(revisions.items()):
        said = _said(contract, row) if is_victim(contract, row) else None
        if said != before and said is not None:
            told.append([version.isoformat(), said[0], said[1]])
        before = said
    return told


def _said(contract: Contract, row: Row) -> tuple[str, str | None, Value | None]:
    """Status, day, and who decided (a change of whom is news too)."""
    constant = next((v for b, v in contract.constants.items() if (b.entity, b.field) == ("victim", "status")), None)
    status = _value(contract, row, "status")
    day = _value(contract, row, "status_on") or _value(contract, row, "met_on")
    code = status[0] if isinstance(status, tuple) else None
    on = day.isoformat() if isinstance(day, date) else None
    return code or constant or _UNSTATED, on, _value(contract, row, "deciding_body")


def _value(contract: Contract, row: Row, field: str) -> Value | None:
    for column in contract.columns:
        if any((b.entity, b.field, b.item) == ("victim", field, 1) for b in column.bindings):
            return row.values.get(column.name)
    return None
