"""The provider's limits, shared by all workers."""

from sqlalchemy import CheckConstraint, Column, DateTime, Float, Integer, SmallInteger, Table, Text, text

from worker.store.schema.base import at, metadata

# pace: when the next segment of a sender may leave. Workers reserve time here, together.
sender_pace = Table(
    "sender_pace",
    metadata,
    Column("sender", Text, primary_key=True),
    Column("next_free_at", DateTime(timezone=True), nullable=False),
    Column("slowdown", Float, nullable=False, server_default=text("1")),
)

# in flight: each worker process holds a share of TWILIO__MAX_IN_FLIGHT for as long as it renews it.
in_flight_share = Table(
    "in_flight_share",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("slots", SmallInteger, nullable=False),
    at("until_at", nullable=False),
)

# One row: since when the provider has not answered, and when it is asked again. NULL: it answers.
provider_outage = Table(
    "provider_outage",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    at("since"),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    at("failed_at"),
    at("retry_at"),
    at("alarmed_at"),
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("(since IS NULL) = (retry_at IS NULL)", name="asked_again_at_some_time"),
)
