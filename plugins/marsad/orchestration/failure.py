"""What happens when a task has failed for good: engineers are told. Nothing of logs."""

from __future__ import annotations

from typing import Any

from marsad.settings import Settings


def tell_engineers(context: Any) -> None:  # noqa: ANN401 - Airflow's context, which differs by who calls
    """Airflow's ``on_failure_callback``: records the mail, which the DAG ``mail`` sends."""
    from marsad.intake.reminders import tell_of_failure

    tell_of_failure(Settings.from_env(), str(context["dag"].dag_id))
