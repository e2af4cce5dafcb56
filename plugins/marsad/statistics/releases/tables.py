"""The tables of a release as they are printed; the same bytes from the same counts, whatever builds them."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from marsad.statistics.disclosure.cells import Cube, Key
from marsad.statistics.disclosure.policy import Policy
from marsad.statistics.releases.definition import Counting, Definition, TableSpec
from marsad.statistics.releases.outbox import digest
from marsad.warehouse.release_tables import HIDDEN, RULE


@dataclass(frozen=True)
class Table:
    """One table: cells by codes of its own dimensions, in the order of these; None is not shown."""

    name: str
    spec: TableSpec
    counting: Counting
    cells: Mapping[Key, int | None]

    @property
    def shown(self) -> int:
        """How many cells are shown."""
        return sum(value is not None for value in self.cells.values())

    @property
    def header(self) -> tuple[str, ...]:
        """Titles of the columns."""
        return ("period", *self.spec.by, "value", "flag", *RULE)

    def rows(self, period: str) -> Iterator[tuple[str | int | None, ...]]:
        """One row a cell; every number with its counting rule."""
        for codes, value in self.cells.items():
            yield (period, *codes, value, HIDDEN if value is None else "", *self.counting.parts)

    def csv(self, period: str) -> bytes:
        """Canonical CSV: UTF-8, comma, LF, quotes only where needed, rows in the order of codes."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.rows(period))
        return text.getvalue().encode("utf-8")


def printed(
    definition: Definition, cubes: Mapping[str, Cube], hidden: Mapping[str, Collection[Key]], policy: Policy
) -> list[Table]:
    """The tables of a release; ``hidden`` are the cells of each cube that are not shown."""
    return [
        Table(name, spec, definition.cubes[spec.cube].counting,
              _cells(cubes[spec.cube], spec, hidden[spec.cube], policy))
        for name, spec in definition.tables.items()
    ]  # fmt: skip


def _cells(cube: Cube, spec: TableSpec, hidden: Collection[Key], policy: Policy) -> dict[Key, int | None]:
    places = [cube.names.index(name) for name in spec.by]
    found = {
        tuple(key[place] for place in places): None if key in hidden else policy.shown(count)
        for key, count in cube.cells(spec.asked(cube.names)).items()
    }
    order = [{code: number for number, code in enumerate(cube.dimensions[place].nodes)} for place in places]
    return dict(sorted(found.items(), key=lambda one: [of[code] for of, code in zip(order, one[0], strict=True)]))


def content_hash(tables: Sequence[Table], period: str) -> str:
    """SHA-256 over the tables as CSV."""
    return digest((table.name, table.csv(period)) for table in tables)
