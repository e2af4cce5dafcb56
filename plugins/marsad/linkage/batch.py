"""One transaction of linkage: records out of the queue, compared, and the persons they touch settled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from marsad import audit
from marsad.audit import Head
from marsad.identity.names import Hearing, NameRules
from marsad.identity.pseudonyms import KeyedHash
from marsad.linkage import grey, history, identities, store
from marsad.linkage.clusters import persons
from marsad.linkage.history import Move
from marsad.linkage.policy import Policy
from marsad.linkage.records import Record
from marsad.linkage.scored import Scored, weight_of
from marsad.linkage.scoring import compare
from marsad.linkage.stock import Key, Stock
from marsad.linkage.store import Edge, Linked
from marsad.linkage.tokens import tokens
from marsad.linkage.worth import worthy

ACTOR = "linker"


@dataclass(slots=True)
class Counts:
    """What was done, in numbers only."""

    entered: int = 0
    departed: int = 0
    opened: int = 0
    compared: int = 0
    kept: int = 0
    persons: int = 0
    moved: int = 0

    def add(self, other: Counts) -> None:
        """Adds what another transaction did."""
        for part, number in asdict(other).items():
            setattr(self, part, getattr(self, part) + number)


@dataclass(frozen=True)
class Tools:
    """What linkage works with: the model, ears, keys, a clock, ids for new persons."""

    policy: Policy
    rules: NameRules
    hearing: Hearing
    stock: Stock
    hashed: Callable[[int], KeyedHash]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def prior(self, records: int) -> float:
        """The prior in bits for so many records."""
        return weight_of(self.policy.prior.of_register(records))

    def bound(self, probability: float, records: int) -> float:
        """The weight without the prior that reaches a probability among so many records."""
        return weight_of(probability) - self.prior(records)

    def tokens(self, record: Record, key: int) -> list[int]:
        """The tokens of a record under the token key of that number."""
        return tokens(record, self.hearing, self.hashed(key))


class Batch:
    """Records taken out of the queue, in a transaction of the caller's."""

    def __init__(self, tools: Tools, connection: sa.Connection, taken: Sequence[Key]) -> None:
        self._tools, self._connection, self._taken = tools, connection, taken
        self._records: dict[int, Record] = {}
        self._counts = Counts()
        self._at = tools.clock()
        self._size = 0

    def settle(self) -> Counts:
        """Brings tokens, pairs and persons in step with what counts now; returns what was done."""
        current = store.current(self._connection, self._taken)
        known = store.linked(self._connection, self._taken)
        gone = {key: one for key, one in known.items() if key not in current}
        stale = [one.content for key, one in known.items() if one.content != current.get(key)]
        fresh = {content: key for key, content in current.items() if key not in known or known[key].content != content}
        store.forget(self._connection, stale)
        history.leave(self._connection, list(gone))
        before = history.records_linked(self._connection)
        self._size = size = before + len(current) - len(known)
        self._look_for(fresh, size)
        start = {content: key for key, content in current.items()}
        start |= self._touched({one.person for one in known.values()}, stale)
        start |= self._shifted(before, size)
        touched = self._settle_persons(start, size) | {one.person for one in known.values()}
        whole = self._tools.prior(before) != self._tools.prior(size)
        review = self._tools.policy.thresholds.review
        grey.settle(self._connection, None if whole else touched, self._tools.prior(size), review)
        history.note_moves(self._connection, (Move(key, one.person, None) for key, one in gone.items()), self._at)
        self._counts.entered, self._counts.departed = len(fresh), len(gone)
        return self._counts

    def note(self) -> Head:
        """Writes down the run and its audit event, last in the transaction; returns the chain's end."""
        counts, version = asdict(self._counts), self._tools.policy.version
        run = history.note_run(self._connection, self._at, version, self._size, counts)
        return audit.append(self._connection, ACTOR, "linked", str(run), {**counts, "model": version}, self._at)

    # -- pairs ---------------------------------------------------------------------------------------------------------

    def _look_for(self, fresh: Mapping[int, Key], size: int) -> None:
        """Opens new contents, hashes their keys, compares them with all that share one."""
        self._open(fresh)
        number = store.token_key(self._connection)
        tokens = {content: self._tools.tokens(self._records[content], number) for content in fresh}
        store.put_tokens(self._connection, tokens)
        worth = worthy(self._tools.policy, self._tools.bound(self._tools.policy.thresholds.link, size))
        pairs = store.candidates(self._connection, list(fresh), self._tools.policy.candidates.most_per_key, worth)
        ends = {content for pair in pairs for content in pair}
        self._open({content: key for content, (key, _) in store.linked_contents(self._connection, ends).items()})
        self._counts.compared = len(pairs)
        contents = sorted(ends)
        scored = self._compared(contents, pairs, self._tools.bound(self._tools.policy.thresholds.review, size))
        self._counts.kept = store.put_pairs(self._connection, contents, scored, self._tools.policy.version)

    def _compared(self, contents: Sequence[int], pairs: Collection[Edge], least: float) -> Iterable[Scored]:
        place = {content: number for number, content in enumerate(contents)}
        records = [self._records[content] for content in contents]
        places = [(place[left], place[right]) for left, right in pairs]
        return compare(records, places, self._tools.policy, self._tools.rules, least)

    def _open(self, contents: Mapping[int, Key]) -> None:
        missing = {content: key for content, key in contents.items() if content not in self._records}
        self._records |= self._tools.stock.open(self._connection, missing)
        self._counts.opened += len(missing)

    # -- persons -------------------------------------------------------------------------------------------------------

    def _touched(self, persons: Collection[str], stale: Collection[int]) -> dict[int, Key]:
        """What else is of the persons whose records changed: without these they may fall apart."""
        found = store.housemates(self._connection, persons)
        return {content: key for content, (key, _) in found.items() if content not in stale}

    def _shifted(self, before: int, size: int) -> dict[int, Key]:
        """What was linked, or was not, only because there were fewer or more records."""
        link = self._tools.policy.thresholds.link
        bounds = sorted((self._tools.bound(link, before), self._tools.bound(link, size)))
        return store.ends_between(self._connection, *bounds) if bounds[0] < bounds[1] else {}

    def _settle_persons(self, start: Mapping[int, Key], size: int) -> set[str]:
        """Returns the persons it looked at, before and after."""
        around = Around(self._connection, start, self._tools.bound(self._tools.policy.thresholds.link, size))
        contents = dict(sorted((key, content) for content, key in around.contents.items()))
        was = store.linked(self._connection, list(contents))
        groups = self._groups(contents, around)
        unchanged = {key for key, one in was.items() if one.content == contents[key]}
        past = history.past(self._connection, list(contents), was, unchanged)
        names = identities.name(groups, past, self._tools.new_id)
        now = {key: Linked(contents[key], person, self._since(was.get(key), person))
               for group, person in zip(groups, names, strict=True) for key in group}  # fmt: skip
        self._write({key: one for key, one in now.items() if was.get(key) != one}, was, past)
        history.note_heirs(self._connection, identities.heirs(groups, names, past), names)
        return {*names, *(one.person for one in was.values())}

    def _since(self, was: Linked | None, person: str) -> datetime:
        return was.since if was and was.person == person else self._at

    def _groups(self, contents: Mapping[Key, int], around: Around) -> list[list[Key]]:
        """The records parted into persons; in an order that does not depend on when they came."""
        self._open({content: key for key, content in contents.items()})
        place = {content: number for number, content in enumerate(contents.values())}
        number = {key: number for number, key in enumerate(contents)}
        pairs = [Scored(*_ordered(place[left], place[right]), weight, 1.0, (), ())
                 for (left, right), weight in around.edges.items()]  # fmt: skip
        decided = {_ordered(number[one], number[other]): same
                   for (one, other), same in around.decided.items() if {one, other} <= number.keys()}  # fmt: skip
        found = persons([self._records[content] for content in contents.values()], pairs, 1.0, decided)
        groups: dict[int, list[Key]] = {}
        for key, person in zip(contents, found, strict=True):
            groups.setdefault(person, []).append(key)
        return list(groups.values())

    def _write(self, changed: Mapping[Key, Linked], was: Mapping[Key, Linked], past: identities.Past) -> None:
        new = {one.person for one in changed.values()} - past.age.keys()
        moves = [Move(key, was[key].person, one.person) for key, one in changed.items()
                 if key in was and was[key].person != one.person]  # fmt: skip
        history.make_persons(self._connection, sorted(new), self._at)
        history.settle(self._connection, changed)
        history.note_moves(self._connection, moves, self._at)
        self._counts.persons, self._counts.moved = len(new), len(moves)


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


