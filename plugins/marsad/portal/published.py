"""Signed releases as pages show them: what the role ``analyst`` reads of them, in the order of the code lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

import sqlalchemy as sa

from marsad.contracts.codelists import CodeList
from marsad.statistics.disclosure.cells import ALONE, TOTAL, Key

Lists = Mapping[str, CodeList]
Said = TypeVar("Said")  # of a code: its number, or those of several periods
ALL = ""
_LISTED = """
    SELECT r.build_id::text, r.name, r.period, r.number, r.newest, r.as_of, r.signed_at, r.verdict,
           r.deliveries_missing, r.dimensions, r.package_sha256, r.title_fr, r.title_ar, r.title_en,
           t.tables, t.cells, t.shown
    FROM release.releases r CROSS JOIN LATERAL (
        SELECT count(*) AS tables, coalesce(sum(cells), 0)::bigint AS cells, coalesce(sum(shown), 0)::bigint AS shown
        FROM release.tables WHERE build_id = r.build_id
    ) AS t
    WHERE CAST(:build AS uuid) IS NULL OR r.build_id = CAST(:build AS uuid)
    ORDER BY r.signed_at DESC, r.name, r.period
"""
_TABLES = """
    SELECT "table" AS name, cube, title_fr, title_ar, title_en, dimensions, counting_unit, counting_stage,
           reference_date, source, cells, shown
    FROM release.tables WHERE build_id = CAST(:build AS uuid) ORDER BY "position"
"""
_CELLS = """SELECT "table", codes, value FROM release.cells WHERE build_id = CAST(:build AS uuid) ORDER BY "table" """
# Of periods of one grain (2025-03 and 2025-Q1 differ), of the same cube and rule: each dimension by itself, and all.
_COURSE = """
    SELECT DISTINCT period, dimensions, codes, value FROM release.cells
    WHERE name = :name AND newest AND cardinality(array_remove(codes, :total)) <= 1
      AND translate(period, '0123456789', '') = translate(:period, '0123456789', '')
      AND (cube, counting_unit, counting_stage, reference_date, source) = (:cube, :unit, :stage, :date, :source)
    ORDER BY period
