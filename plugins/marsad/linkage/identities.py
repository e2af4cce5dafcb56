"""Which id the persons that clustering found keep: ids are random, stable, and never given to anybody else."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from uuid import UUID

from marsad.errors import UsageFault
from marsad.linkage.stock import Key


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of persons.

    ``now`` is the person of each record, ``before`` are persons that it was of and that have no record any more; an
    older person has a smaller ``age``. ``unchanged`` are the records that say what they said when they were linked.
    """

    now: Mapping[Key, str]
    before: Mapping[Key, frozenset[str]]
    age: Mapping[str, int]
    unchanged: Set[Key] = frozenset()


def name(groups: Sequence[Sequence[Key]], past: Past, new_id: Callable[[], str]) -> list[str]:
    """The id of each group: the oldest person that any of its records is of now, else was of, else a new one.

    Where a person was divided, its id stays with the part of which more was nobody else before, and says what it said.
    So a merge keeps the older id, taking it apart again gives each side its own back, and a record that was corrected
    into somebody else takes nobody's id along.
    """
    named: dict[int, str] = {}
    used: set[str] = set()
    for *_, person, place in sorted(_claims(groups, past)):
        if place not in named and person not in used:
            named[place] = person
            used.add(person)
    return [named.get(place) or new_id() for place in range(len(groups))]


def _claims(groups: Sequence[Sequence[Key]], past: Past) -> Iterable[_Claim]:
    """Every person that a group may go by, best first when sorted."""
    ever = _before(itertools.chain.from_iterable(groups), past)
    for place, group in enumerate(groups):
        for person, keys in _now(group, past).items():
            own = {key for key in keys if not past.before.get(key)}
            most = (-len(own & past.unchanged), -len(own), -len(keys))
            yield False, False, past.age[person], most, min(group), person, place
        for person, times in _before(group, past).items():
            elsewhere = ever[person] > times  # then it is rather that of those: they may come apart next
            yield True, elsewhere, past.age[person], (-times, 0, 0), min(group), person, place


_Claim = tuple[bool, bool, int, tuple[int, int, int], Key, str, int]


def _now(group: Iterable[Key], past: Past) -> dict[str, set[Key]]:
    found: dict[str, set[Key]] = {}
    for key in group:
        if key in past.now:
            found.setdefault(past.now[key], set()).add(key)
    return found


def _before(keys: Iterable[Key], past: Past) -> Counter[str]:
    return Counter(person for key in keys for person in past.before.get(key, ()))


def heirs(groups: Sequence[Sequence[Key]], names: Sequence[str], past: Past) -> dict[str, str]:
    """Of each person that lost all its records to others: who got most of them."""
    went: dict[str, Counter[str]] = {}
    for group, person in zip(groups, names, strict=True):
        for key in group:
            if key in past.now:
                went.setdefault(past.now[key], Counter())[person] += 1
    return {old: min(to, key=lambda person: (-to[person], person)) for old, to in went.items() if old not in to}


def person_id(text: str) -> str:
    """The id of a person as it is written everywhere; UsageFault for anything else."""
    try:
        return str(UUID(text))
    except ValueError:
        raise UsageFault(f"'{text}' is not the id of a person") from None
