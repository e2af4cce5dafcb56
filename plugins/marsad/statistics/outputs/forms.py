"""``schemas/forms``: what others ask of a country, and how a release answers it from the cells that it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from marsad.contracts.model import Labels
from marsad.policies import Part, load
from marsad.statistics.disclosure.cells import TOTAL
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import Table

Rules = tuple[tuple[str, str], ...]
"""Counting unit and stage of what answers a question, the best first."""
Codes = Mapping[str, tuple[str, ...]]
"""Codes by dimension; those of one dimension are added up."""


class Unodc(Part):
    """UNODC's questionnaire, in the words of its workbook."""

    indicators: Mapping[str, Rules]
    country: str
    region: str
    subregion: str
    sex: Codes
    age_band: Codes
    exploitation_form: Codes


class Point(Part):
    """One number that is asked for."""

    label: Labels
    codes: Codes = {}


class Group(Part):
    """Numbers that the same counting rules answer."""

    ask: Rules
    points: Mapping[str, Point]


class Points(Part):
    """A list of numbers that are asked for."""

    groups: tuple[Group, ...]


FOLDER = "forms"
"""Where the forms of an installation lie, below its schemas."""


def asked(schemas: Path) -> list[Rules]:
    """The counting rules of all that the forms of an installation ask for."""
    unodc, points = load(Unodc, schemas, "unodc", FOLDER), load(Points, schemas, "us_tip", FOLDER)
    return [*unodc.indicators.values(), *(group.ask for group in points.groups)]


@dataclass(frozen=True)
class Answer:
    """What a release shows; None where it hides a number. ``table`` has the counting rule."""

    value: int | None
    table: Table


def counted(build: Build, rules: Rules) -> list[Table]:
    """The tables of the first cube that counts by the first of the rules that any cube has; none: no such cube."""
    for unit, stage in rules:
        for cube, spec in build.definition.cubes.items():
            if (spec.counting.unit, spec.counting.stage) == (unit, stage):
                return [table for table in build.tables() if table.spec.cube == cube]
    return []


def answer(tables: Sequence[Table], codes: Codes) -> Answer | None:
    """The sum of the cells with these codes; hidden if one of them is, None if the tables do not hold the question."""
    asked = {name: wanted for name, wanted in codes.items() if wanted != (TOTAL,)}
    for table in tables:
        if set(asked) <= set(table.spec.by):
            keys = product(*(asked.get(name, (TOTAL,)) for name in table.spec.by))
            if found := [table.cells[key] for key in keys if key in table.cells]:
                return Answer(None if None in found else sum(value or 0 for value in found), table)
    return None
