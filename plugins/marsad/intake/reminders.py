"""Reminding, as the DAGs and the command line do it: compute the calendar, record what is to be sent, send it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from marsad import durable
from marsad.contracts.catalog import live_contracts
from marsad.errors import MarsadError
from marsad.intake import due, notices
from marsad.intake.due import Slot
from marsad.intake.letters import Letters
from marsad.intake.office import utc_now
from marsad.mail import conversation
from marsad.settings import MailSettings, Settings
from marsad.warehouse.engine import clean_errors, database_url, make_engine

log = logging.getLogger(__name__)
_HOUR = 3600.0  # a failure that cannot be recorded is told once an hour
NO_PORTAL = "—"


def letters(settings: Settings, mail: MailSettings) -> Letters:
    """The texts and addresses of an installation."""
    return Letters.load(settings.schemas, mail.sender, settings.portal.url or NO_PORTAL, mail.runbooks)


def compute(settings: Settings, at: datetime) -> dict[str, int]:
    """Publishes the calendar as it is at ``at``, and records the reminders of that day where mail can be sent.

    Returns counts: ``expected``, ``late``, ``recorded``.

    Raises:
        PassingFault: the database does not answer.
        UsageFault: the policy is wrong.
    """
    policy, contracts = due.load_policy(settings.schemas), live_contracts(settings)
    today, engine = policy.day_of(at), make_engine(database_url(settings))
    with clean_errors(), engine.begin() as connection:
        slots = due.standing(connection, contracts.values(), policy, today)
        expected = due.publish(connection, slots, today)
        recorded = notices.record(connection, slots, policy, today, at) if settings.mail else 0
    engine.dispose()
    return {"expected": expected, "late": sum(slot.state == "late" for slot in slots), "recorded": recorded}


def standing_of(settings: Settings, at: datetime, provider: str | None = None) -> list[Slot]:
    """What is expected at ``at``, of one provider or of all."""
    policy, contracts = due.load_policy(settings.schemas), live_contracts(settings)
    engine = make_engine(database_url(settings))
    with clean_errors(), engine.connect() as connection:
        slots = due.standing(connection, contracts.values(), policy, policy.day_of(at), provider and [provider])
    engine.dispose()
    return slots


def deliver(settings: Settings, at: datetime) -> dict[str, int]:
    """Sends what is recorded; nothing where no mail server is named. Returns counts: ``sent``, ``refused``.

    Raises:
        PassingFault: database or mail server do not answer.
        PlatformFault, UsageFault: the mail server refuses us, or the settings are wrong.
    """
    policy, engine = due.load_policy(settings.schemas), make_engine(database_url(settings))
    waiting = notices.waiting(engine, policy, at) if settings.mail else []
    if not (settings.mail and waiting):
        return {"sent": 0, "refused": 0}
    slots, contracts = standing_of(settings, at), live_contracts(settings)
    with conversation(settings.mail) as outgoing:
        told = letters(settings, settings.mail)
        done = notices.send(engine, outgoing, told, waiting, slots, contracts, at)
    engine.dispose()
    return {"sent": done.sent, "refused": done.refused}


def tell_of_failure(settings: Settings, dag: str, at: datetime | None = None) -> None:
    """Records for the engineers that a DAG failed; where the database is away, tells those of the settings at once.

    Never raises: it is called when something else already failed.
    """
    moment = at or utc_now()
    if settings.mail is None:
        return
    try:
        _record(settings, settings.mail.engineers, dag, moment)
    except MarsadError:
        _tell_now(settings, settings.mail, dag, moment.date())


def _record(settings: Settings, further: Sequence[str], dag: str, at: datetime) -> None:
    engine = make_engine(database_url(settings))
    with clean_errors(), engine.begin() as connection:
        notices.record_failure(connection, dag, at.date(), at, further)
    engine.dispose()


def _tell_now(settings: Settings, mail: MailSettings, dag: str, day: date) -> None:
    note = settings.place("tmp") / f"told-{dag}"
    try:
        with durable.os_faults("noting who was told"):
            if mail.engineers and not _noted(note) and _tell_each(settings, mail, dag, day):
                durable.private_folder(note.parent)
                note.touch()
    except MarsadError as fault:
        log.warning("nobody could be told of the failure: %s", fault)


def _noted(note: Path) -> bool:
    """Whether somebody was told within the hour."""
    return note.exists() and time.time() - note.stat().st_mtime < _HOUR


def _tell_each(settings: Settings, mail: MailSettings, dag: str, day: date) -> int:
    """How many engineers could be told; one whose address is refused keeps it from no other."""
    told = 0
    with conversation(mail) as outgoing:
        for email in mail.engineers:
            try:
                outgoing.send(letters(settings, mail).failure(dag, day, email))
                told += 1
            except MarsadError as fault:
                log.warning("one engineer could not be told of the failure: %s", fault)
    return told
