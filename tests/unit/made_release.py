"""A made-up build of the release of victims, with hidden cells: no database, no Tau-Argus."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from marsad.contracts.codelists import load_codelist
from marsad.intake.calendar import parse
from marsad.settings import PROJECT
from marsad.statistics.disclosure.cells import Dimension
from marsad.statistics.disclosure.policy import load_policy
from marsad.statistics.disclosure.secondary import Older, Plan, protect
from marsad.statistics.releases.build import plan
from marsad.statistics.releases.counted import Base
from marsad.statistics.releases.definition import Definition, load
from marsad.statistics.releases.store import Build

SCHEMAS = PROJECT / "schemas"
AT = datetime(2025, 2, 3, 8, tzinfo=UTC)
PEOPLE = {("F", "0-8"): 14, ("F", "9-17"): 57, ("F", "18-20"): 38, ("F", "24-26"): 61, ("F", "30-38"): 33,
          ("F", "unknown"): 9, ("M", "0-8"): 11, ("M", "9-17"): 42, ("M", "18-20"): 25, ("M", "24-26"): 19,
          ("M", "48+"): 2, ("M", "unknown"): 7}  # fmt: skip
"""By sex and age; the Gendarmerie met those under 9 and over 47, DGSN the others."""


@cache
def made(period: str = "2024") -> Build:
    """Protected as a real build is, and not signed."""
    definition, policy, covered = _of_persons(load(SCHEMAS, "victims")), load_policy(SCHEMAS), parse(period)
    assert covered
    columns = definition.columns("records")
    parents = {code.code: code.parent for code in load_codelist(SCHEMAS / "codelists" / "age_band.csv").codes.values()}
    counts = {(f"{period[:4]}-01", tuple(_codes(sex, age)[name] for name in columns)): n
              for (sex, age), n in PEOPLE.items()}  # fmt: skip
    base = Base(columns, counts)
    dimensions = tuple(
        Dimension.of(name, base.codes(name), {one: up for one, up in parents.items() if up})
        if definition.dimensions[name].tree
        else Dimension.of(name, base.codes(name))
        for name in columns
    )
    asked: Plan = plan(definition, "records", base, dimensions, policy, covered)
    return Build(
        build_id="0190c0de-0000-7000-8000-000000000000", name="victims", period=covered, number=2, as_of=AT, ledger="",
        definition=definition, policy=policy, dimensions={"records": dimensions}, missing=[], facts={}, broken=[],
        verdict="pass", tools="", sha256="", bases={"records": base},
        hidden={"records": frozenset(protect(asked, policy, Older()))}, built_by="builder",
    )  # fmt: skip


def _of_persons(definition: Definition) -> Definition:
    """Counting victims, not records of them: what forms of others ask for."""
    cube = definition.cubes["records"]
    counting = cube.counting.model_copy(update={"unit": "victim"})
    return definition.model_copy(update={"cubes": {"records": cube.model_copy(update={"counting": counting})}})


def _codes(sex: str, age: str) -> dict[str, str]:
    minor = "unknown" if age == "unknown" else "yes" if age in {"0-8", "9-17"} else "no"
    return {"sex": sex, "age_band": age, "minor": minor, "provider": "GR" if age in {"0-8", "48+"} else "DGSN"}
