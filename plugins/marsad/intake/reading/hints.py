"""What a contract tells the reader beforehand: accepted header spellings, sheet, formats, words of total rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marsad.contracts.model import Column, Contract
from marsad.contracts.text import fold


@dataclass(frozen=True, slots=True)
class Hints:
    """Expectations on a file, in the folded form of ``contracts.text.fold``.

    ``headers`` has one set of spellings a contract column, ``labels`` its French label (for messages), ``required``
    the indexes of columns without which the file is refused. ``formats`` empty means any.
    """

    headers: Sequence[frozenset[str]]
    required: frozenset[int] = frozenset()
    labels: Sequence[str] = ()
    sheet: str | None = None
    formats: frozenset[str] = frozenset()
    total_words: frozenset[str] = frozenset()

    @classmethod
    def of(cls, contract: Contract) -> Hints:
        """Hints of a contract."""
        columns = contract.columns
        return cls(
            headers=tuple(_spellings(column) for column in columns),
            required=frozenset(i for i, column in enumerate(columns) if column.required or column.key is not None),
            labels=tuple(column.headers.get("fr") or column.name for column in columns),
            sheet=contract.sheet,
            formats=frozenset(contract.formats),
            total_words=frozenset(map(fold, contract.total_words)),
        )

    def matches(self, cells: Iterable[str]) -> frozenset[int]:
        """Indexes of the contract columns that a row of header cells names."""
        folded = {fold(cell) for cell in cells if cell} - {""}
        return frozenset(i for i, spellings in enumerate(self.headers) if not spellings.isdisjoint(folded))

    def label(self, index: int) -> str:
        """How a message calls the column."""
        return self.labels[index] if index < len(self.labels) else min(self.headers[index])


def _spellings(column: Column) -> frozenset[str]:
    return frozenset(map(fold, (column.name, *column.headers.values(), *column.aliases))) - {""}
