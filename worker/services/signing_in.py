"""Signing in: password and one-time code, sessions that end, and tokens that tie a form to its session."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from worker.domain import accounts, one_time_codes
from worker.domain.errors import BadDefinition, NotFilledIn, NotSignedIn, TooManyTries
from worker.domain.roles import Person, Role
from worker.i18n import _
from worker.services import auditing, passwords
from worker.services.auditing import Action
from worker.store import failures, sessions, staff
from worker.store.database import Connection, Database
from worker.store.staff import Account

log = structlog.get_logger()

SECRET_BYTES = 32
KEY_LEAST = 32
# Ended sessions say when somebody was last there; longer than this it is nobody's business.
SESSIONS_KEPT = timedelta(days=90)


class CodeWanted(NotSignedIn):
    """The password is right; the account also asks for a one-time code."""


@dataclass(frozen=True, slots=True)
class Rules:
    """key: the deployment's SECRET_KEY. idle: how long a session lives unused; whole: how long at all."""

    key: str = field(repr=False)
    idle: timedelta = timedelta(hours=1)
    whole: timedelta = timedelta(hours=12)

    def checked_key(self) -> str:
        """The key. Raises BadDefinition when it is missing or short enough to guess."""
        if len(self.key) < KEY_LEAST:
            raise BadDefinition(
                _("COURTOISIE_SECRET_KEY manque ou est trop courte : {least} signes tirés au sort au moins.").format(
                    least=KEY_LEAST
                )
            )
        return self.key


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody typed, and the network address it came from."""

    login: str
    password: str = field(repr=False)
    code: str = field(default="", repr=False)
    address: str = ""

    def subjects(self) -> dict[str, str]:
        """What wrong tries are counted by: kind -> hash."""
        named = {"login": self.login.strip().lower(), "address": self.address}
        return {kind: _hash(f"{kind} {value}") for kind, value in named.items() if value or kind == "login"}


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody signed in. secret: for the cookie, known to nobody else, not even to our database."""

    person: Person
    secret: str = field(repr=False)
    expires_at: datetime


def sign_in(db: Database, tried: Tried, *, rules: Rules, now: datetime) -> Signed:
    """Opens a session. Raises NotSignedIn with one and the same sentence for a wrong password, an unknown login and a
    disabled account; CodeWanted when only the code is missing; TooManyTries when it has to wait.
    """
    rules.checked_key()
    # Counted before the password is looked at, so that tries at once cannot slip past the count.
    _count(db, tried, now=now)
    with db.begin() as connection:
        account = staff.by_login(connection, tried.login.strip().lower())
    usable = account if account is not None and account.disabled_at is None else None
    fits = passwords.fits(usable.password_hash if usable else None, tried.password[: accounts.PASSWORD_MOST + 1])
    if usable is None or not fits:
        log.info("sign_in_refused")
        raise _wrong()
    with db.begin() as connection:
        _check_code(connection, usable, tried, rules=rules, now=now)
        _right(connection, tried, now=now)
        _renew(connection, usable, tried.password)
        return start(connection, usable, rules=rules, now=now)


def who(db: Database, secret: str, *, rules: Rules, now: datetime, watching: bool = False) -> Person | None:
    """The person behind a cookie, and notes that they are there; None when the session has ended, or never was.

    watching: a page that is open by itself asks, which is no sign that somebody sits before it.
    """
    with db.begin() as connection:
        found = sessions.find(connection, _hash(secret), idle=rules.idle, now=now)
        if found is None:
            return None
        if not watching and now - found.seen_at > sessions.SEEN_EVERY:
            sessions.seen(connection, found.id, now=now)
    via = f"session {found.id}"
    return Person(found.account_id, found.login, Role(found.role), tuple(found.agencies), via, found.name)


def ran_out(db: Database, secret: str, *, now: datetime) -> int | None:
    """The account whose session this was, if it ran out by itself not long ago; None when somebody ended it."""
    with db.begin() as connection:
        return sessions.ran_out(connection, _hash(secret), now=now)


def sign_out(db: Database, secret: str, *, rules: Rules, now: datetime) -> None:
    """Ends the session of this cookie, if it is alive."""
    with db.begin() as connection:
        found = sessions.find(connection, _hash(secret), idle=rules.idle, now=now)
        if found is not None:
            sessions.end(connection, found.id, account_id=found.account_id, now=now)
            person = Person(found.account_id, found.login, Role(found.role), via=f"session {found.id}")
            auditing.note(connection, person, Action.SIGNED_OUT, "account", [found.account_id], now=now)


def alive(db: Database, person: Person, *, rules: Rules, now: datetime) -> list[sessions.Alive]:
    """The person's own living sessions."""
    with db.begin() as connection:
        return sessions.alive(connection, person.account_id, idle=rules.idle, now=now)


def end(db: Database, person: Person, session_id: int, *, now: datetime) -> bool:
    """Ends one of the person's sessions; False when it is not theirs or has ended."""
    with db.begin() as connection:
        return sessions.end(connection, session_id, account_id=person.account_id, now=now)


def end_all(db: Database, person: Person, *, now: datetime) -> int:
    """Ends all sessions of a person; returns how many."""
    with db.begin() as connection:
        return sessions.end_all(connection, person.account_id, now=now)


