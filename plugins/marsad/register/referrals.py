"""Referrals between bodies: one officer sends, another's body answers, either ends it; all dated, no free text.

Everything works in the caller's transaction. Who sends or answers for which body the database finds out by itself, from
the session that the transaction proved (``warehouse.own_persons``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

import sqlalchemy as sa
from pydantic import Field

from marsad.policies import Part
from marsad.warehouse.register_tables import ANSWERS, LAPSED, WITHDRAWN

SHOWN = 100
ACCEPTED, ENDED = ANSWERS[0], "ended"


class Terms(Part):
    """``referrals`` of ``schemas/policies/retention.yaml``: days after which one ends by itself."""

    unanswered_days: Annotated[int, Field(gt=0)]
    answered_days: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, slots=True)
class Referral:
    """A person sent to a body for a service. ``person`` is None once the reader may not see her any more."""

    referral: str
    person: str | None
    provider: str
    to_provider: str
    kind: str
    sent_at: datetime
    answer: str | None
    answered_at: datetime | None
    ended_at: datetime | None

    def answers(self, bodies: Sequence[str]) -> tuple[str, ...]:
        """What these bodies may say of it now."""
        sent, came = self.provider in bodies, self.to_provider in bodies
        if self.answer is None:
            return (ANSWERS if came else ()) + ((WITHDRAWN,) if sent else ())
        return (ENDED,) if (sent or came) and self.goes_on else ()

    @property
    def goes_on(self) -> bool:
        """Whether the body that it was sent to may see her by it, as far as the referral says."""
        return self.answer is None or (self.answer == ACCEPTED and self.ended_at is None)

    def until(self, terms: Terms) -> datetime | None:
        """When it ends by itself; None if it is over."""
        if not self.goes_on:
            return None
        if self.answered_at is None:
            return self.sent_at + timedelta(days=terms.unanswered_days)
        return self.answered_at + timedelta(days=terms.answered_days)


def refer(
    connection: sa.Connection, person: str, sender: str, receiver: str, kind: str, actor: str, at: datetime
) -> str | None:
    """Sends a person whom ``sender`` knows, and who consented, to another body; returns the referral's id.

    None: she is not theirs to send, or this is sent and not answered yet (``waits``), though at this very moment.
    """
    values = {"person": person, "sender": sender, "receiver": receiver, "kind": kind, "by": actor, "at": at}
    found = connection.execute(_REFER, values).scalar()
    return str(found) if found else None


def waits(connection: sa.Connection, person: str, sender: str, receiver: str, kind: str) -> bool:
    """Whether just this was sent, as far as the reader may know, and is not answered yet."""
    return any(
        (one.provider, one.to_provider, one.kind, one.answer) == (sender, receiver, kind, None)
        for one in of(connection, person).values()
    )


def answer(connection: sa.Connection, referral: str, said: str, actor: str, at: datetime) -> str | None:
    """Answers for the body that a referral went to, withdraws it for the one it came from, or ends it for either.

    Returns the person. None: not theirs, or answered or ended already.
    """
    if said not in (*ANSWERS, WITHDRAWN, ENDED):
        return None
    values = {"referral": referral, "said": said, "by": actor, "at": at}
    found = connection.execute(_END if said == ENDED else _ANSWER, values).scalar()
    return str(found) if found else None


class Late(NamedTuple):
    """A referral that ends by itself, of whom, and what becomes of it: ``lapsed`` or ``ended``."""

    referral: str
    person: str
    became: str


def late(connection: sa.Connection, unanswered: datetime, answered: datetime) -> list[Late]:
    """What was sent before ``unanswered`` and waits still, or was accepted before ``answered`` and goes on."""
    return [Late(*row) for row in connection.execute(_LATE, {"unanswered": unanswered, "answered": answered})]


def close(connection: sa.Connection, some: Sequence[Late], actor: str, at: datetime) -> list[Late]:
    """Ends these, and returns those of them that nobody answered or ended meanwhile. The caller audits it."""
    done: set[str] = set()
    for became, statement in ((LAPSED, _LAPSE), (ENDED, _CLOSE)):
        ids = [one.referral for one in some if one.became == became]
        done |= set(connection.execute(statement, {"ids": ids, "by": actor, "at": at}).scalars())
    return [one for one in some if one.referral in done]


def listed(connection: sa.Connection, bodies: Sequence[str], skip: int) -> list[Referral]:
    """Referrals from or to ``bodies`` (none: all that the reader may see), what waits first, then the newest.

    Up to ``SHOWN`` and one more, without the first ``skip``.
    """
    rows = connection.execute(_LISTED, {"bodies": list(bodies), "most": SHOWN + 1, "skip": skip}).mappings()
    return [Referral(**row) for row in rows]


def of(connection: sa.Connection, person: str) -> Mapping[str, Referral]:
    """The referrals of a person by their id."""
    rows = connection.execute(_OF, {"person": person}).mappings()
    return {row["referral"]: Referral(**row) for row in rows}


_FIELDS = """r.referral_id::text AS referral, p.person_id::text AS person, r.provider, r.to_provider, r.kind, r.sent_at,
    r.answer, r.answered_at, r.ended_at FROM register.referral r LEFT JOIN register.person p USING (person_id)"""
_LISTED = sa.text(
    f"""
    SELECT {_FIELDS} WHERE cardinality(CAST(:bodies AS text[])) = 0 OR ARRAY[r.provider, r.to_provider] && :bodies
    ORDER BY r.answer IS NOT NULL, r.sent_at DESC, r.referral_id LIMIT :most OFFSET :skip
    """  # noqa: S608 - our own words
)
_OF = sa.text(f"SELECT {_FIELDS} WHERE r.person_id = CAST(:person AS uuid)")  # noqa: S608
_REFER = sa.text("SELECT register.refer(CAST(:person AS uuid), :sender, :receiver, :kind, :by, :at)")
_END = sa.text("SELECT register.end_referral(CAST(:referral AS uuid), :by, :at)")
_ANSWER = sa.text("SELECT register.answer(CAST(:referral AS uuid), :said, :by, :at)")
_LATE = sa.text(
    """
    SELECT referral_id::text, person_id::text, CASE WHEN answer IS NULL THEN 'lapsed' ELSE 'ended' END
    FROM register.referral
    WHERE answer IS NULL AND sent_at < :unanswered
       OR answer = 'accepted' AND ended_at IS NULL AND answered_at < :answered
    ORDER BY referral_id
    """
)
_LAPSE = sa.text(
    """
    UPDATE register.referral SET answer = 'lapsed', answered_at = :at, answered_by = :by
    WHERE referral_id = ANY(CAST(:ids AS uuid[])) AND answer IS NULL RETURNING referral_id::text
    """
)
_CLOSE = sa.text(
    """
    UPDATE register.referral SET ended_at = :at, ended_by = :by
    WHERE referral_id = ANY(CAST(:ids AS uuid[])) AND answer = 'accepted' AND ended_at IS NULL
    RETURNING referral_id::text
    """
)
