"""Key sightings by content: two narrow indexes instead of a wide key and an index, half the cost of loading them."""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.drop_constraint("sighting_pk", "sighting", schema="core", type_="primary")
    op.drop_index("sighting_content", table_name="sighting", schema="core")
    op.create_primary_key(op.f("sighting_pk"), "sighting", ["content_id", "version", "delivery_id"], schema="core")
    op.create_index("sighting_record", "sighting", ["provider", "record_id"], schema="core")


def downgrade() -> None:
    """Undo."""
    op.drop_index("sighting_record", table_name="sighting", schema="core")
    op.drop_constraint("sighting_pk", "sighting", schema="core", type_="primary")
    op.create_primary_key(
        op.f("sighting_pk"),
        "sighting",
        ["feed", "provider", "record_id", "version", "fingerprint", "delivery_id"],
        schema="core",
    )
    op.create_index("sighting_content", "sighting", ["content_id"], schema="core")
