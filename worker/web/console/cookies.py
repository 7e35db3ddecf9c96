"""The cookies of the console, and how the sessions live that one of them stands for."""

import secrets
from datetime import timedelta

from starlette.responses import Response

from worker.services import signing_in
from worker.web.parts import Parts

# Keys without Ctrl can be switched off: some people's voice or hands press them by themselves.
KEYS = "courtoisie-keys"
# Whose sign-in form it is, before anybody is signed in.
VISITOR = "courtoisie-visitor"


def rules(parts: Parts) -> signing_in.Rules:
    """How sessions live here."""
    settings = parts.program.settings
    return signing_in.Rules(
        key=settings.secret_key.get_secret_value(),
        idle=timedelta(minutes=settings.sessions.idle_min),
        whole=timedelta(hours=settings.sessions.whole_h),
    )


def cookie_name(parts: Parts) -> str:
    """The prefix makes browsers keep other sites of this host from setting it."""
    return "__Host-courtoisie" if is_secure(parts) else "courtoisie"


def is_secure(parts: Parts) -> bool:
    return parts.public_url.startswith("https://")


def keep(parts: Parts, response: Response, name: str, value: str) -> Response:
    """A cookie for this browser session that scripts cannot read."""
    response.set_cookie(name, value, httponly=True, secure=is_secure(parts), samesite="lax", path="/")
    return response


def new_visitor() -> str:
    """Something of their own for people who are not signed in yet, so that the sign-in form is theirs."""
    return secrets.token_urlsafe(16)
