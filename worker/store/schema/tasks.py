"""Calls that humans owe, and how they ended."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from worker.domain.callbacks import TaskState
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
    Column("claimed_by", Text),
    at("claimed_until"),
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
    at("ended_at", nullable=False),
    CheckConstraint("length(note) <= 300", name="note_is_short"),
    Index("ix_call_outcome_task_id", "task_id"),
    Index("ix_call_outcome_household_id", "household_id"),
)
