"""The staging table of one attempt at a delivery: unlogged, concepts and keyed tokens, never an identity in clear.

Delivery rules are judged on it in SQL, and the one transaction of ``intake.merge`` reads from it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, TIMESTAMP
from sqlalchemy.exc import OperationalError

from marsad.contracts.model import AGE_COLUMNS, ROW_COLUMNS, Column, Contract
from marsad.warehouse.engine import clean_errors

SCHEMA = "stage"
KEYS = ROW_COLUMNS
DERIVED: dict[str, Any] = {name: sa.BigInteger if name == "age_years" else sa.Text for name in AGE_COLUMNS}

_TYPES: dict[str, Any] = {
    "date": sa.Date,
    "timestamp": TIMESTAMP(timezone=True),
    "integer": sa.BigInteger,
    "number": sa.Double,
    "boolean": sa.Boolean,
}


def staged_columns(contract: Contract) -> list[Column]:
    """The contract's columns that may stand in clear: classified, and neither identity nor free text."""
    return [column for column in contract.columns if not column.vaulted]


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Stage:
    """One staging table, dropped at the end; a killed attempt's is dropped by the next attempt or by ``sweep``."""

    def __init__(self, engine: sa.Engine, contract: Contract, delivery_id: str, attempt: int) -> None:
        self.engine = engine
        self.contract = contract
        self._family = f"d_{delivery_id.replace('-', '')}"
        self.name = f"{self._family}_{attempt}"
        self.table = f"{SCHEMA}.{self.name}"
        self.columns = [c.name for c in staged_columns(contract)] + (list(DERIVED) if contract.age else [])

    def create(self) -> None:
        """Makes the empty table, after clearing what a killed attempt left."""
        with clean_errors(), self.engine.begin() as connection:
            connection.execute(_PATIENCE)
            for left in connection.execute(_LEFT, {"family": f"{self._family}\\_%"}).scalars():
                connection.execute(sa.text(f"DROP TABLE IF EXISTS {SCHEMA}.{quoted(left)}"))
            self.definition().create(connection)
            connection.execute(
                sa.text(f"ALTER TABLE {self.table} ALTER content_id SET DEFAULT nextval('core.content_id')")
            )

    def definition(self) -> sa.Table:
        """The table: the contract's columns that may stand in clear, and those that ``contracts.model`` reserves."""
        text = sa.Text(collation="C")
        return sa.Table(
            self.name,
            sa.MetaData(),
            sa.Column("row", sa.BigInteger),
            sa.Column("sheet", sa.Text),
            sa.Column("record_id", text),
            sa.Column("version", text),
            sa.Column("period", text),
            sa.Column("fingerprint", BYTEA),
            sa.Column("withdraws", sa.Boolean),  # says that its record is none
            sa.Column("refused", sa.Boolean),
            sa.Column("slot", sa.Integer),
            sa.Column("sealed", BYTEA),
            sa.Column("content_id", sa.BigInteger),
            sa.Column("occurrence", sa.Integer, server_default="1"),
            sa.Column("rivals", sa.Integer, server_default="1"),
            sa.Column("later", sa.Boolean),  # its record stands further up in the file, among the rows not refused
            sa.Column("again", sa.Boolean, server_default="false"),  # its record stands in several rows of the file
            sa.Column("late", sa.Boolean, server_default="false"),  # refused by a rule on the whole delivery
            sa.Column("late_slot", sa.Integer),
            sa.Column("late_sealed", BYTEA),
            *(sa.Column(c.name, _sql_type(c)) for c in staged_columns(self.contract)),
            *(sa.Column(n, t) for n, t in DERIVED.items() if self.contract.age),
            sa.Index(f"{self.name}_row", "row"),
            sa.Index(f"{self.name}_few", "row", postgresql_where=sa.text(_FEW)),
            schema=SCHEMA,
            prefixes=["UNLOGGED"],
        )

    def copy(self, rows: pa.Table) -> None:
        """Appends rows by COPY; ``rows`` has the columns KEYS and ``self.columns`` in that order."""
        buffer = io.BytesIO()
        pa_csv.write_csv(rows, buffer, pa_csv.WriteOptions(include_header=False))
        buffer.seek(0)
        names = ", ".join(map(quoted, rows.column_names))
        with clean_errors():
            raw = self.engine.raw_connection()
            try:
                cursor = raw.cursor()
                cursor.copy_expert(f"COPY {self.table} ({names}) FROM STDIN (FORMAT csv)", buffer)
                raw.commit()
            finally:
                raw.close()

    def mark_repeats(self) -> None:
        """Numbers identical rows (``occurrence``) and different contents of one key and version (``rivals``).

        Records that occur more than once are marked ``again``. Without a natural key the record id is the fingerprint,
        and the second of two identical rows becomes a record of its own.
        """
        statements = _REPEATS if self.contract.key else (*_REPEATS, _NUMBER_KEYLESS)
        with clean_errors(), self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement.format(table=self.table)))

    def write_facts(self, facts: dict[str, float | int | None]) -> None:
        """Writes the one-row table of what delivery rules compare with (``<table>_facts``)."""
        names = ", ".join(facts)
        values = ", ".join(f":{name}" for name in facts)
        types = ", ".join(f"{n} {'double precision' if 'share' in n else 'bigint'}" for n in facts)
        with clean_errors(), self.engine.begin() as connection:
            connection.execute(sa.text(f"CREATE UNLOGGED TABLE {self.table}_facts ({types})"))
            connection.execute(sa.text(f"INSERT INTO {self.table}_facts ({names}) VALUES ({values})"), facts)  # noqa: S608

    def withdrawn(self, feed: str, provider: str) -> tuple[int, int]:
        """How many records count now in the periods that these rows replace, and how many of them no row names.

        An older list that comes late replaces nothing.
        """
        query = sa.text(_WITHDRAWN.format(table=self.table))
        with clean_errors(), self.engine.connect() as connection:
            before, withdrawn = connection.execute(query, {"feed": feed, "provider": provider}).one()
        return before, withdrawn

    def strangers(self, feed: str, provider: str) -> np.typing.NDArray[np.int64]:
        """Rows that withdraw a record of which neither the warehouse nor another row of the file states anything."""
        query = sa.text(_STRANGERS.format(table=self.table))
        with clean_errors(), self.engine.connect() as connection:
            found = connection.execute(query, {"feed": feed, "provider": provider}).scalars()
            return np.array(found.all(), np.int64)

    def refuse(self, rows: np.typing.NDArray[np.int64]) -> np.typing.NDArray[np.int64]:
        """Marks rows as refused late; what was sealed for the vault is dropped, what for this case takes its place.

        Gives the rows that were not refused before, and those of them that have nothing sealed now.
        """
        query = sa.text(
            f"UPDATE {self.table} SET refused = true, late = true, sealed = late_sealed, slot = late_slot "  # noqa: S608
            "WHERE row = ANY(:rows) AND NOT refused RETURNING row, sealed IS NULL"
        )
        with clean_errors(), self.engine.begin() as connection:
            found = sorted(tuple(row) for row in connection.execute(query, {"rows": rows.tolist()}))
        return np.array(found, np.int64).reshape(-1, 2)

    def seal(self, sealed: Iterable[tuple[int, int, bytes]]) -> None:
        """Adds (row, slot, ciphertext) to rows refused late."""
        rows, slots, ciphers = map(list, zip(*sealed, strict=True))
        with clean_errors(), self.engine.begin() as connection:
            connection.execute(
                sa.text(
                    f"UPDATE {self.table} s SET slot = late.slot, sealed = late.sealed"  # noqa: S608
                    " FROM unnest(CAST(:rows AS bigint[]), CAST(:slots AS integer[]), CAST(:ciphers AS bytea[]))"
                    " AS late (row, slot, sealed) WHERE s.row = late.row"
                ),
                {"rows": rows, "slots": slots, "ciphers": ciphers},
            )

    def hold(self, connection: sa.Connection) -> None:
        """Keeps the tables from ``sweep`` until the transaction ends: for a dry run, which the ledger does not know."""
        connection.execute(_HOLD, {"name": self.name})

    def drop(self) -> None:
        """Removes the tables."""
        with clean_errors(), self.engine.begin() as connection:
            connection.execute(_PATIENCE)
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {self.table}, {self.table}_facts"))


