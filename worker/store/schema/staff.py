"""Who works with the program: accounts, sessions, tokens, wrong tries, answers kept for repeats, and who did what."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from worker.domain.roles import Role
from worker.store.schema.base import at, id_, metadata, one_of, ref

staff_account = Table(
    "staff_account",
    metadata,
    id_(),
    Column("login", Text, nullable=False, unique=True),
    # As the person says it on the telephone; empty: the login stands for it.
    Column("name", Text, nullable=False, server_default=""),
    Column("role", Text, nullable=False),
    # Codes of agencies; none: all. Not a reference: an account may be made before its agency is imported.
    Column("agencies", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    # argon2id with its salt and costs. NULL: this account does not sign in by password.
    Column("password_hash", Text),
    # One-time codes: the secret is drawn from this and the deployment's key. Asked for once confirmed.
    Column("code_nonce", Text),
    at("code_confirmed_at"),
    Column("code_step", BigInteger),
    # The caller's own telephone, for bridged calls. Never shown.
    Column("phone", Text),
    at("created_at", nullable=False),
    at("disabled_at"),
    one_of("role", Role),
    CheckConstraint("login = lower(login)", name="login_is_lower_case"),
)

# Whose account it is at an identity provider: one person of an issuer each, whatever their login there becomes.
staff_identity = Table(
    "staff_identity",
    metadata,
    Column("account_id", BigInteger, ForeignKey("staff_account.id"), primary_key=True, autoincrement=False),
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    at("tied_at", nullable=False),
    UniqueConstraint("issuer", "subject"),
)

staff_session = Table(
    "staff_session",
    metadata,
    id_(),
    ref("account_id", "staff_account.id"),
    # Only the hash: who reads this table cannot become anybody.
    Column("secret_hash", Text, nullable=False, unique=True),
    at("created_at", nullable=False),
    at("seen_at", nullable=False),
    at("expires_at", nullable=False),
    at("ended_at"),
    Index("ix_staff_session_account_id", "account_id", postgresql_where=text("ended_at IS NULL")),
)

# Wrong tries by account and by address, both hashed: people type passwords into the wrong field.
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    at("failed_at", nullable=False),
    at("wait_until", nullable=False),
    Index("ix_sign_in_failure_failed_at", "failed_at"),
)

api_token = Table(
    "api_token",
    metadata,
    id_(),
    ref("account_id", "staff_account.id"),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    # The first signs, to tell tokens apart; the rest is kept as a hash only.
    Column("prefix", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    at("created_at", nullable=False),
    at("expires_at", nullable=False),
    at("last_used_at"),
    at("revoked_at"),
    one_of("role", Role),
    Index("ix_api_token_account_id", "account_id"),
)

# The answer to a request that may be sent again. status NULL: it is being worked on, until lease_until.
kept_answer = Table(
    "kept_answer",
    metadata,
    Column("account_id", BigInteger, ForeignKey("staff_account.id"), primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("status", SmallInteger),
    Column("media_type", Text),
    Column("body", LargeBinary),
    at("lease_until", nullable=False),
    at("kept_until", nullable=False),
    CheckConstraint("length(key) BETWEEN 1 AND 200", name="key_is_short"),
    Index("ix_kept_answer_kept_until", "kept_until"),
)

# Who did what, to which object, when. A trigger refuses UPDATE, DELETE and TRUNCATE. Never a tenant's name or number.
audit_entry = Table(
    "audit_entry",
    metadata,
    id_(),
    at("at", nullable=False),
    Column("who", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Index("ix_audit_entry_object", "kind", "object_id", "id"),
    Index("ix_audit_entry_who", "who", "id"),
)
