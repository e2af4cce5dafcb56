"""The tables of the warehouse. Entity tables are made from the common model, all others are written out here.

A *sighting* is one statement of one record by one delivery; a *content* is one state of a record, stored once however
often it is stated. Which content counts now is ``sighting.current``, a pure function of the set of sightings, so that
the order of arrival does not matter (docs/adr/0002-ledger-decides.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP, UUID

from marsad.warehouse import (
    due_tables,
    link_tables,
    reference_tables,
    register_tables,
    release_tables,
    rights_tables,
)
from marsad.warehouse.model import UNMAPPED, Concept, Entity, common_model
from marsad.warehouse.portal_tables import add_portal_tables

SCHEMAS = (
    "ops", "quarantine", "core", "vault", "link", "register", "mart", "release", "ref", "audit", "stage", "portal"
)  # fmt: skip

LOOKS = "action IN ('identity.seen', 'person.searched', 'report.opened')"
"""Audit events by which somebody saw who persons are, or asked for one by name. The migration has them too."""

_TYPES: Mapping[str, Any] = {
    "text": sa.Text,
    "code": sa.Text,
    "date": sa.Date,
    "timestamp": TIMESTAMP(timezone=True),
    "integer": sa.BigInteger,
    "number": sa.Double,
    "boolean": sa.Boolean,
}
_C = sa.Text(collation="C")  # never depend on a server's collation order
_AT = TIMESTAMP(timezone=True)
_LIVE = "status NOT IN ('superseded', 'retracted')"
_IS_UNMAPPED = f"rule = \"column\" || '.{UNMAPPED}'"


def column_type(concept: Concept) -> sa.types.TypeEngine[Any]:
    """The SQLAlchemy type of a concept's column."""
    plain: sa.types.TypeEngine[Any] = _TYPES[concept.type]
    return ARRAY(sa.Text) if concept.many else plain


def build(model: Mapping[str, Entity]) -> sa.MetaData:
    """All tables, with one entity table a common-model entity in schema ``core``."""
    metadata = sa.MetaData(
        naming_convention={
            "pk": "%(table_name)s_pk",
            "ix": "%(table_name)s_%(column_0_name)s",
            "uq": "%(table_name)s_uq",
        }
    )
    _ledger(metadata)
    _ledger_parts(metadata)
    _quarantine(metadata)
    _justification(metadata)
    _core(metadata)
    for entity in model.values():
        _entity(metadata, entity)
    _vault(metadata)
    reference_tables.add(metadata)
    link_tables.add(metadata)
    register_tables.add(metadata, model["victim"])
    due_tables.add(metadata)
    rights_tables.add(metadata)
    release_tables.add(metadata)
    _audit(metadata)
    add_portal_tables(metadata)
    return metadata


