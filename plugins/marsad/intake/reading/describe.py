"""What the reader sees in a file without a contract, for ``marsad read`` (design §6)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from marsad.errors import ProviderFault
from marsad.intake.blocks import RawBlock
from marsad.intake.reading.assemble import EXTRA
from marsad.intake.reading.files import open_file
from marsad.intake.reading.tables import TableInfo
from marsad.quality.messages import render


def describe(path: Path, out_dir: Path | None = None, *, language: str = "en") -> dict[str, Any]:
    """``{file, verdict, message, tables}`` of one file; ``verdict`` is ``read`` or ``refused``.

    With ``out_dir`` each table is also written as ``<stem>[.<n>].csv``: UTF-8, commas, the header first, cells as they
    are. ``message`` is None or what is wrong, in ``language``.
    """
    try:
        tables = open_file(path).tables
        shown = [_read(table, target) for table, target in zip(tables, _targets(path, out_dir), strict=False)]
    except ProviderFault as fault:
        message = render(fault.rule, language, fault.params)
        return {"file": str(path), "verdict": "refused", "message": message, "tables": []}
    return {"file": str(path), "verdict": "read", "message": None, "tables": shown}


def _targets(path: Path, out_dir: Path | None) -> Iterator[Path | None]:
    for number in count(1):
        yield out_dir / f"{path.stem}{f'.{number}' if number > 1 else ''}.csv" if out_dir else None


def _read(table: TableInfo, target: Path | None) -> dict[str, Any]:
    if target is None:
        for _ in table.blocks():
            pass
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(table, target)
    return {
        "sheet": table.sheet,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "quote": table.quote,
        "escape": table.escape,
        "line_end": table.line_end,
        "header_rows": table.header_rows,
        "header": table.header,
        "rows_read": table.rows_read,
        "notes": [note._asdict() for note in table.notes],
    }


def _write(table: TableInfo, target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.header)
        for block in table.blocks():
            writer.writerows(_whole_rows(block))


def _whole_rows(block: RawBlock) -> Iterator[list[str]]:
    """Rows as they came: surplus cells are cells again."""
    surplus = EXTRA in block.cells.column_names
    for cells in zip(*(column.to_pylist() for column in block.cells.columns), strict=True):
        row = list(cells)
        yield [*row[:-1], *(json.loads(row[-1]) if row[-1] else ())] if surplus else row
