"""Tables of releases: what was counted, what is shown of it, who judged and signed it. No row speaks of one person.

``base`` holds counts before disclosure control, as the marts do; analysts read the views of signed releases alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON, TIMESTAMP, UUID

from marsad.warehouse.model import LANGUAGES

STATES = ("built", "signed", "rejected")
VERDICTS = ("pass", "review", "fail")
HIDDEN = "c"
"""Stands beside a cell that is not shown (SDMX observation status: confidential)."""

RULE = ("counting_unit", "counting_stage", "reference_date", "source")
"""The columns of the counting rule, in marts and in releases."""

_C = sa.Text(collation="C")  # never depend on a server's collation order
_AT = TIMESTAMP(timezone=True)
# JSON, not JSONB: tables and codes keep their order.


def add(metadata: sa.MetaData) -> None:
    """Adds them to ``metadata``."""
    _build(metadata)
    _table(metadata)
    _cell(metadata)
    _base(metadata)


def _text(name: str, comment: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, _C, nullable=null, comment=comment)


def _id(*, own: bool = False) -> sa.Column[str]:
    reference = [] if own else [sa.ForeignKey("release.build.build_id")]
    return sa.Column("build_id", UUID(as_uuid=False), *reference, primary_key=True, comment="Of the build")


def _build(metadata: sa.MetaData) -> None:
    values = ", ".join
    sa.Table(
        "build",
        metadata,
        _id(own=True),
        _text("name", "Of the release: its file below schemas/releases"),
        _text("period", "2025-Q1, 2025"),
        sa.Column("number", sa.Integer, nullable=False, comment="Of the builds of this release and period"),
        sa.Column("as_of", _AT, nullable=False, comment="When was counted"),
        _text("ledger", "SHA-256 over the deliveries that counted then, with their state"),
        sa.Column("definition", JSON, nullable=False, comment="The file of the release as it was"),
        sa.Column("policy", JSON, nullable=False, comment="The policy of disclosure as it was"),
        sa.Column("paths", JSON, nullable=False, comment="Each dimension's codes, with what they belong to"),
        sa.Column("missing", JSON, nullable=False, comment="Deliveries of the period that had not come"),
        sa.Column("facts", JSON, nullable=False, comment="What the suite judged"),
        sa.Column("broken", JSON, nullable=False, comment="Rules of the suite that do not hold"),
        sa.Column("reckoned", JSON, nullable=False, comment="Signed builds that it was held against"),
        _text("verdict", "pass, review or fail"),
        _text("tools", "Versions of what built it"),
        _text("sha256", "Of its tables as CSV"),
        _text("state", "built, signed or rejected"),
        _text("built_by", "Account or DAG"),
        _text("decided_by", "Who signed or rejected it", null=True),
        sa.Column("decided_at", _AT, comment="When"),
        _text("note", "What was said with it", null=True),
        _text("package_sha256", "Of the files that a signed one is handed out as", null=True),
        sa.UniqueConstraint("name", "period", "number", name="build_number"),
        sa.CheckConstraint(f"state IN ({values(map(repr, STATES))})", name="build_state"),
        sa.CheckConstraint(f"verdict IN ({values(map(repr, VERDICTS))})", name="build_verdict"),
        sa.CheckConstraint("state <> 'signed' OR verdict <> 'fail'", name="build_never_failed"),
        sa.CheckConstraint("(state = 'built') = (decided_by IS NULL)", name="build_decided"),
        schema="release",
        comment="Releases as they were built, each with what it was made of, its verdict and who decided",
    )


def _table(metadata: sa.MetaData) -> None:
    sa.Table(
        "built_table",
        metadata,
        _id(),
        sa.Column("table", _C, primary_key=True, comment="Name in the release"),
        sa.Column("position", sa.Integer, nullable=False, comment="In the order of the release"),
        _text("cube", "What is counted: of the release's file"),
        *(sa.Column(f"title_{one}", sa.Text, nullable=False, comment="What it shows") for one in LANGUAGES),
        sa.Column("dimensions", ARRAY(sa.Text), nullable=False, comment="In the order of codes"),
        _text("counting_unit", "Code list counting_unit"),
        _text("counting_stage", "Code list counting_stage"),
        _text("reference_date", "Code list reference_date"),
        _text("source", "Feed or mart"),
        sa.Column("cells", sa.Integer, nullable=False, comment="Cells, margins included"),
        sa.Column("shown", sa.Integer, nullable=False, comment="Cells whose number is shown"),
        schema="release",
        comment="The tables of each build",
    )


def _cell(metadata: sa.MetaData) -> None:
    sa.Table(
        "built_cell",
        metadata,
        _id(),
        sa.Column("table", _C, primary_key=True, comment="Name in the release"),
        sa.Column("codes", ARRAY(_C), primary_key=True, comment="One a dimension of the table; total for a margin"),
        sa.Column("value", sa.BigInteger, comment="Empty where it is not shown"),
        _text("flag", "c where it is not shown, else empty"),
        sa.CheckConstraint(f"(value IS NULL) = (flag = '{HIDDEN}')", name="built_cell_flag"),
        schema="release",
        comment="The cells of each build, after disclosure control",
    )


def _base(metadata: sa.MetaData) -> None:
    sa.Table(
        "base",
        metadata,
        _id(),
        sa.Column("cube", _C, primary_key=True, comment="What is counted: of the release's file"),
        sa.Column("period", _C, primary_key=True, comment="As the mart says it"),
        sa.Column("codes", ARRAY(_C), primary_key=True, comment="One a dimension of the cube"),
        sa.Column("count", sa.BigInteger, nullable=False, comment="Before disclosure control: never handed out"),
        schema="release",
        comment="What was counted when a release was built, so that it can be built again, and held against the next",
    )
