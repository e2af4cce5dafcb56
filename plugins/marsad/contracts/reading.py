"""A contract under check: its file, its parts, and what they are checked against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from marsad.contracts.codelists import CodeList
from marsad.contracts.document import Document
from marsad.contracts.model import Column
from marsad.contracts.parts import ColumnPart, Parts
from marsad.warehouse.model import Entity


@dataclass(frozen=True, slots=True)
class Reading:
    """``home`` is the folder whose feeds may name only providers of the code list ``provider``."""

    document: Document
    parts: Parts
    codelists: Mapping[str, CodeList]
    model: Mapping[str, Entity]
    home: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, misshapen ones too."""
        return tuple(part.name for part in self.parts.columns)

    @property
    def whole(self) -> Iterator[tuple[ColumnPart, Column]]:
        """The columns of right shape."""
        return ((part, part.column) for part in self.parts.columns if part.column)

    def column(self, name: str) -> Column | None:
        """The column of that name, None when there is none or it is misshapen."""
        return next((column for _, column in self.whole if column.name == name), None)
