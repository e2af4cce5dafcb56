"""What the views of marts and releases and their columns mean: ``schemas/dictionary.yaml``, put into the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from marsad import yaml12

SCHEMAS = ("mart", "release")

Text = Mapping[str, str]


def translate(connection: sa.Connection, path: Path) -> None:
    """Comments the views of ``SCHEMAS`` and their columns in three lines: English, French, Arabic.

    The dictionary may leave the English to the view's own comment; what it does not know keeps what it has.

    Raises:
        UsageFault: the dictionary is no YAML.
    """
    words = yaml12.load(path)
    for view, column, comment in connection.execute(sa.text(_COLUMNS), {"schemas": list(SCHEMAS)}):
        own = words["views"].get(view, {})
        text = own.get("columns", {}).get(column) or words["columns"].get(column) if column else own
        if text:
            what = f'COLUMN {view}."{column}"' if column else f"VIEW {view}"
            connection.exec_driver_sql(f"COMMENT ON {what} IS %s", (_lines(text, comment or ""),))


def _lines(text: Text, comment: str) -> str:
    english = text.get("en") or comment.partition("\n")[0]
    return f"{english}\n{text['fr']}\n{text['ar']}"


_COLUMNS = """
    SELECT n.nspname || '.' || c.relname, a.attname, col_description(c.oid, a.attnum)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = ANY(:schemas) AND c.relkind = 'v'
    UNION ALL
    SELECT n.nspname || '.' || c.relname, NULL, obj_description(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(:schemas) AND c.relkind = 'v'
"""
