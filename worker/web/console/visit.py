"""One request to the console: who asks, what their form says, and the frame around the page that answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.domain.errors import (
    CourtoisieError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    TooManyTries,
    Unavailable,
)
from worker.domain.roles import Person, Right
from worker.i18n import _
from worker.services import signing_in
from worker.web import pages
from worker.web.console import bodies, cookies
from worker.web.console.bodies import TooLarge, Unreadable
from worker.web.pages import Frame, Notice, Place
from worker.web.parts import Parts, Program

STATUS: dict[type[CourtoisieError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    TooManyTries: 429,
    Unavailable: 503,
    TooLarge: 413,
    Unreadable: 400,
    Refused: 409,
}

# What is in the navigation, and which right shows it.
PLACES = (
    ("/desk", _("Mes appels"), Right.RING),
    ("/board", _("Aujourd'hui"), Right.SEE_EVENTS),
    ("/campaigns", _("Campagnes"), Right.PREVIEW),
    ("/households", _("Foyers"), Right.SEE_HOUSEHOLDS),
    ("/referrals", _("Orientations"), Right.REFER),
    ("/partners", _("Partenaires"), Right.REFER),
    ("/inbox", _("Messages à classer"), Right.FILE_MESSAGES),
    ("/sheets", _("Feuilles"), Right.SEE_TASKS),
    ("/import", _("Import"), Right.IMPORT),
    ("/users", _("Comptes"), Right.MANAGE_USERS),
    ("/audit", _("Journal"), Right.SEE_AUDIT),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with all that a page needs. person: None only where nobody need be signed in."""

    parts: Parts
    request: Request
    person: Person | None
    secret: str
    form: FormData
    now: datetime
    notices: Sequence[Notice] = field(default=())

    @property
    def me(self) -> Person:
        """Who is signed in, on pages that ask for a right."""
        if self.person is None:
            raise NotSignedIn(_("Connectez-vous."))
        return self.person

    @property
    def program(self) -> Program:
        return self.parts.program

    def id(self, name: str = "id") -> int:
        """A number in the path. Raises NotFound for anything else, as for what is not there."""
        written = str(self.request.path_params[name])
        if not (written.isascii() and written.isdigit() and len(written) < 18):
            raise NotFound(_("Cette page n'existe pas."))
        return int(written)

    def said(self, name: str) -> str:
        """A field of the form, without spaces around it; empty when it is missing."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def all_said(self, name: str) -> list[str]:
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def frame(self, *notices: Notice, accepted: str = "") -> Frame:
        """What the page shows around its content."""
        settings, path = self.program.settings, self.request.url.path
        person = self.person
        return Frame(
            landlord=settings.landlord.name,
            timezone=self.program.desk.timezone,
            language=settings.language,
            now=self.now,
            person=person,
            csrf=signing_in.form_token(self.secret, rules=cookies.rules(self.parts)) if self.secret else "",
            places=[
                Place(name, href, here=path == href or path.startswith(href + "/"))
                for href, name, right in PLACES
                if person is not None and person.may(right)
            ],
            notices=[*self.notices, *notices],
            accepted=accepted,
            keys=self.request.cookies.get(cookies.KEYS) != "off",
        )

    def page(self, name: str, *notices: Notice, accepted: str = "", **content: Any) -> Response:
        return pages.page(name, self.frame(*notices, accepted=accepted), **content)


Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Late:
    """A form that came after its session had run out. id: the number in its path."""

    id: str
    form: FormData
    now: datetime


# Saves what was sent too late for the account whose session it was; says where to look after signing in again.
Rescue = Callable[[Parts, int, Late], str]


def route(
    parts: Parts,
    path: str,
    handler: Handler,
    *,
    right: Right | None = None,
    posts: bool = False,
    watching: bool = False,
    too_late: Rescue | None = None,
    upload: bool = False,
) -> Route:
    """A page behind a right, or a form that changes something, which also asks for the session's form token.

    watching: asked by an open page, not by a person, so it keeps no session alive. too_late: what becomes of a form
    whose session ran out. upload: a file comes with it. Who may not bring one is told before a byte of it is read; what
    is read is on disk as far as it is large, and gone when the answer leaves.
    """
    asked = _Asked(handler, right, posts, watching, too_late)

    async def endpoint(request: Request) -> Response:
        if upload:
            refused = await run_in_threadpool(_refused_upload, parts, request, right)
            if refused is not None:
                return refused
        if not posts:
            return await run_in_threadpool(_answer, parts, request, FormData(), asked)
        try:
            async with bodies.form(request, file=upload) as form:
                return await run_in_threadpool(_answer, parts, request, form, asked)
        except (TooLarge, Unreadable) as error:
            return wrong(Visit(parts, request, None, "", FormData(), parts.clock()), error)

    return Route(path, endpoint, methods=["POST" if posts else "GET"])


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a route is for."""

    handler: Handler
    right: Right | None
    posts: bool
    watching: bool
    too_late: Rescue | None


