"""Case officers see the persons whom a sending body of theirs has seen or was sent, of others no row (row security).

Who asks is never taken from what the session says of itself: it is the login that signed in, or the account whose
living session of the pages ``marsad.session`` proves by its token. Both are looked up in tables. The commission sees
everybody, by its own login or by such a session: that the pages may take on its role alone shows them nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from marsad.errors import UsageFault
from marsad.warehouse import roles

_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")


def protect(connection: sa.Connection) -> None:
    """Puts every table of schema ``register`` that speaks of persons under the rule; repeatable."""
    connection.exec_driver_sql(_FUNCTIONS)
    own = _OWN.format(person="%1$I.person_id")
    connection.exec_driver_sql(_POLICIES.replace("{own}", own).replace("%", "%%"))


def prove(connection: sa.Connection, token: str) -> None:
    """For the rest of the transaction the session of the pages with that token is who asks."""
    connection.execute(sa.text("SELECT set_config('marsad.session', :token, true)"), {"token": token})


@contextmanager
def seeing(connection: sa.Connection, role: str, token: str) -> Iterator[None]:
    """Within it the transaction has the rights of ``role`` (case_officer, commission) and no others.

    Its rows are those that the session of the pages with that token may see: none where it has no such right.
    """
    prove(connection, token)
    connection.execute(sa.text(f"SET LOCAL ROLE {roles.role_name(role)}"))
    yield
    connection.execute(sa.text("RESET ROLE"))


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


# These run as the owner: who asks reads none of the tables. Sessions that are too old are ended by the pages.
_SIGNED_IN = """
    portal.session s JOIN portal.account a USING (account_id) JOIN portal.account_right r USING (account_id)
    WHERE s.token = sha256(convert_to(current_setting('marsad.session', true), 'UTF8'))
      AND s.complete AND NOT a.disabled
