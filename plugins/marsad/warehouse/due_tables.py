"""Tables of what is due: quiet periods, whom to tell, what was told, and the calendar that analysts read."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP

_C = sa.Text(collation="C")  # never depend on a server's collation order
_AT = TIMESTAMP(timezone=True)
STATES = ("received", "quiet", "open", "due", "late")


def add(metadata: sa.MetaData) -> None:
    """Adds them to ``metadata``."""
    _quiet(metadata)
    _contact(metadata)
    _notice(metadata)
    _expected(metadata)


def _quiet(metadata: sa.MetaData) -> None:
    sa.Table(
        "quiet",
        metadata,
        sa.Column("feed", _C, primary_key=True),
        sa.Column("provider", _C, primary_key=True),
        sa.Column("period", _C, primary_key=True),
        sa.Column("declared_by", sa.Text, nullable=False),
        sa.Column("declared_at", _AT, nullable=False),
        schema="ops",
        comment="Periods for which a provider declared that there is nothing to report",
    )


def _contact(metadata: sa.MetaData) -> None:
    sa.Table(
        "contact",
        metadata,
        sa.Column("provider", _C, primary_key=True, comment="Empty for the platform's own engineers"),
        sa.Column("email", _C, primary_key=True),
        sa.Column("kind", _C, primary_key=True),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("added_at", _AT, nullable=False),
        sa.CheckConstraint("kind IN ('submitter','supervisor','engineer')", name="contact_kind"),
        schema="ops",
        comment="Whom mail goes to, by provider",
    )


def _notice(metadata: sa.MetaData) -> None:
    sa.Table(
        "notice",
        metadata,
        sa.Column("kind", _C, primary_key=True, comment="Step of policies/reminders.yaml, or failure"),
        sa.Column("feed", _C, primary_key=True, comment="Of a failure: the DAG"),
        sa.Column("provider", _C, primary_key=True, comment="Empty for a failure"),
        sa.Column("period", _C, primary_key=True, comment="Of a failure: the day"),
        sa.Column("email", _C, primary_key=True),
        sa.Column("due_on", sa.Date, nullable=False, comment="Of a failure: the day"),
        sa.Column("recorded_at", _AT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sent_at", _AT),
        sa.Column("last_fault", sa.Text, comment="Why the last attempt failed; our own words"),
        sa.Index("notice_open", "recorded_at", postgresql_where=sa.text("sent_at IS NULL")),
        schema="ops",
        comment="Mail: recorded first, then sent; once a step, feed, provider, period and address",
    )


def _expected(metadata: sa.MetaData) -> None:
    sa.Table(
        "expected",
        metadata,
        sa.Column("feed", _C, primary_key=True),
        sa.Column("provider", _C, primary_key=True),
        sa.Column("period", _C, primary_key=True),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("state", _C, nullable=False),
        sa.Column("received_on", sa.Date),
        sa.Column("days_late", sa.Integer, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="expected_state"),
        schema="ref",
        comment="The calendar as last computed: which deliveries are expected, and what became of each",
    )
