"""Brings a database to the state the code expects: roles, schemas, tables, audit guards, views, grants. Repeatable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from marsad.settings import PROJECT
from marsad.warehouse import dictionary, own_persons, roles
from marsad.warehouse.engine import clean_errors, make_engine
from marsad.warehouse.tables import LOOKS, SCHEMAS

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATION_LOCK = 7_262_719  # any constant: two processes that start together must not migrate at once

# Nobody, owner included, rewrites history by accident: the chain only grows, its head only moves.
_AUDIT_GUARD = """
CREATE OR REPLACE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$;
CREATE OR REPLACE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.event
    EXECUTE FUNCTION audit.refuse();
INSERT INTO audit.head (seq, hash) SELECT 0, '\\x' WHERE NOT EXISTS (SELECT FROM audit.head);
"""

# What counts now changes here and there in the loader: the table itself tells linkage and the register. A record's
# first statement is found by its delivery, so that plain loading pays nothing. Histories are made of statements that
# count no longer, too: the register is told when one of these is taken back, or of which version it is.
_CHANGES = """
CREATE OR REPLACE FUNCTION core.note_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    WITH other AS (
        SELECT n.feed, n.provider, n.record_id, bool_or(n.current <> o.current) AS counts
        FROM fresh n JOIN stale o USING (content_id, delivery_id)
        WHERE (n.current, n.retracted, n.version) <> (o.current, o.retracted, o.version)
        GROUP BY n.feed, n.provider, n.record_id
    ), told AS (INSERT INTO core.changed SELECT feed, provider, record_id FROM other WHERE counts)
    INSERT INTO core.restated SELECT feed, provider, record_id FROM other;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER sighting_changed AFTER UPDATE ON core.sighting
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION core.note_changed();
"""

# Likewise for the register: whoever linkage gives a record to, or takes one from.
_TOUCHES = """
CREATE OR REPLACE FUNCTION link.note_touched() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO link.touched SELECT DISTINCT person_id FROM rows;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER record_came AFTER INSERT ON link.record
    REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION link.note_touched();
CREATE OR REPLACE TRIGGER record_left AFTER DELETE ON link.record
    REFERENCING OLD TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION link.note_touched();
"""

# Of the persons whom the register begins or ceases to count, the steps are added up at once: marts count no millions.
_REACHED = """
CREATE OR REPLACE FUNCTION register.note_reached() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO register.reached AS r (year, step, days, persons)
    SELECT year, kind, days::int, TG_ARGV[0]::int * count(*) FROM rows CROSS JOIN jsonb_each(steps) AS step (kind, days)
    WHERE until IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (year, step, days) DO UPDATE SET persons = r.persons + EXCLUDED.persons;
    DELETE FROM register.reached WHERE persons = 0;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER past_came AFTER INSERT ON register.past
    REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION register.note_reached('1');
CREATE OR REPLACE TRIGGER past_went AFTER DELETE ON register.past
    REFERENCING OLD TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION register.note_reached('-1');
CREATE OR REPLACE TRIGGER past_was AFTER UPDATE ON register.past
    REFERENCING OLD TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION register.note_reached('-1');
CREATE OR REPLACE TRIGGER past_is AFTER UPDATE ON register.past
    REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION register.note_reached('1');
"""

# Who asks for somebody by name finds records, and cannot look through the tokens.
_HOLDERS = """
CREATE OR REPLACE FUNCTION vault.holders(tokens bigint[])
RETURNS TABLE (feed text, provider text, record_id text, shared bigint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = '' AS $$
    SELECT r.feed, r.provider, r.record_id, count(*) FROM vault.token t JOIN link.record r USING (content_id)
    WHERE t.token = ANY(tokens) GROUP BY 1, 2, 3
$$;
COMMENT ON FUNCTION vault.holders(bigint[]) IS 'Linked records that hold some of these tokens, and how many';
"""

# Who opens identities reads no audit trail, and is told by it how often somebody did lately. Looks of one account wait
# for each other until they are written down, so that several processes at once allow no more than one would.
_LOOKED = f"""
CREATE OR REPLACE FUNCTION audit.looks(who text, kind text, since timestamptz) RETURNS bigint LANGUAGE sql
SECURITY DEFINER SET search_path = '' AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('audit.looks ' || who, 0));
    SELECT count(*) FROM audit.event WHERE actor = who AND at > since AND {LOOKS}
        AND kind = CASE WHEN action = 'person.searched' THEN 'searched' WHEN action = 'report.opened' THEN 'workbooks'
                        WHEN object LIKE 'pair:%' THEN 'compared' ELSE 'opened' END
$$;
COMMENT ON FUNCTION audit.looks(text, text, timestamptz) IS
    'How often somebody opened or compared identities or workbooks, or searched by name; holds their next look back';
"""  # noqa: S608 - our own words


def upgrade(url: str, views: Path = PROJECT / "schemas" / "views") -> None:
    """Creates or upgrades everything at ``url``; safe to run at every start and from several processes.

    Raises:
        PassingFault: the server does not answer.
        PlatformFault: the role of ``url`` may not create schemas or roles.
    """
    from alembic import command  # a second of imports, which a command on a warehouse that stands is spared

    engine = make_engine(url)
    with clean_errors(), engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        roles.create(connection)
        for schema in SCHEMAS:
            connection.execute(sa.text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        connection.exec_driver_sql("COMMENT ON SCHEMA ops IS NULL")  # what was noted of it (runtime.standing) is over
        command.upgrade(alembic_config(connection), "head")
        connection.exec_driver_sql(_AUDIT_GUARD)
        connection.exec_driver_sql(_CHANGES)
        connection.exec_driver_sql(_TOUCHES)
        connection.exec_driver_sql(_REACHED)
        connection.exec_driver_sql(_HOLDERS)
        connection.exec_driver_sql(_LOOKED.replace("%", "%%"))
        create_views(connection, views)
        dictionary.translate(connection, views.parent / "dictionary.yaml")
        own_persons.protect(connection)
        roles.grant(connection)
    engine.dispose()


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's configuration from pyproject.toml, working on the given connection."""
    from alembic.config import Config

    config = Config(toml_file=PROJECT / "pyproject.toml")
    config.attributes["connection"] = connection
    return config


def create_views(connection: sa.Connection, folder: Path) -> None:
    """(Re)creates all views, one a file, schema by schema in the order of names: marts read the others.

    Views are dropped first: PostgreSQL cannot replace one whose columns changed.
    """
    folders = {schema: folder / schema for schema in ("core", "link", "register", "release")} | {"mart": folder}
    files = [(schema, file) for schema, place in folders.items() for file in sorted(place.glob("*.sql"))]
    for schema, file in reversed(files):
        connection.exec_driver_sql(f'DROP VIEW IF EXISTS {schema}."{_view(file)}"')
    for _, file in files:
        connection.exec_driver_sql(file.read_text(encoding="utf-8").replace("%", "%%"))


def mart_names(folder: Path) -> list[str]:
    """The names of the marts, in the order of their files."""
    return [_view(file) for file in sorted(folder.glob("*.sql"))]


def _view(file: Path) -> str:
    return file.stem.split("_", 1)[1] if file.stem[:2].isdigit() else file.stem
