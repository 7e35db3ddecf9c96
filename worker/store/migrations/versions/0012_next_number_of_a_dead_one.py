"""A household whose number is dead is rung at its next: its calls are told apart by number alone."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("uq_message_step", table_name="message")
    op.create_index(
        "uq_message_step",
        "message",
        ["recipient_id", "channel", "step"],
        unique=True,
        postgresql_where=sa.text("step <> ALL (ARRAY['ack', 'voice'])"),
    )


def downgrade() -> None:
    op.drop_index("uq_message_step", table_name="message")
    op.create_index(
        "uq_message_step",
        "message",
        ["recipient_id", "channel", "step"],
        unique=True,
        postgresql_where=sa.text("step <> 'ack'"),
    )
