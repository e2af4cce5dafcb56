"""Archives (ZIP, GZ) opened under limits, into memory: no name inside one is ever used as a place to write to."""

from __future__ import annotations

import gzip
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from marsad.errors import ProviderFault
from marsad.intake.reading import limits

_TABLES = frozenset(
    {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".json", ".jsonl", ".ndjson", ".geojson"}
)
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive in the clear; gone when nobody holds it any more."""

    name: str
    descriptor: int

    @property
    def path(self) -> Path:
        """Where it can be read meanwhile."""
        return Path(f"/proc/self/fd/{self.descriptor}")

    def __del__(self) -> None:
        os.close(self.descriptor)


def members(path: Path, name: str) -> Iterator[Member]:
    """The tables in a ZIP archive in its order, or what a GZ file holds. Raises ProviderFault.

    What systems add (``__MACOSX``, hidden files) and what is no table by its name is passed over.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in tables_of(archive.infolist()):
                with archive.open(entry) as file:
                    yield _unpacked(file, entry.filename, entry.compress_size)
    else:
        with gzip.open(path) as file:
            yield _unpacked(file, name.removesuffix(".gz").removesuffix(".GZ"), path.stat().st_size)


def tables_of(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The entries that may be tables. Raises ProviderFault if there is none, or names lead out of the archive."""
    files = [entry for entry in entries if not entry.is_dir()]
    if any(_leads_out(entry.filename) for entry in files):
        raise ProviderFault("file.archive_names")
    found = [entry for entry in files if _is_table(PurePosixPath(entry.filename))]
    if not found:
        raise ProviderFault("file.archive")
    return found


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or not parts[0] or parts[0].endswith(":")


def _is_table(name: PurePosixPath) -> bool:
    return name.suffix.lower() in _TABLES and not any(part.startswith((".", "__MACOSX", "~$")) for part in name.parts)


def _unpacked(source: IO[bytes] | gzip.GzipFile, name: str, packed: int) -> Member:
    member = Member(name, os.memfd_create("member", os.MFD_CLOEXEC))
    size = 0
    with os.fdopen(os.dup(member.descriptor), "wb") as target:
        while chunk := _next(source):
            size += len(chunk)
            dense = size > limits.RATIO_FREE_BYTES and size > limits.MAX_ZIP_RATIO * packed
            if dense or size > limits.MAX_UNZIPPED_BYTES:
                raise ProviderFault("file.too_large", limit=limits.MAX_UNZIPPED_BYTES >> 20)
            target.write(chunk)
    return member


def _next(source: IO[bytes] | gzip.GzipFile) -> bytes:
    try:
        return source.read(_CHUNK)
    except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error):
        raise ProviderFault("file.truncated_archive") from None
