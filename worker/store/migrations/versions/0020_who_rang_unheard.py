"""Calls to our line that we learnt of from the provider's list, since nobody answered them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds only, without writing a row; a worker of the previous version goes on."""
    op.add_column("incoming_call", sa.Column("unheard", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("incoming_call", "unheard")
