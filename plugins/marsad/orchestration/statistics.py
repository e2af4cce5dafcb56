"""Builds the statistics DAG: marts brought up to date when core changed."""

from __future__ import annotations

import logging

from airflow.sdk import DAG, task

from marsad.orchestration.assets import CORE
from marsad.orchestration.scheduled import following
from marsad.settings import Settings

HOURLY = "7 * * * *"
log = logging.getLogger(__name__)

DOC = """\
### Statistics

Brings the marts up to date after rows were loaded, and every hour in any case. Several loads in a row make one run.
A wrong contract, suite or code list is named in the log of the task and stops nothing. Safe to run again at any time.
"""


def statistics_dag() -> DAG:
    """The DAG ``statistics`` with its one task ``refresh``."""
    with following(CORE, "statistics", "Marts, after core changed and every hour", DOC, HOURLY) as dag:
        refresh()
    return dag


@task
def refresh() -> None:
    """Bring the marts up to date."""
    from marsad.statistics import refresh as refresh_marts

    refresh_marts(Settings.from_env(), log.warning)
