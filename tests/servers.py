"""A PostgreSQL of one's own, in a folder of its own, gone at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from marsad.runtime.postgres import Postgres
from marsad.warehouse.migrate import upgrade


@contextmanager
def fresh_server(prefix: str) -> Iterator[tuple[Path, Postgres]]:
    """A new folder and the server that runs in it.

    Not below the folder of pytest, which every other run of pytest closes to other users, as the server may be one.
    """
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        base = Path(folder)
        base.chmod(0o711)
        server = Postgres(base / "pg")
        server.start()
        try:
            _never_wait_for_the_disk(server)
            yield base, server
        finally:
            server.stop()


def _never_wait_for_the_disk(server: Postgres) -> None:
    """No test pulls the plug, and what processes wrote outlives them without; a new database takes a tenth."""
    engine = sa.create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
            connection.execute(sa.text(statement))


def listens(place: Path) -> bool:
    """Whether somebody listens there by now: the name of a socket is there a moment earlier."""
    lines = (line.split() for line in Path("/proc/net/unix").read_text("utf-8", "replace").splitlines())
    return any(len(line) == 8 and line[3] == "00010000" and line[7] == str(place) for line in lines)


@contextmanager
def fresh_warehouse(prefix: str) -> Iterator[tuple[Path, str]]:
    """A new folder and the address of an empty, migrated warehouse that runs in it."""
    with fresh_server(prefix) as (base, server):
        upgrade(server.url())
        yield base, server.url()
