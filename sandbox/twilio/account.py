"""Who may use the API: one account, its auth token, a secondary token for rotation, and an API key."""

import base64
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import blake2b

from sandbox.twilio.errors import Refusal


class Login(StrEnum):
    TOKEN = "token"  # noqa: S105  # a kind of login, not one
    API_KEY = "api_key"


@dataclass(frozen=True, slots=True)
class Account:
    """Made-up credentials. `signing_token` is the one hooks are signed with."""

    sid: str
    token: str
    secondary_token: str
    api_key_sid: str
    api_key_secret: str
    signing_token: str = ""
    _logins: dict[str, Login] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        logins = {
            _basic(self.sid, self.token): Login.TOKEN,
            _basic(self.sid, self.secondary_token): Login.TOKEN,
            _basic(self.api_key_sid, self.api_key_secret): Login.API_KEY,
        }
        object.__setattr__(self, "_logins", logins)
        object.__setattr__(self, "signing_token", self.signing_token or self.token)

    def login(self, authorization: str | None) -> Login:
        """Checks the Authorization header; raises 20003."""
        found = self._logins.get(authorization or "")
        if found is None:
            raise Refusal(20003)
        return found

    def promote_secondary(self) -> "Account":
        """After a rotation: the secondary token is the only one, and signs."""
        return replace(self, token=self.secondary_token, signing_token=self.secondary_token)


def from_seed(seed: str) -> Account:
    """An account whose credentials follow from the seed, so that nothing looking like a secret is written down."""

    def made_up(name: str) -> str:
        return blake2b(f"{seed}:{name}".encode(), digest_size=16).hexdigest()

    return Account(
        sid=f"AC{made_up('account')}",
        token=made_up("token"),
        secondary_token=made_up("secondary"),
        api_key_sid=f"SK{made_up('key')}",
        api_key_secret=made_up("secret"),
    )


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
