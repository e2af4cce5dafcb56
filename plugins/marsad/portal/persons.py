"""Registered persons as pages list them: those whom an account may see, found by a number that an agency gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from marsad.portal.accounts import CASE_OFFICER, COMMISSION, Account

PAGE = 25


@dataclass(frozen=True, slots=True)
class Sight:
    """Whom an account may see: persons that one of ``providers`` knows; None: every person."""

    providers: tuple[str, ...] | None

    @classmethod
    def of(cls, account: Account) -> Sight:
        """The commission sees every person, a case officer those of the bodies it works for."""
        if COMMISSION in account.roles:
            return cls(None)
        return cls(tuple(sorted(r.provider for r in account.rights if r.role == CASE_OFFICER)))

    def knows(self, provider: str) -> bool:
        """Whether the account may know by which numbers that body calls people."""
        return self.providers is None or provider in self.providers

    @property
    def values(self) -> dict[str, Any]:
        """What the statements here take."""
        return {"all": self.providers is None, "bodies": list(self.providers or ())}


def listed(connection: sa.Connection, sight: Sight, skip: int, number: str = "") -> list[dict[str, Any]]:
    """Up to ``PAGE`` persons and one more, the last met first, without the first ``skip``.

    With ``number`` those alone of whom a record, in any feed, has it as its id: for a case officer a record of her own
    bodies, since what others call a person is not hers to know.
    """
    query = _BY_NUMBER if number else _LISTED
    values = {**sight.values, "number": number, "most": PAGE + 1, "skip": skip}
    return _rows(connection, query, values)


def sees(connection: sa.Connection, sight: Sight, person: str) -> bool:
    """Whether there is such a person, and the account may see her."""
    return bool(connection.execute(sa.text(_SEES), {**sight.values, "person": person}).scalar())


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


_MAY = "(:all OR EXISTS (SELECT FROM register.seen_by o WHERE o.person_id = p.person_id AND o.provider = ANY(:bodies)))"
_SHOWN = """
    SELECT p.person_id::text AS person_id, p.sex, p.age_band, p.minor, s.status, seen.bodies, seen.last_seen
    FROM chosen JOIN register.person p USING (person_id)
    JOIN register.status s ON s.person_id = p.person_id AND s.current
    CROSS JOIN LATERAL (
        SELECT array_agg(provider ORDER BY provider) AS bodies, max(last_seen) AS last_seen
        FROM register.seen_by b WHERE b.person_id = p.person_id
    ) seen
    ORDER BY seen.last_seen DESC NULLS LAST, p.person_id
"""
# The last met first: from the bodies' own rows, so that a page costs what it shows.
_LISTED = f"""
    WITH chosen AS (
        SELECT person_id FROM register.seen_by WHERE :all OR provider = ANY(:bodies)
        GROUP BY person_id ORDER BY max(last_seen) DESC NULLS LAST, person_id LIMIT :most OFFSET :skip
    ) {_SHOWN}
"""  # noqa: S608 - our own words, here and below
_BY_NUMBER = f"""
    WITH chosen AS (
        SELECT DISTINCT person_id FROM register.record r
        WHERE r.record_id = :number AND (:all OR r.provider = ANY(:bodies))
        ORDER BY person_id LIMIT :most OFFSET :skip
    ) {_SHOWN}
"""  # noqa: S608
_SEES = f"SELECT true FROM register.person p WHERE p.person_id = CAST(:person AS uuid) AND {_MAY}"  # noqa: S608
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
