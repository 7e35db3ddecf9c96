"""Accounts of callers and operators."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_ADD = text(
    """
INSERT INTO staff_account (login, role, agencies, password_hash, created_at)
VALUES (:login, :role, :agencies, :password_hash, :now)
ON CONFLICT (login) DO NOTHING RETURNING id
"""
)

_COLUMNS = "id, login, role, agencies, password_hash, code_nonce, code_confirmed_at, code_step, created_at, disabled_at"

_BY_LOGIN = text(f"SELECT {_COLUMNS} FROM staff_account WHERE login = :login")  # noqa: S608  # our own constant

_LOCKED = text(f"SELECT {_COLUMNS} FROM staff_account WHERE login = :login FOR UPDATE")  # noqa: S608  # same

_ALL = text(
    """
SELECT a.id, a.login, a.role, a.agencies, a.created_at, a.disabled_at,
       a.code_confirmed_at IS NOT NULL AS asks_code, a.phone IS NOT NULL AS has_phone,
       (SELECT max(s.seen_at) FROM staff_session s WHERE s.account_id = a.id) AS seen_at,
       (SELECT count(*) FROM api_token t WHERE t.account_id = a.id AND t.revoked_at IS NULL AND t.expires_at > :now) AS tokens
FROM staff_account a ORDER BY a.login
"""
)

_DISABLE = text("UPDATE staff_account SET disabled_at = coalesce(disabled_at, :now) WHERE id = :id")
_ENABLE = text("UPDATE staff_account SET disabled_at = NULL WHERE id = :id")
_PASSWORD = text("UPDATE staff_account SET password_hash = :password_hash WHERE id = :id")
_NAME = text("UPDATE staff_account SET name = :name WHERE id = :id")
_ROLE = text("UPDATE staff_account SET role = :role, agencies = :agencies WHERE id = :id")

_PHONE = text("UPDATE staff_account SET phone = :phone WHERE id = :id")
_HAS_PHONE = text("SELECT phone IS NOT NULL FROM staff_account WHERE login = :login")

_OTHER_ADMINS = text("SELECT count(*) FROM staff_account WHERE role = 'admin' AND disabled_at IS NULL AND id <> :id")
# Two admins disabling each other at once wait for one another here, and the second is refused.
_LOCK_ADMINS = text("SELECT id FROM staff_account WHERE role = 'admin' ORDER BY id FOR UPDATE")

_NEW_CODES = text(
    "UPDATE staff_account SET code_nonce = :nonce, code_confirmed_at = NULL, code_step = NULL WHERE id = :id"
)
_NO_CODES = text(
    "UPDATE staff_account SET code_nonce = NULL, code_confirmed_at = NULL, code_step = NULL WHERE id = :id"
)
# A code counts once: of two requests with the same code the second changes nothing.
_USE_CODE = text(
    """
UPDATE staff_account SET code_step = :step, code_confirmed_at = coalesce(code_confirmed_at, :now)
WHERE id = :id AND (code_step IS NULL OR code_step < :step)
"""
)


@dataclass(frozen=True, slots=True)
class Account:
    """One row of staff_account."""

    id: int
    login: str
    role: str
    agencies: list[str]
    password_hash: str | None
    code_nonce: str | None
    code_confirmed_at: datetime | None
    code_step: int | None
    created_at: datetime
    disabled_at: datetime | None

    @property
    def asks_code(self) -> bool:
        """Whether a one-time code is asked for beside the password."""
        return self.code_confirmed_at is not None


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as a list shows it. tokens: those that are valid."""

    id: int
    login: str
    role: str
    agencies: list[str]
    created_at: datetime
    disabled_at: datetime | None
    asks_code: bool
    seen_at: datetime | None
    tokens: int
    has_phone: bool


def add(
    connection: Connection, *, login: str, role: str, agencies: list[str], password_hash: str | None, now: datetime
) -> int | None:
    """A new account's id; None when the login is taken."""
    values = {"login": login, "role": role, "agencies": agencies, "password_hash": password_hash, "now": now}
    return connection.execute(_ADD, values).scalar()


def by_login(connection: Connection, login: str) -> Account | None:
    """The account of a login, or None."""
    row = connection.execute(_BY_LOGIN, {"login": login}).one_or_none()
    return None if row is None else Account(**row._asdict())


def lock(connection: Connection, login: str) -> Account | None:
    """The same, its row locked: two changes of one account wait for each other."""
    row = connection.execute(_LOCKED, {"login": login}).one_or_none()
    return None if row is None else Account(**row._asdict())


def listed(connection: Connection, *, now: datetime) -> list[Listed]:
    """Every account by login."""
    return [Listed(**row._asdict()) for row in connection.execute(_ALL, {"now": now})]


def disable(connection: Connection, account_id: int, *, now: datetime) -> None:
    """The account signs in no more; said twice, the first time counts."""
    connection.execute(_DISABLE, {"id": account_id, "now": now})


def enable(connection: Connection, account_id: int) -> None:
    connection.execute(_ENABLE, {"id": account_id})


def set_password(connection: Connection, account_id: int, password_hash: str) -> None:
    connection.execute(_PASSWORD, {"id": account_id, "password_hash": password_hash})


def set_name(connection: Connection, account_id: int, name: str) -> None:
    connection.execute(_NAME, {"id": account_id, "name": name})


def set_role(connection: Connection, account_id: int, *, role: str, agencies: list[str]) -> None:
    connection.execute(_ROLE, {"id": account_id, "role": role, "agencies": agencies})


def set_phone(connection: Connection, account_id: int, e164: str | None) -> None:
    """The person's own telephone, for bridged calls; None: no longer known."""
    connection.execute(_PHONE, {"id": account_id, "phone": e164})


def has_phone(connection: Connection, login: str) -> bool:
    """Whether a telephone of their own is known."""
    return bool(connection.execute(_HAS_PHONE, {"login": login}).scalar())


def other_admins(connection: Connection, account_id: int) -> int:
    """How many admins beside this account can still sign in. Locks the admins' rows."""
    connection.execute(_LOCK_ADMINS)
    return int(connection.execute(_OTHER_ADMINS, {"id": account_id}).scalar_one())


def start_codes(connection: Connection, account_id: int, nonce: str) -> None:
    """A new secret for one-time codes, not asked for until one of its codes was used."""
    connection.execute(_NEW_CODES, {"id": account_id, "nonce": nonce})


def stop_codes(connection: Connection, account_id: int) -> None:
    connection.execute(_NO_CODES, {"id": account_id})


def use_code(connection: Connection, account_id: int, step: int, *, now: datetime) -> bool:
    """Spends the code of a step; False when it, or a later one, was spent."""
    return connection.execute(_USE_CODE, {"id": account_id, "step": step, "now": now}).rowcount == 1
