"""What a contract tells the reader beforehand: accepted header spellings, sheet, formats, words of total rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marsad.contracts.model import Column, Contract
from marsad.contracts.text import fold
from marsad.contracts.wording import load_wording

_MEASURES = frozenset({"date", "timestamp", "integer", "number", "boolean"})


@dataclass(frozen=True, slots=True)
class Hints:
    """Expectations on a file, in the folded form of ``contracts.text.fold``.

    ``headers`` has one set of spellings a contract column, ``labels`` its titles (for messages), ``required``
    the indexes of columns without which the file is refused. ``formats`` empty means any. ``unmarked`` are columns
    where no word stands for a total. ``sheets`` are the names of the sheet to read, ``examples`` those of what a
    template has beside it.
    """

    headers: Sequence[frozenset[str]]
    required: frozenset[int] = frozenset()
    labels: Sequence[str] = ()
    sheets: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    total_words: frozenset[str] = frozenset()
    unmarked: frozenset[int] = frozenset()
    examples: frozenset[str] = frozenset()

    @classmethod
    def of(cls, contract: Contract) -> Hints:
        """Hints of a contract."""
        columns = contract.columns
        return cls(
            headers=tuple(_spellings(column) for column in columns),
            required=frozenset(i for i, column in enumerate(columns) if column.required or column.key is not None),
            labels=tuple(_label(column) for column in columns),
            sheets=frozenset(map(fold, contract.sheets.values())),
            formats=frozenset(contract.formats),
            total_words=frozenset(map(fold, contract.total_words)),
            unmarked=frozenset(i for i, column in enumerate(columns) if column.type in _MEASURES),
            examples=frozenset(fold(name) for name in load_wording()["template.example_sheet"].values()),
        )

    def matches(self, cells: Iterable[str]) -> frozenset[int]:
        """Indexes of the contract columns that a row of header cells names."""
        folded = {fold(cell) for cell in cells if cell} - {""}
        return frozenset(i for i, spellings in enumerate(self.headers) if not spellings.isdisjoint(folded))

    def marked(self, header: Iterable[str]) -> tuple[int, ...]:
        """Positions of the header where the word of a total row may stand: the first, and all but dates and numbers."""
        measures = frozenset().union(*(self.headers[index] for index in self.unmarked))
        return tuple(i for i, cell in enumerate(header) if i == 0 or fold(cell) not in measures)

    def label(self, index: int) -> str:
        """How a message calls the column."""
        return self.labels[index] if index < len(self.labels) else min(self.headers[index])


def _label(column: Column) -> str:
    """Both titles that an agency may see above the column, since a message in one language names it for all."""
    shown = dict.fromkeys(column.headers[language] for language in ("fr", "ar") if column.headers.get(language))
    return " / ".join(shown) or column.name


def _spellings(column: Column) -> frozenset[str]:
    return frozenset(map(fold, (column.name, *column.headers.values(), *column.aliases))) - {""}
