"""What the register keeps: records, rows, histories, paths. Every function works in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marsad.linkage.records import Birth
from marsad.linkage.stock import Key
from marsad.linkage.store import insert
from marsad.register.policy import Survivorship
from marsad.register.survivorship import Decision, Person, Speaking, Statement, Value, believed, current
from marsad.warehouse.register_tables import FIELDS

TABLES = ("record", "person", "source", "status", "step", "seen_by")
_COLUMNS = ("birth_year", *FIELDS)


def collect(connection: sa.Connection) -> int:
    """Takes all that is said of persons that are due out, and brings in the records they have now; returns how many."""
    for table in TABLES:
        connection.execute(sa.text(_CLEAR.format(table=table)))
    own = connection.execute(sa.text(_OWN)).rowcount
    return own + connection.execute(sa.text(_STAYS)).rowcount


def due(connection: sa.Connection) -> list[str]:
    """The persons that are due and have records, in one order."""
    return list(connection.execute(sa.text(_DUE)).scalars())


def settle(connection: sa.Connection, persons: Sequence[str], policy: Survivorship, speaking: Speaking) -> int:
    """Writes rows, sources and statuses of persons that are victims; returns how many these are.

    Whom nobody takes for a victim, or no longer (met at a border, say), is not registered.
    """
    values = {"persons": list(persons), "unstated": policy.status.unstated}
    said: dict[str, list[Statement]] = {}
    for row in connection.execute(sa.text(_STATEMENTS), values):
        said.setdefault(row.person_id, []).append(_statement(row))
    decided: dict[str, list[Decision]] = {}
    for row in connection.execute(sa.text(_DECISIONS), values):
        decided.setdefault(row.person_id, []).append(_decision(row, policy))
    decided = {person: some for person, some in decided.items() if current(some, policy)}
    people = {person: believed(said[person], policy, speaking) for person in decided}
    names = ", ".join(_COLUMNS)
    insert(connection, f"register.person (person_id, purpose, consent, {names})", _rows(people))
    insert(connection, f"register.source (person_id, field, place, {_KEY}, identity)", _sources(people))
    columns = f"person_id, {_KEY}, content_id, stated, status, decided_on, deciding_body, replaced, current"
    insert(connection, f"register.status ({columns})", _statuses(decided, policy))
    return len(people)


def follow(connection: sa.Connection, at: datetime, *, analyse: bool) -> int:
    """Writes steps and who saw whom of all that are due, and empties the queue; returns how many steps.

    What statistics count persons by is kept from ``at`` on, where it changed.
    """
    connection.execute(sa.text(_UNREGISTERED))
    steps = connection.execute(sa.text(_STEPS)).rowcount + connection.execute(sa.text(_SERVICES)).rowcount
    connection.execute(sa.text(_SEEN_BY))
    connection.execute(sa.text(_REFERRED))
    for statement in _PAST:
        connection.execute(sa.text(statement), {"at": at})
    connection.execute(sa.text("DELETE FROM register.due"))
    if analyse:
        connection.execute(sa.text("ANALYZE " + ", ".join(f"register.{table}" for table in TABLES)))
    return steps


def _statement(row: sa.Row[Any]) -> Statement:
    born = Birth.stated(row.age, row.met_on)
    values = {"birth_year": born and born.year, **{name: getattr(row, name) for name in FIELDS}}
    return Statement(_key(row), row.met_on, values, row.consent, row.consent_on)


def _decision(row: sa.Row[Any], policy: Survivorship) -> Decision:
    body = row.deciding_body or policy.status.body.get(row.feed.partition("/")[0], "other")
    return Decision(_key(row), row.content_id, row.version, row.status, row.decided_on, body, row.replaced)


def _key(row: sa.Row[Any]) -> Key:
    return Key(row.feed, row.provider, row.record_id)


def _rows(people: dict[str, Person]) -> Iterator[Sequence[object]]:
    for person, one in people.items():
        yield person, one.purpose, one.consent, *(_cell(one.values[name]) for name in _COLUMNS)


def _cell(value: Value) -> object:
    """An array as PostgreSQL reads one."""
    if not isinstance(value, (list, tuple)):
        return value
    return "{" + ",".join('"' + str(part).replace("\\", "\\\\").replace('"', '\\"') + '"' for part in value) + "}"


def _sources(people: dict[str, Person]) -> Iterator[Sequence[object]]:
    for person, one in people.items():
        yield from ((person, source.field, source.place, *source.key, source.identity) for source in one.sources)


def _statuses(decided: dict[str, list[Decision]], policy: Survivorship) -> Iterable[Sequence[object]]:
    for person, decisions in decided.items():
        counts = current(decisions, policy)
        for one in decisions:
            yield (
                person, *one.key, one.content, one.stated, one.status, one.decided_on, one.body, one.replaced,
                one is counts,
            )  # fmt: skip


_KEY = "feed, provider, record_id"
_CLEAR = "DELETE FROM register.{table} t USING register.due d WHERE t.person_id = d.person_id"
_DUE = "SELECT DISTINCT person_id::text FROM register.due JOIN register.record USING (person_id) ORDER BY 1"
_OWN = """
    INSERT INTO register.record (feed, provider, record_id, person_id, content_id, victim_reference)
    SELECT r.feed, r.provider, r.record_id, r.person_id, k.content_id, v.victim_reference
    FROM register.due JOIN link.record r USING (person_id)
    JOIN core.sighting k USING (feed, provider, record_id)
    LEFT JOIN core.victim v ON v.content_id = k.content_id AND v.item = 1
    WHERE k.current
