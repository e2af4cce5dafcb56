"""``schemas/policies/survivorship.yaml``: who is believed for what, and whose word counts for status and consent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from marsad import policies
from marsad.policies import Part
from marsad.warehouse.model import common_model
from marsad.warehouse.register_tables import FIELDS

KEPT = frozenset({*FIELDS, "birth_year"})


class Belief(Part):
    """An order of agencies and feeds."""

    believe: tuple[str, ...]

    def rank(self, feed: str) -> int:
        """The place of a feed, from 0; a feed that is named goes before its agency."""
        names = [name for name in (feed, feed.partition("/")[0]) if name in self.believe]
        return self.believe.index(names[0]) if names else len(self.believe)


class FieldRule(Belief):
    """How one field of the register is chosen."""

    day: Literal["first", "last"] = "last"
    take: Literal["one", "all"] = "one"


class IdentityRule(Belief):
    """Which record is opened for some concepts of an identity."""

    concepts: tuple[str, ...] = Field(min_length=1)


class StatusRule(Part):
    """How decisions are read and which of several counts."""

    believe: tuple[str, ...]
    unstated: str
    body: Mapping[str, str]

    def rank(self, body: str) -> int:
        """The place of a deciding body, from 0."""
        return self.believe.index(body) if body in self.believe else len(self.believe)


class ConsentRule(Part):
    """Codes by which a person agrees or does not."""

    given: tuple[str, ...]
    refused: tuple[str, ...]


class Survivorship(Part):
    """The whole policy."""

    version: int
    owner: str
    decided: str
    nothing: frozenset[str]
    fields: Mapping[str, FieldRule]
    identity: Mapping[str, IdentityRule]
    status: StatusRule
    consent: ConsentRule

    @model_validator(mode="after")
    def _complete(self) -> Survivorship:
        if self.fields.keys() != KEPT:
            raise ValueError(f"fields must be these: {', '.join(sorted(KEPT))}")
        if shared := self.fields.keys() & self.identity.keys():
            raise ValueError(f"a field of the register and of identity: {', '.join(sorted(shared))}")
        vaulted = {name for name, concept in common_model()["victim"].fields.items() if concept.vaulted}
        for name in (concept for rule in self.identity.values() for concept in rule.concepts):
            if name not in vaulted:
                raise ValueError(f"'{name}' is no field of a victim's identity")
        return self


def load_survivorship(schemas: Path) -> Survivorship:
    """The policy of an installation. Raises UsageFault that names what is wrong."""
    return policies.load(Survivorship, schemas, "survivorship")
