"""Who may read what (docs/threat-model.md): group roles and their grants. Login roles are made members of them."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from psycopg2.extensions import encrypt_password

from marsad.warehouse.rights import RIGHTS, TAKES
from marsad.warehouse.tables import SCHEMAS

PREFIX = "marsad_"
ROLES = tuple(RIGHTS)

_READ_ONLY = ("steward", "case_officer", "commission", "analyst", "auditor")
_AS_GROUP = ("trial",)  # what these make belongs to the group, so that the owner's sweep may drop it
_STATEMENT_TIMEOUT = "60s"  # a question that takes longer belongs to an engineer


def role_name(role: str) -> str:
    """The PostgreSQL name of a role of the design."""
    return PREFIX + role


def create(connection: sa.Connection) -> None:
    """Creates missing group roles. Roles belong to the whole server, so another database may have made them first."""
    known = set(connection.execute(sa.text("SELECT rolname FROM pg_roles")).scalars())
    for role in ROLES:
        if role_name(role) not in known:
            connection.execute(sa.text(f"CREATE ROLE {role_name(role)} NOLOGIN"))
        connection.execute(sa.text(f"GRANT {role_name(role)} TO CURRENT_USER"))
    for role, taken in TAKES.items():
        names = ", ".join(map(role_name, taken))
        connection.execute(sa.text(f"GRANT {names} TO {role_name(role)} WITH INHERIT FALSE, SET TRUE"))


def login(connection: sa.Connection, role: str, password: str, name: str | None = None) -> str:
    """Makes (or renews) the login role that is a member of ``role`` and of nothing else; returns its name.

    Without ``name`` it is the one login of the role. A name is made of small letters, digits and underscores.
    Settings belong to logins: PostgreSQL applies none of them through SET ROLE.
    """
    name = name or f"{role_name(role)}_login"
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
    raw = connection.connection.driver_connection
    verifier = encrypt_password(password, name, raw, "scram-sha-256")
    if not connection.execute(sa.text("SELECT true FROM pg_roles WHERE rolname = :name"), {"name": name}).scalar():
        connection.execute(sa.text(f"CREATE ROLE {name} LOGIN IN ROLE {role_name(role)}"))
    connection.exec_driver_sql(f"ALTER ROLE {name} PASSWORD '{verifier}'")
    if role in _AS_GROUP:
        connection.execute(sa.text(f"ALTER ROLE {name} SET role = '{role_name(role)}'"))
    if role in _READ_ONLY:
        connection.execute(sa.text(f"ALTER ROLE {name} SET default_transaction_read_only = on"))
        connection.execute(sa.text(f"ALTER ROLE {name} SET statement_timeout = '{_STATEMENT_TIMEOUT}'"))
    return name


def grant(connection: sa.Connection) -> None:
    """Gives each role exactly what ``RIGHTS`` says; what is not listed is taken away, from everybody else too."""
    database = str(connection.execute(sa.text("SELECT quote_ident(current_database())")).scalar_one())
    revoked = [f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC" for schema in SCHEMAS]
    revoked.append(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
    granted = [statement for role in RIGHTS for statement in _grants(role, database)]
    connection.exec_driver_sql(";".join([*revoked, *granted]))  # a thousand statements, at every start


def _grants(role: str, database: str) -> Iterator[str]:
    name, rights = role_name(role), RIGHTS[role]
    yield f"GRANT CONNECT ON DATABASE {database} TO {name}"
    for schema in SCHEMAS:
        for kind in ("ALL TABLES IN SCHEMA", "ALL SEQUENCES IN SCHEMA", "ALL FUNCTIONS IN SCHEMA", "SCHEMA"):
            yield f"REVOKE ALL ON {kind} {schema} FROM {name}"
    for target in sorted(rights, key=lambda one: not one.endswith(".*")):
        yield from _statements(target, rights[target], name, database)


def _statements(target: str, privileges: str, name: str, database: str) -> Iterator[str]:
    """The grants behind one line of ``RIGHTS``."""
    schema, _, own = target.partition(".")
    if privileges == "TEMPORARY":
        yield f"GRANT TEMPORARY ON DATABASE {database} TO {name}"
        return
    yield f"GRANT USAGE ON SCHEMA {schema} TO {name}"
    kind = {"CREATE": "SCHEMA", "USAGE": "SEQUENCE", "EXECUTE": "FUNCTION"}.get(privileges)
    if kind:
        yield f"GRANT {privileges} ON {kind} {target.removesuffix('()')} TO {name}"
    elif own == "*":
        yield f"GRANT {privileges} ON ALL TABLES IN SCHEMA {schema} TO {name}"
    else:
        table, _, columns = target.removesuffix(")").partition(" (")
        yield f"REVOKE ALL ON {table} FROM {name}"
        if privileges:
            quoted = ", ".join(f'"{column}"' for column in columns.split(", "))
            yield f"GRANT {privileges}{f' ({quoted})' if columns else ''} ON {table} TO {name}"
