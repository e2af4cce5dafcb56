"""Empty DAGs that run by themselves, one run at a time: by the clock, or after an asset, core or persons, changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, Param

from marsad.orchestration.intake import DEFAULTS


def following(asset: Asset, name: str, description: str, doc: str, hourly: str) -> DAG:
    """Runs when ``asset`` changed, and every hour: that repairs a lost event and brings in what came without rows."""
    return _dag(name, description, doc, AssetOrTimeSchedule(timetable=_clock(hourly), assets=[asset]), name)


def by_clock(
    name: str, description: str, doc: str, cron: str, tag: str, params: Mapping[str, Param] | None = None
) -> DAG:  # fmt: skip
    """Runs at the moments of ``cron`` (UTC); ``params`` are what somebody may say who starts it by hand."""
    return _dag(name, description, doc, _clock(cron), tag, params)


def _clock(cron: str) -> CronTriggerTimetable:
    return CronTriggerTimetable(cron, timezone="UTC")


def _dag(
    name: str,
    description: str,
    doc: str,
    schedule: Any,  # noqa: ANN401 - any timetable
    tag: str,
    params: Mapping[str, Param] | None = None,
) -> DAG:
    return DAG(
        dag_id=name,
        description=description,
        doc_md=doc,
        schedule=schedule,
        catchup=False,
        max_active_runs=1,
        tags={tag},
        default_args=DEFAULTS,
        params={**(params or {})},
    )