class Around:
    """All records that may be of one person with those it starts from, directly or over others."""

    def __init__(self, connection: sa.Connection, start: Mapping[int, Key], least: float) -> None:
        """Follows links of weight ``least``, what people decided, and who was of one person so far."""
        self._connection, self._least = connection, least
        self.contents: dict[int, Key] = {}
        self.edges: dict[Edge, float] = {}
        self.decided: dict[tuple[Key, Key], bool] = {}
        self._keys: set[Key] = set()
        frontier = dict(start)
        while frontier:
            self.contents |= frontier
            self._keys |= set(frontier.values())
            frontier = self._next(frontier)

    def _next(self, frontier: Mapping[int, Key]) -> dict[int, Key]:
        edges = store.edges(self._connection, frontier.keys(), self._least)
        decided = store.decisions(self._connection, list(frontier.values()))
        self.edges |= edges
        self.decided |= decided
        ends = {content for edge in edges for content in edge} - self.contents.keys()
        people = store.linked_contents(self._connection, ends)
        named = {key for pair, same in decided.items() if same for key in pair} - self._keys
        for key, one in store.linked(self._connection, list(named)).items():
            people[one.content] = key, one.person
        people |= store.housemates(self._connection, {person for _, person in people.values()})
        return {content: key for content, (key, _) in people.items() if key not in self._keys}
