"""The common model: ``schemas/concepts.yaml`` as typed values. Tables, contracts and suites are read against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from marsad import yaml12
from marsad.settings import PROJECT

FieldType = Literal["text", "code", "date", "timestamp", "integer", "number", "boolean"]
PrivacyClass = Literal["identity", "free_text", "quasi", "public"]
LANGUAGES = ("fr", "ar", "en")  # of labels and messages
UNMAPPED = "known"  # last part of the id of a column's rule that a value is in its code list
VAULTED: frozenset[str] = frozenset({"identity", "free_text"})


@dataclass(frozen=True, slots=True)
class Concept:
    """One field of the common model, e.g. ``victim.sex``.

    ``many`` fields are stored as sorted ``text[]``. ``repeats``: one row may hold several of its entity, so a cell with
    several values makes one record each. ``privacy`` decides between core and vault. ``source`` names the
    standard or law the field follows.
    """

    entity: str
    field: str
    type: FieldType
    privacy: PrivacyClass
    codelist: str | None
    many: bool
    label: Mapping[str, str]
    description: str
    source: str
    repeats: bool = False

    @property
    def name(self) -> str:
        """``entity.field``."""
        return f"{self.entity}.{self.field}"

    @property
    def vaulted(self) -> bool:
        """True when the value may live in the vault only."""
        return self.privacy in VAULTED


@dataclass(frozen=True, slots=True)
class Entity:
    """One table of the common model and its fields in order."""

    name: str
    description: str
    fields: Mapping[str, Concept]


@cache
def common_model(path: Path = PROJECT / "schemas" / "concepts.yaml") -> Mapping[str, Entity]:
    """Entities by name, in the order of the file."""
    document = yaml12.load(path)
    return {name: _entity(name, body) for name, body in document["entities"].items()}


def _entity(name: str, body: Mapping[str, Any]) -> Entity:
    fields = {field: _concept(name, field, spec, body.get("repeats", False)) for field, spec in body["fields"].items()}
    return Entity(name, body["description"], fields)


def _concept(entity: str, field: str, spec: Mapping[str, Any], repeats: bool) -> Concept:  # noqa: FBT001
    return Concept(
        entity=entity,
        field=field,
        type=spec["type"],
        privacy=spec["class"],
        codelist=spec.get("codelist"),
        many=spec.get("many", False),
        label=spec["label"],
        description=spec["description"],
        source=spec["source"],
        repeats=repeats,
    )
