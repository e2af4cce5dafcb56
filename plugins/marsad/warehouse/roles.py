"""Who may read what (docs/threat-model.md): group roles and their grants. Login roles are made members of them."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from psycopg2.extensions import encrypt_password

from marsad.warehouse.tables import SCHEMAS

PREFIX = "marsad_"
ROLES = (
    "owner", "loader", "linker", "registrar", "portal", "trial", "opener", "sftp", "steward", "case_officer",
    "commission", "publisher", "analyst", "auditor",
)  # fmt: skip

# role -> schema -> privileges on all its tables and views
_GRANTS: Mapping[str, Mapping[str, str]] = {
    "loader": {
        "ops": "SELECT, INSERT, UPDATE",
        "quarantine": "SELECT, INSERT, UPDATE",
        "core": "SELECT, INSERT, UPDATE, DELETE",
        "ref": "SELECT, INSERT, UPDATE, DELETE",
        "mart": "SELECT",
    },
    "linker": {"core": "SELECT", "ops": "SELECT", "link": "SELECT, INSERT, UPDATE, DELETE, MAINTAIN"},
    "registrar": {
        "core": "SELECT",
        "ops": "SELECT",
        "link": "SELECT",
        "register": "SELECT, INSERT, UPDATE, DELETE, MAINTAIN",
    },
    "portal": {
        "ops": "SELECT",
        "ref": "SELECT",
        "register": "SELECT",
        "portal": "SELECT, INSERT, UPDATE, DELETE",
    },
    "trial": {"ops": "SELECT", "core": "SELECT", "ref": "SELECT"},
    "steward": {"ops": "SELECT", "quarantine": "SELECT", "core": "SELECT", "mart": "SELECT", "ref": "SELECT"},
    "commission": {"mart": "SELECT", "release": "SELECT", "ref": "SELECT", "register": "SELECT"},
    "publisher": {"mart": "SELECT", "release": "SELECT, INSERT, UPDATE", "ref": "SELECT"},
    "analyst": {"mart": "SELECT", "release": "SELECT", "ref": "SELECT"},
    "auditor": {"audit": "SELECT", "ops": "SELECT"},
}
_READ_ONLY = ("steward", "commission", "analyst", "auditor")
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


def login(connection: sa.Connection, role: str, password: str) -> str:
    """Makes (or renews) the login role that is a member of ``role`` and of nothing else; returns its name.

    Settings belong to logins: PostgreSQL applies none of them through SET ROLE.
    """
    name = f"{role_name(role)}_login"
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
    """Gives each role exactly what it may use; what is not listed is taken away."""
    database = _database(connection)
    for role in ROLES:
        name = role_name(role)
        connection.execute(sa.text(f"GRANT CONNECT ON DATABASE {database} TO {name}"))
        for schema in SCHEMAS:
            connection.execute(sa.text(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}"))
            connection.execute(sa.text(f"REVOKE ALL ON SCHEMA {schema} FROM {name}"))
        for schema, privileges in _GRANTS.get(role, {}).items():
            connection.execute(sa.text(f"GRANT USAGE ON SCHEMA {schema} TO {name}"))
            connection.execute(sa.text(f"GRANT {privileges} ON ALL TABLES IN SCHEMA {schema} TO {name}"))
    _grant_loader(connection)
    _grant_linker(connection)
    _grant_registrar(connection)
    _grant_portal(connection)
    _grant_trial(connection)
    _grant_opener(connection)
    _grant_sftp(connection)


def _database(connection: sa.Connection) -> str:
    return str(connection.execute(sa.text("SELECT quote_ident(current_database())")).scalar_one())


def _grant_loader(connection: sa.Connection) -> None:
    loader = role_name("loader")
    connection.execute(sa.text(f"GRANT USAGE, CREATE ON SCHEMA stage TO {loader}"))
    connection.execute(sa.text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA core, ops TO {loader}"))
    connection.execute(sa.text(f"GRANT USAGE ON SCHEMA vault, audit TO {loader}"))
    connection.execute(sa.text(f"GRANT SELECT, INSERT, DELETE ON vault.record TO {loader}"))
    connection.execute(sa.text(f"GRANT SELECT ON vault.erased, vault.erased_row TO {loader}"))
    connection.execute(sa.text(f"GRANT SELECT, INSERT ON audit.event TO {loader}"))
    connection.execute(sa.text(f"GRANT SELECT, UPDATE ON audit.head TO {loader}"))


def _grant_linker(connection: sa.Connection) -> None:
    """Nobody else reads tokens; linkage opens candidates, and changes nothing outside its own tables."""
    linker = role_name("linker")
    connection.execute(sa.text(f"GRANT USAGE ON SCHEMA vault, audit TO {linker}"))
    connection.execute(sa.text(f"GRANT SELECT ON vault.record, vault.erased TO {linker}"))
    connection.execute(sa.text(f"GRANT SELECT, INSERT, DELETE, MAINTAIN ON vault.token TO {linker}"))
    connection.execute(sa.text(f"GRANT SELECT, INSERT, UPDATE ON vault.token_key TO {linker}"))
    connection.execute(sa.text(f"GRANT DELETE ON core.changed TO {linker}"))
    connection.execute(sa.text(f"GRANT SELECT, INSERT ON audit.event TO {linker}"))
    connection.execute(sa.text(f"GRANT SELECT, UPDATE ON audit.head TO {linker}"))


def _grant_registrar(connection: sa.Connection) -> None:
    """Who keeps the register opens nobody: of the vault it reads nothing, of linkage only who is whom."""
    registrar = role_name("registrar")
    connection.execute(sa.text(f"GRANT DELETE ON core.restated, link.touched TO {registrar}"))
    connection.execute(sa.text(f"GRANT INSERT, UPDATE ON ops.breach TO {registrar}"))


def _grant_portal(connection: sa.Connection) -> None:
    portal = role_name("portal")
    connection.execute(sa.text(f"GRANT INSERT ON ops.quiet, ops.admission TO {portal}"))
    connection.execute(sa.text(f"GRANT USAGE ON SCHEMA quarantine TO {portal}"))
    connection.execute(sa.text(f"GRANT INSERT ON ops.justification TO {portal}"))
    shown = 'delivery_id, rule, row, "column", content_id'
    connection.execute(sa.text(f"GRANT SELECT ({shown}) ON quarantine.finding TO {portal}"))
    connection.execute(sa.text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA portal TO {portal}"))
    connection.execute(sa.text(f"GRANT USAGE ON SCHEMA audit TO {portal}"))
    connection.execute(sa.text(f"GRANT INSERT ON audit.event TO {portal}"))
    connection.execute(sa.text(f"GRANT SELECT, UPDATE ON audit.head TO {portal}"))


def _grant_trial(connection: sa.Connection) -> None:
    """A dry run writes into staging tables of its own and temporary ones, and nowhere else."""
    trial, database = role_name("trial"), _database(connection)
    connection.execute(sa.text(f"GRANT TEMPORARY ON DATABASE {database} TO {trial}"))
    connection.execute(sa.text(f"GRANT USAGE, CREATE ON SCHEMA stage TO {trial}"))
    connection.execute(sa.text(f"GRANT USAGE ON SEQUENCE core.content_id TO {trial}"))


def _grant_opener(connection: sa.Connection) -> None:
    """Who opens what was delivered reads the ledger and who is signed in for whom, and adds audit events."""
    opener = role_name("opener")
    connection.execute(sa.text(f"GRANT USAGE ON SCHEMA ops, portal, audit TO {opener}"))
    connection.execute(sa.text(f"GRANT SELECT ON ops.delivery, portal.session, portal.account_right TO {opener}"))
    connection.execute(sa.text(f"GRANT SELECT (account_id, code_seed, disabled) ON portal.account TO {opener}"))
    connection.execute(sa.text(f"GRANT INSERT ON audit.event TO {opener}"))
    connection.execute(sa.text(f"GRANT SELECT, UPDATE ON audit.head TO {opener}"))


def _grant_sftp(connection: sa.Connection) -> None:
    """The SFTP server adds audit events, and reads nothing but the chain's end."""
    sftp = role_name("sftp")
    connection.execute(sa.text(f"GRANT USAGE ON SCHEMA audit TO {sftp}"))
    connection.execute(sa.text(f"GRANT INSERT ON audit.event TO {sftp}"))
    connection.execute(sa.text(f"GRANT SELECT, UPDATE ON audit.head TO {sftp}"))
