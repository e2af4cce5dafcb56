"""Case officers see the persons whom a sending body of theirs has seen, and of others no row (row-level security).

Who asks is never taken from what the session says of itself: it is the login that signed in, or the account whose
living session of the pages ``marsad.session`` proves by its token. Both are looked up in tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlalchemy as sa

from marsad.errors import UsageFault
from marsad.warehouse import roles
from marsad.warehouse.rights import RIGHTS

_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")


def protect(connection: sa.Connection) -> None:
    """Puts every table of schema ``register`` that speaks of persons under the rule; repeatable."""
    connection.exec_driver_sql(_OWN_PROVIDERS)
    whole = [roles.role_name(role) for role, said in RIGHTS.items() if role == "owner" or "register.*" in said]
    connection.exec_driver_sql(_POLICIES.replace("{whole}", ", ".join(whole)).replace("%", "%%"))


def admit(connection: sa.Connection, name: str, password: str, providers: Sequence[str]) -> str:
    """Makes or renews a case officer's own login for ``providers``; none: it sees nobody any more. Returns the login.

    Raises:
        UsageFault: the name is not made of small letters, digits and underscores.
    """
    if not _NAME.fullmatch(name):
        raise UsageFault("the name of an officer begins with a small letter and holds small letters, digits and _")
    login = roles.login(connection, "case_officer", password, f"marsad_officer_{name}")
    connection.execute(sa.text("DELETE FROM register.officer WHERE login = :login"), {"login": login})
    for provider in providers:
        values = {"login": login, "provider": provider}
        connection.execute(sa.text("INSERT INTO register.officer VALUES (:login, :provider)"), values)
    return login


# Runs as the owner: officers read neither table. Sessions that are too old are ended by the pages.
_OWN_PROVIDERS = """
CREATE OR REPLACE FUNCTION register.own_providers() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = '' AS $$
    SELECT provider FROM register.officer WHERE login = session_user
    UNION
    SELECT r.provider FROM portal.session s JOIN portal.account a USING (account_id)
    JOIN portal.account_right r USING (account_id)
    WHERE s.token = sha256(convert_to(current_setting('marsad.session', true), 'UTF8'))
      AND s.complete AND NOT a.disabled AND r.role = 'case_officer' AND r.provider <> ''
$$;
COMMENT ON FUNCTION register.own_providers() IS 'Sending bodies of who is signed in, as a case officer';
"""
# Tables that name a provider show an officer the own ones; the others go by whom these have seen. All other roles that
# may read a table at all, and the owner, whom FORCE holds to the rule too, see every row.
_POLICIES = """
DO $policies$
DECLARE place regclass; provided boolean;
BEGIN
    FOR place, provided IN
        SELECT c.oid, c.relname IN ('seen_by', 'record') FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'person_id'
        WHERE n.nspname = 'register' AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', place);
        EXECUTE format('DROP POLICY IF EXISTS own_persons ON %s', place);
        EXECUTE format('DROP POLICY IF EXISTS all_persons ON %s', place);
        EXECUTE format(
            'CREATE POLICY own_persons ON %s FOR SELECT TO marsad_case_officer USING (%s)', place,
            CASE WHEN provided THEN 'provider IN (SELECT register.own_providers())'
                 ELSE 'person_id IN (SELECT s.person_id FROM register.seen_by s)' END);
        EXECUTE format(
            'CREATE POLICY all_persons ON %s TO {whole}'
            ' USING (true) WITH CHECK (true)', place);
    END LOOP;
END $policies$;
"""
