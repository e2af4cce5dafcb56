"""From scored pairs to persons: the surest links first, and none that would make an impossible person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import inf

from marsad.linkage.records import Record
from marsad.linkage.scored import Scored

_YEARS = 2  # births so far apart are not one slip
_YEARS_STATED = 6  # nor, where one of them is an age that was guessed, a guess
_NOTHING: Mapping[tuple[int, int], bool] = {}


def persons(
    records: Sequence[Record],
    pairs: Iterable[Scored],
    link: float,
    decided: Mapping[tuple[int, int], bool] = _NOTHING,
) -> list[int]:
    """The person of each record, numbered from 1 in the order of the records.

    Joins pairs of probability ``link`` and above, best first. A link is refused that would put two records into one
    person that cannot be one (``impossible``), or that speak against each other (``doubtful``) without a link of
    their own: a record that says little must not be the bridge between two people. What people ``decided`` of two
    places (the smaller first; True: one person) comes before all of it.
    """
    sure = {(pair.left, pair.right): pair.weight for pair in pairs if pair.probability >= link}
    sure |= {pair: inf for pair, same in decided.items() if same}
    groups = _Groups(len(records))
    for left, right in sorted(sure, key=lambda pair: (-sure[pair], pair)):
        one, other = groups.of(left), groups.of(right)
        if one is other:
            continue
        between = [(min(pair), max(pair)) for pair in product(one, other)]
        forbidden = any(decided.get(pair) is False for pair in between)
        by_people = decided.get((left, right), False)
        if not forbidden and (by_people or not any(_refused(records, sure, decided, pair) for pair in between)):
            groups.join(one, other)
    return list(groups.numbered())


def impossible(one: Record, other: Record) -> bool:
    """Whether two records cannot be of one person, whatever else agrees.

    Sex and birth are both against it, or one agency numbers them as two people of one case.
    """
    if one.file and one.file == other.file:
        return True
    return bool(one.sex and other.sex and one.sex != other.sex) and doubtful(one, other)


def doubtful(one: Record, other: Record) -> bool:
    """Whether two records need a link of their own to be one person: births too far apart to be one slip."""
    if one.birth is None or other.birth is None:
        return False
    slip = one.birth.day is not None and (one.birth.month, one.birth.day) == (other.birth.month, other.birth.day)
    apart = abs(one.birth.year - other.birth.year)
    return apart > (_YEARS_STATED if one.birth.about or other.birth.about else _YEARS) and not slip


def _refused(
    records: Sequence[Record],
    sure: Mapping[tuple[int, int], float],
    decided: Mapping[tuple[int, int], bool],
    pair: tuple[int, int],
) -> bool:
    one, other = (records[place] for place in pair)
    return pair not in decided and (impossible(one, other) or (doubtful(one, other) and pair not in sure))


class _Groups:
    """Records joined so far; each knows the list it stands in."""

    def __init__(self, records: int) -> None:
        self._group = [[record] for record in range(records)]

    def of(self, record: int) -> list[int]:
        return self._group[record]

    def join(self, one: list[int], other: list[int]) -> None:
        small, large = sorted((one, other), key=len)
        large += small
        for record in small:
            self._group[record] = large

    def numbered(self) -> Iterator[int]:
        numbers: dict[int, int] = {}
        for group in self._group:
            yield numbers.setdefault(id(group), len(numbers) + 1)
