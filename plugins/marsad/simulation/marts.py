"""What each mart must show, counted from the rows that the oracle knows to be in force; none of our SQL is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import quantiles
from typing import Any

from marsad.contracts.model import Contract
from marsad.simulation.facts import UNKNOWN, code, day, number, said, speaks_of
from marsad.simulation.figures import band, period, years
from marsad.simulation.persons import Known, registered
from marsad.simulation.rows import Row

_STAGES = (
    "investigation", "prosecution_review", "judicial_inquiry", "indicted", "trial", "judged", "appeal", "cassation",
    "closed",
)  # fmt: skip
_DONE = {True: "done_in_time", False: "done_late"}


@dataclass(frozen=True, slots=True)
class _Told:
    """A record in force, and the day of its sender's last file that still counts."""

    contract: Contract
    provider: str
    row: Row
    until: date

    def code(self, name: str) -> str:
        return code(self.contract, self.row, name)

    def day(self, name: str) -> date | None:
        return day(self.contract, self.row, name)

    def number(self, name: str) -> int | None:
        return number(self.contract, self.row, name)

    @property
    def place(self) -> dict[str, str]:
        return {"feed": self.contract.feed, "provider": self.provider}

    @property
    def month(self) -> dict[str, str]:
        return {**self.place, "period": period(self.contract, self.row) or UNKNOWN}

    def codes(self, entity: str, *fields: str) -> dict[str, str]:
        return {field: self.code(f"{entity}.{field}") for field in fields}

    def age(self) -> dict[str, str]:
        age = years(self.contract, self.row)
        return {"age_band": band(age), "minor": UNKNOWN if age is None else "yes" if age < 18 else "no"}


Keys = Mapping[str, str]
Measures = Mapping[str, float | None]
Line = tuple[Keys, Measures]


