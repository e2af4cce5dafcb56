"""Rules without the names of their columns.

What a row rule says depends on its type, its arguments and the cells it reads, not on what the columns are called. Most
rules of a suite ("this column is filled", "that one is readable") are one and the same form, judged once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marsad.quality.allowed import COLUMN_KWARGS, columns_read
from marsad.quality.structural import Expectation

Key = tuple[object, ...]  # the cells that a rule reads, in the order of its columns


@dataclass(slots=True, eq=False)
class Form:
    """A rule on columns called ``names``, and the combinations of cells it was judged on: true means broken.

    ``entry`` bears the id of one of the rules of this form, so that an error can name it.
    """

    entry: Expectation
    names: tuple[str, ...]
    broken: dict[Key, bool] = field(default_factory=dict)


class Forms:
    """Gives each rule its form; rules of one form get the same object. ``kind`` tells the data type of a column."""

    def __init__(self, kind: Callable[[str], str]) -> None:
        self._kind = kind
        self._made: dict[str, Form] = {}

    def __iter__(self) -> Iterator[Form]:
        return iter(self._made.values())

    def of(self, entry: Expectation) -> Form:
        """The form of a rule; its columns are ``columns_read`` of the rule in alphabetical order."""
        columns = sorted(columns_read(entry))
        places = {name: f"{{{number}}}" for number, name in enumerate(columns)}
        anonymous = renamed(entry["kwargs"], places)
        kinds = [self._kind(name) for name in columns]
        said = json.dumps([entry["type"], anonymous, kinds], sort_keys=True, default=str)
        if said not in self._made:
            names = tuple(f"f{len(self._made)}_{number}" for number in range(len(columns)))
            kwargs = renamed(entry["kwargs"], dict(zip(columns, names, strict=True)))
            self._made[said] = Form(entry | {"kwargs": kwargs}, names)
        return self._made[said]


def renamed(kwargs: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Arguments of an expectation that read other columns instead."""
    changed: dict[str, Any] = {name: names[kwargs[name]] for name in COLUMN_KWARGS if name in kwargs}
    if "column_list" in kwargs:
        changed["column_list"] = [names[name] for name in kwargs["column_list"]]
    if kwargs.get("row_condition") is not None:
        changed["row_condition"] = _renamed_condition(kwargs["row_condition"], names)
    return {**kwargs, **changed}


def _renamed_condition(condition: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    parts = [_renamed_condition(part, names) for part in condition.get("conditions", ())]
    column = {"name": names[condition["column"]["name"]]} if "column" in condition else None
    return {**condition, **({"column": column} if column else {}), **({"conditions": parts} if parts else {})}
