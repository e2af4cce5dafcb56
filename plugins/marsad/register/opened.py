"""Who a registered person is: each part of her identity from the record that is believed for it, opened with the keys.

Which records these are the database says, for who reads: none without her consent, for an officer the own body's. Free
text stays shut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import sqlalchemy as sa
from pydantic import Field

from marsad import policies
from marsad.contracts.catalog import Catalog
from marsad.identity.keys import KeyRing
from marsad.linkage import queue
from marsad.linkage.shown import clear, day
from marsad.linkage.stock import ROWS, Key, texts, vaulted
from marsad.policies import Limit, Part
from marsad.register.policy import Survivorship


class Limits(Part):
    """How often one account opens who somebody is, and searches by name."""

    opened: Limit
    searched: Limit


class Looks(Part):
    """``schemas/policies/persons.yaml``: why identities are opened from a person's page, and how often."""

    owner: str
    decided: str
    reasons: Annotated[Sequence[str], Field(min_length=1)]
    limits: Limits


def load_looks(schemas: Path) -> Looks:
    """The policy of an installation. Raises UsageFault that names what is wrong."""
    return policies.load(Looks, schemas, "persons")


class Source(NamedTuple):
    """A record that may be opened for a part of an identity."""

    part: str
    feed: str
    provider: str
    content: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a record of that feed and provider says of one concept of an identity."""

    label: str
    values: Sequence[str]
    feed: str
    provider: str


def sources(connection: sa.Connection, person: str) -> list[Source]:
    """Which records the reader may open of a person, of each part the one believed first at the front."""
    return [Source(*row) for row in connection.execute(_SOURCES, {"person": person})]


def opened(
    connection: sa.Connection, keyring: KeyRing, catalog: Catalog, policy: Survivorship, found: Iterable[Source],
    language: str,
) -> list[Said]:  # fmt: skip
    """What these records say: of each concept the first that is not mute.

    Raises:
        PlatformFault: the key store is damaged or does not belong to the database.
    """
    known = list(found)
    feeds = {source.content: source.feed for source in known}
    rows = connection.execute(ROWS, {"ids": list(feeds)}).all()
    say = {row.content_id: _record(catalog, feeds[row.content_id], clear(keyring, row)) for row in rows}
    fields = catalog.model["victim"].fields
    return [
        Said(fields[concept].label[language], values, source.feed, source.provider)
        for part, rule in policy.identity.items() for concept in rule.concepts
        for source, values in _first((one for one in known if one.part == part), say, concept)
    ]  # fmt: skip


def findable(connection: sa.Connection, records: Mapping[Key, int], most: int) -> list[str]:
    """Of these records, with how much each shares with what was asked: the persons of whom the reader may open one.

    Who shares most comes first; whoever did not consent is not found by a name.
    """
    values = {**queue.columns(list(records)), "shared": list(records.values()), "most": most}
    return list(connection.execute(_FINDABLE, values).scalars())


def _record(catalog: Catalog, feed: str, said: Mapping[str, str]) -> dict[str, list[str]]:
    columns = vaulted(catalog.contract(feed))
    return {concept: [day(text) for text in texts(places, said)] for concept, places in columns.items()}


def _first(
    some: Iterable[Source], say: Mapping[int, Mapping[str, list[str]]], concept: str
) -> Iterator[tuple[Source, list[str]]]:
    """The first source that says anything of ``concept``, if there is one."""
    for source in some:
        if values := say.get(source.content, {}).get(concept):
            yield source, values
            return


_SOURCES = sa.text(
    """
    SELECT s.field, r.feed, r.provider, r.content_id
    FROM register.source s JOIN register.record r USING (feed, provider, record_id)
    WHERE s.identity AND s.person_id = CAST(:person AS uuid) ORDER BY s.field, s.place
    """
)
_FINDABLE = sa.text(
    """
    SELECT r.person_id::text
    FROM unnest(CAST(:feeds AS text[]), CAST(:providers AS text[]), CAST(:ids AS text[]),
                CAST(:shared AS bigint[])) AS i (feed, provider, record_id, shared)
    JOIN register.record r USING (feed, provider, record_id)
    JOIN register.source s USING (feed, provider, record_id)
    WHERE s.identity AND s.person_id = r.person_id
    GROUP BY r.person_id ORDER BY max(i.shared) DESC, r.person_id LIMIT :most
    """
)
