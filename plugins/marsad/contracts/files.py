"""Which files of a folder are contracts, and of which feed. Light: Airflow asks every half minute."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

PART_LENGTH = 60  # bytes; names of DAGs end at 250, those of files at 255
_PART = rf"[a-z][a-z0-9_]{{0,{PART_LENGTH - 1}}}"
FEED_NAME = re.compile(rf"{_PART}/{_PART}")


def contract_files(paths: Iterable[Path]) -> list[Path]:
    """Contract files of the paths: files as given, of folders all ``<agency>/<name>.yaml`` in order of name.

    Hidden ones are none: editors keep their locks and drafts under such names.
    """
    return [file for path in paths for file in ([path] if path.is_file() else sorted(_visible(path)))]


def _visible(folder: Path) -> Iterable[Path]:
    return (file for file in folder.glob("*/*.yaml") if not file.name.startswith(".") and file.parent.name[0] != ".")


def feed_of(file: Path) -> str:
    """The feed that a contract file is named for; whether that is a feed's name, ``FEED_NAME`` says."""
    return f"{file.parent.name}/{file.stem}"
