"""Keys of a record: two records are compared when they share one that is not too common.

Keys are made of one record alone, so a store that must not show names can hold and join them as keyed tokens. Each
kind survives another damage: names in the other script or in the other order, a letter lost, a birth date missing,
turned or known by its year, a year mistyped, an age in its place.

Each kind of key says something else of a pair that shares it, which bounds what the pair can come to: see ``worth``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntFlag
from itertools import combinations

from marsad.linkage.records import Birth, Record, Skeletons


class Kind(IntFlag):
    """What a pair that shares a key has in common."""

    NAME = 1  # both names, but for a letter
    YEAR = 2  # the birth year and a word
    DAY = 4  # day and month of birth and a word
    BORN = 8  # the birth date, whatever the names
    DATE = 16  # the birth date, with a word or how both names begin
    NUMBER = 32

    @property
    def place(self) -> int:
        """Its place among the kinds, from 0."""
        return self.value.bit_length() - 1


PLACES: Mapping[str, int] = {
    letter: kind.place for letters, kind in zip(("njw", "y", "m", "b", "d", "pir"), Kind, strict=True)
    for letter in letters
}  # fmt: skip
"""Of a key's first letter: the place of its kind."""

_SHORT = 2  # consonants: a word of so few loses none
_LONG = 6  # consonants that count


def keys(record: Record, names: Skeletons) -> frozenset[str]:
    """All keys of a record; each begins with its kind."""
    return frozenset((*_name_keys(names), *_birth_keys(names, record.birth), *_number_keys(record)))


def _name_keys(names: Skeletons) -> Iterator[str]:
    words = sorted(word[:_LONG] for word in names.words)
    for pair in combinations(words, 2):
        yield from (f"n:{one}|{other}" for one, other in _damaged(*pair))
    if len(words) == 1:
        yield from (f"w:{word}" for word in _shortened(words[0]))
    joined = (names.given + names.family)[: 2 * _LONG]
    if len(words) > 2 or len(joined) > _LONG:  # noqa: PLR2004 - words that may be parted elsewhere
        yield f"j:{joined}"


def _birth_keys(names: Skeletons, birth: Birth | None) -> Iterator[str]:
    if birth is None:
        return
    day = _day(birth)
    around = (-1, 0, 1) if birth.about else (0,)
    for word in sorted(word[:_LONG] for word in names.words):
        yield from (f"y:{birth.year + off}|{word}" for off in around)
        if day:
            yield f"m:{day}|{word}"
            yield f"d:{birth.year}{day}|{word}"
    if day:
        yield f"b:{birth.year}{day}"
        yield from (f"d:{birth.year}{day}|{one}|{other}" for one, other in combinations(_initials(names), 2))


def _initials(names: Skeletons) -> list[str]:
    return sorted(word[0] for word in names.words)


def _number_keys(record: Record) -> Iterator[str]:
    if record.phone:
        yield f"p:{record.phone}"
    if record.document:
        yield f"i:{record.document}"
    yield from (f"r:{number}" for number in (*record.slips, *record.cases))


def _day(birth: Birth) -> str:
    """Day and month in an order that both writings share; "" when they are not known."""
    if birth.month is None or birth.day is None:
        return ""
    return f"{min(birth.month, birth.day):02}{max(birth.month, birth.day):02}"


def _damaged(one: str, other: str) -> Iterator[tuple[str, str]]:
    yield one, other
    yield from ((less, other) for less in _shortened(one)[1:])
    yield from ((one, less) for less in _shortened(other)[1:])


def _shortened(word: str) -> list[str]:
    """The word, and the word without each of its consonants."""
    if len(word) <= _SHORT:
        return [word]
    return [word, *sorted({word[:place] + word[place + 1 :] for place in range(len(word))} - {word})]
