"""A need becomes a referral: what the desk proposes after a call, what a card shows of referrals, and the form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import NotFilledIn, Refused
from worker.domain.outcomes import OutcomeCode
from worker.domain.partners import Partner, Place
from worker.domain.referrals import Consent, ReferralReason, Shared, Urgency, of_needs
from worker.domain.roles import Right
from worker.i18n import _
from worker.services import partnering, referral_views, referring
from worker.services.referring import Need
from worker.store.histories import Home
from worker.store.referral_needs import Heard
from worker.store.referrals import Referral
from worker.web.console import referrals
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

# After these, somebody needs something.
NEEDY = frozenset({OutcomeCode.REACHED_NEED, OutcomeCode.REACHED_URGENT})


def routes(parts: Parts) -> list[BaseRoute]:
    refer = Right.REFER
    return [
        visits.route(parts, "/households/{id}/refer", new, right=refer),
        visits.route(parts, "/households/{id}/refer", add, right=refer, posts=True, too_late=_where_typed),
    ]


def new(visit: Visit) -> Response:
    """What does the household need, who helps there, and does the person agree?"""
    return _new(visit, _home(visit), _heard(visit, visit.request.query_params.get("task", "")))


def add(visit: Visit) -> Response:
    """A referral, with its consent where it was given."""
    home, heard = _home(visit), _heard(visit, visit.said("task"))
    try:
        made = _made(visit, home, heard)
    except (NotFilledIn, ValueError) as wrong:
        return _new(visit, home, heard, errors=referrals.fields(wrong), status=422)
    except Refused as refused:
        return _new(visit, home, heard, Notice(str(refused), "danger"), status=409)
    return visits.see(f"/referrals/{made}")


def _where_typed(_parts: Parts, _account: int, late: visits.Late) -> str:
    """The form again, into which the browser puts what it has kept."""
    task = str(late.form.get("task", ""))
    if not (late.id.isascii() and late.id.isdigit()):
        return "/desk"
    return f"/households/{late.id}/refer" + (f"?task={task}" if task.isascii() and task.isdigit() else "")


def _made(visit: Visit, home: Home, heard: "Proposal | None") -> int:
    agreed = referrals.agreed(visit)
    need = Need(
        household_id=home.id,
        partner_id=_number(visit, "partner", _("Choisissez un partenaire.")),
        reasons=tuple(ReferralReason(code) for code in visit.all_said("reason")),
        urgency=Urgency(visit.said("urgency")) if visit.said("urgency") else None,
        task_id=heard.task_id if heard else None,
        tenant_id=_number(visit, "tenant", "") if visit.said("tenant") else None,
        shared=agreed.shared,
    )
    word = None if agreed.how is Consent.NONE else agreed
    return referring.draft(visit.parts.db, need, agreed=word, by=visit.me, now=visit.now)


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
        fresh=not visit.form,
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
    own = referral_views.of_household(visit.parts.db, home.id, limit=20)
    return {"own_referrals": own, "partners": there(visit, home), "telephones": _telephones(visit, own)}


def _telephones(visit: Visit, own: Sequence[Referral]) -> dict[int, str]:
    known = {p.id: p.phone for p in partnering.listed(visit.parts.db)} if own else {}
    return {referral.partner_id: known.get(referral.partner_id, "") for referral in own}


def _heard(visit: Visit, task: str) -> Proposal | None:
    """What was heard in a call, if the household is theirs to see."""
    if not (task.isascii() and task.isdigit() and len(task) < 18):
        return None
    found = referral_views.heard(visit.parts.db, int(task), by=visit.me, now=visit.now)
    return None if found is None else Proposal(int(task), found, of_needs(found.needs))


def _home(visit: Visit) -> Home:
    return referral_views.home_of(visit.parts.db, visit.id(), by=visit.me, now=visit.now)


def _number(visit: Visit, name: str, missing: str) -> int:
    said = visit.said(name)
    if not (said.isascii() and said.isdigit() and len(said) < 18):
        raise NotFilledIn({name: missing})
    return int(said)
