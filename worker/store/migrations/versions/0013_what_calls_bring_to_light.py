"""What calls bring to light: worry, whom to warn, and answers about health that the person lets us keep."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds only; a worker of the previous version goes on."""
    op.add_column("call_outcome", sa.Column("concern", sa.SmallInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_call_outcome_concern_known"), "call_outcome", "concern BETWEEN 0 AND 3")
    op.add_column("phone", sa.Column("holder_name", sa.Text(), nullable=True))
    op.add_column("phone", sa.Column("told_in", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_phone_told_in"), "phone", "call_outcome", ["told_in"], ["id"])
    op.create_index("ix_phone_told_in", "phone", ["told_in"], postgresql_where=sa.text("told_in IS NOT NULL"))
    op.create_table(
        "health_answers",
        sa.Column("outcome_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outcome_id"], ["call_outcome.id"], name=op.f("fk_health_answers_outcome_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_health_answers_household_id")),
        sa.PrimaryKeyConstraint("outcome_id", name=op.f("pk_health_answers")),
    )
    op.create_index("ix_health_answers_household_id", "health_answers", ["household_id"])
    op.create_index("ix_health_answers_kept_until", "health_answers", ["kept_until"])


def downgrade() -> None:
    op.drop_table("health_answers")
    op.drop_index("ix_phone_told_in", table_name="phone")
    op.drop_column("phone", "told_in")
    op.drop_column("phone", "holder_name")
    op.drop_column("call_outcome", "concern")
