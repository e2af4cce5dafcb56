"""Who may read what: every role against every table, view, column and function of the catalogue, and really signing in.

What grants are made of (``warehouse.rights``) is held against what PostgreSQL says each role may do; rules that stand
without that table catch a mistake in it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from uuid import uuid4

import pytest
import sqlalchemy as sa
from tests.integration.station import Station, visit, visits

from marsad.cli_bodies import check_bodies
from marsad.errors import UsageFault
from marsad.portal.secrets_kept import new_token, token_hash
from marsad.register.officers import admit
from marsad.warehouse.query import role_url
from marsad.warehouse.rights import RIGHTS
from marsad.warehouse.roles import role_name
from marsad.warehouse.tables import SCHEMAS

PLACES = [schema for schema in SCHEMAS if schema != "stage"]
_COLUMNS = """
    SELECT r.role, n.nspname AS schema, c.relname AS name, a.attname AS column, p.privilege,
           has_schema_privilege(r.role, n.oid, 'USAGE') AND has_column_privilege(r.role, c.oid, a.attnum, p.privilege)
               AS may
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    CROSS JOIN unnest(CAST(:roles AS text[])) AS r (role)
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS p (privilege)
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname = ANY(:schemas)
"""
_FUNCTIONS = """
    SELECT r.role, format('%s.%s()', n.nspname, f.proname) AS name FROM pg_proc f
    JOIN pg_namespace n ON n.oid = f.pronamespace CROSS JOIN unnest(CAST(:roles AS text[])) AS r (role)
    WHERE n.nspname = ANY(:schemas) AND has_function_privilege(r.role, f.oid, 'EXECUTE')
