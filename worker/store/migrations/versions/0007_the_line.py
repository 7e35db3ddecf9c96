"""Calls that people make to our line."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds only; a worker of the previous version goes on."""
    op.create_table(
        "incoming_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider_sid", sa.Text(), nullable=False),
        sa.Column("e164", sa.Text(), nullable=True),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transfer", sa.Text(), nullable=True),
        sa.Column("talked_s", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "transfer IN ('put_through', 'agency_missed')", name=op.f("ck_incoming_call_transfer_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_call")),
        sa.UniqueConstraint("provider_sid", name=op.f("uq_incoming_call_provider_sid")),
    )
    op.create_index("ix_incoming_call_began_at", "incoming_call", ["began_at"])
    op.create_table(
        "incoming_call_household",
        sa.Column("call_id", sa.BigInteger(), nullable=False),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["incoming_call.id"], name=op.f("fk_incoming_call_household_call_id")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_incoming_call_household_household_id")
        ),
        sa.UniqueConstraint("call_id", "household_id", name=op.f("uq_incoming_call_household_call_id_household_id")),
    )
    op.create_index("ix_incoming_call_household_household_id", "incoming_call_household", ["household_id"])


def downgrade() -> None:
    op.drop_table("incoming_call_household")
    op.drop_table("incoming_call")
