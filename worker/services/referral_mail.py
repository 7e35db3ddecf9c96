"""A referral by e-mail: written down before it leaves, sent outside any transaction, never a second time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from worker.domain import referrals as domain
from worker.domain.errors import Refused
from worker.domain.referrals import Consent, ReferralReason, ReferralState, SendingOutcome, Shared, Urgency, Via
from worker.domain.roles import Person
from worker.i18n import _
from worker.mail import Mail, Mailer
from worker.services import auditing, partnering, referral_views, referring
from worker.services.auditing import Action
from worker.services.desk import Desk
from worker.store import referral_letters, referral_sendings
from worker.store.database import Connection, Database

log = structlog.get_logger()

# Longer than any time-out of ours: whatever is under way since then lost its process.
LOST_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a partner is told: the name, the need, and what else the consent covers. Nothing more is looked up."""

    referral_id: int
    partner: str
    names: str
    reasons: tuple[ReferralReason, ...]
    urgency: Urgency
    answer_by: datetime
    phone: str
    address: str
    agency: str
    agency_phone: str
    consent: Consent
    consent_at: datetime


Compose = Callable[[Letter, str], Mail]


def letter(db: Database, referral_id: int, *, by: Person, now: datetime) -> Letter:
    """The form for the partner, the export written down. Raises NotFound; Refused before the consent."""
    with db.begin() as connection:
        made = _letter(connection, referral_id, by, now)
        auditing.note(connection, by, Action.EXPORTED, "referral", [referral_id], now=now)
        return made


def send(
    db: Database, mailer: Mailer, referral_id: int, compose: Compose, *, by: Person, desk: Desk, now: datetime
) -> SendingOutcome:
    """Sends it and says what became of it. Raises NotFound; Refused without consent, without the partner's leave to
    be mailed, without a mail server, and when a mail has left or may have.

    compose: writes the mail from the letter and the partner's address.
    """
    if not mailer.is_on:
        raise Refused(_("Aucun serveur d'e-mail n'est réglé : téléphonez, ou imprimez le formulaire."))
    sending, mail = _begun(db, referral_id, compose, by=by, now=now)
    fate = mailer.send(mail)
    log.info("referral_mailed", referral_id=referral_id, outcome=str(fate.outcome), code=fate.code)

    def note(connection: Connection) -> None:
        row = referring.locked(connection, referral_id, by, now=now)
        referral_sendings.finish(connection, sending, outcome=fate.outcome, code=fate.code, now=now)
        # Withdrawn while it was on its way: what has left stays noted, the state stays as the person wished.
        still = domain.may_move(ReferralState(row.state), ReferralState.SENT)
        if fate.outcome is SendingOutcome.DONE and still:
            referring.sent(connection, row, Via.EMAIL, by=by, desk=desk, now=now)

    db.run(note)
    return fate.outcome


def _begun(db: Database, referral_id: int, compose: Compose, *, by: Person, now: datetime) -> tuple[int, Mail]:
    """The row that is there before the mail leaves."""

    def work(connection: Connection) -> tuple[int, Mail]:
        row = referring.locked(connection, referral_id, by, now=now)
        made = _letter(connection, referral_id, by, now)
        partner = partnering.found(connection, row.partner_id)
        if not partner.takes_email:
            raise Refused(_("« {name} » ne reçoit pas d'e-mail : téléphonez, ou imprimez.").format(name=partner.name))
        if row.state != ReferralState.CONSENTED:
            raise Refused(_("L'orientation n° {id} est déjà partie.").format(id=referral_id))
        started = referral_sendings.start_email(connection, referral_id, by=by.login, now=now)
        if started is None:
            raise Refused(
                _("Un e-mail est déjà parti, ou a pu partir : demandez au partenaire, ou imprimez le formulaire.")
            )
        auditing.note(connection, by, Action.EXPORTED, "referral", [referral_id], now=now)
        return started, compose(made, partner.email)

    return db.run(work)


def give_up(db: Database, *, now: datetime) -> int:
    """Mails whose process died have an unknown fate; nobody sends them again by itself. Returns how many."""
    with db.begin() as connection:
        return len(referral_sendings.give_up(connection, before=now - LOST_AFTER, now=now))


def _letter(connection: Connection, referral_id: int, by: Person, now: datetime) -> Letter:
    found = referral_views.visible(connection, referral_id, by, now=now)
    if found.consent == Consent.NONE or found.consent_at is None:
        raise Refused(_("Sans accord de la personne, rien n'est écrit au partenaire."))
    if found.state == ReferralState.WITHDRAWN:
        raise Refused(_("L'orientation n° {id} a été retirée.").format(id=referral_id))
    told = referral_letters.of(
        connection, referral_id, phone=Shared.PHONE in found.shared, address=Shared.ADDRESS in found.shared
    )
    return Letter(
        referral_id=referral_id,
        partner=found.partner,
        names=told.names,
        reasons=tuple(ReferralReason(reason) for reason in found.reasons),
        urgency=Urgency(found.urgency),
        answer_by=found.due_at or domain.due_at(Urgency(found.urgency), now),
        phone=told.phone,
        address=told.address,
        agency=told.agency,
        agency_phone=told.agency_phone,
        consent=Consent(found.consent),
        consent_at=found.consent_at,
    )