def session_of(person: Person) -> int:
    """The session by which the person is here; 0 for other ways."""
    kind, _space, number = person.via.partition(" ")
    return int(number) if kind == "session" and number.isdigit() else 0


def end_others(db: Database, person: Person, *, now: datetime) -> int:
    """Ends every session of a person but the one they are in; returns how many."""
    with db.begin() as connection:
        return sessions.end_all(connection, person.account_id, but=session_of(person), now=now)


def prove(db: Database, person: Person, password: str, *, field: str, now: datetime) -> None:
    """Who is signed in types their password again, before something that an open screen must not be enough for.

    Wrong tries count like those of signing in. Raises NotFilledIn for that field, TooManyTries.
    """
    tried = Tried(person.login, password)
    _count(db, tried, now=now)
    with db.begin() as connection:
        account = staff.by_login(connection, person.login)
    if account is None or not passwords.fits(account.password_hash, password[: accounts.PASSWORD_MOST + 1]):
        log.info("password_not_proven", account_id=person.account_id)
        raise NotFilledIn({field: _("Ce n'est pas votre mot de passe actuel.")})
    with db.begin() as connection:
        failures.forgive(connection, tried.subjects()["login"])


def change_password(db: Database, person: Person, password: str, *, now: datetime) -> None:
    """A person's own new password; their other sessions end. Raises Refused for a weak one."""
    accounts.check_password(password, login=person.login)
    kept = passwords.make(password)
    with db.begin() as connection:
        staff.set_password(connection, person.account_id, kept)
        sessions.end_all(connection, person.account_id, but=session_of(person), now=now)
        auditing.note(connection, person, Action.CHANGED_ACCOUNT, "account", [person.account_id], now=now)


def form_token(bound_to: str, *, rules: Rules) -> str:
    """What a form must send back: tied to a session's secret, or to the cookie of a visitor who has no session yet."""
    made = hmac.digest(rules.checked_key().encode(), f"form {_hash(bound_to)}".encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def is_form_token(sent: str, bound_to: str, *, rules: Rules) -> bool:
    """Whether this is the token of that session. Compared in constant time."""
    return hmac.compare_digest(sent.encode(), form_token(bound_to, rules=rules).encode())


def _count(db: Database, tried: Tried, *, now: datetime) -> None:
    # One order, so that two tries never wait for each other in a ring.
    subjects = sorted(tried.subjects().items())
    with db.begin() as connection:
        until = max(failures.lock(connection, subject, now=now) for _kind, subject in subjects)
        if until > now:
            raise _wait(until - now)
        for kind, subject in subjects:
            count = failures.count(connection, subject, forgotten=accounts.FORGOTTEN_AFTER, now=now)
            failures.wait(connection, subject, until=now + accounts.wait_after(count, kind=kind))


def _wait(left: timedelta) -> TooManyTries:
    wait_s = int(left.total_seconds()) + 1
    log.warning("sign_in_throttled", wait_s=wait_s)
    return TooManyTries(_("Trop d'essais. Réessayez dans {n} secondes.").format(n=wait_s), wait_s=wait_s)


def _right(connection: Connection, tried: Tried, *, now: datetime) -> None:
    subjects = tried.subjects()
    if "address" in subjects:
        failures.take_back(connection, subjects["address"], now=now)
    failures.forgive(connection, subjects["login"])
    failures.forget(connection, before=now - accounts.FORGOTTEN_AFTER)
    sessions.forget(connection, before=now - SESSIONS_KEPT)


def _check_code(connection: Connection, account: Account, tried: Tried, *, rules: Rules, now: datetime) -> None:
    if not account.asks_code or account.code_nonce is None:
        return
    if not tried.code.strip():
        raise CodeWanted(_("Entrez aussi le code à six chiffres de votre application."))
    secret = one_time_codes.secret(rules.checked_key(), account.code_nonce)
    step = one_time_codes.matching_step(secret, tried.code, now=now, after=account.code_step)
    if step is None or not staff.use_code(connection, account.id, step, now=now):
        log.info("sign_in_refused")
        raise _wrong()


def _renew(connection: Connection, account: Account, password: str) -> None:
    if account.password_hash and passwords.is_outdated(account.password_hash):
        staff.set_password(connection, account.id, passwords.make(password))


def start(connection: Connection, account: Account, *, rules: Rules, now: datetime) -> Signed:
    """A session for an account that has shown whose it is."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    expires_at = now + rules.whole
    session = sessions.start(connection, account.id, secret_hash=_hash(secret), expires_at=expires_at, now=now)
    person = Person(account.id, account.login, Role(account.role), tuple(account.agencies), f"session {session}")
    auditing.note(connection, person, Action.SIGNED_IN, "account", [account.id], now=now)
    return Signed(person, secret, expires_at)


def _wrong() -> NotSignedIn:
    return NotSignedIn(_("Identifiant, mot de passe ou code inexact."))


def _hash(secret: str) -> str:
    """Secrets have 256 random bits, so one round of a fast hash keeps them."""
    return hashlib.sha256(secret.encode()).hexdigest()
