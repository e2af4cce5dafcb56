"""A map of equal tiles, one a region: it claims no border, and a large region does not look like a large number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marsad import yaml12

_FAINTEST = 0.12  # of the smallest number that is not 0
_DARK = 0.5  # from here on letters are white


@dataclass(frozen=True, slots=True)
class Tile:
    """One region: its place from the north-west corner, its short names, its number, and how dark it is (0 to 1).

    ``counted`` is False where the release has no such cell; a value of None is then not a hidden one.
    """

    column: int
    row: int
    names: Mapping[str, str]
    counted: bool
    value: int | None
    shade: float

    @property
    def dark(self) -> bool:
        """Whether letters on it are white."""
        return self.shade > _DARK


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the regions of the code list ``scheme`` lie: column, row and short names by code."""

    scheme: str
    places: Mapping[str, Mapping[str, Any]]

    @property
    def columns(self) -> int:
        """How wide it is, in tiles."""
        return 1 + max(int(place["at"][0]) for place in self.places.values())

    @property
    def rows(self) -> int:
        """How high it is, in tiles."""
        return 1 + max(int(place["at"][1]) for place in self.places.values())

    def drawn(self, values: Mapping[str, int | None]) -> list[Tile]:
        """A tile each region."""
        most = max((values.get(code) or 0 for code in self.places), default=0) or 1
        return list(self._tiles(values, most))

    def _tiles(self, values: Mapping[str, int | None], most: int) -> Iterator[Tile]:
        for code, place in self.places.items():
            value, (column, row) = values.get(code), place["at"]
            shade = _FAINTEST + (1 - _FAINTEST) * value / most if value else 0.0
            yield Tile(column, row, place["name"], code in values, value, round(shade, 2))


def load(schemas: Path) -> Grid:
    """The grid of the country."""
    told = yaml12.load(schemas / "reference" / "region_tiles.yaml")
    return Grid(told["scheme"], told["tiles"])