def _sql_type(column: Column) -> Any:  # noqa: ANN401 - SQLAlchemy type classes and instances alike
    return ARRAY(sa.Text) if column.many else _TYPES.get(column.type, sa.Text)


def sweep(engine: sa.Engine) -> int:
    """Removes staging tables that nobody fills: of settled deliveries and of dry runs that were killed; gives how many.

    Those of open deliveries are left to the next attempt, those that somebody still reads to the next sweep.
    """
    removed = 0
    with clean_errors(), engine.begin() as connection:
        connection.execute(_PATIENCE)
        for name in connection.execute(_ABANDONED).scalars().all():
            if connection.execute(_TRY, {"name": name.removesuffix("_facts")}).scalar():
                removed += _dropped(connection, name)
    return removed


def _dropped(connection: sa.Connection, name: str) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {SCHEMA}.{quoted(name)}"))
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != _LOCKED:
            raise
        return False
    return True


# A merge reads the table in one transaction while another connection copies later blocks into it: a DROP that waited
# for the first would hold up the second, a ring that PostgreSQL cannot see.
_PATIENCE = sa.text("SET LOCAL lock_timeout = '3s'")
_LOCKED = "55P03"

# A dry run's delivery is in no committed row, so its transaction holds an advisory lock on the name of its table.
_HOLD = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('stage|' || :name, 0))")
_TRY = sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended('stage|' || :name, 0))")
_ABANDONED = sa.text(
    """
    SELECT t.tablename FROM pg_tables t
    LEFT JOIN ops.delivery d ON replace(d.delivery_id::text, '-', '') = split_part(t.tablename, '_', 2)
    WHERE t.schemaname = 'stage' AND d.status IS DISTINCT FROM 'received'
    """
)
_LEFT = sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'stage' AND tablename LIKE :family")

