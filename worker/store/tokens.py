"""Tokens of programs that use the JSON interface: found by their hash, alive until they expire or are revoked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_ADD = text(
    """
INSERT INTO api_token (account_id, name, role, prefix, token_hash, created_at, expires_at)
VALUES (:account_id, :name, :role, :prefix, :token_hash, :now, :expires_at) RETURNING id
"""
)

# By uq_api_token_token_hash. The scope is the owner's of today; a disabled owner has no tokens.
_FIND = text(
    """
SELECT t.id, t.account_id, a.login, t.role, a.role AS owner_role, a.agencies, t.last_used_at
FROM api_token t JOIN staff_account a ON a.id = t.account_id
WHERE t.token_hash = :token_hash AND t.revoked_at IS NULL AND t.expires_at > :now AND a.disabled_at IS NULL
"""
)

# Once a minute: a token in use must not make a write of every read.
_USED = text(
    """
UPDATE api_token SET last_used_at = :now
WHERE id = :id AND (last_used_at IS NULL OR last_used_at < CAST(:now AS timestamptz) - interval '1 minute')
"""
)

_OF = text(
    """
SELECT t.id, t.name, t.role, t.prefix, t.created_at, t.expires_at, t.last_used_at, t.revoked_at
FROM api_token t WHERE t.account_id = :account_id ORDER BY t.id
"""
)

_REVOKE = text(
    "UPDATE api_token SET revoked_at = :now WHERE id = :id AND account_id = :account_id AND revoked_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A token that is valid, and whose it is."""

    id: int
    account_id: int
    login: str
    role: str
    owner_role: str
    agencies: list[str]
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A token as a list shows it: never the token itself."""

    id: int
    name: str
    role: str
    prefix: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def add(
    connection: Connection,
    account_id: int,
    *,
    name: str,
    role: str,
    prefix: str,
    token_hash: str,
    expires_at: datetime,
    now: datetime,
) -> int:
    """A new token's id."""
    values = {
        "account_id": account_id,
        "name": name,
        "role": role,
        "prefix": prefix,
        "token_hash": token_hash,
        "expires_at": expires_at,
        "now": now,
    }
    return int(connection.execute(_ADD, values).scalar_one())


def find(connection: Connection, token_hash: str, *, now: datetime) -> Found | None:
    """The valid token with this hash, or None."""
    row = connection.execute(_FIND, {"token_hash": token_hash, "now": now}).one_or_none()
    return None if row is None else Found(**row._asdict())


def used(connection: Connection, token_id: int, *, now: datetime) -> None:
    connection.execute(_USED, {"id": token_id, "now": now})


def of_account(connection: Connection, account_id: int) -> list[Listed]:
    """An account's tokens, oldest first, the revoked ones too."""
    return [Listed(**row._asdict()) for row in connection.execute(_OF, {"account_id": account_id})]


def revoke(connection: Connection, token_id: int, *, account_id: int, now: datetime) -> bool:
    """Ends one token of an account; False when there was none."""
    values = {"id": token_id, "account_id": account_id, "now": now}
    return connection.execute(_REVOKE, values).rowcount == 1
