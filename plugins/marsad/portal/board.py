"""The board: for each feed its providers and newest periods, and in each cell what came and how good it was."""

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
    """One feed: its newest periods (labels, oldest first) and a cell for each by provider; None: nothing expected."""

    feed: str
    periods: tuple[str, ...]
    rows: Mapping[str, tuple[Cell | None, ...]]


@dataclass(frozen=True, slots=True)
class _File:
    delivery_id: str
    period: Period
    read: int
    refused: int


def board(connection: sa.Connection, contracts: Iterable[Contract], policy: Policy, today: date) -> list[Grid]:
    """The feeds from which something is expected up to ``today``, by name.

    A refused file tells no period: it stands in the newest one that had begun when it came and is still waited for.
    """
    slots = _newest(due.standing(connection, contracts, policy, today))
    files = _files(connection, slots)
    refused = {(row["feed"], row["provider"]): row for row in stewards.unanswered(connection)}
    return [
        _grid(feed, list(of_feed), files, refused, policy) for feed, of_feed in groupby(slots, key=lambda s: s.feed)
    ]


def _newest(slots: Sequence[Slot]) -> list[Slot]:
    """The slots of the newest periods of each feed."""
    known: defaultdict[str, set[Period]] = defaultdict(set)
    for slot in slots:
        known[slot.feed].add(slot.period)
    kept = {feed: sorted(periods)[-PERIODS:] for feed, periods in known.items()}
    return [slot for slot in slots if slot.period in kept[slot.feed]]


def _files(connection: sa.Connection, slots: Sequence[Slot]) -> Mapping[_Sender, list[_File]]:
    files: defaultdict[_Sender, list[_File]] = defaultdict(list)
    since = min((slot.period.starts_on for slot in slots), default=date.max)
    for row in connection.execute(_FILES, {"accepted": list(ACCEPTED), "since": since}):
        if (period := parse(row.period)) is not None:
            files[row.feed, row.provider].append(
                _File(row.delivery_id, period, row.rows_read, row.rows_quarantined)
            )  # fmt: skip
    return files


def _grid(
    feed: str,
    slots: Sequence[Slot],
    files: Mapping[_Sender, list[_File]],
    refused: Mapping[_Sender, Mapping[str, Any]],
    policy: Policy,
) -> Grid:
    periods = sorted({slot.period for slot in slots})
    rows = {}
    for provider, found in groupby(slots, key=lambda s: s.provider):
        own = list(found)
        cells = {slot.period: _cell(slot, files.get((feed, provider), [])) for slot in own}
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
