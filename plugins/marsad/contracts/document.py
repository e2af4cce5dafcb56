"""A YAML file as plain data, with the place of every key and value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from marsad import yaml12
from marsad.contracts.problems import Problem

Step = str | int
Steps = list[Step]  # the way from the root of a document to one of its nodes


@dataclass(frozen=True, slots=True)
class Document:
    """``data`` holds dicts, lists, strings, numbers, booleans and None only."""

    path: Path
    data: Any
    _tree: yaml.Node | None

    def key_place(self, path: Sequence[Step]) -> tuple[int, int]:
        """Line and column (from 1) of the key or list item at ``path``, or of what is nearest above it."""
        return self._place(path, at_value=False)

    def value_place(self, path: Sequence[Step]) -> tuple[int, int]:
        """Line and column (from 1) of the value at ``path``, or of what is nearest above it."""
        return self._place(path, at_value=True)

    def problem(self, path: Sequence[Step], code: str, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """A problem at the value (or, with ``key``, at the key) of ``path``."""
        line, column = self.key_place(path) if key else self.value_place(path)
        return Problem(self.path, line, column, code, message, hint)

    def _place(self, path: Sequence[Step], *, at_value: bool) -> tuple[int, int]:
        node, found = self._tree, self._tree
        for step in path:
            entry = _entry(node, step)
            if entry is None:
                break
            found, node = (entry[1] if at_value else entry[0]), entry[1]
        return (found.start_mark.line + 1, found.start_mark.column + 1) if found else (1, 1)


def read_document(path: Path) -> Document | Problem:
    """The file's document, or the one problem that keeps it from being read as YAML."""
    try:
        tree = yaml12.compose(path.read_text(encoding="utf-8-sig"))
        return Document(path, yaml12.plain(tree), tree)
    except OSError as error:
        return Problem(path, 1, 1, "file", f"the file cannot be read: {error.strerror}", "a link that leads nowhere?")
    except UnicodeDecodeError:
        return Problem(path, 1, 1, "yaml", "the file is not UTF-8 text", "save it as UTF-8")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Problem(path, line, column, "yaml", _first_line(error.problem or error.context or "not YAML"))
    except yaml.YAMLError as error:
        return Problem(path, 1, 1, "yaml", _first_line(str(error)))


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]


def _entry(node: yaml.Node | None, step: Step) -> tuple[yaml.Node, yaml.Node] | None:
    """The key (or the item itself) and the value that a step leads to."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None
