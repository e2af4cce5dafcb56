"""What is due, what is late, and who is told: over the real ledger and through real SMTP conversations."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from tests.integration.station import Clock, Station, visit, visits

from marsad.contracts.catalog import live_contracts
from marsad.errors import PassingFault, PlatformFault, UsageFault
from marsad.intake import contacts, due, notices, quiet, reminders
from marsad.intake.due import Slot
from marsad.mail import conversation
from marsad.runtime.airflow import free_port
from marsad.settings import MailSettings, PortalSettings, Settings

FEED = "lab/visits"
PORTAL = "https://portail.example.org"
AWAY = "postgresql+psycopg2://nobody@/none?host=/nonexistent"
CANARY = "Zzkanari"


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


@pytest.fixture(autouse=True)
def _afresh(station: Station) -> Iterator[None]:
    """Each test begins where nobody sent anything, and may set the clock."""
    clock = station.office.clock
    yield
    station.office = replace(station.office, clock=clock)
    station.forget()
    with station.office.engine.begin() as connection:
        for table in ("ops.quiet", "ops.contact", "ops.notice", "ref.expected"):
            connection.exec_driver_sql(f"DELETE FROM {table}")


def sent_on(station: Station, day: str, month: str, provider: str, number: str = "V1") -> dict[str, Any]:
    """A file that came on ``day`` with a visit of ``month`` (MM/YYYY)."""
    station.office = replace(station.office, clock=Clock(noon(day)))
    row = visit(number, Rencontre=f"15/{month}", sent=f"{day[8:]}/{day[5:7]}/{day[:4]}", Nom=CANARY)
    return station.send(FEED, visits(row), provider)


def standing(station: Station, day: str, provider: str) -> dict[str, tuple[str, int]]:
    found = reminders.standing_of(station.office.settings, noon(day), provider)
    return {slot.period.label: (slot.state, slot.days_late) for slot in found}


# -- the calendar ------------------------------------------------------------------------------------------------------


def test_a_provider_is_expected_from_its_first_file_on(station: Station, sender: str) -> None:
    assert standing(station, "2030-06-20", sender) == {}
    sent_on(station, "2030-02-05", "01/2030", sender)
    assert standing(station, "2030-02-05", sender) == {"2030-01": ("received", 0), "2030-02": ("open", 0)}


def test_the_same_periods_go_from_open_to_due_to_late_and_a_late_file_ends_it(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-05", "01/2030", sender)
    assert standing(station, "2030-02-28", sender)["2030-02"] == ("open", 0)
    assert standing(station, "2030-03-01", sender)["2030-02"] == ("due", 0)
    assert standing(station, "2030-03-10", sender)["2030-02"] == ("due", 0)  # ten days of grace
    assert standing(station, "2030-03-11", sender)["2030-02"] == ("late", 1)
    assert standing(station, "2030-03-20", sender)["2030-02"] == ("late", 10)
    sent_on(station, "2030-03-21", "02/2030", sender, "V2")
    assert standing(station, "2030-05-01", sender)["2030-02"] == ("received", 11)


def test_rows_that_run_ahead_do_not_count_as_the_next_month(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-03", "01/2030", sender)
    sent_on(station, "2030-02-03", "02/2030", sender, "V2")
    assert standing(station, "2030-03-15", sender)["2030-02"] == ("late", 5)
    sent_on(station, "2030-03-30", "03/2030", sender, "V3")  # so near its end it is the month's
    assert standing(station, "2030-04-20", sender)["2030-03"] == ("received", 0)


def test_a_refused_file_is_not_a_delivery_and_a_retracted_one_is_none_any_more(station: Station, sender: str) -> None:
    from marsad.intake import pipeline

    station.office = replace(station.office, clock=Clock(noon("2030-02-03")))
    refused = station.send(FEED, visits(visit("")), sender)
    assert refused["status"] == "refused"
    assert standing(station, "2030-02-12", sender)["2030-01"] == ("late", 2)
    receipt = sent_on(station, "2030-02-13", "01/2030", sender)
    assert standing(station, "2030-02-14", sender)["2030-01"] == ("received", 3)
    pipeline.retract(station.office, receipt["delivery_id"], "tester")
    assert standing(station, "2030-02-14", sender)["2030-01"] == ("late", 4)


def test_nothing_to_report_is_not_late_and_is_audited_once(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-05", "01/2030", sender)
    for first in (True, False):
        with station.office.engine.begin() as connection:
            assert quiet.declare(connection, FEED, sender, "2030-02", "amina", noon("2030-03-02")) is first
    assert standing(station, "2030-04-01", sender)["2030-02"] == ("quiet", 0)
    events = station.rows("SELECT actor, object FROM audit.event WHERE action = 'period.quiet'")
    assert events.count({"actor": "amina", "object": f"{FEED} {sender} 2030-02"}) == 1
    sent_on(station, "2030-04-02", "02/2030", sender, "V2")  # there was something after all
    assert standing(station, "2030-04-03", sender)["2030-02"][0] == "received"


def test_a_wrong_contract_takes_away_its_own_feed_alone(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-05", "01/2030", sender)
    path = station.office.settings.contract_dirs[0] / "lab" / "notes.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("mode: increment", "mode: sometimes"), "utf-8")
    try:
        assert standing(station, "2030-02-05", sender)["2030-01"] == ("received", 0)
    finally:
        path.write_text(text, "utf-8")


def test_analysts_read_the_calendar(station: Station, sender: str) -> None:
    sent_on(station, "2030-02-05", "01/2030", sender)
    assert reminders.compute(station.office.settings, noon("2030-03-20")) == {"expected": 3, "late": 1, "recorded": 0}
    rows = station.rows("SELECT * FROM mart.punctuality WHERE provider = :p ORDER BY period", p=sender)
    assert [(row["period"], row["state"], row["received_on"], row["days_late"]) for row in rows] == [
        ("2030-01", "received", date(2030, 2, 5), 0), ("2030-02", "late", None, 10), ("2030-03", "open", None, 0),
    ]  # fmt: skip
    assert {row["agency"] for row in rows} == {"lab"}


# -- which reminder ----------------------------------------------------------------------------------------------------


def slot_due(day: date, state: str = "due") -> Slot:
    from marsad.intake.calendar import period_of

    period = period_of("monthly", day - timedelta(days=10))
    return Slot(FEED, "S", period, day, state, None, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days", "step"),
    [(-10, None), (-8, None), (-7, "soon"), (-2, "soon"), (-1, "tomorrow"), (0, "tomorrow"), (1, "late"), (6, "late"),
     (7, "very_late"), (13, "very_late"), (14, "escalated"), (20, "escalated"), (21, None), (300, None)],
)  # fmt: skip
def test_the_step_of_a_day(station: Station, days: int, step: str | None) -> None:
    rules = due.load_policy(station.office.settings.schemas)
    slot = slot_due(date(2030, 3, 10), "late" if days > 0 else "due")
    found = notices.step_of(slot, rules, slot.due_on + timedelta(days=days))
    assert (found.name if found else None) == step


@pytest.mark.parametrize("state", ["received", "quiet"])
def test_nobody_is_reminded_of_what_came(station: Station, state: str) -> None:
    rules = due.load_policy(station.office.settings.schemas)
    assert notices.step_of(slot_due(date(2030, 3, 10), state), rules, date(2030, 3, 11)) is None


# -- mail --------------------------------------------------------------------------------------------------------------


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


@pytest.fixture
def mailer(station: Station) -> Iterator[Mailer]:
    box = Postbox()
    port = free_port(0)
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    mail = MailSettings(f"smtp://127.0.0.1:{port}", "Marsad <marsad@example.org>", engineers=("oncall@example.org",))
    yield Mailer(box, replace(station.office.settings, mail=mail, portal=PortalSettings(url=PORTAL)))
    server.stop()


@pytest.fixture
def reachable(station: Station, sender: str) -> str:
    """A provider that sent January, with one contact of each kind."""
    sent_on(station, "2030-02-05", "01/2030", sender)
    with station.office.engine.begin() as connection:
        for kind in contacts.KINDS:
            contacts.add(connection, sender, f"{kind}@example.org", kind, "tester", noon("2030-02-05"))
    return sender


def a_day(mailer: Mailer, day: str) -> list[tuple[str, str]]:
    """What both DAGs do on ``day``; (address, subject) of what was sent."""
    before = len(mailer.box.messages)
    reminders.compute(mailer.settings, noon(day))
    reminders.deliver(mailer.settings, noon(day))
    return sorted((m["To"], m["Subject"]) for m in mailer.box.messages[before:])


def test_reminders_from_before_the_day_to_the_escalation_each_once(mailer: Mailer, reachable: str) -> None:
    told = {}
    for number in range(1, 31):
        day = f"2030-03-{number:02}"
        if sent := a_day(mailer, day):
            told[day] = [address for address, _ in sent]
            assert a_day(mailer, day) == []  # run again on the same day
    assert told == {
        "2030-03-03": ["submitter@example.org"],
        "2030-03-09": ["submitter@example.org"],
        "2030-03-11": ["submitter@example.org"],
        "2030-03-17": ["submitter@example.org", "supervisor@example.org"],
        "2030-03-24": ["engineer@example.org", "supervisor@example.org"],
    }
    assert len({m["Message-ID"] for m in mailer.box.messages}) == 7


def test_a_mail_says_what_when_and_where_in_both_languages_and_nothing_of_persons(
    mailer: Mailer, reachable: str, station: Station
) -> None:
    (address, subject), *more = a_day(mailer, "2030-03-11")
    assert (address, more) == ("submitter@example.org", [])
    title = live_contracts(station.office.settings)[FEED].title
    assert "en retard" in subject
    assert "تأخر" in subject
    message = mailer.box.messages[-1]
    plain, page = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for text in (plain, page):
        for wanted in (title["fr"], reachable, "2030-02", "10/03/2030", PORTAL, "Période", "الفترة"):
            assert wanted in text
    assert 'dir="rtl"' in page
    assert message["Auto-Submitted"] == "auto-generated"
    assert CANARY not in mailer.box.texts()
    assert "file" not in plain


def test_what_came_before_the_mail_went_out_is_not_asked_for(mailer: Mailer, reachable: str, station: Station) -> None:
    reminders.compute(mailer.settings, noon("2030-03-11"))
    sent_on(station, "2030-03-11", "02/2030", reachable, "V2")
    reminders.deliver(mailer.settings, noon("2030-03-11"))
    assert mailer.box.messages == []


def test_a_server_that_goes_away_gets_the_rest_later(mailer: Mailer, reachable: str, station: Station) -> None:
    mailer.box.close_after = 1
    reminders.compute(mailer.settings, noon("2030-03-17"))
    with pytest.raises(PassingFault):
        reminders.deliver(mailer.settings, noon("2030-03-17"))
    assert len(mailer.box.messages) == 1
    mailer.box.close_after = None
    assert reminders.deliver(mailer.settings, noon("2030-03-17")) == {"sent": 1, "refused": 0}
    assert sorted(m["To"] for m in mailer.box.messages) == ["submitter@example.org", "supervisor@example.org"]


def test_a_refused_address_does_not_hold_up_the_others_and_is_given_up_some_day(
    mailer: Mailer, reachable: str, station: Station
) -> None:
    mailer.box.refuse = ("submitter@example.org",)
    reminders.compute(mailer.settings, noon("2030-03-17"))
    rounds = [reminders.deliver(mailer.settings, noon("2030-03-17")) for _ in range(6)]
    assert [one["refused"] for one in rounds] == [1, 1, 1, 1, 1, 0]
    assert [m["To"] for m in mailer.box.messages] == ["supervisor@example.org"]
    row = station.rows("SELECT attempts, sent_at, last_fault FROM ops.notice WHERE email = 'submitter@example.org'")
    assert row == [{"attempts": 5, "sent_at": None, "last_fault": "the mail server refuses the address (550)"}]


def test_an_address_put_off_is_counted_and_does_not_hold_up_the_others(
    mailer: Mailer, reachable: str, station: Station
) -> None:
    mailer.box.put_off = ("submitter@example.org",)
    reminders.compute(mailer.settings, noon("2030-03-17"))
    assert reminders.deliver(mailer.settings, noon("2030-03-17")) == {"sent": 1, "refused": 1}
    assert [m["To"] for m in mailer.box.messages] == ["supervisor@example.org"]
    row = station.rows("SELECT attempts, sent_at, last_fault FROM ops.notice WHERE email = 'submitter@example.org'")
    assert row == [{"attempts": 1, "sent_at": None, "last_fault": "the mail server put a message off (450)"}]
    mailer.box.put_off = ()
    assert reminders.deliver(mailer.settings, noon("2030-03-17")) == {"sent": 1, "refused": 0}


@pytest.mark.parametrize("code", [550, 552, 554])
def test_a_full_mailbox_does_not_hold_up_the_others(
    mailer: Mailer, reachable: str, station: Station, code: int
) -> None:
    mailer.box.answers = {"submitter@example.org": f"{code} not for this one"}
    reminders.compute(mailer.settings, noon("2030-03-17"))
    assert reminders.deliver(mailer.settings, noon("2030-03-17")) == {"sent": 1, "refused": 1}
    assert [m["To"] for m in mailer.box.messages] == ["supervisor@example.org"]
    row = station.rows("SELECT last_fault FROM ops.notice WHERE email = 'submitter@example.org'")
    assert row == [{"last_fault": f"the mail server refuses the address ({code})"}]


def test_a_server_that_is_busy_for_one_message_gets_the_others(mailer: Mailer, reachable: str) -> None:
    mailer.box.busy_for = 1
    reminders.compute(mailer.settings, noon("2030-03-17"))
    assert reminders.deliver(mailer.settings, noon("2030-03-17")) == {"sent": 1, "refused": 1}
    assert reminders.deliver(mailer.settings, noon("2030-03-17")) == {"sent": 1, "refused": 0}


def test_without_a_mail_server_nothing_piles_up(station: Station, reachable: str) -> None:
    assert reminders.compute(station.office.settings, noon("2030-03-11"))["recorded"] == 0
    assert reminders.deliver(station.office.settings, noon("2030-03-11")) == {"sent": 0, "refused": 0}


def test_engineers_are_told_of_a_failed_dag_once_a_day(mailer: Mailer, station: Station) -> None:
    with station.office.engine.begin() as connection:
        contacts.add(connection, contacts.PLATFORM, "duty@example.org", "engineer", "tester", noon("2030-03-01"))
    for _ in range(3):
        reminders.tell_of_failure(mailer.settings, "intake.lab.visits", noon("2030-03-11"))
        reminders.deliver(mailer.settings, noon("2030-03-11"))
    assert sorted(m["To"] for m in mailer.box.messages) == ["duty@example.org", "oncall@example.org"]
    text = mailer.box.texts()
    assert "intake.lab.visits" in text
    assert "docs/runbooks/delivery-stuck.md" in text
    reminders.tell_of_failure(mailer.settings, "intake.lab.visits", noon("2030-03-12"))
    assert reminders.deliver(mailer.settings, noon("2030-03-12"))["sent"] == 2


def test_engineers_are_told_once_an_hour_when_the_database_is_away(mailer: Mailer) -> None:
    away = replace(mailer.settings, warehouse_url=AWAY)
    for _ in range(3):
        reminders.tell_of_failure(away, "statistics", noon("2030-03-11"))
    assert [m["To"] for m in mailer.box.messages] == ["oncall@example.org"]


def test_one_engineer_whose_address_is_refused_keeps_it_from_no_other_and_later_is_tried_again(mailer: Mailer) -> None:
    assert mailer.settings.mail
    mail = replace(mailer.settings.mail, engineers=("left@example.org", "oncall@example.org"))
    away = replace(mailer.settings, warehouse_url=AWAY, mail=mail)
    mailer.box.refuse = mail.engineers
    reminders.tell_of_failure(away, "mail", noon("2030-03-11"))  # nobody was told, so the hour has not begun
    mailer.box.refuse = ("left@example.org",)
    for _ in range(2):
        reminders.tell_of_failure(away, "mail", noon("2030-03-11"))
    assert [m["To"] for m in mailer.box.messages] == ["oncall@example.org"]


def test_a_failure_that_nobody_can_be_told_of_makes_no_second_one(station: Station) -> None:
    mail = MailSettings("smtp://127.0.0.1:1", "marsad@example.org", engineers=("oncall@example.org",))
    away = "postgresql+psycopg2://nobody@/none?host=/nonexistent"
    reminders.tell_of_failure(
        replace(station.office.settings, mail=mail, warehouse_url=away), "due", noon("2030-03-11")
    )


# -- the conversation --------------------------------------------------------------------------------------------------


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Callable[..., MailSettings]]:
    """A server that wants STARTTLS and a sign-in; its certificate is nobody's the system knows."""
    key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    certificate, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    private.write_bytes(key.export_private_key("pkcs8-pem"))
    certificate.write_bytes(_self_signed(private))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"marsad", b"secret"), handled=False)

    box = Postbox()
    port = free_port(0)
    server = Controller(
        box, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, auth_required=True,
        authenticator=authenticate,
    )  # fmt: skip
    server.start()

    def settings(password: str = "secret", ca: bool = True, scheme: str = "smtp+starttls") -> MailSettings:  # noqa: S107
        file = tmp_path / f"password-{password}"
        file.write_text(password + "\n")
        url = f"{scheme}://marsad@localhost:{port}"
        return MailSettings(url, "marsad@example.org", file, certificate if ca else None)

    settings.box = box  # type: ignore[attr-defined]
    yield settings
    server.stop()


