"""What PostgreSQL's planner knows of the tables, before work that it would plan badly without."""

from __future__ import annotations

import sqlalchemy as sa

from marsad.warehouse.engine import clean_errors


def look_at_grown(engine: sa.Engine) -> list[str]:
    """Has the planner look at tables that more than doubled since it last did; returns their names.

    Autovacuum does so too, but once a minute: a large file that follows another at once, or a restored database, is
    planned before, as if the tables were empty, and takes minutes where seconds would do.

    Raises:
        PassingFault, PlatformFault: the database.
    """
    with clean_errors(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        grown = list(connection.execute(_GROWN).scalars())
        if grown:  # whoever works on one of them looks at it
            connection.execute(sa.text(f"ANALYZE (SKIP_LOCKED) {', '.join(grown)}"))
    return grown


_GROWN = sa.text(
    """
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('core', 'vault', 'quarantine', 'link') AND c.relkind = 'r'
      AND pg_relation_size(c.oid) / current_setting('block_size')::int > 2 * c.relpages + 10
    ORDER BY 1
    """
)
