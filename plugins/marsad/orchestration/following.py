"""A DAG that follows core: it runs when rows were loaded, and every hour in any case."""

from __future__ import annotations

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable

from marsad.orchestration.assets import CORE
from marsad.orchestration.intake import DEFAULTS


def after_core(name: str, description: str, doc: str, hourly: str) -> DAG:
    """The empty DAG ``name``. The hour repairs a lost event, and brings in what changed without new rows."""
    return DAG(
        dag_id=name,
        description=description,
        doc_md=doc,
        schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(hourly, timezone="UTC"), assets=[CORE]),
        catchup=False,
        max_active_runs=1,
        tags={name},
        default_args=DEFAULTS,
    )