def _answer(parts: Parts, request: Request, form: FormData, asked: _Asked) -> Response:
    """A page that only shows is read in one transaction. Signing in may ask another server: no transaction is open."""
    now = parts.clock()
    if asked.posts or asked.right is None:
        return _handled(parts, request, form, asked, now)
    try:
        with parts.db.whole() as db:
            return _handled(replace(parts, db=db), request, form, asked, now)
    except CourtoisieError as error:
        return wrong(Visit(parts, request, None, "", form, now), error)


def _handled(parts: Parts, request: Request, form: FormData, asked: _Asked, now: datetime) -> Response:
    visit = Visit(parts, request, None, "", form, now)
    try:
        visit = _identified(parts, request, form, now, watching=asked.watching)
        if asked.right is not None and visit.person is None:
            return _to_sign_in(visit, asked)
        if asked.right is not None and not visit.me.may(asked.right):
            raise NotAllowed(_("Votre compte n'a pas accès à cette page."))
        if asked.posts and not _is_own_form(visit):
            raise NotAllowed(_("Ce formulaire a expiré. Revenez en arrière et recommencez ; rien n'a été changé."))
        return asked.handler(visit)
    except CourtoisieError as error:
        return wrong(visit, error)


def _refused_upload(parts: Parts, request: Request, right: Right | None) -> Response | None:
    visit = _identified(parts, request, FormData(), parts.clock())
    if visit.person is None:
        return see(f"/login?next={quote(request.url.path)}")
    try:
        if right is not None and not visit.person.may(right):
            raise NotAllowed(_("Votre compte n'a pas accès à cette page."))
        bodies.refuse_announced(request, file=True)
    except CourtoisieError as error:
        return wrong(visit, error)
    return None


def watching(parts: Parts, request: Request, right: Right) -> Visit:
    """Who keeps a live page open, looked up anew. Raises NotSignedIn, NotAllowed: the page is theirs no longer."""
    visit = _identified(parts, request, FormData(), parts.clock(), watching=True)
    if not visit.me.may(right):
        raise NotAllowed(_("Votre compte n'a pas accès à cette page."))
    return visit


def _identified(parts: Parts, request: Request, form: FormData, now: datetime, *, watching: bool = False) -> Visit:
    secret = request.cookies.get(cookies.cookie_name(parts), "")
    person = (
        signing_in.who(parts.db, secret, rules=cookies.rules(parts), now=now, watching=watching) if secret else None
    )
    bound_to = secret if person is not None else request.cookies.get(cookies.VISITOR, "")
    return Visit(parts, request, person, bound_to, form, now)


def _is_own_form(visit: Visit) -> bool:
    token, rules = visit.said("csrf"), cookies.rules(visit.parts)
    return bool(visit.secret) and signing_in.is_form_token(token, visit.secret, rules=rules)


def _to_sign_in(visit: Visit, asked: _Asked) -> Response:
    """Back to where they were once they have signed in; a form's own page is the one it came from."""
    request = visit.request
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = _rescued(visit, asked) or (here if request.method == "GET" else "/")
    if pages.wants_json(request):
        return Response(_("Votre session est terminée : reconnectez-vous."), 401, media_type="text/plain")
    return see(f"/login?next={quote(where, safe='/')}")


def _rescued(visit: Visit, asked: _Asked) -> str:
    """Where to find, after signing in, what was sent too late; empty when it is nobody's to save."""
    secret = visit.request.cookies.get(cookies.cookie_name(visit.parts), "")
    if asked.too_late is None or not secret:
        return ""
    if not signing_in.is_form_token(visit.said("csrf"), secret, rules=cookies.rules(visit.parts)):
        return ""
    account = signing_in.ran_out(visit.parts.db, secret, now=visit.now)
    if account is None:
        return ""
    late = Late(str(visit.request.path_params.get("id", "")), visit.form, visit.now)
    return asked.too_late(visit.parts, account, late)


def see(path: str) -> Response:
    """Go and look there; the browser's back button does not send a form again."""
    return RedirectResponse(path, 303)


def wrong(visit: Visit, error: CourtoisieError) -> Response:
    """What went wrong, in words, on a page of its own."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    title = {404: _("Introuvable"), 403: _("Accès refusé"), 503: _("Momentanément indisponible")}.get(
        status, _("Ce n'est pas possible")
    )
    if pages.wants_json(visit.request):
        return Response(str(error), status, media_type="text/plain")
    return pages.page("wrong.html", visit.frame(), status=status, title=title, text=str(error))