def _ledger(metadata: sa.MetaData) -> None:
    sa.Table(
        "delivery",
        metadata,
        sa.Column("delivery_id", UUID(as_uuid=False), primary_key=True),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("feed", _C, nullable=False),
        sa.Column("provider", _C, nullable=False),
        sa.Column("sha256", _C, nullable=False),
        sa.Column("facts", _C, nullable=False, server_default="", comment="Taken from the file's name by the contract"),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("received_at", _AT, nullable=False),
        sa.Column("first_received_at", _AT, nullable=False, comment="When the same content came first, however judged"),
        sa.Column("contract_version", sa.Text, nullable=False),
        sa.Column("contract_fingerprint", sa.Text, nullable=False),
        sa.Column("suite_fingerprint", sa.Text, nullable=False),
        sa.Column("status", _C, nullable=False),
        sa.Column("live", sa.Boolean, sa.Computed(_LIVE, persisted=True), comment="What its content is judged as now"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_fault", sa.Text, comment="Our own fault at the last attempt; names no value"),
        sa.Column("period", _C),
        sa.Column("version", _C),
        sa.Column("rows_read", sa.BigInteger),
        sa.Column("rows_accepted", sa.BigInteger),
        sa.Column("rows_quarantined", sa.BigInteger),
        sa.Column("rows_unchanged", sa.BigInteger),
        sa.Column("rejudges", UUID(as_uuid=False), comment="The delivery of the same bytes that this one judges again"),
        sa.Column("admitted", _C, nullable=False, server_default="", comment="Why a steward set its refusal aside"),
        sa.Column("finished_at", _AT),
        sa.Column("receipt", JSONB),
        sa.CheckConstraint(
            "status IN ('received','accepted','accepted_with_findings','refused','superseded','retracted')",
            name="delivery_status",
        ),
        sa.Index(
            "delivery_content",
            "feed",
            "provider",
            "sha256",
            "facts",
            "contract_fingerprint",
            "suite_fingerprint",
            "admitted",
            unique=True,
            postgresql_where=sa.text("live"),
        ),
        sa.Index("delivery_provider", "provider", "received_at"),
        sa.Index("delivery_open", "feed", "seq", postgresql_where=sa.text("status = 'received'")),
        schema="ops",
        comment="The ledger: one row a delivery; its state decides, whatever the scheduler believes",
    )


def _ledger_parts(metadata: sa.MetaData) -> None:
    sa.Table(
        "claim",
        metadata,
        sa.Column("delivery_id", UUID(as_uuid=False), sa.ForeignKey("ops.delivery.delivery_id"), primary_key=True),
        schema="ops",
        comment="One row a delivery, locked (never updated) by the process that works on it; a killed process frees it",
    )
    sa.Table(
        "admission",
        metadata,
        sa.Column("delivery_id", UUID(as_uuid=False), sa.ForeignKey("ops.delivery.delivery_id"), primary_key=True),
        sa.Column("reason", _C, nullable=False),
        sa.Column("note", sa.Text, nullable=False, comment="What the sender reads; names nobody"),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", _AT, nullable=False),
        schema="ops",
        comment="Refused files whose good rows a steward wants loaded all the same; judged again by the next drain",
    )
    sa.Table(
        "arrival",
        metadata,
        sa.Column("arrival_id", UUID(as_uuid=False), primary_key=True),
        sa.Column(
            "delivery_id", UUID(as_uuid=False), sa.ForeignKey("ops.delivery.delivery_id"), nullable=False, index=True
        ),
        sa.Column("received_at", _AT, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("receipt", JSONB, comment="The receipt of a duplicate; the first arrival's is the delivery's"),
        schema="ops",
        comment="Bytes received, every time",
    )
    sa.Table(
        "coverage",
        metadata,
        sa.Column("delivery_id", UUID(as_uuid=False), sa.ForeignKey("ops.delivery.delivery_id"), primary_key=True),
        sa.Column("period", _C, primary_key=True),
        sa.Column("feed", _C, nullable=False),
        sa.Column("provider", _C, nullable=False),
        sa.Column("version", _C, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("unmapped_share", sa.Double, nullable=False),
        sa.Index("coverage_feed", "feed", "provider", "period"),
        schema="ops",
        comment="Which periods a delivery speaks of, with how many good rows; decides what a newer snapshot withdraws",
    )


def _quarantine(metadata: sa.MetaData) -> None:
    sa.Table(
        "record",
        metadata,
        sa.Column("delivery_id", UUID(as_uuid=False), sa.ForeignKey("ops.delivery.delivery_id"), primary_key=True),
        sa.Column("row", sa.BigInteger, primary_key=True),
        sa.Column("sheet", sa.Text),
        sa.Column("record_id", _C),
        sa.Column("version", _C, comment="Of the revision that was refused; empty where the row stated none"),
        sa.Column("key_slot", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("sealed", BYTEA, nullable=False),
        sa.Column("corrected_by", UUID(as_uuid=False), comment="The delivery whose accepted row replaced this one"),
        sa.Index("record_waiting", "record_id", postgresql_where=sa.text("corrected_by IS NULL")),
        schema="quarantine",
        comment="Refused rows as sent, encrypted, kept until corrected",
    )
    sa.Table(
        "finding",
        metadata,
        sa.Column(
            "delivery_id", UUID(as_uuid=False), sa.ForeignKey("ops.delivery.delivery_id"), nullable=False, index=True
        ),
        sa.Column("rule", _C, nullable=False),
        sa.Column("severity", _C, nullable=False),
        sa.Column("scope", _C, nullable=False),
        sa.Column("sheet", sa.Text),
        sa.Column("row", sa.BigInteger),
        sa.Column("column", _C),
        sa.Column("params", JSONB),
        sa.Column("content_id", sa.BigInteger, comment="Of a recorded row, where the rule asks for a reason"),
        sa.Index("finding_unmapped", "delivery_id", "column", postgresql_where=sa.text(_IS_UNMAPPED)),
        schema="quarantine",
        comment="One broken rule at one place; never the value",
    )


def _justification(metadata: sa.MetaData) -> None:
    sa.Table(
        "justification",
        metadata,
        sa.Column("content_id", sa.BigInteger, primary_key=True, comment="The record in the state that was doubted"),
        sa.Column("rule", _C, primary_key=True),
        sa.Column("delivery_id", UUID(as_uuid=False), sa.ForeignKey("ops.delivery.delivery_id"), nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("reason", _C, nullable=False, comment="Code of the list justification"),
        sa.Column("given_by", sa.Text, nullable=False, comment="An account, or file: it stood in a column"),
        sa.Column("given_at", _AT, nullable=False),
        schema="ops",
        comment="Why what a warning doubts is right; row and delivery are those that the reason was given for",
    )


def _core(metadata: sa.MetaData) -> None:
    sa.Table(
        "sighting",
        metadata,
        sa.Column("feed", _C, nullable=False),
        sa.Column("provider", _C, nullable=False),
        sa.Column("record_id", _C, nullable=False),
        sa.Column("version", _C, nullable=False),
        sa.Column("fingerprint", BYTEA, nullable=False),
        sa.Column("delivery_id", UUID(as_uuid=False), nullable=False),
        sa.Column("content_id", sa.BigInteger, nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("period", _C, nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.Column("retracted", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("withdraws", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("recorded_at", _AT, nullable=False),
        # A content id stands for feed, provider, record and fingerprint, in a fifth of the bytes.
        sa.PrimaryKeyConstraint("content_id", "version", "delivery_id"),
        sa.Index("sighting_record", "provider", "record_id"),
        sa.Index("sighting_delivery", "delivery_id", postgresql_using="brin"),
        schema="core",
        comment="One statement of one record by one delivery; current marks the state that counts now",
    )
    sa.Sequence("content_id", schema="core", metadata=metadata)
    sa.Table(
        "turn",
        metadata,
        sa.Column("turn_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("delivery_id", UUID(as_uuid=False), nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.Index("turn_statement", "delivery_id", "row"),
        schema="core",
        comment="When a statement that stood already began or ceased to count: what figures as of a day are told by",
    )


def _entity(metadata: sa.MetaData, entity: Entity) -> None:
    kept = [concept for concept in entity.fields.values() if not concept.vaulted]
    sa.Table(
        entity.name,
        metadata,
        sa.Column("content_id", sa.BigInteger, nullable=False),
        sa.Column("item", sa.SmallInteger, nullable=False),
        sa.Column("feed", _C, nullable=False),
        sa.Column("provider", _C, nullable=False),
        sa.Column("record_id", _C, nullable=False),
        sa.Column("delivery_id", UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", _AT, nullable=False),
        *(sa.Column(c.field, column_type(c), comment=c.description) for c in kept),
        sa.Column("extra", JSONB, comment="What only this feed has; never identity or free text"),
        sa.PrimaryKeyConstraint("content_id", "item"),
        schema="core",
        comment=entity.description,
    )


def _vault(metadata: sa.MetaData) -> None:
    sa.Table(
        "record",
        metadata,
        sa.Column("content_id", sa.BigInteger, primary_key=True),
        sa.Column("delivery_id", UUID(as_uuid=False), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("key_slot", sa.Integer, nullable=False),
        sa.Column("sealed", BYTEA, nullable=False),
        sa.Index("record_delivery", "delivery_id", postgresql_using="brin"),
        sa.Index("record_emptied", "content_id", postgresql_where=sa.text("sealed = ''")),
        schema="vault",
        comment="Identity, free text and unclassified columns of a content, encrypted with a key of its own",
    )


def _audit(metadata: sa.MetaData) -> None:
    sa.Table(
        "event",
        metadata,
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("detail", JSONB, nullable=False),
        sa.Column("prev", BYTEA, nullable=False),
        sa.Column("hash", BYTEA, nullable=False),
        sa.Index("event_look", "actor", "at", postgresql_where=sa.text(LOOKS)),
        schema="audit",
        comment="Append-only, each row holds the hash of the one before",
    )
    sa.Table(
        "head",
        metadata,
        sa.Column("one", sa.Boolean, primary_key=True, server_default="true"),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", BYTEA, nullable=False),
        sa.CheckConstraint("one", name="head_single"),
        schema="audit",
        comment="The chain's end; its row lock is taken last in every transaction",
    )


def tables() -> sa.MetaData:
    """The tables of the project's own common model."""
    return build(common_model())
