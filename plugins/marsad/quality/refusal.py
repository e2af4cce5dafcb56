"""What findings mean: which rows are refused, and whether the file is. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from marsad.contracts.model import Contract
from marsad.quality.findings import Broken, RowIds
from marsad.quality.messages import message_rule

ON_THE_WHOLE = ("delivery.refused_rule", "delivery.refused_share")
"""Refusals of a file that was read: a steward may admit its good rows."""


def refused_rows(broken: Iterable[Broken], rows: RowIds) -> npt.NDArray[np.bool_]:
    """A flag for each of ``rows``: true when a critical rule is broken there."""
    critical = [one.rows for one in broken if one.rule.severity == "critical"]
    return np.isin(rows, np.concatenate(critical)) if critical else np.zeros(len(rows), np.bool_)


def refused_file(contract: Contract, broken: Iterable[Broken], rows: int, refused: int) -> Broken | None:
    """Why the whole file is refused, or None: no rows, a critical rule about the file, too large a refused share.

    ``rows`` counts data rows, ``refused`` those of them that go to quarantine. Exactly ``refuse_above`` still passes.
    """
    if rows == 0:
        return Broken(message_rule("file.empty"))
    if any(one.rule.severity == "critical" and not len(one.rows) for one in broken):
        return Broken(message_rule("delivery.refused_rule"))
    if refused > contract.refuse_above * rows:
        params = {"rows": rows, "refused": refused, "limit": round(contract.refuse_above * 100)}
        return Broken(message_rule("delivery.refused_share"), params=params)
    return None
