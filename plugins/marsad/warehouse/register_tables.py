"""Tables of the administrative register of victims: what follows from the records of each person; never an identity.

All but the queue and referrals sent in the pages is a function of the records that count and of who is whom, so a
person is rebuilt as often as one likes. A person without records has no row here: nothing hangs on a ghost.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, UUID

from marsad.warehouse.model import Entity

FIELDS = (
    "sex", "age_band", "minor", "citizenship", "region", "province", "marital_status", "education", "migration_status",
    "exploitation_form", "means", "recruitment_channel", "country_of_exploitation",
)  # fmt: skip
"""Fields of the common model's victim that the register says of a person. Besides: the year of birth."""

KINDS = (
    "detection", "referral_from", "court", "identification", "protection", "referral_to", "shelter", "service",
    "return", "reintegration",
)  # fmt: skip
"""Steps of the national referral mechanism, in the order in which those of one day are told."""

PURPOSES = ("statistics", "assistance")
ANSWERS = ("accepted", "declined")
WITHDRAWN = "withdrawn"
"""What the sender of a referral says while nobody answered."""

LAPSED = "lapsed"
"""What becomes of a referral that nobody answers in time."""

_C = sa.Text(collation="C")  # never depend on a server's collation order
_AT = TIMESTAMP(timezone=True)


def add(metadata: sa.MetaData, victim: Entity) -> None:
    """Adds them to ``metadata``; ``victim`` is the common model's."""
    _queue(metadata)
    _person(metadata, victim)
    _records(metadata)
    _status(metadata)
    _step(metadata)
    _seen_by(metadata)
    _referral(metadata)
    _past(metadata)
    _reached(metadata)
    _watch(metadata)
    # What brings stays of a shelter, and proceedings of a case, to a person without reading all of them.
    service, proceeding = metadata.tables["core.service"], metadata.tables["core.proceeding"]
    sa.Index("service_guest", service.c.provider, service.c.victim_reference)
    for reference in ("court_reference", "police_reference"):
        sa.Index(f"proceeding_{reference}", proceeding.c[reference])


def _is_one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(repr, values))})"


def _id(name: str, *, key: bool = True, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, UUID(as_uuid=False), primary_key=key, nullable=False, index=index)


def _key(*, primary: bool) -> list[sa.Column[str]]:
    return [sa.Column(name, _C, primary_key=primary, nullable=False) for name in ("feed", "provider", "record_id")]


def _queue(metadata: sa.MetaData) -> None:
    sa.Table(
        "restated",
        metadata,
        *_key(primary=False),  # no key: a loader must never wait for the register
        schema="core",
        comment="Records met before whose state that counts became another; emptied by the register",
    )
    sa.Table(
        "touched",
        metadata,
        _id("person_id", key=False),  # nor a linker
        schema="link",
        comment="Persons that a record came to, left, or changed; emptied by the register",
    )
    sa.Table(
        "delivery",
        metadata,
        _id("delivery_id"),
        schema="register",
        comment="Deliveries whose persons the register has put into its queue",
    )
    sa.Table(
        "policy",
        metadata,
        sa.Column("since", _AT, primary_key=True),
        sa.Column("document", JSONB, nullable=False),
        schema="register",
        comment="Each policy of survivorship that the register was built by; the newest is in use",
    )
    sa.Table(
        "due",
        metadata,
        _id("person_id"),
        schema="register",
        comment="Persons to rebuild; emptied by the transaction that did",
    )


def _person(metadata: sa.MetaData, victim: Entity) -> None:
    kept = [(victim.fields[name].many, name, victim.fields[name].description) for name in FIELDS]
    sa.Table(
        "person",
        metadata,
        _id("person_id"),
        sa.Column("purpose", _C, nullable=False, comment="What she is registered for; assistance needs her consent"),
        sa.Column("consent", _C, comment="Her last word on recording and sharing her data"),
        sa.Column("birth_year", sa.Integer, comment="From an age when met, so a year more or less"),
        *(sa.Column(name, ARRAY(sa.Text) if many else sa.Text, comment=text) for many, name, text in kept),
        sa.CheckConstraint(_is_one_of("purpose", PURPOSES), name="person_purpose"),
        schema="register",
        comment="The register: one row a victim, with what is believed of her; no identity",
    )


