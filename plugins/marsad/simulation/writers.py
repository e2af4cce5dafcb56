"""Small writers of the file kinds that agencies send; the same table always gives the same content."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

import xlsxwriter

Cell = str | int | date
Kind = Literal["csv", "xlsx", "ods", "json", "jsonl"]

CREATED = datetime(2025, 7, 1, tzinfo=UTC)
_ZIP_DATE = (2025, 7, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class FileKind:
    """How an office saves its file: ``encoding`` and ``delimiter`` are for CSV, ``sheet`` for workbooks."""

    kind: Kind
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = "Feuil1"

    @property
    def extension(self) -> str:
        """The file name's ending with its dot."""
        return f".{self.kind}"

    @property
    def native_dates(self) -> bool:
        """True where a date is a date cell and not text."""
        return self.kind in {"xlsx", "ods"}


@dataclass(frozen=True, slots=True)
class Table:
    """What is written: lines above the header, the header, data rows, lines below the data (after a blank line)."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    banner: Sequence[str] = ()
    footer: Sequence[str] = ()

    def lines(self) -> Iterator[Sequence[Cell]]:
        """All lines from top to bottom as cells."""
        for text in self.banner:
            yield [text]
        yield list(self.header)
        yield from self.rows
        if self.footer:
            yield []
            for text in self.footer:
                yield [text]


def write(path: Path, table: Table, kind: FileKind) -> None:
    """Write ``table`` to ``path``; banner and footer are left out of JSON, where there is no place for them."""
    if kind.kind == "csv":
        path.write_bytes(_csv(table, kind))
    elif kind.kind == "xlsx":
        _xlsx(path, table, kind)
    elif kind.kind == "ods":
        path.write_bytes(_ods(table, kind))
    else:
        path.write_bytes(_json(table, kind).encode())


def _csv(table: Table, kind: FileKind) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=kind.delimiter, lineterminator="\r\n")
    for line in table.lines():
        writer.writerow([_text(cell) for cell in line])
    return text.getvalue().encode(kind.encoding)


def _text(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _json(table: Table, kind: FileKind) -> str:
    """Objects with the header as names; an empty cell is a missing name."""
    items = [
        {
            name: cell if isinstance(cell, int) else _text(cell)
            for name, cell in zip(table.header, row, strict=False)
            if cell != ""
        }
        for row in table.rows
    ]
    if kind.kind == "json":
        return json.dumps(items, ensure_ascii=False, indent=1)
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def _xlsx(path: Path, table: Table, kind: FileKind) -> None:
    book = xlsxwriter.Workbook(str(path), {"in_memory": True})
    book.set_properties({"created": CREATED})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet(kind.sheet)
    for y, line in enumerate(table.lines()):
        for x, cell in enumerate(line):
            if isinstance(cell, date):
                sheet.write_datetime(y, x, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001 - a cell has no zone
            elif isinstance(cell, int):
                sheet.write_number(y, x, cell)
            elif cell:
                sheet.write_string(y, x, cell)
    book.close()


_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def _ods(table: Table, kind: FileKind) -> bytes:
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as pack:
        pack.writestr(zipfile.ZipInfo("mimetype", _ZIP_DATE), _ODS_TYPE)
        for name, content in (("content.xml", _ods_content(table, kind)), ("META-INF/manifest.xml", manifest)):
            pack.writestr(zipfile.ZipInfo(name, _ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _ods_content(table: Table, kind: FileKind) -> str:
    rows = "".join(f"<table:table-row>{''.join(map(_ods_cell, line))}</table:table-row>" for line in table.lines())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_ODS_SPACES} office:version="1.2">'
        "<office:body>"
        f'<office:spreadsheet><table:table table:name="{escape(kind.sheet)}">{rows}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )


def _ods_cell(cell: Cell) -> str:
    if cell == "":
        return "<table:table-cell/>"
    shown = escape(_text(cell))
    if isinstance(cell, date):
        kind = f'office:value-type="date" office:date-value="{shown}"'
    elif isinstance(cell, int):
        kind = f'office:value-type="float" office:value="{cell}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{shown}</text:p></table:table-cell>"
