"""Calls that humans owe, and how they ended."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from worker.domain.callbacks import TaskState
from worker.domain.routing import Move
from worker.store.schema.base import at, id_, metadata, one_of, ref

callback_task = Table(
    "callback_task",
    metadata,
    id_(),
    ref("household_id", "household.id"),
    ref("event_id", "campaign_event.id", nullable=True),
    ref("agency_id", "agency.id"),
    Column("state", Text, nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("priority", Integer, nullable=False),
    # [[code, points], ...]: the sum explained, in the order shown to the caller.
    Column("score", JSONB, nullable=False),
    Column("news", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    at("created_at", nullable=False),
    at("due_at", nullable=False),
    at("not_before"),
    Column("calls", SmallInteger, nullable=False, server_default=text("0")),
    # Calls of the steps of the ladder before the present one: each step has its own tries.
    Column("tried_before", SmallInteger, nullable=False, server_default=text("0")),
    Column("claimed_by", Text),
    at("claimed_until"),
    at("claimed_at"),
    # Who spoke with the household last: within a band of priority their tasks come to them first.
    Column("known_by", Text),
    at("closed_at"),
    Column("closed_as", Text),
    one_of("state", TaskState),
    CheckConstraint("cardinality(reasons) > 0", name="has_a_reason"),
    CheckConstraint("(state = 'claimed') = (claimed_by IS NOT NULL)", name="claimed_by_someone"),
    CheckConstraint("(state IN ('done', 'cancelled')) = (closed_at IS NOT NULL)", name="closed_at_matches_state"),
    # One open task per household: new reasons merge.
    Index(
        "uq_callback_task_open",
        "household_id",
        unique=True,
        postgresql_where=text("state IN ('open', 'claimed')"),
    ),
    Index(
        "ix_callback_task_queue", "agency_id", text("priority DESC"), "due_at", postgresql_where=text("state = 'open'")
    ),
    Index("ix_callback_task_event_id", "event_id"),
    Index("ix_callback_task_known_by", "known_by", text("priority DESC"), postgresql_where=text("state = 'open'")),
    Index("ix_callback_task_claimed", "claimed_until", postgresql_where=text("state = 'claimed'")),
)

# What callers did with tasks besides ringing, kept for ever. until_at: a skip is not offered to the same caller before.
task_move = Table(
    "task_move",
    metadata,
    id_(),
    ref("task_id", "callback_task.id"),
    Column("caller", Text, nullable=False),
    Column("move", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    at("moved_at", nullable=False),
    at("until_at"),
    one_of("move", Move),
    CheckConstraint("length(reason) <= 300", name="reason_is_short"),
    Index("ix_task_move_task_id", "task_id", "caller"),
)

# Who is at their desk: an agency where nobody is shares its whole queue.
caller_presence = Table(
    "caller_presence",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("agencies", ARRAY(Text), nullable=False),
    at("until_at", nullable=False),
)

call_outcome = Table(
    "call_outcome",
    metadata,
    id_(),
    ref("task_id", "callback_task.id"),
    ref("household_id", "household.id"),
    Column("caller", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    # the form that guided the call, with its version, the answers that may be kept, and the needs that were heard
    Column("form", Text),
    Column("answers", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("needs", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # How worried the caller was: worker.domain.concerns.
    Column("concern", SmallInteger),
    at("ended_at", nullable=False),
    # Taken back: it says nothing any more, and stays as history.
    at("undone_at"),
    Column("undone_by", Text),
    CheckConstraint("length(note) <= 300", name="note_is_short"),
    CheckConstraint("concern BETWEEN 0 AND 3", name="concern_known"),
    Index("ix_call_outcome_task_id", "task_id"),
    Index("ix_call_outcome_household_id", "household_id"),
)

# What an outcome changed, for as long as it may be taken back: the household's rows before and after it.
outcome_undo = Table(
    "outcome_undo",
    metadata,
    Column("outcome_id", BigInteger, ForeignKey("call_outcome.id"), primary_key=True, autoincrement=False),
    ref("household_id", "household.id"),
    Column("before", JSONB, nullable=False),
    Column("after", JSONB, nullable=False),
    at("until_at", nullable=False),
    Index("ix_outcome_undo_until_at", "until_at"),
)

# Answers that touch health, of calls in which the person said that they may be kept: sealed with the deployment's key.
health_answers = Table(
    "health_answers",
    metadata,
    Column("outcome_id", BigInteger, ForeignKey("call_outcome.id"), primary_key=True, autoincrement=False),
    ref("household_id", "household.id"),
    Column("sealed", LargeBinary, nullable=False),
    at("kept_until", nullable=False),
    Index("ix_health_answers_household_id", "household_id"),
    Index("ix_health_answers_kept_until", "kept_until"),
)

# What a caller has typed on a card, until the call is recorded: each sees only their own. Answers that touch health are
# never in it. sent_at: it was recorded, and comes back only if that is taken back.
call_draft = Table(
    "call_draft",
    metadata,
    Column("task_id", BigInteger, ForeignKey("callback_task.id"), primary_key=True, autoincrement=False),
    Column("account_id", BigInteger, ForeignKey("staff_account.id"), primary_key=True, autoincrement=False),
    Column("fields", JSONB, nullable=False),
    at("saved_at", nullable=False),
    at("sent_at"),
    Index("ix_call_draft_saved_at", "saved_at"),
)
