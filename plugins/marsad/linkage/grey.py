"""The grey zone: persons whom the machine keeps apart and who may be one, as a table that is kept in step with them.

Of two persons the table holds one pair of records: the one that somebody was shown already, else the likeliest. Pairs
above the threshold are there too, where joining them would have made an impossible person. Once people decided of any
two of their records, two persons are out. First come those of whom most of their records, taken by pairs, speak for
it: one record alike among many others that are not is rarely the same person (docs/adr/0015-persons.md).
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from marsad.linkage.queue import ENDS, ends_of


def settle(connection: sa.Connection, persons: Collection[str] | None, prior: float, review: float) -> None:
    """Writes anew what is asked of ``persons`` (None: of all), with pairs from the probability ``review`` on.

    ``prior`` is that of the records there are, in bits. Costs what hangs on these persons, not what the register holds.
    """
    everybody = persons is None
    values = {"persons": list(persons or ()), "everybody": everybody, "prior": prior, "review": review}
    for statement in (_LEAVE, _ASK):
        connection.execute(sa.text(statement), values)


_LEAVE = """
    DELETE FROM link.review
    WHERE :everybody OR one_person = ANY(CAST(:persons AS uuid[])) OR other_person = ANY(CAST(:persons AS uuid[]))
"""
_LEFT, _RIGHT = (f"({name}.feed, {name}.provider, {name}.record_id)" for name in "lr")
_ASK = f"""
    WITH mine AS MATERIALIZED (
        SELECT * FROM link.record WHERE :everybody OR person_id = ANY(CAST(:persons AS uuid[]))
    ), edge AS (
        SELECT p.* FROM mine JOIN link.pair p ON p.left_content = content_id
        UNION
        SELECT p.* FROM mine JOIN link.pair p ON p.right_content = content_id
    ), decided AS MATERIALIZED (
        SELECT l.person_id AS one, r.person_id AS other FROM mine l
        JOIN link.decision d ON (d.left_feed, d.left_provider, d.left_record) = {_LEFT}
        JOIN link.record r ON (d.right_feed, d.right_provider, d.right_record) = {_RIGHT}
        UNION
        SELECT l.person_id, r.person_id FROM mine r
        JOIN link.decision d ON (d.right_feed, d.right_provider, d.right_record) = {_RIGHT}
        JOIN link.record l ON (d.left_feed, d.left_provider, d.left_record) = {_LEFT}
    ), pair AS (
        SELECT least(l.person_id, r.person_id) AS one, greatest(l.person_id, r.person_id) AS other,
            l.feed AS left_feed, l.provider AS left_provider, l.record_id AS left_record,
            r.feed AS right_feed, r.provider AS right_provider, r.record_id AS right_record,
            l.content_id AS left_content, r.content_id AS right_content,
            e.weight + :prior AS weight, 1 / (1 + power(2.0::float8, -(e.weight + :prior))) AS probability
        FROM edge e
        JOIN link.record l ON l.content_id IN (e.left_content, e.right_content)
        JOIN link.record r ON r.content_id = e.left_content + e.right_content - l.content_id
        WHERE {_LEFT} < {_RIGHT} AND l.person_id <> r.person_id
    ), asked AS (
        SELECT DISTINCT ON (one, other) * FROM (
            SELECT *, sum(probability) OVER (PARTITION BY one, other) AS speaking FROM pair
        ) AS pair
        WHERE probability >= :review
          AND NOT EXISTS (
            SELECT FROM decided d WHERE (d.one, d.other) IN ((pair.one, pair.other), (pair.other, pair.one)))
        ORDER BY one, other,
            EXISTS (SELECT FROM link.vote v WHERE {ends_of("v")} = {ends_of("pair")}) DESC,
            probability DESC, left_content, right_content
    )
    INSERT INTO link.review
        (one_person, other_person, {ENDS}, left_content, right_content, weight, probability, joins, worth)
    SELECT one, other, {ENDS}, left_content, right_content, weight, probability, joins, speaking / joins
    FROM asked, LATERAL (
        SELECT (SELECT count(*) FROM link.record WHERE person_id = one)
             * (SELECT count(*) FROM link.record WHERE person_id = other) AS joins
    ) AS effect
"""  # noqa: S608 - our own words
