"""Scheduled campaigns."""

from sqlalchemy import Column, Table, Text

from worker.store.schema.base import at, metadata

# Up to when each scheduled campaign has been dealt with. A campaign that is not here has never been seen.
schedule_done = Table(
    "schedule_done",
    metadata,
    Column("campaign", Text, primary_key=True),
    at("until_at", nullable=False),
)
