"""The texts of a new event are queued slice by slice: which of its recipients have none yet."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds only; a worker of the previous version queues all at once as before."""
    op.create_table(
        "unqueued",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("after_id", sa.BigInteger(), nullable=False),
        sa.Column("upto_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["campaign_event.id"], name="fk_unqueued_event_id"),
        sa.PrimaryKeyConstraint("event_id", "after_id", name="pk_unqueued"),
    )


def downgrade() -> None:
    """Only with the table empty: a worker of the previous version would never queue the rest."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM unqueued")).scalar():
        raise RuntimeError("texts of an event are still to be queued: let the workers of this version finish first")
    op.drop_table("unqueued")
