"""Delivery rules, judged by Great Expectations in PostgreSQL: what no single row shows.

Rules read the staging table (its values, ``occurrence``, ``rivals``, sums of parts) or what the one-row table of facts
yields (``rows_ratio``, ``unmapped_rise``). GX runs on queries that select only the columns its rules read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import sqlalchemy as sa
from great_expectations.datasource.fluent import PostgresDatasource
from great_expectations.exceptions import GreatExpectationsError
from sqlalchemy.exc import SQLAlchemyError

from marsad.errors import PlatformFault, UsageFault
from marsad.quality.allowed import columns_read
from marsad.quality.engine import POSITIONS, broken_rows, quiet_context
from marsad.quality.findings import Broken, RowIds
from marsad.quality.structural import Expectation, parts_column
from marsad.quality.suites import Suite
from marsad.warehouse.engine import clean_errors

# In SQL, GX names as many rows as partial_unexpected_count says, so it must exceed any file.
ROWS: Mapping[str, Any] = {
    **POSITIONS,
    "partial_unexpected_count": 1_000_000_000,
    "unexpected_index_column_names": ["row"],
}
# Numbers of rows that say what others say, 1 of all others. GX reads what it judges six times, once into our memory.
REPEATS = {"occurrence", "rivals"}
_REPEATED = "occurrence > 1 OR rivals > 1"
FACTS = {
    "rows_ratio": "rows::double precision / nullif(rows_before, 0)",
    "withdrawn": "records_withdrawn::double precision / nullif(records_before, 0)",
    "unmapped_rise": "round((unmapped_share - unmapped_share_before)::numeric, 4)",  # 0.4 - 0.3 is a tenth
}


def judge_delivery(suite: Suite, engine: sa.Engine, schema: str, table: str) -> list[Broken]:
    """The delivery rules broken by the staging table ``schema.table`` and its ``<table>_facts``, in suite order.

    Rules on facts come without rows, with counts and shares as parameters of their messages.

    Raises:
        PassingFault: the database is gone.
        PlatformFault: GX could not judge a rule.
    """
    entries = suite.of("delivery")
    about_file = [entry for entry in entries if columns_read(entry) <= FACTS.keys()]
    about_rows = [entry for entry in entries if entry not in about_file]
    with _faults_sorted(engine):
        known = _columns(engine, schema, table)
        with _source(engine) as source:
            found = _judged(source, "rows", _rows_query(about_rows, known, schema, table), about_rows)
            facts = _judged(source, "facts", _facts_query(about_file, schema, table), about_file)
        params = _params(engine, schema, table) if any(len(rows) for rows in facts.values()) else {}
    return list(_broken(suite, entries, found, facts, params))


def _judged(source: PostgresDatasource, name: str, query: str, entries: Sequence[Expectation]) -> dict[str, RowIds]:
    if not entries:
        return {}
    batch = source.add_query_asset(name, query).add_batch_definition_whole_table("all").get_batch()
    return broken_rows(batch, entries, ROWS)


def _broken(
    suite: Suite,
    entries: Sequence[Expectation],
    found: Mapping[str, RowIds],
    facts: Mapping[str, RowIds],
    params: Mapping[str, str | int],
) -> Iterator[Broken]:
    for rule in (suite.rules[entry["meta"]["rule"]] for entry in entries):
        if rule.id in facts and len(facts[rule.id]):
            yield Broken(rule, params=params)
        elif rule.id in found and len(found[rule.id]):
            yield Broken(rule, np.sort(found[rule.id]))


@contextmanager
def _source(engine: sa.Engine) -> Iterator[PostgresDatasource]:
    """GX's own way to the database of ``engine``; its connections are closed at the end."""
    url = engine.url.render_as_string(hide_password=False)
    source = quiet_context().data_sources.add_postgres(
        "stage", connection_string=url, create_temp_table=False, kwargs={"hide_parameters": True}
    )
    try:
        yield source
    finally:
        source.get_execution_engine().engine.dispose()  # the one it judges with
        source.get_engine().dispose()  # the one it tests connections with


