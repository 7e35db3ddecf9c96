"""Referrals: made with consent, handed over once, followed until somebody has helped or the household knows why not."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from worker.domain import referrals as domain
from worker.domain.errors import NotFilledIn, NotFound, Refused
from worker.domain.referrals import OPEN_STATES, Consent, ReferralReason, ReferralState, Shared, Urgency, Via
from worker.domain.roles import Person
from worker.i18n import _
from worker.labels import label
from worker.services import auditing, partnering, referral_texts, referral_views
from worker.services.auditing import Action
from worker.services.desk import Desk
from worker.store import histories, people
from worker.store import referral_sendings as sendings
from worker.store import referrals as rows
from worker.store.database import Connection, Database
from worker.store.referrals import Change, Row

log = structlog.get_logger()

WORDS_MOST = 300


@dataclass(frozen=True, slots=True)
class Need:
    """What a household needs, and from whom. urgency None: what the reasons usually ask for.

    task_id: the call in which it was heard. tenant_id: whose need it is, None: the household's. shared: what the
    partner may be told beside the name and the need.
    """

    household_id: int
    partner_id: int
    reasons: tuple[ReferralReason, ...]
    urgency: Urgency | None = None
    task_id: int | None = None
    tenant_id: int | None = None
    shared: tuple[Shared, ...] = (Shared.PHONE,)


@dataclass(frozen=True, slots=True)
class Agreed:
    """How the person agreed. waiver: why nobody could be asked, for vital danger alone."""

    how: Consent
    waiver: str = ""
    shared: tuple[Shared, ...] = (Shared.PHONE,)


# ---- making one ---------------------------------------------------------------


def draft(db: Database, need: Need, *, agreed: Agreed | None = None, by: Person, now: datetime) -> int:
    """A new referral's id; nothing leaves yet. agreed: with the person's word where it was given, or not at all.

    Raises NotFound, NotFilledIn; Refused for a household that is gone or wants nothing more, and when the same need is
    with this partner already.
    """
    if not need.reasons:
        raise NotFilledIn({"reasons": _("Dites au moins un besoin.")})
    if agreed is not None:
        _check_agreement(agreed)
    urgency = need.urgency or domain.urgency_for(need.reasons)
    check = domain.first_check(ReferralState.DRAFT, urgency, now=now)
    assert check is not None  # noqa: S101  # a draft is open

    def work(connection: Connection) -> int:
        people.lock(connection, [need.household_id])
        _refuse_absent(connection, need, by, now)
        partnering.refuse_closed(partnering.found(connection, need.partner_id))
        new = rows.NewReferral(
            household_id=need.household_id,
            partner_id=need.partner_id,
            task_id=need.task_id,
            tenant_id=need.tenant_id,
            reasons=tuple(need.reasons),
            urgency=urgency,
            shared=tuple(need.shared),
            by=by.login,
            next_check=check,
        )
        made = rows.add(connection, new, now=now)
        if made is None:
            _refuse_second(connection, need)
            raise Refused(_("Cette orientation n'a pas pu être faite : recommencez."))
        rows.note_move(connection, made, state=ReferralState.DRAFT, by=by.login, now=now)
        auditing.note(connection, by, Action.REFERRED, "household", [need.household_id], now=now)
        auditing.note(connection, by, Action.EDITED, "referral", [made], now=now)
        if agreed is not None:
            _agree(connection, rows.lock(connection, made), agreed, by=by, now=now)
        return made

    made = db.run(work)
    log.info("referral_drafted", referral_id=made)
    return made


def _refuse_absent(connection: Connection, need: Need, by: Person, now: datetime) -> None:
    home = histories.home(connection, need.household_id, now=now)
    if home is None or not referral_views.is_theirs(connection, home.id, home.agency, by, now=now):
        raise NotFound(_("Aucun foyer n° {id}.").format(id=need.household_id))
    if home.gone_at is not None:
        raise Refused(_("Le foyer n° {id} a quitté le logement.").format(id=need.household_id))
    if rows.refuses_all(connection, need.household_id):
        raise Refused(
            _("Ce foyer ne veut plus être contacté : il ne pourrait pas être rappelé. Levez d'abord son refus.")
        )
    if need.tenant_id is not None and need.tenant_id not in {t["id"] for t in home.tenants or []}:
        raise NotFilledIn({"tenant": _("Cette personne n'habite pas ce foyer.")})
    if need.task_id is not None and rows.household_of_task(connection, need.task_id) != need.household_id:
        raise NotFilledIn({"task": _("Cet appel n'est pas celui de ce foyer.")})


def _refuse_second(connection: Connection, need: Need) -> None:
    there = rows.open_one(connection, need.household_id, need.partner_id)
    if there is not None:
        raise Refused(
            _("Une orientation vers ce partenaire est déjà en cours pour ce foyer : n° {id}.").format(id=there)
        )


def consent(db: Database, referral_id: int, agreed: Agreed, *, by: Person, now: datetime) -> None:
    """The person agreed, or is in danger and could not be asked. Raises NotFound, NotFilledIn, Refused."""
    _check_agreement(agreed)
    db.run(lambda c: _agree(c, locked(c, referral_id, by, now=now), agreed, by=by, now=now))


def _check_agreement(agreed: Agreed) -> None:
    if agreed.how is Consent.NONE:
        raise NotFilledIn({"consent": _("Sans accord, rien ne part : demandez-le, ou retirez l'orientation.")})
    if agreed.how is Consent.WAIVED and not agreed.waiver.strip():
        raise NotFilledIn({"waiver": _("Dites quel danger vital dispense de l'accord.")})
    _check_words("waiver", agreed.waiver.strip())


def _agree(connection: Connection, row: Row, agreed: Agreed, *, by: Person, now: datetime) -> None:
    _refuse_move(row, ReferralState.CONSENTED)
    rows.consent(
        connection,
        row.id,
        consent=agreed.how,
        waiver=agreed.waiver.strip() if agreed.how is Consent.WAIVED else "",
        shared=agreed.shared,
        by=by.login,
        now=now,
    )
    _move(connection, row, _plain(row, ReferralState.CONSENTED, by=by, now=now), by=by, now=now)


# ---- handing it over, and after ----------------------------------------------


def hand_over(db: Database, referral_id: int, via: Via, *, by: Person, desk: Desk, now: datetime) -> None:
    """A person told the partner, by telephone or on paper. Raises NotFound; Refused without consent, or twice."""
    if via is Via.EMAIL:
        raise Refused(_("Un e-mail se note quand il part."))

    def work(connection: Connection) -> None:
        row = locked(connection, referral_id, by, now=now)
        sent(connection, row, via, by=by, desk=desk, now=now)
        sendings.note(connection, referral_id, via=via, by=by.login, now=now)

    db.run(work)
    log.info("referral_sent", referral_id=referral_id, via=str(via))


def sent(connection: Connection, row: Row, via: Via, *, by: Person, desk: Desk, now: datetime) -> None:
    """The partner has it: its delay runs, the household is told by text, and rung back later. Raises Refused."""
    _refuse_move(row, ReferralState.SENT)
    change = Change(
        old=row.state,
        state=ReferralState.SENT,
        by=by.login,
        next_check=domain.first_check(ReferralState.SENT, Urgency(row.urgency), now=now),
        ring_back_at=desk.next_morning(now, urgent=False),
        sent_at=now,
        due_at=domain.due_at(Urgency(row.urgency), now),
        contact_used=via,
    )
    _move(connection, row, change, by=by, now=now)
    referral_texts.tell(connection, row.id, desk=desk, now=now)


def move(
    db: Database, referral_id: int, to: ReferralState, *, note: str = "", by: Person, desk: Desk, now: datetime
) -> None:
    """What the partner did, or that it is withdrawn. Raises NotFound; Refused for a move that the table has not."""
    words = note.strip()
    _check_words("note", words)
    if to in domain.BY_THEMSELVES:
        raise Refused(_("L'accord et l'envoi se notent par leurs propres commandes."))

    def work(connection: Connection) -> None:
        row = locked(connection, referral_id, by, now=now)
        _refuse_move(row, to)
        _move(connection, row, _plain(row, to, by=by, note=words, desk=desk, now=now), by=by, now=now)

    db.run(work)
    log.info("referral_moved", referral_id=referral_id, state=str(to))


def _plain(
    row: Row, to: ReferralState, *, by: Person, note: str = "", desk: Desk | None = None, now: datetime
) -> Change:
    return Change(
        old=row.state,
        state=to,
        by=by.login,
        note=note,
        next_check=domain.first_check(to, Urgency(row.urgency), now=now),
        ring_back_at=_ring_back(row, to, desk, now),
        acknowledged_at=now if to in domain.TAKEN_UP else None,
        closed_at=None if to in OPEN_STATES else now,
    )


def _ring_back(row: Row, to: ReferralState, desk: Desk | None, now: datetime) -> datetime | None:
    """Who was helped is asked on a later day whether it is so; whom nobody helps is rung at once."""
    if to in domain.UNHELPED:
        return now
    if to is ReferralState.SOLVED and desk is not None:
        return desk.next_morning(now, urgent=False)
    return None if to is ReferralState.WITHDRAWN else row.ring_back_at


def _move(connection: Connection, row: Row, change: Change, *, by: Person, now: datetime) -> None:
    if not rows.move(connection, row.id, change, now=now):
        raise Refused(_("L'orientation n° {id} a changé entre-temps : rouvrez-la.").format(id=row.id))
    auditing.note(connection, by, Action.EDITED, "referral", [row.id], now=now)


def locked(connection: Connection, referral_id: int, by: Person, *, now: datetime) -> Row:
    """The referral with its household locked first, as everywhere. Raises NotFound."""
    referral_views.visible(connection, referral_id, by, now=now)
    household = rows.household_of(connection, referral_id)
    assert household is not None  # noqa: S101  # it has just been seen, and rows are never deleted
    people.lock(connection, [household])
    return rows.lock(connection, referral_id)


def _refuse_move(row: Row, to: ReferralState) -> None:
    if not domain.may_move(ReferralState(row.state), to):
        raise Refused(
            _("L'orientation n° {id} est à l'état « {old} » : elle ne peut pas passer à « {new} ».").format(
                id=row.id, old=label(row.state), new=label(to)
            )
        )


def _check_words(field: str, words: str) -> None:
    if len(words) > WORDS_MOST:
        raise NotFilledIn({field: _("C'est trop long : {most} signes au plus.").format(most=WORDS_MOST)})
