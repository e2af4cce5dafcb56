"""What marts count for a release, and of which data: read once, in one snapshot of the warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marsad.errors import UsageFault
from marsad.intake.calendar import CADENCES, Period, parse
from marsad.statistics.disclosure.cells import Cube, Dimension
from marsad.statistics.releases.definition import CubeSpec
from marsad.warehouse.release_tables import RULE

NOT_STATED = "unknown"
_LATER = {"presumed": ("identified", "confirmed"), "identified": ("confirmed",)}  # who was confirmed was presumed
_LEDGER = """
    SELECT encode(sha256(coalesce(string_agg(d.delivery_id::text || d.sha256 || d.status, ',' ORDER BY
        d.delivery_id::text COLLATE "C"), '')::bytea), 'hex') FROM ops.delivery d
    WHERE d.status IN ('accepted', 'accepted_with_findings')
"""


@dataclass(frozen=True)
class Base:
    """Counts of one cube before disclosure control: by period as the mart says it, and one code a column."""

    columns: tuple[str, ...]
    counts: Mapping[tuple[str, tuple[str, ...]], int]

    def codes(self, column: str) -> set[str]:
        """The codes that were counted."""
        place = self.columns.index(column)
        return {codes[place] for _, codes in self.counts}

    def cube(self, dimensions: Iterable[Dimension], within: Period) -> Cube:
        """The counts of a period by dimensions, each of them a column."""
        asked = tuple(dimensions)
        places = [self.columns.index(one.name) for one in asked]
        found: Counter[tuple[str, ...]] = Counter()
        for (label, codes), count in self.counts.items():
            if inside(label, within):
                found[tuple(one.leaf(codes[place]) for one, place in zip(asked, places, strict=True))] += count
        return Cube(asked, found)


def inside(label: str, within: Period) -> bool:
    """Whether a period of a mart lies in the one of a release."""
    period = parse(label)
    return period is not None and within.starts_on <= period.starts_on and period.ends_on <= within.ends_on


def months(period: Period) -> frozenset[str]:
    """The months that a period is made of, or of which it is a part."""
    first = period.starts_on.year * 12 + period.starts_on.month - 1
    last = period.ends_on.year * 12 + period.ends_on.month - 1
    return frozenset(f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first, last + 1))


def count(connection: sa.Connection, spec: CubeSpec, columns: tuple[str, ...], within: Period) -> Base:
    """Asks the mart.

    Raises UsageFault naming what it does not have, that it counts by another rule, or by longer periods alone.
    """
    _check(connection, spec, columns)
    asked = ", ".join(f"coalesce(CAST(\"{name}\" AS text), '{NOT_STATED}')" for name in columns)
    kept = " AND ".join(f'"{name}" = ANY(CAST(:w_{name} AS text[]))' for name in spec.where) or "true"
    query = f"""
        SELECT CAST("{spec.period}" AS text) AS label, ARRAY[{asked}] AS codes,
               ARRAY[{", ".join(RULE)}] AS rule, CAST(sum("{spec.measure}") AS bigint) AS n
        FROM mart."{spec.mart}" WHERE {kept} GROUP BY 1, 2, 3
    """  # noqa: S608 - names that the definition's model lets through
    values = {f"w_{name}": list(codes) for name, codes in spec.where.items()}
    found: Counter[tuple[str, tuple[str, ...]]] = Counter()
    rows = connection.execute(sa.text(query), values).all()
    _fits(spec, {row.label for row in rows if row.label and row.n}, within)
    for row in rows:
        if row.label and row.n and inside(row.label, within):
            _agrees(spec, row.rule)
            found[row.label, tuple(row.codes)] += row.n
    return Base(columns, dict(sorted(found.items())))


def _fits(spec: CubeSpec, labels: Iterable[str], within: Period) -> None:
    """A period that is shorter than all that a mart counts by would come out empty, as if there had been nobody."""
    known = {CADENCES.index(period.cadence) for label in labels if (period := parse(label))}
    if known and min(known) > CADENCES.index(within.cadence):
        shortest = CADENCES[min(known)]
        raise UsageFault(f"the mart {spec.mart} has no {within.label}; it counts by longer periods: {shortest}")


def _agrees(spec: CubeSpec, told: Sequence[str]) -> None:
    """What a mart does not state it does not deny."""
    unit, stage, day, source = spec.counting.parts
    fit = ({unit}, {stage, *_LATER.get(stage, ())}, {day, NOT_STATED}, {source})
    if not all(one in known for one, known in zip(told, fit, strict=True)):
        raise UsageFault(f"the mart {spec.mart} counts {', '.join(told)}, not {', '.join(spec.counting.parts)}")


def as_known(connection: sa.Connection, moment: datetime) -> None:
    """For the rest of the transaction marts count what was known at a moment."""
    connection.execute(sa.text("SELECT set_config('marsad.as_of', :at, true)"), {"at": moment.isoformat()})


def _check(connection: sa.Connection, spec: CubeSpec, columns: tuple[str, ...]) -> None:
    query = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:mart) AND attnum > 0"
    known = set(connection.execute(sa.text(query), {"mart": f'mart."{spec.mart}"'}).scalars())
    wanted = {spec.measure, spec.period, *spec.where, *columns, *RULE}
    if missing := wanted - known:
        raise UsageFault(f"the mart {spec.mart} has no column {', '.join(sorted(missing))}" if known else
                         f"there is no mart {spec.mart}")  # fmt: skip


def ledger(connection: sa.Connection) -> str:
    """SHA-256 over the deliveries that count; how far the register was with them it does not say."""
    return str(connection.execute(sa.text(_LEDGER)).scalar_one())
