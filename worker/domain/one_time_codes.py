"""One-time codes of an authenticator application: RFC 6238 over RFC 4226, as every such application understands it.

Written here rather than taken from a library: it is ten lines of `hmac`, and the RFC ships its test vectors.
"""

import base64
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
# A code of the step before or after counts too: telephones' clocks differ.
DRIFT = 1


def secret(key: str, nonce: str) -> bytes:
    """The secret of one account, 20 bytes: drawn from the deployment's key, so the database alone makes no code."""
    return hmac.digest(key.encode(), f"one-time codes {nonce}".encode(), "sha256")[:20]


def step_of(at: datetime) -> int:
    """The number of the 30-second step in which a moment lies."""
    return int(at.timestamp()) // STEP_S


def code(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code shown in that step (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, typed: str, *, now: datetime, after: int | None = None) -> int | None:
    """The step whose code was typed, or None. after: the last step used; a code counts once."""
    digits = "".join(typed.split())
    here = step_of(now)
    found = [
        step
        for step in range(here - DRIFT, here + DRIFT + 1)
        if hmac.compare_digest(code(secret, step).encode(), digits.encode())
    ]
    return next((step for step in found if after is None or step > after), None)


def address(secret: bytes, *, login: str, issuer: str) -> str:
    """The otpauth:// address that an application reads from a QR code, with the secret in base 32."""
    fields = {"secret": base32(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_S}
    return f"otpauth://totp/{quote(issuer)}:{quote(login)}?{urlencode(fields, quote_via=quote)}"


def base32(secret: bytes) -> str:
    """The secret as it is typed by hand."""
    return base64.b32encode(secret).decode().rstrip("=")