def mart_figures(
    records: Sequence[tuple[Contract, str, date, Row]], files: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """``{mart, keys, values}`` of every row of every mart; ``records`` come with the version that is in force."""
    last: dict[tuple[str, str], date] = {}
    for contract, provider, version, _ in records:
        place = contract.feed, provider
        last[place] = max(version, last.get(place, version))
    told = [_Told(contract, provider, row, last[contract.feed, provider]) for contract, provider, _, row in records]
    lines = {name: _added(make(told)) for name, make in _MARTS.items()}
    lines["persons"] = _added(_persons(registered(records)))
    lines["referral_path"] = _delays(registered(records))
    lines["provider_quality"] = _added(map(_file, (one for one in files if not one.get("first"))))
    named = [(mart, line) for mart, found in lines.items() for line in found]
    return [{"mart": mart, "keys": dict(keys), "values": dict(values)} for mart, (keys, values) in named]


def _added(lines: Iterable[Line]) -> list[Line]:
    """One line for each combination of keys, its measures added; a measure that nobody gives stays None."""
    sums: dict[tuple[tuple[str, str], ...], dict[str, float | None]] = {}
    for keys, values in lines:
        into = sums.setdefault(tuple(keys.items()), {})
        for name, value in values.items():
            before = into.get(name)
            into[name] = before if value is None else value + (before or 0)
    return [(dict(keys), sums[keys]) for keys in sorted(sums)]


def _of(told: Iterable[_Told], entity: str) -> Iterator[_Told]:
    return (one for one in told if speaks_of(one.contract, one.row, entity))


def _records(told: Sequence[_Told]) -> Iterator[Line]:
    for one in told:
        yield one.month, {"records": 1}


def _victims(told: Sequence[_Told]) -> Iterator[Line]:
    for one in _of(told, "victim"):
        status = one.code("victim.status")
        yield {**one.month, "status": status, "sex": one.code("victim.sex"), **one.age()}, {"victim_records": 1}


def _suspects(told: Sequence[_Told]) -> Iterator[Line]:
    for one in _of(told, "suspect"):
        own = one.codes("suspect", "sex", "offence", "citizenship")
        yield {**one.month, **one.age(), **own}, {"suspect_records": 1}


def _proceedings(told: Sequence[_Told]) -> Iterator[_Told]:
    return (one for one in _of(told, "proceeding") if one.code("proceeding.victim_reference") == UNKNOWN)


def _cohort(told: Sequence[_Told]) -> Iterator[Line]:
    files: dict[tuple[str, str, str], list[_Told]] = defaultdict(list)
    for one in sorted(_proceedings(told), key=lambda one: one.row.key):
        reference = said(one.contract, one.row, "proceeding.defendant_reference") or one.row.key
        files[one.contract.feed, one.provider, str(reference)].append(one)
    for stages in files.values():
        yield _defendant(stages), {"defendants": 1}


def _defendant(stages: Sequence[_Told]) -> Keys:
    days = [on for one in stages if (on := one.day("proceeding.received_on"))]
    reached = [one.code("proceeding.stage") for one in stages]
    decided = [one for one in stages if one.code("proceeding.decision") != UNKNOWN]
    last = max(decided, key=lambda one: (one.day("proceeding.decided_on") or date.min, one.row.key), default=None)
    return {
        **stages[0].place,
        "year": str(min(days).year) if days else UNKNOWN,
        **{field: _first(one.code(f"proceeding.{field}") for one in stages) for field in ("court", "offence", "sex")},
        "furthest_stage": max(reached, key=_STAGES.index),
        "decision": last.code("proceeding.decision") if last else "none",
    }


def _first(codes: Iterable[str]) -> str:
    return next((one for one in codes if one != UNKNOWN), UNKNOWN)


def _period(told: Sequence[_Told]) -> Iterator[Line]:
    events = {"registered": "received_on", "indicted": "indicted_on", "decided": "decided_on"}
    for one in _proceedings(told):
        for event, field in events.items():
            on = one.day(f"proceeding.{field}")
            own = one.codes("proceeding", "court", "offence", "sex", "instance")
            own["decision"] = one.code("proceeding.decision") if event == "decided" else "none"
            if on:
                yield {**one.place, "year": str(on.year), "event": event, **own}, {"proceedings": 1}


def _shelters(told: Sequence[_Told]) -> Iterator[Line]:
    stays = [one for one in _of(told, "service") if one.code("service.shelter") != UNKNOWN]
    places: dict[tuple[str, str], int] = {}
    for one in sorted(stays, key=lambda one: one.day("service.started_on") or date.min):
        if capacity := one.number("service.capacity"):
            places[one.provider, one.code("service.shelter")] = capacity
    months: dict[tuple[str, str, date], list[_Told]] = defaultdict(list)
    for one in stays:
        first, last = _span(one)
        for month in _months(first, last):
            months[one.provider, one.code("service.shelter"), month].append(one)
    for (provider, shelter, month), guests in months.items():
        yield _month(guests, shelter, month, places.get((provider, shelter)))


def _span(one: _Told) -> tuple[date, date]:
    first = one.day("service.started_on") or date.min
    return first, one.day("service.ended_on") or one.until


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = _next(month)


def _next(month: date) -> date:
    return (month + timedelta(31)).replace(day=1)


def _month(stays: Sequence[_Told], shelter: str, month: date, capacity: int | None) -> Line:
    days = [month + timedelta(n) for n in range((_next(month) - month).days)]
    nights = sum(first <= on < last for first, last in map(_span, stays) for on in days)
    guests = {one.code("service.victim_reference") for one in stays}
    return {**stays[0].place, "shelter": shelter, "period": f"{month:%Y-%m}"}, {
        "capacity": capacity,
        "stays": len(stays),
        "guests": len(guests),
        "nights": nights,
        "nights_offered": capacity and capacity * len(days),
    }


def _calls(told: Sequence[_Told]) -> Iterator[Line]:
    fields = ("kind", "channel", "reporter", "presumed_victim", "outcome")
    for one in _of(told, "contact"):
        if one.code("contact.kind") != "border":
            concerned = {f"{who}_concerned": one.number(f"contact.{who}") for who in ("persons", "minors")}
            yield {**one.month, **one.codes("contact", *fields)}, {"calls": 1, **concerned}


def _detections(told: Sequence[_Told]) -> Iterator[Line]:
    fields = ("border_post", "direction", "presumed_victim", "offence", "sex", "referred_to", "citizenship")
    for one in _of(told, "contact"):
        if one.code("contact.kind") == "border":
            yield {**one.month, **one.codes("contact", *fields)}, {"detections": 1}


def _plans(told: Sequence[_Told]) -> Iterator[Line]:
    for one in _of(told, "activity"):
        due = one.day("activity.due_on") or date.max
        keys = {
            **one.place,
            "year": str(due.year),
            **one.codes("activity", "plan", "axis", "kind"),
            "unit_of_target": one.code("activity.unit"),
            "state": _state(one, due),
        }
        amounts = {name: one.number(f"activity.{name}") for name in ("target", "achieved")}
        yield keys, {"activities": 1, **amounts}


def _state(one: _Told, due: date) -> str:
    done, status = one.day("activity.done_on"), one.code("activity.status")
    if status == "done":
        return _DONE[done <= due] if done else "done_undated"
    if status == "dropped":
        return status
    return "late" if due < one.until else "open"


def _held(told: Sequence[_Told]) -> Iterator[Line]:
    for one in _of(told, "activity"):
        done = one.day("activity.done_on")
        if done and one.code("activity.kind") in {"training", "campaign"}:
            keys = {**one.place, "year": str(done.year), **one.codes("activity", "kind", "region", "audience")}
            amounts = {name: one.number(f"activity.{name}") for name in ("women", "men", "achieved")}
            yield {**keys, "unit_of_target": one.code("activity.unit")}, {"activities": 1, **amounts}


def _file(entry: Mapping[str, Any]) -> Line:
    expect = entry["expect"]
    rows = {name: value for name, value in expect.items() if name != "status"}
    refused = int(expect["status"] == "refused")
    return {"feed": entry["feed"], "provider": entry["provider"]}, {"files": 1, "files_refused": refused, **rows}


def _persons(known: Sequence[Known]) -> Iterator[Line]:
    for one in known:
        yield {"year": one.year, **one.facts}, {"persons": 1}


def _delays(known: Sequence[Known]) -> list[Line]:
    waits: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in known:
        for step, first in one.steps.items():
            waits[one.year, step].append((first - min(one.steps.values())).days)
    return [({"year": year, "step": step}, _waited(days)) for (year, step), days in sorted(waits.items())]


def _waited(days: Sequence[int]) -> Measures:
    tenths = quantiles(days, n=10, method="inclusive") if len(days) > 1 else [float(days[0])] * 9
    return {"persons": len(days), "median_days": tenths[4], "nine_of_ten_days": tenths[8]}


_MARTS: Mapping[str, Callable[[Sequence[_Told]], Iterator[Line]]] = {
    "records": _records,
    "victim_totals": _victims,
    "suspects": _suspects,
    "proceedings_cohort": _cohort,
    "proceedings_period": _period,
    "shelter_occupancy": _shelters,
    "hotline": _calls,
    "border_detections": _detections,
    "plan_monitoring": _plans,
    "training_and_campaigns": _held,
}
