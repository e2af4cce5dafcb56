"""From the records of one person to what is believed of her: pure, so neither order nor repetition matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from marsad.linkage.stock import Key
from marsad.register.policy import Belief, FieldRule, Survivorship

Value = str | int | Sequence[str] | None
Purpose = Literal["statistics", "assistance"]
Speaking = Mapping[str, frozenset[str]]
"""Field of identity -> feeds whose records may hold it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one record says of a person, and on which day she was met."""

    key: Key
    on: date | None
    values: Mapping[str, Value]
    consent: str | None = None
    consent_on: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One entry of a record's history of statuses; ``replaced`` once the record says otherwise."""

    key: Key
    content: int
    stated: str
    status: str
    decided_on: date | None
    body: str
    replaced: str | None


class Source(NamedTuple):
    """Which record is believed for a field, from place 1."""

    field: str
    place: int
    key: Key
    identity: bool


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the register and where it comes from."""

    purpose: Purpose
    consent: str | None
    values: Mapping[str, Value]
    sources: tuple[Source, ...]


def believed(statements: Sequence[Statement], policy: Survivorship, speaking: Speaking) -> Person:
    """What the register says of the person whose records these are. Without her consent no record of an identity."""
    values: dict[str, Value] = {}
    sources: list[Source] = []
    for name, rule in policy.fields.items():
        values[name], found = _settled(name, rule, statements, policy)
        sources += (Source(name, place, one.key, False) for place, one in enumerate(found, 1))
    word = _last_word(statements, policy)
    if word is not None:
        sources.append(Source("consent", 1, word.key, False))
    consent = word.consent if word else None
    if consent not in policy.consent.given:
        return Person("statistics", consent, values, tuple(sources))
    return Person("assistance", consent, values, (*sources, *_identity(statements, policy, speaking)))


def current(decisions: Sequence[Decision], policy: Survivorship) -> Decision | None:
    """Which of several standing decisions counts."""
    standing = [one for one in decisions if one.replaced is None]
    return min(standing, key=lambda one: _decided(one, policy), default=None)


def _decided(one: Decision, policy: Survivorship) -> tuple[object, ...]:
    rank = policy.status.rank(one.body)
    return one.status in policy.nothing, rank, _late_first(one.decided_on), one.key, one.stated, one.content


def _settled(
    name: str, rule: FieldRule, statements: Sequence[Statement], policy: Survivorship
) -> tuple[Value, list[Statement]]:
    said = [one for one in statements if one.values.get(name) not in (None, [], ())]
    telling = [one for one in said if _parts(one.values[name]) - policy.nothing] or said
    ordered = sorted(telling, key=lambda one: _order(one, rule, rule.day))
    if not ordered:
        return None, []
    if rule.take == "one":
        return ordered[0].values[name], ordered[:1]
    everything = {str(part) for one in ordered for part in _parts(one.values[name])}
    return sorted(everything - policy.nothing or everything), ordered


def _parts(value: Value) -> set[object]:
    return set(value) if isinstance(value, (list, tuple)) else {value}


def _order(one: Statement, rule: Belief, day: Literal["first", "last"]) -> tuple[int, tuple[int, int], Key]:
    early = one.on is None, one.on.toordinal() if one.on else 0
    return rule.rank(one.key.feed), early if day == "first" else _late_first(one.on), one.key


def _late_first(on: date | None) -> tuple[int, int]:
    return on is None, -on.toordinal() if on else 0


def _last_word(statements: Sequence[Statement], policy: Survivorship) -> Statement | None:
    """A refusal that nobody dated always stands; consent that nobody dated counts before any dated word."""
    refused = policy.consent.refused
    words = [one for one in statements if one.consent in (*policy.consent.given, *refused)]

    def when(one: Statement) -> tuple[date, bool, Key]:
        never = date.max if one.consent in refused else date.min
        return one.consent_on or one.on or never, one.consent in refused, one.key

    return max(words, key=when, default=None)


def _identity(statements: Sequence[Statement], policy: Survivorship, speaking: Speaking) -> Iterator[Source]:
    for name, rule in policy.identity.items():
        able = [one for one in statements if one.key.feed in speaking[name]]
        for place, one in enumerate(sorted(able, key=lambda one: _order(one, rule, "last")), 1):  # noqa: B023 - used at once
            yield Source(name, place, one.key, True)
