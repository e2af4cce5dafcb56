"""The board: for each feed its providers and some of its periods, and in each cell what came and how good it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from marsad.contracts.model import Contract
from marsad.intake import due
from marsad.intake.calendar import Period, parse
from marsad.intake.due import Policy, Slot
from marsad.intake.ledger import ACCEPTED
from marsad.portal import stewards

STATES = ("received", "quiet", "open", "due", "late", "refused")
PERIODS = 8  # as many as fit beside each other
_FILES = sa.text(
    """
    SELECT d.feed, d.provider, d.delivery_id::text, c.period, d.rows_read, d.rows_quarantined
    FROM ops.coverage c JOIN ops.delivery d USING (delivery_id)
    WHERE d.status = ANY(:accepted) AND d.received_at >= :since ORDER BY d.seq
    """
)
_Sender = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """One period of one provider: a state of ``STATES``; where files came, the newest and what share was refused."""

    state: str
    days_late: int = 0
    delivery_id: str | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """One feed: some of its periods (labels, oldest first) and a cell for each by provider; None: nothing expected."""

    feed: str
    periods: tuple[str, ...]
    rows: Mapping[str, tuple[Cell | None, ...]]


@dataclass(frozen=True, slots=True)
class _File:
    delivery_id: str
    period: Period
    read: int
    refused: int


def board(
    connection: sa.Connection, contracts: Iterable[Contract], policy: Policy, today: date, back: int = 0
) -> tuple[list[Grid], bool]:
    """The feeds from which something is expected up to ``today``, by name, and whether there are older periods.

    Of each feed as many periods as fit, without the ``back`` newest. A refused file tells no period: it stands in the
    newest one that had begun when it came and is still waited for.
    """
    slots = due.standing(connection, contracts, policy, today)
    periods = _periods(slots)
    shown = {feed: known[: len(known) - back][-PERIODS:] for feed, known in periods.items() if len(known) > back}
    files = _files(connection, [period for some in shown.values() for period in some])
    refused = {(row["feed"], row["provider"]): row for row in stewards.unanswered(connection)}
    grids = [
        _grid(feed, list(of_feed), shown[feed], files, refused, policy)
        for feed, of_feed in groupby(slots, key=lambda s: s.feed)
        if feed in shown
    ]
    return grids, any(len(known) > back + PERIODS for known in periods.values())


def _periods(slots: Iterable[Slot]) -> Mapping[str, list[Period]]:
    """The periods of each feed, oldest first."""
    known: defaultdict[str, set[Period]] = defaultdict(set)
    for slot in slots:
        known[slot.feed].add(slot.period)
    return {feed: sorted(periods) for feed, periods in known.items()}


def _files(connection: sa.Connection, periods: Sequence[Period]) -> Mapping[_Sender, list[_File]]:
    files: defaultdict[_Sender, list[_File]] = defaultdict(list)
    since = min((period.starts_on for period in periods), default=date.max)
    for row in connection.execute(_FILES, {"accepted": list(ACCEPTED), "since": since}):
        if (period := parse(row.period)) is not None:
            files[row.feed, row.provider].append(
                _File(row.delivery_id, period, row.rows_read, row.rows_quarantined)
            )  # fmt: skip
    return files


def _grid(
    feed: str,
    slots: Sequence[Slot],
    periods: Sequence[Period],
    files: Mapping[_Sender, list[_File]],
    refused: Mapping[_Sender, Mapping[str, Any]],
    policy: Policy,
) -> Grid:
    rows = {}
    for provider, found in groupby(slots, key=lambda s: s.provider):
        own = list(found)
        cells = {slot.period: _cell(slot, files.get((feed, provider), [])) for slot in own if slot.period in periods}
        if waiting := refused.get((feed, provider)):
            _mark(cells, own, waiting, policy)
        rows[provider] = tuple(cells.get(period) for period in periods)
    return Grid(feed, tuple(period.label for period in periods), rows)


def _cell(slot: Slot, files: Sequence[_File]) -> Cell:
    own = [file for file in files if file.period.overlaps(slot.period)]
    read = sum(file.read for file in own)
    share = sum(file.refused for file in own) / read if read else None
    return Cell(slot.state, slot.days_late, own[-1].delivery_id if own else None, share)


def _mark(cells: dict[Period, Cell], slots: Sequence[Slot], refused: Mapping[str, Any], policy: Policy) -> None:
    came = policy.day_of(refused["received_at"])
    begun = [slot for slot in slots if slot.waited_for and slot.period.starts_on <= came]
    ended = [slot for slot in begun if slot.period.ends_on < came]
    if begun:
        slot = (ended or begun)[-1]
        cells[slot.period] = Cell("refused", slot.days_late, refused["delivery_id"])