def _self_signed(private: Path) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key = serialization.load_pem_private_key(private.read_bytes(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())  # type: ignore[arg-type]
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)  # type: ignore[arg-type]


def a_message() -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = "marsad@example.org", "a@example.org", "مرصد"
    message.set_content("بلاغ")
    return message


def test_a_server_with_starttls_and_sign_in_takes_a_message(secured: Callable[..., MailSettings]) -> None:
    with conversation(secured()) as outgoing:
        outgoing.send(a_message())
    (taken,) = secured.box.messages  # type: ignore[attr-defined]
    assert (taken["Subject"], taken.get_content().strip()) == ("مرصد", "بلاغ")


def test_a_wrong_password_and_an_unknown_certificate_are_our_faults(secured: Callable[..., MailSettings]) -> None:
    for settings, told in ((secured(password="no"), "user or password"), (secured(ca=False), "not trusted")):
        with pytest.raises(PlatformFault, match=told), conversation(settings):
            pass


def test_a_server_without_starttls_gets_no_password(mailer: Mailer) -> None:
    assert mailer.settings.mail is not None
    plain = replace(mailer.settings.mail, url=mailer.settings.mail.url.replace("smtp://", "smtp+starttls://me@"))
    with pytest.raises(PlatformFault, match="STARTTLS"), conversation(plain):
        pass


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://me@mail.example", "smtps://me:secret@mail.example",
            "smtps://mail.example:99999"],
)  # fmt: skip
def test_settings_that_are_wrong_or_unsafe_are_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(UsageFault) as fault, conversation(MailSettings(url, "marsad@example.org")):
        pass
    assert "secret" not in str(fault.value)


@pytest.mark.parametrize(
    ("provider", "email", "kind"),
    [("S1", "no address", "submitter"), ("S1", "a@b\nBcc: c@d", "submitter"), ("S1", "a@b.c", "boss"),
     ("", "a@b.c", "submitter"), ("../x", "a@b.c", "submitter")],
)  # fmt: skip
def test_contacts_that_make_no_sense_are_not_taken(station: Station, provider: str, email: str, kind: str) -> None:
    with pytest.raises(UsageFault), station.office.engine.begin() as connection:
        contacts.add(connection, provider, email, kind, "tester", noon("2030-01-01"))
