"""Registered persons as pages list them. No filter stands here: the database shows who asks whom she may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

PAGE = 25


def listed(connection: sa.Connection, skip: int, number: str = "") -> list[dict[str, Any]]:
    """Up to ``PAGE`` persons and one more, the last met first, without the first ``skip``.

    With ``number`` those alone of whom a record, in any feed, has it as its id: for a case officer a record of her own
    bodies, since what others call a person is not hers to know.
    """
    values = {"number": number, "most": PAGE + 1, "skip": skip}
    return _rows(connection, _BY_NUMBER if number else _LISTED, values)


def these(connection: sa.Connection, persons: Sequence[str]) -> list[dict[str, Any]]:
    """Of these persons those whom the reader may see, in their order."""
    rows = {row["person_id"]: row for row in _rows(connection, _THESE, {"persons": list(persons)})}
    return [rows[person] for person in persons if person in rows]


def waiting(connection: sa.Connection) -> list[dict[str, Any]]:
    """Waiting times by kind of step: those of view ``register.waiting``."""
    return _rows(connection, _WAITING)


def alone(connection: sa.Connection) -> list[dict[str, Any]]:
    """How many persons each agency alone knows, and how many it knows at all."""
    return _rows(connection, _ALONE)


def shelters(connection: sa.Connection) -> list[dict[str, Any]]:
    """Each shelter with its places, as last told, and how many stay there now."""
    return _rows(connection, _SHELTERS)


def _rows(connection: sa.Connection, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.text(query), values).mappings()]


# Of other bodies an officer reads no row of seen_by; the steps that they tell of name them.
_SHOWN = """
    SELECT p.person_id::text AS person_id, p.sex, p.age_band, p.minor, s.status, seen.bodies, chosen.last_seen
    FROM chosen JOIN register.person p USING (person_id)
    JOIN register.status s ON s.person_id = p.person_id AND s.current
    CROSS JOIN LATERAL (
        SELECT array_agg(provider ORDER BY provider) AS bodies FROM (
            SELECT provider FROM register.seen_by b WHERE b.person_id = p.person_id
            UNION SELECT provider FROM register.step t WHERE t.person_id = p.person_id
        ) AS known
    ) AS seen
    ORDER BY chosen.last_seen DESC NULLS LAST, p.person_id
"""
# The last met first: from the bodies' own rows, so that a page costs what it shows.
_LISTED = f"""
    WITH chosen AS (
        SELECT person_id, max(last_seen) AS last_seen FROM register.seen_by
        GROUP BY person_id ORDER BY 2 DESC NULLS LAST, 1 LIMIT :most OFFSET :skip
    ) {_SHOWN}
"""  # noqa: S608 - our own words, here and below
_BY_NUMBER = f"""
    WITH chosen AS (
        SELECT person_id, max(last_seen) AS last_seen FROM register.seen_by
        WHERE person_id IN (SELECT r.person_id FROM register.record r WHERE r.record_id = :number)
        GROUP BY person_id ORDER BY 2 DESC NULLS LAST, 1 LIMIT :most OFFSET :skip
    ) {_SHOWN}
"""  # noqa: S608
_THESE = f"""
    WITH chosen AS (
        SELECT person_id, max(last_seen) AS last_seen FROM register.seen_by
        WHERE person_id = ANY(CAST(:persons AS uuid[])) GROUP BY person_id
    ) {_SHOWN}
"""  # noqa: S608
_WAITING = """
    SELECT kind, persons, median_days, nine_of_ten_days, longest_days FROM register.waiting
    ORDER BY median_days, kind
"""
_ALONE = """
    WITH known AS (
        SELECT DISTINCT split_part(feed, '/', 1) AS agency, person_id FROM register.record
    ), counted AS (SELECT person_id, count(*) = 1 AS alone FROM known GROUP BY person_id)
    SELECT agency, count(*) AS persons, count(*) FILTER (WHERE alone) AS alone
    FROM known JOIN counted USING (person_id) GROUP BY agency ORDER BY agency
"""
_SHELTERS = "SELECT provider, shelter, places, stay FROM register.shelter ORDER BY provider, shelter"
