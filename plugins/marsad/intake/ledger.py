"""The ledger: what arrived, which delivery it is, who works on it. It decides; the scheduler only drives.

A delivery is one content of a feed from a provider, judged under one contract and suite version. Working on one needs
its claim: a row lock on a connection of its own, so that a killed process frees the delivery by dying.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marsad.contracts.model import Contract
from marsad.errors import UsageFault
from marsad.intake.naming import name_facts
from marsad.quality.structural import SUFFIXES
from marsad.warehouse.engine import clean_errors

ACCEPTED = ("accepted", "accepted_with_findings")
DONE = (*ACCEPTED, "refused")
SUPERSEDED = "superseded"  # the same content was judged again


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes that came in: where for, under which name, and what they are.

    ``facts`` is what the contract takes from the name (``naming.name_facts``).
    """

    feed: str
    provider: str
    file_name: str
    sha256: str
    size: int
    received_at: datetime
    facts: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a delivery is judged under; part of its identity."""

    contract_version: str
    contract_fingerprint: str
    suite_fingerprint: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the ledger."""

    delivery_id: str
    seq: int
    feed: str
    provider: str
    sha256: str
    size: int
    file_name: str
    received_at: datetime
    contract_version: str
    contract_fingerprint: str
    suite_fingerprint: str
    status: str
    attempts: int
    rejudges: str | None
    receipt: dict[str, Any] | None
    facts: str = ""
    admitted: str = ""


_IDS = ("delivery_id", "rejudges")
_COLUMNS = ", ".join(f"d.{name}::text" if name in _IDS else f"d.{name}" for name in Delivery.__dataclass_fields__)

_INSERT = sa.text(
    """
    INSERT INTO ops.delivery (delivery_id, feed, provider, sha256, facts, size, file_name, received_at,
                              first_received_at, contract_version, contract_fingerprint, suite_fingerprint, status,
                              rejudges, admitted)
    VALUES (uuidv7(), :feed, :provider, :sha256, :facts, :size, :file_name, :received_at,
            :received_at, :contract_version, :contract_fingerprint, :suite_fingerprint, 'received',
            :rejudges, :admitted)
    ON CONFLICT (feed, provider, sha256, facts, contract_fingerprint, suite_fingerprint, admitted)
        WHERE live
    DO NOTHING RETURNING delivery_id::text
    """
)
_SAME = sa.text(
    f"""
    SELECT {_COLUMNS} FROM ops.delivery d
    WHERE feed = :feed AND provider = :provider AND sha256 = :sha256 AND facts = :facts
      AND live
      AND contract_fingerprint = :contract_fingerprint AND suite_fingerprint = :suite_fingerprint
      AND (d.admitted = :admitted OR :admitted = '') ORDER BY d.admitted DESC LIMIT 1
    """  # noqa: S608 - only our own column names
)

_CLAIM = sa.text(
    """
    SELECT c.delivery_id::text FROM ops.claim c JOIN ops.delivery d USING (delivery_id)
    WHERE d.status = 'received' AND (d.feed = :feed OR :feed IS NULL)
      AND (d.delivery_id = :id OR :id IS NULL) AND NOT d.delivery_id = ANY(CAST(:skip AS uuid[]))
    ORDER BY d.attempts, d.seq LIMIT 1 FOR UPDATE OF c SKIP LOCKED
    """
)


def register(
    connection: sa.Connection, arrival: Arrival, terms: Terms, rejudges: str | None = None, admitted: str = ""
) -> tuple[Delivery, bool]:
    """Enters an arrival; returns its delivery and whether it is new. The same bytes again meet their first delivery.

    ``admitted`` is why their refusal is set aside; the same bytes meet that judgement from then on.
    """
    values = {**_as_dict(arrival), **_as_dict(terms), "rejudges": rejudges, "admitted": admitted}
    known = None if admitted else find(connection, arrival, terms)
    new = None if known else connection.execute(_INSERT, values).scalar()
    delivery = _delivery(connection.execute(_SAME, values).one())
    if new:
        connection.execute(sa.text("INSERT INTO ops.claim VALUES (:id)"), {"id": new})
    if not rejudges:
        _note_arrival(connection, delivery.delivery_id, arrival)
    return delivery, bool(new)


