"""What we owe and what we sent: events, recipients, messages, attempts, receipts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.domain.campaigns import EventState
from worker.domain.channels import Channel
from worker.domain.messages import Lane, MessageState, Outcome, Step
from worker.domain.recipients import RecipientState
from worker.domain.replies import Intent
from worker.domain.voice import CallEnd
from worker.store.schema.base import at, id_, metadata, one_of, ref

campaign_event = Table(
    "campaign_event",
    metadata,
    id_(),
    Column("campaign", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False),
    # Of two events with texts to send, those of the higher one leave first.
    Column("priority", SmallInteger, nullable=False, server_default=text("3")),
    # The campaign as it stood when the event opened: editing the file never changes a running event.
    Column("definition", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    at("opened_at", nullable=False),
    at("fanned_out_at"),
    at("void_at", nullable=False),
    at("replies_until", nullable=False),
    at("settled_at"),
    Column("alarm", Text),
    at("alarm_at"),
    # Segments a second for this event alone, below the sender's own pace; NULL: the sender's.
    Column("pace_per_s", Float),
    # The alert is over: its pending checks were stopped then.
    at("all_clear_at"),
    # A test of the text: it went to guests, and counts nowhere.
    Column("is_test", Boolean, nullable=False, server_default=text("false")),
    one_of("state", EventState),
    UniqueConstraint("campaign", "occasion"),
    Index("ix_campaign_event_state", "state"),
)

# An event whose first texts are not all queued yet: those of recipients with ids above the one, up to the other, are not.
unqueued = Table(
    "unqueued",
    metadata,
    Column("event_id", ForeignKey("campaign_event.id"), primary_key=True),
    Column("after_id", BigInteger, primary_key=True),
    Column("upto_id", BigInteger, nullable=False),
    at("since", nullable=False),
)

recipient = Table(
    "recipient",
    metadata,
    id_(),
    ref("event_id", "campaign_event.id"),
    ref("household_id", "household.id"),
    # The number the event writes to; two households may share one, which gets one text.
    Column("e164", Text),
    # The number the machine rings; two households may share one, which is rung once.
    Column("call_e164", Text),
    Column("language", Text, nullable=False, server_default="fr"),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    # When the next rung of the ladder is due.
    at("due_at"),
    at("contacted_at"),
    at("reminded_at"),
    at("replied_at"),
    Column("intent", Text),
    at("settled_at"),
    ref("task_id", "callback_task.id", nullable=True),
    one_of("state", RecipientState),
    one_of("intent", Intent),
    # Nobody is forgotten: who waits has a time at which somebody looks again, who is to be rung has a task.
    CheckConstraint("state <> 'waiting' OR due_at IS NOT NULL", name="waiting_has_a_due_time"),
    CheckConstraint("state <> 'callback' OR task_id IS NOT NULL", name="callback_has_a_task"),
    UniqueConstraint("event_id", "household_id"),
    Index("ix_recipient_due", "due_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_recipient_household_id", "household_id"),
    Index("ix_recipient_event_e164", "event_id", "e164"),
    Index("ix_recipient_event_call_e164", "event_id", "call_e164", postgresql_where=text("call_e164 IS NOT NULL")),
    Index("ix_recipient_task_id", "task_id", postgresql_where=text("task_id IS NOT NULL")),
)

# The ledger. The row's state is the outbox: the queue can be lost and rebuilt from here. Indexes are few on purpose: since some
# hold only one state, each change of state writes an entry into every other one (28 for a text from queued to delivered).
message = Table(
    "message",
    metadata,
    id_(),
    ref("event_id", "campaign_event.id", nullable=True),
    ref("recipient_id", "recipient.id", nullable=True),
    ref("household_id", "household.id", nullable=True),
    ref("in_reply_to", "inbound_message.id", nullable=True),
    ref("referral_id", "referral.id", nullable=True),
    Column("e164", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("sender", Text, nullable=False),
    # Of an event's calls by the machine the household with more is rung first: age, alone, fragile.
    Column("need", SmallInteger, nullable=False, server_default=text("0")),
    Column("template", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("variables", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("state", Text, nullable=False),
    at("due_at", nullable=False),
    # A window that closes re-plans the message; void ends it.
    at("window_closes_at", nullable=False),
    at("void_at", nullable=False),
    at("lease_until"),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("body", Text),
    Column("segments", SmallInteger),
    Column("provider_sid", Text),
    Column("provider_status", Text),
    Column("code", Integer),
    at("created_at", nullable=False),
    at("sent_at"),
    at("settled_at"),
    # How often the provider's list was searched for a message of unknown fate, without finding it.
    Column("lookups", SmallInteger, nullable=False, server_default=text("0")),
    at("looked_up_at"),
    one_of("channel", Channel),
    one_of("step", Step),
    one_of("lane", Lane),
    one_of("state", MessageState),
    CheckConstraint(
        "(step = 'ack') = (in_reply_to IS NOT NULL OR referral_id IS NOT NULL)", name="ack_answers_something"
    ),
    CheckConstraint("(step = 'ack') OR (event_id IS NOT NULL AND recipient_id IS NOT NULL)", name="step_has_recipient"),
    # None is written to twice: by recipient, and by number when two households share one. A call is by number alone:
    # where that one is dead, the household is rung at its next.
    Index(
        "uq_message_step",
        *("recipient_id", "channel", "step"),
        unique=True,
        postgresql_where=text("step <> ALL (ARRAY['ack', 'voice'])"),
    ),
    # Answers are there as well, each told apart by what it answers: so the texts of an event are found here too.
    Index(
        "uq_message_number",
        *("event_id", "e164", "channel", "step", "in_reply_to", "referral_id"),
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    Index("ix_message_call", "event_id", "e164", postgresql_where=text("channel = 'voice'")),
    Index("uq_message_ack", "in_reply_to", unique=True, postgresql_where=text("step = 'ack'")),
    Index("uq_message_referral", "referral_id", unique=True, postgresql_where=text("referral_id IS NOT NULL")),
    # Not while it has none: each state before that would cost an entry.
    Index("uq_message_provider_sid", "provider_sid", unique=True, postgresql_where=text("provider_sid IS NOT NULL")),
    Index("ix_message_queued", "lane", "event_id", "due_at", "id", postgresql_where=text("state = 'queued'")),
    Index("ix_message_leased", "lease_until", postgresql_where=text("lease_until IS NOT NULL")),
    Index("ix_message_unknown", "id", postgresql_where=text("state = 'unknown'")),
    # Only for who asks by this very expression: small as it is, the planner would take it for any walk of the queue.
    Index(
        "ix_message_runs_out",
        text("LEAST(window_closes_at, void_at)"),
        postgresql_where=text("state = 'queued' AND LEAST(window_closes_at, void_at) IS NOT NULL"),
    ),
    Index(
        "ix_message_without_word",
        *(text("GREATEST(sent_at, looked_up_at)"), "sent_at"),
        postgresql_where=text("state = 'sent' AND provider_sid IS NOT NULL"),
    ),
    Index("ix_message_ack_number", "e164", "created_at", postgresql_where=text("step = 'ack'")),
    Index("ix_message_household_id", "household_id", "created_at"),
)

# What an event came to, without anybody's name, number or dwelling. No foreign key: it outlives erasure of its rows.
event_summary = Table(
    "event_summary",
    metadata,
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    at("opened_at", nullable=False),
    Column("listed", Integer, nullable=False),
    Column("figures", JSONB, nullable=False),
    at("made_at", nullable=False),
    # Nothing of the event can change any more: no reply is taken, no call is owed.
    Column("final", Boolean, nullable=False, server_default=text("false")),
)

# One request to the provider. The row is committed before the request leaves.
attempt = Table(
    "attempt",
    metadata,
    id_(),
    ref("message_id", "message.id"),
    at("started_at", nullable=False),
    at("finished_at"),
    Column("outcome", Text),
    Column("http_status", Integer),
    Column("code", Integer),
    Column("provider_sid", Text),
    one_of("outcome", Outcome),
    Index("ix_attempt_message_id", "message_id"),
)

# What became of one attempt to ring a number by machine, as far as it was told. The row is there before the request.
automatic_call = Table(
    "automatic_call",
    metadata,
    Column("attempt_id", BigInteger, ForeignKey("attempt.id"), primary_key=True, autoincrement=False),
    ref("message_id", "message.id"),
    Column("sender", Text, nullable=False),
    Column("provider_sid", Text, unique=True),
    at("opened_at", nullable=False),
    # the provider's newest word, and its place in the order of words
    Column("status", Text),
    Column("sequence", SmallInteger, nullable=False, server_default=text("-1")),
    Column("answered_by", Text),
    Column("key", Text),
    Column("wrong_key", Boolean, nullable=False, server_default=text("false")),
    Column("heard_out", Boolean, nullable=False, server_default=text("false")),
    Column("sip_code", Integer),
    Column("duration_s", Integer),
    # Not under way any more: it ended, or was never made.
    at("ended_at"),
    Column("came_to", Text),
    at("asked_about_at"),
    # An answering machine got words of its own.
    at("voicemail_at"),
    one_of("came_to", CallEnd),
    Index("ix_automatic_call_message_id", "message_id"),
    # How many calls of a sender are under way.
    Index("ix_automatic_call_under_way", "sender", "opened_at", postgresql_where=text("ended_at IS NULL")),
)

delivery_receipt = Table(
    "delivery_receipt",
    metadata,
    id_(),
    # No foreign key: a receipt is kept even when it names a message we do not have.
    Column("message_id", BigInteger),
    Column("provider_sid", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("code", Integer, nullable=False, server_default=text("0")),
    at("received_at", nullable=False),
    # The same word twice is one receipt.
    UniqueConstraint("provider_sid", "status", "code"),
)
