"""Nothing is missed: how far each sender's replies were listed, and replies that cannot be read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reply_listing",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("complete_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_reply_listing")),
    )
    op.add_column(
        "inbound_message", sa.Column("failures", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.create_table(
        "provider_outage",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_elsewhere_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_provider_outage")),
    )
    op.add_column("household", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE household h SET refused_at = o.ended_at FROM call_outcome o "
        "WHERE o.household_id = h.id AND o.code = 'REFUSED_ALWAYS'"
    )
    _claims()
    _steering_and_wishes()


def _claims() -> None:
    op.add_column("callback_task", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("callback_task", sa.Column("known_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_callback_task_known_by",
        "callback_task",
        ["known_by", sa.literal_column("priority DESC")],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_callback_task_claimed", "callback_task", ["claimed_until"], postgresql_where=sa.text("state = 'claimed'")
    )
    op.create_table(
        "task_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "move IN ('claimed', 'released', 'skipped', 'rescheduled', 'expired')",
            name=op.f("ck_task_move_move_known"),
        ),
        sa.CheckConstraint("length(reason) <= 300", name=op.f("ck_task_move_reason_is_short")),
        sa.ForeignKeyConstraint(["task_id"], ["callback_task.id"], name=op.f("fk_task_move_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_move")),
    )
    op.create_index("ix_task_move_task_id", "task_move", ["task_id", "caller"])
    op.create_table(
        "caller_presence",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("agencies", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", name=op.f("pk_caller_presence")),
    )
    op.add_column("call_outcome", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("call_outcome", sa.Column("undone_by", sa.Text(), nullable=True))
    op.create_table(
        "outcome_undo",
        sa.Column("outcome_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outcome_id"], ["call_outcome.id"], name=op.f("fk_outcome_undo_outcome_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_outcome_undo_household_id")),
        sa.PrimaryKeyConstraint("outcome_id", name=op.f("pk_outcome_undo")),
    )
    op.create_index("ix_outcome_undo_until_at", "outcome_undo", ["until_at"])


def _steering_and_wishes() -> None:
    op.add_column("campaign_event", sa.Column("pace_per_s", sa.Float(), nullable=True))
    op.add_column("campaign_event", sa.Column("all_clear_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("household", sa.Column("preferred_language", sa.Text(), nullable=True))
    op.add_column("household", sa.Column("preferred_channel", sa.Text(), nullable=True))
    op.add_column("household", sa.Column("preferred_from", sa.Time(), nullable=True))
    op.add_column("household", sa.Column("preferred_until", sa.Time(), nullable=True))
    op.create_check_constraint(
        op.f("ck_household_preferred_channel_known"), "household", "preferred_channel IN ('sms', 'call')"
    )
    op.create_check_constraint(
        op.f("ck_household_preferred_hours_complete"),
        "household",
        "(preferred_from IS NULL) = (preferred_until IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_household_preferred_hours_in_order"), "household", "preferred_from < preferred_until"
    )
    op.add_column("opt_out", sa.Column("recorded_by", sa.Text(), nullable=True))
    op.add_column("opt_out", sa.Column("undone_by", sa.Text(), nullable=True))


def _drop_steering_and_wishes() -> None:
    for table, columns in {
        "opt_out": ("undone_by", "recorded_by"),
        "household": ("preferred_until", "preferred_from", "preferred_channel", "preferred_language"),
        "campaign_event": ("all_clear_at", "pace_per_s"),
    }.items():
        for column in columns:
            op.drop_column(table, column)


def _drop_claims() -> None:
    op.drop_table("outcome_undo")
    op.drop_column("call_outcome", "undone_by")
    op.drop_column("call_outcome", "undone_at")
    op.drop_table("caller_presence")
    op.drop_table("task_move")
    op.drop_index("ix_callback_task_claimed", "callback_task")
    op.drop_index("ix_callback_task_known_by", "callback_task")
    op.drop_column("callback_task", "known_by")
    op.drop_column("callback_task", "claimed_at")


def downgrade() -> None:
    _drop_steering_and_wishes()
    _drop_claims()
    op.drop_column("household", "refused_at")
    op.drop_table("provider_outage")
    op.drop_column("inbound_message", "failures")
    op.drop_table("reply_listing")
