"""Whether this very version made the warehouse as it stands: a short command need not bring it up to date again.

Seconds for each command, most of them for importing what migrates. A platform that is started looks at everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from marsad.durable import os_faults
from marsad.settings import PROJECT, Settings
from marsad.warehouse.engine import clean_errors, make_engine

_NOTED = "SELECT obj_description(to_regnamespace('ops'), 'pg_namespace')"


def made_of(settings: Settings) -> str:
    """What a warehouse is made of, in a word: our code, which fills it too, and all definitions, contracts and lists.

    Raises PlatformFault when a file cannot be read.
    """
    whole = hashlib.sha256()
    with os_faults("reading what the warehouse is made of"):
        for path in _files(settings):
            whole.update(f"{path}\0".encode())
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return f"made of {whole.hexdigest()}"


def _files(settings: Settings) -> Iterator[Path]:
    folders = (PROJECT / "plugins" / "marsad", settings.schemas, *settings.contract_dirs)
    for folder in (*folders, *settings.expectation_dirs, *settings.codelist_dirs):
        yield from sorted(path for path in folder.rglob("*.*") if path.suffix != ".pyc" and path.is_file())


def stands(url: str, made: str) -> bool:
    """Whether the warehouse at ``url`` was made of ``made``; no for one that was never made.

    Raises PassingFault when the server does not answer.
    """
    engine = make_engine(url)
    try:
        with clean_errors(), engine.connect() as connection:
            return bool(connection.execute(sa.text(_NOTED)).scalar() == made)
    finally:
        engine.dispose()


def note(url: str, made: str) -> None:
    """Keep with the warehouse what it was made of. Raises PassingFault when the server does not answer."""
    engine = make_engine(url)
    with clean_errors(), engine.begin() as connection:
        connection.exec_driver_sql(f"COMMENT ON SCHEMA ops IS '{made}'")  # hexadecimal digits
    engine.dispose()