def _records(metadata: sa.MetaData) -> None:
    sa.Table(
        "record",
        metadata,
        *_key(primary=True),
        _id("person_id", key=False, index=True),
        sa.Column("content_id", sa.BigInteger, nullable=False, comment="The state that counts"),
        sa.Column("victim_reference", sa.Text, comment="Code by which stays in shelters name her; empty for a stay"),
        sa.Index("record_guest", "provider", "victim_reference"),
        schema="register",
        comment="Records that a person's row, history and path are made of, stays in shelters among them",
    )
    sa.Table(
        "source",
        metadata,
        _id("person_id"),
        sa.Column("field", _C, primary_key=True),
        sa.Column("place", sa.SmallInteger, primary_key=True, comment="1 is believed first; the next where it is mute"),
        *_key(primary=False),
        sa.Column("identity", sa.Boolean, nullable=False, comment="Opened from the vault; no value stands anywhere"),
        schema="register",
        comment="Which record is believed for which field; of identities all that is said here, and only with consent",
    )


def _status(metadata: sa.MetaData) -> None:
    sa.Table(
        "status",
        metadata,
        sa.Column("content_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stated", _C, primary_key=True, comment="Version of the record that says so"),
        _id("person_id", key=False, index=True),
        *_key(primary=False),
        sa.Column("status", _C, nullable=False, comment="Code list victim_status"),
        sa.Column("decided_on", sa.Date, comment="Day of the decision, else of the meeting"),
        sa.Column("deciding_body", _C, nullable=False, comment="Code list deciding_body"),
        sa.Column("replaced", _C, comment="Version of the same record that says otherwise; empty while it stands"),
        sa.Column("current", sa.Boolean, nullable=False, comment="What counts for the person now"),
        sa.Index("status_current", "person_id", unique=True, postgresql_where=sa.text("current")),
        schema="register",
        comment="Dated history of what was decided of a person; a correction closes an entry and appends one",
    )


def _step(metadata: sa.MetaData) -> None:
    sa.Table(
        "step",
        metadata,
        *_key(primary=True),
        sa.Column("kind", _C, primary_key=True),
        sa.Column("item", sa.SmallInteger, primary_key=True, autoincrement=False),
        _id("person_id", key=False, index=True),
        sa.Column("began_on", sa.Date, comment="Empty where the agency gives no day"),
        sa.Column("ended_on", sa.Date, comment="Of a service or stay, once it is over"),
        sa.Column("detail", _C, comment="Service given, who referred or was referred to, who decided, country"),
        sa.Column("consent", _C, comment="Of the person to this, as the record says it"),
        sa.CheckConstraint(_is_one_of("kind", KINDS), name="step_kind"),
        schema="register",
        comment="A person's way through the national referral mechanism",
    )


def _seen_by(metadata: sa.MetaData) -> None:
    sa.Table(
        "seen_by",
        metadata,
        _id("person_id"),
        sa.Column("provider", sa.Text(collation="C"), primary_key=True),
        sa.Column("first_seen", sa.Date, comment="Empty where no record gives a day"),
        sa.Column("last_seen", sa.Date),
        sa.Index("seen_by_provider", "provider"),
        schema="register",
        comment="Which sending bodies know a person: what a case officer may see goes by it",
    )