"""
# As link.person_record tells whose a stay is, for the persons that are due.
_STAYS = """
    WITH guest AS (
        SELECT g.provider, g.victim_reference, min(g.person_id::text)::uuid AS person_id
        FROM (SELECT DISTINCT provider, victim_reference FROM register.record JOIN register.due USING (person_id)
              WHERE victim_reference IS NOT NULL) code
        JOIN register.record g USING (provider, victim_reference)
        GROUP BY g.provider, g.victim_reference HAVING count(DISTINCT g.person_id) = 1
    )
    INSERT INTO register.record (feed, provider, record_id, person_id, content_id)
    SELECT k.feed, k.provider, k.record_id, min(guest.person_id::text)::uuid, min(k.content_id)
    FROM guest JOIN core.service s USING (provider, victim_reference)
    JOIN core.sighting k ON k.content_id = s.content_id AND k.current
    WHERE NOT EXISTS (
        SELECT FROM link.record r WHERE (r.feed, r.provider, r.record_id) = (k.feed, k.provider, k.record_id))
    GROUP BY k.feed, k.provider, k.record_id HAVING count(DISTINCT guest.person_id) = 1
"""
_STATEMENTS = """
    SELECT r.person_id::text AS person_id, r.feed, r.provider, r.record_id,
           coalesce(v.met_on, c.received_on) AS met_on, v.consent, v.consent_on,
           coalesce(v.age, c.age) AS age, coalesce(v.sex, c.sex) AS sex, coalesce(v.age_band, c.age_band) AS age_band,
           coalesce(v.minor, c.minor) AS minor, coalesce(v.citizenship, c.citizenship) AS citizenship,
           coalesce(v.region, c.region) AS region, v.province, v.marital_status, v.education, v.migration_status,
           coalesce(v.exploitation_form, c.exploitation_form) AS exploitation_form, v.means, v.recruitment_channel,
           v.country_of_exploitation
    FROM register.record r
    LEFT JOIN core.victim v ON v.content_id = r.content_id AND v.item = 1
    LEFT JOIN core.contact c ON c.content_id = r.content_id AND c.item = 1
    WHERE r.person_id = ANY(CAST(:persons AS uuid[])) AND (v.content_id IS NOT NULL OR c.content_id IS NOT NULL)
