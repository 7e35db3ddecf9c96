"""Calls by the machine: in the ledger beside the texts, with what became of each."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ENDS = "'answered', 'no_input', 'wrong_key', 'hung_up', 'machine', 'fax', 'busy', 'no_answer', 'dead', 'failed', 'cancelled'"


def upgrade() -> None:
    """Adds only; a worker of the previous version goes on."""
    _know("message", "step", "'first', 'reminder', 'second_number', 'voice', 'ack'")
    _know("message", "lane", "'answers', 'bulk', 'calls'")
    op.add_column("recipient", sa.Column("call_e164", sa.Text(), nullable=True))
    op.create_index(
        "ix_recipient_event_call_e164",
        "recipient",
        ["event_id", "call_e164"],
        postgresql_where=sa.text("call_e164 IS NOT NULL"),
    )
    op.add_column("inbound_message", sa.Column("channel", sa.Text(), server_default="sms", nullable=False))
    op.create_check_constraint(
        op.f("ck_inbound_message_channel_known"), "inbound_message", "channel IN ('sms', 'voice')"
    )
    _create_calls()


def _create_calls() -> None:
    op.create_table(
        "automatic_call",
        sa.Column("attempt_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("provider_sid", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("sequence", sa.SmallInteger(), server_default=sa.text("-1"), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("wrong_key", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("heard_out", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("sip_code", sa.Integer(), nullable=True),
        sa.Column("duration_s", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("came_to", sa.Text(), nullable=True),
        sa.Column("asked_about_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voicemail_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"came_to IN ({_ENDS})", name=op.f("ck_automatic_call_came_to_known")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_automatic_call_attempt_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_automatic_call_message_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_automatic_call")),
        sa.UniqueConstraint("provider_sid", name=op.f("uq_automatic_call_provider_sid")),
    )
    op.create_index("ix_automatic_call_message_id", "automatic_call", ["message_id"])
    op.create_index(
        "ix_automatic_call_under_way",
        "automatic_call",
        ["sender", "opened_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    """The ledger keeps the calls that were made."""
    op.drop_table("automatic_call")
    op.drop_constraint(op.f("ck_inbound_message_channel_known"), "inbound_message")
    op.drop_column("inbound_message", "channel")
    op.drop_index("ix_recipient_event_call_e164", "recipient")
    op.drop_column("recipient", "call_e164")
    _know("message", "lane", "'answers', 'bulk'", validated=False)
    _know("message", "step", "'first', 'reminder', 'second_number', 'ack'", validated=False)


def _know(table: str, column: str, words: str, *, validated: bool = True) -> None:
    name = op.f(f"ck_{table}_{column}_known")
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"{column} IN ({words})", postgresql_not_valid=not validated)
