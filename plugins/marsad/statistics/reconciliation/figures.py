"""Figures as one table of one shape, wherever they come from: a row a number, with its counting rule and breakdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from marsad.contracts.catalog import Catalog
from marsad.contracts.codelists import CodeList
from marsad.contracts.model import Contract
from marsad.contracts.text import fold
from marsad.errors import ProviderFault, UsageFault, own_faults_only
from marsad.intake.normalise import Normaliser
from marsad.intake.reading import Hints
from marsad.intake.reading.sandbox import open_file
from marsad.quality.messages import render
from marsad.quality.states import State
from marsad.statistics.reconciliation.policy import Policy

Row = Mapping[str, Any]

RULE = ("counting_unit", "counting_stage", "reference_date")
"""The counting rule besides the source."""

SERIES = ("source", "publication", "country", "period", "indicator", *RULE, "measure")
"""What figures have in common that are parts of one table."""

PLACE = ("dimension", "category", "sex", "age_band")
"""Where in that table a figure stands; ``total`` or no dimension where it is not broken down."""

WHOLE = {"dimension": "", "category": "", "sex": "total", "age_band": "total"}

_READ = (
    "source", "publication", "period", "year", "country", "area", "indicator", *RULE, "offence", "dimension",
    "category", "sex", "age_band", "exploitation_form", "citizenship", "measure", "withheld", "value", "note",
)  # fmt: skip
_ABSENT = {
    "source": "?",
    "publication": "",
    "sex": "total",
    "age_band": "total",
    "measure": "count",
    "offence": "tip",
    "note": "",
}
CATEGORY_LISTS = {"form": "exploitation_form", "citizenship": "country", "instance": "instance"}
_LEGIBLE = (State.OK, State.REPAIRED, State.PLACEHOLDER)
_SEVERAL = "+"
_BELOW = re.compile(r"<\s*(\d+)")

_MANY = {name: f"array_to_string(f.{name}, '{_SEVERAL}')" for name in ("exploitation_form", "citizenship")}
_QUERY = f"""
    SELECT f.feed || ' ' || CASE WHEN length(f.record_id) < 40 THEN f.record_id ELSE s.row::text END AS id,
           {", ".join(f"{_MANY.get(name, 'f.' + name)} AS {name}" for name in _READ)}
    FROM core.figure f JOIN core.sighting s ON s.content_id = f.content_id AND s.current
    WHERE f.indicator IS NOT NULL AND f.year IS NOT NULL ORDER BY 1, f.content_id
"""  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True)
class Figures:
    """One row a number. Besides ``SERIES`` and ``PLACE`` it has ``id``, ``year``, ``offence`` and ``said``.

    ``said`` is the category as it was printed, folded. ``low`` and ``high`` are the least and the greatest the number
    can be: equal, unless it was withheld.
    """

    rows: pd.DataFrame

    def __add__(self, other: Figures) -> Figures:
        return Figures(pd.concat([self.rows, other.rows], ignore_index=True))

    def __len__(self) -> int:
        return len(self.rows)


def from_warehouse(connection: sa.Connection, policy: Policy, codelists: Mapping[str, CodeList]) -> Figures:
    """All figures that count now."""
    result = connection.execute(sa.text(_QUERY))
    return shaped(pd.DataFrame(result.fetchall(), columns=list(result.keys())), policy, codelists)


def from_files(paths: Sequence[Path], feeds: Sequence[str], catalog: Catalog, policy: Policy) -> Figures:
    """The figures of files, each read by the contract of its feed; nothing is judged and nothing stored.

    Raises:
        UsageFault: a file cannot be read, no such feed, or one whose rows are no figures.
    """
    with own_faults_only():
        read = [part for path, feed in zip(paths, feeds, strict=True) for part in _read(path, catalog, feed)]
    return shaped(pd.concat(read, ignore_index=True), policy, catalog.codelists)


def _read(path: Path, catalog: Catalog, feed: str) -> Iterator[pd.DataFrame]:
    contract = catalog.contract(feed)
    fields = {b.field: column.name for column in contract.columns for b in column.bindings if b.entity == "figure"}
    if "value" not in fields:
        raise UsageFault(f"the rows of {feed} are no figures: `--feed commission/published_figures`, for instance")
    if not path.is_file():
        raise UsageFault(f"{path} is not a file")
    try:
        table = open_file(path, hints=Hints.of(contract)).tables[0]
        normaliser = Normaliser(contract, catalog.codelists, table.header)
        for block in map(normaliser.block, table.blocks()):
            columns = {field: _flat(block.values[name]) for field, name in fields.items() if field in _READ}
            ids = _ids(path, contract, block.values, block.raw.rows.tolist())
            legible = np.isin(block.states[fields["value"]], _LEGIBLE)
            yield pd.DataFrame({"id": ids, **columns, **_constants(contract)})[legible]
    except ProviderFault as fault:
        raise UsageFault(f"{path}: {render(fault.rule, 'en', fault.params)}") from None


def _flat(values: pa.Array) -> pd.Series:
    return pd.Series((pc.binary_join(values, _SEVERAL) if pa.types.is_list(values.type) else values).to_pandas())


def _ids(path: Path, contract: Contract, values: Mapping[str, pa.Array], rows: Sequence[int]) -> list[str]:
    """The sender's own number where there is one, else file and row."""
    if len(contract.key) == 1:
        return [str(key) for key in values[contract.key[0].name].to_pylist()]
    return [f"{path.name}:{row}" for row in rows]


