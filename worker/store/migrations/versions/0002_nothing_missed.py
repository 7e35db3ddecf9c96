"""Nothing is missed: how far each sender's replies were listed, and replies that cannot be read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reply_listing",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("complete_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_reply_listing")),
    )
    op.drop_index("ix_message_sending", table_name="message", postgresql_where=sa.text("state = 'sending'"))
    op.create_index(
        "ix_message_leased",
        "message",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.add_column("call_outcome", sa.Column("form", sa.Text(), nullable=True))
    op.add_column(
        "call_outcome",
        sa.Column(
            "answers",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column(
        "call_outcome",
        sa.Column("needs", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "inbound_message", sa.Column("failures", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.drop_column("sender_pace", "slowdown")
    op.create_table(
        "schedule_done",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_schedule_done")),
    )
    op.create_table(
        "in_flight_limit",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("budget", sa.Float(), nullable=False),
        sa.Column("narrowed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_in_flight_limit_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_in_flight_limit")),
    )
    op.create_table(
        "provider_outage",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_elsewhere_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_provider_outage")),
    )
    op.add_column("household", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE household h SET refused_at = o.ended_at FROM call_outcome o "
        "WHERE o.household_id = h.id AND o.code = 'REFUSED_ALWAYS'"
    )
    _claims()
    _steering_and_wishes()
    _intents(_INTENTS)
    _staff()
    _kept_and_audited()
    _tests_and_summaries()


_INTENTS_BEFORE = "'stop', 'start', 'emergency', 'wrong_number', 'absent', 'return', 'help', 'ok', 'unclear'"
_INTENTS = "'contact', " + _INTENTS_BEFORE


def _intents(known: str) -> None:
    for table in ("inbound_message", "recipient"):
        name = op.f(f"ck_{table}_intent_known")
        op.drop_constraint(name, table)
        op.create_check_constraint(name, table, f"intent IN ({known})")


def _drop_contact() -> None:
    op.execute("UPDATE inbound_message SET intent = 'unclear' WHERE intent = 'contact'")
    op.execute("UPDATE recipient SET intent = 'unclear' WHERE intent = 'contact'")
    _intents(_INTENTS_BEFORE)


def _claims() -> None:
    op.add_column("callback_task", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("callback_task", sa.Column("known_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_callback_task_known_by",
        "callback_task",
        ["known_by", sa.literal_column("priority DESC")],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_callback_task_claimed", "callback_task", ["claimed_until"], postgresql_where=sa.text("state = 'claimed'")
    )
    op.create_table(
        "task_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "move IN ('claimed', 'released', 'skipped', 'rescheduled', 'expired')",
            name=op.f("ck_task_move_move_known"),
        ),
        sa.CheckConstraint("length(reason) <= 300", name=op.f("ck_task_move_reason_is_short")),
        sa.ForeignKeyConstraint(["task_id"], ["callback_task.id"], name=op.f("fk_task_move_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_move")),
    )
    op.create_index("ix_task_move_task_id", "task_move", ["task_id", "caller"])
    op.create_table(
        "caller_presence",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("agencies", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", name=op.f("pk_caller_presence")),
    )
    op.add_column("call_outcome", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("call_outcome", sa.Column("undone_by", sa.Text(), nullable=True))
    op.create_table(
        "outcome_undo",
        sa.Column("outcome_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outcome_id"], ["call_outcome.id"], name=op.f("fk_outcome_undo_outcome_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_outcome_undo_household_id")),
        sa.PrimaryKeyConstraint("outcome_id", name=op.f("pk_outcome_undo")),
    )
    op.create_index("ix_outcome_undo_until_at", "outcome_undo", ["until_at"])


def _steering_and_wishes() -> None:
    op.add_column("campaign_event", sa.Column("pace_per_s", sa.Float(), nullable=True))
    op.add_column("campaign_event", sa.Column("all_clear_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("household", sa.Column("preferred_language", sa.Text(), nullable=True))
    op.add_column("household", sa.Column("preferred_channel", sa.Text(), nullable=True))
    op.add_column("household", sa.Column("preferred_from", sa.Time(), nullable=True))
    op.add_column("household", sa.Column("preferred_until", sa.Time(), nullable=True))
    op.create_check_constraint(
        op.f("ck_household_preferred_channel_known"), "household", "preferred_channel IN ('sms', 'call')"
    )
    op.create_check_constraint(
        op.f("ck_household_preferred_hours_complete"),
        "household",
        "(preferred_from IS NULL) = (preferred_until IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_household_preferred_hours_in_order"), "household", "preferred_from < preferred_until"
    )
    op.add_column("opt_out", sa.Column("recorded_by", sa.Text(), nullable=True))
    op.add_column("opt_out", sa.Column("undone_by", sa.Text(), nullable=True))


def _staff() -> None:
    op.create_table(
        "staff_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agencies", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("code_nonce", sa.Text(), nullable=True),
        sa.Column("code_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('caller', 'operator', 'admin')", name=op.f("ck_staff_account_role_known")),
        sa.CheckConstraint("login = lower(login)", name=op.f("ck_staff_account_login_is_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_account")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_account_login")),
    )
    op.create_table(
        "staff_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["staff_account.id"], name=op.f("fk_staff_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_staff_session_secret_hash")),
    )
    op.create_index(
        "ix_staff_session_account_id", "staff_session", ["account_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_failed_at", "sign_in_failure", ["failed_at"])
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('caller', 'operator', 'admin')", name=op.f("ck_api_token_role_known")),
        sa.ForeignKeyConstraint(["account_id"], ["staff_account.id"], name=op.f("fk_api_token_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index("ix_api_token_account_id", "api_token", ["account_id"])


def _kept_and_audited() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(key) BETWEEN 1 AND 200", name=op.f("ck_kept_answer_key_is_short")),
        sa.ForeignKeyConstraint(["account_id"], ["staff_account.id"], name=op.f("fk_kept_answer_account_id")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_kept_answer")),
    )
    op.create_index("ix_kept_answer_kept_until", "kept_answer", ["kept_until"])
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_object", "audit_entry", ["kind", "object_id", "id"])
    op.create_index("ix_audit_entry_who", "audit_entry", ["who", "id"])
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.add_column("inbound_message", sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("inbound_message", sa.Column("filed_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_inbound_message_to_file",
        "inbound_message",
        ["id"],
        postgresql_where=sa.text("filed_at IS NULL AND (match = 'unknown_sender' OR intent = 'unclear')"),
    )


def _tests_and_summaries() -> None:
    no = sa.text("false")
    op.add_column("campaign_event", sa.Column("is_test", sa.Boolean(), server_default=no, nullable=False))
    op.add_column("household", sa.Column("guest", sa.Boolean(), server_default=no, nullable=False))
    op.create_table(
        "event_summary",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final", sa.Boolean(), server_default=no, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_summary")),
    )


def _drop_tests_and_summaries() -> None:
    op.drop_table("event_summary")
    op.drop_column("household", "guest")
    op.drop_column("campaign_event", "is_test")


def _drop_staff() -> None:
    op.drop_index("ix_inbound_message_to_file", "inbound_message")
    op.drop_column("inbound_message", "filed_by")
    op.drop_column("inbound_message", "filed_at")
    for table in ("audit_entry", "kept_answer", "api_token", "sign_in_failure", "staff_session", "staff_account"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")


def _drop_steering_and_wishes() -> None:
    for table, columns in {
        "opt_out": ("undone_by", "recorded_by"),
        "household": ("preferred_until", "preferred_from", "preferred_channel", "preferred_language"),
        "campaign_event": ("all_clear_at", "pace_per_s"),
    }.items():
        for column in columns:
            op.drop_column(table, column)


def _drop_claims() -> None:
    op.drop_table("outcome_undo")
    op.drop_column("call_outcome", "undone_by")
    op.drop_column("call_outcome", "undone_at")
    op.drop_table("caller_presence")
    op.drop_table("task_move")
    op.drop_index("ix_callback_task_claimed", "callback_task")
    op.drop_index("ix_callback_task_known_by", "callback_task")
    op.drop_column("callback_task", "known_by")
    op.drop_column("callback_task", "claimed_at")


def downgrade() -> None:
    _drop_tests_and_summaries()
    _drop_staff()
    _drop_contact()
    _drop_steering_and_wishes()
    _drop_claims()
    op.drop_column("household", "refused_at")
    op.drop_table("provider_outage")
    op.drop_table("in_flight_limit")
    op.drop_table("schedule_done")
    op.add_column("sender_pace", sa.Column("slowdown", sa.Float(), server_default=sa.text("1"), nullable=False))
    op.drop_column("call_outcome", "needs")
    op.drop_column("call_outcome", "answers")
    op.drop_column("call_outcome", "form")
    op.drop_column("inbound_message", "failures")
    op.drop_index("ix_message_leased", table_name="message", postgresql_where=sa.text("lease_until IS NOT NULL"))
    op.create_index(
        "ix_message_sending",
        "message",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.drop_table("reply_listing")
