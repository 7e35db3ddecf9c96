"""What operating needs: priorities between events, schedules, partners and referrals, calls by the machine."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "campaign_event", sa.Column("priority", sa.SmallInteger(), server_default=sa.text("3"), nullable=False)
    )
    _create_schedules()
    _create_rungs()


def downgrade() -> None:
    _drop_rungs()
    _drop_schedules()
    op.drop_column("campaign_event", "priority")


def _create_schedules() -> None:
    op.add_column("schedule_done", sa.Column("ends_on", sa.Date(), nullable=True))
    op.add_column("schedule_done", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "missed_occasion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_occasion")),
    )
    op.create_index("uq_missed_occasion_campaign", "missed_occasion", ["campaign", "occasion"], unique=True)
    op.create_index("ix_missed_occasion_unseen", "missed_occasion", ["id"], postgresql_where=sa.text("seen_at IS NULL"))
    op.create_table(
        "campaign_round",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "beyond", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.PrimaryKeyConstraint("campaign", "week", name=op.f("pk_campaign_round")),
    )
    op.create_table(
        "round_place",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("home", sa.SmallInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign", "week"],
            ["campaign_round.campaign", "campaign_round.week"],
            name=op.f("fk_round_place_campaign_week"),
        ),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_round_place_household_id")),
        sa.ForeignKeyConstraint(["event_id"], ["campaign_event.id"], name=op.f("fk_round_place_event_id")),
        sa.PrimaryKeyConstraint("campaign", "household_id", "week", name=op.f("pk_round_place")),
    )
    op.create_index("ix_round_place_day", "round_place", ["campaign", "week", "day"])
    op.create_index("ix_round_place_event_id", "round_place", ["event_id"])


def _drop_schedules() -> None:
    for table in ("round_place", "campaign_round", "missed_occasion"):
        op.drop_table(table)
    for column in ("paused_at", "ends_on"):
        op.drop_column("schedule_done", column)


def _create_rungs() -> None:
    op.drop_constraint(op.f("ck_message_step_known"), "message")
    op.create_check_constraint(
        op.f("ck_message_step_known"), "message", "step IN ('first', 'reminder', 'second_number', 'ack')"
    )
    op.add_column(
        "callback_task", sa.Column("tried_before", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )


def _drop_rungs() -> None:
    op.drop_column("callback_task", "tried_before")
    op.drop_constraint(op.f("ck_message_step_known"), "message")
    # the ledger keeps the texts that left to a second number
    op.create_check_constraint(
        op.f("ck_message_step_known"),
        "message",
        "step IN ('first', 'reminder', 'ack')",
        postgresql_not_valid=True,
    )
