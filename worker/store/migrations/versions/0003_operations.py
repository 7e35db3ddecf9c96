"""What operating needs: priorities between events, schedules, partners and referrals, calls by the machine."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "campaign_event", sa.Column("priority", sa.SmallInteger(), server_default=sa.text("3"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("campaign_event", "priority")
