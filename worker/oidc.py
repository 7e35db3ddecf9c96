"""The only place that knows OpenID Connect: sends a browser to the identity provider, and reads what it brings back.

Authorization code with PKCE. State, nonce and verifier are drawn from a secret in the browser's cookie and the
deployment's key, so that an answer counts in the browser that asked, and nothing has to be kept here.
"""

import base64
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from worker.domain.errors import NotSignedIn, Unavailable
from worker.i18n import _
from worker.settings_tables import Oidc

log = structlog.get_logger()

# Signed with a key of the provider's own; never "none", never a shared secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
CLOCKS_DIFFER = timedelta(minutes=2)
KEPT_FOR = timedelta(minutes=10)
MOST_BYTES = 256 * 1024
THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Handshake:
    """What ties an answer to the browser that asked."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says has come. subject: never given to another person by this issuer."""

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider says of itself, and its keys. until: when it is asked again."""

    metadata: Mapping[str, Any]
    keys: KeySet
    until: datetime


def handshake(secret: str, *, key: str) -> Handshake:
    """The values of one try, from the secret in the browser's cookie."""

    def drawn(what: str) -> str:
        made = hmac.digest(key.encode(), f"oidc {what} {secret}".encode(), "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    return Handshake(drawn("state"), drawn("nonce"), drawn("verifier"))


class Provider:
    """One identity provider. What it says of itself is read when it is needed, and kept for a while."""

    def __init__(self, settings: Oidc, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: _Known | None = None

    def address(self, shake: Handshake, *, redirect_uri: str) -> str:
        """Where the browser is sent. Raises Unavailable when the provider does not answer."""
        endpoint = self._endpoint("authorization_endpoint")
        with self._session(redirect_uri) as session:
            made, _state = session.create_authorization_url(
                endpoint, state=shake.state, nonce=shake.nonce, code_verifier=shake.verifier
            )
        return str(made)

    def identity(self, shake: Handshake, code: str, *, redirect_uri: str) -> Identity:
        """Who came back with this code. Raises NotSignedIn when the answer does not hold, Unavailable without one."""
        token = self._token(shake, code, redirect_uri)
        claims = self._verified(str(token.get("id_token", "")), shake.nonce)
        if self._settings.login_claim not in claims and "userinfo_endpoint" in self._known().metadata:
            claims = {**self._userinfo(str(token.get("access_token", "")), str(claims["sub"])), **claims}
        return Identity(self._settings.issuer, str(claims["sub"]), claims)

    def goodbye(self, *, back_to: str) -> str:
        """Where a person ends their session at the provider too; empty where it has none, or does not answer."""
        try:
            page = self._known().metadata.get("end_session_endpoint")
        except (Unavailable, NotSignedIn):
            return ""
        if not isinstance(page, str) or not _is_safe(page):
            return ""
        fields = {"client_id": self._settings.client_id, "post_logout_redirect_uri": back_to}
        return page + ("&" if "?" in page else "?") + urlencode(fields)

    def _session(self, redirect_uri: str) -> OAuth2Session:
        settings = self._settings
        session = OAuth2Session(
            settings.client_id,
            settings.client_secret.get_secret_value() or None,
            scope=settings.scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if settings.client_secret.get_secret_value() else "none",
        )
        session.trust_env = False
        return session

    def _token(self, shake: Handshake, code: str, redirect_uri: str) -> Mapping[str, Any]:
        endpoint = self._endpoint("token_endpoint")
        with self._session(redirect_uri) as session:
            try:
                found = session.fetch_token(
                    endpoint,
                    code=code,
                    code_verifier=shake.verifier,
                    timeout=self._settings.timeout_s,
                    verify=self._verify,
                    allow_redirects=False,
                )
            except OAuthError as error:
                raise _refused("code_refused", str(error.error)[:40]) from None
            except (requests.RequestException, ValueError) as error:
                raise _away(error) from None
        if not isinstance(found, dict):
            raise _refused("no_token")
        return found

    def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is signed by the provider, for us, now, and for this try."""
        decoded = self._decoded(token)
        now, settings = self._clock().timestamp(), self._settings
        audience = decoded.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        drift = CLOCKS_DIFFER.total_seconds()
        holds = {
            "issuer": decoded.get("iss") == settings.issuer,
            "audience": settings.client_id in audiences,
            "authorized_party": decoded.get("azp", settings.client_id) == settings.client_id,
            "expiry": _moment(decoded.get("exp")) > now - drift,
            "issued_at": _moment(decoded.get("iat")) <= now + drift,
            "nonce": hmac.compare_digest(str(decoded.get("nonce", "")).encode(), nonce.encode()),
            "subject": isinstance(decoded.get("sub"), str) and bool(decoded["sub"]),
        }
        wrong = [name for name, right in holds.items() if not right]
        if wrong:
            raise _refused("token_refused", wrong[0])
        return decoded

    def _decoded(self, token: str) -> dict[str, Any]:
        for fresh in (False, True):  # a provider that changed its keys is asked once more
            try:
                return dict(jwt.decode(token, self._known(fresh=fresh).keys, algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError) as error:
                reason = type(error).__name__
        raise _refused("token_unreadable", reason)

    def _userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        found = self._get(self._endpoint("userinfo_endpoint"), {"Authorization": f"Bearer {access_token}"})
        if found.get("sub") != subject:
            raise _refused("userinfo_of_another")
        return found

    def _endpoint(self, name: str) -> str:
        address = self._known().metadata.get(name)
        if not isinstance(address, str) or not _is_safe(address):
            raise _refused("endpoint_missing", name)
        return address

    def _known(self, *, fresh: bool = False) -> _Known:
        with self._lock:
            if self._kept is None or fresh or self._clock() > self._kept.until:
                self._kept = self._asked()
            return self._kept

    def _asked(self) -> _Known:
        issuer = self._settings.issuer
        if not _is_safe(issuer):
            raise _refused("issuer_not_https")
        metadata = self._get(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if metadata.get("issuer") != issuer:
            raise _refused("issuer_differs")
        keys = str(metadata.get("jwks_uri", ""))
        if not _is_safe(keys):
            raise _refused("endpoint_missing", "jwks_uri")
        try:
            imported = KeySet.import_key_set(self._get(keys))  # type: ignore[arg-type]  # checked by joserfc
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _refused("keys_unreadable", type(error).__name__) from None
        return _Known(metadata, imported, self._clock() + KEPT_FOR)

    def _get(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A JSON object. Neither redirects nor the machine's proxies are followed, and nothing endless is read."""
        session = requests.Session()
        session.trust_env = False
        try:
            with session.get(
                address,
                headers=dict(headers or {}),
                timeout=self._settings.timeout_s,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = answer.raw.read(MOST_BYTES + 1, decode_content=True)
                if answer.status_code != 200 or len(body) > MOST_BYTES:
                    raise _away(requests.RequestException(f"HTTP {answer.status_code}"))
                found = json.loads(body)
        except (requests.RequestException, OSError, ValueError) as error:
            raise _away(error) from None
        finally:
            session.close()
        if not isinstance(found, dict):
            raise _away(ValueError("not an object"))
        return found

    @property
    def _verify(self) -> bool | str:
        return str(self._settings.ca_file) if self._settings.ca_file else True


def _is_safe(address: str) -> bool:
    """Encrypted, or on this very machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)


def _moment(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _refused(reason: str, what: str = "") -> NotSignedIn:
    """The same sentence whatever was wrong; the log knows more, never a token."""
    log.warning("oidc_refused", reason=reason, what=what)
    return NotSignedIn(
        _("La connexion par votre organisation n'a pas abouti. Recommencez, ou prévenez l'administrateur.")
    )


def _away(error: Exception) -> Unavailable:
    log.warning("oidc_unreachable", error=type(error).__name__)
    return Unavailable(_("Le service de connexion de votre organisation ne répond pas. Réessayez dans un instant."))
