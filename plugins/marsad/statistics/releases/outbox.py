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
    """The files of a package by name; none unless its ``tables`` as CSV, in their order, are those of that hash."""
    found = {path.name: path.read_bytes() for path in sorted(place.iterdir())} if place.is_dir() else {}
    csv = [(table, found.get(f"{table}.csv", b"")) for table in tables]
    return found if digest(csv) == sha256 else {}
