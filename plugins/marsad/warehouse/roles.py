"""Who may read what (docs/threat-model.md): group roles and their grants. Login roles are made members of them."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

PREFIX = "marsad_"
ROLES = (
    "owner", "loader", "linker", "portal", "steward", "case_officer", "commission", "publisher", "analyst", "auditor",
)  # fmt: skip

# role -> schema -> privileges on all its tables and views
_GRANTS: Mapping[str, Mapping[str, str]] = {
    "loader": {
        "ops": "SELECT, INSERT, UPDATE",
        "quarantine": "SELECT, INSERT, UPDATE",
        "core": "SELECT, INSERT, UPDATE",
        "vault": "SELECT, INSERT",
        "ref": "SELECT, INSERT, UPDATE, DELETE",
        "mart": "SELECT",
    },
    "portal": {"ops": "SELECT", "ref": "SELECT"},
    "steward": {"ops": "SELECT", "quarantine": "SELECT", "core": "SELECT", "mart": "SELECT", "ref": "SELECT"},
    "commission": {"mart": "SELECT", "release": "SELECT", "ref": "SELECT"},
    "publisher": {"mart": "SELECT", "release": "SELECT, INSERT, UPDATE", "ref": "SELECT"},
    "analyst": {"mart": "SELECT", "release": "SELECT", "ref": "SELECT"},
    "auditor": {"audit": "SELECT", "ops": "SELECT"},
}
_STATEMENT_TIMEOUT = {"analyst": "60s", "commission": "60s"}


def role_name(role: str) -> str:
    """The PostgreSQL name of a role of the design."""
    return PREFIX + role


def create(connection: sa.Connection) -> None:
    """Creates missing group roles. Roles belong to the whole server, so another database may have made them first."""
    known = set(connection.execute(sa.text("SELECT rolname FROM pg_roles")).scalars())
    for role in ROLES:
        if role_name(role) not in known:
            connection.execute(sa.text(f"CREATE ROLE {role_name(role)} NOLOGIN"))
        if timeout := _STATEMENT_TIMEOUT.get(role):
            connection.execute(sa.text(f"ALTER ROLE {role_name(role)} SET statement_timeout = '{timeout}'"))
        connection.execute(sa.text(f"GRANT {role_name(role)} TO CURRENT_USER"))


def grant(connection: sa.Connection) -> None:
    """Gives each role exactly what it may use; what is not listed is taken away."""
    for role in ROLES:
        name = role_name(role)
        for schema in ("ops", "quarantine", "core", "vault", "mart", "release", "ref", "audit", "stage"):
            connection.execute(sa.text(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}"))
            connection.execute(sa.text(f"REVOKE ALL ON SCHEMA {schema} FROM {name}"))
        for schema, privileges in _GRANTS.get(role, {}).items():
            connection.execute(sa.text(f"GRANT USAGE ON SCHEMA {schema} TO {name}"))
            connection.execute(sa.text(f"GRANT {privileges} ON ALL TABLES IN SCHEMA {schema} TO {name}"))
    _grant_loader(connection)


def _grant_loader(connection: sa.Connection) -> None:
    loader = role_name("loader")
    connection.execute(sa.text(f"GRANT USAGE, CREATE ON SCHEMA stage TO {loader}"))
    connection.execute(sa.text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA core, ops TO {loader}"))
    connection.execute(sa.text(f"GRANT USAGE ON SCHEMA audit TO {loader}"))
    connection.execute(sa.text(f"GRANT SELECT, INSERT ON audit.event TO {loader}"))
    connection.execute(sa.text(f"GRANT SELECT, UPDATE ON audit.head TO {loader}"))
