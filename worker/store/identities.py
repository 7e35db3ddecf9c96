"""Which account belongs to whom at an identity provider."""

from datetime import datetime

from sqlalchemy import Connection, text

_LOGIN_OF = text(
    """
SELECT a.login FROM staff_identity i JOIN staff_account a ON a.id = i.account_id
WHERE i.issuer = :issuer AND i.subject = :subject
"""
)

# The primary key ties an account to one person of an issuer, the unique key a person to one account.
_TIE = text(
    """
INSERT INTO staff_identity (account_id, issuer, subject, tied_at) VALUES (:account_id, :issuer, :subject, :now)
ON CONFLICT DO NOTHING
"""
)

_UNTIE = text("DELETE FROM staff_identity WHERE account_id = :account_id")


def login_of(connection: Connection, *, issuer: str, subject: str) -> str | None:
    """The login of the account that is this person's, or None."""
    return connection.execute(_LOGIN_OF, {"issuer": issuer, "subject": subject}).scalar()


def tie(connection: Connection, account_id: int, *, issuer: str, subject: str, now: datetime) -> bool:
    """The account is this person's from now on; False when it is somebody else's there."""
    values = {"account_id": account_id, "issuer": issuer, "subject": subject, "now": now}
    return connection.execute(_TIE, values).rowcount == 1


def untie(connection: Connection, account_id: int) -> None:
    """Whoever signs in next under the account's login has it: somebody changed jobs, or the provider was changed."""
    connection.execute(_UNTIE, {"account_id": account_id})
