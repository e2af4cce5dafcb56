"""Which id the persons that clustering found keep: ids are random, stable, and never given to anybody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from marsad.linkage.stock import Key


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of persons.

    ``now`` is the person of each record, ``before`` are persons that it was of and that have no record any more; an
    older person has a smaller ``age``.
    """

    now: Mapping[Key, str]
    before: Mapping[Key, frozenset[str]]
    age: Mapping[str, int]


def name(groups: Sequence[Sequence[Key]], past: Past, new_id: Callable[[], str]) -> list[str]:
    """The id of each group: the oldest person that any of its records is of now, else was of, else a new one.

    Where a person was divided, its id stays with the part that was not another person before, else with the larger
    part. So a merge keeps the older id, and taking it apart again gives each side its own back.
    """
    named: dict[int, str] = {}
    used: set[str] = set()
    for *_, person, place in sorted(_claims(groups, past)):
        if place not in named and person not in used:
            named[place] = person
            used.add(person)
    return [named.get(place) or new_id() for place in range(len(groups))]


def _claims(groups: Sequence[Sequence[Key]], past: Past) -> Iterable[tuple[bool, int, bool, int, Key, str, int]]:
    """Every person that a group may go by, best first when sorted."""
    for place, group in enumerate(groups):
        now = Counter(past.now[key] for key in group if key in past.now)
        before = Counter(person for key in group for person in past.before.get(key, ()))
        for person, times in now.items():
            yield False, past.age[person], bool(before), -times, min(group), person, place
        for person, times in before.items():
            yield True, past.age[person], False, -times, min(group), person, place


def heirs(groups: Sequence[Sequence[Key]], names: Sequence[str], past: Past) -> dict[str, str]:
    """Of each person that lost all its records to others: who got most of them."""
    went: dict[str, Counter[str]] = {}
    for group, person in zip(groups, names, strict=True):
        for key in group:
            if key in past.now:
                went.setdefault(past.now[key], Counter())[person] += 1
    return {old: min(to, key=lambda person: (-to[person], person)) for old, to in went.items() if old not in to}
