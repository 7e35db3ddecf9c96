"""Accounts: adding, changing, disabling; one-time codes; tokens for programs."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.domain import accounts, one_time_codes, roles
from worker.domain.errors import NotFound, Refused
from worker.domain.roles import Person, Role
from worker.i18n import _
from worker.listing import phones
from worker.services import auditing, passwords
from worker.services.auditing import Action
from worker.services.signing_in import Rules
from worker.store import identities, sessions, staff, tokens
from worker.store.database import Connection, Database
from worker.store.staff import Account, Listed

# The command line acts for whoever holds the machine.
TERMINAL = Person(0, "courtoisie", Role.ADMIN, via="command line")

TOKEN_MARK = "cto_"  # noqa: S105  # lets a scanner of leaked secrets know ours
PREFIX_SIGNS = 12
TOKEN_DAYS_MOST = 366
NAME_MOST = 80
AGENCIES_MOST = 50


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token, shown this once."""

    id: int
    token: str = field(repr=False)
    prefix: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Codes:
    """What an authenticator application needs: typed by hand, or read from a QR code."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


def add(
    db: Database, *, login: str, password: str, role: Role, agencies: Sequence[str], by: Person, now: datetime
) -> int:
    """A new account's id. Raises Refused for a taken login, a weak password, or a scope the role cannot have."""
    name = accounts.login(login)
    accounts.check_password(password, login=name)
    scope = _scope(role, agencies)
    kept = passwords.make(password)
    with db.begin() as connection:
        made = staff.add(connection, login=name, role=role, agencies=scope, password_hash=kept, now=now)
        if made is None:
            raise Refused(_("L'identifiant « {login} » est déjà pris.").format(login=name))
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [made], now=now)
        return made


def listed(db: Database, *, now: datetime) -> list[Listed]:
    """Every account by login."""
    with db.begin() as connection:
        return staff.listed(connection, now=now)


def disable(db: Database, login: str, *, by: Person, now: datetime) -> None:
    """Ends every session and token of the account at once. Raises NotFound, and Refused for the last admin."""
    with db.begin() as connection:
        account = _locked(connection, login)
        keep_an_admin(connection, account)
        staff.disable(connection, account.id, now=now)
        sessions.end_all(connection, account.id, now=now)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)


def enable(db: Database, login: str, *, by: Person, now: datetime) -> None:
    """The account may sign in again. Raises NotFound."""
    with db.begin() as connection:
        account = _locked(connection, login)
        staff.enable(connection, account.id)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)


def set_password(db: Database, login: str, password: str, *, by: Person, now: datetime) -> None:
    """A new password; every session of the account ends. Raises NotFound, Refused for a weak one."""
    accounts.check_password(password, login=accounts.login(login))
    kept = passwords.make(password)
    with db.begin() as connection:
        account = _locked(connection, login)
        staff.set_password(connection, account.id, kept)
        sessions.end_all(connection, account.id, now=now)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)


def find(db: Database, login: str) -> Account:
    """One account. Raises NotFound."""
    with db.begin() as connection:
        return _found(connection, login)


def set_name(db: Database, login: str, name: str, *, by: Person, now: datetime) -> None:
    """How the person is called on the telephone; empty: the login stands for it. Raises NotFound, Refused."""
    said = " ".join(name.split())
    if len(said) > NAME_MOST:
        raise Refused(_("Le nom a {n} caractères ; {most} au plus.").format(n=len(said), most=NAME_MOST))
    with db.begin() as connection:
        account = _locked(connection, login)
        staff.set_name(connection, account.id, said)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)


def set_role(db: Database, login: str, role: Role, agencies: Sequence[str], *, by: Person, now: datetime) -> None:
    """Another role and scope, from the next request on. Raises NotFound, and Refused for the last admin."""
    scope = _scope(role, agencies)
    with db.begin() as connection:
        account = _locked(connection, login)
        if role is not Role.ADMIN:
            keep_an_admin(connection, account)
        staff.set_role(connection, account.id, role=role, agencies=scope)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)


def end_sessions(db: Database, login: str, *, by: Person, now: datetime) -> int:
    """Signs an account out everywhere; returns how many sessions ended. Raises NotFound."""
    with db.begin() as connection:
        account = _locked(connection, login)
        ended = sessions.end_all(connection, account.id, now=now)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)
        return ended


def untie(db: Database, login: str, *, by: Person, now: datetime) -> None:
    """The account is nobody's at the identity provider any more; its sessions end. Raises NotFound."""
    with db.begin() as connection:
        account = _locked(connection, login)
        identities.untie(connection, account.id)
        sessions.end_all(connection, account.id, now=now)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)


def set_phone(db: Database, login: str, number: str | None, *, by: Person, now: datetime) -> None:
    """The person's own telephone, which rings first in bridged calls; None takes it away. It is never shown again.

    Raises NotFound, and Refused for what is no French number that anybody may dial.
    """
    e164 = None if number is None else _own_phone(number)
    with db.begin() as connection:
        account = _locked(connection, login)
        staff.set_phone(connection, account.id, e164)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)


def has_phone(db: Database, login: str) -> bool:
    """Whether a telephone of their own is known."""
    with db.begin() as connection:
        return staff.has_phone(connection, login)


def _own_phone(number: str) -> str:
    """Only ordinary French numbers: a call abroad, or to a number with a price of its own, is never made."""
    found = phones.ordinary(number)
    if found is None:
        raise Refused(_("Ce n'est pas un numéro de téléphone français ordinaire. Rien n'est changé."))
    return found