def _constants(contract: Contract) -> dict[str, str]:
    return {b.field: value for b, value in contract.constants.items() if b.entity == "figure" and b.field in _READ}


# -- one shape ---------------------------------------------------------------------------------------------------------


def shaped(read: pd.DataFrame, policy: Policy, codelists: Mapping[str, CodeList]) -> Figures:
    """Rows with the columns of ``core.figure`` (lists joined by ``+``, column ``id``) as figures."""
    rows = read.reindex(columns=["id", *_READ]).astype({name: object for name in _READ})
    rows["country"] = rows["country"].where(rows["country"].notna(), rows["area"])
    rows = rows.dropna(subset=["country", "indicator", "year"]).reset_index(drop=True)
    for name, text in _ABSENT.items():
        rows[name] = rows[name].where(rows[name].notna(), text)
    rows["year"] = rows["year"].astype(int)
    rows["period"] = rows["period"].where(rows["period"].notna(), rows["year"].astype(str))
    _ruled(rows, policy)
    _placed(rows, policy, codelists)
    _bounded(rows)
    kept = rows[rows["low"].notna()].drop(columns=["area", "exploitation_form", "citizenship", "withheld", "value"])
    return Figures(kept.reset_index(drop=True))


def each(rows: pd.DataFrame) -> Iterator[tuple[int, Row]]:
    """Rows with their positions, as plain values."""
    yield from cast("dict[int, Row]", rows.to_dict("index")).items()


def _ruled(rows: pd.DataFrame, policy: Policy) -> None:
    """Unit and stage as the indicator's defaults say, where the source names no unit; unknown is ``""``."""
    silent = rows["counting_unit"].isna()
    for name, part in (("counting_unit", "unit"), ("counting_stage", "stage")):
        usual = rows["indicator"].map({key: getattr(rule, part) for key, rule in policy.defaults.items()})
        rows[name] = rows[name].where(~silent, usual)
    rows["reference_date"] = rows["reference_date"].where(rows["reference_date"] != "unknown", None)
    for name in RULE:
        rows[name] = rows[name].where(rows[name].notna(), "")


def _placed(rows: pd.DataFrame, policy: Policy, codelists: Mapping[str, CodeList]) -> None:
    """Dimension and category in our words; ``said`` keeps the category as it was printed."""
    known = {fold(text): dimension for text, dimension in policy.dimensions.items()}
    rows["dimension"] = _folded(rows["dimension"]).map(lambda text: known.get(text, text))
    rows["said"] = _folded(rows["category"]).where(rows["dimension"] != "", "")
    rows["category"] = rows["said"]
    for name, column in (("form", "exploitation_form"), ("citizenship", "citizenship")):
        given = rows[column].notna() & (rows["dimension"] == "")
        rows.loc[given, ["category", "said"]] = rows.loc[given, [column, column]].to_numpy()
        rows.loc[given, "dimension"] = name
    for dimension, scheme in CATEGORY_LISTS.items():
        here = rows["dimension"] == dimension
        codes = codelists[scheme]
        rows.loc[here, "category"] = rows.loc[here, "category"].map(lambda text, c=codes: c.spelling(text) or text)


def _folded(texts: pd.Series) -> pd.Series:
    known = {text: fold(text) for text in texts.dropna().unique()}
    return texts.map(lambda text: known.get(text, "")).astype(str)


def _bounded(rows: pd.DataFrame) -> None:
    value = pd.to_numeric(rows["value"], errors="coerce").astype(float)
    limit = rows["withheld"].astype(str).str.extract(_BELOW, expand=False).astype(float)
    rows["low"] = value.where(value.notna(), limit * 0)
    rows["high"] = value.where(value.notna(), limit - 1)
