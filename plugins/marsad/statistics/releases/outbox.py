"""Signed releases as they lie in the outbox: where, and whether they still are what was signed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path


def releases(outbox: Path) -> Path:
    """Where packages lie in the outbox."""
    return outbox / "releases"


def digest(parts: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over named contents."""
    whole = hashlib.sha256()
    for name, content in parts:
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def folder(place: Path, name: str, period: str, number: int) -> Path:
    """Where among packages that of a release lies."""
    return place / f"{name}-{period}-{number}"


def package(place: Path, tables: Sequence[str], sha256: str) -> dict[str, bytes]:
    """The files of a package of ``tables`` by name; none unless all of them are those of that hash."""
    paths = [place / name for name in names(tables)]
    found = {path.name: path.read_bytes() for path in paths if path.is_file()}
    return found if digest(found.items()) == sha256 else {}


def names(tables: Sequence[str]) -> list[str]:
    """What the files of a package are called; others that lie there are not of it."""
    return [*(f"{table}.{kind}" for table in tables for kind in ("csv", "parquet")), "datapackage.json", "dcat.jsonld"]
