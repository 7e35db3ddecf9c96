"""The directory of partners: who there is and where, kept by operators, read by everybody who refers."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain import partners as domain
from worker.domain.errors import NotFilledIn
from worker.domain.partners import PartnerKind, Place
from worker.domain.roles import Right
from worker.i18n import _
from worker.services import partnering
from worker.store.partners import Entry
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.parts import Parts

LISTS = ("communes", "postcodes", "insee_codes")
WORDS = ("name", "phone", "email", "hours", "out_of_hours")


def routes(parts: Parts) -> list[BaseRoute]:
    keep = Right.KEEP_PARTNERS
    return [
        visits.route(parts, "/partners", listed, right=Right.REFER),
        visits.route(parts, "/partners/new", blank, right=keep),
        visits.route(parts, "/partners/new", add, right=keep, posts=True),
        visits.route(parts, "/partners/{id}", show, right=keep),
        visits.route(parts, "/partners/{id}", change, right=keep, posts=True),
        visits.route(parts, "/partners/{id}/close", close, right=keep, posts=True),
        visits.route(parts, "/partners/{id}/reopen", reopen, right=keep, posts=True),
    ]


def listed(visit: Visit) -> Response:
    """Everybody, or those who serve a commune or postcode."""
    where = visit.request.query_params.get("where", "").strip()[:80]
    known = partnering.listed(visit.parts.db)
    if where:
        place = Place(where, where, where)  # whichever of the three it is
        known = [partner for partner in known if domain.serves(partner, place)]
    return visit.page("partners.html", partners=known, where=where, may_keep=visit.me.may(Right.KEEP_PARTNERS))


def blank(visit: Visit) -> Response:
    """An empty form."""
    return _form(visit, None)


def show(visit: Visit) -> Response:
    """What is known of one partner, to be changed."""
    return _form(visit, visit.id())


def add(visit: Visit) -> Response:
    try:
        partnering.add(visit.parts.db, _entry(visit), by=visit.me, now=visit.now)
    except NotFilledIn as wrong:
        return _form(visit, None, errors=wrong.fields)
    return visits.see("/partners")


def change(visit: Visit) -> Response:
    try:
        partnering.change(visit.parts.db, visit.id(), _entry(visit), by=visit.me, now=visit.now)
    except NotFilledIn as wrong:
        return _form(visit, visit.id(), errors=wrong.fields)
    return visits.see("/partners")


def close(visit: Visit) -> Response:
    """Is not offered any more."""
    partnering.close(visit.parts.db, visit.id(), by=visit.me, now=visit.now)
    return visits.see("/partners")


def reopen(visit: Visit) -> Response:
    partnering.reopen(visit.parts.db, visit.id(), by=visit.me, now=visit.now)
    return visits.see("/partners")


def _form(visit: Visit, partner_id: int | None, *, errors: Mapping[str, str] | None = None) -> Response:
    held = None if partner_id is None else partnering.get(visit.parts.db, partner_id)
    known = partnering.entry_of(held) if held else Entry(PartnerKind.CCAS, "")
    values = {name: getattr(known, name) for name in WORDS} | {n: "\n".join(getattr(known, n)) for n in LISTS}
    values |= {"kind": str(known.kind), "email_ok": known.email_ok}
    if visit.form:  # what was typed comes back with what is wrong with it
        values |= {name: visit.said(name) for name in (*WORDS, *LISTS, "kind")}
        values["email_ok"] = bool(visit.said("email_ok"))
    answer = visit.page("partner.html", partner=held, values=values, kinds=list(PartnerKind), errors=errors or {})
    answer.status_code = 422 if errors else 200
    return answer


def _entry(visit: Visit) -> Entry:
    try:
        kind = PartnerKind(visit.said("kind"))
    except ValueError:
        raise NotFilledIn({"kind": _("Choisissez ce qu'il est.")}) from None
    return Entry(
        kind=kind,
        name=visit.said("name"),
        phone=visit.said("phone"),
        email=visit.said("email"),
        email_ok=bool(visit.said("email_ok")),
        hours=visit.said("hours"),
        out_of_hours=visit.said("out_of_hours"),
        insee_codes=_lines(visit, "insee_codes"),
        postcodes=_lines(visit, "postcodes"),
        communes=_lines(visit, "communes"),
    )


def _lines(visit: Visit, name: str) -> tuple[str, ...]:
    return tuple(line for written in visit.said(name).splitlines() for line in written.split(",") if line.strip())
