"""Signing in through the organisation's identity provider: out to it, and back."""

import hmac
import secrets
from datetime import timedelta

import structlog
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from worker.domain.errors import NotSignedIn, Refused, Unavailable
from worker.domain.roles import Role
from worker.i18n import _
from worker.oidc import Handshake, Provider, handshake
from worker.services import signing_in_elsewhere
from worker.services.signing_in import Signed
from worker.services.signing_in_elsewhere import Came, Policy
from worker.settings_tables import Oidc
from worker.web.console import cookies, entrance
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

log = structlog.get_logger()

CALLBACK = "/login/oidc/callback"
COOKIE = "courtoisie-oidc"
# Long enough to type a password there and to find one's telephone.
TAKES_AT_MOST = timedelta(minutes=10)


def routes(parts: Parts) -> list[BaseRoute]:
    """Two addresses, where a provider is configured."""
    settings = parts.program.settings.oidc
    if not settings.issuer:
        return []
    provider = Provider(settings, parts.clock)

    def out(visit: Visit) -> Response:
        return _out(visit, provider)

    def back(visit: Visit) -> Response:
        return _back(visit, provider)

    def goodbye(visit: Visit) -> Response:
        """Ends the session at the provider too."""
        return RedirectResponse(provider.goodbye(back_to=_address(visit, "/login")) or "/login", 303)

    return [
        visits.route(parts, "/login/oidc", out),
        visits.route(parts, CALLBACK, back),
        visits.route(parts, "/logout/oidc", goodbye),
    ]


def _out(visit: Visit, provider: Provider) -> Response:
    """To the provider, with a secret in this browser that the answer has to match."""
    secret = f"{int(visit.now.timestamp())}.{secrets.token_urlsafe(32)}"
    next_ = entrance.own_path(visit.request.query_params.get("next", "/"))
    try:
        address = provider.address(_shake(visit, secret), redirect_uri=_address(visit, CALLBACK))
    except (NotSignedIn, Unavailable) as error:
        return entrance.form(visit, Notice(str(error), "danger"), status=503)
    answer = RedirectResponse(address, 303)
    return cookies.keep(visit.parts, answer, COOKIE, f"{secret} {next_}")


def _back(visit: Visit, provider: Provider) -> Response:
    """From the provider: the answer counts in the browser that asked, once, and not for long."""
    try:
        signed, next_ = _signed(visit, provider)
    except (NotSignedIn, Unavailable, Refused) as error:
        status = 503 if isinstance(error, Unavailable) else 401
        refused = entrance.form(visit, Notice(str(error), "danger"), status=status)
        refused.delete_cookie(COOKIE, path="/")
        return refused
    answer = visits.see(next_)
    answer.delete_cookie(COOKIE, path="/")
    answer.delete_cookie(cookies.VISITOR, path="/")
    return cookies.keep(visit.parts, answer, cookies.cookie_name(visit.parts), signed.secret)


def _signed(visit: Visit, provider: Provider) -> tuple[Signed, str]:
    """The session that was opened, and where the person was going."""
    secret, _space, next_ = visit.request.cookies.get(COOKIE, "").partition(" ")
    shake, asked = _shake(visit, secret), visit.request.query_params
    if not _is_fresh(secret, visit) or not hmac.compare_digest(asked.get("state", "").encode(), shake.state.encode()):
        log.warning("oidc_refused", reason="state")
        raise NotSignedIn(_("Cette connexion a expiré, ou a commencé dans un autre navigateur. Recommencez."))
    if "code" not in asked:
        log.warning("oidc_refused", reason="provider", what=asked.get("error", "")[:40])
        raise NotSignedIn(_("Votre organisation n'a pas confirmé la connexion. Recommencez, ou demandez-lui pourquoi."))
    found = provider.identity(shake, asked["code"], redirect_uri=_address(visit, CALLBACK))
    signed = signing_in_elsewhere.sign_in(
        visit.parts.db,
        Came(found.issuer, found.subject, found.claims),
        policy=policy(visit.program.settings.oidc),
        rules=cookies.rules(visit.parts),
        now=visit.now,
    )
    return signed, entrance.own_path(next_)


def _is_fresh(secret: str, visit: Visit) -> bool:
    begun = secret.partition(".")[0]
    return (
        begun.isascii() and begun.isdigit() and 0 <= visit.now.timestamp() - int(begun) <= TAKES_AT_MOST.total_seconds()
    )


def _shake(visit: Visit, secret: str) -> Handshake:
    return handshake(secret, key=cookies.rules(visit.parts).checked_key())


def _address(visit: Visit, path: str) -> str:
    """Ours as the provider knows it; a request's own Host can be forged."""
    return visit.parts.public_url + path


def policy(settings: Oidc) -> Policy:
    """What the settings let the provider decide."""
    return Policy(
        login_claim=settings.login_claim,
        create_accounts=settings.create_accounts,
        role_claim=settings.role_claim,
        agencies_claim=settings.agencies_claim,
        roles={name: Role(role) for name, role in settings.roles.items()},
    )