# ---- one-time codes ---------------------------------------------------------


def start_codes(db: Database, login: str, *, rules: Rules, issuer: str, by: Person, now: datetime) -> Codes:
    """A new secret; codes are asked for once confirm_codes has seen one of them. Raises NotFound."""
    nonce = secrets.token_hex(16)
    secret = one_time_codes.secret(rules.checked_key(), nonce)
    with db.begin() as connection:
        account = _locked(connection, login)
        staff.start_codes(connection, account.id, nonce)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)
    address = one_time_codes.address(secret, login=account.login, issuer=issuer)
    return Codes(one_time_codes.base32(secret), address)


def confirm_codes(db: Database, login: str, code: str, *, rules: Rules, now: datetime) -> None:
    """From now on the account asks for codes. Raises NotFound, and Refused when the code is not the one shown."""
    with db.begin() as connection:
        account = _locked(connection, login)
        secret = one_time_codes.secret(rules.checked_key(), account.code_nonce or "")
        step = one_time_codes.matching_step(secret, code, now=now, after=account.code_step)
        if account.code_nonce is None or step is None:
            raise Refused(_("Ce n'est pas le code que montre l'application : vérifiez l'heure du téléphone."))
        staff.use_code(connection, account.id, step, now=now)


def stop_codes(db: Database, login: str, *, by: Person, now: datetime) -> None:
    """The account asks for no codes any more: a lost telephone. Raises NotFound."""
    with db.begin() as connection:
        account = _locked(connection, login)
        staff.stop_codes(connection, account.id)
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "account", [account.id], now=now)


# ---- tokens -----------------------------------------------------------------


def issue_token(
    db: Database, login: str, *, name: str, role: Role | None, days: int, by: Person, now: datetime
) -> Issued:
    """A token with the account's role or a lesser one. Raises NotFound, Refused for a greater one or a long life."""
    if not 1 <= days <= TOKEN_DAYS_MOST or not 1 <= len(name.strip()) <= NAME_MOST:
        raise Refused(
            _("Un jeton a un nom de {name} signes au plus et vaut de 1 à {days} jours.").format(
                name=NAME_MOST, days=TOKEN_DAYS_MOST
            )
        )
    token = TOKEN_MARK + secrets.token_urlsafe(32)
    prefix, expires_at = token[:PREFIX_SIGNS], now + timedelta(days=days)
    with db.begin() as connection:
        account = _locked(connection, login)
        given = role or Role(account.role)
        if not roles.at_most(given, Role(account.role)):
            raise Refused(_("Un jeton ne peut pas avoir plus de droits que son compte."))
        made = tokens.add(
            connection,
            account.id,
            name=name.strip(),
            role=given,
            prefix=prefix,
            token_hash=_hash(token),
            expires_at=expires_at,
            now=now,
        )
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "token", [made], now=now)
    return Issued(made, token, prefix, expires_at)


def tokens_of(db: Database, login: str) -> list[tokens.Listed]:
    """An account's tokens. Raises NotFound."""
    with db.begin() as connection:
        return tokens.of_account(connection, _found(connection, login).id)


def revoke_token(db: Database, login: str, token_id: int, *, by: Person, now: datetime) -> None:
    """The token is worth nothing from now on. Raises NotFound when the account has no such living token."""
    with db.begin() as connection:
        account = _found(connection, login)
        if not tokens.revoke(connection, token_id, account_id=account.id, now=now):
            raise NotFound(_("Ce compte n'a pas de jeton n° {id} en cours.").format(id=token_id))
        auditing.note(connection, by, Action.CHANGED_ACCOUNT, "token", [token_id], now=now)


def of_token(db: Database, token: str, *, now: datetime) -> Person | None:
    """The person a token stands for, and notes its use; None when it is worth nothing."""
    with db.begin() as connection:
        found = tokens.find(connection, _hash(token), now=now)
        if found is None:
            return None
        tokens.used(connection, found.id, now=now)
    role = min(Role(found.role), Role(found.owner_role), key=roles.ORDER.index)
    return Person(found.account_id, found.login, role, tuple(found.agencies), f"token {found.id}")


def _locked(connection: Connection, login: str) -> Account:
    return _there(staff.lock(connection, login.strip().lower()), login)


def _found(connection: Connection, login: str) -> Account:
    return _there(staff.by_login(connection, login.strip().lower()), login)


def _there(account: Account | None, login: str) -> Account:
    if account is None:
        raise NotFound(_("Aucun compte « {login} ».").format(login=login), command="courtoisie user list")
    return account


def keep_an_admin(connection: Connection, account: Account) -> None:
    """Raises Refused when this is the only admin who can sign in."""
    if account.role != Role.ADMIN or account.disabled_at is not None:
        return
    if not staff.other_admins(connection, account.id):
        raise Refused(_("C'est le dernier administrateur : créez-en un autre d'abord."))


def _scope(role: Role, agencies: Sequence[str]) -> list[str]:
    codes = sorted({code.strip() for code in agencies if code.strip()})
    if codes and role is Role.ADMIN:
        raise Refused(_("Un administrateur travaille pour toutes les agences : n'en indiquez aucune."))
    if len(codes) > AGENCIES_MOST or any(len(code) > NAME_MOST for code in codes):
        raise Refused(_("Trop d'agences, ou un code d'agence trop long."))
    return codes


def _hash(token: str) -> str:
    """Tokens have 256 random bits, so one round of a fast hash keeps them."""
    return hashlib.sha256(token.encode()).hexdigest()
