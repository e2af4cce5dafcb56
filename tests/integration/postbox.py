"""Files that came on a day, and a mail server that keeps what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from tests.integration.station import Clock, Station, visit, visits

from marsad.intake import reminders
from marsad.runtime.airflow import free_port
from marsad.settings import MailSettings, PortalSettings, Settings

FEED = "lab/visits"
PORTAL = "https://portail.example.org"
AWAY = "postgresql+psycopg2://nobody@/none?host=/nonexistent"
CANARY = "Zzkanari"


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def sent_on(station: Station, day: str, month: str, provider: str, number: str = "V1") -> dict[str, Any]:
    """A file that came on ``day`` with a visit of ``month`` (MM/YYYY)."""
    station.office = replace(station.office, clock=Clock(noon(day)))
    row = visit(number, Rencontre=f"15/{month}", sent=f"{day[8:]}/{day[5:7]}/{day[:4]}", Nom=CANARY)
    return station.send(FEED, visits(row), provider)


def standing(station: Station, day: str, provider: str) -> dict[str, tuple[str, int]]:
    found = reminders.standing_of(station.office.settings, noon(day), provider)
    return {slot.period.label: (slot.state, slot.days_late) for slot in found}


@dataclass
class Postbox:
    """A mail server that keeps what it takes."""

    messages: list[EmailMessage] = field(default_factory=list)
    refuse: tuple[str, ...] = ()
    put_off: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)  # to what was written to whom
    busy_for: int = 0
    close_after: int | None = None

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.busy_for:
            self.busy_for -= 1
            return "451 later"
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address in self.refuse:
            return "550 nobody of that name"
        if address in self.put_off:
            return "450 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.close_after is not None and len(self.messages) >= self.close_after:
            return "421 closing"
        if envelope.rcpt_tos[0] in self.answers:
            return self.answers[envelope.rcpt_tos[0]]
        self.messages.append(message_from_bytes(envelope.content, policy=policy.SMTP))  # type: ignore[arg-type]
        return "250 OK"

    def texts(self) -> str:
        return "\n".join(part.get_content() for m in self.messages for part in m.walk() if not part.is_multipart())


@dataclass
class Mailer:
    box: Postbox
    settings: Settings


@contextmanager
def listening(box: Postbox, **options: Any) -> Iterator[int]:
    """The port on which ``box`` takes mail."""
    port = free_port(0)
    server = Controller(box, hostname="127.0.0.1", port=port, **options)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@pytest.fixture
def afresh(station: Station) -> Iterator[None]:
    """Each test begins where nobody sent anything, and may set the clock."""
    clock = station.office.clock
    yield
    station.office = replace(station.office, clock=clock)
    station.forget()
    with station.office.engine.begin() as connection:
        for table in ("ops.quiet", "ops.contact", "ops.notice", "ref.expected"):
            connection.exec_driver_sql(f"DELETE FROM {table}")


@pytest.fixture
def mailer(station: Station) -> Iterator[Mailer]:
    box = Postbox()
    with listening(box) as port:
        mail = MailSettings(
            f"smtp://127.0.0.1:{port}", "Marsad <marsad@example.org>", engineers=("oncall@example.org",)
        )
        yield Mailer(box, replace(station.office.settings, mail=mail, portal=PortalSettings(url=PORTAL)))
