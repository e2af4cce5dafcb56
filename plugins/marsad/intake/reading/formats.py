"""What a file is, told by its content; its name only decides where content leaves it open."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from marsad.errors import ProviderFault
from marsad.intake.reading.encoding import Utf8Stream, detect_encoding
from marsad.intake.reading.workbook import guard_zip

Format = Literal["csv", "json", "xlsx", "xlsb", "xls", "ods", "zip", "gz"]
_HEAD = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BIFF = (b"\x09\x08", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00", b"\x09\x00\x04\x00")
_GZIP = b"\x1f\x8b"
AGE, AGE_ARMOUR = b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----"
_ARCHIVES = (b"BZh", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_NOT_TABLES = (
    *(b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ\x90", b"{\\rtf", b"PAR1", b"SQLite format 3"),
    *(b"II*\0", b"MM\0*", b"ID3", b"RIFF", b"\0\0\0\x18ftyp", b"\0\0\0\x20ftyp"),
)
_MARKUP = re.compile(r"\s*<(\?xml|!doctype|html|table|head|body|meta|workbook|script|div|\w+:\w+)\b", re.IGNORECASE)
_JSON = re.compile(r"\s*[\[{]")
_JSON_BEGIN = re.compile(r'\s*(\[\s*([\[{"\]]|-?\d|true|false|null|$)|\{\s*["}]|\{\s*$)')
_JSON_NAMES = frozenset({".json", ".jsonl", ".ndjson", ".geojson"})
_FAMILY = {"jsonl": "json", "tsv": "csv", "txt": "csv", "xlsm": "xlsx"}


def detect_format(path: Path, name: str) -> Format:
    """The format of a file. Raises ProviderFault for an empty one, an unknown archive, or what cannot hold a table."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise ProviderFault("file.empty")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zipped(guard_zip(path))
    if head.startswith(_OLE):
        return _compound(path)
    if head.startswith(_BIFF):
        return "xls"
    if head.startswith(_GZIP):
        return "gz"
    if head.startswith((AGE, AGE_ARMOUR)):
        raise ProviderFault("file.age")
    if head.startswith(_ARCHIVES) or head[257:262] == b"ustar":
        raise ProviderFault("file.archive")
    if head.startswith(_NOT_TABLES):
        raise ProviderFault("file.not_a_table")
    return _text(path, Path(name).suffix.lower())


def demand_format(found: Format, allowed: frozenset[str]) -> None:
    """Raise ProviderFault if a contract's formats leave out the one found."""
    families = {_FAMILY.get(name, name) for name in allowed}
    if allowed and found not in families and not (found == "xlsb" and "xlsx" in families):
        raise ProviderFault("file.format_not_allowed", format=found.upper(), allowed=", ".join(sorted(allowed)).upper())


def _zipped(parts: frozenset[str]) -> Format:
    if any(part.lower().startswith("xl/workbook") and part.endswith(".bin") for part in parts):
        return "xlsb"
    if "content.xml" in parts:
        return "ods"
    if any(part.lower() == "[content_types].xml" for part in parts):
        return "xlsx"
    return "zip"


def _compound(path: Path) -> Format:
    """An old workbook, or a new one under a password: then the container lists a stream of that name."""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if "EncryptedPackage".encode("utf-16-le") in chunk:
                raise ProviderFault("file.encrypted")
    return "xls"


def _text(path: Path, suffix: str) -> Format:
    with path.open("rb") as file:
        stream = Utf8Stream(file, detect_encoding(file.read(_HEAD)), _HEAD)
        file.seek(0)
        text = next(iter(stream))[0].decode("utf-8", "replace")
    if _MARKUP.match(text):
        raise ProviderFault("file.not_a_table")
    if suffix in _JSON_NAMES or (_JSON.match(text) and _JSON_BEGIN.match(text) and suffix not in {".csv", ".tsv"}):
        return "json"
    return "csv"
