"""Alembic's entry: the connection is handed over by ``marsad.warehouse.migrate``; nothing is read from a file."""

from alembic import context

from marsad.warehouse.tables import SCHEMAS, tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables(),
    include_schemas=True,
    include_name=lambda name, type_, _parents: type_ != "schema" or name in SCHEMAS,
    version_table_schema="ops",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
