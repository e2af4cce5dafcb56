"""From the parsed parts of a YAML contract to ``contracts.model.Contract``; judges nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marsad.contracts.model import AgeSource, Binding, Column, ColumnType, Condition, Contract, Source, Total
from marsad.contracts.shape import ColumnSpec, FeedSpec, Grain, Language, VersionSpec
from marsad.warehouse.model import LANGUAGES

_BINDING = re.compile(r"(?P<entity>[a-z][a-z0-9_]*)(?:#(?P<item>[1-9]\d?))?\.(?P<field>[a-z][a-z0-9_]*)")
OWN = "marsad"  # the custom property that holds our additions
TYPES: Mapping[str, ColumnType] = {
    "string": "text",
    "date": "date",
    "timestamp": "timestamp",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}


def known_type(logical_type: object) -> bool:
    """True for the logical types of the standard that a column of a file can have."""
    return isinstance(logical_type, str) and logical_type in TYPES


def binding_of(text: str) -> Binding | None:
    """``service#2.kind`` -> Binding('service', 'kind', 2); None when the text is not of that form."""
    found = _BINDING.fullmatch(text)
    return Binding(found["entity"], found["field"], int(found["item"] or 1)) if found else None


def build_column(node: Mapping[str, Any], spec: ColumnSpec) -> Column:
    """One column from its ODCS property and our addition to it; both already of the right shape."""
    options = node.get("logicalTypeOptions", {})
    return Column(
        name=node["name"],
        headers={str(language): text for language, text in spec.header.items()} or {"en": node["name"]},
        aliases=tuple(spec.aliases),
        type=_type(node, spec),
        required=node.get("required", False),
        privacy=node.get("classification"),
        codelist=spec.codelist,
        formats=tuple(spec.formats),
        many=next(iter(spec.many), None),
        many_also=tuple(spec.many[1:]),
        blanks=tuple(spec.blanks),
        placeholders=tuple(spec.placeholders),
        pattern=options.get("pattern"),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        max_length=options.get("maxLength"),
        example=_example(node),
        key=node.get("primaryKeyPosition", 1) if node.get("primaryKey") else None,
        bindings=tuple(binding for text in spec.concept if (binding := binding_of(text))),
        severities={str(state): severity for state, severity in spec.severity.items()},
        description=node.get("description", ""),
    )


def _example(node: Mapping[str, Any]) -> str | None:
    given = node.get("examples")
    return None if given is None else str(given[0]) if given else ""


def _type(node: Mapping[str, Any], spec: ColumnSpec) -> ColumnType:
    if spec.codelist:
        return "code"
    return "identifier" if spec.identifier else TYPES[node.get("logicalType", "string")]


def build_contract(
    document: Mapping[str, Any], feed: FeedSpec, columns: tuple[Column, ...], path: Path, fingerprint: str
) -> Contract:
    """The whole contract; ``document`` is the ODCS part as plain data."""
    return Contract(
        feed=document["name"],
        version=document["version"],
        title=_in_all_languages(feed.title),
        description=document.get("description", {}).get("purpose", ""),
        columns=columns,
        providers=tuple(feed.providers),
        formats=tuple(feed.formats),
        sheets={str(language): name for language, name in feed.sheet.items()},
        mode=feed.mode,
        period=_source(feed.period, feed.period.grain),
        revision=_source(feed.version),
        refuse_above=feed.refuse_above,
        cadence=feed.cadence,
        total_words=tuple(feed.total_words),
        age=_age(feed),
        conditions={name: Condition(spec.column, frozenset(spec.values)) for name, spec in feed.conditions.items()},
        constants={binding: value for text, value in feed.constants.items() if (binding := binding_of(text))},
        totals=tuple(Total(spec.measure, tuple(spec.by), spec.marker, tuple(spec.columns)) for spec in feed.totals),
        path=path,
        fingerprint=fingerprint,
        draft=document.get("status") == "draft",
        withdrawal=_withdrawal(feed),
        justification=feed.justification,
    )


def _in_all_languages(texts: Mapping[Language, str]) -> Mapping[str, str]:
    """The texts with those missing in fr, ar or en taken from another language: reports need all three."""
    some = next(texts[language] for language in ("fr", "en", "ar", "es") if language in texts)
    return dict.fromkeys(LANGUAGES, some) | {str(language): text for language, text in texts.items()}


def _source(spec: VersionSpec, grain: Grain = "month") -> Source:
    if spec.column is not None:
        return Source("column", spec.column, grain)
    if spec.file_name is not None:
        return Source("file_name", spec.file_name, grain)
    return Source("received", "", grain)


def _withdrawal(feed: FeedSpec) -> Condition | None:
    spec = feed.withdrawal
    return Condition(spec.column, frozenset(spec.values)) if spec else None


def _age(feed: FeedSpec) -> AgeSource | None:
    spec = feed.age
    return AgeSource(spec.entity, spec.birth_date, spec.stated, spec.on) if spec else None
