"""Cells of an XLSX whose formula failed (``#N/A``, ``#DIV/0!``). calamine gives blanks; their sender sees a text."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

_BOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CHUNK = 1 << 20
_LONGEST = 1 << 16  # bytes of one cell that are kept until its end is read
_FAILED = re.compile(  # no part of a tag goes past the next one: else a comment full of "<c " would take hours
    rb'<c\s(?=[^<>]*\bt="e")[^<>]*\br="([A-Z]{1,3})([0-9]{1,7})"[^<>]*>'
    rb"(?:<f[^<>]*/>|<f[^<>]*>[^<]*</f>)?\s*<v>(#[A-Z0-9/!?_]{2,20})</v>"
)


def failed_formulas(path: Path, sheet: str) -> dict[int, dict[int, str]]:
    """What the failed cells of a sheet show, by row (from 1) and column (from 0); none in another format."""
    found: dict[int, dict[int, str]] = {}
    if not zipfile.is_zipfile(path):
        return found
    with zipfile.ZipFile(path) as archive:
        part = _part(archive, sheet)
        for letters, row, text in _cells(archive, part) if part else ():
            found.setdefault(int(row), {})[_column(letters)] = text.decode("ascii")
    return found


def _part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Where the sheet lies in the archive, by the book's relations (ECMA-376 part 1, 12.3); None if they do not say."""
    if not {_BOOK, _RELATIONS} <= set(archive.namelist()):
        return None
    try:
        book, relations = (ET.fromstring(archive.read(name)) for name in (_BOOK, _RELATIONS))  # noqa: S314 - see merged
    except ET.ParseError:
        return None
    ids = {each.get(_ID) for each in book.iter() if each.get("name") == sheet and each.get(_ID)}
    targets = [each.get("Target", "") for each in relations if each.get("Id") in ids]
    parts = [posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") for target in targets]
    return next((part for part in parts if part in archive.namelist()), None)


def _cells(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, bytes, bytes]]:
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            text = rest + chunk
            cut = text.rfind(b"<c ")
            yield from _FAILED.findall(text, 0, cut if cut > 0 else len(text))
            rest = text[cut if cut > 0 else len(text) :][-_LONGEST:]
    yield from _FAILED.findall(rest)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
