"""Two records side by side, opened, for somebody who may see them: what each says, what the machine made of it.

Free text is not shown: whether two are one person is told by who they are, not by what was done to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from marsad.contracts.catalog import Catalog
from marsad.contracts.text import fold
from marsad.identity.keys import KeyRing
from marsad.identity.vault import KeyRef, open_many
from marsad.intake.rows import VAULT
from marsad.linkage import model
from marsad.linkage.policy import Policy
from marsad.linkage.review import Question
from marsad.linkage.scored import Said, Scored
from marsad.linkage.stock import IDENTITY, ROWS, Key, texts, vaulted

_ENTITY = "victim"
_FROM_VAULT = {
    "given_name": IDENTITY["given"], "family_name": IDENTITY["family"], "birth_date": IDENTITY["birth"],
    "phone": IDENTITY["phone"], "document_number": IDENTITY["document"],
}  # fmt: skip
_KNOWN = {field for fields in IDENTITY.values() for field in fields}
_STAND_INS = ("whole_name", "age")  # compared only where what they stand for is missing
_REFERENCES = ("referral_reference", "border_reference", "police_reference", "court_reference")
_PAIR = sa.text("SELECT levels, weights FROM link.pair WHERE left_content = :left AND right_content = :right")
Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that records say. ``weight``: bits it added, None where the machine does not compare it.

    ``differs`` is None where a side says nothing of it.
    """

    label: str
    left: Sequence[str]
    right: Sequence[str]
    says: str
    weight: float | None
    differs: bool | None


@dataclass(frozen=True, slots=True)
class Shown:
    """The lines that were compared and those that were not; ``prior`` and the compared lines add up to ``weight``."""

    prior: Said
    compared: Sequence[Line]
    others: Sequence[Line]
    weight: float


def shown(
    connection: sa.Connection, keyring: KeyRing, catalog: Catalog, policy: Policy, asked: Question, language: str
) -> Shown:
    """What ``asked`` is about, with values from the vault, codes and words in ``language``.

    Raises:
        PlatformFault: the key store is damaged or does not belong to the database.
    """
    keys = {asked.place.left: asked.left, asked.place.right: asked.right}
    scored = _scored(connection, asked)
    told = _Told(catalog, language)
    found = told.records(connection, keyring, keys)
    left, right = (found[content] for content in keys)
    prior, *_ = scored.waterfall(policy, language)
    compared = list(_compared(scored, policy, left, right, language))
    return Shown(prior, compared, list(told.others(left, right)), scored.weight)


def _scored(connection: sa.Connection, asked: Question) -> Scored:
    ends = sorted((asked.place.left, asked.place.right))
    row = connection.execute(_PAIR, {"left": ends[0], "right": ends[1]}).one()
    return Scored(0, 1, asked.weight, asked.probability, tuple(row.levels), tuple(row.weights))


def _compared(scored: Scored, policy: Policy, left: Values, right: Values, language: str) -> Iterator[Line]:
    steps = zip(policy.comparisons.items(), scored.levels, scored.weights, strict=True)
    for (name, comparison), level, weight in steps:
        one, other = left.get(name, ()), right.get(name, ())
        silent = level == model.BLANK
        if silent and (name in _STAND_INS or not (one or other)):
            continue
        says = "" if silent else comparison.levels[level].says[language]
        differs = None if silent else weight < 0
        yield Line(comparison.label[language], one, other, says, None if silent else weight, differs)


class _Told:
    """What a record says, by comparison or, of what is not compared, by field."""

    def __init__(self, catalog: Catalog, language: str) -> None:
        self._catalog, self._language = catalog, language
        self._fields = catalog.model[_ENTITY].fields

    def records(
        self, connection: sa.Connection, keyring: KeyRing, keys: Mapping[int, Key]
    ) -> dict[int, dict[str, list[str]]]:
        rows = connection.execute(ROWS, {"ids": list(keys)}).all()
        return {row.content_id: self._record(keys[row.content_id].feed, row, clear(keyring, row)) for row in rows}

    def _record(self, feed: str, row: sa.Row[Any], clear: Mapping[str, str]) -> dict[str, list[str]]:
        columns = vaulted(self._catalog.contract(feed))
        said = {field: list(texts(places, clear)) for field, places in columns.items()}
        found = {name: [text for field in fields for text in said.get(field, ())]
                 for name, fields in _FROM_VAULT.items()}  # fmt: skip
        found["birth_date"] = [day(text) for text in found["birth_date"]]
        parted = " ".join((*found["given_name"], *found["family_name"]))
        found["whole_name"] = said.get("full_name") or [parted] * bool(parted)
        return found | self._codes(row) | {field: own for field, own in said.items() if field not in _KNOWN}

    def _codes(self, row: sa.Row[Any]) -> dict[str, list[str]]:
        references = (getattr(row, name) for name in _REFERENCES)
        return {
            "sex": self._labels("sex", row.sex),
            "nationality": self._labels("citizenship", *(row.citizenship or ())),
            "place": self._labels("region", row.region),
            "age": [str(row.age)] if row.age is not None else [],
            "reference": [number for number in references if number],
            "met_on": [f"{row.met_on:%d/%m/%Y}"] if row.met_on else [],
        }

    def _labels(self, field: str, *codes: str | None) -> list[str]:
        known = self._catalog.codelists[self._fields[field].codelist or ""].codes
        return [known[code].labels[self._language] if code in known else code for code in codes if code]

    def others(self, left: Values, right: Values) -> Iterator[Line]:
        """Who she is by other words: parents, places, addresses, and when she was met."""
        for name, concept in self._fields.items():
            if (concept.privacy == "identity" and name not in _KNOWN) or name == "met_on":
                one, other = left.get(name, ()), right.get(name, ())
                if one or other:
                    differs = _folded(one) != _folded(other) if one and other else None
                    yield Line(concept.label[self._language], one, other, "", None, differs)


def clear(keyring: KeyRing, row: sa.Row[Any]) -> Mapping[str, str]:
    """What the vault holds of a record (a row of ``ROWS``); nothing where it was erased or never had an identity."""
    if not row.sealed:
        return {}
    text = open_many(keyring, [KeyRef(row.delivery_id, row.attempt, row.key_slot)], [row.sealed], VAULT)[0]
    return dict(json.loads(text)) if text else {}


def day(text: str) -> str:
    """A whole date as people write it; a year, or what nobody could read, as it stands."""
    try:
        return f"{date.fromisoformat(text):%d/%m/%Y}"
    except ValueError:
        return text


def _folded(texts: Sequence[str]) -> set[str]:
    return {fold(text) for text in texts}
