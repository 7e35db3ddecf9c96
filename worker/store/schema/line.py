"""Calls that people make to our line."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, text

from worker.domain.line import Transfer
from worker.store.schema.base import at, id_, metadata, one_of, ref

incoming_call = Table(
    "incoming_call",
    metadata,
    id_(),
    Column("provider_sid", Text, nullable=False, unique=True),
    # NULL: withheld.
    Column("e164", Text),
    Column("to_address", Text, nullable=False),
    at("began_at", nullable=False),
    # Handed over to the agency, and for how long they talked.
    Column("transfer", Text),
    Column("talked_s", Integer),
    # Learnt from the provider's list: nobody answered it.
    Column("unheard", Boolean, nullable=False, server_default=text("false")),
    one_of("transfer", Transfer),
    Index("ix_incoming_call_began_at", "began_at"),
)

# The households whose number it was.
incoming_call_household = Table(
    "incoming_call_household",
    metadata,
    ref("call_id", "incoming_call.id"),
    ref("household_id", "household.id"),
    UniqueConstraint("call_id", "household_id"),
    Index("ix_incoming_call_household_household_id", "household_id"),
)
