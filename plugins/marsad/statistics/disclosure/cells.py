"""Tables with their margins: cells of one cube of counts, named so that what two tables share has one name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from marsad.errors import UsageFault

TOTAL = "total"
ALONE = ".alone"
"""Ends the code of those who are counted under a code that also has finer ones, and under none of these."""

TOP = ":top"
"""Stands after the name of a dimension of which a table shows the uppermost codes alone."""

Key = tuple[str, ...]
"""A cell of a cube: one code a dimension, ``TOTAL`` where the cell does not ask."""


@dataclass(frozen=True)
class Dimension:
    """A classification with its hierarchy: ``paths`` leads from each leaf over what it belongs to, to ``TOTAL``."""

    name: str
    paths: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, name: str, codes: Iterable[str], parents: Mapping[str, str] | None = None) -> Dimension:
        """The dimension of the codes that were counted; a code below another is also part of that one.

        Raises:
            UsageFault: somebody is counted under the code of the total, which would hold everybody and one group.
        """
        codes = set(codes)
        if TOTAL in codes:
            raise UsageFault(f"the mart counts people under the code '{TOTAL}' of {name}, the name of its total")
        above = {code: _ancestors(code, parents or {}) for code in sorted(codes)}
        inner = {ancestor for ancestors in above.values() for ancestor in ancestors}
        return cls(
            name,
            {
                code + ALONE if code in inner else code: (
                    *((code + ALONE, code) if code in inner else (code,)), *ancestors, TOTAL
                )
                for code, ancestors in above.items()
            },
        )  # fmt: skip

    def leaf(self, code: str) -> str:
        """The leaf where those counted under ``code`` stand."""
        return code if code in self.paths else code + ALONE

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """All codes, ``TOTAL`` first, each before what is part of it."""
        found: dict[str, None] = {}
        for leaf in self.paths:
            found.update(dict.fromkeys(reversed(self.paths[leaf])))
        return tuple(found) or (TOTAL,)

    @cached_property
    def top(self) -> Dimension:
        """The same with its uppermost codes alone."""
        return Dimension(self.name, {path[-2]: path[-2:] for path in self.paths.values()})

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """Each code that has parts, with these."""
        found: dict[str, dict[str, None]] = {}
        for path in self.paths.values():
            for part, whole in zip(path, path[1:], strict=False):
                found.setdefault(whole, {})[part] = None
        return {whole: tuple(parts) for whole, parts in found.items()}


def _ancestors(code: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    found: list[str] = []
    while (code := parents.get(code, "")) and code not in found:
        found.append(code)
    return tuple(found)


@dataclass(frozen=True)
class Cube:
    """Counts of one population by all dimensions that its tables use; what is not in ``counts`` is nobody."""

    dimensions: tuple[Dimension, ...]
    counts: Mapping[Key, int]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The dimensions' names, in the order of keys."""
        return tuple(dimension.name for dimension in self.dimensions)

    def cells(self, names: Iterable[str]) -> dict[Key, int]:
        """The table by these dimensions with all margins, empty cells too."""
        asked = set(names)
        found: Counter[Key] = Counter()
        for leaf, count in self.counts.items():
            for key in self.within(leaf, asked):
                found[key] += count
        return {key: found[key] for key in self.keys(asked)}

    def seen(self, names: Iterable[str]) -> tuple[Dimension | None, ...]:
        """What a table shows of each dimension: all of it, its uppermost codes, or nothing."""
        asked = set(names)
        return tuple(
            one if one.name in asked else one.top if one.name + TOP in asked else None for one in self.dimensions
        )

    def keys(self, names: Iterable[str]) -> Iterator[Key]:
        """The cells of a table, margins included."""
        return product(*(one.nodes if one else (TOTAL,) for one in self.seen(names)))

    def within(self, leaf: Key, names: Iterable[str]) -> Iterator[Key]:
        """The cells of a table that count who stands at ``leaf``."""
        paths = [one.paths[code] for one, code in zip(self.dimensions, leaf, strict=True)]
        depths = (
            len(path) if one is full else 2 if one else 1
            for path, one, full in zip(paths, self.seen(names), self.dimensions, strict=True)
        )
        return product(*(path[-depth:] for path, depth in zip(paths, depths, strict=True)))

    def leaves(self) -> Iterator[Key]:
        """Every combination of leaves, also of nobody."""
        return product(*(one.paths for one in self.dimensions))

    def lines(self, names: Iterable[str]) -> Iterator[tuple[Key, tuple[Key, ...]]]:
        """Each cell of a table that others add up to, with these: once for each dimension in which it has parts."""
        seen = self.seen(names)
        for key in self.keys(names):
            for place, one in enumerate(seen):
                if one and key[place] in one.parts:
                    yield key, tuple((*key[:place], part, *key[place + 1 :]) for part in one.parts[key[place]])
