"""What the reader sees in a file without a contract, for ``marsad read`` (design §6)."""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from marsad import durable
from marsad.errors import ProviderFault, UsageFault
from marsad.intake.blocks import RawBlock
from marsad.intake.reading.assemble import EXTRA
from marsad.intake.reading.sandbox import open_file
from marsad.intake.reading.tables import TableInfo
from marsad.quality.messages import render


def describe(path: Path, out_dir: Path | None = None, *, language: str = "en") -> dict[str, Any]:
    """``{file, verdict, message, tables}`` of one file; ``verdict`` is ``read`` or ``refused``.

    With ``out_dir`` each table is also written as ``<stem>[.<n>].csv``: UTF-8, commas, the header first, cells as they
    are. ``message`` is None or what is wrong, in ``language``.

    Raises:
        UsageFault: there is no such file, or a table would be written over it.
        PassingFault, PlatformFault: the disk.
    """
    if not path.is_file():
        raise UsageFault(f"{path} is not a file")
    try:
        with durable.os_faults("reading the file"):
            tables = open_file(path).tables
        targets = _targets(path, out_dir, len(tables))
        with durable.os_faults("reading or writing a table"):
            shown = [_read(table, target) for table, target in zip(tables, targets, strict=True)]
    except ProviderFault as fault:
        message = render(fault.rule, language, fault.params)
        return {"file": str(path), "verdict": "refused", "message": message, "tables": []}
    return {"file": str(path), "verdict": "read", "message": None, "tables": shown}


def describe_each(paths: Iterable[Path], out_dir: Path | None = None) -> Iterator[dict[str, Any]]:
    """``describe`` of one file after the other; a file that was named wrongly keeps no other from being read.

    Raises:
        UsageFault: after the last file, the first that ``describe`` raised.
        PassingFault, PlatformFault: the disk.
    """
    first = None
    for path in paths:
        try:
            yield describe(path, out_dir)
        except UsageFault as fault:
            first = first or fault
    if first:
        raise first


def _targets(path: Path, out_dir: Path | None, tables: int) -> list[Path | None]:
    if out_dir is None:
        return [None] * tables
    targets = [out_dir / f"{path.stem}{f'.{number}' if number > 1 else ''}.csv" for number in range(1, tables + 1)]
    if any(target.exists() and target.samefile(path) for target in targets):
        raise UsageFault(f"a table would be written over {path}: choose another folder")
    return [*targets]


def _read(table: TableInfo, target: Path | None) -> dict[str, Any]:
    if target is None:
        for _ in table.blocks():
            pass
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(table, target)
    return {
        "sheet": " / ".join(filter(None, (table.member, table.sheet))) or None,
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
    draft = target.with_name(f".{secrets.token_hex(8)}.tmp")  # a table that breaks off leaves what was there before
    try:
        with draft.open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(table.header)
            for block in table.blocks():
                writer.writerows(_whole_rows(block))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _whole_rows(block: RawBlock) -> Iterator[list[str]]:
    """Rows as they came: surplus cells are cells again."""
    surplus = EXTRA in block.cells.column_names
    for cells in zip(*(column.to_pylist() for column in block.cells.columns), strict=True):
        row = list(cells)
        yield [*row[:-1], *(json.loads(row[-1]) if row[-1] else ())] if surplus else row
