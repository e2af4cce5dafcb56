"""What a register must say of each true victim: from her records in force, by the rules of the data steward."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from marsad.contracts.model import Contract
from marsad.simulation.facts import UNKNOWN, code, day, said, speaks_of
from marsad.simulation.figures import band, years
from marsad.simulation.rows import Row

_BELIEVED = {
    "sex": ("police", "justice", "ngo", "customs"),
    "citizenship": ("police", "customs", "justice", "ngo"),
    "region": ("police", "ngo", "justice", "customs"),
    "age_band": (),
    "minor": (),
}
"""Whose word counts for what, first to last, as the commission decided; of the last three the first day counts."""
_EARLIEST = frozenset({"region", "age_band", "minor"})
_BODIES = ("court", "prosecution", "commission", "police", "government", "ngo", "other")
_DECIDES = {"police": "police", "justice": "court", "ngo": "ngo", "customs": "government"}
_NOBODY = frozenset({UNKNOWN, "none", "self"})
_KINDS = {"shelter": "shelter", "return": "return", "reintegration": "reintegration"}


@dataclass(frozen=True, slots=True)
class Known:
    """One registered person: year of the first contact, what she is counted by, first day of each kind of step."""

    year: str
    facts: Mapping[str, str]
    steps: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class _Record:
    contract: Contract
    provider: str
    row: Row

    def code(self, field: str, item: int = 1, *entities: str) -> str:
        found = (code(self.contract, self.row, f"{entity}.{field}", item) for entity in entities or self._speaks())
        return next((one for one in found if one != UNKNOWN), UNKNOWN)

    def day(self, field: str) -> date | None:
        found = (day(self.contract, self.row, f"{entity}.{field}") for entity in self._speaks())
        return next((one for one in found if one), None)

    def _speaks(self) -> tuple[str, ...]:
        return ("victim", "contact") if self.victim else ("contact",)

    @property
    def victim(self) -> bool:
        return speaks_of(self.contract, self.row, "victim")

    @property
    def met_on(self) -> date:
        return self.day("met_on") or self.day("received_on") or date.max

    @property
    def agency(self) -> str:
        return self.contract.agency

    def fact(self, field: str) -> str:
        if field in {"age_band", "minor"}:
            age = years(self.contract, self.row) if self.victim else None
            return band(age) if field == "age_band" else UNKNOWN if age is None else "yes" if age < 18 else "no"
        return self.code(field)


def registered(records: Sequence[tuple[Contract, str, date, Row]]) -> list[Known]:
    """Everybody whom some record in force takes for a victim, whoever else met her."""
    persons: dict[str, list[_Record]] = defaultdict(list)
    for contract, provider, _, row in records:
        if row.person and any(speaks_of(contract, row, entity) for entity in ("victim", "contact", "service")):
            persons[row.person].append(_Record(contract, provider, row))
    return [_known(own) for own in persons.values() if any(one.victim for one in own)]


def _known(own: Sequence[_Record]) -> Known:
    meetings = [one for one in own if one.victim or speaks_of(one.contract, one.row, "contact")]
    steps: dict[str, date] = {}
    for one in own:
        for kind, on in _steps(one, {(m.provider, m.code("victim_reference")) for m in meetings}):
            steps[kind] = min(on, steps.get(kind, on))
    facts = {"status": _status(meetings), **{field: _fact(field, meetings) for field in _BELIEVED}}
    first = min(steps.values(), default=None)
    return Known(str(first.year) if first else UNKNOWN, {**facts, "exploitation_form": _form(meetings)}, steps)


def _fact(field: str, meetings: Sequence[_Record]) -> str:
    order = _BELIEVED[field]
    telling = [one for one in meetings if one.fact(field) != UNKNOWN]
    sign = 1 if field in _EARLIEST else -1

    def rank(one: _Record) -> tuple[object, ...]:
        place = order.index(one.agency) if one.agency in order else len(order)
        return place, sign * one.met_on.toordinal(), one.contract.feed, one.provider, one.row.key

    return min(telling, key=rank).fact(field) if telling else UNKNOWN


def _form(meetings: Sequence[_Record]) -> str:
    forms = set[str]()
    for one in meetings:
        for entity in ("victim", "contact"):
            value = said(one.contract, one.row, f"{entity}.exploitation_form")
            forms |= set(value) if isinstance(value, tuple) else set()
    return UNKNOWN if not forms else "several" if len(forms) > 1 else forms.pop()


def _status(meetings: Sequence[_Record]) -> str:
    def rank(one: _Record) -> tuple[object, ...]:
        body = one.code("deciding_body")
        body = _DECIDES[one.agency] if body == UNKNOWN else body
        on = one.day("status_on") or one.met_on
        return _BODIES.index(body), -on.toordinal(), one.contract.feed, one.provider, one.row.key

    status = min((one for one in meetings if one.victim), key=rank).code("status")
    return "presumed" if status == UNKNOWN else status


def _steps(one: _Record, guests: set[tuple[str, str]]) -> Iterator[tuple[str, date]]:
    """Kind and day of each step that a record tells of; a stay only where her code is known at that shelter's body."""
    if one.victim or speaks_of(one.contract, one.row, "contact"):
        yield from _meeting(one)
    alone = not one.victim and speaks_of(one.contract, one.row, "service")
    if alone and (one.provider, one.code("victim_reference", 1, "service")) not in guests:
        return
    for item in (1, 2, 3):
        began = day(one.contract, one.row, "service.started_on", item)
        if began and one.code("status", item, "service") not in {"offered", "declined", "planned"}:
            yield _KINDS.get(one.code("kind", item, "service"), "service"), began


def _meeting(one: _Record) -> Iterator[tuple[str, date]]:
    sent = one.victim and one.code("referred_from") not in _NOBODY
    yield "court" if one.agency == "justice" else "referral_from" if sent else "detection", one.met_on
    decided, referred, returned = (one.day(field) for field in ("status_on", "referred_on", "returned_on"))
    if decided and one.code("status") in {"identified", "confirmed"}:
        yield "identification", decided
    if referred and one.code("referred_to") not in _NOBODY:
        yield "referral_to", referred
    if returned and one.code("voluntary_return") == "yes":
        yield "return", returned
