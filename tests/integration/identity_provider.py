"""An OpenID Connect provider on loopback: real HTTP, real signatures, and the ways in which one can be wrong."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "courtoisie", "a secret that only the two of them know"
_numbers = count(1)


@dataclass
class IdentityProvider:
    """Whoever comes is `who`. wrong: claims that replace the right ones in the ID token; None leaves one out."""

    now: datetime
    who: dict[str, Any] = field(default_factory=lambda: {"sub": "s-1", "preferred_username": "lucie"})
    wrong: dict[str, Any] = field(default_factory=dict)
    sign_with: str = "own"  # own, another, shared
    issuer_said: str = ""
    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    exchanged: list[str] = field(default_factory=list)

    def page(self, path: str) -> dict[str, Any] | None:
        pages: dict[str, dict[str, Any]] = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer_said or self.url,
                "authorization_endpoint": self.url + "/authorize",
                "token_endpoint": self.url + "/token",
                "jwks_uri": self.url + "/keys",
                "end_session_endpoint": self.url + "/end",
            },
            "/keys": dict(KeySet([self.key]).as_dict(private=False)),
        }
        return pages.get(path)

    def authorize(self, query: dict[str, str]) -> str:
        """Back to where the browser came from, at once."""
        code = f"code-{next(_numbers)}"
        self.asked[code] = query
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.asked.get(form.get("code", ""))
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        plain = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).decode().rstrip("=")
        right = (
            asked is not None
            and form["code"] not in self.exchanged
            and authorization in {expected, plain}
            and asked.get("code_challenge_method") == "S256"
            and asked.get("code_challenge") == challenge
            and asked["redirect_uri"] == form.get("redirect_uri")
        )
        if not right or asked is None:
            return 400, {"error": "invalid_grant"}
        self.exchanged.append(form["code"])
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": self._signed(asked["nonce"])}

    def _signed(self, nonce: str) -> str:
        at = int(self.now.timestamp())
        right = {"iss": self.url, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": nonce, **self.who}
        claims = {name: value for name, value in {**right, **self.wrong}.items() if value is not None}
        if self.sign_with == "shared":  # the old trick: the public key, taken for a shared secret
            return _with_shared_secret(claims, self.key.as_pem(private=False))
        key = self.key if self.sign_with == "own" else RSAKey.generate_key(2048, {"kid": "one"})
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


def _with_shared_secret(claims: dict[str, Any], secret: bytes) -> str:
    """By hand: the library refuses to do what it refuses to believe."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    head = part(json.dumps({"alg": "HS256", "kid": "one"}).encode()) + "." + part(json.dumps(claims).encode())
    return head + "." + part(hmac.digest(secret, head.encode(), "sha256"))


@contextmanager
def running(provider: IdentityProvider) -> Iterator[IdentityProvider]:
    """The provider, up until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            page = provider.page(parts.path)
            self._answer(404 if page is None else 200, page or {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*provider.token(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            written = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
