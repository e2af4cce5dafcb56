"""Which cells of a sheet are marked, and what their notes say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marsad.contracts.model import Contract
from marsad.contracts.spreadsheet import letters
from marsad.contracts.wording import word

SHOWN = 40  # runs of cells named on the summary
COLOURS = {"critical": "F8C9C9", "lost": "F9D2B4", "warning": "FCE3B0", "confirmed": "DDEFD9", "info": "DCE8F7"}
UNREAD = "file.columns_unread"

Place = tuple[int, int]  # row and column of a sheet, both from 0
RowPlace = Callable[[int], int | None]  # row number of the file -> row of the sheet from 0; None where it is left out


@dataclass(slots=True)
class Mark:
    """One marked cell: the gravest severity there, and its messages."""

    severity: str
    texts: list[str] = field(default_factory=list)

    @property
    def note(self) -> str:
        """What the cell's note says."""
        return "\n\n".join(self.texts)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things of the file are on the sheet: place of each column of the contract, row of each row, both ends.

    Also the row of the titles, and the columns whose titles were not recognised.
    """

    columns: Mapping[str, int]
    row: RowPlace
    width: int
    left: int = 0
    titles: int | None = None
    unread: tuple[int, ...] = ()


def marks(
    findings: Sequence[Mapping[str, Any]], contract: Contract, layout: Layout, language: str
) -> dict[Place, Mark]:
    """The marked cells, the gravest first (findings come so)."""
    marked: dict[Place, Mark] = {}
    for finding in findings:
        text = f"{word('severity.' + finding['severity'], language)} – {finding['message'][language]}"
        for place in _places(finding, contract, layout):
            marked.setdefault(place, Mark(finding["severity"])).texts.append(text)
    return marked


def cells(finding: Mapping[str, Any], contract: Contract, layout: Layout, language: str) -> str:
    """The places of a finding as a spreadsheet names them: ``C5, C7-C12``; the whole file in words."""
    if not finding["rows"]:
        return word("label.whole_file", language)
    column = letters(_columns(finding, contract, layout)[0])
    runs = []
    for first, last in map(_bounds, finding["rows"][:SHOWN]):
        ends = [f"{column}{place + 1}" for row in (first, last) if (place := layout.row(row)) is not None]
        runs.append("-".join(dict.fromkeys(ends)))
    hidden = len(finding["rows"]) - SHOWN
    more = f" {word('label.more', language, count=hidden)}" if hidden > 0 else ""
    return ", ".join(filter(None, runs)) + more


def rows_named(findings: Sequence[Mapping[str, Any]]) -> set[int]:
    """Numbers of all rows with a finding."""
    return {row for finding in findings for run in finding["rows"] for row in _rows(run)}


def _places(finding: Mapping[str, Any], contract: Contract, layout: Layout) -> Iterator[Place]:
    if finding["rule"] == UNREAD and layout.titles is not None:
        yield from ((layout.titles, column) for column in layout.unread)
    columns = _columns(finding, contract, layout)
    for run in finding["rows"]:
        for number in _rows(run):
            row = layout.row(number)
            if row is not None:
                yield from ((row, column) for column in columns)


def _columns(finding: Mapping[str, Any], contract: Contract, layout: Layout) -> list[int]:
    """The finding's column; the key for rows of one number; the first surplus cell; the first cell of a whole row."""
    if finding["fix"]["action"] == "cut":
        return [layout.width]
    names = [finding["field"]] if finding["field"] else []
    if finding["fix"]["action"] == "keep_one":
        names = [column.name for column in contract.key]
    return [layout.columns[name] for name in names if name in layout.columns] or [layout.left]


def _rows(run: str) -> range:
    first, last = _bounds(run)
    return range(first, last + 1)


def _bounds(run: str) -> tuple[int, int]:
    first, _, last = run.partition("-")
    return int(first), int(last or first)
