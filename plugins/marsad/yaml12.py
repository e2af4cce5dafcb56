"""YAML 1.2 by libyaml: quick, with the place of every node, and with ``no`` and ``2024-01-31`` as the texts they are.

PyYAML reads YAML 1.1 by itself, where the code ``no`` turns into false; here only the core schema of 1.2 resolves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from marsad.errors import UsageFault

_TAG = "tag:yaml.org,2002:"
_CORE: Mapping[str, tuple[str, str, Callable[[str], object]]] = {
    "null": (r"|~|null|Null|NULL", "~nN", lambda _: None),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF", lambda text: text[0] in "tT"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789", lambda text: int(text, _base(text))),
    "float": (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789", float),
}


class _Loader(yaml.CSafeLoader):
    """Composes nodes whose scalars are tagged by the core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}


for _name, (_pattern, _first, _) in _CORE.items():
    _letters = [*_first, ""] if _name == "null" else list(_first)
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"^(?:{_pattern})$"), _letters)


class DuplicateKey(yaml.MarkedYAMLError):
    """A mapping names one key twice."""


def compose(text: str) -> yaml.Node | None:
    """The tree of nodes of one document, None of an empty one. Raises yaml.YAMLError."""
    return yaml.compose(text, Loader=_Loader)


def plain(node: yaml.Node | None, _above: frozenset[int] = frozenset()) -> Any:  # noqa: ANN401 - any YAML value
    """Dicts, lists, strings, numbers, booleans and None behind a node.

    Raises yaml.MarkedYAMLError: a key stands twice or is no text, a value holds itself or is not what its tag says.
    """
    if id(node) in _above:
        raise yaml.MarkedYAMLError(problem="a value holds itself", problem_mark=node.start_mark if node else None)
    within = _above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        data: dict[str, Any] = {}
        for key, value in node.value:
            _check_key(key, data)
            data[key.value] = plain(value, within)
        return data
    if isinstance(node, yaml.SequenceNode):
        return [plain(value, within) for value in node.value]
    return _scalar(node) if node else None


def _check_key(key: yaml.Node, data: Mapping[str, Any]) -> None:
    if not isinstance(key, yaml.ScalarNode):
        raise yaml.MarkedYAMLError(problem="a key must be a plain text", problem_mark=key.start_mark)
    if key.value in data:
        raise DuplicateKey(problem=f"key '{key.value}' stands twice", problem_mark=key.start_mark)


def _scalar(node: yaml.Node) -> object:
    kind = node.tag.removeprefix(_TAG)
    try:
        return _CORE[kind][2](node.value) if kind in _CORE else node.value
    except (ValueError, IndexError):  # an explicit tag on something else: !!int x
        raise yaml.MarkedYAMLError(problem=f"this is no {kind}", problem_mark=node.start_mark) from None


def load(path: Path) -> Any:  # noqa: ANN401 - any YAML value
    """The content of a file of ours. Raises UsageFault naming file and line when it is no YAML."""
    try:
        return plain(compose(path.read_text(encoding="utf-8-sig")))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageFault(f"{path.name}:{line}: {error.problem}") from None


def _base(text: str) -> int:
    return {"0o": 8, "0x": 16}.get(text[:2], 10)
