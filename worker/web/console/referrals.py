"""Needs handed to partners: the list by deadline, one referral with its moves, and a new one from a household."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import CourtoisieError, NotFilledIn, NotFound, Refused
from worker.domain.outcomes import OutcomeCode
from worker.domain.partners import Partner, Place
from worker.domain.referrals import (
    BY_THEMSELVES,
    OPEN_STATES,
    Consent,
    ReferralReason,
    ReferralState,
    SendingOutcome,
    Shared,
    Urgency,
    Via,
    of_needs,
)
from worker.domain.roles import Right
from worker.i18n import _
from worker.mail import Mailer
from worker.paper import referral_pdf
from worker.paper import referrals as on_paper
from worker.services import auditing, files, partnering, referral_mail, referring
from worker.services.auditing import Action
from worker.services.referring import Agreed, Need, Whole
from worker.store.histories import Home
from worker.store.referral_needs import Heard
from worker.store.referrals import Referral
from worker.web import pages
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

MAILED: Mapping[SendingOutcome, Notice] = {
    SendingOutcome.DONE: Notice(_("E-mail parti : le délai du partenaire court."), "good"),
    SendingOutcome.REFUSED: Notice(_("L'e-mail n'est pas parti. Téléphonez, ou imprimez le formulaire."), "danger"),
    SendingOutcome.UNKNOWN: Notice(
        _("L'e-mail est peut-être parti : demandez au partenaire. Il ne sera pas renvoyé de lui-même."), "warn"
    ),
}
# After these, somebody needs something.
NEEDY = frozenset({OutcomeCode.REACHED_NEED, OutcomeCode.REACHED_URGENT})


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
        visits.route(parts, "/households/{id}/refer", new, right=refer),
        visits.route(parts, "/households/{id}/refer", add, right=refer, posts=True),
    ]


def listed(visit: Visit) -> Response:
    """Open referrals by deadline, and those that ended lately."""
    running = referring.board(visit.parts.db, visit.me)
    ended = [r for r in referring.page(visit.parts.db, visit.me, limit=100) if r.closed_at is not None]
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "referral", [r.id for r in running], now=visit.now)
    return visit.page("referrals.html", running=running, ended=ended[:30])


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
        referring.consent(visit.parts.db, visit.id(), _agreed(visit), by=visit.me, now=visit.now)
    except (NotFilledIn, ValueError) as wrong:
        return _show(visit, errors=_fields(wrong), status=422)
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
        return _show(visit, errors=_fields(wrong), status=422)
    return visits.see(f"/referrals/{visit.id()}")


# ---- a new one ------------------------------------------------------------------


def new(visit: Visit) -> Response:
    """What does the household need, who helps there, and does the person agree?"""
    return _new(visit, _home(visit), _heard(visit, visit.request.query_params.get("task", "")))


def add(visit: Visit) -> Response:
    """A referral, with its consent where it was given."""
    home, heard = _home(visit), _heard(visit, visit.said("task"))
    try:
        made = _made(visit, home, heard)
    except (NotFilledIn, ValueError) as wrong:
        return _new(visit, home, heard, errors=_fields(wrong), status=422)
    except Refused as refused:
        return _new(visit, home, heard, Notice(str(refused), "danger"), status=409)
    return visits.see(f"/referrals/{made}")


def _made(visit: Visit, home: Home, heard: "Proposal | None") -> int:
    agreed = _agreed(visit)
    if agreed.how is Consent.WAIVED and not agreed.waiver:
        raise NotFilledIn({"waiver": _("Dites quel danger vital dispense de l'accord.")})
    need = Need(
        household_id=home.id,
        partner_id=_number(visit, "partner", _("Choisissez un partenaire.")),
        reasons=tuple(ReferralReason(code) for code in visit.all_said("reason")),
        urgency=Urgency(visit.said("urgency")) if visit.said("urgency") else None,
        task_id=heard.task_id if heard else None,
        tenant_id=_number(visit, "tenant", "") if visit.said("tenant") else None,
        shared=agreed.shared,
    )
    made = referring.draft(visit.parts.db, need, by=visit.me, now=visit.now)
    if agreed.how is not Consent.NONE:
        referring.consent(visit.parts.db, made, agreed, by=visit.me, now=visit.now)
    return made


def _new(
    visit: Visit,
    home: Home,
    heard: "Proposal | None",
    *notices: Notice,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    reasons = heard.reasons if heard else ()
    asked = heard.heard.consent if heard else ""
    chosen = {name: visit.all_said(name) for name in visit.form}
    answer = visit.page(
        "referral_new.html",
        *notices,
        home=home,
        task=heard.task_id if heard else "",
        partners=there(visit, home, reasons),
        reasons=list(ReferralReason),
        urgencies=list(Urgency),
        chosen={
            "reason": chosen.get("reason", [str(reason) for reason in reasons]),
            "partner": chosen.get("partner", [""])[0],
            "urgency": chosen.get("urgency", [""])[0],
            "tenant": chosen.get("tenant", [""])[0],
            "consent": chosen.get("consent", [{"yes": "verbal"}.get(asked, "none")])[0],
            "waiver": chosen.get("waiver", [""])[0],
            "shared": chosen.get("shared", [str(Shared.PHONE)]) if not visit.form else chosen.get("shared", []),
        },
        errors=errors or {},
    )
    answer.status_code = status
    return answer


# ---- what other pages show --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call that ended with a need: what it was, for a referral."""

    task_id: int
    heard: Heard
    reasons: tuple[ReferralReason, ...]