def _referral(metadata: sa.MetaData) -> None:
    sa.Table(
        "referral",
        metadata,
        _id("referral_id"),
        *_key(primary=False),  # by it a referral stays hers, whatever linkage makes of her
        _id("person_id", key=False, index=True),
        sa.Column("to_provider", _C, nullable=False, comment="Sending body that she was sent to"),
        sa.Column("kind", _C, nullable=False, comment="Code list service_type: what for"),
        sa.Column("sent_at", _AT, nullable=False),
        sa.Column("sent_by", _C, nullable=False, comment="Account"),
        sa.Column("answer", _C, comment="Empty while it waits"),
        sa.Column("answered_at", _AT),
        sa.Column("answered_by", _C, comment="Account; who ends what is too old"),
        sa.Column("ended_at", _AT, comment="Of an accepted one, once it is over"),
        sa.Column("ended_by", _C, comment="Likewise"),
        sa.Index("referral_to", "to_provider"),
        sa.Index(
            "referral_waiting",
            "feed",
            "provider",
            "record_id",
            "to_provider",
            "kind",
            unique=True,
            postgresql_where=sa.text("answer IS NULL"),
        ),
        sa.CheckConstraint("provider <> to_provider", name="referral_between_two"),
        sa.CheckConstraint(_is_one_of("answer", (*ANSWERS, WITHDRAWN, LAPSED)), name="referral_answer"),
        sa.CheckConstraint("num_nonnulls(answer, answered_at, answered_by) IN (0, 3)", name="referral_answered"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="referral_ended"),
        sa.CheckConstraint("ended_at IS NULL OR coalesce(answer, '') = 'accepted'", name="referral_begun"),
        schema="register",
        comment="Persons sent from one body to another in the pages, by a record of the first; with the answer",
    )


def _past(metadata: sa.MetaData) -> None:
    sa.Table(
        "past",
        metadata,
        sa.Column("past_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _id("person_id", key=False, index=True),
        sa.Column("since", _AT, nullable=False),
        sa.Column("until", _AT, comment="Empty while the register says so"),
        sa.Column("met_on", sa.Date, comment="First day that anybody met her"),
        sa.Column("year", sa.Integer, sa.Computed("extract(year FROM met_on)::integer", persisted=True)),
        sa.Column("status", _C, nullable=False, comment="Code list victim_status: what counted"),
        *(sa.Column(name, sa.Text) for name in ("sex", "age_band", "minor", "region")),
        *(sa.Column(name, ARRAY(sa.Text)) for name in ("citizenship", "exploitation_form")),
        sa.Column(
            "steps", JSONB, nullable=False, comment="Kind of step -> days until its first; met -> 0, of everybody"
        ),
        sa.Index("past_open", "person_id", unique=True, postgresql_where=sa.text("until IS NULL")),
        schema="register",
        comment="What the register said of a person that statistics count by, and between which moments; no identity",
    )


def _reached(metadata: sa.MetaData) -> None:
    key = (
        sa.Column("year", sa.Integer, comment="When anybody first met them"),
        sa.Column("step", _C, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
    )
    sa.Table(
        "reached",
        metadata,
        *key,
        sa.Column("persons", sa.BigInteger, nullable=False),
        sa.Index("reached_key", *key, unique=True, postgresql_nulls_not_distinct=True),
        schema="register",
        comment="How many persons came to a step after so many days, as past has them now; kept by its triggers",
    )


def _watch(metadata: sa.MetaData) -> None:
    sa.Table(
        "measure",
        metadata,
        sa.Column("at", _AT, primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False, comment="Records linked"),
        sa.Column("shared", sa.BigInteger, nullable=False, comment="Of these, of a person with another record"),
        sa.Column("persons", sa.BigInteger, nullable=False),
        sa.Column("largest", sa.BigInteger, nullable=False, comment="Records of the person with most"),
        schema="register",
        comment="Linkage in numbers, each time the warehouse was checked: drift is told against the last",
    )
    sa.Table(
        "breach",
        metadata,
        sa.Column("suite", _C, primary_key=True),
        sa.Column("rule", _C, primary_key=True),
        sa.Column("since", _AT, primary_key=True),
        sa.Column("until", _AT, comment="Empty while it is broken"),
        sa.Column("severity", _C, nullable=False),
        sa.Column("facts", JSONB, nullable=False, comment="The counts that the rule read, when last asked"),
        schema="ops",
        comment="Rules of the warehouse as a whole that did not hold: one row a spell",
    )
