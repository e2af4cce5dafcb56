"""The reference of loading: PostgreSQL's own COPY of the same bytes, judging nothing, into a table of texts."""

from __future__ import annotations

import time

import psycopg2

from bench.data import DELIMITER
from bench.place import MadeFile
from marsad.runtime.postgres import Postgres

NAME = "raw COPY of the same bytes into an all-text unlogged table"


def copy_seconds(server: Postgres, file: MadeFile) -> float:
    """Seconds from the first byte to the commit."""
    connection = psycopg2.connect(server.url().replace("+psycopg2", ""))
    try:
        with file.path.open("rb") as data, connection.cursor() as cursor:
            width = data.readline().decode().count(DELIMITER) + 1
            columns = ", ".join(f"c{place} text" for place in range(width))
            cursor.execute(f"CREATE UNLOGGED TABLE raw_copy ({columns})")
            connection.commit()
            started = time.perf_counter()
            cursor.copy_expert(f"COPY raw_copy FROM STDIN (FORMAT csv, DELIMITER '{DELIMITER}')", data, 1 << 20)
            connection.commit()
            seconds = time.perf_counter() - started
            cursor.execute("DROP TABLE raw_copy")
            connection.commit()
    finally:
        connection.close()
    return seconds
