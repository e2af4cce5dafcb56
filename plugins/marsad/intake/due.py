"""What is due: for each feed, provider and period whether it was received, declared quiet, is due, or is late.

One function over the ledger, ``standing``; pages, marts and mails all show what it says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import BeforeValidator, Field

from marsad import policies
from marsad.contracts.model import Contract
from marsad.intake.calendar import Cadence, Period, as_cadence, parse, period_of, periods
from marsad.intake.ledger import ACCEPTED

State = Literal["received", "quiet", "open", "due", "late"]
ContactKind = Literal["submitter", "supervisor", "engineer"]
Day = Annotated[date, BeforeValidator(lambda value: date.fromisoformat(value) if isinstance(value, str) else value)]
Days = Annotated[int, Field(ge=0)]


class Step(policies.Part):
    """One reminder: ``days`` from the due day, to contacts of these kinds."""

    name: str
    days: int
    to: tuple[ContactKind, ...]


class Policy(policies.Part):
    """``schemas/policies/reminders.yaml``."""

    owner: str
    decided: Day
    timezone: str
    grace_days: dict[Cadence, Days]
    early_days: Days
    expected_from: dict[str, Day] = {}
    look_back_days: Days
    steps: tuple[Step, ...]
    step_days: Annotated[int, Field(ge=1)]
    attempts: Annotated[int, Field(ge=1)]

    def day_of(self, moment: datetime) -> date:
        """The day that ``moment`` (with a zone) falls on where the agencies are."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()


def load_policy(schemas: Path) -> Policy:
    """The policy of an installation. Raises UsageFault naming what is wrong."""
    return policies.load(Policy, schemas, "reminders")