def find(connection: sa.Connection, arrival: Arrival, terms: Terms) -> Delivery | None:
    """The delivery that the arrival's bytes would meet, or None."""
    row = connection.execute(_SAME, {**_as_dict(arrival), **_as_dict(terms), "admitted": ""}).one_or_none()
    return _delivery(row) if row else None


def imagined(connection: sa.Connection, arrival: Arrival, terms: Terms) -> Delivery:
    """The delivery that an arrival would make, with an id of its own and in no table."""
    new_id = str(connection.execute(sa.text("SELECT uuidv7()")).scalar_one())
    known = {**_as_dict(arrival), **_as_dict(terms)}
    return Delivery(delivery_id=new_id, seq=0, status="received", attempts=0, rejudges=None, receipt=None, **known)


def _note_arrival(connection: sa.Connection, delivery_id: str, arrival: Arrival) -> None:
    connection.execute(
        sa.text("INSERT INTO ops.arrival VALUES (uuidv7(), :id, :received_at, :file_name, NULL)"),
        {"id": delivery_id, "received_at": arrival.received_at, "file_name": arrival.file_name},
    )


@contextmanager
def claim(
    engine: sa.Engine, feed: str | None = None, delivery_id: str | None = None, skip: tuple[str, ...] = ()
) -> Iterator[Delivery | None]:
    """Holds one open delivery while the block runs, or yields None when there is none that nobody else holds.

    Deliveries that broke the platform before come last, so that one of them cannot hold up the others.
    """
    over = list(skip)
    with clean_errors(), engine.connect() as connection, connection.begin():
        while found := connection.execute(_CLAIM, {"feed": feed, "id": delivery_id, "skip": over}).scalar():
            delivery = get(connection, found)
            if delivery.status == "received":
                yield delivery
                return
            over.append(found)  # its state was read before the lock was had: somebody finished in between
        yield None


def get(connection: sa.Connection, delivery_id: str) -> Delivery:
    """The delivery of that id.

    Raises:
        sqlalchemy.exc.NoResultFound: there is none.
    """
    query = sa.text(f"SELECT {_COLUMNS} FROM ops.delivery d WHERE delivery_id = :id")  # noqa: S608
    return _delivery(connection.execute(query, {"id": delivery_id}).one())


def renew_terms(connection: sa.Connection, delivery: Delivery, terms: Terms, facts: str) -> str | None:
    """Has an open delivery judged under what holds now, which its receipt will name; ``facts`` as in ``Arrival``.

    Where another delivery judges the same content under that already, this one goes and its arrivals become repeats of
    the other, whose id is given.
    """
    content = {name: getattr(delivery, name) for name in ("feed", "provider", "sha256", "admitted")}
    values = {**_as_dict(terms), **content, "facts": facts}
    met = connection.execute(_SAME, values).one_or_none()
    if met is None:
        connection.execute(_RENEW, {**values, "id": delivery.delivery_id})
        return None
    if met.delivery_id == delivery.delivery_id:
        return None
    moved = {"id": delivery.delivery_id, "to": met.delivery_id}
    connection.execute(_MOVE, moved)
    supersede(connection, [delivery.delivery_id], met.delivery_id)
    return str(met.delivery_id)


# With a number of now: the arrival that made the other delivery stays its first.
_MOVE = sa.text("UPDATE ops.arrival SET delivery_id = :to, arrival_id = uuidv7() WHERE delivery_id = :id")
_RENEW = sa.text(
    """
    UPDATE ops.delivery SET contract_version = :contract_version, contract_fingerprint = :contract_fingerprint,
           suite_fingerprint = :suite_fingerprint, facts = :facts WHERE delivery_id = :id
    """
)


def begin_attempt(engine: sa.Engine, delivery: Delivery) -> int:
    """Counts an attempt, committed before the work, so that it survives a kill; returns its number from 1."""
    with clean_errors(), engine.begin() as connection:
        query = sa.text("UPDATE ops.delivery SET attempts = attempts + 1 WHERE delivery_id = :id RETURNING attempts")
        return int(connection.execute(query, {"id": delivery.delivery_id}).scalar_one())


