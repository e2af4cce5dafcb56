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


def plain(node: yaml.Node | None) -> Any:  # noqa: ANN401 - any YAML value
    """Dicts, lists, strings, numbers, booleans and None behind a node. Raises DuplicateKey."""
    if isinstance(node, yaml.MappingNode):
        data: dict[str, Any] = {}
        for key, value in node.value:
            if key.value in data:
                raise DuplicateKey(problem=f"key '{key.value}' stands twice", problem_mark=key.start_mark)
            data[key.value] = plain(value)
        return data
    if isinstance(node, yaml.SequenceNode):
        return [plain(value) for value in node.value]
    if node is None:
        return None
    kind = node.tag.removeprefix(_TAG)
    return _CORE[kind][2](node.value) if kind in _CORE else node.value


def load(path: Path) -> Any:  # noqa: ANN401 - any YAML value
    """The content of a file of ours. Raises UsageFault naming file and line when it is no YAML."""
    try:
        return plain(compose(path.read_text(encoding="utf-8-sig")))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageFault(f"{path.name}:{line}: {error.problem}") from None


def _base(text: str) -> int:
    return {"0o": 8, "0x": 16}.get(text[:2], 10)
