"""Why two records are one person, or are not: in words and bits, never with a value of either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from marsad.errors import UsageFault
from marsad.intake.office import Office
from marsad.linkage import history, store
from marsad.linkage.access import reading
from marsad.linkage.batch import Tools
from marsad.linkage.linker import tools
from marsad.linkage.scored import Said, Scored, probability_of
from marsad.linkage.stock import Key

_PARTS = 4


@dataclass(frozen=True, slots=True)
class Why:
    """``steps`` add up to ``weight``; none where the two were not worth comparing, or were compared by no model."""

    left: Key
    right: Key
    same: bool
    decided: bool | None
    model_version: int
    weight: float | None
    steps: Sequence[Said]
    over: Sequence[Key]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "left": str(self.left),
            "right": str(self.right),
            "same_person": self.same,
            "decided": self.decided,
            "model_version": self.model_version,
            "match_weight": self.weight,
            "match_probability": None if self.weight is None else probability_of(self.weight),
            "steps": [said._asdict() for said in self.steps],
            "over": [str(key) for key in self.over],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.left} and {self.right}: {'one person' if self.same else 'two persons'}"
        if self.decided is not None:
            yield f"people decided: {'one person' if self.decided else 'two persons'}"
        for said in self.steps:
            yield f"{said.weight:+8.2f}  {said.comparison}: {said.level}"
        if self.weight is None:
            yield "the machine did not find them worth a look: they share no rare key, or too little agrees"
        else:
            probability = probability_of(self.weight)
            yield f"{self.weight:+8.2f}  in all: probability {probability:.4f} (model {self.model_version})"
        if self.over:
            yield f"they meet over {', '.join(map(str, self.over))}"


def why(office: Office, left: str, right: str, language: str) -> Why:
    """What linkage knows of two records that it linked.

    Raises:
        UsageFault: a record is not written as records are, or is not linked.
    """
    work, ends = tools(office), (_key(left), _key(right))
    with reading(office.engine) as connection:
        found = store.linked(connection, ends)
        for key in ends:
            if key not in found:
                raise UsageFault(
                    f"{key} is not linked: it counts no longer, is of no victims' feed, or 'link' has yet to run"
                )
        one, other = (found[key] for key in ends)
        steps, weight = _steps(connection, work, (one.content, other.content), language)
        decided = store.decisions(connection, ends).get((min(ends), max(ends)))
        over = [] if one.person != other.person else _over(connection, work, one.content, other.content, one.person)
    return Why(*ends, one.person == other.person, decided, work.policy.version, weight, steps, over)


def _key(text: str) -> Key:
    parts = text.split("/", _PARTS - 1)
    if len(parts) < _PARTS:
        raise UsageFault(f"a record is written agency/name/provider/number, not '{text}'")
    return Key("/".join(parts[:2]), *parts[2:])


def _steps(
    connection: sa.Connection, work: Tools, contents: tuple[int, int], language: str
) -> tuple[Sequence[Said], float | None]:
    row = connection.execute(sa.text(_PAIR), {"left": min(contents), "right": max(contents)}).first()
    if row is None:
        return (), None
    prior = work.prior(history.records_linked(connection))
    pair = Scored(0, 1, row.weight + prior, probability_of(row.weight + prior), tuple(row.levels), tuple(row.weights))
    if row.model_version != work.policy.version:
        raise UsageFault("linkage.yaml has another version than records were linked by: run 'link' first")
    return list(pair.waterfall(work.policy, language)), pair.weight


def _over(connection: sa.Connection, work: Tools, start: int, end: int, person: str) -> list[Key]:
    """The records over which two of one person meet, the fewest possible; none where a link of their own joins them."""
    members = store.housemates(connection, [person])
    edges = [edge for edge in _links(connection, work, members) if edge[0] in members and edge[1] in members]
    before: dict[int, int] = {start: start}
    frontier = [start]
    while frontier and end not in before:
        met = [
            (other, one) for one in frontier for edge in edges if one in edge for other in edge if other not in before
        ]
        before |= dict(met)
        frontier = [other for other, _ in met]
    return [members[content][0] for content in _way(before, start, end)]


def _links(connection: sa.Connection, work: Tools, members: Mapping[int, tuple[Key, str]]) -> Iterator[tuple[int, int]]:
    """What joins records: the machine's links and what people decided."""
    least = work.bound(work.policy.thresholds.link, history.records_linked(connection))
    yield from store.edges(connection, members, least)
    content = {key: content for content, (key, _) in members.items()}
    for (one, other), same in store.decisions(connection, list(content)).items():
        if same and one in content and other in content:
            yield content[one], content[other]


def _way(before: dict[int, int], start: int, end: int) -> list[int]:
    way: list[int] = []
    place = before.get(end, start)
    while place != start:
        way.append(place)
        place = before[place]
    return way[::-1]


_PAIR = (
    "SELECT weight, levels, weights, model_version FROM link.pair WHERE left_content = :left AND right_content = :right"
)
