"""From scored pairs to persons: the surest links first, and none that would make an impossible person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from marsad.linkage.records import Record
from marsad.linkage.scoring import Scored

_YEARS = 2  # births so far apart are not one slip


def persons(records: Sequence[Record], pairs: Iterable[Scored], link: float) -> list[int]:
    """The person of each record, numbered from 1 in the order of the records.

    Joins pairs of probability ``link`` and above, best first. A link is refused that would put two records into one
    person that cannot be one (``impossible``), or that speak against each other (``doubtful``) without a link of
    their own: a record that says little must not be the bridge between two people.
    """
    sure = {(pair.left, pair.right): pair.weight for pair in pairs if pair.probability >= link}
    groups = _Groups(len(records))
    for left, right in sorted(sure, key=lambda pair: (-sure[pair], pair)):
        one, other = groups.of(left), groups.of(right)
        if one is not other and not any(_refused(records, sure, min(pair), max(pair)) for pair in product(one, other)):
            groups.join(one, other)
    return list(groups.numbered())


def impossible(one: Record, other: Record) -> bool:
    """Whether two records cannot be of one person, whatever else agrees: sex and birth both against it."""
    return bool(one.sex and other.sex and one.sex != other.sex) and doubtful(one, other)


def doubtful(one: Record, other: Record) -> bool:
    """Whether two records need a link of their own to be one person: births too far apart to be one slip."""
    if one.birth is None or other.birth is None:
        return False
    slip = one.birth.day is not None and (one.birth.month, one.birth.day) == (other.birth.month, other.birth.day)
    return abs(one.birth.year - other.birth.year) > _YEARS and not slip


def _refused(records: Sequence[Record], sure: Mapping[tuple[int, int], float], left: int, right: int) -> bool:
    one, other = records[left], records[right]
    return impossible(one, other) or (doubtful(one, other) and (left, right) not in sure)


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
