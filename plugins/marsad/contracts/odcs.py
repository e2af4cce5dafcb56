"""The Open Data Contract Standard's own JSON Schema, applied to a document, with faults said in plain words."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, reduce
from importlib.resources import files
from typing import Any, cast

from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError

from marsad.contracts.build import OWN, known_type
from marsad.contracts.document import Document, Step, Steps
from marsad.contracts.problems import Problem, did_you_mean

# Parts of the standard that say something about values but that nothing here would obey: better refused than ignored.
_NOT_OBEYED = {
    "quality": "write rules in expectations/<agency>/<feed>.json",
    "unique": "use primaryKey, or a rule in expectations/",
    "enum": "use a code list",
    "physicalType": "leave it out: files have no types",
    "exclusiveMinimum": "use minimum",
    "exclusiveMaximum": "use maximum",
    "minLength": "use pattern",
    "multipleOf": "write a rule in expectations/",
    "format": "write 'formats' under customProperties/marsad",
}
_KINDS = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "nothing",
}
_JSON_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "nothing",
}


@cache
def _validator() -> Draft201909Validator:
    schema = published_schema()
    for part in (schema, *schema["$defs"].values()):
        if part.get("unevaluatedProperties") is False:
            # the same question asked of the keys alone: four times faster, and the answer names one key each
            del part["unevaluatedProperties"]
            part["propertyNames"] = {"enum": sorted(set(_known_keys(part, schema)))}
    return Draft201909Validator(schema)


def published_schema() -> dict[str, Any]:
    """The standard's JSON Schema as the package ``open-data-contract-standard`` ships it."""
    text = files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _known_keys(schema: object, root: Mapping[str, Any]) -> Iterator[str]:
    """All keys that a part of the schema speaks of, under whatever condition."""
    if not isinstance(schema, Mapping):
        return
    yield from schema.get("properties", {})
    if "$ref" in schema:
        steps = schema["$ref"].removeprefix("#/").split("/")
        yield from _known_keys(reduce(lambda part, step: part[step], steps, root), root)
    branches = [part for branch in ("allOf", "anyOf", "oneOf") for part in schema.get(branch, [])]
    for part in (*branches, schema.get("then"), schema.get("else")):
        yield from _known_keys(part, root)


def standard_problems(document: Document) -> tuple[list[Problem], list[Steps]]:
    """Faults against the standard and against what Marsad obeys of it, and the nodes that cannot be read for them."""
    problems, broken = list(_not_obeyed(document)), []
    for error in _validator().iter_errors(_comparable(document.data)):
        if _is_about_keys(error):
            problems += _unknown_keys(document, error)
        else:
            problems.append(_explain(document, error))
            broken.append(list(error.absolute_path))
    return problems, broken


def _comparable(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document as far as the standard has a say in it.

    Unknown column types become ``string``, since what options may be hangs on the type; ``parts`` reports them. Our
    own values are left out: the standard allows anything there, and finding that out takes most of the time.
    """
    known = copy.deepcopy(dict(data))
    _empty_own(known)
    for _, table in _mappings(known.get("schema")):
        for _, column in _mappings(table.get("properties")):
            _empty_own(column)
            if not known_type(column.get("logicalType")):
                column["logicalType"] = "string"
                column.pop("logicalTypeOptions", None)
    return known


def _empty_own(node: Mapping[str, Any]) -> None:
    for _, item in _mappings(node.get("customProperties")):
        if item.get("property") == OWN and "value" in item:
            item["value"] = ""


def _is_about_keys(error: ValidationError) -> bool:
    return error.validator == "additionalProperties" or "propertyNames" in error.relative_schema_path


def _unknown_keys(document: Document, error: ValidationError) -> Iterator[Problem]:
    schema, path = cast("Mapping[str, Any]", error.schema), list(error.absolute_path)
    one_key = isinstance(error.instance, str)  # propertyNames asks of each key, additionalProperties of the mapping
    known = schema["enum"] if one_key else sorted(schema["properties"])
    for key in [error.instance] if one_key else cast("dict[str, object]", error.instance):
        if key not in known:
            hint = did_you_mean(str(key), known, f"known keys here: {', '.join(known)}")
            yield document.problem([*path, str(key)], "unknown-key", f"unknown key '{key}'", hint, key=True)


def _explain(document: Document, error: ValidationError) -> Problem:
    path = list(error.absolute_path)
    if error.validator == "required":
        missing = re.match(r"'([^']*)'", error.message)
        return document.problem(path, "missing", f"missing key '{missing[1] if missing else '?'}'", key=True)
    if error.validator == "enum":
        values = [str(value) for value in cast("list[object]", error.validator_value)]
        hint = did_you_mean(str(error.instance), values, f"one of {', '.join(values)}")
        return document.problem(path, "value", f"unknown value '{error.instance}' of '{_last(path)}'", hint)
    if error.validator == "type":
        return document.problem(path, "type", *_wrong_type(path, error))
    return document.problem(path, "value", f"'{_last(path)}' does not follow the standard: {error.message[:200]}")


def _wrong_type(path: Sequence[Step], error: ValidationError) -> tuple[str, str]:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [str(error.validator_value)]
    names = " or ".join(_JSON_KINDS[kind] for kind in wanted)
    found = _KINDS.get(type(error.instance), "something else")
    hint = f'put it in quotes: "{error.instance}"' if names == "text" and found == "a number" else ""
    hint = "write true or false" if names == "true or false" else hint
    return f"'{_last(path)}' must be {names}, not {found}", hint


def _not_obeyed(document: Document) -> Iterator[Problem]:
    for path, node in _schema_nodes(document.data):
        for key in sorted(_NOT_OBEYED.keys() & node.keys()):
            yield document.problem(
                [*path, key], "not-obeyed", f"Marsad does not read '{key}'", _NOT_OBEYED[key], key=True
            )


def _schema_nodes(data: Mapping[str, Any]) -> Iterator[tuple[Steps, Mapping[str, Any]]]:
    """Every object, property and options mapping of the schema part."""
    for number, table in _mappings(data.get("schema")):
        yield ["schema", number], table
        for place, column in _mappings(table.get("properties")):
            path: Steps = ["schema", number, "properties", place]
            yield path, column
            if isinstance(column.get("logicalTypeOptions"), dict):
                yield [*path, "logicalTypeOptions"], column["logicalTypeOptions"]


def _mappings(node: object) -> Iterator[tuple[int, dict[str, Any]]]:
    if isinstance(node, list):
        yield from ((number, item) for number, item in enumerate(node) if isinstance(item, dict))


def _last(path: Sequence[Step]) -> str:
    return str(next((step for step in reversed(path) if isinstance(step, str)), "the document"))
