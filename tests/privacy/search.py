"""Looking for names in clear: in every file of a folder and in every row of a database, in all spellings they may take.

    hits = find_in_clear(home, dump(url), ["Canary Name"])

An empty list means that the names are nowhere below ``home`` nor in the dump. The inbox, where files lie in clear for
seconds until they are taken, is looked at like any other folder: call this after a drain.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import mmap
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from marsad.contracts.text import fold

_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1252", "cp1256", "iso8859-6", "cp720", "mac_arabic", "utf-32-le")


@dataclass(frozen=True, slots=True)
class Hit:
    """A name found where it must not be, and how it was written there."""

    place: str
    name: str
    spelling: str


def find_in_clear(home: Path, dump: Mapping[str, bytes], names: Iterable[str]) -> list[Hit]:
    """Every place below ``home`` and in the dump of a database that holds one of ``names``."""
    needles = spellings(names)
    in_dump = [hit for place, content in dump.items() for hit in hits_in(content, place, needles)]
    return [*in_dump, *hits_below(home, needles)]


def spellings(names: Iterable[str]) -> Mapping[bytes, tuple[str, str]]:
    """Byte sequences to look for, with the name and the spelling that each stands for."""
    found: dict[bytes, tuple[str, str]] = {}
    for name in names:
        for form in dict.fromkeys(
            (name, name.casefold(), name.upper(), fold(name), unicodedata.normalize("NFD", name))
        ):
            for spelling, needle in _encoded(form):
                found.setdefault(needle, (name, spelling))
    return found


def _encoded(text: str) -> Iterator[tuple[str, bytes]]:
    for encoding in _ENCODINGS:
        try:
            yield encoding, text.encode(encoding)
        except UnicodeEncodeError:
            continue
    plain = text.encode()
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    yield "json", json.dumps(text)[1:-1].encode()
    yield "python", ascii(text)[1:-1].encode()
    yield "url", quote(text).encode()
    yield "html", text.encode("ascii", "xmlcharrefreplace")
    yield "octal", "".join(f"\\{byte:03o}" for byte in plain).encode()
    for offset in range(3):
        # What stays the same of the name in base64, whatever stands before and after it.
        code = base64.b64encode(bytes(offset) + plain)
        yield "base64", code[(0, 2, 3)[offset] : len(code) - (0, 3, 2)[(offset + len(plain)) % 3]].rstrip(b"=")


def hits_in(content: bytes | mmap.mmap, place: str, needles: Mapping[bytes, tuple[str, str]]) -> list[Hit]:
    """The hits in one piece of bytes."""
    return [Hit(place, *told) for needle, told in needles.items() if content.find(needle) >= 0]


def hits_below(folder: Path, needles: Mapping[bytes, tuple[str, str]]) -> list[Hit]:
    """The hits in names and contents of all files below ``folder``, also inside archives."""
    hits: list[Hit] = []
    for path in sorted(folder.rglob("*")):
        place = str(path.relative_to(folder))
        hits += hits_in(place.encode(), f"name of {place}", needles)
        if path.is_file() and not path.is_symlink() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                hits += hits_in(content, place, needles)
                hits += [hit for inner in _unpacked(content) for hit in hits_in(inner, place, needles)]
    return hits


def _unpacked(content: bytes | mmap.mmap) -> Iterator[bytes]:
    """What an archive holds; nothing for anything else."""
    head = bytes(content[:4])
    if head.startswith(b"\x1f\x8b"):
        yield gzip.decompress(bytes(content))
    elif head.startswith((b"x\x9c", b"x\x01", b"x\xda")):
        yield zlib.decompressobj().decompress(bytes(content))
    elif head == b"PK\3\4" and zipfile.is_zipfile(io.BytesIO(bytes(content))):
        with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
            for name in archive.namelist():
                inner = archive.read(name)
                yield inner
                yield from _unpacked(inner)


def dump(url: str) -> dict[str, bytes]:
    """Every row of every table of a database, binary columns as they are, and what the server notes of its work."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        queries = {table: f"SELECT * FROM {table}" for table in connection.execute(_TABLES).scalars()}
        return {place: b"\n".join(_rows(connection, query)) for place, query in {**queries, **_NOTES}.items()}


_TABLES = sa.text(
    """SELECT format('%I.%I', n.nspname, c.relname)
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
         AND n.nspname NOT LIKE 'pg_toast%'"""
)
_NOTES = {
    "what the planner sampled": "SELECT row_to_json(s)::text FROM pg_stats s",
    "running queries": "SELECT query FROM pg_stat_activity WHERE query IS NOT NULL",
}


def _rows(connection: sa.Connection, query: str) -> Iterator[bytes]:
    for row in connection.execute(sa.text(query)):
        for value in row:
            if isinstance(value, bytes | memoryview):
                yield bytes(value)
            elif value is not None:
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
                yield text.encode("utf-8", "replace")
