"""Builds the intake DAG of one feed. Imports nothing heavy: Airflow reads DAG files every half minute."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, task

from marsad.contracts.files import FEED_NAME, contract_files, feed_of
from marsad.orchestration.assets import CORE, CORE_CHANGES, inbox
from marsad.orchestration.failure import tell_engineers
from marsad.orchestration.retry import RETRIES, RETRY_DELAY, RETRY_POLICY
from marsad.settings import Settings

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from airflow.sdk.execution_time.context import OutletEventAccessors

EVERY_TEN_MINUTES = "*/10 * * * *"
DRAFT = re.compile(rb"^status:\s*[\"']?draft\b", re.MULTILINE)
IDENTITY_QUEUE = "identity"  # Celery workers of this queue alone have the private keys mounted

OWNER = "marsad"
DEFAULTS = {
    "owner": OWNER,
    "retries": RETRIES,
    "retry_delay": RETRY_DELAY,
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(hours=6),
    "on_failure_callback": tell_engineers,
}

DOC = """\
### {feed}

Takes what providers drop in `inbox/<provider>/{feed}/`, judges it under the contract `schemas/contracts/{feed}.yaml`
and loads what is good. Woken by a ready file, and every ten minutes in any case.

1. **receive**: inbox to encrypted landing, one row in the ledger. Needs public keys only.
2. **load**: drains the ledger: read, normalise, judge, load, receipt; one transaction a delivery. Opens identities.

Safe to run again at any time: the ledger decides what is still to do. When it fails: `docs/runbooks/delivery-stuck.md`.
"""


def feeds(settings: Settings) -> list[str]:
    """Names of all feeds that have a contract which is no draft; whether it is sound is for the task to find out.

    A file whose name is no feed's ("victims copy.yaml") is left to ``feed check``: it must not take all DAGs away.
    """
    files = contract_files(settings.contract_dirs)
    return sorted({feed_of(file) for file in files if FEED_NAME.fullmatch(feed_of(file)) and not _draft(file)})


def _draft(contract: Path) -> bool:
    """By a look at the text: YAML is too slow to read every half minute."""
    with suppress(OSError):  # one file that cannot be read must not take the DAGs of all others away
        return DRAFT.search(contract.read_bytes()) is not None
    return False


def intake_dag(feed: str, settings: Settings) -> DAG:
    """The DAG ``intake.<agency>.<name>``: ``receive`` then ``load``."""
    agency, _, _ = feed.partition("/")
    with DAG(
        dag_id=f"intake.{feed.replace('/', '.')}",
        description=f"Files of {feed}: receive, judge, load",
        doc_md=DOC.format(feed=feed),
        schedule=AssetOrTimeSchedule(
            timetable=CronTriggerTimetable(EVERY_TEN_MINUTES, timezone="UTC"),
            assets=[inbox(settings.place("inbox"), feed)],
        ),
        catchup=False,
        max_active_runs=1,
        tags={"intake", agency},
        default_args=DEFAULTS,
    ) as dag:
        receive(feed) >> load(feed)
    return dag


@task
def receive(feed: str) -> int:
    """Move ready files from the inbox to landing; returns how many."""
    from marsad.intake.pipeline import receive_inbox

    return receive_inbox(Settings.from_env(), feed)


@task(queue=IDENTITY_QUEUE, outlets=[CORE_CHANGES], multiple_outputs=False)  # type: ignore[untyped-decorator]
def load(
    feed: str, *, outlet_events: OutletEventAccessors, prev_end_date_success: datetime | None = None
) -> dict[str, int]:
    """Judge and load all open deliveries; returns counts, and tells the statistics if rows changed.

    Also if they changed since the last run that succeeded: a loader killed after its commit told nobody.
    """
    from marsad.intake.pipeline import drain

    done = drain(Settings.from_env(), feed, since=prev_end_date_success)
    if done.changed:
        outlet_events[CORE_CHANGES].add(CORE, extra={"feed": feed, "rows": done.rows_accepted})
    return {"deliveries": done.deliveries, "rows_accepted": done.rows_accepted}
