"""Files that are kept for a short while: the call sheets of a morning, a list that waits to be imported."""

from sqlalchemy import ARRAY, BigInteger, Column, Date, Index, Integer, LargeBinary, Table, Text, text

from worker.store.schema.base import at, id_, metadata, ref

# file: None while it is being made, and where there was nobody to ring.
morning_sheet = Table(
    "morning_sheet",
    metadata,
    id_(),
    Column("day", Date, nullable=False),
    ref("agency_id", "agency.id"),
    at("begun_at", nullable=False),
    at("made_at"),
    Column("calls", Integer, nullable=False, server_default=text("0")),
    Column("file", LargeBinary),
    # Whom the file names: whoever takes it is written down for each of them.
    Column("household_ids", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    # However many make them, there is one for each day and agency.
    Index("uq_morning_sheet_day", "day", "agency_id", unique=True),
)

# A tenants' list between its examination and its import. file: None once it is imported or waited too long.
listing_upload = Table(
    "listing_upload",
    metadata,
    id_(),
    Column("who", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("file", LargeBinary),
    at("uploaded_at", nullable=False),
    at("expires_at", nullable=False),
    # Somebody is importing it, since then.
    at("taken_at"),
    at("applied_at"),
)
