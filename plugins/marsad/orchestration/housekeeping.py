"""Builds the DAG ``housekeeping``: each night what the retention policy takes is destroyed."""

from __future__ import annotations

import logging

from airflow.sdk import DAG, task

from marsad.orchestration.intake import IDENTITY_QUEUE
from marsad.orchestration.scheduled import by_clock
from marsad.settings import Settings

EACH_NIGHT = "40 2 * * *"  # UTC
log = logging.getLogger(__name__)

DOC = """\
### Housekeeping

Each night: destroys what `schemas/policies/retention.yaml` says is kept long enough (landed files, refused rows,
replaced identities, persons met last long ago), but nothing on which a legal hold stands; ends referrals that nobody
answered, or that were accepted long ago. Proof: the audit event `retention.applied`. Safe to be killed and run again.
When it fails: `docs/runbooks/erasure.md`.
"""


def housekeeping_dag() -> DAG:
    """The DAG ``housekeeping`` with its one task ``retain``."""
    with by_clock("housekeeping", "What is kept long enough is destroyed", DOC, EACH_NIGHT, "housekeeping") as dag:
        retain()
    return dag


@task(queue=IDENTITY_QUEUE, multiple_outputs=False)  # type: ignore[untyped-decorator]
def retain() -> dict[str, int]:
    """Destroy what is due; returns counts."""
    from marsad.intake.office import Office
    from marsad.register.retention import apply

    counts = apply(Office.open(Settings.from_env()))
    if counts["unreached"]:
        log.warning("%s copies of the keys are not there: what went is in them still", counts["unreached"])
    return counts
