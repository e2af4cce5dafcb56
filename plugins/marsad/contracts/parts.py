"""The parts of a contract file: our additions found and parsed, each on its own, so that one fault hides no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from marsad.contracts.build import OWN, TYPES, build_column, known_type
from marsad.contracts.document import Document, Step, Steps
from marsad.contracts.model import Column
from marsad.contracts.problems import Problem, did_you_mean
from marsad.contracts.shape import ColumnSpec, FeedSpec, Strict

_MUST = {
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "list_type": "must be a list: [a, b]",
    "too_short": "must not be empty",
    "dict_type": "must be a mapping: {key: value}",
    "model_type": "must be a mapping: {key: value}",
    "model_attributes_type": "must be a mapping: {key: value}",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
}
Spec = TypeVar("Spec", bound=Strict)


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """One column of the file.

    ``node`` is its ODCS property at ``path``, ``spec`` our addition to it at ``own``. ``spec`` and ``column`` are None
    when the shape is wrong.
    """

    name: str
    node: Mapping[str, Any]
    path: Steps
    own: Steps
    spec: ColumnSpec | None
    column: Column | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What could be parsed; ``feed`` is None when our part of the contract as a whole is missing or misshapen."""

    feed: FeedSpec | None
    own: Steps
    columns: tuple[ColumnPart, ...]
    problems: tuple[Problem, ...]


def read_parts(document: Document, broken: Sequence[Steps] = ()) -> Parts:
    """Our additions and the faults of their shape; columns that hold one of the ``broken`` nodes are not built."""
    problems: list[Problem] = []
    own, value = _own(document.data, [])
    if value is None:
        message = "the contract has no customProperties with 'property: marsad'"
        problems.append(document.problem([], "missing", message, "see docs/new-feed.md"))
        feed = None
    else:
        feed = _parse(document, FeedSpec, own, value, problems)
    columns = tuple(_column(document, path, node, broken, problems) for path, node in _properties(document, problems))
    return Parts(feed, own, columns, tuple(problems))


def _properties(document: Document, problems: list[Problem]) -> Iterator[tuple[Steps, Mapping[str, Any]]]:
    tables = document.data.get("schema")
    if not isinstance(tables, list) or len(tables) != 1 or not isinstance(tables[0], dict):
        hint = "several sheets are several feeds" if isinstance(tables, list) and len(tables) > 1 else ""
        problems.append(document.problem(["schema"], "schema", "'schema' must hold exactly one table", hint, key=True))
        return
    properties = tables[0].get("properties")
    if not isinstance(properties, list) or not properties:
        problems.append(document.problem(["schema", 0], "missing", "the table has no 'properties' (its columns)"))
        return
    for number, node in enumerate(properties):
        if isinstance(node, dict):
            yield ["schema", 0, "properties", number], node


def _column(
    document: Document, path: Steps, node: Mapping[str, Any], broken: Sequence[Steps], problems: list[Problem]
) -> ColumnPart:
    before = len(problems)
    own, value = _own(node, path)
    spec = ColumnSpec() if value is None else _parse(document, ColumnSpec, own, value, problems)
    problems.extend(_type_problems(document, path, node))
    whole = spec is not None and len(problems) == before and not any(place[: len(path)] == path for place in broken)
    column = build_column(node, spec) if spec is not None and whole else None
    return ColumnPart(str(node.get("name", "")), node, path, own, spec, column)


def _type_problems(document: Document, path: Steps, node: Mapping[str, Any]) -> Iterator[Problem]:
    choice = f"one of {', '.join(TYPES)}"
    if "logicalType" not in node:
        yield document.problem(path, "missing", "missing key 'logicalType'", choice)
    elif not known_type(node["logicalType"]):
        message = f"a column cannot be of type '{node['logicalType']}'"
        hint = did_you_mean(str(node["logicalType"]), TYPES, choice)
        yield document.problem([*path, "logicalType"], "type", message, hint)


def _own(node: Mapping[str, Any], path: Steps) -> tuple[Steps, Any]:
    """Steps and value of our custom property of a node; the value is None when there is none."""
    properties = node.get("customProperties")
    if isinstance(properties, list):
        for number, item in enumerate(properties):
            if isinstance(item, dict) and item.get("property") == OWN:
                return [*path, "customProperties", number, "value"], item.get("value")
    return path, None


def _parse(document: Document, kind: type[Spec], own: Steps, value: object, problems: list[Problem]) -> Spec | None:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        problems.extend(_explain(document, kind, own, dict(fault)) for fault in error.errors(include_url=False))
        return None


def _explain(document: Document, kind: type[Strict], own: Steps, fault: dict[str, Any]) -> Problem:
    loc = [step for step in fault["loc"] if step != "[key]"]
    path, name = [*own, *loc], str(loc[-1]) if loc else OWN
    at_key = fault["type"] == "extra_forbidden" or "[key]" in fault["loc"]
    if fault["type"] == "extra_forbidden":
        known = _known_keys(kind, loc[:-1])
        hint = did_you_mean(name, known, f"known keys here: {', '.join(known)}")
        return document.problem(path, "unknown-key", f"unknown key '{name}'", hint, key=True)
    if fault["type"] == "missing":
        return document.problem(path, "missing", f"missing key '{name}'")
    if fault["type"] == "literal_error":
        return _unknown_value(document, path, fault, at_key)
    where = next((str(step) for step in reversed(loc) if isinstance(step, str)), OWN)
    return document.problem(path, "value", f"'{where}' {_plain_words(fault)}", _quote_hint(fault), key=at_key)


def _unknown_value(document: Document, path: Steps, fault: dict[str, Any], at_key: bool) -> Problem:
    expected = fault["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
    hint = did_you_mean(str(fault["input"]), expected, f"one of {', '.join(expected)}")
    code, word = ("unknown-key", "key") if at_key else ("value", "value")
    return document.problem(path, code, f"unknown {word} '{fault['input']}'", hint, key=at_key)


def _quote_hint(fault: dict[str, Any]) -> str:
    number = isinstance(fault["input"], int | float)
    return f'put it in quotes: "{fault["input"]}"' if fault["type"] == "string_type" and number else ""


def _plain_words(fault: dict[str, Any]) -> str:
    """What the value must be, without the words of pydantic."""
    return _MUST.get(fault["type"]) or fault["msg"].replace("Input should be", "must be")


def _known_keys(kind: type[Strict], loc: list[Step]) -> list[str]:
    """Keys of the model that stands at ``loc`` below ``kind``."""
    model = kind
    for step in loc:
        field = next((f for n, f in model.model_fields.items() if step in {n, f.alias}), None)
        model = (_model_in(field.annotation) if field else None) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: object) -> type[Strict] | None:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model_in(part))), None)
