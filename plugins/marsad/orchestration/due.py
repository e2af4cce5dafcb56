"""Builds the DAGs of what is due: ``due`` computes the calendar and records reminders, ``mail`` sends what waits.

Apart, because recording needs the warehouse and sending needs the network: no worker that opens files has both.
"""

from __future__ import annotations

from airflow.sdk import DAG, task

from marsad.orchestration.scheduled import by_clock
from marsad.settings import Settings

EACH_MORNING = "10 6 * * *"  # UTC, an hour before offices open in Rabat
EVERY_TEN_MINUTES = "*/10 * * * *"
MAIL_QUEUE = "mail"  # Celery workers of this queue alone reach the mail server

DUE_DOC = """\
### Due

Each morning: which deliveries are expected, received, quiet or late, by the contracts' cadence and
`schemas/policies/reminders.yaml`; written for `mart.punctuality`. Records the reminders of the day, each once; the DAG
`mail` sends them. Without a mail server (MARSAD_SMTP_URL) none are recorded. Safe to run again at any time.
When it fails: `docs/runbooks/mail.md`.
"""

MAIL_DOC = """\
### Mail

Sends what `due` and failed runs recorded, every ten minutes. A mail that was sent is marked in the same transaction;
who is killed in between sends it again under the same Message-ID. A refused address is tried a few times and left.
Does nothing without a mail server (MARSAD_SMTP_URL). When it fails: `docs/runbooks/mail.md`.
"""


def due_dag() -> DAG:
    """The DAG ``due`` with its one task ``remind``."""
    with by_clock("due", "What is expected and late; reminders of the day", DUE_DOC, EACH_MORNING, "due") as dag:
        remind()
    return dag


def mail_dag() -> DAG:
    """The DAG ``mail`` with its one task ``send``."""
    with by_clock("mail", "Reminders and notices of failures, sent", MAIL_DOC, EVERY_TEN_MINUTES, "due") as dag:
        send()
    return dag


@task(multiple_outputs=False)  # type: ignore[untyped-decorator]
def remind() -> dict[str, int]:
    """Publish the calendar and record reminders; returns counts."""
    from marsad.intake.office import utc_now
    from marsad.intake.reminders import compute

    return compute(Settings.from_env(), utc_now())


@task(queue=MAIL_QUEUE, multiple_outputs=False)  # type: ignore[untyped-decorator]
def send() -> dict[str, int]:
    """Send what waits; returns counts."""
    from marsad.intake.office import utc_now
    from marsad.intake.reminders import deliver

    return deliver(Settings.from_env(), utc_now())
