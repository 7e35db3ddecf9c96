"""X-Twilio-Signature, written from Twilio's description: the product's own check must agree with it."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(url: str, fields: Mapping[str, str], token: str) -> str:
    """The signature of a form post: the full URL as we were given it, then every name and value, sorted by name."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
