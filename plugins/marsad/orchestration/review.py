"""Builds the DAG ``review``: says each morning that pairs of records wait for people, who answer in the portal."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, task

from marsad.orchestration.scheduled import by_clock
from marsad.settings import Settings

EACH_MORNING = "20 6 * * *"  # UTC
SEEN = "Seen"
UNTIL_TOMORROW = timedelta(hours=20)  # the next morning counts anew

DOC = """\
### Review

Each morning: how many pairs of records the machine left to people, who answer in the portal: `docs/portal.md`. The
number alone comes to Airflow, no record and no name. The notice waits under *Required Actions*, takes no worker's slot,
and is taken as seen after 20 hours, so no run stays open. When the queue gets no shorter, more accounts need the right
`reviewer`. When linkage itself fails: `docs/runbooks/linkage.md`.
"""


def review_dag() -> DAG:
    """The DAG ``review``: ``waiting`` counts, and only if something waits ``notice`` says so to people."""
    with by_clock("review", "Says that pairs of records wait for people", DOC, EACH_MORNING, "link") as dag:
        waiting() >> HITLOperator(
            task_id="notice",
            subject="{{ ti.xcom_pull(task_ids='waiting') }} pairs of records wait for reviewers, in the portal",
            options=[SEEN],
            defaults=SEEN,
            response_timeout=UNTIL_TOMORROW,
        )
    return dag


@task.short_circuit
def waiting() -> int:
    """How many pairs wait; none ends the run."""
    from marsad.linkage.review import backlog
    from marsad.warehouse.engine import clean_errors, database_url, make_engine

    with clean_errors(), make_engine(database_url(Settings.from_env())).connect() as connection:
        return backlog(connection)
