"""All rules over all figures."""

from __future__ import annotations

from collections.abc import Iterator

from marsad.statistics.reconciliation import copies, keys, orders, parts, percentages, sources
from marsad.statistics.reconciliation.contradictions import KINDS, Contradiction, kind_of
from marsad.statistics.reconciliation.figures import Figures
from marsad.statistics.reconciliation.policy import Policy


def reconcile(figures: Figures, policy: Policy) -> list[Contradiction]:
    """What does not go together among ``figures``: contradictions first, then differences that are explained."""
    return sorted(_found(figures, policy), key=lambda found: (KINDS.index(kind_of(found)), found.rule, found.figures))


def _found(figures: Figures, policy: Policy) -> Iterator[Contradiction]:
    yield from keys.leaks(figures.rows)
    rows = figures.rows[~keys.leaked(figures.rows)]  # a question's number would be an outlier, a part, a total too
    yield from keys.two_values(rows)
    yield from keys.mixed_offences(rows)
    yield from parts.parts(rows, policy)
    yield from copies.ages_of_sexes(rows, policy)
    yield from copies.tables_of_others(rows, policy)
    yield from copies.totals_of_others(rows, policy)
    yield from percentages.percentages(rows)
    yield from orders.stages(rows, policy)
    yield from orders.outliers(rows, policy)
    yield from sources.institutions(rows, policy)
    yield from sources.years_added(rows, policy)
    yield from sources.editions(rows)
