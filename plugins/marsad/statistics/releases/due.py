"""When a release is made: once all deliveries of its period are in, else at the deadline with what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from marsad.contracts.catalog import live_contracts
from marsad.intake.calendar import Period, period_of
from marsad.intake.due import Slot, load_policy, standing
from marsad.intake.ledger import ACCEPTED
from marsad.intake.office import Office
from marsad.statistics.releases import store
from marsad.statistics.releases.definition import Definition, load
from marsad.warehouse.engine import clean_errors

REGISTER = "register"
"""The source of what counts persons."""

_DAY = timedelta(days=1)
# Linkage and the register note what they have read; what is between is in their queues.
_WAITING = """
    SELECT (SELECT count(*) FROM link.due) + (SELECT count(*) FROM link.touched) + (SELECT count(*) FROM register.due)
         + (SELECT count(*) FROM core.restated) + (SELECT count(*) FROM core.changed WHERE feed = ANY(:feeds))
         + (SELECT coalesce(sum(greatest(rows_accepted, 1)), 0) FROM ops.delivery d
            WHERE status = ANY(:done) AND feed = ANY(:feeds) AND NOT EXISTS (
                SELECT FROM link.delivery JOIN register.delivery USING (delivery_id) WHERE delivery_id = d.delivery_id))
"""


@dataclass(frozen=True)
class Missing:
    """A delivery that a release waits for."""

    feed: str
    provider: str
    period: str


@dataclass(frozen=True)
class Turn:
    """What is to be built: a period that is over, with what it lacks."""

    name: str
    period: str
    missing: tuple[Missing, ...]


def missing(office: Office, definition: Definition, period: Period) -> Sequence[dict[str, str]]:
    """Deliveries within the period that were expected and neither came nor were declared quiet."""
    return [asdict(one) for one in _lacking(_expected(office, definition, period))]


def waiting(office: Office, definition: Definition) -> int:
    """How many records and persons the register has not settled yet; 0 for a release that counts no persons."""
    if all(cube.counting.source != REGISTER for cube in definition.cubes.values()):
        return 0
    asked = {"feeds": list(definition.waits_for), "done": list(ACCEPTED)}
    with clean_errors(), office.engine.connect() as connection:
        return int(connection.execute(sa.text(_WAITING), asked).scalar_one())


def turn(office: Office, name: str) -> Turn | None:
    """The newest period that is over, if it has no build yet and all is in and settled, or the deadline has passed.

    A period of which nothing was ever expected (the platform is younger) is built by hand alone.
    """
    definition = load(office.settings.schemas, name)
    today = load_policy(office.settings.schemas).day_of(office.clock())
    period = last_over(definition, today)
    with clean_errors(), office.engine.connect() as connection:
        if store.latest(connection, name, period.label):
            return None
    expected = _expected(office, definition, period)
    lacks, last_day = _lacking(expected), period.ends_on + timedelta(days=definition.deadline_days)
    ready = today > last_day or not (lacks or waiting(office, definition))
    return Turn(name, period.label, lacks) if expected and ready else None


def _expected(office: Office, definition: Definition, period: Period) -> list[Slot]:
    contracts = live_contracts(office.settings)
    waited_for = [contracts[feed] for feed in definition.waits_for if feed in contracts]
    policy = load_policy(office.settings.schemas)
    with clean_errors(), office.engine.connect() as connection:
        slots = standing(connection, waited_for, policy, policy.day_of(office.clock()))
    return [slot for slot in slots if period.starts_on <= slot.period.ends_on <= period.ends_on]


def _lacking(slots: Sequence[Slot]) -> tuple[Missing, ...]:
    return tuple(Missing(one.feed, one.provider, one.period.label) for one in slots if one.waited_for)


def last_over(definition: Definition, today: date) -> Period:
    """The newest period of a release that is over."""
    running = period_of(definition.cadence, today)
    return period_of(definition.cadence, running.starts_on - _DAY)
