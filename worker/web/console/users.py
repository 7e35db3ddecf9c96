"""Accounts: who may sign in, as what, for which agencies; all an administrator does about them."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import NotFilledIn, NotFound, Refused
from worker.domain.roles import Right, Role
from worker.i18n import _
from worker.services import staffing
from worker.store.staff import Listed
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts


def routes(parts: Parts) -> list[BaseRoute]:
    manage = Right.MANAGE_USERS
    changes = {
        "role": set_role,
        "password": set_password,
        "disable": disable,
        "enable": enable,
        "codes": stop_codes,
        "sessions": end_sessions,
        "untie": untie,
    }
    return [
        visits.route(parts, "/users", users, right=manage),
        visits.route(parts, "/users", add, right=manage, posts=True),
        visits.route(parts, "/users/{id}", user, right=manage),
        *(
            visits.route(parts, f"/users/{{id}}/{what}", change, right=manage, posts=True)
            for what, change in changes.items()
        ),
    ]


def users(visit: Visit) -> Response:
    """Everybody who may sign in."""
    return _users(visit)


def user(visit: Visit) -> Response:
    """One account, and what may be done with it."""
    return _user(visit)


def add(visit: Visit) -> Response:
    """A new account, with a first password that its owner changes."""
    try:
        staffing.add(
            visit.parts.db,
            login=visit.said("login"),
            role=_role(visit),
            agencies=_agencies(visit),
            password=str(visit.form.get("password", "")),
            by=visit.me,
            now=visit.now,
        )
    except NotFilledIn as wrong:
        return _users(visit, errors=wrong.fields)
    except Refused as refused:
        return _users(visit, errors={"login": str(refused)})
    return _users(visit, Notice(_("Compte ajouté."), "good"))


def set_role(visit: Visit) -> Response:
    """Another role and other agencies, from the next request on."""
    try:
        staffing.set_role(visit.parts.db, _login(visit), _role(visit), _agencies(visit), by=visit.me, now=visit.now)
    except NotFilledIn as wrong:
        return _user(visit, errors=wrong.fields)
    except NotFound:
        raise
    except Refused as refused:
        return _user(visit, errors={"agencies": str(refused)})
    return _user(visit, Notice(_("Rôle et agences changés."), "good"))


def set_password(visit: Visit) -> Response:
    """A new first password; the account's sessions end."""
    try:
        password = str(visit.form.get("password", ""))
        staffing.set_password(visit.parts.db, _login(visit), password, by=visit.me, now=visit.now)
    except NotFound:
        raise
    except Refused as refused:
        return _user(visit, errors={"password": str(refused)})
    return _user(visit, Notice(_("Mot de passe changé ; les sessions ouvertes sont fermées."), "good"))


def disable(visit: Visit) -> Response:
    """The account's sessions and tokens end at once."""
    try:
        staffing.disable(visit.parts.db, _login(visit), by=visit.me, now=visit.now)
    except NotFound:
        raise
    except Refused as refused:
        return _user(visit, Notice(str(refused), "danger"), status=409)
    return _user(visit, Notice(_("Compte fermé : ses sessions et ses jetons ont cessé."), "good"))


def enable(visit: Visit) -> Response:
    staffing.enable(visit.parts.db, _login(visit), by=visit.me, now=visit.now)
    return _user(visit, Notice(_("Compte rouvert."), "good"))


def stop_codes(visit: Visit) -> Response:
    """A lost telephone: no code is asked for until the person sets it up again."""
    staffing.stop_codes(visit.parts.db, _login(visit), by=visit.me, now=visit.now)
    return _user(visit, Notice(_("Plus de code demandé, jusqu'à ce que la personne en remette un."), "good"))


def end_sessions(visit: Visit) -> Response:
    """Signed out everywhere."""
    ended = staffing.end_sessions(visit.parts.db, _login(visit), by=visit.me, now=visit.now)
    return _user(visit, Notice(_("{n} session(s) fermée(s).").format(n=ended), "good"))


def untie(visit: Visit) -> Response:
    """Whoever signs in next under this login at the organisation's has the account."""
    staffing.untie(visit.parts.db, _login(visit), by=visit.me, now=visit.now)
    return _user(visit, Notice(_("Le compte n'est plus lié à une personne de l'organisation."), "good"))


def _users(visit: Visit, *notices: Notice, errors: Mapping[str, str] | None = None) -> Response:
    answer = visit.page(
        "users.html",
        *notices,
        users=staffing.listed(visit.parts.db, now=visit.now),
        roles=list(Role),
        said=visit.said if errors else _nothing,
        errors=errors or {},
    )
    answer.status_code = 422 if errors else 200
    return answer


def _user(visit: Visit, *notices: Notice, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    answer = visit.page(
        "user.html",
        *notices,
        user=found(visit),
        roles=list(Role),
        errors=errors or {},
        elsewhere=bool(visit.program.settings.oidc.issuer),
    )
    answer.status_code = 422 if errors else status
    return answer


def found(visit: Visit) -> Listed:
    """The account in the address, by its number: a login may be somebody's name. Raises NotFound."""
    for one in staffing.listed(visit.parts.db, now=visit.now):
        if one.id == visit.id():
            return one
    raise NotFound(_("Aucun compte n° {id}.").format(id=visit.id()))


def _login(visit: Visit) -> str:
    return found(visit).login


def _role(visit: Visit) -> Role:
    try:
        return Role(visit.said("role"))
    except ValueError:
        raise NotFilledIn({"role": _("Choisissez un rôle.")}) from None


def _agencies(visit: Visit) -> list[str]:
    return [code for written in visit.said("agencies").splitlines() for code in written.replace(";", ",").split(",")]


def _nothing(_name: str) -> str:
    return ""
