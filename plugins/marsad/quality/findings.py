"""What judging yields: rules and the places where they are broken. Never the content of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from marsad.contracts.model import Labels, Severity

Scope = Literal["file", "row", "delivery", "warehouse"]
RowIds = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation as its readers need it: severity, scope, the column it speaks of, a message per language.

    ``justify``: what it warns of may be right, and whoever says so gives a reason (docs/adr/0013-justifications.md).
    """

    id: str
    severity: Severity
    scope: Scope
    column: str | None
    message: Labels
    justify: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule broken at the given rows (numbers as the sender sees them); no rows means the file as a whole.

    ``confirmed``: for each of the rows a reason is known, so that nobody is asked again.
    """

    rule: Rule
    rows: RowIds = field(default_factory=lambda: np.empty(0, np.int64))
    sheet: str | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)
    confirmed: bool = False

    @property
    def severity(self) -> str:
        """What it means to its readers: the rule's severity, or ``confirmed``."""
        return "confirmed" if self.confirmed else self.rule.severity
