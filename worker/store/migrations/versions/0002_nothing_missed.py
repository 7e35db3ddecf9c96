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


def downgrade() -> None:
    op.drop_column("inbound_message", "failures")
    op.drop_table("reply_listing")
