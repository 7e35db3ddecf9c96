"""In and out: signing in, signing out, and the first page each role sees."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import NotSignedIn, TooManyTries
from worker.domain.roles import Right
from worker.i18n import _
from worker.services import signing_in
from worker.services.signing_in import CodeWanted, Tried
from worker.web import pages
from worker.web.console import cookies, endings
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

KEYS_KEPT_S = 365 * 24 * 3600


def routes(parts: Parts) -> list[BaseRoute]:
    return [
        visits.route(parts, "/", home),
        visits.route(parts, "/login", ask),
        visits.route(parts, "/login", sign_in, posts=True),
        visits.route(parts, "/logout", sign_out, posts=True),
        visits.route(parts, "/keys", keys, right=Right.SEE_TASKS),
        visits.route(parts, "/keys", switch_keys, right=Right.SEE_TASKS, posts=True),
    ]


def home(visit: Visit) -> Response:
    """Callers come to ring, operators to watch."""
    if visit.person is None:
        return visits.see("/login")
    return visits.see("/board" if visit.person.may(Right.SEE_EVENTS) else "/desk")


def ask(visit: Visit) -> Response:
    """The sign-in form."""
    visitor = visit.request.cookies.get(cookies.VISITOR) or cookies.new_visitor()
    here = Visit(visit.parts, visit.request, None, visitor, visit.form, visit.now)
    answer = form(here, next_=visit.request.query_params.get("next", "/"))
    return cookies.keep(visit.parts, answer, cookies.VISITOR, visitor)


def sign_in(visit: Visit) -> Response:
    """Opens a session. The same answer whether the login or the password was wrong."""
    if not visit.program.settings.oidc.passwords_allowed:
        return form(
            visit, Notice(_("Ici, on se connecte par son organisation, sans mot de passe."), "danger"), status=403
        )
    address = visit.request.client.host if visit.request.client else ""
    tried = Tried(visit.said("login"), str(visit.form.get("password", "")), visit.said("code"), address)
    try:
        signed = signing_in.sign_in(visit.parts.db, tried, rules=cookies.rules(visit.parts), now=visit.now)
    except CodeWanted as wanted:
        return form(visit, Notice(str(wanted), "info"), status=401, code_wanted=True)
    except (NotSignedIn, TooManyTries) as refused:
        status = 429 if isinstance(refused, TooManyTries) else 401
        return form(visit, Notice(str(refused), "danger"), status=status)
    answer = visits.see(own_path(visit.said("next")))
    answer.delete_cookie(cookies.VISITOR, path="/")
    return cookies.keep(visit.parts, answer, cookies.cookie_name(visit.parts), signed.secret)


def sign_out(visit: Visit) -> Response:
    """Ends the session here and in the database."""
    cookie = cookies.cookie_name(visit.parts)
    secret = visit.request.cookies.get(cookie, "")
    signing_in.sign_out(visit.parts.db, secret, rules=cookies.rules(visit.parts), now=visit.now)
    answer = visits.see("/login?out=1" if visit.program.settings.oidc.issuer else "/login")
    answer.delete_cookie(cookie, path="/", secure=cookies.is_secure(visit.parts), httponly=True, samesite="lax")
    return answer


def keys(visit: Visit) -> Response:
    """Every key and what it does."""
    return visit.page("keys.html", outcomes=endings.groups())


def switch_keys(visit: Visit) -> Response:
    """Single keys on or off, in this browser."""
    answer = visits.see("/keys")
    value = "off" if visit.said("keys") == "off" else "on"
    answer.set_cookie(
        cookies.KEYS,
        value,
        max_age=KEYS_KEPT_S,
        httponly=True,
        secure=cookies.is_secure(visit.parts),
        samesite="lax",
        path="/",
    )
    return answer


def form(visit: Visit, *notices: Notice, status: int = 200, next_: str = "", code_wanted: bool = False) -> Response:
    """The sign-in page."""
    return pages.page(
        "login.html",
        visit.frame(*notices),
        status=status,
        login=visit.said("login"),
        next=next_ or visit.said("next") or "/",
        code_wanted=code_wanted,
        oidc=visit.program.settings.oidc,
        out=bool(visit.request.query_params.get("out")),
    )


def own_path(path: str) -> str:
    """Only a page of ours, never an address that leads elsewhere."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
