"""Tables of people's rights over what is held of them: who was erased, so that nothing brings her back."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

_C = sa.Text(collation="C")  # never depend on a server's collation order
_AT = TIMESTAMP(timezone=True)


def add(metadata: sa.MetaData) -> None:
    """Adds them to ``metadata``."""
    sa.Table(
        "hold",
        metadata,
        sa.Column("held_id", UUID(as_uuid=False), primary_key=True, comment="A person or a delivery"),
        sa.Column("reason", _C, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("placed_at", _AT, nullable=False),
        schema="ops",
        comment="Legal holds: neither erasing nor retention takes anything of these",
    )
    sa.Table(
        "officer",
        metadata,
        sa.Column("login", _C, primary_key=True, comment="Login role of the database"),
        sa.Column("provider", _C, primary_key=True),
        schema="register",
        comment="Case officers who sign in to the database themselves, and the sending bodies they work for",
    )
    sa.Table(
        "token_key",
        metadata,
        sa.Column("one", sa.Boolean, primary_key=True, server_default="true"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.CheckConstraint("one", name="token_key_single"),
        schema="vault",
        comment="By which key all tokens are made; the first while there is no row",
    )
    sa.Table(
        "erased",
        metadata,
        sa.Column("feed", _C, primary_key=True),
        sa.Column("provider", _C, primary_key=True),
        sa.Column("record_id", _C, primary_key=True),
        sa.Column("person_id", UUID(as_uuid=False), nullable=False, index=True),
        sa.Column("erased_at", _AT, nullable=False),
        schema="vault",
        comment="Records of erased persons: whatever is stated of them again comes in without an identity",
    )
    sa.Table(
        "erased_row",
        metadata,
        sa.Column("sha256", _C, primary_key=True),
        sa.Column("row", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("erased_at", _AT, nullable=False),
        schema="vault",
        comment="Rows of landed files that speak of erased persons, whatever a later contract takes for their number",
    )
