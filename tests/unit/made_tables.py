"""Made-up contracts and tables for the tests of normalising: no file, no YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from marsad.contracts.codelists import CodeList, load_codelist
from marsad.contracts.model import AgeSource, Column, ColumnType, Contract, Source
from marsad.intake.blocks import NormalBlock, RawBlock, State
from marsad.intake.normalise import Normaliser

CODELISTS = Path(__file__).parents[2] / "schemas" / "codelists"


@cache
def codelists() -> Mapping[str, CodeList]:
    names = ("sex", "yes_no", "exploitation_form", "age_band", "country")
    return {name: load_codelist(CODELISTS / f"{name}.csv") for name in names}


def column(name: str, kind: ColumnType = "text", **more: Any) -> Column:
    """A quasi column whose French header is its name."""
    settings = {"headers": {"fr": name}, "aliases": (), "required": False, "privacy": "quasi", **more}
    return Column(name=name, type=kind, **settings)


def contract(*columns: Column, age: AgeSource | None = None) -> Contract:
    return Contract(
        feed="police/victims",
        version="1.0.0",
        title={"en": "Victims"},
        description="",
        columns=columns,
        providers=(),
        formats=("csv",),
        sheets={},
        mode="increment",
        period=Source("received"),
        revision=Source("received"),
        refuse_above=0.5,
        cadence="monthly",
        total_words=(),
        age=age,
        conditions={},
        constants={},
        totals=(),
        path=Path("victims.yaml"),
        fingerprint="",
    )


def raw_block(*columns: Sequence[str], first: int = 2) -> RawBlock:
    rows = len(columns[0])
    cells = pa.table({f"c{i}": pa.array(list(texts), pa.string()) for i, texts in enumerate(columns)})
    return RawBlock(None, cells, np.arange(first, first + rows), np.zeros(rows, np.uint8))


def normalise(made: Contract, **columns: Sequence[str]) -> NormalBlock:
    """The table with these columns, in one block."""
    return Normaliser(made, codelists(), list(columns)).block(raw_block(*columns.values()))


def read(one: Column, texts: Sequence[str]) -> list[tuple[Any, State]]:
    """Value and state of each text in the column."""
    block = normalise(contract(one), **{one.name: texts})
    states = [State(state) for state in block.states[one.name]]
    return list(zip(block.values[one.name].to_pylist(), states, strict=True))


def read_one(one: Column, text: str) -> tuple[Any, State]:
    return read(one, [text])[0]
