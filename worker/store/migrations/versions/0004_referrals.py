"""Partners, and needs handed over to them with consent and deadlines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OPEN = "'draft', 'consented', 'sent', 'acknowledged', 'in_progress'"
_STATES = f"{_OPEN}, 'solved', 'not_solved', 'declined', 'no_feedback', 'withdrawn'"
_WORDS = postgresql.ARRAY(sa.Text())
_NO_WORDS = sa.text("'{}'::text[]")


def upgrade() -> None:
    _create_partner()
    _create_referral()
    _create_moves()


def downgrade() -> None:
    for table in ("referral_sending", "referral_move", "referral", "partner"):
        op.drop_table(table)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _words(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _create_partner() -> None:
    op.create_table(
        "partner",
        _id(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        _words("phone"),
        _words("email"),
        sa.Column("email_ok", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _words("hours"),
        _words("out_of_hours"),
        sa.Column("insee_codes", _WORDS, server_default=_NO_WORDS, nullable=False),
        sa.Column("postcodes", _WORDS, server_default=_NO_WORDS, nullable=False),
        sa.Column("communes", _WORDS, server_default=_NO_WORDS, nullable=False),
        _at("created_at", nullable=False),
        _at("changed_at", nullable=False),
        _at("closed_at"),
        sa.CheckConstraint(
            "kind IN ('ccas', 'mds', 'mairie', 'home_care', 'repairs', 'association', 'doctor_self')",
            name=op.f("ck_partner_kind_known"),
        ),
        sa.CheckConstraint("NOT email_ok OR email <> ''", name=op.f("ck_partner_email_ok_has_an_email")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
    )
    op.create_index("uq_partner_name", "partner", ["kind", "folded_name"], unique=True)


def _create_referral() -> None:
    op.create_table(
        "referral",
        _id(),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reasons", _WORDS, nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), server_default="none", nullable=False),
        sa.Column("consent_by", sa.Text(), nullable=True),
        _at("consent_at"),
        _words("waiver"),
        sa.Column("shared", _WORDS, server_default=_NO_WORDS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        _at("created_at", nullable=False),
        sa.Column("contact_used", sa.Text(), nullable=True),
        *(
            _at(name)
            for name in (
                "sent_at",
                "acknowledged_at",
                "due_at",
                "reminded_at",
                "next_check",
                "ring_back_at",
                "closed_at",
            )
        ),
        _words("feedback"),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_referral_state_known")),
        sa.CheckConstraint("urgency IN ('immediate', '24h', '72h', 'week')", name=op.f("ck_referral_urgency_known")),
        sa.CheckConstraint("consent IN ('none', 'verbal', 'waived')", name=op.f("ck_referral_consent_known")),
        sa.CheckConstraint("cardinality(reasons) > 0", name=op.f("ck_referral_has_a_reason")),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn') OR consent <> 'none'", name=op.f("ck_referral_leaves_with_consent_only")
        ),
        sa.CheckConstraint("consent <> 'waived' OR waiver <> ''", name=op.f("ck_referral_waiver_has_a_reason")),
        sa.CheckConstraint(
            f"(state IN ({_OPEN})) = (next_check IS NOT NULL)", name=op.f("ck_referral_open_is_looked_at_again")
        ),
        sa.CheckConstraint(
            f"(state IN ({_OPEN})) = (closed_at IS NULL)", name=op.f("ck_referral_closed_at_matches_state")
        ),
        sa.CheckConstraint(
            "length(waiver) <= 300 AND length(feedback) <= 300", name=op.f("ck_referral_words_are_short")
        ),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_referral_household_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_referral_partner_id")),
        sa.ForeignKeyConstraint(["task_id"], ["callback_task.id"], name=op.f("fk_referral_task_id")),
        sa.ForeignKeyConstraint(["event_id"], ["campaign_event.id"], name=op.f("fk_referral_event_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_referral_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(
        "uq_referral_open",
        "referral",
        ["household_id", "partner_id"],
        unique=True,
        postgresql_where=sa.text(f"state IN ({_OPEN})"),
    )
    for column in ("next_check", "ring_back_at", "event_id"):
        op.create_index(
            f"ix_referral_{column}", "referral", [column], postgresql_where=sa.text(f"{column} IS NOT NULL")
        )
    for column in ("household_id", "partner_id"):
        op.create_index(f"ix_referral_{column}", "referral", [column])


def _create_moves() -> None:
    op.create_table(
        "referral_move",
        _id(),
        sa.Column("referral_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _words("note"),
        _at("moved_at", nullable=False),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_referral_move_state_known")),
        sa.CheckConstraint("length(note) <= 300", name=op.f("ck_referral_move_note_is_short")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_move_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_move")),
    )
    op.create_index("ix_referral_move_referral_id", "referral_move", ["referral_id"])
    op.create_table(
        "referral_sending",
        _id(),
        sa.Column("referral_id", sa.BigInteger(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _at("started_at", nullable=False),
        _at("finished_at"),
        sa.Column("outcome", sa.Text(), nullable=True),
        _words("code"),
        sa.CheckConstraint("via IN ('by_phone', 'by_email', 'on_paper')", name=op.f("ck_referral_sending_via_known")),
        sa.CheckConstraint(
            "outcome IN ('done', 'not_sent', 'unknown_fate')", name=op.f("ck_referral_sending_outcome_known")
        ),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (outcome IS NULL)", name=op.f("ck_referral_sending_finished_has_an_outcome")
        ),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_sending_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_sending")),
    )
    op.create_index("ix_referral_sending_referral_id", "referral_sending", ["referral_id"])
    op.create_index(
        "uq_referral_sending_email",
        "referral_sending",
        ["referral_id"],
        unique=True,
        postgresql_where=sa.text("via = 'by_email' AND (outcome IS NULL OR outcome IN ('done', 'unknown_fate'))"),
    )