"""
# Whose own a person is: seen by an own body, or sent to one, while that goes on and she consents.
_OWN = """(EXISTS (
        SELECT FROM register.seen_by s
        WHERE s.person_id = {person} AND s.provider = ANY (ARRAY(SELECT register.own_providers())))
    OR {person} = ANY (ARRAY(SELECT register.referred())))"""
# A referral goes by one record of hers, and no further than that record's identity.
_NOT_ERASED = "NOT EXISTS (SELECT FROM vault.erased e WHERE (e.feed, e.provider, e.record_id) = {record})"
_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION register.own_providers() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = '' AS $$
    SELECT provider FROM register.officer WHERE login = session_user
    UNION
    SELECT r.provider FROM {_SIGNED_IN} AND r.role = 'case_officer' AND r.provider <> ''
$$;
COMMENT ON FUNCTION register.own_providers() IS 'Sending bodies of who is signed in, as a case officer';

CREATE OR REPLACE FUNCTION register.referred() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = '' AS $$
    SELECT s.person_id FROM register.referral r JOIN register.record s USING (feed, provider, record_id)
    JOIN register.person p ON p.person_id = s.person_id
    WHERE r.to_provider IN (SELECT register.own_providers()) AND (r.answer IS NULL OR r.answer = 'accepted')
      AND r.ended_at IS NULL AND p.purpose = 'assistance'
      AND {_NOT_ERASED.format(record="(r.feed, r.provider, r.record_id)")}
$$;
COMMENT ON FUNCTION register.referred() IS
    'Persons sent to a body of who is signed in as a case officer, while they consent';

CREATE OR REPLACE FUNCTION register.sees_everybody() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = '' AS $$
    SELECT pg_has_role(session_user, 'marsad_commission', 'USAGE')
        OR EXISTS (SELECT FROM {_SIGNED_IN} AND r.role = 'commission')
$$;
COMMENT ON FUNCTION register.sees_everybody() IS 'Whether who is signed in works for the commission';

CREATE OR REPLACE FUNCTION register.at_court(person uuid) RETURNS TABLE (
    feed text, provider text, as_victim boolean, court text, instance text, stage text, received_on date,
    decided_on date, decision text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT p.feed, p.provider, p.as_victim, p.court, p.instance, p.stage, p.received_on, p.decided_on, p.decision
    FROM register.proceeding p
    WHERE p.person_id = person AND (register.sees_everybody() OR {_OWN.format(person="p.person_id")})
$$;
COMMENT ON FUNCTION register.at_court(uuid) IS 'Proceedings of a person, for who may see her';

CREATE OR REPLACE FUNCTION register.is_erased(person uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = '' AS $$
    SELECT (register.sees_everybody() OR {_OWN.format(person="is_erased.person")})
        AND EXISTS (SELECT FROM register.record JOIN vault.erased e USING (feed, provider, record_id)
                    WHERE record.person_id = person)
        AND NOT EXISTS (SELECT FROM register.source LEFT JOIN vault.erased e USING (feed, provider, record_id)
                        WHERE source.person_id = person AND source.identity AND e.erased_at IS NULL)
$$;
COMMENT ON FUNCTION register.is_erased(uuid) IS 'Whether nothing is left of who a person is, for who may see her';

CREATE OR REPLACE FUNCTION register.refer(
    person uuid, sender text, receiver text, service text, by text, at timestamptz
) RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    INSERT INTO register.referral
        (referral_id, feed, provider, record_id, person_id, to_provider, kind, sent_at, sent_by)
    SELECT uuidv7(), r.feed, r.provider, r.record_id, r.person_id, receiver, service, at, by
    FROM register.record r JOIN register.person p USING (person_id)
    WHERE r.person_id = person AND r.provider = sender AND p.purpose = 'assistance' AND receiver <> sender
      AND {_NOT_ERASED.format(record="(r.feed, r.provider, r.record_id)")}
      AND sender IN (SELECT register.own_providers())
      AND NOT EXISTS (SELECT FROM register.referral o WHERE o.answer IS NULL
                      AND (o.person_id, o.provider, o.to_provider, o.kind) = (person, sender, receiver, service))
    ORDER BY r.feed, r.record_id LIMIT 1
    ON CONFLICT (feed, provider, record_id, to_provider, kind) WHERE answer IS NULL DO NOTHING  -- sent twice at once
    RETURNING referral_id
$$;
COMMENT ON FUNCTION register.refer(uuid, text, text, text, text, timestamptz) IS
    'Sends a person of an own body, who consented, to another; the pages audit it';

CREATE OR REPLACE FUNCTION register.answer(referral uuid, said text, by text, at timestamptz) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    UPDATE register.referral r SET answer = said, answered_by = by, answered_at = at
    WHERE r.referral_id = referral AND r.answer IS NULL
      AND CASE said WHEN 'withdrawn' THEN r.provider ELSE r.to_provider END IN (SELECT register.own_providers())
    RETURNING r.person_id
$$;
COMMENT ON FUNCTION register.answer(uuid, text, text, timestamptz) IS
    'Answers a referral to an own body, or withdraws its own, once; the pages audit it';

CREATE OR REPLACE FUNCTION register.end_referral(referral uuid, by text, at timestamptz) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    UPDATE register.referral r SET ended_at = at, ended_by = by
    WHERE r.referral_id = referral AND r.answer = 'accepted' AND r.ended_at IS NULL
      AND (r.provider IN (SELECT register.own_providers()) OR r.to_provider IN (SELECT register.own_providers()))
    RETURNING r.person_id
$$;
COMMENT ON FUNCTION register.end_referral(uuid, text, timestamptz) IS
    'Ends an accepted referral from or to an own body, once; the pages audit it';
"""  # noqa: S608 - our own words
# Which record says what is told to an officer of the own bodies alone; the other tables go by whom these have seen.
# Whoever keeps the register, and the owner, whom FORCE holds to the rule too, sees every row.
_POLICIES = """
DO $policies$
DECLARE place regclass; name text; provided boolean;
BEGIN
    FOR place, name, provided IN
        SELECT c.oid, c.relname, c.relname IN ('seen_by', 'record', 'source') FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'person_id'
        WHERE n.nspname = 'register' AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', place);
        EXECUTE format('DROP POLICY IF EXISTS own_persons ON %s', place);
        EXECUTE format('DROP POLICY IF EXISTS whole ON %s', place);
        EXECUTE format('DROP POLICY IF EXISTS all_persons ON %s', place);
        EXECUTE format(
            'CREATE POLICY own_persons ON %s FOR SELECT TO marsad_case_officer USING (%s)', place,
            CASE WHEN provided THEN 'provider = ANY (ARRAY(SELECT register.own_providers()))'
                 WHEN name = 'referral' THEN format(
                    '{own} OR to_provider = ANY (ARRAY(SELECT register.own_providers()))', name)
                 ELSE format('{own}', name) END);
        EXECUTE format(
            'CREATE POLICY whole ON %s FOR SELECT TO marsad_commission USING ((SELECT register.sees_everybody()))',
            place);
        EXECUTE format(
            'CREATE POLICY all_persons ON %s TO marsad_owner, marsad_registrar USING (true) WITH CHECK (true)',
            place);
    END LOOP;
END $policies$;
"""
