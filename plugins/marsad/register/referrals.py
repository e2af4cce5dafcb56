"""Referrals between bodies: one officer sends, another's body answers, both dated; a kind of service, no free text.

Everything works in the caller's transaction. Who sends or answers for which body the database finds out by itself, from
the session that the transaction proved (``warehouse.own_persons``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marsad.warehouse.register_tables import ANSWERS, WITHDRAWN

SHOWN = 100


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

    def answers(self, bodies: Sequence[str]) -> tuple[str, ...]:
        """What these bodies may say of it now."""
        if self.answer:
            return ()
        return (ANSWERS if self.to_provider in bodies else ()) + ((WITHDRAWN,) if self.provider in bodies else ())


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
    """Answers for the body that a referral went to, or withdraws it for the one it came from; returns the person.

    None: not theirs, or answered already.
    """
    if said not in (*ANSWERS, WITHDRAWN):
        return None
    values = {"referral": referral, "said": said, "by": actor, "at": at}
    found = connection.execute(_ANSWER, values).scalar()
    return str(found) if found else None


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
    r.answer, r.answered_at FROM register.referral r LEFT JOIN register.person p USING (person_id)"""
_LISTED = sa.text(
    f"""
    SELECT {_FIELDS} WHERE cardinality(CAST(:bodies AS text[])) = 0 OR ARRAY[r.provider, r.to_provider] && :bodies
    ORDER BY r.answer IS NOT NULL, r.sent_at DESC, r.referral_id LIMIT :most OFFSET :skip
    """  # noqa: S608 - our own words
)
_OF = sa.text(f"SELECT {_FIELDS} WHERE r.person_id = CAST(:person AS uuid)")  # noqa: S608
_REFER = sa.text("SELECT register.refer(CAST(:person AS uuid), :sender, :receiver, :kind, :by, :at)")
_ANSWER = sa.text("SELECT register.answer(CAST(:referral AS uuid), :said, :by, :at)")
