"""The provider's limits, shared by all workers."""

from sqlalchemy import CheckConstraint, Column, DateTime, Float, Integer, SmallInteger, Table, Text

from worker.store.schema.base import at, metadata

# pace: when the next segment of a sender may leave. Workers reserve time here, together.
sender_pace = Table(
    "sender_pace",
    metadata,
    Column("sender", Text, primary_key=True),
    Column("next_free_at", DateTime(timezone=True), nullable=False),
)

# in flight: each worker process holds a share of TWILIO__MAX_IN_FLIGHT for as long as it renews it.
in_flight_share = Table(
    "in_flight_share",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("slots", SmallInteger, nullable=False),
    at("until_at", nullable=False),
)

# One row once the provider has refused a request for being one too many: what was asked at once after that.
in_flight_limit = Table(
    "in_flight_limit",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("budget", Float, nullable=False),
    at("narrowed_at", nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# Since when a worker has had no answer from the provider, and when it asks again. No row: it is answered.
provider_outage = Table(
    "provider_outage",
    metadata,
    Column("holder", Text, primary_key=True),
    at("since", nullable=False),
    Column("failures", Integer, nullable=False),
    at("failed_at", nullable=False),
    at("retry_at", nullable=False),
    at("alarmed_at"),
    at("answered_elsewhere_at"),
)
