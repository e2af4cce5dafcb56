"""Who is told of what is due, late or failed, by mail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.integration.postbox import AWAY, CANARY, FEED, PORTAL, Mailer, noon, sent_on
from tests.integration.station import Station

from marsad.contracts.catalog import live_contracts
from marsad.errors import PassingFault, UsageFault
from marsad.intake import contacts, reminders
from marsad.settings import MailSettings

pytestmark = pytest.mark.usefixtures("afresh")


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


@pytest.mark.parametrize(
    ("provider", "email", "kind"),
    [("S1", "no address", "submitter"), ("S1", "a@b\nBcc: c@d", "submitter"), ("S1", "a@b.c", "boss"),
     ("", "a@b.c", "submitter"), ("../x", "a@b.c", "submitter")],
)  # fmt: skip
def test_contacts_that_make_no_sense_are_not_taken(station: Station, provider: str, email: str, kind: str) -> None:
    with pytest.raises(UsageFault), station.office.engine.begin() as connection:
        contacts.add(connection, provider, email, kind, "tester", noon("2030-01-01"))
