"""Questions to the warehouse with the rights of a role."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marsad.errors import UsageFault
from marsad.settings import Settings
from marsad.warehouse.engine import database_url, make_engine
from marsad.warehouse.roles import ROLES, role_name


def role_url(settings: Settings, role: str) -> str:
    """An address whose sessions have the rights of ``role``.

    Raises:
        UsageFault: no such role, or the platform is not up.
    """
    if role not in ROLES:
        raise UsageFault(f"there is no role '{role}'; roles: {', '.join(ROLES)}")
    url = sa.make_url(database_url(settings))
    return url.update_query_dict({"options": f"-crole={role_name(role)}"}).render_as_string(hide_password=False)


def query(settings: Settings, statement: str, role: str) -> tuple[list[str], list[list[Any]]]:
    """Column names and rows of one read-only statement.

    Raises:
        UsageFault: the statement is wrong, or the role may not read that; with PostgreSQL's own first line.
    """
    engine = make_engine(role_url(settings, role))
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            result = connection.exec_driver_sql(statement.replace("%", "%%"))
            return list(result.keys()), [list(row) for row in result]
    except sa.exc.DBAPIError as error:
        raise UsageFault(str(error.orig).splitlines()[0]) from None
    except sa.exc.ResourceClosedError:
        raise UsageFault("the statement gives no rows") from None
    finally:
        engine.dispose()
