"""First tables of the warehouse."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.execute(sa.text("CREATE SEQUENCE core.content_id"))
    op.create_table(
        "event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("prev", postgresql.BYTEA(), nullable=False),
        sa.Column("hash", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("event_pk")),
        schema="audit",
        comment="Append-only, each row holds the hash of the one before",
    )
    op.create_index(
        "event_look",
        "event",
        ["actor", "at"],
        unique=False,
        schema="audit",
        postgresql_where=sa.text("action IN ('identity.seen', 'person.searched', 'report.opened')"),
    )
    op.create_table(
        "head",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", postgresql.BYTEA(), nullable=False),
        sa.CheckConstraint("one", name="head_single"),
        sa.PrimaryKeyConstraint("one", name=op.f("head_pk")),
        schema="audit",
        comment="The chain's end; its row lock is taken last in every transaction",
    )
    op.create_table(
        "activity",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("activity_reference", sa.Text(), nullable=True, comment="Number of the activity in its plan."),
        sa.Column("plan", sa.Text(), nullable=True, comment="Plan or report the activity belongs to."),
        sa.Column("axis", sa.Text(), nullable=True, comment="Axis of the plan."),
        sa.Column("kind", sa.Text(), nullable=True, comment="Training, campaign, study, recommendation and so on."),
        sa.Column("title", sa.Text(), nullable=True, comment="What is done."),
        sa.Column("responsible", sa.Text(), nullable=True, comment="Institution in charge."),
        sa.Column("partners", sa.Text(), nullable=True, comment="Institutions that take part."),
        sa.Column("starts_on", sa.Date(), nullable=True, comment="First day."),
        sa.Column("due_on", sa.Date(), nullable=True, comment="Day it is due."),
        sa.Column("done_on", sa.Date(), nullable=True, comment="Day it was done."),
        sa.Column("status", sa.Text(), nullable=True, comment="Planned, running, done or dropped."),
        sa.Column("target", sa.Double(), nullable=True, comment="Number aimed at."),
        sa.Column("achieved", sa.Double(), nullable=True, comment="Number reached."),
        sa.Column("unit", sa.Text(), nullable=True, comment="What target and achieved count."),
        sa.Column("women", sa.BigInteger(), nullable=True, comment="Women among the participants."),
        sa.Column("men", sa.BigInteger(), nullable=True, comment="Men among the participants."),
        sa.Column("audience", sa.Text(), nullable=True, comment="Whom it is for."),
        sa.Column("region", sa.Text(), nullable=True, comment="Region of the activity."),
        sa.Column("budget", sa.Double(), nullable=True, comment="Cost planned, in dirhams."),
        sa.Column("evidence", sa.Text(), nullable=True, comment="Where the evidence lies."),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What only this feed has; never identity or free text",
        ),
        sa.PrimaryKeyConstraint("content_id", "item", name=op.f("activity_pk")),
        schema="core",
        comment="One row for each activity of the commission's plans: trainings, campaigns, recommendations, with target and progress.",
    )
    op.create_table(
        "case",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "case_reference",
            sa.Text(),
            nullable=True,
            comment="The sender's own number for the case (procès-verbal, file); pseudonymous, identifies no person.",
        ),
        sa.Column(
            "police_reference",
            sa.Text(),
            nullable=True,
            comment="Number of the police or gendarmerie report, as exchanged between agencies.",
        ),
        sa.Column(
            "prosecution_reference",
            sa.Text(),
            nullable=True,
            comment="Number in the register of the public prosecutor.",
        ),
        sa.Column("court_reference", sa.Text(), nullable=True, comment="Number of the file at court."),
        sa.Column("opened_on", sa.Date(), nullable=True, comment="Day on which the procedure was opened."),
        sa.Column("closed_on", sa.Date(), nullable=True, comment="Day on which the procedure was closed."),
        sa.Column("status", sa.Text(), nullable=True, comment="State of the case at the sender."),
        sa.Column(
            "offence",
            sa.Text(),
            nullable=True,
            comment="Trafficking, smuggling or other; the two are never counted together.",
        ),
        sa.Column(
            "charge_articles",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Articles of the criminal code cited by the procedure.",
        ),
        sa.Column(
            "exploitation_form",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Purposes of the trafficking, at the finest level known.",
        ),
        sa.Column("detection_source", sa.Text(), nullable=True, comment="How the case came to the sender's notice."),
        sa.Column(
            "region", sa.Text(), nullable=True, comment="Region of the facts or of the unit that met the persons."
        ),
        sa.Column("province", sa.Text(), nullable=True, comment="Province or prefecture of the facts."),
        sa.Column(
            "country_of_exploitation",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Where the exploitation took place or was meant to.",
        ),
        sa.Column("cross_border", sa.Text(), nullable=True, comment="Whether a border was crossed in the process."),
        sa.Column("organised", sa.Text(), nullable=True, comment="Whether an organised group is presumed."),
        sa.Column("victim_count", sa.BigInteger(), nullable=True, comment="Victims the sender counts in this case."),
        sa.Column("suspect_count", sa.BigInteger(), nullable=True, comment="Suspects the sender counts in this case."),
        sa.Column("unit", sa.Text(), nullable=True, comment="Unit that holds the case."),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What only this feed has; never identity or free text",
        ),
        sa.PrimaryKeyConstraint("content_id", "item", name=op.f("case_pk")),
        schema="core",
        comment="One row for each record that speaks of a case (a procedure, an investigation). Two records of one case share its reference; cases of several agencies meet by the references they exchanged, never by likeness.",
    )
    op.create_table(
        "contact",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "contact_reference",
            sa.Text(),
            nullable=True,
            comment="The sender's own number for the detection, call or report.",
        ),
        sa.Column("police_reference", sa.Text(), nullable=True, comment="Number of the police report it led to."),
        sa.Column("referral_reference", sa.Text(), nullable=True, comment="Number of the referral slip."),
        sa.Column("kind", sa.Text(), nullable=True, comment="Border detection, call, report or other."),
        sa.Column(
            "received_at", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="When the contact took place."
        ),
        sa.Column("received_on", sa.Date(), nullable=True, comment="Day of the contact."),
        sa.Column("channel", sa.Text(), nullable=True, comment="Phone, counter, online and so on."),
        sa.Column("border_post", sa.Text(), nullable=True, comment="Post where the detection took place."),
        sa.Column("direction", sa.Text(), nullable=True, comment="Entry, exit or transit."),
        sa.Column("transport", sa.Text(), nullable=True, comment="How the person travelled."),
        sa.Column("origin", sa.Text(), nullable=True, comment="Country travelled from."),
        sa.Column("destination", sa.Text(), nullable=True, comment="Country travelled to."),
        sa.Column("document_type", sa.Text(), nullable=True, comment="Class of the travel document."),
        sa.Column("document_state", sa.Text(), nullable=True, comment="Valid, expired, forged, held by another."),
        sa.Column("persons", sa.BigInteger(), nullable=True, comment="Persons met at this contact."),
        sa.Column("minors", sa.BigInteger(), nullable=True, comment="Minors met at this contact."),
        sa.Column("minor_accompaniment", sa.Text(), nullable=True, comment="By whom a minor is accompanied."),
        sa.Column(
            "indicators", postgresql.ARRAY(sa.Text()), nullable=True, comment="Indicators of trafficking seen or told."
        ),
        sa.Column("presumed_victim", sa.Text(), nullable=True, comment="Whether the person met is presumed a victim."),
        sa.Column("offence", sa.Text(), nullable=True, comment="Trafficking, smuggling or other."),
        sa.Column("exploitation_form", postgresql.ARRAY(sa.Text()), nullable=True, comment="Forms reported."),
        sa.Column("reporter", sa.Text(), nullable=True, comment="Who reported."),
        sa.Column("sex", sa.Text(), nullable=True, comment="Sex of the person met."),
        sa.Column("stated_age", sa.BigInteger(), nullable=True, comment="Age in years written by the sender."),
        sa.Column("age", sa.BigInteger(), nullable=True, comment="Age in completed years at the contact."),
        sa.Column("age_band", sa.Text(), nullable=True, comment="Band of that age."),
        sa.Column("minor", sa.Text(), nullable=True, comment="Under 18 at the contact."),
        sa.Column("citizenship", postgresql.ARRAY(sa.Text()), nullable=True, comment="Citizenships of the person met."),
        sa.Column("country", sa.Text(), nullable=True, comment="Country of the facts."),
        sa.Column("region", sa.Text(), nullable=True, comment="Region of the contact or of the facts."),
        sa.Column("place", sa.Text(), nullable=True, comment="Town or area of the facts."),
        sa.Column("referred_to", sa.Text(), nullable=True, comment="Whom the contact was passed to."),
        sa.Column(
            "referred_on",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="When the contact was passed on; a day alone means its beginning.",
        ),
        sa.Column("outcome", sa.Text(), nullable=True, comment="What the contact led to."),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What only this feed has; never identity or free text",
        ),
        sa.PrimaryKeyConstraint("content_id", "item", name=op.f("contact_pk")),
        schema="core",
        comment="One row for each detection at a border, call or report: a first contact that may lead to a victim.",
    )
    op.create_table(
        "figure",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=True, comment="Institution that published the number."),
        sa.Column("publication", sa.Text(), nullable=True, comment="Report, file or page."),
        sa.Column("published_on", sa.Date(), nullable=True, comment="Day of publication."),
        sa.Column("vintage", sa.Text(), nullable=True, comment="Edition of the source file."),
        sa.Column("period", sa.Text(), nullable=True, comment="Period as published."),
        sa.Column("year", sa.BigInteger(), nullable=True, comment="Year counted."),
        sa.Column("period_start", sa.Date(), nullable=True, comment="First day counted."),
        sa.Column("period_end", sa.Date(), nullable=True, comment="Last day counted."),
        sa.Column("country", sa.Text(), nullable=True, comment="Country counted in; ISO 3166-1 alpha-3."),
        sa.Column("region", sa.Text(), nullable=True, comment="Region counted in."),
        sa.Column("area", sa.Text(), nullable=True, comment="Area as named by the source."),
        sa.Column("indicator", sa.Text(), nullable=True, comment="What is counted."),
        sa.Column("counting_unit", sa.Text(), nullable=True, comment="Case, person, decision and so on."),
        sa.Column("counting_stage", sa.Text(), nullable=True, comment="At which stage it is counted."),
        sa.Column("reference_date", sa.Text(), nullable=True, comment="Which date puts an item in the period."),
        sa.Column("dimension", sa.Text(), nullable=True, comment="What the number is broken down by."),
        sa.Column("category", sa.Text(), nullable=True, comment="Value of that dimension as published."),
        sa.Column("sex", sa.Text(), nullable=True, comment="Sex counted; total if not broken down."),
        sa.Column("age_band", sa.Text(), nullable=True, comment="Age counted; total if not broken down."),
        sa.Column("exploitation_form", postgresql.ARRAY(sa.Text()), nullable=True, comment="Form counted."),
        sa.Column("offence", sa.Text(), nullable=True, comment="Offence counted; trafficking where nothing is said."),
        sa.Column("citizenship", postgresql.ARRAY(sa.Text()), nullable=True, comment="Citizenship counted."),
        sa.Column("responder", sa.Text(), nullable=True, comment="Body whose cases are counted."),
        sa.Column("responder_type", sa.Text(), nullable=True, comment="Kind of that body."),
        sa.Column("unit", sa.Text(), nullable=True, comment="Unit of measurement as published."),
        sa.Column("value", sa.Double(), nullable=True, comment="The number."),
        sa.Column(
            "measure",
            sa.Text(),
            nullable=True,
            comment="Count, share of the total in percent, or change on the year before in percent; a count where nothing is said.",
        ),
        sa.Column(
            "withheld",
            sa.Text(),
            nullable=True,
            comment='What the source prints where it withholds a small number (such as "<5"); it then stands for the missing value.',
        ),
        sa.Column("page", sa.Text(), nullable=True, comment="Where in the publication the number stands."),
        sa.Column("note", sa.Text(), nullable=True, comment="Footnote of the source."),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What only this feed has; never identity or free text",
        ),
        sa.PrimaryKeyConstraint("content_id", "item", name=op.f("figure_pk")),
        schema="core",
        comment="One row for each number an institution published, with the counting rule it goes by. Two figures of one institution and key may disagree; both are kept.",
    )
    op.create_table(
        "proceeding",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "proceeding_reference",
            sa.Text(),
            nullable=True,
            comment="The sender's own number for the defendant or victim at this stage.",
        ),
        sa.Column(
            "defendant_reference", sa.Text(), nullable=True, comment="The sender's own number for the defendant."
        ),
        sa.Column("victim_reference", sa.Text(), nullable=True, comment="The sender's own number for the victim."),
        sa.Column("case_reference", sa.Text(), nullable=True, comment="The sender's own number for the case."),
        sa.Column("court_reference", sa.Text(), nullable=True, comment="Number of the file at court."),
        sa.Column(
            "prosecution_reference",
            sa.Text(),
            nullable=True,
            comment="Number in the register of the public prosecutor.",
        ),
        sa.Column(
            "police_reference", sa.Text(), nullable=True, comment="Number of the police report the file stems from."
        ),
        sa.Column(
            "document_type", sa.Text(), nullable=True, comment="Class of the identity document, never its number."
        ),
        sa.Column("person_type", sa.Text(), nullable=True, comment="Whether a human being or a company."),
        sa.Column("sex", sa.Text(), nullable=True, comment="Sex of the defendant or victim."),
        sa.Column("stated_age", sa.BigInteger(), nullable=True, comment="Age in years written by the sender."),
        sa.Column("age", sa.BigInteger(), nullable=True, comment="Age in completed years when charged."),
        sa.Column("age_band", sa.Text(), nullable=True, comment="Band of that age."),
        sa.Column("minor", sa.Text(), nullable=True, comment="Under 18 at that day."),
        sa.Column("citizenship", postgresql.ARRAY(sa.Text()), nullable=True, comment="Citizenships held."),
        sa.Column("court", sa.Text(), nullable=True, comment="Court seised."),
        sa.Column("instance", sa.Text(), nullable=True, comment="First instance, appeal or cassation."),
        sa.Column("stage", sa.Text(), nullable=True, comment="How far the proceedings have gone."),
        sa.Column("offence", sa.Text(), nullable=True, comment="Trafficking, smuggling or other."),
        sa.Column("charge_articles", postgresql.ARRAY(sa.Text()), nullable=True, comment="Articles prosecuted under."),
        sa.Column(
            "convicted_articles", postgresql.ARRAY(sa.Text()), nullable=True, comment="Articles convicted under."
        ),
        sa.Column(
            "exploitation_form", postgresql.ARRAY(sa.Text()), nullable=True, comment="Forms of exploitation prosecuted."
        ),
        sa.Column(
            "country_of_exploitation",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Where the exploitation took place.",
        ),
        sa.Column("received_on", sa.Date(), nullable=True, comment="Day the court or prosecutor registered the file."),
        sa.Column("indicted_on", sa.Date(), nullable=True, comment="Day of the indictment or committal."),
        sa.Column("heard_on", sa.Date(), nullable=True, comment="Day of the last hearing."),
        sa.Column("decided_on", sa.Date(), nullable=True, comment="Day of the decision."),
        sa.Column("decision", sa.Text(), nullable=True, comment="What was decided."),
        sa.Column("requalified_to", sa.Text(), nullable=True, comment="Offence after requalification by the court."),
        sa.Column("custody", sa.Text(), nullable=True, comment="Detained or free during the proceedings."),
        sa.Column("sentence_months", sa.BigInteger(), nullable=True, comment="Imprisonment imposed, in months."),
        sa.Column(
            "suspended_months",
            sa.BigInteger(),
            nullable=True,
            comment="Part of the sentence that is suspended, in months.",
        ),
        sa.Column("life_sentence", sa.Text(), nullable=True, comment="Whether imprisonment for life was imposed."),
        sa.Column("fine", sa.Double(), nullable=True, comment="Fine imposed, in dirhams."),
        sa.Column("confiscation", sa.Text(), nullable=True, comment="Whether confiscation was ordered."),
        sa.Column("appealed_by", sa.Text(), nullable=True, comment="Who appealed."),
        sa.Column("appealed_on", sa.Date(), nullable=True, comment="Day of the appeal."),
        sa.Column("final", sa.Text(), nullable=True, comment="Whether the decision is final."),
        sa.Column("civil_party", sa.Text(), nullable=True, comment="Whether the victim joined as a civil party."),
        sa.Column(
            "recognised", sa.Text(), nullable=True, comment="Whether the court recognised the person as a victim."
        ),
        sa.Column("compensation", sa.Double(), nullable=True, comment="Damages awarded, in dirhams."),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What only this feed has; never identity or free text",
        ),
        sa.PrimaryKeyConstraint("content_id", "item", name=op.f("proceeding_pk")),
        schema="core",
        comment="One row for each defendant at each stage and instance, or for each victim's place in the proceedings.",
    )
    op.create_table(
        "service",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "service_reference", sa.Text(), nullable=True, comment="The sender's own number for the service or stay."
        ),
        sa.Column("victim_reference", sa.Text(), nullable=True, comment="The sender's own code for the victim."),
        sa.Column("referral_reference", sa.Text(), nullable=True, comment="Number of the referral slip."),
        sa.Column("kind", sa.Text(), nullable=True, comment="What was given."),
        sa.Column("status", sa.Text(), nullable=True, comment="Offered, accepted, running or ended."),
        sa.Column("requested_on", sa.Date(), nullable=True, comment="Day the service was asked for."),
        sa.Column("started_on", sa.Date(), nullable=True, comment="First day of the service or stay."),
        sa.Column("ended_on", sa.Date(), nullable=True, comment="Last day of the service or stay."),
        sa.Column("exit_reason", sa.Text(), nullable=True, comment="Why the service or stay ended."),
        sa.Column("consent", sa.Text(), nullable=True, comment="Consent to the service."),
        sa.Column("shelter", sa.Text(), nullable=True, comment="Code of the shelter, never its address."),
        sa.Column("capacity", sa.BigInteger(), nullable=True, comment="Places of the shelter."),
        sa.Column("region", sa.Text(), nullable=True, comment="Region of the service."),
        sa.Column("sex", sa.Text(), nullable=True, comment="Sex of the beneficiary."),
        sa.Column("stated_age", sa.BigInteger(), nullable=True, comment="Age in years written by the sender."),
        sa.Column("age", sa.BigInteger(), nullable=True, comment="Age in completed years when the service began."),
        sa.Column("age_band", sa.Text(), nullable=True, comment="Band of that age."),
        sa.Column("minor", sa.Text(), nullable=True, comment="Under 18 when the service began."),
        sa.Column(
            "citizenship", postgresql.ARRAY(sa.Text()), nullable=True, comment="Citizenships of the beneficiary."
        ),
        sa.Column("accompanying_children", sa.BigInteger(), nullable=True, comment="Children sheltered with her."),
        sa.Column("referred_from", sa.Text(), nullable=True, comment="Who referred the beneficiary."),
        sa.Column("destination", sa.Text(), nullable=True, comment="Whom the beneficiary was referred to."),
        sa.Column("return_country", sa.Text(), nullable=True, comment="Country returned to."),
        sa.Column("cost", sa.Double(), nullable=True, comment="Cost of the service, in dirhams."),
        sa.Column("funder", sa.Text(), nullable=True, comment="Who pays for the service."),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What only this feed has; never identity or free text",
        ),
        sa.PrimaryKeyConstraint("content_id", "item", name=op.f("service_pk")),
        schema="core",
        comment="One row for each service given to a victim, or each stay in a shelter. Services listed in one row become one record each.",
    )
    op.create_table(
        "sighting",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Text(collation="C"), nullable=False),
        sa.Column("fingerprint", postgresql.BYTEA(), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("withdraws", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("content_id", "version", "delivery_id", name=op.f("sighting_pk")),
        schema="core",
        comment="One statement of one record by one delivery; current marks the state that counts now",
    )
    op.create_index(
        "sighting_delivery", "sighting", ["delivery_id"], unique=False, schema="core", postgresql_using="brin"
    )
    op.create_index("sighting_record", "sighting", ["provider", "record_id"], unique=False, schema="core")
    op.create_table(
        "turn",
        sa.Column("turn_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("turn_pk")),
        schema="core",
        comment="When a statement that stood already began or ceased to count: what figures as of a day are told by",
    )
    op.create_index("turn_statement", "turn", ["delivery_id", "row"], unique=False, schema="core")
    op.create_table(
        "suspect",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("suspect_reference", sa.Text(), nullable=True, comment="The sender's own number for the suspect."),
        sa.Column("case_reference", sa.Text(), nullable=True, comment="The sender's own number for the case."),
        sa.Column(
            "police_reference",
            sa.Text(),
            nullable=True,
            comment="Number of the police report, as exchanged between agencies.",
        ),
        sa.Column("court_reference", sa.Text(), nullable=True, comment="Number of the file at court."),
        sa.Column(
            "document_type", sa.Text(), nullable=True, comment="Class of the identity document, never its number."
        ),
        sa.Column("person_type", sa.Text(), nullable=True, comment="Whether a human being or a company."),
        sa.Column("sex", sa.Text(), nullable=True, comment="Sex as recorded by the sender."),
        sa.Column("stated_age", sa.BigInteger(), nullable=True, comment="Age in years written by the sender."),
        sa.Column("age", sa.BigInteger(), nullable=True, comment="Age in completed years at first contact."),
        sa.Column("age_band", sa.Text(), nullable=True, comment="Band of the age at first contact."),
        sa.Column("minor", sa.Text(), nullable=True, comment="Under 18 at first contact."),
        sa.Column("citizenship", postgresql.ARRAY(sa.Text()), nullable=True, comment="Citizenships held."),
        sa.Column("country_of_residence", sa.Text(), nullable=True, comment="Country of usual residence."),
        sa.Column("occupation", sa.Text(), nullable=True, comment="Occupation as written."),
        sa.Column("public_official", sa.Text(), nullable=True, comment="Whether a public official."),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=True, comment="What the person did in the process."),
        sa.Column(
            "trafficker_relation",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="What the person is to the victim.",
        ),
        sa.Column("acts", postgresql.ARRAY(sa.Text()), nullable=True, comment="What was done."),
        sa.Column("means", postgresql.ARRAY(sa.Text()), nullable=True, comment="How it was done."),
        sa.Column(
            "exploitation_form",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Forms of exploitation the person is suspected of.",
        ),
        sa.Column("offence", sa.Text(), nullable=True, comment="Trafficking, smuggling or other."),
        sa.Column(
            "charge_articles",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Articles the person is suspected under.",
        ),
        sa.Column("contact_on", sa.Date(), nullable=True, comment="Day of first formal contact with the law."),
        sa.Column("custody", sa.Text(), nullable=True, comment="Arrest, custody or liberty."),
        sa.Column("custody_on", sa.Date(), nullable=True, comment="First day of police custody."),
        sa.Column("referred_on", sa.Date(), nullable=True, comment="Day of presentation to the public prosecutor."),
        sa.Column("court", sa.Text(), nullable=True, comment="Court the person is presented to."),
        sa.Column("wanted", sa.Text(), nullable=True, comment="Whether a search notice stands."),
        sa.Column("region", sa.Text(), nullable=True, comment="Region of the facts."),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What only this feed has; never identity or free text",
        ),
        sa.PrimaryKeyConstraint("content_id", "item", name=op.f("suspect_pk")),
        schema="core",
        comment="One row for each record of a person in formal contact with the law as a presumed trafficker. Never linked to victims without a policy.",
    )
    op.create_table(
        "victim",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "victim_reference", sa.Text(), nullable=True, comment="The sender's own number or code for the victim."
        ),
        sa.Column("case_reference", sa.Text(), nullable=True, comment="The sender's own number for the case."),
        sa.Column(
            "police_reference",
            sa.Text(),
            nullable=True,
            comment="Number of the police report, as exchanged between agencies.",
        ),
        sa.Column("court_reference", sa.Text(), nullable=True, comment="Number of the file at court."),
        sa.Column(
            "referral_reference",
            sa.Text(),
            nullable=True,
            comment="Number of the referral slip that sender and receiver both hold.",
        ),
        sa.Column("border_reference", sa.Text(), nullable=True, comment="Number of the border detection slip."),
        sa.Column(
            "document_type", sa.Text(), nullable=True, comment="Class of the identity document, never its number."
        ),
        sa.Column("sex", sa.Text(), nullable=True, comment="Sex as recorded by the sender."),
        sa.Column("stated_age", sa.BigInteger(), nullable=True, comment="Age in years written by the sender."),
        sa.Column(
            "age",
            sa.BigInteger(),
            nullable=True,
            comment="Age in completed years when met, from the birth date, else as stated.",
        ),
        sa.Column("age_band", sa.Text(), nullable=True, comment="Band of the age when met."),
        sa.Column("minor", sa.Text(), nullable=True, comment="Under 18 when met; means are irrelevant then."),
        sa.Column("age_at_entry", sa.BigInteger(), nullable=True, comment="Age in years when the exploitation began."),
        sa.Column(
            "citizenship", postgresql.ARRAY(sa.Text()), nullable=True, comment="Citizenships held; ISO 3166-1 alpha-3."
        ),
        sa.Column("country_of_birth", sa.Text(), nullable=True, comment="Country of birth."),
        sa.Column(
            "country_of_residence", sa.Text(), nullable=True, comment="Country of usual residence before the facts."
        ),
        sa.Column("marital_status", sa.Text(), nullable=True, comment="Marital status when met."),
        sa.Column("education", sa.Text(), nullable=True, comment="Highest level of education reached."),
        sa.Column("children", sa.BigInteger(), nullable=True, comment="Children of the person."),
        sa.Column("pregnant", sa.Text(), nullable=True, comment="Whether pregnant when met."),
        sa.Column("disability", sa.Text(), nullable=True, comment="Whether the person has a disability."),
        sa.Column("unaccompanied", sa.Text(), nullable=True, comment="A minor met without parent or guardian."),
        sa.Column("accompanied_by", sa.Text(), nullable=True, comment="Who was with the minor."),
        sa.Column("migration_status", sa.Text(), nullable=True, comment="Residence status in the country when met."),
        sa.Column("language", sa.Text(), nullable=True, comment="Language of the interview."),
        sa.Column("region", sa.Text(), nullable=True, comment="Region where the victim was met."),
        sa.Column("province", sa.Text(), nullable=True, comment="Province or prefecture where the victim was met."),
        sa.Column("met_on", sa.Date(), nullable=True, comment="Day on which the sender first met the victim."),
        sa.Column("entered_country_on", sa.Date(), nullable=True, comment="Day of entry into the country."),
        sa.Column("status", sa.Text(), nullable=True, comment="What was decided about the person being a victim."),
        sa.Column("status_on", sa.Date(), nullable=True, comment="Day of that decision."),
        sa.Column("deciding_body", sa.Text(), nullable=True, comment="Who decided the status."),
        sa.Column("detection_source", sa.Text(), nullable=True, comment="How the victim came to the sender's notice."),
        sa.Column("indicators", postgresql.ARRAY(sa.Text()), nullable=True, comment="Indicators of trafficking seen."),
        sa.Column("acts", postgresql.ARRAY(sa.Text()), nullable=True, comment="What was done."),
        sa.Column("means", postgresql.ARRAY(sa.Text()), nullable=True, comment="How it was done; not needed under 18."),
        sa.Column(
            "exploitation_form",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Forms suffered or intended, at the finest level known.",
        ),
        sa.Column("industry", sa.Text(), nullable=True, comment="Section of the economy for forced labour."),
        sa.Column("exploitation_started_on", sa.Date(), nullable=True, comment="First day of the exploitation."),
        sa.Column("exploitation_ended_on", sa.Date(), nullable=True, comment="Last day of the exploitation."),
        sa.Column("exploitation_months", sa.BigInteger(), nullable=True, comment="Months of exploitation."),
        sa.Column(
            "country_of_exploitation",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Where the exploitation took place or was meant to.",
        ),
        sa.Column("means_of_control", postgresql.ARRAY(sa.Text()), nullable=True, comment="How the victim was held."),
        sa.Column(
            "recruitment_channel",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Where or through what the victim was recruited.",
        ),
        sa.Column("recruited_on", sa.Date(), nullable=True, comment="Day of recruitment."),
        sa.Column("country_of_recruitment", sa.Text(), nullable=True, comment="Where the victim was recruited."),
        sa.Column(
            "trafficker_relation",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="What the trafficker is to the victim.",
        ),
        sa.Column("referred_to", sa.Text(), nullable=True, comment="Whom the victim was referred to."),
        sa.Column("referred_on", sa.Date(), nullable=True, comment="Day of the referral."),
        sa.Column("referred_from", sa.Text(), nullable=True, comment="Who referred the victim to the sender."),
        sa.Column("consent", sa.Text(), nullable=True, comment="Consent to record and share personal data."),
        sa.Column("consent_on", sa.Date(), nullable=True, comment="Day of the consent."),
        sa.Column(
            "civil_party",
            sa.Text(),
            nullable=True,
            comment="Whether the victim joined the proceedings as a civil party.",
        ),
        sa.Column(
            "recognised", sa.Text(), nullable=True, comment="Whether the court recognised the person as a victim."
        ),
        sa.Column("compensation", sa.Double(), nullable=True, comment="Damages awarded, in dirhams."),
        sa.Column("protection", sa.Text(), nullable=True, comment="Whether the court ordered protection."),
        sa.Column("voluntary_return", sa.Text(), nullable=True, comment="Whether the victim returned of her own will."),
        sa.Column(
            "return_country", sa.Text(), nullable=True, comment="Country returned to; GLOTIP country of repatriation."
        ),
        sa.Column("returned_on", sa.Date(), nullable=True, comment="Day of the return."),
        sa.Column("reintegration", sa.Text(), nullable=True, comment="Whether a reintegration plan was begun."),
        sa.Column("hotline_reference", sa.Text(), nullable=True, comment="Number of the hotline call that led here."),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What only this feed has; never identity or free text",
        ),
        sa.PrimaryKeyConstraint("content_id", "item", name=op.f("victim_pk")),
        schema="core",
        comment="One row for each record of a presumed, identified or confirmed victim, as one agency met her. Records of several agencies are linked later; the status says what was decided, by whom and when.",
    )
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("sha256", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "facts",
            sa.Text(collation="C"),
            server_default="",
            nullable=False,
            comment="Taken from the file's name by the contract",
        ),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "first_received_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="When the same content came first, however judged",
        ),
        sa.Column("contract_version", sa.Text(), nullable=False),
        sa.Column("contract_fingerprint", sa.Text(), nullable=False),
        sa.Column("suite_fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "live",
            sa.Boolean(),
            sa.Computed("status NOT IN ('superseded', 'retracted')", persisted=True),
            nullable=True,
            comment="What its content is judged as now",
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_fault", sa.Text(), nullable=True, comment="Our own fault at the last attempt; names no value"),
        sa.Column("period", sa.Text(collation="C"), nullable=True),
        sa.Column("version", sa.Text(collation="C"), nullable=True),
        sa.Column("rows_read", sa.BigInteger(), nullable=True),
        sa.Column("rows_accepted", sa.BigInteger(), nullable=True),
        sa.Column("rows_quarantined", sa.BigInteger(), nullable=True),
        sa.Column("rows_unchanged", sa.BigInteger(), nullable=True),
        sa.Column(
            "rejudges",
            sa.UUID(as_uuid=False),
            nullable=True,
            comment="The delivery of the same bytes that this one judges again",
        ),
        sa.Column(
            "admitted",
            sa.Text(collation="C"),
            server_default="",
            nullable=False,
            comment="Why a steward set its refusal aside",
        ),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "status IN ('received','accepted','accepted_with_findings','refused','superseded','retracted')",
            name="delivery_status",
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("delivery_pk")),
        sa.UniqueConstraint("seq", name=op.f("delivery_uq")),
        schema="ops",
        comment="The ledger: one row a delivery; its state decides, whatever the scheduler believes",
    )
    op.create_index(
        "delivery_content",
        "delivery",
        ["feed", "provider", "sha256", "facts", "contract_fingerprint", "suite_fingerprint", "admitted"],
        unique=True,
        schema="ops",
        postgresql_where=sa.text("live"),
    )
    op.create_index("delivery_provider", "delivery", ["provider", "received_at"], unique=False, schema="ops")
    op.create_index(
        "delivery_open",
        "delivery",
        ["feed", "seq"],
        unique=False,
        schema="ops",
        postgresql_where=sa.text("status = 'received'"),
    )
    op.create_table(
        "code",
        sa.Column("scheme", sa.Text(collation="C"), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(collation="C"), nullable=True),
        sa.Column("label_fr", sa.Text(), nullable=False),
        sa.Column("label_ar", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scheme", "code", name=op.f("code_pk")),
        schema="ref",
        comment="Code lists in force, with labels",
    )
    op.create_table(
        "rule",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("severity", sa.Text(collation="C"), nullable=False),
        sa.Column("scope", sa.Text(collation="C"), nullable=False),
        sa.Column("column", sa.Text(collation="C"), nullable=True),
        sa.Column("message_fr", sa.Text(), nullable=False),
        sa.Column("message_ar", sa.Text(), nullable=False),
        sa.Column("message_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "rule", name=op.f("rule_pk")),
        schema="ref",
        comment="The rules of each feed's suite in force, with what the agencies read",
    )
    op.create_table(
        "contradiction",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("country", sa.Text(collation="C"), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("figures", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("indicator_fr", sa.Text(), nullable=False),
        sa.Column("indicator_ar", sa.Text(), nullable=False),
        sa.Column("indicator_en", sa.Text(), nullable=False),
        sa.Column("explanation_fr", sa.Text(), nullable=False),
        sa.Column("explanation_ar", sa.Text(), nullable=False),
        sa.Column("explanation_en", sa.Text(), nullable=False),
        sa.Column("values_fr", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("values_ar", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("values_en", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("contradiction_pk")),
        schema="ref",
        comment="Published figures that do not go together, each with its explanation",
    )
    op.create_table(
        "reconciled",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("figures", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("one", name="reconciled_single"),
        sa.PrimaryKeyConstraint("one", name=op.f("reconciled_pk")),
        schema="ref",
        comment="When contradiction was made, of how many figures, and what they were",
    )
    op.create_table(
        "published",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("fingerprint", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("one", name="published_single"),
        sa.PrimaryKeyConstraint("one", name=op.f("published_pk")),
        schema="ref",
        comment="SHA-256 of the files that code and rule were made of, where none of them was wrong",
    )
    op.create_table(
        "record",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("key_slot", sa.Integer(), nullable=False),
        sa.Column("sealed", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", name=op.f("record_pk")),
        schema="vault",
        comment="Identity, free text and unclassified columns of a content, encrypted with a key of its own",
    )
    op.create_index("record_delivery", "record", ["delivery_id"], unique=False, schema="vault", postgresql_using="brin")
    op.create_index(
        "record_emptied",
        "record",
        ["content_id"],
        unique=False,
        schema="vault",
        postgresql_where=sa.text("sealed = ''"),
    )
    op.create_table(
        "arrival",
        sa.Column("arrival_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column(
            "receipt",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="The receipt of a duplicate; the first arrival's is the delivery's",
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["ops.delivery.delivery_id"],
        ),
        sa.PrimaryKeyConstraint("arrival_id", name=op.f("arrival_pk")),
        schema="ops",
        comment="Bytes received, every time",
    )
    op.create_index(op.f("arrival_delivery_id"), "arrival", ["delivery_id"], unique=False, schema="ops")
    op.create_table(
        "admission",
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("reason", sa.Text(collation="C"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, comment="What the sender reads; names nobody"),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["ops.delivery.delivery_id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("admission_pk")),
        schema="ops",
        comment="Refused files whose good rows a steward wants loaded all the same; judged again by the next drain",
    )
    op.create_table(
        "claim",
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["ops.delivery.delivery_id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("claim_pk")),
        schema="ops",
        comment="One row a delivery, locked (never updated) by the process that works on it; a killed process frees it",
    )
    op.create_table(
        "coverage",
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Text(collation="C"), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("unmapped_share", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["ops.delivery.delivery_id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", "period", name=op.f("coverage_pk")),
        schema="ops",
        comment="Which periods a delivery speaks of, with how many good rows; decides what a newer snapshot withdraws",
    )
    op.create_index("coverage_feed", "coverage", ["feed", "provider", "period"], unique=False, schema="ops")
    op.create_table(
        "justification",
        sa.Column("content_id", sa.BigInteger(), nullable=False, comment="The record in the state that was doubted"),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(collation="C"), nullable=False, comment="Code of the list justification"),
        sa.Column("given_by", sa.Text(), nullable=False, comment="An account, or file: it stood in a column"),
        sa.Column("given_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["ops.delivery.delivery_id"],
        ),
        sa.PrimaryKeyConstraint("content_id", "rule", name=op.f("justification_pk")),
        schema="ops",
        comment="Why what a warning doubts is right; row and delivery are those that the reason was given for",
    )
    op.create_table(
        "finding",
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("severity", sa.Text(collation="C"), nullable=False),
        sa.Column("scope", sa.Text(collation="C"), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("row", sa.BigInteger(), nullable=True),
        sa.Column("column", sa.Text(collation="C"), nullable=True),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "content_id",
            sa.BigInteger(),
            nullable=True,
            comment="Of a recorded row, where the rule asks for a reason",
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["ops.delivery.delivery_id"],
        ),
        schema="quarantine",
        comment="One broken rule at one place; never the value",
    )
    op.create_index(op.f("finding_delivery_id"), "finding", ["delivery_id"], unique=False, schema="quarantine")
    op.create_index(
        "finding_unmapped",
        "finding",
        ["delivery_id", "column"],
        unique=False,
        schema="quarantine",
        postgresql_where=sa.text("rule = \"column\" || '.known'"),
    )
    op.create_table(
        "record",
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(collation="C"), nullable=True),
        sa.Column(
            "version",
            sa.Text(collation="C"),
            nullable=True,
            comment="Of the revision that was refused; empty where the row stated none",
        ),
        sa.Column("key_slot", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("sealed", postgresql.BYTEA(), nullable=False),
        sa.Column(
            "corrected_by",
            sa.UUID(as_uuid=False),
            nullable=True,
            comment="The delivery whose accepted row replaced this one",
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["ops.delivery.delivery_id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", "row", name=op.f("record_pk")),
        schema="quarantine",
        comment="Refused rows as sent, encrypted, kept until corrected",
    )
    op.create_index(
        "record_waiting",
        "record",
        ["record_id"],
        unique=False,
        schema="quarantine",
        postgresql_where=sa.text("corrected_by IS NULL"),
    )
    op.create_table(
        "quiet",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("feed", "provider", "period", name=op.f("quiet_pk")),
        schema="ops",
        comment="Periods for which a provider declared that there is nothing to report",
    )
    op.create_table(
        "contact",
        sa.Column("provider", sa.Text(collation="C"), nullable=False, comment="Empty for the platform's own engineers"),
        sa.Column("email", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('submitter','supervisor','engineer')", name="contact_kind"),
        sa.PrimaryKeyConstraint("provider", "email", "kind", name=op.f("contact_pk")),
        schema="ops",
        comment="Whom mail goes to, by provider",
    )
    op.create_table(
        "notice",
        sa.Column(
            "kind", sa.Text(collation="C"), nullable=False, comment="Step of policies/reminders.yaml, or failure"
        ),
        sa.Column("feed", sa.Text(collation="C"), nullable=False, comment="Of a failure: the DAG"),
        sa.Column("provider", sa.Text(collation="C"), nullable=False, comment="Empty for a failure"),
        sa.Column("period", sa.Text(collation="C"), nullable=False, comment="Of a failure: the day"),
        sa.Column("email", sa.Text(collation="C"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False, comment="Of a failure: the day"),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_fault", sa.Text(), nullable=True, comment="Why the last attempt failed; our own words"),
        sa.PrimaryKeyConstraint("kind", "feed", "provider", "period", "email", name=op.f("notice_pk")),
        schema="ops",
        comment="Mail: recorded first, then sent; once a step, feed, provider, period and address",
    )
    op.create_index(
        "notice_open",
        "notice",
        ["recorded_at"],
        unique=False,
        schema="ops",
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "expected",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("days_late", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.CheckConstraint("state IN ('received', 'quiet', 'open', 'due', 'late')", name="expected_state"),
        sa.PrimaryKeyConstraint("feed", "provider", "period", name=op.f("expected_pk")),
        schema="ref",
        comment="The calendar as last computed: which deliveries are expected, and what became of each",
    )
    op.create_table(
        "account",
        sa.Column("account_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column(
            "email", sa.Text(collation="C"), nullable=False, comment="Lower case; who signs in, never written to audit"
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(collation="C"), nullable=False),
        sa.Column("password", sa.Text(), nullable=True, comment="argon2id, empty until the invitation is taken up"),
        sa.Column(
            "code_seed",
            postgresql.BYTEA(),
            nullable=True,
            comment="Seed of one-time codes, sealed with the portal's key",
        ),
        sa.Column(
            "code_step", sa.BigInteger(), nullable=True, comment="Step of the last code used: none is taken twice"
        ),
        sa.Column("invitation", postgresql.BYTEA(), nullable=True, comment="SHA-256 of the token"),
        sa.Column("invitation_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("disabled", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("signed_in_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name=op.f("account_pk")),
        sa.UniqueConstraint("email", name=op.f("account_uq")),
        schema="portal",
        comment="Who may sign in to the pages",
    )
    op.create_table(
        "attempt",
        sa.Column("attempt_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("who", postgresql.BYTEA(), nullable=False, comment="SHA-256 of the e-mail address that was tried"),
        sa.Column("address", sa.Text(collation="C"), nullable=False, comment="Network address"),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("attempt_pk")),
        schema="portal",
        comment="Attempts to sign in that failed, kept for as long as they count",
    )
    op.create_index(op.f("attempt_at"), "attempt", ["at"], unique=False, schema="portal")
    op.create_table(
        "account_right",
        sa.Column("account_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("role", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "provider",
            sa.Text(collation="C"),
            nullable=False,
            comment="Sending body of a submitter; empty for other roles",
        ),
        sa.Column(
            "feed",
            sa.Text(collation="C"),
            nullable=False,
            comment="One that names nobody; empty: the feeds that name the body",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["portal.account.account_id"],
        ),
        sa.PrimaryKeyConstraint("account_id", "role", "provider", "feed", name=op.f("account_right_pk")),
        schema="portal",
        comment="What an account may do, for which sending body",
    )
    op.create_table(
        "session",
        sa.Column("token", postgresql.BYTEA(), nullable=False, comment="SHA-256 of the cookie"),
        sa.Column("account_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False, comment="False while the one-time code is still to come"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["portal.account.account_id"],
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("session_pk")),
        schema="portal",
        comment="Who is signed in",
    )
    op.create_index(op.f("session_account_id"), "session", ["account_id"], unique=False, schema="portal")
    op.create_table(
        "upload",
        sa.Column("upload_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(collation="C"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "verdict",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="Receipt and findings of the dry run: counts, places, messages",
        ),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('checking','checked','slow','failed','sent','dropped')", name="upload_state"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["portal.account.account_id"],
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("upload_pk")),
        schema="portal",
        comment="Files on their way from a page to the inbox",
    )
    op.create_index(op.f("upload_account_id"), "upload", ["account_id"], unique=False, schema="portal")
    op.create_table(
        "returned",
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("account_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, comment="What the sender reads; names nobody"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["portal.account.account_id"],
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["ops.delivery.delivery_id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", "at", name=op.f("returned_pk")),
        schema="portal",
        comment="Refused files that a steward gave back to their sender",
    )
    op.create_table(
        "changed",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        schema="core",
        comment="Records met before whose state that counts became another; emptied by linkage",
    )
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("left_feed", sa.Text(collation="C"), nullable=False),
        sa.Column("left_provider", sa.Text(collation="C"), nullable=False),
        sa.Column("left_record", sa.Text(collation="C"), nullable=False),
        sa.Column("right_feed", sa.Text(collation="C"), nullable=False),
        sa.Column("right_provider", sa.Text(collation="C"), nullable=False),
        sa.Column("right_record", sa.Text(collation="C"), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("decision_pk")),
        schema="link",
        comment="What people decided of two records, stronger than the machine; kept for ever, the newest counts",
    )
    op.create_index(
        "decision_left", "decision", ["left_feed", "left_provider", "left_record"], unique=False, schema="link"
    )
    op.create_index(
        "decision_right", "decision", ["right_feed", "right_provider", "right_record"], unique=False, schema="link"
    )
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("delivery_pk")),
        schema="link",
        comment="Deliveries whose records linkage has put into its queue",
    )
    op.create_table(
        "due",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("feed", "provider", "record_id", name=op.f("due_pk")),
        schema="link",
        comment="Records that linkage has to look at; taken out by the transaction that did",
    )
    op.create_table(
        "model",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "policy",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="Not jsonb: the order of comparisons and levels counts",
        ),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("model_pk")),
        schema="link",
        comment="Each version of the policy that records were linked by, word for word",
    )
    op.create_table(
        "move",
        sa.Column("move_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("from_person", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("to_person", sa.UUID(as_uuid=False), nullable=True, comment="Empty: it left"),
        sa.PrimaryKeyConstraint("move_id", name=op.f("move_pk")),
        schema="link",
        comment="Every record that left its person or went to another, for ever: how a merge is undone",
    )
    op.create_index("move_from", "move", ["from_person"], unique=False, schema="link")
    op.create_index("move_record", "move", ["feed", "provider", "record_id"], unique=False, schema="link")
    op.create_table(
        "pair",
        sa.Column("left_content", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("right_content", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("weight", sa.REAL(), nullable=False, comment="Bits, without the prior"),
        sa.Column(
            "levels",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="Level of each comparison, in the policy's order",
        ),
        sa.Column("weights", postgresql.ARRAY(sa.REAL()), nullable=False, comment="Bits that each comparison added"),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("left_content", "right_content", name=op.f("pair_pk")),
        schema="link",
        comment="Contents that were compared and may be one person; the smaller content is on the left",
    )
    op.create_index("pair_right", "pair", ["right_content"], unique=False, schema="link")
    op.create_index("pair_weight", "pair", ["weight"], unique=False, schema="link")
    op.create_table(
        "person",
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="Age order"),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "merged_into",
            sa.UUID(as_uuid=False),
            nullable=True,
            comment="Who got its records, or gave them on to its own heir",
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("person_pk")),
        sa.UniqueConstraint("number", name=op.f("person_uq")),
        schema="link",
        comment="What linkage says several records are; the id is random and says nothing",
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="Records linked, as the prior counts them"),
        sa.Column("entered", sa.Integer(), nullable=False),
        sa.Column("departed", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("run_pk")),
        schema="link",
        comment="One row a transaction of linkage: counts only",
    )
    op.create_table(
        "review",
        sa.Column("one_person", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("other_person", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("left_feed", sa.Text(collation="C"), nullable=False),
        sa.Column("left_provider", sa.Text(collation="C"), nullable=False),
        sa.Column("left_record", sa.Text(collation="C"), nullable=False),
        sa.Column("right_feed", sa.Text(collation="C"), nullable=False),
        sa.Column("right_provider", sa.Text(collation="C"), nullable=False),
        sa.Column("right_record", sa.Text(collation="C"), nullable=False),
        sa.Column("left_content", sa.BigInteger(), nullable=False),
        sa.Column("right_content", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False, comment="Bits, with the prior"),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("joins", sa.BigInteger(), nullable=False, comment="Pairs of records that would be of one person"),
        sa.Column("worth", sa.Double(), nullable=False, comment="Mean probability of all pairs of their records"),
        sa.PrimaryKeyConstraint("one_person", "other_person", name=op.f("review_pk")),
        sa.UniqueConstraint("left_content", "right_content", name=op.f("review_uq")),
        schema="link",
        comment="Persons whom the machine keeps apart in doubt and of whom nobody decided: the pair of records to show",
    )
    op.create_index(op.f("review_other_person"), "review", ["other_person"], unique=False, schema="link")
    op.create_index("review_worth", "review", ["worth", "left_content", "right_content"], unique=False, schema="link")
    op.create_table(
        "vote",
        sa.Column("vote_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("left_feed", sa.Text(collation="C"), nullable=False),
        sa.Column("left_provider", sa.Text(collation="C"), nullable=False),
        sa.Column("left_record", sa.Text(collation="C"), nullable=False),
        sa.Column("right_feed", sa.Text(collation="C"), nullable=False),
        sa.Column("right_provider", sa.Text(collation="C"), nullable=False),
        sa.Column("right_record", sa.Text(collation="C"), nullable=False),
        sa.Column("said", sa.Text(collation="C"), nullable=False),
        sa.Column("probability", sa.REAL(), nullable=False, comment="What the machine said then"),
        sa.Column("given_by", sa.Text(collation="C"), nullable=False),
        sa.Column("given_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("said IN ('same','different','unknown')", name="vote_said"),
        sa.PrimaryKeyConstraint("vote_id", name=op.f("vote_pk")),
        sa.UniqueConstraint(
            "left_feed",
            "left_provider",
            "left_record",
            "right_feed",
            "right_provider",
            "right_record",
            "given_by",
            name=op.f("vote_uq"),
        ),
        schema="link",
        comment="What each reviewer said of two records, once and for ever",
    )
    op.create_table(
        "token",
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("token", "content_id", name=op.f("token_pk")),
        schema="vault",
        comment="Keyed hashes by which linkage finds records to compare; of the contents that are linked now",
    )
    op.create_index("token_content", "token", ["content_id"], unique=False, schema="vault")
    op.create_table(
        "hold",
        sa.Column("held_id", sa.UUID(as_uuid=False), nullable=False, comment="A person or a delivery"),
        sa.Column("reason", sa.Text(collation="C"), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("held_id", name=op.f("hold_pk")),
        schema="ops",
        comment="Legal holds: neither erasing nor retention takes anything of these",
    )
    op.create_table(
        "officer",
        sa.Column("login", sa.Text(collation="C"), nullable=False, comment="Login role of the database"),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("login", "provider", name=op.f("officer_pk")),
        schema="register",
        comment="Case officers who sign in to the database themselves, and the sending bodies they work for",
    )
    op.create_table(
        "token_key",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("one", name="token_key_single"),
        sa.PrimaryKeyConstraint("one", name=op.f("token_key_pk")),
        schema="vault",
        comment="By which key all tokens are made; the first while there is no row",
    )
    op.create_table(
        "erased",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("erased_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("feed", "provider", "record_id", name=op.f("erased_pk")),
        schema="vault",
        comment="Records of erased persons: whatever is stated of them again comes in without an identity",
    )
    op.create_index(op.f("erased_person_id"), "erased", ["person_id"], unique=False, schema="vault")
    op.create_table(
        "erased_row",
        sa.Column("sha256", sa.Text(collation="C"), nullable=False),
        sa.Column("row", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("erased_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "row", name=op.f("erased_row_pk")),
        schema="vault",
        comment="Rows of landed files that speak of erased persons, whatever a later contract takes for their number",
    )
    op.create_table(
        "record",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("content_id", sa.BigInteger(), nullable=False, comment="The state that was linked"),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="When it came to this person"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["link.person.person_id"],
        ),
        sa.PrimaryKeyConstraint("feed", "provider", "record_id", name=op.f("record_pk")),
        sa.UniqueConstraint("content_id", name=op.f("record_uq")),
        schema="link",
        comment="Which person each record is of now; records that no longer count are not here",
    )
    op.create_index(op.f("record_person_id"), "record", ["person_id"], unique=False, schema="link")
    op.create_table(
        "restated",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        schema="core",
        comment="Records met before whose state that counts became another; emptied by the register",
    )
    op.create_table(
        "touched",
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        schema="link",
        comment="Persons that a record came to, left, or changed; emptied by the register",
    )
    op.create_table(
        "breach",
        sa.Column("suite", sa.Text(collation="C"), nullable=False),
        sa.Column("rule", sa.Text(collation="C"), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="Empty while it is broken"),
        sa.Column("severity", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="The counts that the rule read, when last asked",
        ),
        sa.PrimaryKeyConstraint("suite", "rule", "since", name=op.f("breach_pk")),
        schema="ops",
        comment="Rules of the warehouse as a whole that did not hold: one row a spell",
    )
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("delivery_pk")),
        schema="register",
        comment="Deliveries whose persons the register has put into its queue",
    )
    op.create_table(
        "due",
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("due_pk")),
        schema="register",
        comment="Persons to rebuild; emptied by the transaction that did",
    )
    op.create_table(
        "measure",
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False, comment="Records linked"),
        sa.Column("shared", sa.BigInteger(), nullable=False, comment="Of these, of a person with another record"),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("largest", sa.BigInteger(), nullable=False, comment="Records of the person with most"),
        sa.PrimaryKeyConstraint("at", name=op.f("measure_pk")),
        schema="register",
        comment="Linkage in numbers, each time the warehouse was checked: drift is told against the last",
    )
    op.create_table(
        "policy",
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("since", name=op.f("policy_pk")),
        schema="register",
        comment="Each policy of survivorship that the register was built by; the newest is in use",
    )
    op.create_table(
        "person",
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column(
            "purpose",
            sa.Text(collation="C"),
            nullable=False,
            comment="What she is registered for; assistance needs her consent",
        ),
        sa.Column(
            "consent", sa.Text(collation="C"), nullable=True, comment="Her last word on recording and sharing her data"
        ),
        sa.Column("birth_year", sa.Integer(), nullable=True, comment="From an age when met, so a year more or less"),
        sa.Column("sex", sa.Text(), nullable=True, comment="Sex as recorded by the sender."),
        sa.Column("age_band", sa.Text(), nullable=True, comment="Band of the age when met."),
        sa.Column("minor", sa.Text(), nullable=True, comment="Under 18 when met; means are irrelevant then."),
        sa.Column(
            "citizenship", postgresql.ARRAY(sa.Text()), nullable=True, comment="Citizenships held; ISO 3166-1 alpha-3."
        ),
        sa.Column("region", sa.Text(), nullable=True, comment="Region where the victim was met."),
        sa.Column("province", sa.Text(), nullable=True, comment="Province or prefecture where the victim was met."),
        sa.Column("marital_status", sa.Text(), nullable=True, comment="Marital status when met."),
        sa.Column("education", sa.Text(), nullable=True, comment="Highest level of education reached."),
        sa.Column("migration_status", sa.Text(), nullable=True, comment="Residence status in the country when met."),
        sa.Column(
            "exploitation_form",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Forms suffered or intended, at the finest level known.",
        ),
        sa.Column("means", postgresql.ARRAY(sa.Text()), nullable=True, comment="How it was done; not needed under 18."),
        sa.Column(
            "recruitment_channel",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Where or through what the victim was recruited.",
        ),
        sa.Column(
            "country_of_exploitation",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Where the exploitation took place or was meant to.",
        ),
        sa.CheckConstraint("purpose IN ('statistics', 'assistance')", name="person_purpose"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("person_pk")),
        schema="register",
        comment="The register: one row a victim, with what is believed of her; no identity",
    )
    op.create_table(
        "record",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("content_id", sa.BigInteger(), nullable=False, comment="The state that counts"),
        sa.Column(
            "victim_reference",
            sa.Text(),
            nullable=True,
            comment="Code by which stays in shelters name her; empty for a stay",
        ),
        sa.PrimaryKeyConstraint("feed", "provider", "record_id", name=op.f("record_pk")),
        schema="register",
        comment="Records that a person's row, history and path are made of, stays in shelters among them",
    )
    op.create_index("record_guest", "record", ["provider", "victim_reference"], unique=False, schema="register")
    op.create_index(op.f("record_person_id"), "record", ["person_id"], unique=False, schema="register")
    op.create_table(
        "referral",
        sa.Column("referral_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("to_provider", sa.Text(collation="C"), nullable=False, comment="Sending body that she was sent to"),
        sa.Column("kind", sa.Text(collation="C"), nullable=False, comment="Code list service_type: what for"),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_by", sa.Text(collation="C"), nullable=False, comment="Account"),
        sa.Column("answer", sa.Text(collation="C"), nullable=True, comment="Empty while it waits"),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(collation="C"), nullable=True, comment="Account; who ends what is too old"),
        sa.Column(
            "ended_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="Of an accepted one, once it is over",
        ),
        sa.Column("ended_by", sa.Text(collation="C"), nullable=True, comment="Likewise"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="referral_ended"),
        sa.CheckConstraint("answer IN ('accepted', 'declined', 'withdrawn', 'lapsed')", name="referral_answer"),
        sa.CheckConstraint("ended_at IS NULL OR coalesce(answer, '') = 'accepted'", name="referral_begun"),
        sa.CheckConstraint("num_nonnulls(answer, answered_at, answered_by) IN (0, 3)", name="referral_answered"),
        sa.CheckConstraint("provider <> to_provider", name="referral_between_two"),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("referral_pk")),
        schema="register",
        comment="Persons sent from one body to another in the pages, by a record of the first; with the answer",
    )
    op.create_index(op.f("referral_person_id"), "referral", ["person_id"], unique=False, schema="register")
    op.create_index("referral_to", "referral", ["to_provider"], unique=False, schema="register")
    op.create_index(
        "referral_waiting",
        "referral",
        ["feed", "provider", "record_id", "to_provider", "kind"],
        unique=True,
        schema="register",
        postgresql_where=sa.text("answer IS NULL"),
    )
    op.create_table(
        "seen_by",
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("first_seen", sa.Date(), nullable=True, comment="Empty where no record gives a day"),
        sa.Column("last_seen", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", "provider", name=op.f("seen_by_pk")),
        schema="register",
        comment="Which sending bodies know a person: what a case officer may see goes by it",
    )
    op.create_index("seen_by_provider", "seen_by", ["provider"], unique=False, schema="register")
    op.create_table(
        "source",
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("field", sa.Text(collation="C"), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False, comment="1 is believed first; the next where it is mute"),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("identity", sa.Boolean(), nullable=False, comment="Opened from the vault; no value stands anywhere"),
        sa.PrimaryKeyConstraint("person_id", "field", "place", name=op.f("source_pk")),
        schema="register",
        comment="Which record is believed for which field; of identities all that is said here, and only with consent",
    )
    op.create_table(
        "status",
        sa.Column("content_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stated", sa.Text(collation="C"), nullable=False, comment="Version of the record that says so"),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("status", sa.Text(collation="C"), nullable=False, comment="Code list victim_status"),
        sa.Column("decided_on", sa.Date(), nullable=True, comment="Day of the decision, else of the meeting"),
        sa.Column("deciding_body", sa.Text(collation="C"), nullable=False, comment="Code list deciding_body"),
        sa.Column(
            "replaced",
            sa.Text(collation="C"),
            nullable=True,
            comment="Version of the same record that says otherwise; empty while it stands",
        ),
        sa.Column("current", sa.Boolean(), nullable=False, comment="What counts for the person now"),
        sa.PrimaryKeyConstraint("content_id", "stated", name=op.f("status_pk")),
        schema="register",
        comment="Dated history of what was decided of a person; a correction closes an entry and appends one",
    )
    op.create_index(
        "status_current", "status", ["person_id"], unique=True, schema="register", postgresql_where=sa.text("current")
    )
    op.create_index(op.f("status_person_id"), "status", ["person_id"], unique=False, schema="register")
    op.create_table(
        "past",
        sa.Column("past_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "until", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="Empty while the register says so"
        ),
        sa.Column("met_on", sa.Date(), nullable=True, comment="First day that anybody met her"),
        sa.Column("year", sa.Integer(), sa.Computed("extract(year FROM met_on)::integer", persisted=True)),
        sa.Column("status", sa.Text(collation="C"), nullable=False, comment="Code list victim_status: what counted"),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("age_band", sa.Text(), nullable=True),
        sa.Column("minor", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("citizenship", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("exploitation_form", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column(
            "steps",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Kind of step -> days until its first; met -> 0, of everybody",
        ),
        sa.PrimaryKeyConstraint("past_id", name=op.f("past_pk")),
        schema="register",
        comment="What the register said of a person that statistics count by, and between which moments; no identity",
    )
    op.create_index(
        "past_open",
        "past",
        ["person_id"],
        unique=True,
        schema="register",
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(op.f("past_person_id"), "past", ["person_id"], unique=False, schema="register")
    op.create_table(
        "reached",
        sa.Column("year", sa.Integer(), nullable=True, comment="When anybody first met them"),
        sa.Column("step", sa.Text(collation="C"), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        schema="register",
        comment="How many persons came to a step after so many days, as past has them now; kept by its triggers",
    )
    op.create_index(
        "reached_key",
        "reached",
        ["year", "step", "days"],
        unique=True,
        schema="register",
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "step",
        sa.Column("feed", sa.Text(collation="C"), nullable=False),
        sa.Column("provider", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("item", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=True, comment="Empty where the agency gives no day"),
        sa.Column("ended_on", sa.Date(), nullable=True, comment="Of a service or stay, once it is over"),
        sa.Column(
            "detail",
            sa.Text(collation="C"),
            nullable=True,
            comment="Service given, who referred or was referred to, who decided, country",
        ),
        sa.Column(
            "consent", sa.Text(collation="C"), nullable=True, comment="Of the person to this, as the record says it"
        ),
        sa.CheckConstraint(
            "kind IN ('detection', 'referral_from', 'court', 'identification', 'protection', 'referral_to', 'shelter', 'service', 'return', 'reintegration')",
            name="step_kind",
        ),
        sa.PrimaryKeyConstraint("feed", "provider", "record_id", "kind", "item", name=op.f("step_pk")),
        schema="register",
        comment="A person's way through the national referral mechanism",
    )
    op.create_index(op.f("step_person_id"), "step", ["person_id"], unique=False, schema="register")
    op.create_index("service_guest", "service", ["provider", "victim_reference"], unique=False, schema="core")
    op.create_index("proceeding_court_reference", "proceeding", ["court_reference"], unique=False, schema="core")
    op.create_index("proceeding_police_reference", "proceeding", ["police_reference"], unique=False, schema="core")
    op.create_table(
        "build",
        sa.Column("build_id", sa.UUID(as_uuid=False), nullable=False, comment="Of the build"),
        sa.Column(
            "name", sa.Text(collation="C"), nullable=False, comment="Of the release: its file below schemas/releases"
        ),
        sa.Column("period", sa.Text(collation="C"), nullable=False, comment="2025-Q1, 2025"),
        sa.Column("number", sa.Integer(), nullable=False, comment="Of the builds of this release and period"),
        sa.Column("as_of", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="When was counted"),
        sa.Column(
            "ledger",
            sa.Text(collation="C"),
            nullable=False,
            comment="SHA-256 over the deliveries that counted then, with their state",
        ),
        sa.Column(
            "definition",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="The file of the release as it was",
        ),
        sa.Column(
            "policy",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="The policy of disclosure as it was",
        ),
        sa.Column(
            "paths",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="Each dimension's codes, with what they belong to",
        ),
        sa.Column(
            "missing",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="Deliveries of the period that had not come",
        ),
        sa.Column("facts", postgresql.JSON(astext_type=sa.Text()), nullable=False, comment="What the suite judged"),
        sa.Column(
            "broken",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="Rules of the suite that do not hold",
        ),
        sa.Column(
            "reckoned",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="Signed builds that it was held against",
        ),
        sa.Column("verdict", sa.Text(collation="C"), nullable=False, comment="pass, review or fail"),
        sa.Column("tools", sa.Text(collation="C"), nullable=False, comment="Versions of what built it"),
        sa.Column("sha256", sa.Text(collation="C"), nullable=False, comment="Of its tables as CSV"),
        sa.Column("state", sa.Text(collation="C"), nullable=False, comment="built, signed or rejected"),
        sa.Column("built_by", sa.Text(collation="C"), nullable=False, comment="Account or DAG"),
        sa.Column("decided_by", sa.Text(collation="C"), nullable=True, comment="Who signed or rejected it"),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="When"),
        sa.Column("note", sa.Text(collation="C"), nullable=True, comment="What was said with it"),
        sa.Column(
            "package_sha256",
            sa.Text(collation="C"),
            nullable=True,
            comment="Of the files that a signed one is handed out as",
        ),
        sa.CheckConstraint("(state = 'built') = (decided_by IS NULL)", name="build_decided"),
        sa.CheckConstraint("state <> 'signed' OR verdict <> 'fail'", name="build_never_failed"),
        sa.CheckConstraint("state IN ('built', 'signed', 'rejected')", name="build_state"),
        sa.CheckConstraint("verdict IN ('pass', 'review', 'fail')", name="build_verdict"),
        sa.PrimaryKeyConstraint("build_id", name=op.f("build_pk")),
        sa.UniqueConstraint("name", "period", "number", name="build_number"),
        schema="release",
        comment="Releases as they were built, each with what it was made of, its verdict and who decided",
    )
    op.create_table(
        "base",
        sa.Column("build_id", sa.UUID(as_uuid=False), nullable=False, comment="Of the build"),
        sa.Column("cube", sa.Text(collation="C"), nullable=False, comment="What is counted: of the release's file"),
        sa.Column("period", sa.Text(collation="C"), nullable=False, comment="As the mart says it"),
        sa.Column(
            "codes", postgresql.ARRAY(sa.Text(collation="C")), nullable=False, comment="One a dimension of the cube"
        ),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="Before disclosure control: never handed out"),
        sa.ForeignKeyConstraint(
            ["build_id"],
            ["release.build.build_id"],
        ),
        sa.PrimaryKeyConstraint("build_id", "cube", "period", "codes", name=op.f("base_pk")),
        schema="release",
        comment="What was counted when a release was built, so that it can be built again, and held against the next",
    )
    op.create_table(
        "built_cell",
        sa.Column("build_id", sa.UUID(as_uuid=False), nullable=False, comment="Of the build"),
        sa.Column("table", sa.Text(collation="C"), nullable=False, comment="Name in the release"),
        sa.Column(
            "codes",
            postgresql.ARRAY(sa.Text(collation="C")),
            nullable=False,
            comment="One a dimension of the table; total for a margin",
        ),
        sa.Column("value", sa.BigInteger(), nullable=True, comment="Empty where it is not shown"),
        sa.Column("flag", sa.Text(collation="C"), nullable=False, comment="c where it is not shown, else empty"),
        sa.CheckConstraint("(value IS NULL) = (flag = 'c')", name="built_cell_flag"),
        sa.ForeignKeyConstraint(
            ["build_id"],
            ["release.build.build_id"],
        ),
        sa.PrimaryKeyConstraint("build_id", "table", "codes", name=op.f("built_cell_pk")),
        schema="release",
        comment="The cells of each build, after disclosure control",
    )
    op.create_table(
        "built_table",
        sa.Column("build_id", sa.UUID(as_uuid=False), nullable=False, comment="Of the build"),
        sa.Column("table", sa.Text(collation="C"), nullable=False, comment="Name in the release"),
        sa.Column("position", sa.Integer(), nullable=False, comment="In the order of the release"),
        sa.Column("cube", sa.Text(collation="C"), nullable=False, comment="What is counted: of the release's file"),
        sa.Column("title_fr", sa.Text(), nullable=False, comment="What it shows"),
        sa.Column("title_ar", sa.Text(), nullable=False, comment="What it shows"),
        sa.Column("title_en", sa.Text(), nullable=False, comment="What it shows"),
        sa.Column("dimensions", postgresql.ARRAY(sa.Text()), nullable=False, comment="In the order of codes"),
        sa.Column("counting_unit", sa.Text(collation="C"), nullable=False, comment="Code list counting_unit"),
        sa.Column("counting_stage", sa.Text(collation="C"), nullable=False, comment="Code list counting_stage"),
        sa.Column("reference_date", sa.Text(collation="C"), nullable=False, comment="Code list reference_date"),
        sa.Column("source", sa.Text(collation="C"), nullable=False, comment="Feed or mart"),
        sa.Column("cells", sa.Integer(), nullable=False, comment="Cells, margins included"),
        sa.Column("shown", sa.Integer(), nullable=False, comment="Cells whose number is shown"),
        sa.ForeignKeyConstraint(
            ["build_id"],
            ["release.build.build_id"],
        ),
        sa.PrimaryKeyConstraint("build_id", "table", name=op.f("built_table_pk")),
        schema="release",
        comment="The tables of each build",
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("built_table", schema="release")
    op.drop_table("built_cell", schema="release")
    op.drop_table("base", schema="release")
    op.drop_table("build", schema="release")
    op.drop_index("proceeding_court_reference", table_name="proceeding", schema="core")
    op.drop_index("proceeding_police_reference", table_name="proceeding", schema="core")
    op.drop_index("service_guest", table_name="service", schema="core")
    op.drop_index("reached_key", table_name="reached", schema="register", postgresql_nulls_not_distinct=True)
    op.drop_table("reached", schema="register")
    op.drop_index(op.f("past_person_id"), table_name="past", schema="register")
    op.drop_index("past_open", table_name="past", schema="register", postgresql_where=sa.text("until IS NULL"))
    op.drop_table("past", schema="register")
    op.drop_index(op.f("step_person_id"), table_name="step", schema="register")
    op.drop_table("step", schema="register")
    op.drop_index("status_current", table_name="status", schema="register", postgresql_where=sa.text("current"))
    op.drop_index(op.f("status_person_id"), table_name="status", schema="register")
    op.drop_table("status", schema="register")
    op.drop_table("source", schema="register")
    op.drop_index("seen_by_provider", table_name="seen_by", schema="register")
    op.drop_table("seen_by", schema="register")
    op.drop_index(
        "referral_waiting", table_name="referral", schema="register", postgresql_where=sa.text("answer IS NULL")
    )
    op.drop_index("referral_to", table_name="referral", schema="register")
    op.drop_index(op.f("referral_person_id"), table_name="referral", schema="register")
    op.drop_table("referral", schema="register")
    op.drop_index("record_guest", table_name="record", schema="register")
    op.drop_index(op.f("record_person_id"), table_name="record", schema="register")
    op.drop_table("record", schema="register")
    op.drop_table("person", schema="register")
    op.drop_table("policy", schema="register")
    op.drop_table("measure", schema="register")
    op.drop_table("due", schema="register")
    op.drop_table("delivery", schema="register")
    op.drop_table("breach", schema="ops")
    op.drop_table("touched", schema="link")
    op.drop_table("restated", schema="core")
    op.drop_index(op.f("record_person_id"), table_name="record", schema="link")
    op.drop_table("record", schema="link")
    op.drop_table("erased_row", schema="vault")
    op.drop_index(op.f("erased_person_id"), table_name="erased", schema="vault")
    op.drop_table("erased", schema="vault")
    op.drop_table("token_key", schema="vault")
    op.drop_table("officer", schema="register")
    op.drop_table("hold", schema="ops")
    op.drop_index("token_content", table_name="token", schema="vault")
    op.drop_table("token", schema="vault")
    op.drop_table("run", schema="link")
    op.drop_table("person", schema="link")
    op.drop_index("pair_weight", table_name="pair", schema="link")
    op.drop_index("pair_right", table_name="pair", schema="link")
    op.drop_table("pair", schema="link")
    op.drop_index("move_record", table_name="move", schema="link")
    op.drop_index("move_from", table_name="move", schema="link")
    op.drop_table("move", schema="link")
    op.drop_table("model", schema="link")
    op.drop_table("due", schema="link")
    op.drop_table("delivery", schema="link")
    op.drop_table("vote", schema="link")
    op.drop_index("review_worth", table_name="review", schema="link")
    op.drop_index(op.f("review_other_person"), table_name="review", schema="link")
    op.drop_table("review", schema="link")
    op.drop_index("decision_right", table_name="decision", schema="link")
    op.drop_index("decision_left", table_name="decision", schema="link")
    op.drop_table("decision", schema="link")
    op.drop_table("changed", schema="core")
    op.drop_table("returned", schema="portal")
    op.drop_index(op.f("upload_account_id"), table_name="upload", schema="portal")
    op.drop_table("upload", schema="portal")
    op.drop_index(op.f("session_account_id"), table_name="session", schema="portal")
    op.drop_table("session", schema="portal")
    op.drop_table("account_right", schema="portal")
    op.drop_index(op.f("attempt_at"), table_name="attempt", schema="portal")
    op.drop_table("attempt", schema="portal")
    op.drop_table("account", schema="portal")
    op.drop_table("expected", schema="ref")
    op.drop_index("notice_open", table_name="notice", schema="ops", postgresql_where=sa.text("sent_at IS NULL"))
    op.drop_table("notice", schema="ops")
    op.drop_table("contact", schema="ops")
    op.drop_table("quiet", schema="ops")
    op.drop_index(
        "record_waiting", table_name="record", schema="quarantine", postgresql_where=sa.text("corrected_by IS NULL")
    )
    op.drop_table("record", schema="quarantine")
    op.drop_index(
        "finding_unmapped",
        table_name="finding",
        schema="quarantine",
        postgresql_where=sa.text("rule = \"column\" || '.known'"),
    )
    op.drop_index(op.f("finding_delivery_id"), table_name="finding", schema="quarantine")
    op.drop_table("finding", schema="quarantine")
    op.drop_table("justification", schema="ops")
    op.drop_index("coverage_feed", table_name="coverage", schema="ops")
    op.drop_table("coverage", schema="ops")
    op.drop_table("claim", schema="ops")
    op.drop_table("admission", schema="ops")
    op.drop_index(op.f("arrival_delivery_id"), table_name="arrival", schema="ops")
    op.drop_table("arrival", schema="ops")
    op.drop_index("record_emptied", table_name="record", schema="vault", postgresql_where=sa.text("sealed = ''"))
    op.drop_index("record_delivery", table_name="record", schema="vault", postgresql_using="brin")
    op.drop_table("record", schema="vault")
    op.drop_table("reconciled", schema="ref")
    op.drop_table("contradiction", schema="ref")
    op.drop_table("published", schema="ref")
    op.drop_table("rule", schema="ref")
    op.drop_table("code", schema="ref")
    op.drop_index("delivery_provider", table_name="delivery", schema="ops")
    op.drop_index("delivery_open", table_name="delivery", schema="ops", postgresql_where=sa.text("status = 'received'"))
    op.drop_index(
        "delivery_content",
        table_name="delivery",
        schema="ops",
        postgresql_where=sa.text("live"),
    )
    op.drop_table("delivery", schema="ops")
    op.drop_table("victim", schema="core")
    op.drop_table("suspect", schema="core")
    op.drop_index("turn_statement", table_name="turn", schema="core")
    op.drop_table("turn", schema="core")
    op.drop_index("sighting_record", table_name="sighting", schema="core")
    op.drop_index("sighting_delivery", table_name="sighting", schema="core", postgresql_using="brin")
    op.drop_table("sighting", schema="core")
    op.drop_table("service", schema="core")
    op.drop_table("proceeding", schema="core")
    op.drop_table("figure", schema="core")
    op.drop_table("contact", schema="core")
    op.drop_table("case", schema="core")
    op.drop_table("activity", schema="core")
    op.drop_table("head", schema="audit")
    op.drop_index(
        "event_look",
        table_name="event",
        schema="audit",
        postgresql_where=sa.text("action IN ('identity.seen', 'person.searched', 'report.opened')"),
    )
    op.drop_table("event", schema="audit")
    op.execute(sa.text("DROP SEQUENCE core.content_id"))
