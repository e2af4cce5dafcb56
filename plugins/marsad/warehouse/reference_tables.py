"""Tables of reference: code lists and rules in force with their words, and figures that contradict each other."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

from marsad.warehouse.model import LANGUAGES

_C = sa.Text(collation="C")  # never depend on a server's collation order
_AT = TIMESTAMP(timezone=True)


def add(metadata: sa.MetaData) -> None:
    """Adds them to ``metadata``."""
    _reference(metadata)
    _reconciled(metadata)


def _reference(metadata: sa.MetaData) -> None:
    labels = [sa.Column(f"label_{lang}", sa.Text, nullable=False) for lang in LANGUAGES]
    sa.Table(
        "code",
        metadata,
        sa.Column("scheme", _C, primary_key=True),
        sa.Column("code", _C, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("parent", _C),
        *labels,
        schema="ref",
        comment="Code lists in force, with labels",
    )
    sa.Table(
        "rule",
        metadata,
        sa.Column("feed", _C, primary_key=True),
        sa.Column("rule", _C, primary_key=True),
        sa.Column("severity", _C, nullable=False),
        sa.Column("scope", _C, nullable=False),
        sa.Column("column", _C),
        *(sa.Column(f"message_{lang}", sa.Text, nullable=False) for lang in LANGUAGES),
        schema="ref",
        comment="The rules of each feed's suite in force, with what the agencies read",
    )
    sa.Table(
        "published",
        metadata,
        sa.Column("one", sa.Boolean, primary_key=True, server_default="true"),
        sa.Column("fingerprint", _C, nullable=False),
        sa.CheckConstraint("one", name="published_single"),
        schema="ref",
        comment="SHA-256 of the files that code and rule were made of, where none of them was wrong",
    )


def _reconciled(metadata: sa.MetaData) -> None:
    told = [
        sa.Column(f"{name}_{lang}", sa.Text, nullable=False)
        for name in ("indicator", "explanation")
        for lang in LANGUAGES
    ]
    sa.Table(
        "contradiction",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rule", _C, nullable=False),
        sa.Column("kind", _C, nullable=False),
        sa.Column("country", _C, nullable=False),
        sa.Column("period", _C, nullable=False),
        sa.Column("figures", ARRAY(sa.Text), nullable=False),
        *told,
        *(sa.Column(f"values_{lang}", ARRAY(sa.Text), nullable=False) for lang in LANGUAGES),
        schema="ref",
        comment="Published figures that do not go together, each with its explanation",
    )
    sa.Table(
        "reconciled",
        metadata,
        sa.Column("one", sa.Boolean, primary_key=True, server_default="true"),
        sa.Column("state", _C, nullable=False),
        sa.Column("figures", sa.BigInteger, nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("one", name="reconciled_single"),
        schema="ref",
        comment="When contradiction was made, of how many figures, and what they were",
    )
