"""A map of equal tiles, one a region: it claims no border, and a large region does not look like a large number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, NonNegativeInt

from marsad import policies
from marsad.contracts.model import Labels
from marsad.policies import Part

_FAINTEST = 0.12  # of the smallest number that is not 0
_DARK = 0.5  # from here on letters are white


@dataclass(frozen=True, slots=True)
class Tile:
    """One region: its place from the north-west corner, its short names, its number, and how dark it is (0 to 1).

    ``counted`` is False where the release has no such cell; a value of None is then not a hidden one.
    """

    column: int
    row: int
    names: Labels
    counted: bool
    value: int | None
    shade: float

    @property
    def dark(self) -> bool:
        """Whether letters on it are white."""
        return self.shade > _DARK


class Place(Part):
    """Where a region lies, column and row, and its short names."""

    at: tuple[NonNegativeInt, NonNegativeInt]
    name: Labels


class Grid(Part):
    """Where the regions of the code list ``scheme`` lie, by code."""

    version: Annotated[int, Field(ge=1)]
    owner: str
    decided: str
    scheme: str
    tiles: Annotated[Mapping[str, Place], Field(min_length=1)]

    @property
    def columns(self) -> int:
        """How wide it is, in tiles."""
        return 1 + max(place.at[0] for place in self.tiles.values())

    @property
    def rows(self) -> int:
        """How high it is, in tiles."""
        return 1 + max(place.at[1] for place in self.tiles.values())

    def drawn(self, values: Mapping[str, int | None]) -> list[Tile]:
        """A tile each region."""
        most = max((values.get(code) or 0 for code in self.tiles), default=0) or 1
        return list(self._tiles(values, most))

    def _tiles(self, values: Mapping[str, int | None], most: int) -> Iterator[Tile]:
        for code, place in self.tiles.items():
            value, (column, row) = values.get(code), place.at
            shade = _FAINTEST + (1 - _FAINTEST) * value / most if value else 0.0
            yield Tile(column, row, place.name, code in values, value, round(shade, 2))


def load(schemas: Path) -> Grid:
    """The grid of the country. Raises UsageFault that names all that is wrong."""
    return policies.load(Grid, schemas, "region_tiles", "reference")
