"""Of an event's calls by the machine those of the oldest, alone or fragile are made first."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds only, without writing a row; what a worker of the previous version queues is rung in the order it came."""
    op.add_column("message", sa.Column("need", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    op.drop_column("message", "need")
