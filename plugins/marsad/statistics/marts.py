"""The marts: views below ``schemas/views``. They follow core by themselves; refreshing brings their text up to date."""

from __future__ import annotations

import sqlalchemy as sa

from marsad.settings import Settings
from marsad.statistics.reference import Report, publish
from marsad.warehouse.engine import clean_errors, database_url, make_engine
from marsad.warehouse.migrate import mart_names


def refresh(settings: Settings, report: Report) -> None:
    """Renews labels, messages and planner statistics, and has each mart planned: its cost is that of their number.

    Contradictions are looked for again where published figures or rules changed.

    A mart whose definition fails does so here, in a task that somebody watches, rather than in front of an analyst. A
    contract, suite or code list that is wrong is named through ``report`` and stops nothing.

    Raises:
        PassingFault: the database does not answer.
        PlatformFault: a mart's definition does not fit the tables.
    """
    engine = make_engine(database_url(settings))
    with clean_errors(), engine.begin() as connection:
        publish(connection, settings, report)
        connection.execute(sa.text("ANALYZE core.sighting, core.victim, ops.delivery, quarantine.finding"))
        for name in mart_names(settings.schemas / "views"):
            # Counting its rows would read all of core.
            connection.execute(sa.text(f'EXPLAIN SELECT * FROM mart."{name}"'))  # noqa: S608 - our own names
    from marsad.statistics.reconciliation import renew  # here, because it brings pandas, which nothing else here needs

    with clean_errors(), engine.begin() as connection:
        renew(connection, settings)
    engine.dispose()
