"""A YAML file as plain data, with the place of every key and value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from marsad.contracts.problems import Problem

Step = str | int
Steps = list[Step]  # the way from the root of a document to one of its nodes


@dataclass(frozen=True, slots=True)
class Document:
    """``data`` holds dicts, lists, strings, numbers, booleans and None only; dates are ISO strings."""

    path: Path
    data: Any
    _tree: Any

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
        node, place = self._tree, (0, 0)
        for step in path:
            if isinstance(node, CommentedMap) and step in node:
                place = node.lc.value(step) if at_value else node.lc.key(step)
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                place = node.lc.item(step)
            else:
                break
            node = node[step]
        return place[0] + 1, place[1] + 1


def read_document(path: Path) -> Document | Problem:
    """The file's document, or the one problem that keeps it from being read as YAML."""
    try:
        tree = YAML(typ="rt", pure=True).load(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return Problem(path, 1, 1, "yaml", "the file is not UTF-8 text", "save it as UTF-8")
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Problem(path, line, column, "yaml", _first_line(error.problem or error.context or "not YAML"))
    except YAMLError as error:
        return Problem(path, 1, 1, "yaml", _first_line(str(error)))
    return Document(path, _plain(tree), tree)


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]


def _plain(node: object) -> object:
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, date):  # an unquoted 2024-01-31 is a date to YAML, a string to everybody else
        return node.isoformat()
    return next((kind(node) for kind in (str, int, float) if isinstance(node, kind)), str(node))