def proposal(visit: Visit, task: str) -> Proposal | None:
    """The referral to propose after a call of this person's; None where nothing was needed."""
    found = _heard(visit, task)
    return found if found is not None and found.heard.code in NEEDY else None


def there(visit: Visit, home: Home, reasons: Sequence[ReferralReason] = ()) -> list[Partner]:
    """The partners who serve the household's place, those who help with its needs first."""
    place = Place(home.insee_code, home.postcode, home.commune)
    return partnering.suggested(visit.parts.db, place, reasons)


def around(visit: Visit, home: Home) -> dict[str, Any]:
    """What a household's page or card shows of referrals: its own, and the partners of the place."""
    own = referring.page(visit.parts.db, visit.me, household=home.id, limit=20)
    return {"own_referrals": own, "partners": there(visit, home), "telephones": _telephones(visit, own)}


def _telephones(visit: Visit, own: Sequence[Referral]) -> dict[int, str]:
    known = {p.id: p.phone for p in partnering.listed(visit.parts.db)} if own else {}
    return {referral.partner_id: known.get(referral.partner_id, "") for referral in own}


def _heard(visit: Visit, task: str) -> Proposal | None:
    """What was heard in a call, if the household is theirs to see."""
    if not (task.isascii() and task.isdigit() and len(task) < 18):
        return None
    found = referring.heard(visit.parts.db, int(task), by=visit.me, now=visit.now)
    return None if found is None else Proposal(int(task), found, of_needs(found.needs))


def _home(visit: Visit) -> Home:
    home = files.home(visit.parts.db, visit.id(), now=visit.now)
    if home is None or not visit.me.sees(home.agency):
        raise NotFound(_("Aucun foyer n° {id}.").format(id=visit.id()))
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "household", [home.id], now=visit.now)
    return home


def _show(visit: Visit, *notices: Notice, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    whole = referring.show(visit.parts.db, visit.id(), by=visit.me, now=visit.now)
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
        errors=errors or {},
    )
    answer.status_code = status
    return answer


def _answers(whole: Whole) -> list[ReferralState]:
    """What may be said of the partner now; the consent and the hand-over have buttons of their own."""
    return [state for state in whole.may_become if state not in BY_THEMSELVES]


def _mailed(whole: Whole) -> bool:
    return any(s.via == Via.EMAIL and s.outcome != SendingOutcome.REFUSED for s in whole.sendings)


def _agreed(visit: Visit) -> Agreed:
    how = Consent(visit.said("consent") or Consent.NONE)
    return Agreed(how, visit.said("waiver"), tuple(Shared(code) for code in visit.all_said("shared")))


def _number(visit: Visit, name: str, missing: str) -> int:
    said = visit.said(name)
    if not (said.isascii() and said.isdigit() and len(said) < 18):
        raise NotFilledIn({name: missing})
    return int(said)


def _fields(wrong: Exception) -> Mapping[str, str]:
    """What is wrong with which field; a value that no list has comes from a page that is older than we are."""
    if isinstance(wrong, NotFilledIn):
        return wrong.fields
    if isinstance(wrong, CourtoisieError):
        return {"": str(wrong)}
    return {"": _("Une réponse n'est pas une de celles qui sont proposées : rechargez la page.")}
