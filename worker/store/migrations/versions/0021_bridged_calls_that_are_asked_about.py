"""The provider is asked how a bridged call ended, where nobody told."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_UNTOLD = "(ended_at IS NULL OR came_to = 'bridge_lost') AND given_up_at IS NULL"


def upgrade() -> None:
    """Adds only; a worker of the previous version goes on."""
    op.add_column("bridged_call", sa.Column("asked_about_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("bridged_call", sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_bridged_call_untold", "bridged_call", ["opened_at"], postgresql_where=sa.text(_UNTOLD))


def downgrade() -> None:
    op.drop_index("ix_bridged_call_untold", table_name="bridged_call")
    op.drop_column("bridged_call", "given_up_at")
    op.drop_column("bridged_call", "asked_about_at")
