"""Calls between a caller and a household that the system puts together."""

from sqlalchemy import Column, Index, Integer, Table, Text, text

from worker.domain.bridges import BridgeEnd
from worker.store.schema.base import at, id_, metadata, one_of, ref

bridged_call = Table(
    "bridged_call",
    metadata,
    id_(),
    ref("task_id", "callback_task.id"),
    ref("household_id", "household.id"),
    Column("caller", Text, nullable=False),
    # The household's number; the caller's own stands on their account alone.
    Column("e164", Text, nullable=False),
    Column("sender", Text, nullable=False),
    at("opened_at", nullable=False),
    # Committed before the provider is asked.
    at("asked_at"),
    Column("provider_sid", Text, unique=True),
    Column("code", Integer),
    at("connected_at"),
    Column("talked_s", Integer),
    at("ended_at"),
    Column("came_to", Text),
    # The provider was asked how it ended; it knew nothing either.
    at("asked_about_at"),
    at("given_up_at"),
    one_of("came_to", BridgeEnd),
    # Never two at once, neither for a household's call nor for a caller.
    Index("uq_bridged_call_task", "task_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("uq_bridged_call_caller", "caller", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_bridged_call_household_id", "household_id"),
    Index("ix_bridged_call_task_id", "task_id"),
    Index(
        "ix_bridged_call_untold",
        "opened_at",
        postgresql_where=text("(ended_at IS NULL OR came_to = 'bridge_lost') AND given_up_at IS NULL"),
    ),
)
