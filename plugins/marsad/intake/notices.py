"""Notices: which reminder is due for whom, recorded once, then sent until it went out.

The row comes first, so that a step is recorded once however often this runs. Sending and its mark are one transaction
that holds the row: who is killed between the two sends the same mail again (at least once), under the same Message-ID,
by which mail programs tell a repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage

import sqlalchemy as sa

from marsad.contracts.model import Contract
from marsad.intake import contacts
from marsad.intake.due import Policy, Slot, Step
from marsad.intake.letters import Letters
from marsad.mail import DeferredMessage, Outgoing, RefusedAddress
from marsad.warehouse.engine import clean_errors

FAILURE = "failure"
Key = tuple[str, str, str, str, str]  # kind, feed, provider, period, address


@dataclass(frozen=True, slots=True)
class Sent:
    """What one round did."""

    sent: int = 0
    refused: int = 0  # or put off by the mail server


def step_of(slot: Slot, policy: Policy, today: date) -> Step | None:
    """The one reminder that ``slot`` asks for on ``today``: the last whose day has come, unless that is long ago.

    Nothing before the end of the period, nothing once something came.
    """
    if not slot.waited_for or today <= slot.period.ends_on:
        return None
    come = [step for step in policy.steps if slot.due_on + timedelta(days=step.days) <= today]
    last = max(come, key=lambda step: step.days, default=None)
    if last is None or (today - slot.due_on).days - last.days >= policy.step_days:
        return None
    return last


def record(connection: sa.Connection, slots: Iterable[Slot], policy: Policy, today: date, at: datetime) -> int:
    """Records the reminders of ``today`` for all contacts; returns how many are new."""
    new = 0
    for slot in slots:
        if (step := step_of(slot, policy, today)) is None:
            continue
        for email in contacts.addresses(connection, slot.provider, step.to):
            key = (step.name, slot.feed, slot.provider, slot.period.label, email)
            new += _record(connection, key, slot.due_on, at)
    return new


def record_failure(connection: sa.Connection, dag: str, day: date, at: datetime, further: Sequence[str] = ()) -> int:
    """Records that a DAG failed, once a day and engineer; returns how many mails that makes."""
    to = dict.fromkeys((*contacts.addresses(connection, contacts.PLATFORM, ("engineer",)), *further))
    return sum(_record(connection, (FAILURE, dag, "", day.isoformat(), email), day, at) for email in to)


def _record(connection: sa.Connection, key: Key, due_on: date, at: datetime) -> int:
    query = sa.text(
        "INSERT INTO ops.notice (kind, feed, provider, period, email, due_on, recorded_at) "
        "VALUES (:kind, :feed, :provider, :period, :email, :due_on, :at) ON CONFLICT DO NOTHING"
    )
    return connection.execute(query, {**_named(key), "due_on": due_on, "at": at}).rowcount


def _named(key: Key) -> dict[str, str]:
    return dict(zip(("kind", "feed", "provider", "period", "email"), key, strict=True))


_OPEN = sa.text(
    """
    SELECT kind, feed, provider, period, email, due_on FROM ops.notice
    WHERE sent_at IS NULL AND attempts < :attempts AND recorded_at > :since ORDER BY recorded_at
    """
)
_HOLD = sa.text(
    """
    SELECT true FROM ops.notice WHERE sent_at IS NULL AND kind = :kind AND feed = :feed AND provider = :provider
      AND period = :period AND email = :email FOR UPDATE SKIP LOCKED
    """
)
_MARK = sa.text(
    """
    UPDATE ops.notice SET attempts = attempts + 1, sent_at = :sent, last_fault = :fault
    WHERE kind = :kind AND feed = :feed AND provider = :provider AND period = :period AND email = :email
    """
)


def waiting(engine: sa.Engine, policy: Policy, at: datetime) -> list[tuple[Key, date]]:
    """Notices that were recorded and not sent, oldest first, with their due days; those too old to matter are left."""
    values = {"attempts": policy.attempts, "since": at - timedelta(days=policy.step_days)}
    with clean_errors(), engine.connect() as connection:
        return [(tuple(row[:5]), row.due_on) for row in connection.execute(_OPEN, values)]


def send(
    engine: sa.Engine,
    outgoing: Outgoing,
    letters: Letters,
    open_notices: Iterable[tuple[Key, date]],
    slots: Iterable[Slot],
    contracts: Mapping[str, Contract],
    at: datetime,
) -> Sent:
    """Sends what waits; a reminder whose delivery came meanwhile is not sent.

    What the server refuses or puts off is counted as an attempt and holds up no other.

    Raises:
        PassingFault: the mail server went away; what was not sent stays recorded.
    """
    expected = {(slot.feed, slot.provider, slot.period.label): slot for slot in slots if slot.waited_for}
    sent = refused = 0
    for key, due_on in open_notices:
        kind, feed, provider, period, email = key
        slot = expected.get((feed, provider, period))
        if kind == FAILURE:
            message = letters.failure(feed, due_on, email)
        elif slot is not None:
            message = letters.reminder(kind, slot, contracts[feed].title, email)
        else:
            continue
        done = _send(engine, outgoing, key, message, at)
        sent, refused = sent + (done is True), refused + (done is False)
    return Sent(sent, refused)


def _send(engine: sa.Engine, outgoing: Outgoing, key: Key, message: EmailMessage, at: datetime) -> bool | None:
    """True when it went out, False when it was refused or put off, None when another process has it or sent it."""
    with clean_errors(), engine.begin() as connection:
        if not connection.execute(_HOLD, _named(key)).scalar():
            return None
        try:
            outgoing.send(message)
        except (RefusedAddress, DeferredMessage) as refusal:
            connection.execute(_MARK, {**_named(key), "sent": None, "fault": str(refusal)})
            return False
        connection.execute(_MARK, {**_named(key), "sent": at, "fault": None})
        return True