# What most statements after the copy are about. Each would read the whole table, wider than memory, for a row in fifty.
_FEW = "refused OR later OR again OR occurrence > 1 OR rivals > 1"
_REPEATS: Sequence[str] = (
    # Most files have none, and then nothing below finds a row.
    """
    UPDATE {table} SET again = true
    WHERE NOT refused AND record_id IN (SELECT record_id FROM {table} WHERE later AND NOT refused)
    """,
    "ANALYZE {table} (refused, later, again, late, occurrence, rivals)",
    """
    WITH numbered AS (
        SELECT ctid AS place, row_number() OVER same AS occurrence, min(content_id) OVER content AS content_id
        FROM {table} WHERE again
        WINDOW same AS (PARTITION BY record_id, version, fingerprint ORDER BY row),
               content AS (PARTITION BY record_id, fingerprint)
    )
    UPDATE {table} t SET occurrence = n.occurrence, content_id = n.content_id FROM numbered n WHERE t.ctid = n.place
    """,
    """
    WITH contents AS (
        SELECT record_id, version, count(DISTINCT fingerprint) AS rivals FROM {table} WHERE again GROUP BY 1, 2
    )
    UPDATE {table} t SET rivals = c.rivals FROM contents c
    WHERE t.again AND c.rivals > 1 AND (t.record_id, t.version) = (c.record_id, c.version)
    """,
)
# EXCEPT and not an anti-join: the planner takes core.sighting, just filled, for nearly empty and would join row by row.
_WITHDRAWN = """
    WITH list AS (
        SELECT period, max(version) AS version FROM {table} WHERE NOT refused AND NOT withdraws GROUP BY period
    ), counting AS (
        SELECT k.record_id FROM core.sighting k JOIN list USING (period)
        WHERE k.feed = :feed AND k.provider = :provider AND k.current AND k.version <= list.version
    ), withdrawn AS (
        SELECT record_id FROM counting EXCEPT SELECT record_id FROM {table}
    )
    SELECT (SELECT count(*) FROM counting), (SELECT count(*) FROM withdrawn)
"""
_STRANGERS = """
    SELECT s.row FROM {table} s
    WHERE s.withdraws AND NOT s.refused
      AND NOT EXISTS (
          SELECT FROM core.sighting k
          WHERE (k.feed, k.provider, k.record_id) = (:feed, :provider, s.record_id)
            AND NOT k.withdraws AND NOT k.retracted)
      AND (NOT s.again OR s.record_id NOT IN (SELECT record_id FROM {table} WHERE again AND NOT withdraws))
    ORDER BY s.row
"""
_NUMBER_KEYLESS = """
    UPDATE {table}
    SET record_id = record_id || '-' || occurrence, content_id = nextval('core.content_id'), again = false
    WHERE again AND occurrence > 1
"""
