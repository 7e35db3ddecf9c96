"""Partners, and needs handed over to them."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from worker.domain.partners import PartnerKind
from worker.domain.referrals import OPEN_STATES, Consent, ReferralState, SendingOutcome, Urgency, Via
from worker.store.schema.base import at, id_, metadata, one_of, ref

_OPEN = ", ".join(f"'{state}'" for state in OPEN_STATES)

partner = Table(
    "partner",
    metadata,
    id_(),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("phone", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    # It has agreed to get referrals by e-mail.
    Column("email_ok", Boolean, nullable=False, server_default=text("false")),
    Column("hours", Text, nullable=False, server_default=""),
    Column("out_of_hours", Text, nullable=False, server_default=""),
    # Where it works; all three empty: everywhere.
    Column("insee_codes", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("postcodes", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("communes", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    at("created_at", nullable=False),
    at("changed_at", nullable=False),
    # Not offered any more; its referrals stay.
    at("closed_at"),
    one_of("kind", PartnerKind),
    CheckConstraint("NOT email_ok OR email <> ''", name="email_ok_has_an_email"),
    Index("uq_partner_name", "kind", "folded_name", unique=True),
)

referral = Table(
    "referral",
    metadata,
    id_(),
    ref("household_id", "household.id"),
    ref("partner_id", "partner.id"),
    # The call in which the need was heard, and its event, for the reports.
    ref("task_id", "callback_task.id", nullable=True),
    ref("event_id", "campaign_event.id", nullable=True),
    # Whose need it is, where several live there.
    ref("tenant_id", "tenant.id", nullable=True),
    Column("state", Text, nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("urgency", Text, nullable=False),
    Column("consent", Text, nullable=False, server_default=Consent.NONE),
    Column("consent_by", Text),
    at("consent_at"),
    Column("waiver", Text, nullable=False, server_default=""),
    # What the consent covers beside the name and the need.
    Column("shared", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("created_by", Text, nullable=False),
    at("created_at", nullable=False),
    Column("contact_used", Text),
    at("sent_at"),
    at("acknowledged_at"),
    at("due_at"),
    at("reminded_at"),
    # When somebody looks again. An open referral always has it.
    at("next_check"),
    # When the household is to be rung back.
    at("ring_back_at"),
    at("closed_at"),
    Column("feedback", Text, nullable=False, server_default=""),
    one_of("state", ReferralState),
    one_of("urgency", Urgency),
    one_of("consent", Consent),
    CheckConstraint("cardinality(reasons) > 0", name="has_a_reason"),
    CheckConstraint("state IN ('draft', 'withdrawn') OR consent <> 'none'", name="leaves_with_consent_only"),
    CheckConstraint("consent <> 'waived' OR waiver <> ''", name="waiver_has_a_reason"),
    CheckConstraint(f"(state IN ({_OPEN})) = (next_check IS NOT NULL)", name="open_is_looked_at_again"),
    CheckConstraint(f"(state IN ({_OPEN})) = (closed_at IS NULL)", name="closed_at_matches_state"),
    CheckConstraint("length(waiver) <= 300 AND length(feedback) <= 300", name="words_are_short"),
    # A need is handed to a partner once: a second press of a button finds this one.
    Index(
        "uq_referral_open",
        "household_id",
        "partner_id",
        unique=True,
        postgresql_where=text(f"state IN ({_OPEN})"),
    ),
    Index("ix_referral_next_check", "next_check", postgresql_where=text("next_check IS NOT NULL")),
    Index("ix_referral_ring_back_at", "ring_back_at", postgresql_where=text("ring_back_at IS NOT NULL")),
    Index("ix_referral_household_id", "household_id"),
    Index("ix_referral_partner_id", "partner_id"),
    Index("ix_referral_event_id", "event_id", postgresql_where=text("event_id IS NOT NULL")),
)

# How a referral came to be where it is. Only ever added to.
referral_move = Table(
    "referral_move",
    metadata,
    id_(),
    ref("referral_id", "referral.id"),
    Column("state", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    at("moved_at", nullable=False),
    one_of("state", ReferralState),
    CheckConstraint("length(note) <= 300", name="note_is_short"),
    Index("ix_referral_move_referral_id", "referral_id"),
)

# One hand-over to the partner. The row of an e-mail is committed before the mail leaves.
referral_sending = Table(
    "referral_sending",
    metadata,
    id_(),
    ref("referral_id", "referral.id"),
    Column("via", Text, nullable=False),
    Column("by", Text, nullable=False),
    at("started_at", nullable=False),
    at("finished_at"),
    Column("outcome", Text),
    # What the mail server said, as a code; never an address.
    Column("code", Text, nullable=False, server_default=""),
    one_of("via", Via),
    one_of("outcome", SendingOutcome),
    CheckConstraint("(finished_at IS NULL) = (outcome IS NULL)", name="finished_has_an_outcome"),
    # An e-mail that left, or may have, is never sent again.
    Index(
        "uq_referral_sending_email",
        "referral_id",
        unique=True,
        postgresql_where=text("via = 'by_email' AND (outcome IS NULL OR outcome IN ('done', 'unknown_fate'))"),
    ),
    Index("ix_referral_sending_referral_id", "referral_id"),
)
