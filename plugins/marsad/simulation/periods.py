"""When offices send: the periods of a simulation and the day each sending leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from marsad.simulation.world import FIRST_DAY

_MONTHS = 18
_SENDINGS = ((100, 2), (500, 3), (1500, 6))  # victims below -> sendings of each office; above, one a month


@dataclass(frozen=True, slots=True)
class Span:
    """A reporting period: ``first`` day, ``last`` day."""

    first: date
    last: date

    def __contains__(self, on: date) -> bool:
        return self.first <= on <= self.last

    @property
    def label(self) -> str:
        """The month, or the first and last month: ``2024-03``, ``2024-01_2024-09``."""
        first, last = f"{self.first:%Y-%m}", f"{self.last:%Y-%m}"
        return first if first == last else f"{first}_{last}"


def spans(victims: int) -> Sequence[Span]:
    """The reporting periods for a world of that size: few for a small one, months for a large one."""
    count = next((sendings for limit, sendings in _SENDINGS if victims < limit), _MONTHS)
    return _equal(count)


def _equal(count: int) -> Sequence[Span]:
    step = _MONTHS // count
    starts = [_month(FIRST_DAY, step * n) for n in range(count + 1)]
    return [Span(first, following - timedelta(1)) for first, following in zip(starts, starts[1:], strict=False)]


def _month(first: date, ahead: int) -> date:
    index = first.month - 1 + ahead
    return date(first.year + index // 12, index % 12 + 1, 1)
