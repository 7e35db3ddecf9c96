"""What is asked for every reply and every tick is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_message_call", "message", ["event_id", "e164"], postgresql_where=sa.text("channel = 'voice'"))
    op.create_index("ix_phone_bad_since", "phone", ["bad_since"], postgresql_where=sa.text("bad_since IS NOT NULL"))
    op.create_index("ix_phone_removed_at", "phone", ["removed_at"], postgresql_where=sa.text("removed_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_phone_removed_at", table_name="phone")
    op.drop_index("ix_phone_bad_since", table_name="phone")
    op.drop_index("ix_message_call", table_name="message")
