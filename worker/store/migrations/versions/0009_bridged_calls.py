"""Calls between a caller and a household that the system puts together; the caller's own telephone on their account."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ENDS = (
    "'bridge_talked', 'bridge_busy', 'bridge_no_answer', 'bridge_failed', 'bridge_not_picked_up', 'bridge_not_connected', "
    "'bridge_refused', 'bridge_lost'"
)


def upgrade() -> None:
    """Adds only; a worker of the previous version goes on."""
    op.add_column("staff_account", sa.Column("phone", sa.Text(), nullable=True))
    op.create_table(
        "bridged_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("e164", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_sid", sa.Text(), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("talked_s", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("came_to", sa.Text(), nullable=True),
        sa.CheckConstraint(f"came_to IN ({_ENDS})", name=op.f("ck_bridged_call_came_to_known")),
        sa.ForeignKeyConstraint(["task_id"], ["callback_task.id"], name=op.f("fk_bridged_call_task_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_bridged_call_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bridged_call")),
        sa.UniqueConstraint("provider_sid", name=op.f("uq_bridged_call_provider_sid")),
    )
    for name, column in (("task", "task_id"), ("caller", "caller")):
        op.create_index(
            f"uq_bridged_call_{name}",
            "bridged_call",
            [column],
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        )
    op.create_index("ix_bridged_call_household_id", "bridged_call", ["household_id"])
    op.create_index("ix_bridged_call_task_id", "bridged_call", ["task_id"])


def downgrade() -> None:
    op.drop_table("bridged_call")
    op.drop_column("staff_account", "phone")
