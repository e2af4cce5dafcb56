"""Find the sealed records of a delivery: whether a file of the key store is still needed is asked for each."""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_index("record_delivery", "record", ["delivery_id"], schema="vault", postgresql_using="brin")


def downgrade() -> None:
    """Undo."""
    op.drop_index("record_delivery", table_name="record", schema="vault")
