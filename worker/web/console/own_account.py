"""A person's own account: the name said on the telephone, password, one-time codes, and where they are signed in."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import NotFilledIn, NotFound, Refused, TooManyTries
from worker.domain.roles import Right
from worker.i18n import _
from worker.paper import qr_codes
from worker.services import signing_in, staffing
from worker.services.staffing import Codes
from worker.web.console import cookies
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts


def routes(parts: Parts) -> list[BaseRoute]:
    own = Right.SEE_TASKS
    changes = {
        "/me": rename,
        "/me/password": change_password,
        "/me/codes": start_codes,
        "/me/codes/confirm": confirm_codes,
        "/me/codes/off": stop_codes,
        "/me/sessions/{id}/end": end_session,
        "/me/sessions/end": end_others,
    }
    return [
        visits.route(parts, "/me", me, right=own),
        *(visits.route(parts, path, change, right=own, posts=True) for path, change in changes.items()),
    ]


def me(visit: Visit) -> Response:
    """All of it on one page."""
    return _show(visit)


def rename(visit: Visit) -> Response:
    """Another name to say on the telephone."""
    try:
        staffing.set_name(visit.parts.db, visit.me.login, visit.said("name"), by=visit.me, now=visit.now)
    except Refused as refused:
        return _show(visit, errors={"name": str(refused)})
    return visits.see("/desk")


def change_password(visit: Visit) -> Response:
    """The old one is asked for: an open screen must not be enough. Every other session ends."""
    try:
        _prove(visit, "old")
        signing_in.change_password(visit.parts.db, visit.me, _typed(visit, "new"), now=visit.now)
    except TooManyTries:
        raise
    except NotFilledIn as wrong:
        return _show(visit, errors=wrong.fields)
    except Refused as refused:
        return _show(visit, errors={"new": str(refused)})
    return _show(visit, Notice(_("Mot de passe changé ; vos autres sessions sont fermées.")))


def start_codes(visit: Visit) -> Response:
    """A secret for the authenticator application, shown this once; nothing changes before its first code."""
    try:
        _prove(visit, "codes_password")
    except NotFilledIn as wrong:
        return _show(visit, errors=wrong.fields)
    issuer = visit.program.settings.landlord.name
    codes = staffing.start_codes(
        visit.parts.db, visit.me.login, rules=cookies.rules(visit.parts), issuer=issuer, by=visit.me, now=visit.now
    )
    return _show(visit, codes=codes)


def confirm_codes(visit: Visit) -> Response:
    """The application shows the right codes: from now on they are asked for."""
    try:
        staffing.confirm_codes(
            visit.parts.db, visit.me.login, visit.said("code"), rules=cookies.rules(visit.parts), now=visit.now
        )
    except Refused as refused:
        return _show(visit, errors={"code": str(refused)}, started=True)
    return _show(visit, Notice(_("Un code sera demandé à chaque connexion.")))


def stop_codes(visit: Visit) -> Response:
    """No codes any more."""
    try:
        _prove(visit, "codes_password")
    except NotFilledIn as wrong:
        return _show(visit, errors=wrong.fields)
    staffing.stop_codes(visit.parts.db, visit.me.login, by=visit.me, now=visit.now)
    return _show(visit, Notice(_("Aucun code ne sera plus demandé.")))


def end_session(visit: Visit) -> Response:
    """Signs out one other window. A session of somebody else does not exist."""
    if not signing_in.end(visit.parts.db, visit.me, visit.id(), now=visit.now):
        raise NotFound(_("Cette session n'est pas la vôtre, ou elle est déjà fermée."))
    return _show(visit, Notice(_("Session fermée.")))


def end_others(visit: Visit) -> Response:
    """Signs out everywhere but here."""
    signing_in.end_others(visit.parts.db, visit.me, now=visit.now)
    return _show(visit, Notice(_("Vos autres sessions sont fermées.")))


def _prove(visit: Visit, field: str) -> None:
    signing_in.prove(visit.parts.db, visit.me, _typed(visit, field), field=field, now=visit.now)


def _typed(visit: Visit, name: str) -> str:
    """A password as typed, spaces and all."""
    value = visit.form.get(name)
    return value if isinstance(value, str) else ""


def _show(
    visit: Visit,
    *notices: Notice,
    errors: Mapping[str, str] | None = None,
    codes: Codes | None = None,
    started: bool = False,
) -> Response:
    own = staffing.find(visit.parts.db, visit.me.login)
    answer = visit.page(
        "me.html",
        *notices,
        called=visit.said("name") or visit.me.name,
        errors=errors or {},
        codes=codes,
        qr=qr_codes.drawing,
        started=started or codes is not None,
        asks_code=own.asks_code,
        has_password=own.password_hash is not None and visit.program.settings.oidc.passwords_allowed,
        sessions=signing_in.alive(visit.parts.db, visit.me, rules=cookies.rules(visit.parts), now=visit.now),
        here=signing_in.session_of(visit.me),
    )
    answer.status_code = 422 if errors else 200
    return answer
