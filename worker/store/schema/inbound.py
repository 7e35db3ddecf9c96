"""What people answered."""

from sqlalchemy import CheckConstraint, Column, Index, SmallInteger, Table, Text, UniqueConstraint, text

from worker.domain.channels import Channel
from worker.domain.replies import Intent
from worker.store.schema.base import at, id_, metadata, one_of, ref

inbound_message = Table(
    "inbound_message",
    metadata,
    id_(),
    Column("provider_sid", Text, nullable=False, unique=True),
    # voice: a key pressed in a call, which is then the body.
    Column("channel", Text, nullable=False, server_default="sms"),
    Column("e164", Text, nullable=False),
    Column("sender", Text),
    Column("to_address", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("opt_out_type", Text),
    Column("media_count", SmallInteger, nullable=False, server_default=text("0")),
    at("received_at", nullable=False),
    at("read_at"),
    # how often reading it broke; after a few a person reads it
    Column("failures", SmallInteger, nullable=False, server_default=text("0")),
    Column("intent", Text),
    # unknown_sender: nobody has this number; a person files it.
    Column("match", Text),
    # Who dealt with it, when, where no rule could: an unknown number, an unclear text.
    at("filed_at"),
    Column("filed_by", Text),
    one_of("channel", Channel),
    one_of("intent", Intent),
    CheckConstraint("match IN ('household', 'shared_number', 'unknown_sender')", name="match_known"),
    Index("ix_inbound_message_unread", "id", postgresql_where=text("read_at IS NULL")),
    Index("ix_inbound_message_e164", "e164", "received_at"),
    Index(
        "ix_inbound_message_to_file",
        "id",
        postgresql_where=text("filed_at IS NULL AND (match = 'unknown_sender' OR intent = 'unclear')"),
    ),
)

# A reply matched to the households it may speak for.
reply = Table(
    "reply",
    metadata,
    ref("inbound_id", "inbound_message.id"),
    ref("household_id", "household.id"),
    ref("recipient_id", "recipient.id", nullable=True),
    UniqueConstraint("inbound_id", "household_id"),
    Index("ix_reply_household_id", "household_id"),
)

# Up to when the provider's own list of replies to a sender, or of calls to a number ("calls:" before it), has been gone
# through: what came later may be missing here.
reply_listing = Table(
    "reply_listing",
    metadata,
    Column("address", Text, primary_key=True),
    at("complete_until", nullable=False),
)
