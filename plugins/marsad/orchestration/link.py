"""Builds the DAG ``link``: who is whom, brought up to date when core changed."""

from __future__ import annotations

from airflow.sdk import DAG, task

from marsad.orchestration.assets import CORE, PERSONS
from marsad.orchestration.intake import IDENTITY_QUEUE
from marsad.orchestration.scheduled import following
from marsad.settings import Settings

HOURLY = "27 * * * *"

DOC = """\
### Link

Finds which records are of one person: of what came or changed since it last ran, and of what that touches. Opens
identities in memory; nothing but counts leaves the task. Woken after rows were loaded, and every hour in any case.

One transaction a batch: killed, it has done nothing of the batch, and the next run takes it up. Safe to run again at
any time. A wrong contract of a feed with victims keeps its records waiting, and those that meet them; of any other feed
nothing. What waits the task tells by failing, after it linked what it could; the register sees that within the hour.
When it fails: `docs/runbooks/linkage.md`.
"""


def link_dag() -> DAG:
    """The DAG ``link`` with its one task ``persons``."""
    with following(CORE, "link", "Who is whom, after core changed and every hour", DOC, HOURLY) as dag:
        persons()
    return dag


@task(queue=IDENTITY_QUEUE, outlets=[PERSONS], multiple_outputs=False)  # type: ignore[untyped-decorator]
def persons() -> dict[str, int]:
    """Link what came or changed; returns counts."""
    from marsad.intake.office import Office
    from marsad.linkage.linker import link_sound

    return link_sound(Office.open(Settings.from_env()))
