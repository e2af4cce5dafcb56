"""What an error of linkage is about, told of two rows as they stand in the files and never with a value of either."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from marsad.identity.names import Hearing, Likeness, load_rules
from marsad.linkage.births import birth_reader
from marsad.linkage.records import Birth
from marsad.settings import PROJECT

Row = Mapping[str, str]
_ARABIC = re.compile("[\u0600-\u06ff]")
_ALIKE = 0.9


def kinds(today: date) -> Callable[[Row, Row], str]:
    """Tells the kind of a pair: scripts, names, births."""
    rules = load_rules(PROJECT / "schemas" / "names")
    hearing, likeness, births = Hearing(rules), Likeness(rules), birth_reader(today)

    def names(one: Row, other: Row) -> Iterator[str]:
        heard = [[hearing.sounds(row[part]) for part in ("given_name", "family_name")] for row in (one, other)]
        if not all(map(all, heard)):
            yield "a name missing"
            return
        if len({bool(_ARABIC.search(row["family_name"])) for row in (one, other)}) > 1:
            yield "another script"
        alike = [part >= _ALIKE for part in likeness.of(*heard)]
        crossed = likeness.of(heard[0], heard[1][::-1]).min() >= _ALIKE
        yield "names alike" if all(alike) else "names in other order" if crossed else _unlike(alike)

    def kind(one: Row, other: Row) -> str:
        return ", ".join((*names(one, other), _births(births(one["birth_date"]), births(other["birth_date"]))))

    return kind


def _unlike(alike: list[bool]) -> str:
    given, family = alike
    return "another family name" if given else "another given name" if family else "other names"


def _births(one: Birth | None, other: Birth | None) -> str:
    if one is None or other is None:
        return "a birth date missing"
    if one == other:
        return "same birth date"
    if one.day is None or other.day is None:
        return "same birth year" if one.year == other.year else "another birth year"
    parts = one.year == other.year, one.month == other.month, one.day == other.day
    if parts[0] and (one.month, one.day) == (other.day, other.month):
        return "day and month turned"
    return "one part of the birth date differs" if sum(parts) > 1 else "another birth date"
