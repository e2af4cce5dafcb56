"""Builds the DAG ``register``: the register of victims, brought up to date when persons changed, then checked."""

from __future__ import annotations

import logging

from airflow.sdk import DAG, task

from marsad.orchestration.assets import PERSONS
from marsad.orchestration.scheduled import following
from marsad.settings import Settings

HOURLY = "37 * * * *"
log = logging.getLogger(__name__)

DOC = """\
### Register

Rebuilds the persons of the register whom new or changed records, links or a new policy touch; then asks the suites of
`expectations/warehouse` whether core and register hold together. Opens no identity; only counts leave the tasks. Woken
after linkage, and every hour in any case.

One transaction: killed, it has done nothing, and the next run takes it up. Safe to run again at any time. When `check`
fails, or warns in its log: `docs/runbooks/register.md`.
"""


def register_dag() -> DAG:
    """The DAG ``register``: ``rebuild``, then ``check``."""
    with following(PERSONS, "register", "The register of victims, after linkage and every hour", DOC, HOURLY) as dag:
        rebuild() >> check()
    return dag


@task(multiple_outputs=False)  # type: ignore[untyped-decorator]
def rebuild() -> dict[str, int]:
    """Rebuild whoever is touched; returns counts."""
    from marsad.intake.office import Office
    from marsad.register.refresh import refresh

    return refresh(Office.open(Settings.from_env()))


@task
def check() -> None:
    """Judge core and register as a whole; fails on what is critical, warns of the rest."""
    from marsad.intake.office import Office
    from marsad.register.watch import check as judge
    from marsad.register.watch import insist, sentence

    found = judge(Office.open(Settings.from_env()))
    for one in (one for broken in found.values() for one in broken):
        log.warning("%s", sentence(one, "en"))
    insist(found)