"""
# Statements of a record in the order in which they count; one that says what the one before said is no news, one that
# withdraws the record, or no longer speaks of a victim, ends what stood.
_DECISIONS = """
    WITH said AS (
        SELECT DISTINCT r.person_id, k.feed, k.provider, k.record_id, k.content_id, k.version, k.withdraws,
               k.fingerprint, v.deciding_body, coalesce(v.status_on, v.met_on) AS decided_on,
               CASE WHEN v.content_id IS NOT NULL AND NOT k.withdraws THEN coalesce(v.status, :unstated) END AS status
        FROM register.record r
        JOIN core.sighting k USING (feed, provider, record_id)
        LEFT JOIN core.victim v ON v.content_id = k.content_id AND v.item = 1
        WHERE r.person_id = ANY(CAST(:persons AS uuid[])) AND NOT k.retracted
    ), told AS (
        SELECT *, (status, decided_on, deciding_body) IS NOT DISTINCT FROM
                  (lag(status) OVER w, lag(decided_on) OVER w, lag(deciding_body) OVER w) AS again
        FROM said
        WINDOW w AS (PARTITION BY feed, provider, record_id ORDER BY version, withdraws, fingerprint)
    ), news AS (
        SELECT *, lead(version) OVER (
            PARTITION BY feed, provider, record_id ORDER BY version, withdraws, fingerprint) AS replaced
        FROM told WHERE NOT again
    )
    SELECT person_id::text AS person_id, feed, provider, record_id, content_id, version, status, decided_on,
           deciding_body, replaced
    FROM news WHERE status IS NOT NULL
"""
_UNREGISTERED = """
    DELETE FROM register.record r USING register.due d
    WHERE r.person_id = d.person_id AND NOT EXISTS (SELECT FROM register.person p WHERE p.person_id = d.person_id)
"""
_INTO_STEP = """
    INSERT INTO register.step
        (feed, provider, record_id, person_id, kind, item, began_on, ended_on, detail, consent)
"""
# Who was sent by somebody was not detected here; at a court she is neither.
_STEPS = f"""
    {_INTO_STEP}
    SELECT r.feed, r.provider, r.record_id, r.person_id, step.kind, 0, began_on, NULL, detail, v.consent
    FROM register.due JOIN register.record r USING (person_id)
    LEFT JOIN core.victim v ON v.content_id = r.content_id AND v.item = 1
    LEFT JOIN core.contact c ON c.content_id = r.content_id AND c.item = 1,
    LATERAL (SELECT split_part(r.feed, '/', 1) = 'justice' AS at_court,
                    v.referred_from NOT IN ('none', 'self') AS was_sent,
                    coalesce(v.referred_to, c.referred_to) AS sent_to) AS told,
    LATERAL (VALUES
        ('detection', coalesce(v.met_on, c.received_on), v.detection_source, NOT at_court AND was_sent IS NOT TRUE),
        ('referral_from', v.met_on, v.referred_from, was_sent AND NOT at_court),
        ('court', v.met_on, NULL, at_court),
        ('identification', v.status_on, v.deciding_body, v.status IN ('identified', 'confirmed')),
        ('protection', v.status_on, NULL, v.protection = 'yes'),
        ('referral_to', coalesce(v.referred_on, c.referred_on::date), sent_to, sent_to NOT IN ('none', 'self')),
        ('return', v.returned_on, v.return_country, v.voluntary_return = 'yes'),
        ('reintegration', NULL, NULL, v.reintegration = 'yes')
    ) AS step (kind, began_on, detail, taken)
    WHERE taken AND (v.content_id IS NOT NULL OR c.content_id IS NOT NULL)
