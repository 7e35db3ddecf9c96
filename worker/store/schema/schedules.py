"""Scheduled campaigns: what was dealt with, what was missed, and the rounds that deal households out over a week."""

from sqlalchemy import Column, Date, ForeignKeyConstraint, Index, PrimaryKeyConstraint, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from worker.store.schema.base import at, id_, metadata, ref

# Up to when each scheduled campaign has been dealt with. A campaign that is not here has never been seen.
schedule_done = Table(
    "schedule_done",
    metadata,
    Column("campaign", Text, primary_key=True),
    at("until_at", nullable=False),
    # The operator's own word, over the file's: a later last day; nothing opens while paused.
    Column("ends_on", Date),
    at("paused_at"),
)

# Could not be opened while it was useful. seen_at: an operator has taken note, the alarm is off.
missed_occasion = Table(
    "missed_occasion",
    metadata,
    id_(),
    Column("campaign", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    at("due_at", nullable=False),
    at("noted_at", nullable=False),
    at("seen_at"),
    Index("uq_missed_occasion_campaign", "campaign", "occasion", unique=True),
    Index("ix_missed_occasion_unseen", "id", postgresql_where=text("seen_at IS NULL")),
)

# One week of a campaign that spreads its households, with the campaign as it stood when the week began.
campaign_round = Table(
    "campaign_round",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("week", Date, primary_key=True),
    Column("definition", JSONB, nullable=False),
    at("begun_at", nullable=False),
    # By agency: calls to expect in the week beyond what its callers can make.
    Column("beyond", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
)

# The one day of the week on which a household is written to. home: the weekday it keeps from week to week (ISO, 1 = Monday).
round_place = Table(
    "round_place",
    metadata,
    Column("campaign", Text, nullable=False),
    Column("week", Date, nullable=False),
    ref("household_id", "household.id"),
    Column("day", Date, nullable=False),
    Column("home", SmallInteger, nullable=False),
    # The event that took the place up.
    ref("event_id", "campaign_event.id", nullable=True),
    # Each household once a week; also finds the weekday it had before.
    PrimaryKeyConstraint("campaign", "household_id", "week"),
    ForeignKeyConstraint(["campaign", "week"], ["campaign_round.campaign", "campaign_round.week"]),
    Index("ix_round_place_day", "campaign", "week", "day"),
    Index("ix_round_place_event_id", "event_id"),
)