def note_fault(engine: sa.Engine, delivery: Delivery, text: str) -> None:
    """Keeps our own fault beside the delivery, which stays open."""
    with clean_errors(), engine.begin() as connection:
        query = sa.text("UPDATE ops.delivery SET last_fault = :text WHERE delivery_id = :id")
        connection.execute(query, {"text": text, "id": delivery.delivery_id})


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(**row._mapping)


def _as_dict(value: Arrival | Terms) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def exists(connection: sa.Connection, delivery_id: str) -> bool:
    """Whether there is a delivery of that id."""
    query = sa.text("SELECT EXISTS (SELECT FROM ops.delivery WHERE delivery_id::text = :id)")
    return bool(connection.execute(query, {"id": delivery_id}).scalar())


def to_rejudge(connection: sa.Connection, target: str) -> list[str]:
    """Ids of a feed's settled deliveries that other terms may read better, in order.

    They were refused, or have rows that wait in quarantine or cells that no code list knew.

    A delivery named by its id is taken whatever its verdict. Of a feed the newest judgement of each content counts.
    """
    query = sa.text(
        """
        SELECT d.delivery_id::text FROM ops.delivery d
        WHERE d.delivery_id::text = :target AND d.status = ANY(:judged)
           OR d.feed = :target AND d.status = ANY(:done)
          AND (d.status = 'refused' OR EXISTS (
                  SELECT FROM quarantine.record q WHERE q.delivery_id = d.delivery_id AND q.corrected_by IS NULL)
              OR EXISTS (
                  SELECT FROM quarantine.finding f
                  WHERE f.delivery_id = d.delivery_id AND f.rule = f."column" || :unmapped))
          AND NOT EXISTS (SELECT FROM ops.delivery n WHERE n.rejudges = d.delivery_id AND n.status <> 'retracted')
        ORDER BY d.seq
        """
    )
    values = {
        "target": target, "done": list(DONE), "judged": [*DONE, SUPERSEDED], "unmapped": f".{SUFFIXES['unmapped']}",
    }  # fmt: skip
    return list(connection.execute(query, values).scalars())


def of_same_content(
    connection: sa.Connection, delivery: Delivery, states: Sequence[str], contract: Contract
) -> list[Delivery]:
    """The other deliveries in one of ``states`` that judged the same content of the same feed and provider, in order.

    Content is the bytes and what ``contract``, the feed's present one, takes from the file's name.
    """
    query = sa.text(
        f"""
        SELECT {_COLUMNS} FROM ops.delivery d
        WHERE d.feed = :feed AND d.provider = :provider AND d.sha256 = :sha256 AND d.delivery_id <> :delivery_id
          AND d.status = ANY(:states) ORDER BY d.seq
        """  # noqa: S608
    )
    names = ("feed", "provider", "sha256", "delivery_id")
    values = {**{name: getattr(delivery, name) for name in names}, "states": list(states)}
    found = map(_delivery, connection.execute(query, values))
    facts = name_facts(contract, delivery.file_name)
    return [other for other in found if name_facts(contract, other.file_name) == facts]


def last_arrived(connection: sa.Connection, delivery: Delivery) -> datetime:
    """When the bytes of a delivery came last."""
    query = sa.text(
        """
        SELECT max(a.received_at) FROM ops.arrival a JOIN ops.delivery d USING (delivery_id)
        WHERE d.feed = :feed AND d.provider = :provider AND d.sha256 = :sha256 AND d.facts = :facts
        """
    )
    values = {name: getattr(delivery, name) for name in ("feed", "provider", "sha256", "facts")}
    return connection.execute(query, values).scalar() or delivery.received_at


def supersede(connection: sa.Connection, delivery_ids: Sequence[str], by: str) -> None:
    """Judgements that another one of the same content replaces count no longer; their refused rows wait with it."""
    values = {"ids": list(delivery_ids), "by": by}
    for statement in _SUPERSEDE:
        connection.execute(sa.text(statement), values)


