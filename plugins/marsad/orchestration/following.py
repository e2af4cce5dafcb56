"""A DAG that follows an asset, core or persons: it runs when that changed, and every hour in any case."""

from __future__ import annotations

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable

from marsad.orchestration.intake import DEFAULTS


def following(asset: Asset, name: str, description: str, doc: str, hourly: str) -> DAG:
    """The empty DAG ``name``. The hour repairs a lost event, and brings in what changed without new rows."""
    return DAG(
        dag_id=name,
        description=description,
        doc_md=doc,
        schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(hourly, timezone="UTC"), assets=[asset]),
        catchup=False,
        max_active_runs=1,
        tags={name},
        default_args=DEFAULTS,
    )
