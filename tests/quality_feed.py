"""A small feed for tests of judging: its contract, blocks of it, suites written on the fly."""

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from marsad.contracts.codelists import Code, CodeList
from marsad.contracts.model import AgeSource, Column, Contract, Source, Total
from marsad.intake.blocks import NormalBlock, RawBlock, Shape, State
from marsad.quality.messages import load_messages
from marsad.quality.states import LATEST
from marsad.quality.structural import RuleBook
from marsad.quality.suites import Suite, load_suite

MESSAGE = {"fr": "Corrigez.", "ar": "صحّحوا.", "en": "Correct it."}


def column(name: str, kind: str = "text", privacy: str | None = "quasi", **more: Any) -> Column:
    headers = {"fr": f"{name} (fr)", "ar": f"{name} (ar)", "en": f"{name} (en)"}
    required = more.pop("required", False)
    return Column(name, headers, (), kind, required, privacy, **more)


COLUMNS = (
    column("number", "identifier", key=1),
    column("name", "text", "identity", required=True),
    column("note", "text", None),
    column("sex", "code", codelist="sex", required=True),
    column("means", "code", codelist="means", many=";"),
    column("met_on", "date", formats=("dd/MM/yyyy",), minimum="2000-01-01"),
    column("sent_on", "date", formats=("dd/MM/yyyy",)),
    column("stay", "integer", minimum=0, maximum=365),
    column("cost", "number", minimum=0.0),
    column("place", "text", max_length=12, pattern="^[A-Z]"),
    column("seen_at", "timestamp"),
    column("consent", "boolean"),
)
CONTRACT = Contract(
    feed="police/people",
    version="1.0.0",
    title=MESSAGE,
    description="",
    columns=COLUMNS,
    providers=(),
    formats=("csv",),
    sheets={},
    mode="increment",
    period=Source("column", "met_on"),
    revision=Source("column", "sent_on"),
    refuse_above=0.5,
    cadence="monthly",
    total_words=("total",),
    age=AgeSource("victim", "birth", "stated", "met_on"),
    conditions={},
    constants={},
    totals=(Total("stay", ("place",), "total", ("sex",)),),
    path=Path("police/people.yaml"),
    fingerprint="0",
)
AGELESS = replace(CONTRACT, age=None)


def codelist(scheme: str, **labels: str) -> CodeList:
    codes = {c: Code(c, None, {"fr": f"{t} fr", "ar": f"{t} ar", "en": t}, (), None) for c, t in labels.items()}
    return CodeList(scheme, "1", codes)


BOOK = RuleBook(
    messages=load_messages(),
    codelists={"sex": codelist("sex", f="Female", m="Male"), "means": codelist("means", force="Force", fraud="Fraud")},
    policy={
        "volume": {"minimum": 0.5, "maximum": 2.0},
        "drift": {"maximum": 0.1},
        "withdrawn": {"maximum": 0.5},
        "age": {"minimum": 0, "maximum": 110},
    },
)


def rule(id_: str, kind: str, severity: str = "critical", scope: str = "row", **kwargs: Any) -> dict[str, Any]:
    """A suite entry written by hand."""
    meta = {"rule": id_, "scope": scope, "column": None, "origin": "field", "message": MESSAGE}
    return {"type": kind, "kwargs": kwargs, "meta": meta, "severity": severity}


def when(name: str, operator: str, parameter: object) -> dict[str, Any]:
    """A row condition as suites write it."""
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}


def suite_of(folder: Path, *entries: dict[str, Any]) -> Suite:
    """The suite of a file that holds these entries."""
    path = folder / "police" / "people.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"name": "police.people", "expectations": list(entries)}
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return load_suite(path)


_TYPES = {
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}
DERIVED = {"age_years": pa.int64(), "age_band": pa.string(), "minor": pa.string(), "age_agrees": pa.string()}


def block(
    rows: list[dict[str, Any]], *, first_row: int = 2, sheet: str | None = None, shapes: list[Shape] | None = None
) -> NormalBlock:
    """A block of the small feed: cells by column; a ``State`` stands for a cell without value in that state."""
    values, states = {}, {}
    for each in COLUMNS:
        cells = [row.get(each.name) for row in rows]
        found = [c if isinstance(c, State) else State.BLANK if c is None else State.OK for c in cells]
        kind = pa.list_(pa.string()) if each.many else _TYPES.get(each.type, pa.string())
        values[each.name] = pa.array([None if isinstance(c, State) else c for c in cells], kind)
        states[each.name] = np.array(found, np.uint8)
    values[LATEST] = pa.array([row.get(LATEST) for row in rows], pa.timestamp("us"))
    for name, kind in DERIVED.items():
        values[name] = pa.array([row.get(name) for row in rows], kind)
    raw = RawBlock(
        sheet,
        pa.table({"c0": pa.array([""] * len(rows))}),
        np.arange(first_row, first_row + len(rows), dtype=np.int64),
        np.array(shapes or [Shape.OK] * len(rows), np.uint8),
    )
    return NormalBlock(raw, values, states, {})


GOOD: dict[str, Any] = {
    "number": "R-1",
    "name": "somebody",
    "note": "text",
    "sex": "f",
    "means": ["force"],
    "met_on": date(2024, 5, 1),
    "sent_on": date(2024, 6, 1),
    LATEST: datetime(2024, 6, 2, 23, 59, 59),  # noqa: DTZ001 - as judges see moments
    "stay": 30,
    "cost": 12.5,
    "place": "Rabat",
    "consent": True,
    "age_years": 30,
    "minor": "no",
    "age_agrees": "yes",
}
