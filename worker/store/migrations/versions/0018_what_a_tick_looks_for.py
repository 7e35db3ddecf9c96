"""What a tick looks for is found by an index, however much is queued; a text costs fewer entries on its way than before."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables stay as they are; a worker of the previous version goes on. Writing waits meanwhile: seconds for a million
    texts."""
    op.create_index(
        "ix_message_runs_out",
        "message",
        [sa.text("LEAST(window_closes_at, void_at)")],
        postgresql_where=sa.text("state = 'queued' AND LEAST(window_closes_at, void_at) IS NOT NULL"),
    )
    op.create_index(
        "ix_message_without_word",
        "message",
        [sa.text("GREATEST(sent_at, looked_up_at)"), "sent_at"],
        postgresql_where=sa.text("state = 'sent' AND provider_sid IS NOT NULL"),
    )
    op.create_index("ix_opt_out_since_at", "opt_out", ["since_at"], postgresql_where=sa.text("undone_at IS NULL"))
    op.drop_index("uq_message_number", table_name="message")
    op.create_index(
        "uq_message_number",
        "message",
        ["event_id", "e164", "channel", "step", "in_reply_to", "referral_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("ix_message_event_id", table_name="message")
    op.drop_index("uq_message_provider_sid", table_name="message")
    op.create_index(
        "uq_message_provider_sid",
        "message",
        ["provider_sid"],
        unique=True,
        postgresql_where=sa.text("provider_sid IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_message_provider_sid", table_name="message")
    op.create_index("uq_message_provider_sid", "message", ["provider_sid"], unique=True)
    op.create_index("ix_message_event_id", "message", ["event_id"])
    op.drop_index("uq_message_number", table_name="message")
    op.create_index(
        "uq_message_number",
        "message",
        ["event_id", "e164", "channel", "step"],
        unique=True,
        postgresql_where=sa.text("step <> 'ack'"),
    )
    op.drop_index("ix_opt_out_since_at", table_name="opt_out")
    op.drop_index("ix_message_without_word", table_name="message")
    op.drop_index("ix_message_runs_out", table_name="message")
