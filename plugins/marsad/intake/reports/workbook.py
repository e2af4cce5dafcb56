"""The annotated workbook: what was sent with marked cells, never at rest in clear, made when somebody asks for it."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from marsad.contracts.model import Contract
from marsad.contracts.wording import word
from marsad.errors import ProviderFault
from marsad.intake.blocks import RawBlock
from marsad.intake.naming import clear_name
from marsad.intake.reading import Hints, TableInfo
from marsad.intake.reading.sandbox import open_file
from marsad.intake.reports.findings import titles_of
from marsad.intake.reports.made import make
from marsad.intake.reports.marks import Layout, marks, rows_named
from marsad.intake.reports.own import MOST_CELLS, NOTES, annotate_own
from marsad.intake.reports.summary import summary

WHOLE_CELLS = 200_000
"""Cells of a file up to which all its rows are in the workbook; beyond, only those to be corrected or confirmed."""

MOST_ROWS = 5_000
"""Rows that the workbook of a larger file shows at most."""

_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_NAME = 31  # characters of a sheet's name


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was sent, read again: its table, and whether all of its rows are shown."""

    table: TableInfo
    format: str
    first: int  # row of the sheet from 0 where the titles go
    chosen: tuple[int, ...] | None  # numbers of the rows shown; None for all

    def row(self, number: int) -> int | None:
        """Where a row of the file is on a sheet made of it."""
        if self.chosen is None:
            return number - 1 if self.table.header_rows else number
        place = bisect_left(self.chosen, number)
        return self.first + 1 + place if place < len(self.chosen) and self.chosen[place] == number else None


def annotate(path: Path, contract: Contract, report: Mapping[str, Any], language: str) -> bytes:
    """The file at ``path`` as a workbook (XLSX) with marked cells and a summary in ``language`` in front.

    A small XLSX keeps its own sheets and looks; of other files a sheet of the same rows is made. A file that cannot be
    read has the summary alone. ``report`` is the delivery's JSON report. Nothing in the workbook is a formula.
    """
    say = partial(word, language=language)
    name = say("report.summary_sheet")
    sent = _read_again(path, contract, report)
    if sent is None:
        lines = summary(report, contract, Layout({}, lambda _: None, 0), language)
        return make(lines, (name, say("report.rows_sheet")), iter(()), {}, rtl=language == "ar")
    own = _annotate_own(path, sent, contract, report, language)
    if own is not None:
        return own
    layout = _layout(sent, contract, sent.row)
    marked = marks(report["findings"], contract, layout, language)
    lines = summary(report, contract, layout, language, _remarks(sent, len(marked), language))
    sheet = (sent.table.sheet or say("report.rows_sheet")).translate(_NOT_IN_NAMES)[:_NAME].strip()
    sheet = f"{sheet[: _NAME - 2]} 2" if sheet.casefold() == name.casefold() else sheet
    return make(lines, (name, sheet), _rows(sent), marked, rtl=language == "ar")


def _read_again(path: Path, contract: Contract, report: Mapping[str, Any]) -> _Sent | None:
    try:
        hints = replace(Hints.of(contract), required=frozenset())  # shown also where a column is missing
        found = open_file(path, hints=hints, name=clear_name(report["file_name"]))
    except ProviderFault:
        return None
    table = found.tables[0]
    whole = report["rows_read"] * len(table.header) <= WHOLE_CELLS
    urgent = [finding for finding in report["findings"] if finding["severity"] in ("critical", "lost", "warning")]
    chosen = None if whole else tuple(sorted(rows_named(urgent))[:MOST_ROWS])
    first = table.header_rows[-1] - 1 if whole and table.header_rows else 0
    return _Sent(table, found.format, first, chosen)


def _layout(sent: _Sent, contract: Contract, row: Any) -> Layout:  # noqa: ANN401 - RowPlace
    left, header, hints = sent.table.left, sent.table.header, Hints.of(contract)
    places = titles_of(contract, header, left=left)
    columns = {name: place for name, (place, _) in places.items() if place is not None}
    titles = sent.table.header_rows[-1] - 1 if sent.table.header_rows else None
    unread = tuple(left + at for at, cell in enumerate(header) if cell and not hints.matches([cell]))
    return Layout(columns, row, left + len(header), left, titles, unread)


def _annotate_own(
    path: Path, sent: _Sent, contract: Contract, report: Mapping[str, Any], language: str
) -> bytes | None:
    small = 0 < report["rows_read"] * len(sent.table.header) <= MOST_CELLS
    if sent.format != "xlsx" or sent.table.sheet is None or not small:
        return None
    layout = _layout(sent, contract, lambda number: number - 1)
    marked = marks(report["findings"], contract, layout, language)
    remarks = _remarks(None, len(marked), language)
    lines = summary(report, contract, layout, language, remarks)
    names = (word("report.summary_sheet", language), language == "ar")
    return annotate_own(path, sent.table.sheet, lines, marked, names)


def _remarks(sent: _Sent | None, marked: int, language: str) -> list[str]:
    said = [word("report.how", language)] if marked else []
    if sent and sent.chosen is not None:
        said.append(word("report.partial", language, rows=len(sent.chosen)))
    if marked > NOTES:
        said.append(word("report.notes_cut", language, count=NOTES))
    return said


def _rows(sent: _Sent) -> Iterator[tuple[int, Sequence[str]]]:
    margin = [""] * sent.table.left
    yield sent.first, [*margin, *sent.table.header]
    wanted = None if sent.chosen is None else np.array(sent.chosen)
    # A file refused before its rows were counted may have any number of them.
    left = WHOLE_CELLS // len(sent.table.header) if wanted is None else MOST_ROWS
    for block in sent.table.blocks():
        shown = np.arange(len(block)) if wanted is None else np.flatnonzero(np.isin(block.rows, wanted))
        shown = shown[:left]
        left -= len(shown)
        numbers = block.rows[shown].tolist()
        for number, cells in zip(numbers, _cells(block, len(sent.table.header), shown), strict=True):
            row = sent.row(number)
            assert row is not None  # noqa: S101 - it is one of the rows shown
            yield row, [*margin, *cells]


def _cells(block: RawBlock, width: int, shown: npt.NDArray[np.int64]) -> Iterator[list[str]]:
    """Rows as they were sent: cells beyond the titles stand in their own places again."""
    columns = [column.to_pylist() for column in block.cells.take(shown).columns]
    for cells in zip(*columns, strict=True):
        surplus = json.loads(cells[width]) if len(cells) > width and cells[width] else []
        yield [*cells[:width], *surplus]
