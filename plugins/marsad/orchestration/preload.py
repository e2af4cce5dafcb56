"""What the process that forks tasks imports once, so that no task pays for it again."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

HEAVY = (
    "marsad.quality.delivery",
    "marsad.quality.rows",
    "marsad.intake.pipeline",
    "great_expectations.expectations",
    "pandas",
    "pyarrow",
    "psycopg2",
)


def preload(arguments: Sequence[str]) -> None:
    """Import the heavy modules if ``arguments`` start a scheduler (LocalExecutor) or a Celery worker."""
    if "scheduler" in arguments or "celery" in arguments:
        for name in HEAVY:
            import_module(name)
