"""Nothing is missed: how far each sender's replies were listed, and replies that cannot be read."""

import sqlalchemy as sa
from alembic import op

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


def downgrade() -> None:
    op.drop_column("household", "refused_at")
    op.drop_table("provider_outage")
    op.drop_column("inbound_message", "failures")
    op.drop_table("reply_listing")
