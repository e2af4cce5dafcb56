"""Records in, scored pairs out: Splink on DuckDB, in this process, in memory, never on disk."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa
from duckdb.func import PythonUDFType
from splink import Linker
from splink.backends.duckdb import DuckDBAPI

from marsad.identity.names import Hearing, Likeness, NameRules
from marsad.linkage import model
from marsad.linkage.keys import keys
from marsad.linkage.policy import Policy
from marsad.linkage.records import Record, Skeletons, skeletons
from marsad.linkage.scored import Scored, weight_of

# Nothing may reach a disk: DuckDB neither spills nor opens files.
_IN_MEMORY = "SET temp_directory = ''; SET python_enable_replacements = false; SET enable_external_access = false"
_REMEMBERED = 1_000_000  # pairs of names
_AT_ONCE = 50_000  # records whose keys are made at once
_PAIRS = """
CREATE TABLE pairs AS
WITH fitting AS (SELECT key FROM keys GROUP BY key HAVING count(*) BETWEEN 2 AND ?)
SELECT DISTINCT l.row AS join_key_l, r.row AS join_key_r, '0' AS match_key
FROM fitting JOIN keys l USING (key) JOIN keys r USING (key)
WHERE l.row < r.row
"""


def score(records: Sequence[Record], policy: Policy, rules: NameRules) -> Iterator[Scored]:
    """All pairs that share a key and reach the policy's review threshold, in no order."""
    if len(records) < 2:  # noqa: PLR2004 - a pair
        return
    hearing = Hearing(rules)
    with _database(Likeness(rules)) as connection:
        names = [skeletons(record, hearing) for record in records]
        _find_pairs(connection, records, names, policy.candidates.most_per_key)
        prior = policy.prior.of(len(records))
        least = weight_of(policy.thresholds.review)
        yield from _predicted(connection, _table(records, names), policy, prior, least, frequencies=True)


def compare(
    records: Sequence[Record], pairs: Collection[tuple[int, int]], policy: Policy, rules: NameRules, least: float
) -> Iterator[Scored]:
    """Those of ``pairs`` (places, the smaller first) that reach the weight ``least``, in no order.

    What a pair comes to is a function of its two records alone: weights hold no prior (one half) and do not count how
    common names are, so that they stay what they are whatever comes later.
    """
    if not pairs:
        return
    hearing = Hearing(rules)
    with _database(Likeness(rules)) as connection:
        left, right = zip(*pairs, strict=True)
        given = pa.table({"join_key_l": pa.array(left, pa.int64()), "join_key_r": pa.array(right, pa.int64())})
        connection.register("given", given)
        connection.execute("CREATE TABLE pairs AS SELECT *, '0' AS match_key FROM given")
        table = _table(records, [skeletons(record, hearing) for record in records])
        yield from _predicted(connection, table, policy, 0.5, least, frequencies=False)


def _predicted(
    connection: duckdb.DuckDBPyConnection,
    table: pa.Table,
    policy: Policy,
    prior: float,
    least: float,
    *,
    frequencies: bool,
) -> Iterator[Scored]:
    linker = _linker(connection, table, policy, prior, frequencies=frequencies)
    found = linker.inference.predict(threshold_match_weight=least)
    yield from _scored(found.as_duckdbpyrelation(), policy, frequencies=frequencies)


@contextmanager
def _database(likeness: Likeness) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(_IN_MEMORY)
        connection.create_function(
            model.LIKENESS, _on_arrow(likeness), ["VARCHAR", "VARCHAR"], "FLOAT", type=PythonUDFType.ARROW
        )
        yield connection
    finally:
        connection.close()


def _on_arrow(likeness: Likeness) -> Callable[[pa.Array, pa.Array], pa.Array]:
    """Likeness as DuckDB asks for it. Names repeat, and every level asks again: pairs are remembered, up to a bound."""
    remembered: dict[tuple[str, str], float] = {}

    def compare(left: pa.Array, right: pa.Array) -> pa.Array:
        pairs = list(zip(left.to_pylist(), right.to_pylist(), strict=True))
        new = list({pair for pair in pairs if pair not in remembered})
        found = dict(zip(new, likeness.of(*zip(*new, strict=True)).tolist(), strict=True)) if new else {}
        if len(remembered) < _REMEMBERED:
            remembered.update(found)
        return pa.array([found[pair] if pair in found else remembered[pair] for pair in pairs], pa.float32())

    return compare


