"""Tables of linkage: who is one person, since when, and what was compared; comparison levels and weights, never values.

A person may be empty: all its records went to another (``merged_into``) or left. Its id is never given to anybody
else, so what hangs on it hangs on no ghost, and it gets its records back when they are taken apart again.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON, TIMESTAMP, UUID

_C = sa.Text(collation="C")  # never depend on a server's collation order
_AT = TIMESTAMP(timezone=True)
_END_NAMES = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("feed", "provider", "record"))
"""Two records, the smaller on the left."""


def add(metadata: sa.MetaData) -> None:
    """Adds them to ``metadata``."""
    _waiting(metadata)
    _model(metadata)
    _persons(metadata)
    _pair(metadata)
    _review(metadata)
    sa.Table(
        "token",
        metadata,
        sa.Column("token", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("content_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Index("token_content", "content_id"),
        schema="vault",
        comment="Keyed hashes by which linkage finds records to compare; of the contents that are linked now",
    )


def _waiting(metadata: sa.MetaData) -> None:
    sa.Table(
        "changed",
        metadata,
        # No key: a loader must never wait for linkage.
        sa.Column("feed", _C, nullable=False),
        sa.Column("provider", _C, nullable=False),
        sa.Column("record_id", _C, nullable=False),
        schema="core",
        comment="Records met before whose state that counts became another; emptied by linkage",
    )
    sa.Table(
        "delivery",
        metadata,
        sa.Column("delivery_id", UUID(as_uuid=False), primary_key=True),
        schema="link",
        comment="Deliveries whose records linkage has put into its queue",
    )
    sa.Table(
        "due",
        metadata,
        sa.Column("feed", _C, primary_key=True),
        sa.Column("provider", _C, primary_key=True),
        sa.Column("record_id", _C, primary_key=True),
        schema="link",
        comment="Records that linkage has to look at; taken out by the transaction that did",
    )


def _model(metadata: sa.MetaData) -> None:
    sa.Table(
        "model",
        metadata,
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("policy", JSON, nullable=False, comment="Not jsonb: the order of comparisons and levels counts"),
        sa.Column("since", _AT, nullable=False),
        schema="link",
        comment="Each version of the policy that records were linked by, word for word",
    )
    counts = ("entered", "departed", "opened", "compared", "kept", "persons", "moved")
    sa.Table(
        "run",
        metadata,
        sa.Column("run_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", _AT, nullable=False),
        sa.Column("model_version", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False, comment="Records linked, as the prior counts them"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
        schema="link",
        comment="One row a transaction of linkage: counts only",
    )


def _persons(metadata: sa.MetaData) -> None:
    sa.Table(
        "person",
        metadata,
        sa.Column("person_id", UUID(as_uuid=False), primary_key=True),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True, comment="Age order"),
        sa.Column("made_at", _AT, nullable=False),
        sa.Column("merged_into", UUID(as_uuid=False), comment="Who got its records, or gave them on to its own heir"),
        schema="link",
        comment="What linkage says several records are; the id is random and says nothing",
    )
    sa.Table(
        "record",
        metadata,
        sa.Column("feed", _C, primary_key=True),
        sa.Column("provider", _C, primary_key=True),
        sa.Column("record_id", _C, primary_key=True),
        sa.Column("content_id", sa.BigInteger, nullable=False, unique=True, comment="The state that was linked"),
        sa.Column("person_id", UUID(as_uuid=False), sa.ForeignKey("link.person.person_id"), nullable=False, index=True),
        sa.Column("since", _AT, nullable=False, comment="When it came to this person"),
        schema="link",
        comment="Which person each record is of now; records that no longer count are not here",
    )
    sa.Table(
        "move",
        metadata,
        sa.Column("move_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", _AT, nullable=False),
        sa.Column("feed", _C, nullable=False),
        sa.Column("provider", _C, nullable=False),
        sa.Column("record_id", _C, nullable=False),
        sa.Column("from_person", UUID(as_uuid=False), nullable=False),
        sa.Column("to_person", UUID(as_uuid=False), comment="Empty: it left"),
        sa.Index("move_record", "feed", "provider", "record_id"),
        sa.Index("move_from", "from_person"),
        schema="link",
        comment="Every record that left its person or went to another, for ever: how a merge is undone",
    )


def _pair(metadata: sa.MetaData) -> None:
    sa.Table(
        "pair",
        metadata,
        sa.Column("left_content", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("right_content", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("weight", sa.REAL, nullable=False, comment="Bits, without the prior"),
        sa.Column("levels", ARRAY(sa.Text), nullable=False, comment="Level of each comparison, in the policy's order"),
        sa.Column("weights", ARRAY(sa.REAL), nullable=False, comment="Bits that each comparison added"),
        sa.Column("model_version", sa.Integer, nullable=False),
        sa.Index("pair_right", "right_content"),
        sa.Index("pair_weight", "weight"),
        schema="link",
        comment="Contents that were compared and may be one person; the smaller content is on the left",
    )


def _review(metadata: sa.MetaData) -> None:
    sa.Table(
        "decision",
        metadata,
        sa.Column("decision_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        *_ends(),
        sa.Column("same", sa.Boolean, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", _AT, nullable=False),
        sa.Index("decision_left", "left_feed", "left_provider", "left_record"),
        sa.Index("decision_right", "right_feed", "right_provider", "right_record"),
        schema="link",
        comment="What people decided of two records, stronger than the machine; kept for ever, the newest counts",
    )
    sa.Table(
        "vote",
        metadata,
        sa.Column("vote_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        *_ends(),
        sa.Column("said", _C, nullable=False),
        sa.Column("probability", sa.REAL, nullable=False, comment="What the machine said then"),
        sa.Column("given_by", _C, nullable=False),
        sa.Column("given_at", _AT, nullable=False),
        sa.CheckConstraint("said IN ('same','different','unknown')", name="vote_said"),
        sa.UniqueConstraint(*_END_NAMES, "given_by"),
        schema="link",
        comment="What each reviewer said of two records, once and for ever",
    )
    sa.Table(
        "review",
        metadata,
        sa.Column("one_person", UUID(as_uuid=False), primary_key=True),
        sa.Column("other_person", UUID(as_uuid=False), primary_key=True, index=True),
        *_ends(),
        sa.Column("left_content", sa.BigInteger, nullable=False),
        sa.Column("right_content", sa.BigInteger, nullable=False),
        sa.Column("weight", sa.Double, nullable=False, comment="Bits, with the prior"),
        sa.Column("probability", sa.Double, nullable=False),
        sa.Column("joins", sa.BigInteger, nullable=False, comment="Pairs of records that would be of one person"),
        sa.Column("worth", sa.Double, nullable=False, comment="Mean probability of all pairs of their records"),
        sa.Index("review_worth", "worth", "left_content", "right_content"),
        sa.UniqueConstraint("left_content", "right_content"),
        schema="link",
        comment="Persons whom the machine keeps apart in doubt and of whom nobody decided: the pair of records to show",
    )


def _ends() -> list[sa.Column[str]]:
    return [sa.Column(name, _C, nullable=False) for name in _END_NAMES]