@contextmanager
def _faults_sorted(engine: sa.Engine) -> Iterator[None]:
    """Lets a lost database pass as what it is; texts of GX and SQLAlchemy may quote rows and are cut off."""
    try:
        yield
    except (GreatExpectationsError, SQLAlchemyError, PlatformFault) as fault:
        with clean_errors(), engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
        if isinstance(fault, PlatformFault):
            raise
        raise PlatformFault(f"delivery rules could not be judged: {type(fault).__name__}") from None


def _columns(engine: sa.Engine, schema: str, table: str) -> frozenset[str]:
    return frozenset(column["name"] for column in sa.inspect(engine).get_columns(table, schema))


def _rows_query(entries: Sequence[Expectation], known: frozenset[str], schema: str, table: str) -> str:
    """The staging table as far as its rules read it, with sums of parts. Raises UsageFault for an unknown column."""
    derived = {
        parts_column(parts): _parts(parts) for entry in entries if (parts := entry["meta"].get("parts")) is not None
    }
    names = {name: entry["meta"]["rule"] for entry in entries for name in columns_read(entry)}
    for name in sorted(names.keys() - known - derived.keys()):
        raise UsageFault(f"rule '{names[name]}' reads '{name}', which is no column of the staged delivery")
    plain = [_name(name) for name in sorted({"row", *(names.keys() - derived.keys())})]
    sums = [f"{sql} AS {_name(name)}" for name, sql in derived.items()]
    rows = f"{_name(schema)}.{_name(table)}" + (f" WHERE {_REPEATED}" if names.keys() <= REPEATS else "")
    return f"SELECT {', '.join(plain + sums)} FROM {rows}"  # noqa: S608 - names are quoted


def _facts_query(entries: Sequence[Expectation], schema: str, table: str) -> str:
    read = {name for entry in entries for name in columns_read(entry)}
    facts = ", ".join(f"{sql} AS {name}" for name, sql in FACTS.items() if name in read)
    return f"SELECT 0 AS row, {facts} FROM {_name(schema)}.{_name(table + '_facts')}"  # noqa: S608 - names are quoted


def _parts(parts: Mapping[str, Any]) -> str:
    """SQL of the sum of the parts, in a total row (the marker in every column); null where it cannot be known.

    Parts have the marker in none of the columns and share the ``by`` columns with the total. With a part whose measure
    is unknown ("<5"), nothing can be said of the sum.
    """
    marked = " AND ".join(f"{_name(c)}::text = {_text(parts['marker'])}" for c in parts["columns"])
    part = " AND ".join(f"{_name(c)}::text IS DISTINCT FROM {_text(parts['marker'])}" for c in parts["columns"])
    by = ", ".join(map(_name, parts["by"]))
    window = f"OVER ({'PARTITION BY ' + by if by else ''})"
    measure = _name(parts["measure"])
    unknown = f"count(*) FILTER (WHERE {part} AND {measure} IS NULL) {window}"
    total = f"sum({measure}) FILTER (WHERE {part}) {window}"
    return f"CASE WHEN {marked} AND {unknown} = 0 THEN {total} END"


def _params(engine: sa.Engine, schema: str, table: str) -> dict[str, str | int]:
    query = sa.text(f"SELECT * FROM {_name(schema)}.{_name(table + '_facts')}")  # noqa: S608 - names are quoted
    with engine.connect() as connection:
        facts = connection.execute(query).mappings().one()
    shares = {"unmapped": facts["unmapped_share"], "unmapped_before": facts["unmapped_share_before"]}
    counts = {"rows": facts["rows"], "rows_before": facts["rows_before"], "withdrawn": facts.get("records_withdrawn")}
    percents = {name: round(share * 100) for name, share in shares.items() if share is not None}
    return {name: count for name, count in counts.items() if count is not None} | percents


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
