"""``schemas/releases/<name>.yaml``: which tables a release holds, what they count, and when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from marsad import policies
from marsad.contracts.model import Labels
from marsad.errors import UsageFault
from marsad.intake.calendar import Cadence
from marsad.policies import Part
from marsad.statistics.disclosure.cells import TOP
from marsad.statistics.disclosure.policy import Zeros

FOLDER = "releases"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Column(Part):
    """A dimension: the code list of a mart's column; ``tree``: codes are also added up to those above them."""

    codelist: Name
    label: Labels
    tree: bool = False


class Counting(Part):
    """The counting rule: without the four parts a number is not published."""

    unit: Name
    stage: Name
    reference_date: Name
    source: Annotated[str, Field(min_length=1)]

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """The four, in the order of the columns ``RULE``."""
        return self.unit, self.stage, self.reference_date, self.source


class CubeSpec(Part):
    """What is counted: a measure of a mart, of the rows that ``where`` keeps. Its tables are protected together.

    ``zeros`` are all its tables' where they differ from the policy: a cell of several tables has one meaning.
    """

    mart: Name
    measure: Name
    period: Name
    where: Mapping[Name, tuple[str, ...]] = Field(default_factory=dict)
    counting: Counting
    zeros: Zeros | None = None

    @property
    def counted(self) -> tuple[object, ...]:
        """The same for two cubes that count the same, whatever their counting rules call it."""
        return self.mart, self.measure, self.period, {name: set(codes) for name, codes in self.where.items()}


class TableSpec(Part):
    """One table: a cube by some dimensions, with all margins; of those in ``top`` the uppermost codes alone."""

    cube: Name
    by: Annotated[tuple[Name, ...], Field(min_length=1)]
    title: Labels
    top: tuple[Name, ...] = ()

    def asked(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Its dimensions in the order of ``columns``, as a cube understands them."""
        return tuple(name + TOP * (name in self.top) for name in columns if name in self.by)


class Definition(Part):
    """A release. ``deadline_days`` count from the end of the period; ``waits_for`` are feeds."""

    version: Annotated[int, Field(ge=1)]
    owner: str
    decided: str
    cadence: Cadence
    deadline_days: Annotated[int, Field(ge=0)]
    waits_for: tuple[str, ...]
    title: Labels
    dimensions: Mapping[Name, Column]
    cubes: Mapping[Name, CubeSpec]
    tables: Annotated[Mapping[Name, TableSpec], Field(min_length=1)]

    @model_validator(mode="after")
    def _known(self) -> Definition:
        for name, table in self.tables.items():
            if table.cube not in self.cubes:
                raise ValueError(f"table {name}: there is no cube {table.cube}")
            if unknown := set(table.by) - set(self.dimensions):
                raise ValueError(f"table {name}: no dimension {', '.join(sorted(unknown))}")
            if not set(table.top) <= set(table.by):
                raise ValueError(f"table {name}: top names a dimension that it is not by")
            if len(set(table.by)) < len(table.by):
                raise ValueError(f"table {name}: a dimension stands twice")
        return self

    def columns(self, cube: str) -> tuple[str, ...]:
        """The dimensions that the tables of a cube use, in the order of the file."""
        used = {name for table in self.tables.values() if table.cube == cube for name in table.by}
        return tuple(name for name in self.dimensions if name in used)

    def of_cube(self, cube: str) -> Mapping[str, TableSpec]:
        """The tables of a cube."""
        return {name: table for name, table in self.tables.items() if table.cube == cube}


def names(schemas: Path) -> list[str]:
    """The releases that are defined."""
    return sorted(path.stem for path in (schemas / FOLDER).glob("*.yaml"))


def load(schemas: Path, name: str) -> Definition:
    """The definition of a release. Raises UsageFault naming what is wrong, or which releases there are."""
    if name not in names(schemas):
        raise UsageFault(f"there is no release '{name}'; defined are: {', '.join(names(schemas)) or 'none'}")
    return policies.load(Definition, schemas, name, FOLDER)