_SUPERSEDE = (
    """
    UPDATE ops.delivery SET first_received_at = least(first_received_at, (
        SELECT min(o.first_received_at) FROM ops.delivery o WHERE o.delivery_id = ANY(CAST(:ids AS uuid[]))))
    WHERE delivery_id = :by
    """,
    "UPDATE ops.delivery SET status = 'superseded' WHERE delivery_id = ANY(CAST(:ids AS uuid[]))",
    "UPDATE quarantine.record SET corrected_by = :by"
    " WHERE delivery_id = ANY(CAST(:ids AS uuid[])) AND corrected_by IS NULL",
)


def retract(connection: sa.Connection, delivery_ids: Sequence[str]) -> None:
    """Sets the state of deliveries whose statements are being withdrawn."""
    query = sa.text("UPDATE ops.delivery SET status = 'retracted' WHERE delivery_id = ANY(CAST(:ids AS uuid[]))")
    connection.execute(query, {"ids": list(delivery_ids)})


def overview(connection: sa.Connection, feed: str | None = None) -> list[dict[str, Any]]:
    """All deliveries, or those of a feed, in the order of arrival, ids and times as text."""
    query = sa.text(
        """
        SELECT delivery_id::text, feed, provider, file_name, received_at::text, status, period, rows_read,
               rows_accepted, rows_quarantined, rows_unchanged, attempts, last_fault
        FROM ops.delivery WHERE feed = :feed OR :feed IS NULL ORDER BY seq
        """
    )
    return [dict(row._mapping) for row in connection.execute(query, {"feed": feed})]


def receipt_of(connection: sa.Connection, delivery_id: str) -> dict[str, Any]:
    """The receipt of a delivery.

    Raises:
        UsageFault: no such delivery, or it is still being judged.
    """
    query = sa.text("SELECT receipt FROM ops.delivery WHERE delivery_id::text = :id")
    receipt = connection.execute(query, {"id": delivery_id}).scalar()
    if receipt is None:
        raise UsageFault(f"there is no receipt of a delivery {delivery_id}")
    return dict(receipt)


def unanswered(connection: sa.Connection, feed: str) -> list[str]:
    """Ids of settled deliveries of a feed whose bytes came again and got no receipt yet."""
    query = sa.text(
        """
        SELECT DISTINCT d.delivery_id::text FROM ops.delivery d JOIN ops.arrival a USING (delivery_id)
        WHERE d.feed = :feed AND d.receipt IS NOT NULL AND a.receipt IS NULL AND d.status <> 'retracted'
          AND (d.rejudges IS NOT NULL OR EXISTS (
              SELECT FROM ops.arrival f WHERE f.delivery_id = d.delivery_id AND f.arrival_id < a.arrival_id))
        """
    )
    return list(connection.execute(query, {"feed": feed}).scalars())


def receipts_since(connection: sa.Connection, feed: str, since: datetime) -> list[dict[str, Any]]:
    """The receipts of a feed's deliveries settled after ``since``, and those of repeats that came after it."""
    query = sa.text(
        """
        SELECT receipt FROM ops.delivery WHERE feed = :feed AND finished_at > :since AND receipt IS NOT NULL
        UNION ALL
        SELECT a.receipt FROM ops.arrival a JOIN ops.delivery d USING (delivery_id)
        WHERE d.feed = :feed AND a.received_at > :since AND a.receipt IS NOT NULL
        """
    )
    return list(connection.execute(query, {"feed": feed, "since": since}).scalars())


def changed_since(connection: sa.Connection, feed: str, since: datetime) -> bool:
    """True when a delivery of the feed that brought something new was settled after ``since``."""
    query = sa.text(
        "SELECT EXISTS (SELECT FROM ops.delivery WHERE feed = :feed AND rows_accepted > 0 AND finished_at > :since)"
    )
    return bool(connection.execute(query, {"feed": feed, "since": since.isoformat()}).scalar())


def last_answer(connection: sa.Connection, delivery_id: str) -> dict[str, Any] | None:
    """The receipt of the newest arrival that repeated a delivery; None if nothing was repeated."""
    query = sa.text(
        "SELECT receipt FROM ops.arrival WHERE delivery_id = :id AND receipt IS NOT NULL "
        "ORDER BY arrival_id DESC LIMIT 1"
    )
    return connection.execute(query, {"id": delivery_id}).scalar()