"""
_PERIODS = 12  # the newest, side by side on a page


@dataclass(frozen=True, slots=True)
class Table:
    """One table: ``told`` is its row of ``release.tables``, ``schemes`` the code list of each dimension.

    A value of None is one that is not shown.
    """

    told: Mapping[str, Any]
    schemes: tuple[str, ...]
    cells: Mapping[Key, int | None]

    @property
    def columns(self) -> list[str]:
        """The codes of the last dimension."""
        return list(dict.fromkeys(codes[-1] for codes in self.cells))

    @property
    def rows(self) -> list[tuple[Key, list[int | None]]]:
        """The codes of the other dimensions, and under each code of the last one its value."""
        return [(head, [value for _, value in row]) for head, row in groupby(self.cells.items(), lambda c: c[0][:-1])]

    @property
    def total(self) -> int | None:
        """Of all."""
        return self.cells.get((TOTAL,) * len(self.schemes))

    def alone(self, place: int) -> dict[str, int | None]:
        """The values of the dimension at ``place``, whatever the others are."""
        return {
            codes[place]: value for codes, value in self.cells.items()
            if codes[place] != TOTAL and set(codes[:place] + codes[place + 1 :]) <= {TOTAL}
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chart:
    """All that one cube counts in a release: their number, and by each dimension alone its uppermost codes."""

    told: Mapping[str, Any]
    total: int | None
    bars: dict[str, tuple[str, Mapping[str, int | None]]]


@dataclass(frozen=True, slots=True)
class Trend:
    """A chart over periods: by dimension (``ALL``: none) its code list and, by code and period, the numbers."""

    periods: list[str]
    rows: Mapping[str, tuple[str, Mapping[str, Mapping[str, int | None]]]]

    def most(self, name: str) -> int:
        """The largest number of a dimension, at least 1."""
        return max((value or 0 for values in self.rows[name][1].values() for value in values.values()), default=0) or 1


def newest(connection: sa.Connection) -> list[dict[str, Any]]:
    """Of each release the one of the last period."""
    found: dict[str, dict[str, Any]] = {}
    for release in sorted(listed(connection), key=lambda one: (one["name"], one["period"], one["number"])):
        found[release["name"]] = release
    return list(found.values())


def charts(found: Iterable[Table], lists: Lists) -> list[Chart]:
    """What tables of one release show of each cube: a dimension that several have is drawn once."""
    drawn: dict[str, Chart] = {}
    for table in found:
        chart = drawn.setdefault(table.told["cube"], Chart(table.told, table.total, {}))
        for place, (name, scheme) in enumerate(zip(table.told["dimensions"], table.schemes, strict=True)):
            if name not in chart.bars:
                chart.bars[name] = (scheme, _uppermost(table.alone(place), lists, scheme))
    return list(drawn.values())


def course(connection: sa.Connection, release: Mapping[str, Any], chart: Chart) -> dict[str, int | None]:
    """The total of each period that is as long as that of the release, in their order."""
    return {told.period: told.value for told in _told(connection, release, chart) if set(told.codes) == {TOTAL}}


def trends(connection: sa.Connection, release: Mapping[str, Any], chart: Chart, lists: Lists) -> Trend:
    """All that a cube counts, and by each of its dimensions alone the uppermost codes, over the newest periods."""
    series: dict[str, dict[str, dict[str, int | None]]] = {ALL: {TOTAL: {}}}
    told = list(_told(connection, release, chart))
    periods = list(dict.fromkeys(one.period for one in told))[-_PERIODS:]
    for one in told:
        named = dict(zip(one.dimensions, one.codes, strict=True))
        name, code = next(((name, code) for name, code in named.items() if code != TOTAL), (ALL, TOTAL))
        if one.period in periods and (name == ALL or name in chart.bars):
            series.setdefault(name, {}).setdefault(code, {})[one.period] = one.value
    schemes = {ALL: "", **{name: scheme for name, (scheme, _) in chart.bars.items()}}
    return Trend(
        periods, {name: (scheme, _in_order(series.get(name, {}), lists, scheme)) for name, scheme in schemes.items()}
    )


def _in_order(rows: Mapping[str, dict[str, int | None]], lists: Lists, scheme: str) -> dict[str, dict[str, int | None]]:
    kept, order = _uppermost(rows, lists, scheme), _order(lists, scheme)
    return {code: kept[code] for code in sorted(kept, key=lambda code: (order.get(code, len(order)), code))}


def _told(connection: sa.Connection, release: Mapping[str, Any], chart: Chart) -> Iterable[sa.Row[Any]]:
    values = {
        "name": release["name"], "period": release["period"], "total": TOTAL, "cube": chart.told["cube"],
        "unit": chart.told["counting_unit"],
        "stage": chart.told["counting_stage"], "date": chart.told["reference_date"], "source": chart.told["source"],
    }  # fmt: skip
    return connection.execute(sa.text(_COURSE), values)


def _uppermost(values: Mapping[str, Said], lists: Lists, scheme: str) -> dict[str, Said]:
    """Without the codes that are part of others here."""
    codes = lists[scheme].codes if scheme in lists else {}
    return {
        code: value for code, value in values.items()
        if not code.endswith(ALONE) and not (code in codes and codes[code].parent in values)
    }  # fmt: skip


def listed(connection: sa.Connection) -> list[dict[str, Any]]:
    """All signed releases, the last signed first."""
    return _rows(connection, _LISTED, build=None)


def one(connection: sa.Connection, build_id: str) -> dict[str, Any] | None:
    """A signed release; None if there is none."""
    return next(iter(_rows(connection, _LISTED, build=build_id)), None)


def tables(connection: sa.Connection, release: Mapping[str, Any], lists: Lists) -> list[Table]:
    """The tables of a signed release, each with its cells."""
    cells: dict[str, dict[Key, int | None]] = {}
    for name, codes, value in connection.execute(sa.text(_CELLS), {"build": release["build_id"]}):
        cells.setdefault(name, {})[tuple(codes)] = value
    return [
        _table(told, release["dimensions"], cells.get(told["name"], {}), lists)
        for told in _rows(connection, _TABLES, build=release["build_id"])
    ]


def _table(
    told: dict[str, Any], dimensions: Mapping[str, Mapping[str, Any]], cells: Mapping[Key, int | None], lists: Lists
) -> Table:
    schemes = tuple(dimensions[name]["codelist"] for name in told["dimensions"])
    order = [_order(lists, scheme) for scheme in schemes]

    def place(codes: Key) -> tuple[list[int], Key]:
        return [of.get(code.removesuffix(ALONE), len(of)) for of, code in zip(order, codes, strict=True)], codes

    return Table(told, schemes, {codes: cells[codes] for codes in sorted(cells, key=place)})


def _order(lists: Lists, scheme: str) -> dict[str, int]:
    """The place of each code: all of them first, then as in the list."""
    codes = lists[scheme].codes if scheme in lists else ()
    return {code: place for place, code in enumerate(codes)} | {TOTAL: -1}  # some lists have a code of that name


def _rows(connection: sa.Connection, query: str, **values: str | None) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.text(query), values).mappings()]