@dataclass(frozen=True, slots=True)
class Slot:
    """One expected delivery. ``days_late`` counts to the day it came, or to today; 0 when in time or quiet."""

    feed: str
    provider: str
    period: Period
    due_on: date
    state: State
    received_on: date | None
    days_late: int

    @property
    def waited_for(self) -> bool:
        """True while nothing came and nothing was declared."""
        return self.state in {"open", "due", "late"}

    @property
    def may_be_quiet(self) -> bool:
        """Whether one can say that there is nothing to report: nothing came, and the period is over."""
        return self.state in {"due", "late"}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger knows of one feed and provider."""

    first: date | None
    covered: tuple[tuple[Period, date], ...]
    quiet: tuple[Period, ...]

    def heard_of(self, grace: timedelta) -> list[date]:
        """The days from which a provider takes part: it sent a file, or said that it had nothing to send."""
        return [*([self.first - grace] if self.first else []), *(period.starts_on for period in self.quiet)]


def standing(
    connection: sa.Connection,
    contracts: Iterable[Contract],
    policy: Policy,
    today: date,
    providers: Collection[str] | None = None,
) -> list[Slot]:
    """Every delivery expected up to ``today`` (with ``providers``, of these alone), by feed, provider and period.

    A feed without a regular cadence expects none. A provider is expected from the first period that fell due on or
    after the day its first file came, whatever became of it, from the first period for which it had nothing to report,
    or from ``expected_from``; only those that the contract names, where it names any.
    """
    known = _ledger(connection, policy, today, providers)
    found: list[Slot] = []
    for contract in sorted(contracts, key=lambda c: c.feed):
        cadence = as_cadence(contract.cadence)
        if cadence is None:
            continue
        senders = contract.providers or sorted(name for feed, name in known if feed == contract.feed)
        for name in senders:
            if providers is None or name in providers:
                told = known.get((contract.feed, name), _Known(None, (), ()))
                found.extend(_slots(contract.feed, name, cadence, told, policy, today))
    return found


def before_the_first(contract: Contract, provider: str, policy: Policy, today: date) -> Slot | None:
    """The period that a provider of which nothing is expected may begin with: the newest that is over, never late.

    None for a feed without a regular cadence.
    """
    cadence = as_cadence(contract.cadence)
    if cadence is None:
        return None
    period = period_of(cadence, period_of(cadence, today).starts_on - timedelta(days=1))
    due_on = max(period.ends_on + timedelta(days=policy.grace_days[cadence]), today)
    return Slot(contract.feed, provider, period, due_on, "due", None, 0)


def _slots(feed: str, provider: str, cadence: Cadence, known: _Known, policy: Policy, today: date) -> Iterator[Slot]:
    grace, start = timedelta(days=policy.grace_days[cadence]), policy.expected_from.get(feed)
    begins = [*([start] if start else []), *known.heard_of(grace)]
    if not begins:
        return
    first = max(min(begins), today - timedelta(days=policy.look_back_days))
    for period in periods(cadence, first, today):
        if period.ends_on >= first:
            yield _slot(feed, provider, period, period.ends_on + grace, known, policy, today)


def _slot(feed: str, provider: str, period: Period, due_on: date, known: _Known, policy: Policy, today: date) -> Slot:
    earliest = period.ends_on - timedelta(days=policy.early_days)
    came = [day for covered, day in known.covered if day >= earliest and covered.overlaps(period)]
    received_on = min(came, default=None)
    if received_on:
        state: State = "received"
    elif any(quiet.overlaps(period) for quiet in known.quiet):
        state = "quiet"
    else:
        state = "open" if today <= period.ends_on else "due" if today <= due_on else "late"
    late = 0 if state == "quiet" else max(((received_on or today) - due_on).days, 0)
    return Slot(feed, provider, period, due_on, state, received_on, late)


_THEIRS = "(:every OR d.provider = ANY(CAST(:providers AS text[])))"
_FIRST = sa.text(
    f"""
    SELECT feed, provider, (min(received_at) AT TIME ZONE :zone)::date AS day FROM ops.delivery d
    WHERE {_THEIRS} GROUP BY 1, 2
    """  # noqa: S608 - only our own words
)
# OFFSET keeps the inner query apart: one look into its index a delivery, never a scan of the whole coverage.
_COVERED = sa.text(
    f"""
    SELECT DISTINCT d.feed, d.provider, c.period, (d.first_received_at AT TIME ZONE :zone)::date AS day
    FROM ops.delivery d CROSS JOIN LATERAL (
        SELECT c.period FROM ops.coverage c WHERE c.delivery_id = d.delivery_id OFFSET 0) c
    WHERE d.status = ANY(:accepted) AND d.received_at >= :since AND {_THEIRS}
    """  # noqa: S608
)
_QUIET = sa.text(f"SELECT feed, provider, period FROM ops.quiet d WHERE {_THEIRS}")  # noqa: S608


def _ledger(
    connection: sa.Connection, policy: Policy, today: date, providers: Collection[str] | None
) -> Mapping[tuple[str, str], _Known]:
    """What came so long ago that it covers no period that is still asked for is not read."""
    longest = timedelta(days=policy.look_back_days + policy.early_days + 1)
    values = {
        "zone": policy.timezone, "accepted": list(ACCEPTED), "since": today - longest,
        "every": providers is None, "providers": list(providers or ()),
    }  # fmt: skip
    firsts = {(row.feed, row.provider): row.day for row in connection.execute(_FIRST, values)}
    covered: defaultdict[tuple[str, str], list[tuple[Period, date]]] = defaultdict(list)
    for row in connection.execute(_COVERED, values):
        if (period := parse(row.period)) is not None:
            covered[row.feed, row.provider].append((period, row.day))
    quiet: defaultdict[tuple[str, str], list[Period]] = defaultdict(list)
    for row in connection.execute(_QUIET, values):
        if (period := parse(row.period)) is not None:
            quiet[row.feed, row.provider].append(period)
    keys = firsts.keys() | quiet.keys()
    return {key: _Known(firsts.get(key), tuple(covered[key]), tuple(quiet[key])) for key in sorted(keys)}


def publish(connection: sa.Connection, slots: Iterable[Slot], today: date) -> int:
    """Writes the calendar for ``mart.punctuality`` anew; readers see the old one until the commit. Returns its rows."""
    rows = [
        {
            "feed": slot.feed, "provider": slot.provider, "period": slot.period.label,
            "starts_on": slot.period.starts_on, "ends_on": slot.period.ends_on, "due_on": slot.due_on,
            "state": slot.state, "received_on": slot.received_on, "days_late": slot.days_late, "as_of": today,
        }
        for slot in slots
    ]  # fmt: skip
    connection.execute(sa.text("DELETE FROM ref.expected"))
    if rows:
        connection.execute(
            sa.text(
                """
                INSERT INTO ref.expected (feed, provider, period, starts_on, ends_on, due_on, state, received_on,
                                          days_late, as_of)
                VALUES (:feed, :provider, :period, :starts_on, :ends_on, :due_on, :state, :received_on, :days_late,
                        :as_of)
                """
            ),
            rows,
        )
    return len(rows)
