"""Records of the warehouse as linkage sees them: identity from the vault, opened in memory; codes from core."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from marsad.contracts.model import Contract
from marsad.errors import UsageFault
from marsad.identity.keys import KeyRing
from marsad.identity.names import Hearing
from marsad.identity.vault import KeyRef, open_many
from marsad.intake.normalise.cells import FAILED, blank_key, blank_keys, placeholder_keys
from marsad.intake.rows import VAULT
from marsad.linkage.births import birth_reader
from marsad.linkage.records import UNKNOWN, Birth, Record, plain_document, plain_phone

_ENTITY = "victim"
IDENTITY = {
    "given": ("given_name", "given_name_ar"),
    "family": ("family_name", "family_name_ar"),
    "whole": ("full_name",),
    "birth": ("birth_date",),
    "phone": ("phone",),
    "document": ("document_number",),
}
"""Concepts of a person, with the spellings of one thing in the order in which they are believed."""


class Key(NamedTuple):
    """Who sent which record; what a record is called for ever. Written ``agency/name/provider/record_id``."""

    feed: str
    provider: str
    record_id: str

    def __str__(self) -> str:
        return "/".join(self)


def victim_feeds(contracts: Mapping[str, Contract]) -> list[str]:
    """The feeds whose records are linked: those that may speak of a victim."""
    return sorted(
        feed
        for feed, contract in contracts.items()
        if any(binding.entity == _ENTITY for column in contract.columns for binding in column.bindings)
    )


@dataclass(frozen=True)
class Stock:
    """Opens records; keeps nothing."""

    keyring: KeyRing
    contracts: Mapping[str, Contract]
    hearing: Hearing
    today: date

    def open(self, connection: sa.Connection, contents: Mapping[int, Key]) -> dict[int, Record]:
        """The records behind contents. One whose identity was erased says only what its codes do.

        Raises:
            PlatformFault: the key store is damaged or does not belong to the database.
        UsageFault: the contract of a record's feed is not there.
        """
        rows = connection.execute(ROWS, {"ids": list(contents)}).all()
        sealed = [row for row in rows if row.sealed is not None]
        refs = [KeyRef(row.delivery_id, row.attempt, row.key_slot) for row in sealed]
        payloads = open_many(self.keyring, refs, [row.sealed for row in sealed], VAULT)
        clear = {row.content_id: json.loads(text) for row, text in zip(sealed, payloads, strict=True) if text}
        return {row.content_id: self._record(contents[row.content_id], row, clear.get(row.content_id, {}))
                for row in rows}  # fmt: skip

    def _record(self, key: Key, row: sa.Row[Any], clear: Mapping[str, str]) -> Record:
        said = {name: next(texts(places, clear), "") for name, places in self._places(key.feed).items()}
        given, family, whole = (self.hearing.sounds(said[name]) for name in ("given", "family", "whole"))
        return Record(
            given=given,
            family=family,
            whole=whole or " ".join(filter(None, (given, family))),
            birth=self._births(said["birth"]) or Birth.stated(row.age, row.met_on),
            sex=_known(row.sex),
            nationality=_known(row.citizenship[0]) if row.citizenship and len(row.citizenship) == 1 else "",
            place=_known(row.region),
            phone=plain_phone(said["phone"]),
            document=plain_document(said["document"]),
            slips=tuple(_numbers(referral=row.referral_reference, border=row.border_reference)),
            cases=tuple(_numbers(police=row.police_reference, court=row.court_reference)),
            file=_file(key, row),
        )

    def _places(self, feed: str) -> Mapping[str, Sequence[Place]]:
        """Where to look for each concept. Of a feed without a contract nobody knows what its columns say."""
        if feed not in self._columns:
            raise UsageFault(f"there is no contract of {feed} here, but records of it: they could be misread")
        return self._columns[feed]

    @cached_property
    def _columns(self) -> Mapping[str, Mapping[str, Sequence[Place]]]:
        return {feed: _identity(contract) for feed, contract in self.contracts.items()}

    @cached_property
    def _births(self) -> Callable[[str], Birth | None]:
        return birth_reader(self.today)


Place = tuple[str, frozenset[str]]
"""A column, and what stands there for nothing: the vault keeps that too."""


def texts(places: Iterable[Place], clear: Mapping[str, str]) -> Iterator[str]:
    """What an opened record says in these columns."""
    return (clear[name] for name, nothing in places if name in clear and blank_key(clear[name]) not in nothing)


def _identity(contract: Contract) -> dict[str, list[Place]]:
    """Of each concept: the vaulted columns that hold it, in the order in which they are believed."""
    found = vaulted(contract)
    return {name: [place for field in fields for place in found.get(field, ())] for name, fields in IDENTITY.items()}


def vaulted(contract: Contract) -> dict[str, list[Place]]:
    """Of each field of the victim that goes to the vault: the columns that hold it."""
    found: dict[str, list[Place]] = {}
    for column in contract.columns:
        for binding in column.bindings:
            if column.vaulted and binding.entity == _ENTITY:
                nothing = blank_keys(column.blanks) | placeholder_keys(column.placeholders) | FAILED
                found.setdefault(binding.field, []).append((column.name, nothing))
    return found


def _known(code: str | None) -> str:
    return "" if code is None or code in UNKNOWN else code


def _numbers(**references: str | None) -> Iterator[str]:
    for kind, reference in references.items():
        if number := plain_document(reference or ""):
            yield f"{kind}:{number}"


def _file(key: Key, row: sa.Row[Any]) -> str:
    """The case in which the sender numbers its victims; "" where the case is the victim's own number."""
    if not row.case_reference or row.case_reference in {row.victim_reference, key.record_id}:
        return ""
    return "|".join((key.feed, key.provider, row.case_reference))


# A detection at a border that is no presumed victim is a contact, with the same identity in the vault.
ROWS = sa.text(
    """
    SELECT i.content_id, r.delivery_id::text AS delivery_id, r.attempt, r.key_slot, r.sealed,
           coalesce(v.sex, c.sex) AS sex, coalesce(v.citizenship, c.citizenship) AS citizenship,
           coalesce(v.region, c.region) AS region, coalesce(v.age, c.age) AS age,
           coalesce(v.met_on, c.received_on) AS met_on, v.case_reference, v.victim_reference,
           coalesce(v.police_reference, c.police_reference) AS police_reference, v.court_reference,
           coalesce(v.referral_reference, c.referral_reference) AS referral_reference,
           coalesce(v.border_reference, CASE WHEN c.kind = 'border' THEN c.contact_reference END) AS border_reference
    FROM unnest(CAST(:ids AS bigint[])) AS i (content_id)
    LEFT JOIN vault.record r USING (content_id)
    LEFT JOIN core.victim v ON v.content_id = i.content_id AND v.item = 1
    LEFT JOIN core.contact c ON c.content_id = i.content_id AND c.item = 1
    """
)
