"""A household is told of its referral by text."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CHECK = "ck_message_ack_answers_something"


def upgrade() -> None:
    """The wider check admits all that a worker of the previous version writes."""
    op.add_column("message", sa.Column("referral_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_message_referral_id"), "message", "referral", ["referral_id"], ["id"])
    op.create_index(
        "uq_message_referral",
        "message",
        ["referral_id"],
        unique=True,
        postgresql_where=sa.text("referral_id IS NOT NULL"),
    )
    op.drop_constraint(op.f(CHECK), "message")
    op.create_check_constraint(
        op.f(CHECK), "message", "(step = 'ack') = (in_reply_to IS NOT NULL OR referral_id IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(CHECK), "message")
    op.drop_column("message", "referral_id")
    op.create_check_constraint(op.f(CHECK), "message", "(step = 'ack') = (in_reply_to IS NOT NULL)")
