"""Questions to the warehouse with the rights of a role."""

from __future__ import annotations

import re
import secrets
from typing import Any

import sqlalchemy as sa

from marsad import durable
from marsad.errors import UsageFault
from marsad.settings import Settings
from marsad.warehouse import roles
from marsad.warehouse.engine import clean_errors, database_url, make_engine


def check_role(role: str) -> None:
    """Raises UsageFault when there is no such role."""
    if role not in roles.ROLES:
        raise UsageFault(f"there is no role '{role}'; roles: {', '.join(roles.ROLES)}")


def role_url(settings: Settings, role: str) -> str:
    """An address that signs in with the rights of ``role`` and no others; its password is kept with the keys.

    Raises:
        UsageFault: no such role, or the platform is not up.
    """
    check_role(role)
    owner = database_url(settings)
    engine = make_engine(owner)
    password = _password(settings, role)
    with clean_errors(), engine.begin() as connection:
        name = roles.login(connection, role, password)
    engine.dispose()
    return sa.make_url(owner).set(username=name, password=password).render_as_string(hide_password=False)


def _password(settings: Settings, role: str) -> str:
    folder = durable.private_folder(settings.place("keys") / "logins")
    with durable.os_faults("keeping a password"), durable.locked(folder / ".lock"):
        path = folder / role
        if not path.exists():
            durable.write_whole(path, secrets.token_urlsafe(24).encode())
        return path.read_text(encoding="ascii")


_TABLES = """
    SELECT n.nspname || '.' || c.relname AS name, split_part(obj_description(c.oid, 'pg_class'), E'\\n', 1) AS holds
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')
      AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1
"""
_COLUMNS = """
    SELECT a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type,
           split_part(told, E'\\n', 1) AS holds, split_part(told, E'\\n', 2) AS fr, split_part(told, E'\\n', 3) AS ar
    FROM pg_attribute a CROSS JOIN LATERAL (SELECT col_description(a.attrelid, a.attnum) AS told) AS note
    WHERE a.attrelid = '{name}'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_DESCRIBE = re.compile(r"\\d\w*\+?(?:\s+([\w.\"]+))?\s*;?")


def meant(statement: str | None) -> str:
    r"""The statement as SQL: nothing, and psql's ``\d``, ask what the role may read, ``\d NAME`` for its columns."""
    asked = _DESCRIBE.fullmatch((statement or "\\d").strip())
    if asked is None:
        return statement or ""
    return _COLUMNS.format(name=asked[1]) if asked[1] else _TABLES


def query(settings: Settings, statement: str, role: str, as_of: str | None = None) -> tuple[list[str], list[list[Any]]]:
    """Column names and rows of one read-only statement; of marts as they stood at the end of day ``as_of``.

    Raises:
        UsageFault: the statement is wrong, or the role may not read that; with PostgreSQL's own first line.
    """
    engine = make_engine(role_url(settings, role))
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            if as_of:
                connection.execute(sa.text("SELECT set_config('marsad.as_of', :day, true)"), {"day": as_of})
            result = connection.exec_driver_sql(statement.replace("%", "%%"))
            return list(result.keys()), [list(row) for row in result]
    except sa.exc.DBAPIError as error:
        raise UsageFault(str(error.orig).splitlines()[0]) from None
    except sa.exc.ResourceClosedError:
        raise UsageFault("the statement gives no rows") from None
    finally:
        engine.dispose()
