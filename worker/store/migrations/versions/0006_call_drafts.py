"""What a caller has typed is kept until the call is recorded, and a caller has a name to say on the telephone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff_account", sa.Column("name", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "call_draft",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["callback_task.id"], name=op.f("fk_call_draft_task_id")),
        sa.ForeignKeyConstraint(["account_id"], ["staff_account.id"], name=op.f("fk_call_draft_account_id")),
        sa.PrimaryKeyConstraint("task_id", "account_id", name=op.f("pk_call_draft")),
    )
    op.create_index("ix_call_draft_saved_at", "call_draft", ["saved_at"])


def downgrade() -> None:
    op.drop_table("call_draft")
    op.drop_column("staff_account", "name")
