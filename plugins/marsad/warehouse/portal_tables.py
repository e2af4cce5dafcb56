"""The tables of the web pages: accounts, their rights, sessions, attempts to sign in, files on their way to the inbox.

Of secrets they hold hashes only: passwords by argon2, tokens of sessions and invitations by SHA-256; the seed of
one-time codes is sealed with a key outside the database.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, TIMESTAMP, UUID

_C = sa.Text(collation="C")
_AT = TIMESTAMP(timezone=True)
_ID = UUID(as_uuid=False)


def add_portal_tables(metadata: sa.MetaData) -> None:
    """Adds the tables of schema ``portal``."""
    _accounts(metadata)
    _sessions(metadata)
    _uploads(metadata)
    _returned(metadata)


def _accounts(metadata: sa.MetaData) -> None:
    sa.Table(
        "account",
        metadata,
        sa.Column("account_id", _ID, primary_key=True),
        sa.Column("email", _C, nullable=False, unique=True, comment="Lower case; who signs in, never written to audit"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", _C, nullable=False),
        sa.Column("password", sa.Text, comment="argon2id, empty until the invitation is taken up"),
        sa.Column("code_seed", BYTEA, comment="Seed of one-time codes, sealed with the portal's key"),
        sa.Column("code_step", sa.BigInteger, comment="Step of the last code used: none is taken twice"),
        sa.Column("invitation", BYTEA, comment="SHA-256 of the token"),
        sa.Column("invitation_until", _AT),
        sa.Column("disabled", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("signed_in_at", _AT),
        schema="portal",
        comment="Who may sign in to the pages",
    )
    sa.Table(
        "account_right",
        metadata,
        sa.Column("account_id", _ID, sa.ForeignKey("portal.account.account_id"), primary_key=True),
        sa.Column("role", _C, primary_key=True),
        sa.Column("provider", _C, primary_key=True, comment="Sending body of a submitter; empty for other roles"),
        sa.Column("feed", _C, primary_key=True, comment="One that names nobody; empty: the feeds that name the body"),
        schema="portal",
        comment="What an account may do, for which sending body",
    )


def _sessions(metadata: sa.MetaData) -> None:
    sa.Table(
        "session",
        metadata,
        sa.Column("token", BYTEA, primary_key=True, comment="SHA-256 of the cookie"),
        sa.Column("account_id", _ID, sa.ForeignKey("portal.account.account_id"), nullable=False, index=True),
        sa.Column("started_at", _AT, nullable=False),
        sa.Column("seen_at", _AT, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False, comment="False while the one-time code is still to come"),
        schema="portal",
        comment="Who is signed in",
    )
    sa.Table(
        "attempt",
        metadata,
        sa.Column("attempt_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", _AT, nullable=False, index=True),
        sa.Column("who", BYTEA, nullable=False, comment="SHA-256 of the e-mail address that was tried"),
        sa.Column("address", _C, nullable=False, comment="Network address"),
        schema="portal",
        comment="Attempts to sign in that failed, kept for as long as they count",
    )


def _uploads(metadata: sa.MetaData) -> None:
    sa.Table(
        "upload",
        metadata,
        sa.Column("upload_id", _ID, primary_key=True),
        sa.Column("account_id", _ID, sa.ForeignKey("portal.account.account_id"), nullable=False, index=True),
        sa.Column("feed", _C, nullable=False),
        sa.Column("provider", _C, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("sha256", _C, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("state", _C, nullable=False),
        sa.Column("verdict", JSONB, comment="Receipt and findings of the dry run: counts, places, messages"),
        sa.Column("sent_at", _AT),
        sa.CheckConstraint("state IN ('checking','checked','slow','failed','sent','dropped')", name="upload_state"),
        schema="portal",
        comment="Files on their way from a page to the inbox",
    )


def _returned(metadata: sa.MetaData) -> None:
    sa.Table(
        "returned",
        metadata,
        sa.Column("delivery_id", _ID, sa.ForeignKey("ops.delivery.delivery_id"), primary_key=True),
        sa.Column("at", _AT, primary_key=True),
        sa.Column("account_id", _ID, sa.ForeignKey("portal.account.account_id"), nullable=False),
        sa.Column("note", sa.Text, nullable=False, comment="What the sender reads; names nobody"),
        schema="portal",
        comment="Refused files that a steward gave back to their sender",
    )
