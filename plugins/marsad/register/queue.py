"""Whom the register has to rebuild: persons of deliveries it has not read, of changed records, and who linkage touched.

All that tells it has no key, so nobody ever waits for it; what is taken is taken by the transaction that rebuilds.
"""

from __future__ import annotations

import sqlalchemy as sa

from marsad.intake.ledger import ACCEPTED

_DONE = ", ".join(f"'{status}'" for status in ACCEPTED)


def notice(connection: sa.Connection) -> int:
    """Fills ``register.due`` with whoever is touched since it was last asked; returns how many that are."""
    unread = connection.execute(sa.text(_UNREAD)).scalars().all()
    if unread:
        connection.execute(sa.text(_DELIVERIES), {"deliveries": unread})
    for statement in (_RESTATED, _TOUCHED, "ANALYZE register.due", _GUESTS):
        connection.execute(sa.text(statement))
    return int(connection.execute(sa.text("SELECT count(*) FROM register.due")).scalar_one())


def everybody(connection: sa.Connection) -> None:
    """Puts every person into the queue: the policy is another."""
    connection.execute(sa.text(_EVERYBODY))


# A record is of whom linkage says, of whom the register had it from, or follows its guest's code.
_PERSONS = """
    INSERT INTO register.due
    SELECT r.person_id FROM met JOIN link.record r USING (feed, provider, record_id)
    UNION SELECT g.person_id FROM met JOIN register.record g USING (feed, provider, record_id)
    UNION SELECT g.person_id FROM met
        JOIN core.sighting k USING (feed, provider, record_id)
        JOIN core.service s ON s.content_id = k.content_id
        JOIN register.record g ON g.provider = s.provider AND g.victim_reference = s.victim_reference
    ON CONFLICT DO NOTHING
"""
_UNREAD = f"""
    INSERT INTO register.delivery
    SELECT d.delivery_id FROM ops.delivery d
    WHERE d.status IN ({_DONE}) AND NOT EXISTS (SELECT FROM register.delivery r WHERE r.delivery_id = d.delivery_id)
    RETURNING delivery_id::text
"""  # noqa: S608 - our own words, here and below
_DELIVERIES = f"""
    WITH met AS MATERIALIZED (
        SELECT DISTINCT feed, provider, record_id FROM core.sighting
        WHERE delivery_id = ANY(CAST(:deliveries AS uuid[]))
    ) {_PERSONS}
"""  # noqa: S608
_RESTATED = f"""
    WITH gone AS (DELETE FROM core.restated RETURNING feed, provider, record_id),
    met AS MATERIALIZED (SELECT DISTINCT feed, provider, record_id FROM gone) {_PERSONS}
"""  # noqa: S608
_TOUCHED = """
    WITH gone AS (DELETE FROM link.touched RETURNING person_id)
    INSERT INTO register.due SELECT DISTINCT person_id FROM gone ON CONFLICT DO NOTHING
"""
# Two persons with one code of a shelter's guest: stays follow neither, and follow again when they are one.
_GUESTS = """
    WITH codes AS (
        SELECT provider, victim_reference FROM register.record JOIN register.due USING (person_id)
        UNION
        SELECT v.provider, v.victim_reference
        FROM register.due JOIN link.record r USING (person_id)
        JOIN core.sighting k USING (feed, provider, record_id) JOIN core.victim v ON v.content_id = k.content_id
        WHERE k.current
    )
    INSERT INTO register.due
    SELECT DISTINCT g.person_id FROM codes JOIN register.record g USING (provider, victim_reference)
    WHERE EXISTS (SELECT FROM core.service s WHERE (s.provider, s.victim_reference) = (g.provider, g.victim_reference))
    ON CONFLICT DO NOTHING
"""
_EVERYBODY = """
    INSERT INTO register.due SELECT person_id FROM link.record UNION SELECT person_id FROM register.person
    ON CONFLICT DO NOTHING
"""