"""  # noqa: S608 - our own words, here and below
_SERVICES = f"""
    {_INTO_STEP}
    SELECT r.feed, r.provider, r.record_id, r.person_id,
           CASE WHEN s.kind IN ('shelter', 'return', 'reintegration') THEN s.kind ELSE 'service' END,
           s.item, s.started_on, s.ended_on, CASE s.kind WHEN 'shelter' THEN s.shelter ELSE s.kind END, s.consent
    FROM register.due JOIN register.record r USING (person_id) JOIN core.service s ON s.content_id = r.content_id
    WHERE coalesce(s.status, 'running') NOT IN ('offered', 'declined', 'planned')
"""  # noqa: S608
# What was sent in the pages stays with the record it was sent by; where that was withdrawn, with whose it was.
_REFERRED = """
    WITH RECURSIVE way AS (
        SELECT f.referral_id, coalesce(
            (SELECT g.person_id FROM register.record g
             WHERE (g.feed, g.provider, g.record_id) = (f.feed, f.provider, f.record_id)),
            (SELECT r.person_id FROM link.record r
             WHERE (r.feed, r.provider, r.record_id) = (f.feed, f.provider, f.record_id)),
            (SELECT m.from_person FROM link.move m
             WHERE (m.feed, m.provider, m.record_id) = (f.feed, f.provider, f.record_id)
             ORDER BY m.move_id DESC LIMIT 1)) AS person_id
        FROM register.due JOIN register.referral f USING (person_id)
        UNION
        SELECT w.referral_id, p.merged_into FROM way w JOIN link.person p USING (person_id)
        WHERE p.merged_into IS NOT NULL
    )
    UPDATE register.referral f SET person_id = w.person_id FROM way w JOIN link.person p USING (person_id)
    WHERE w.referral_id = f.referral_id AND p.merged_into IS NULL AND f.person_id <> w.person_id
"""
_SEEN_BY = """
    INSERT INTO register.seen_by (person_id, provider, first_seen, last_seen)
    SELECT r.person_id, r.provider, min(day), max(day)
    FROM register.due JOIN register.record r USING (person_id)
    LEFT JOIN register.step s USING (feed, provider, record_id),
    LATERAL (VALUES (s.began_on), (s.ended_on)) AS days (day)
    GROUP BY r.person_id, r.provider
"""
_COUNTED_BY = "met_on, status, sex, age_band, minor, region, citizenship, exploitation_form, steps"
_NOW = """
    SELECT p.person_id, way.met_on, s.status, p.sex, p.age_band, p.minor, p.region, p.citizenship,
           p.exploitation_form, '{"met": 0}' || coalesce(way.steps, '{}') AS steps
    FROM register.due JOIN register.person p USING (person_id)
    JOIN register.status s ON s.person_id = p.person_id AND s.current
    LEFT JOIN LATERAL (
        SELECT min(met_on) AS met_on, jsonb_object_agg(kind, first - met_on) AS steps
        FROM (SELECT kind, min(began_on) AS first, min(min(began_on)) OVER () AS met_on FROM register.step x
              WHERE x.person_id = p.person_id AND began_on IS NOT NULL GROUP BY kind) AS kinds
    ) AS way ON true
"""
_PAST = (
    f"""
    WITH same AS (
        SELECT person_id, {_COUNTED_BY} FROM ({_NOW}) AS now
        INTERSECT SELECT person_id, {_COUNTED_BY} FROM register.past JOIN register.due USING (person_id)
        WHERE until IS NULL
    )
    UPDATE register.past h SET until = :at FROM register.due d
    WHERE h.person_id = d.person_id AND h.until IS NULL AND NOT EXISTS (
        SELECT FROM same WHERE same.person_id = h.person_id)
    """,  # noqa: S608
    f"""
    INSERT INTO register.past (person_id, since, {_COUNTED_BY})
    SELECT person_id, :at, {_COUNTED_BY} FROM ({_NOW}) AS now
    WHERE NOT EXISTS (SELECT FROM register.past h WHERE h.person_id = now.person_id AND h.until IS NULL)
    """,  # noqa: S608
)
