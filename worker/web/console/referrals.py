"""Needs handed to partners: the list by deadline, and one referral with its moves. needs.py makes new ones."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import CourtoisieError, NotFilledIn, Refused
from worker.domain.referrals import (
    BY_THEMSELVES,
    OPEN_STATES,
    Consent,
    ReferralState,
    SendingOutcome,
    Shared,
    Via,
)
from worker.domain.roles import Right
from worker.i18n import _
from worker.mail import Mailer
from worker.paper import referral_pdf
from worker.paper import referrals as on_paper
from worker.services import auditing, partnering, referral_mail, referral_views, referring
from worker.services.auditing import Action
from worker.services.referral_views import Whole
from worker.services.referring import Agreed
from worker.web import pages
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

ENDED_MOST = 30
MAILED: Mapping[SendingOutcome, Notice] = {
    SendingOutcome.DONE: Notice(_("E-mail parti : le délai du partenaire court."), "good"),
    SendingOutcome.REFUSED: Notice(_("L'e-mail n'est pas parti. Téléphonez, ou imprimez le formulaire."), "danger"),
    SendingOutcome.UNKNOWN: Notice(
        _("L'e-mail est peut-être parti : demandez au partenaire. Il ne sera pas renvoyé de lui-même."), "warn"
    ),
}


def routes(parts: Parts) -> list[BaseRoute]:
    refer = Right.REFER
    return [
        visits.route(parts, "/referrals", listed, right=refer),
        visits.route(parts, "/referrals/{id}", show, right=refer),
        visits.route(parts, "/referrals/{id}/form", form, right=refer),
        visits.route(parts, "/referrals/{id}/form.pdf", form_pdf, right=refer),
        visits.route(parts, "/referrals/{id}/consent", consent, right=refer, posts=True),
        visits.route(parts, "/referrals/{id}/sent", sent, right=refer, posts=True),
        visits.route(parts, "/referrals/{id}/mail", mail, right=refer, posts=True),
        visits.route(parts, "/referrals/{id}/move", move, right=refer, posts=True),
    ]


def listed(visit: Visit) -> Response:
    """Open referrals by deadline, and those that ended lately."""
    running = referral_views.board(visit.parts.db, visit.me)
    lately = referral_views.page(visit.parts.db, visit.me, limit=100)
    ended = [r for r in lately if r.closed_at is not None][:ENDED_MOST]
    shown = [r.id for r in (*running, *ended)]
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "referral", shown, now=visit.now)
    return visit.page("referrals.html", running=running, ended=ended)


def show(visit: Visit) -> Response:
    """One referral: where it stands, and what may be done now."""
    return _show(visit)


def form(visit: Visit) -> Response:
    """The form for the partner, to print."""
    letter = referral_mail.letter(visit.parts.db, visit.id(), by=visit.me, now=visit.now)
    return pages.printed(on_paper.page(letter, visit.program.settings, now=visit.now))


def form_pdf(visit: Visit) -> Response:
    """The same as a PDF."""
    letter = referral_mail.letter(visit.parts.db, visit.id(), by=visit.me, now=visit.now)
    return Response(
        referral_pdf.form(letter, visit.program.settings, now=visit.now),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="demande-{letter.referral_id}.pdf"'},
    )


def consent(visit: Visit) -> Response:
    """Who agreed to what."""
    try:
        referring.consent(visit.parts.db, visit.id(), agreed(visit), by=visit.me, now=visit.now)
    except (NotFilledIn, ValueError) as wrong:
        return _show(visit, errors=fields(wrong), status=422)
    except Refused as refused:
        return _show(visit, Notice(str(refused), "danger"), status=409)
    return visits.see(f"/referrals/{visit.id()}")


def sent(visit: Visit) -> Response:
    """The partner was told by a person."""
    via = Via.PAPER if visit.said("via") == Via.PAPER else Via.PHONE
    referring.hand_over(visit.parts.db, visit.id(), via, by=visit.me, desk=visit.program.desk, now=visit.now)
    return visits.see(f"/referrals/{visit.id()}")


def mail(visit: Visit) -> Response:
    """The form by e-mail, once; what became of it is said, and paper is still there."""
    settings = visit.program.settings
    outcome = referral_mail.send(
        visit.parts.db,
        Mailer(settings.smtp, visit.parts.clock),
        visit.id(),
        lambda letter, to: on_paper.mail(letter, to, settings),
        by=visit.me,
        desk=visit.program.desk,
        now=visit.now,
    )
    return _show(visit, MAILED[outcome])


def move(visit: Visit) -> Response:
    """What the partner did."""
    try:
        to = ReferralState(visit.said("to"))
        note, desk = visit.said("note"), visit.program.desk
        referring.move(visit.parts.db, visit.id(), to, note=note, by=visit.me, desk=desk, now=visit.now)
    except (NotFilledIn, ValueError) as wrong:
        return _show(visit, errors=fields(wrong), status=422)
    except Refused as refused:
        return _show(visit, Notice(str(refused), "danger"), status=409)
    return visits.see(f"/referrals/{visit.id()}")


def _show(visit: Visit, *notices: Notice, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    whole = referral_views.show(visit.parts.db, visit.id(), by=visit.me, now=visit.now)
    partner = partnering.get(visit.parts.db, whole.referral.partner_id)
    mailer = Mailer(visit.program.settings.smtp, visit.parts.clock)
    answer = visit.page(
        "referral.html",
        *notices,
        referral=whole.referral,
        partner=partner,
        moves=whole.moves,
        sendings=whole.sendings,
        answers=_answers(whole),
        is_open=whole.referral.state in OPEN_STATES,
        may_mail=mailer.is_on and partner.takes_email and not _mailed(whole),
        said=visit.said,
        sees_home=visit.me.sees(whole.referral.agency),
        errors=errors or {},
    )
    answer.status_code = status
    return answer


def _answers(whole: Whole) -> list[ReferralState]:
    """What may be said of the partner now; the consent and the hand-over have buttons of their own."""
    return [state for state in whole.may_become if state not in BY_THEMSELVES]


def _mailed(whole: Whole) -> bool:
    return any(s.via == Via.EMAIL and s.outcome != SendingOutcome.REFUSED for s in whole.sendings)


def agreed(visit: Visit) -> Agreed:
    how = Consent(visit.said("consent") or Consent.NONE)
    return Agreed(how, visit.said("waiver"), tuple(Shared(code) for code in visit.all_said("shared")))


def fields(wrong: Exception) -> Mapping[str, str]:
    """What is wrong with which field; a value that no list has comes from a page that is older than we are."""
    if isinstance(wrong, NotFilledIn):
        return wrong.fields
    if isinstance(wrong, CourtoisieError):
        return {"": str(wrong)}
    return {"": _("Une réponse n'est pas une de celles qui sont proposées : rechargez la page.")}
