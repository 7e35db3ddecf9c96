"""Signing in through the organisation's identity provider: whose account that is here, and what it may do today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from worker.domain import accounts, roles
from worker.domain.errors import NotSignedIn, Refused
from worker.domain.roles import Person, Role
from worker.i18n import _
from worker.services import auditing, signing_in, staffing
from worker.services.auditing import Action
from worker.services.signing_in import Rules, Signed
from worker.store import identities, staff
from worker.store.database import Connection, Database
from worker.store.staff import Account

log = structlog.get_logger()

# Accounts that a sign-in makes or changes are the provider's doing.
PROVIDER = Person(0, "oidc", Role.ADMIN, via="identity provider")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the provider's word decides here. roles: its names -> ours; used where role_claim is set.

    create_accounts: an unknown login gets an account, which asks for a role by claim.
    """

    login_claim: str = "preferred_username"
    create_accounts: bool = False
    role_claim: str = ""
    agencies_claim: str = ""
    roles: Mapping[str, Role] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Came:
    """Who came from the provider."""

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)


def sign_in(db: Database, came: Came, *, policy: Policy, rules: Rules, now: datetime) -> Signed:
    """Opens a session for the account that belongs to this person.

    The first sign-in ties the account of that login to the provider's own identifier; from then on the login may change
    there, and nobody else gets in by taking it. Raises NotSignedIn, with one sentence, when no account is theirs.
    """
    rules.checked_key()
    try:
        granted = _granted(came, policy)
        with db.begin() as connection:
            account = _account(connection, came, granted, policy, now)
            if account.disabled_at is not None:
                raise _no_account("disabled")
            account = _updated(connection, account, granted, now)
            return signing_in.start(connection, account, rules=rules, now=now)
    except (Refused, ValueError) as error:
        if isinstance(error, NotSignedIn):
            raise
        raise _no_account(type(error).__name__) from None


@dataclass(frozen=True, slots=True)
class _Granted:
    """The login and rights in the claims; None: not said there."""

    login: str
    role: Role | None
    agencies: tuple[str, ...] | None


def _granted(came: Came, policy: Policy) -> _Granted:
    if policy.login_claim == "email" and came.claims.get("email_verified") is not True:
        raise _no_account("email_not_verified")
    login = accounts.login(str(came.claims.get(policy.login_claim, "")))
    role = _role(came.claims, policy) if policy.role_claim else None
    agencies = _words(came.claims.get(policy.agencies_claim)) if policy.agencies_claim else None
    if agencies == () and role is not Role.ADMIN:
        raise _no_account("no_agency")  # without any, an account would see them all
    return _Granted(login, role, () if role is Role.ADMIN else agencies)


def _role(claims: Mapping[str, Any], policy: Policy) -> Role:
    """The greatest of those that the provider's names stand for."""
    found = [policy.roles[name] for name in _words(claims.get(policy.role_claim)) if name in policy.roles]
    if not found:
        raise _no_account("no_role")
    return max(found, key=roles.ORDER.index)


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return tuple(str(word) for word in value) if isinstance(value, Sequence) else ()


def _account(connection: Connection, came: Came, granted: _Granted, policy: Policy, now: datetime) -> Account:
    tied = identities.login_of(connection, issuer=came.issuer, subject=came.subject)
    if tied is not None:
        return _there(staff.lock(connection, tied))
    held = staff.lock(connection, granted.login)
    if held is None and policy.create_accounts and granted.role is not None:
        agencies = list(granted.agencies or ())
        staff.add(connection, login=granted.login, role=granted.role, agencies=agencies, password_hash=None, now=now)
        held = staff.lock(connection, granted.login)
        auditing.note(connection, PROVIDER, Action.CHANGED_ACCOUNT, "account", [_there(held).id], now=now)
    account = _there(held)
    if not identities.tie(connection, account.id, issuer=came.issuer, subject=came.subject, now=now):
        raise _no_account("login_of_another")
    return account


def _updated(connection: Connection, account: Account, granted: _Granted, now: datetime) -> Account:
    """The account with the role and agencies of the claims, where they decide."""
    role = granted.role or Role(account.role)
    agencies = account.agencies if granted.agencies is None else sorted(set(granted.agencies))
    if role is Role.ADMIN:
        agencies = []
    if (role, agencies) == (account.role, account.agencies):
        return account
    if role is not Role.ADMIN:
        staffing.keep_an_admin(connection, account)
    staff.set_role(connection, account.id, role=role, agencies=agencies)
    auditing.note(connection, PROVIDER, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)
    return _there(staff.by_login(connection, account.login))


def _there(account: Account | None) -> Account:
    if account is None:
        raise _no_account("unknown")
    return account


def _no_account(reason: str) -> NotSignedIn:
    """One sentence for all: who is known here is nobody else's business."""
    log.warning("oidc_no_account", reason=reason)
    return NotSignedIn(_("Votre organisation vous connaît, mais aucun compte n'est ouvert pour vous ici. Demandez-le."))