"""
_WITH_PERSONS = """
    SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind,
           c.relrowsecurity AND c.relforcerowsecurity AS forced,
           coalesce(c.reloptions::text LIKE '%security_invoker=true%', false) AS invoker
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'person_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname = ANY(:schemas)
"""


def declared(role: str, schema: str, table: str, column: str, privilege: str) -> bool:
    """What the table of rights says, read by other means than the grants are."""
    said = RIGHTS[role].get(f"{schema}.*", "")
    for target, privileges in RIGHTS[role].items():
        named = re.fullmatch(r"(\w+\.\w+)(?: \((.*)\))?", target)
        if named and named[1] == f"{schema}.{table}":
            said = privileges if not named[2] or column in named[2].split(", ") else ""
    return privilege in said.split(", ")


def test_the_catalogue_says_of_every_column_what_is_declared(station: Station) -> None:
    roles = {role_name(role): role for role in RIGHTS if role != "owner"}
    rows = station.rows(_COLUMNS, roles=list(roles), schemas=PLACES)
    assert len({(row["schema"], row["name"]) for row in rows}) > 60
    wrong = [
        (row["role"], row["privilege"], row["schema"], row["name"], row["column"])
        for row in rows
        if row["may"] != declared(roles[row["role"]], row["schema"], row["name"], row["column"], row["privilege"])
    ]
    assert wrong == []


def test_functions_are_for_who_is_named(station: Station) -> None:
    roles = {role_name(role): role for role in RIGHTS if role != "owner"}
    may = {(roles[row["role"]], row["name"]) for row in station.rows(_FUNCTIONS, roles=list(roles), schemas=PLACES)}
    assert may == {(role, one) for role, rights in RIGHTS.items() for one, said in rights.items() if said == "EXECUTE"}


def readers(station: Station, table: str) -> set[str]:
    """Roles that may read at least one column."""
    query = "SELECT has_schema_privilege(:r, :s, 'USAGE') AND has_any_column_privilege(:r, :t, 'SELECT')"
    schema = table.split(".")[0]
    return {role for role in RIGHTS if role != "owner" and station.one(query, r=role_name(role), s=schema, t=table)}


def test_rules_that_stand_by_themselves(station: Station, migrated: str) -> None:
    assert readers(station, "vault.token") == {"linker"}
    assert readers(station, "vault.token_key") == {"linker"}
    assert readers(station, "vault.record") == {"loader", "linker", "looker"}
    assert readers(station, "audit.event") == {"loader", "linker", "auditor"}
    assert readers(station, "register.person") == {"registrar", "case_officer", "commission"}
    assert readers(station, "register.officer") == set()
    for role in ("analyst", "publisher"):
        seen = {row["name"].split(".")[0] for row in station.rows(_WITH_PERSONS, schemas=PLACES)
                if role in readers(station, row["name"])}  # fmt: skip
        assert seen == set(), "person-level data is no mart"
    public = """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
        LATERAL aclexplode(c.relacl) g WHERE g.grantee = 0 AND n.nspname = ANY(:schemas)"""
    assert station.rows(public, schemas=PLACES) == []
    powers = """SELECT rolname FROM pg_roles WHERE rolname LIKE 'marsad\\_%'
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)"""
    assert station.rows(powers) == []
    temporary = "SELECT has_database_privilege(:r, :d, 'TEMPORARY')"  # a copy of the template has no grants of its own
    may = {role for role in RIGHTS if station.one(temporary, r=role_name(role), d=migrated)}
    assert may == {"owner", "loader", "trial"}
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        query = f"SELECT has_table_privilege(:r, 'audit.event', '{verb}')"
        assert not [role for role in RIGHTS if role != "owner" and station.one(query, r=role_name(role))]


@pytest.mark.parametrize("role", ["case_officer", "commission"])
def test_whatever_is_read_of_persons_by_who_signed_in_is_under_the_rule(station: Station, role: str) -> None:
    tables = station.rows(_WITH_PERSONS, schemas=["register"])
    assert len([one for one in tables if one["kind"] == "r"]) > 4
    assert [one["name"] for one in tables if one["kind"] == "r" and not one["forced"]] == []
    everywhere = [one for one in station.rows(_WITH_PERSONS, schemas=PLACES)
                  if role in readers(station, one["name"])]  # fmt: skip
    assert {one["name"] for one in everywhere} >= {"register.person", "register.step", "register.seen_by"}
    assert [one["name"] for one in everywhere if not (one["forced"] or one["invoker"])] == []


def test_nobody_works_by_a_slip_for_a_body_that_nothing_names(station: Station) -> None:
    station.send("lab/visits", visits(visit("P1")), "Clinic")
    with station.office.engine.connect() as connection:
        check_bodies(connection, station.office.settings, ["DGSN", "Clinic"])
        with pytest.raises(UsageFault, match="'Clinik'; did you mean Clinic.*--new-body"):
            check_bodies(connection, station.office.settings, ["DGSN", "Clinik"])


DENIED = sa.exc.ProgrammingError
PERSONS = {"mine": str(uuid4()), "theirs": str(uuid4()), "both": str(uuid4())}
SEEN = [("mine", "A"), ("theirs", "B"), ("both", "A"), ("both", "B")]


@pytest.fixture(scope="module")
def seen(station: Station) -> Station:
    """Three persons in every table of the register that holds any, made by what its columns want."""
    with station.office.engine.begin() as connection:
        for who, person in PERSONS.items():
            for statement in _OF_EACH:
                connection.execute(sa.text(statement), {"p": person})
            for provider in [provider for name, provider in SEEN if name == who]:
                values = {"p": person, "b": provider, "r": f"{who}-{provider}"}
                for statement in _ROWS:
                    connection.execute(sa.text(statement), values)
    return station


_OF_EACH = (
    "INSERT INTO register.person (person_id, purpose) VALUES (:p, 'statistics')",
    "INSERT INTO register.past (person_id, since, met_on, status, steps) VALUES (:p, now(), now(), 'presumed', '{}')",
)
_ROWS = (
    "INSERT INTO register.seen_by (person_id, provider) VALUES (:p, :b)",
    """INSERT INTO register.record (feed, provider, record_id, person_id, content_id)
       VALUES ('lab/visits', :b, :r, :p, nextval('core.content_id'))""",
    """INSERT INTO register.step (feed, provider, record_id, kind, item, person_id)
       VALUES ('lab/visits', :b, :r, 'detection', 1, :p)""",
)


def shown(address: str, *settings: str) -> dict[str, set[str]]:
    """Of each relation of the catalogue whose rows may be read: the persons in it, for who signs in at ``address``."""
    engine, found = sa.create_engine(address, poolclass=sa.NullPool), {}
    with engine.connect() as connection:
        names = connection.execute(sa.text(_WITH_PERSONS), {"schemas": PLACES}).scalars().all()
        connection.rollback()
        for name in names:
            with suppress(DENIED):
                for setting in settings:
                    connection.execute(sa.text(setting))
                rows = connection.execute(sa.text(f"SELECT person_id FROM {name}"))
                found[name] = {str(person) for person in rows.scalars()}
            connection.rollback()
    return found


@pytest.mark.parametrize(("providers", "who"), [(["A"], ["mine", "both"]), (["B"], ["theirs", "both"]), ([], []),
                                                (["A", "B"], [*PERSONS])])  # fmt: skip
def test_a_case_officer_sees_the_persons_of_the_own_bodies_alone(
    seen: Station, providers: list[str], who: list[str]
) -> None:
    address = admit(seen.office, "officer_" + "".join(providers).lower(), providers, "tester")
    found = shown(address)
    assert found.keys() >= {"register.person", "register.step", "register.seen_by", "register.record"}
    assert found["register.person"] == found["register.step"] == {PERSONS[name] for name in who}
    for name, persons in found.items():
        assert persons <= {PERSONS[name] for name in who}, name
    renewed = admit(seen.office, "officer_" + "".join(providers).lower(), [], "tester")
    assert set().union(*shown(renewed).values()) == set(), "who works for nobody any more sees nobody"


def test_numbers_of_other_bodies_are_not_shown(seen: Station) -> None:
    engine = sa.create_engine(admit(seen.office, "numbers", ["A"], "tester"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        numbers = connection.execute(sa.text("SELECT record_id FROM register.record")).scalars().all()
        assert sorted(numbers) == ["both-A", "mine-A"]
        connection.rollback()
        for what in ("SELECT record_id FROM register.step", "SELECT * FROM register.step", "SELECT * FROM vault.record",
                     "SET ROLE marsad_commission", "SET SESSION AUTHORIZATION marsad",
                     "SET row_security = off; SELECT * FROM register.person"):  # fmt: skip
            with pytest.raises(DENIED):
                connection.execute(sa.text(what))
            connection.rollback()


def test_the_role_itself_and_others_logins_see_what_they_should(seen: Station) -> None:
    assert set().union(*shown(role_url(seen.office.settings, "case_officer")).values()) == set()
    assert shown(role_url(seen.office.settings, "commission"))["register.person"] >= {*PERSONS.values()}
    assert not [name for name in shown(role_url(seen.office.settings, "analyst")) if not name.startswith("mart.")]
    unproven = shown(role_url(seen.office.settings, "portal"), f"SET ROLE {role_name('commission')}")
    assert "register.person" in unproven
    assert set().union(*unproven.values()) == set(), "the pages may take on the role, and see nobody by it"
    assert shown(seen.office.settings.warehouse_url or "")["register.person"] >= {*PERSONS.values()}, "nor the owner"


def test_a_session_of_the_pages_is_proved_by_its_token_alone(seen: Station) -> None:
    token, account = new_token(), str(uuid4())
    address = role_url(seen.office.settings, "case_officer")
    with seen.office.engine.begin() as connection:
        for statement in _ACCOUNT:
            connection.execute(
                sa.text(statement), {"id": account, "mail": f"{account}@example.org", "t": token_hash(token)}
            )
    signed_in = f"SET marsad.session = '{token}'"
    assert shown(address, signed_in)["register.person"] == {PERSONS["mine"], PERSONS["both"]}
    for other in (new_token(), "", token_hash(token).hex(), account):
        assert shown(address, f"SET marsad.session = '{other}'")["register.person"] == set()
    with seen.office.engine.begin() as connection:
        connection.execute(sa.text("UPDATE portal.account SET disabled = true WHERE account_id = :id"), {"id": account})
    assert shown(address, signed_in)["register.person"] == set()


_ACCOUNT = (
    """INSERT INTO portal.account (account_id, email, name, language, created_at)
       VALUES (:id, :mail, 'Agent', 'fr', now())""",
    "INSERT INTO portal.account_right VALUES (:id, 'case_officer', 'A', '')",
    "INSERT INTO portal.session VALUES (:t, :id, now(), now(), true)",
)


def test_an_officers_name_is_no_statement(station: Station) -> None:
    for name in ("", "x; DROP ROLE marsad", "Ä", "../x"):
        with pytest.raises(UsageFault):
            admit(station.office, name, ["A"], "tester")
