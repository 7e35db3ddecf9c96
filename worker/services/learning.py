"""What a call brings to light beside its ending: how worried the caller is, whom to warn, and answers about health.

These answers are kept only where the person expressly said that they may be: sealed, for 90 days, and gone at a word.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from worker.domain.channels import CONTACTS, PhoneLabel
from worker.domain.concerns import Concern
from worker.domain.errors import NotFilledIn
from worker.i18n import _
from worker.listing import phones
from worker.listing.phones import Number
from worker.store import learning
from worker.store.database import Connection, Database

log = structlog.get_logger()

HEALTH_KEPT = timedelta(days=90)
NAME_MOST = 60
_NONCE_BYTES = 12

Answers = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to warn when the household cannot be reached, who agreed to it."""

    name: str
    number: Number


@dataclass(frozen=True, slots=True)
class Learnt:
    """concern: None where the caller did not say. health: sealed answers; empty without the person's word."""

    concern: Concern | None = None
    contact: Contact | None = None
    health: bytes = field(default=b"", repr=False)


NOTHING_LEARNT = Learnt()


@dataclass(frozen=True, slots=True)
class HealthAnswers:
    """What was said of health in one call. answers: None where the key that sealed them is not ours any more."""

    form: str
    said_at: datetime
    kept_until: datetime
    answers: Answers | None


def contact(*, name: str, link: str, number: str, agreed: bool) -> Contact | None:
    """Whom to warn, as typed; None where nothing was. Raises NotFilledIn.

    Neither name nor number of a person who has not agreed is written down.
    """
    if not (name or number):
        return None
    found = phones.with_kind(number)
    wrong: dict[str, str] = {}
    if not name or len(name) > NAME_MOST:
        wrong["contact_name"] = _("Dites son nom, en {most} signes au plus.").format(most=NAME_MOST)
    if found is None:
        wrong["contact_number"] = _("Ce numéro n'est pas complet : dix chiffres, par exemple 06 12 34 56 78.")
    if not agreed:
        wrong["contact_agreed"] = _("Sans l'accord de cette personne, ni nom ni numéro ne se notent.")
    if wrong or found is None:
        raise NotFilledIn(wrong)
    label = PhoneLabel(link) if link in CONTACTS else PhoneLabel.OTHER
    return Contact(name, Number(found.e164, found.kind, label))


def save(connection: Connection, outcome_id: int, household: int, learnt: Learnt, *, now: datetime) -> None:
    """In the transaction of the outcome. Raises NotFilledIn for a number that is the household's own."""
    if learnt.concern is not None:
        learning.note_concern(connection, outcome_id, int(learnt.concern))
    if learnt.contact is not None:
        if learning.is_their_own(connection, household, learnt.contact.number.e164):
            raise NotFilledIn({"contact_number": _("Ce numéro est déjà celui du foyer.")})
        number = learnt.contact.number
        learning.keep_contact(
            connection,
            household,
            e164=number.e164,
            kind=number.kind,
            label=number.label,
            name=learnt.contact.name,
            outcome_id=outcome_id,
        )
    if learnt.health:
        learning.keep_health(connection, outcome_id, household, learnt.health, until=now + HEALTH_KEPT)


def take_back(connection: Connection, outcome_id: int, *, now: datetime) -> None:
    """The outcome was taken back, and with it what it brought to light."""
    learning.take_back(connection, outcome_id, now=now)


def seal(answers: Answers, *, key: str) -> bytes:
    """Only this deployment's key opens it."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    plain = json.dumps({name: list(codes) for name, codes in answers.items()}).encode()
    return nonce + AESGCM(_drawn(key)).encrypt(nonce, plain, None)


def opened(sealed: bytes, *, key: str) -> Answers | None:
    """What was sealed; None where it was with another key."""
    try:
        plain = AESGCM(_drawn(key)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except InvalidTag:
        return None
    return {str(name): [str(code) for code in codes] for name, codes in json.loads(plain).items()}


def health_of(db: Database, household: int, *, key: str, now: datetime) -> list[HealthAnswers]:
    """What a household said of its health and let us keep, newest first."""
    with db.begin() as connection:
        rows = learning.health_of(connection, household, now=now)
    return [HealthAnswers(row.form, row.said_at, row.kept_until, opened(row.sealed, key=key)) for row in rows]


def forget_health(db: Database, household: int) -> int:
    """They do not want it kept any more; returns how many calls' answers are gone."""
    with db.begin() as connection:
        gone = learning.drop_health(connection, household)
    log.info("health_answers_forgotten", household_id=household, calls=gone)
    return gone


def _drawn(key: str) -> bytes:
    """A key of its own from the deployment's: what else is made from that one tells nothing of this."""
    return HKDF(SHA256(), 32, salt=None, info=b"health answers").derive(key.encode())