def _find_pairs(
    connection: duckdb.DuckDBPyConnection, records: Sequence[Record], names: Sequence[Skeletons], most: int
) -> None:
    connection.execute("CREATE TABLE keys (row BIGINT, key UBIGINT)")
    for start in range(0, len(records), _AT_ONCE):
        made = [(row, key) for row in range(start, min(start + _AT_ONCE, len(records)))
                for key in keys(records[row], names[row])]  # fmt: skip
        block = pa.table({"row": [row for row, _ in made], "key": [key for _, key in made]})
        connection.register("block", block)
        connection.execute("INSERT INTO keys SELECT row, hash(key) FROM block")
        connection.unregister("block")
    connection.execute(_PAIRS, [most])
    connection.execute("DROP TABLE keys")


def _table(records: Sequence[Record], names: Sequence[Skeletons]) -> pa.Table:
    """Columns as the model's conditions name them; blanks are null."""
    columns: dict[str, list[object]] = {
        name: [getattr(record, name) or None for record in records]
        for name in ("given", "family", "whole", "sex", "nationality", "place", "phone", "document")
    }
    births = {
        f"birth_{part}": [record.birth and getattr(record.birth, part) for record in records]
        for part in ("year", "month", "day")
    }
    births["birth_about"] = [record.birth is not None and record.birth.about for record in records]
    numbers = {name: [getattr(record, name) or None for record in records] for name in ("slips", "cases")}
    whole = ["".join(sorted(one.words)) or None for one in names]
    keyed = {
        "whole_key": whole,
        "given_key": [one.given or None for one in names],
        "family_key": [one.family or None for one in names],
    }
    types = {**dict.fromkeys(births, pa.int32()), "birth_about": pa.bool_()}
    types |= dict.fromkeys(numbers, pa.list_(pa.string()))
    filled = (columns | births | numbers | keyed).items()
    arrays = {name: pa.array(values, types.get(name, pa.string())) for name, values in filled}
    return pa.table({"row": pa.array(range(len(records)), pa.int64()), **arrays})


def _linker(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, policy: Policy, prior: float, *, frequencies: bool
) -> Linker:
    database = DuckDBAPI(connection=connection)
    people = database.register(table, dataset_display_name="records")
    linker = Linker(
        people, model.settings(policy, prior, frequencies=frequencies), log_level=logging.ERROR
    )  # INFO is chatty
    for column, comparison in model.frequent(policy).items() if frequencies else ():
        shares = _shares(table.column(column).to_pylist(), policy, comparison)
        lookup = pa.table(
            {column: pa.array(list(shares), pa.string()), f"tf_{column}": pa.array(list(shares.values()), pa.float64())}
        )
        linker.table_management.register_term_frequency_lookup(database.register(lookup), column)
    linker.table_management.register_blocked_pairs_for_predict(database.register("pairs"))
    return linker


def _shares(values: Sequence[str | None], policy: Policy, comparison: str) -> dict[str, float]:
    """How common each value is, as if so many records with values as common as the model's average came on top."""
    assumed, average = policy.term_frequency.assumed, policy.comparisons[comparison].levels["same"].u
    counts = Counter(value for value in values if value)
    total = counts.total() + assumed
    return {value: (count + assumed * average) / total for value, count in counts.items()}


def _scored(pairs: duckdb.DuckDBPyRelation, policy: Policy, *, frequencies: bool) -> Iterator[Scored]:
    numbered = model.level_names(policy)
    counted = set(model.frequent(policy).values()) if frequencies else set()
    tell = ", ".join(f"gamma_{name}, {_added(name, name in counted)}" for name in numbered)
    told = pairs.project(f"row_l, row_r, match_weight, match_probability, {tell}")
    for block in told.to_arrow_reader():
        columns = [column.to_pylist() for column in block.columns]
        for left, right, weight, probability, *rest in zip(*columns, strict=True):
            levels = tuple(names[number] for names, number in zip(numbered.values(), rest[::2], strict=True))
            yield Scored(left, right, weight, probability, levels, tuple(rest[1::2]))


def _added(name: str, counted: bool) -> str:
    """What a comparison added in all: that of its level, and that of how common the name is."""
    return f"mw_{name} + mw_tf_adj_{name}" if counted else f"mw_{name}"
