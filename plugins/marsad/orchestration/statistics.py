"""Builds the statistics DAG: marts brought up to date when core changed."""

from __future__ import annotations

from airflow.sdk import DAG, task

from marsad.orchestration.assets import CORE
from marsad.orchestration.intake import DEFAULTS
from marsad.settings import Settings

DOC = """\
### Statistics

Brings the marts up to date after rows were loaded. Several loads in a row make one run. Safe to run again at any time.
"""


def statistics_dag() -> DAG:
    """The DAG ``statistics`` with its one task ``refresh``."""
    with DAG(
        dag_id="statistics",
        description="Marts, after core changed",
        doc_md=DOC,
        schedule=[CORE],
        catchup=False,
        max_active_runs=1,
        tags={"statistics"},
        default_args=DEFAULTS,
    ) as dag:
        refresh()
    return dag


@task
def refresh() -> None:
    """Bring the marts up to date."""
    from marsad.statistics import refresh as refresh_marts

    refresh_marts(Settings.from_env())
