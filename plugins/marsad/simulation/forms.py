"""The form of one office: which columns, in which order and language, and how dates, digits and codes are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Literal
from zlib import crc32

from marsad.contracts.model import Column, Contract
from marsad.simulation.names import Script
from marsad.simulation.rows import Row, Value
from marsad.simulation.spellings import SPELLINGS
from marsad.simulation.writers import Cell, FileKind, Table

Language = Literal["fr", "ar"]
_EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_DAY_FORMATS = {"dd/MM/yyyy": "%d/%m/%Y", "dd-MM-yyyy": "%d-%m-%Y", "dd.MM.yyyy": "%d.%m.%Y", "yyyy/MM/dd": "%Y/%m/%d"}


@dataclass(frozen=True, slots=True)
class Form:
    """How one provider fills one feed.

    ``dates`` is the preferred pattern (the contract's own choice if it does not know it; ``yyyy-MM-dd`` always goes).
    ``eastern`` writes numbers and dates in Arabic-Indic digits. ``shuffled`` sends the columns in an order of its own,
    ``hidden`` leaves optional columns away, ``gaps`` is the share of optional cells left empty.
    """

    feed: str
    provider: str
    kind: FileKind
    language: Language
    dates: str = "dd/MM/yyyy"
    eastern: bool = False
    shuffled: bool = False
    hidden: tuple[str, ...] = ()
    gaps: float = 0.08
    banner: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()

    @property
    def script(self) -> Script:
        """The script in which this office writes names."""
        return "latin" if self.language == "fr" else "arabic"

    def columns(self, contract: Contract) -> tuple[Column, ...]:
        """The columns this office sends, in its order."""
        kept = [column for column in contract.columns if column.name not in self.hidden]
        if self.shuffled:
            Random(f"{self.feed}/{self.provider}").shuffle(kept)  # noqa: S311 - an order, not a secret
        return tuple(kept)

    def table(self, contract: Contract, rows: Iterable[Row], total: Sequence[Cell] = ()) -> Table:
        """The rows as this office writes them; ``total`` are the cells of a total row at the end."""
        columns = self.columns(contract)
        lines: list[Sequence[Cell]] = [self._line(columns, row) for row in rows]
        if total:
            lines.append([*total, *[""] * (len(columns) - len(total))])
        return Table([self.header(column) for column in columns], lines, self.banner, self.footer)

    def header(self, column: Column) -> str:
        """The office's header of a column: its language's own, for every fourth column a known alias."""
        aliases = column.aliases if Random(f"{self.provider}/{column.name}").random() < 0.25 else ()  # noqa: S311 - a taste
        wanted = (*aliases, column.headers.get(self.language, ""), *column.headers.values())
        return next(text for text in wanted if text and _fits(text, self.kind.encoding))

    def _line(self, columns: Sequence[Column], row: Row) -> list[Cell]:
        cells = [self._cell(column, row) for column in columns]
        return [*cells, *row.beyond]

    def _cell(self, column: Column, row: Row) -> Cell:
        if column.name in row.written:
            return row.written[column.name]
        value = row.values.get(column.name)
        return "" if value is None else self._write(column, value, row.key)

    def _write(self, column: Column, value: Value, key: str) -> Cell:
        if isinstance(value, tuple):
            return f"{column.many or ';'} ".join(self.spell(column, code, key) for code in value)
        if isinstance(value, date):
            return value if self.kind.native_dates and not self.eastern else self._digits(self._day(column, value))
        if isinstance(value, int):
            return self._digits(str(value)) if self.eastern or not self.kind.native_dates else value
        return value

    def _day(self, column: Column, day: date) -> str:
        usable = [pattern for pattern in (self.dates, *column.formats) if pattern in column.formats]
        known = next((_DAY_FORMATS[pattern] for pattern in usable if pattern in _DAY_FORMATS), "%Y-%m-%d")
        return day.strftime("%Y-%m-%d" if self.dates == "yyyy-MM-dd" else known)

    def _digits(self, text: str) -> str:
        return text.translate(_EASTERN) if self.eastern else text

    def spell(self, column: Column, code: str, key: str) -> str:
        """One of the office's spellings of a code: its usual one, in one case of six another."""
        spellings = SPELLINGS[column.codelist or ""][code][self.language]
        chance = crc32(f"{self.provider}/{column.name}/{key}".encode())
        habit = len(self.provider) if chance % 6 else chance // 6
        return spellings[habit % len(spellings)]


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
