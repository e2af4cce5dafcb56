"""A register as linkage would have left it, without comparing: for sizes whose making would take longer than measuring.

Identities are opened from the vault and their tokens made by the production's code. Every record becomes a person of
its own, as it does where a register holds nobody twice; only pairs that a person might look at are missing.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import sqlalchemy as sa

from bench.place import settings_of
from marsad.intake.office import Office
from marsad.linkage import linker, store
from marsad.linkage.access import reading
from marsad.linkage.stock import Key

_AT_ONCE = 20_000
_PROCESSES = 2

Chunk = list[tuple[int, str, str, str]]


def fill(office: Office) -> None:
    """Links all records that wait for it. Some must have been linked already, by the model in use."""
    with office.engine.begin() as connection:
        contents: Chunk = [tuple(row) for row in connection.execute(sa.text(_WAITING))]
        _run(connection, _BEFORE)
    chunks = [contents[start : start + _AT_ONCE] for start in range(0, len(contents), _AT_ONCE)]
    with ProcessPoolExecutor(_PROCESSES, get_context("spawn")) as pool:
        list(pool.map(_tokens, [office.settings.home] * len(chunks), chunks))
    with office.engine.begin() as connection:
        _run(connection, _AFTER)
    with office.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _run(connection, ["VACUUM ANALYZE"])


def _tokens(home: Path, chunk: Chunk) -> None:
    office = Office.open(settings_of(home))
    tools = linker.tools(office)
    keys = {content: Key(*key) for content, *key in chunk}
    with reading(office.engine) as connection:
        records = tools.stock.open(connection, keys)
        number = store.token_key(connection)
        store.put_tokens(connection, {content: tools.tokens(record, number) for content, record in records.items()})
    office.engine.dispose()


def _run(connection: sa.Connection, statements: list[str]) -> None:
    for statement in statements:
        connection.execute(sa.text(statement))


_WAITING = """
    SELECT content_id, feed, provider, record_id FROM core.sighting k
    WHERE current AND NOT EXISTS (SELECT FROM link.record r WHERE r.content_id = k.content_id) ORDER BY content_id
"""
_BEFORE = [
    "INSERT INTO link.delivery SELECT delivery_id FROM ops.delivery ON CONFLICT DO NOTHING",
    "ALTER TABLE vault.token DROP CONSTRAINT token_pk",
    "DROP INDEX vault.token_content",
]
_AFTER = [
    "ALTER TABLE vault.token ADD CONSTRAINT token_pk PRIMARY KEY (token, content_id)",
    "CREATE INDEX token_content ON vault.token (content_id)",
    f"CREATE TEMP TABLE filled ON COMMIT DROP AS SELECT *, gen_random_uuid() AS person_id FROM ({_WAITING}) AS waiting",
    "INSERT INTO link.person (person_id, made_at) SELECT person_id, now() FROM filled",
    "INSERT INTO link.record SELECT feed, provider, record_id, content_id, person_id, now() FROM filled",
    "INSERT INTO link.run (at, model_version, size, entered, departed, opened, compared, kept, persons, moved)"
    " SELECT now(), max(version), (SELECT count(*) FROM link.record), (SELECT count(*) FROM filled),"
    " 0, 0, 0, 0, (SELECT count(*) FROM filled), 0 FROM link.model",
]
