"""What this room needs to know of the account, as the settings have it."""

from dataclasses import dataclass, field
from typing import Protocol, Self

PROVIDER_URL = "https://api.twilio.com"


class ForeignHost(Exception):
    """twilio-python was told to ask a host that is not the provider's."""


class Secret(Protocol):
    """A value that does not print itself."""

    def get_secret_value(self) -> str: ...


class AccountSettings(Protocol):
    """The part of the settings read here; this room does not import the settings themselves."""

    @property
    def account_sid(self) -> str: ...
    @property
    def auth_token(self) -> Secret: ...
    @property
    def api_key_sid(self) -> str: ...
    @property
    def api_key_secret(self) -> Secret: ...
    @property
    def api_url(self) -> str: ...
    @property
    def timeout_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to ask, as whom, and how long to wait. user is the account itself or one of its API keys."""

    sid: str
    user: str
    password: str = field(repr=False)
    api_url: str
    timeout_s: float

    @classmethod
    def of(cls, settings: AccountSettings) -> Self:
        """An API key, when there is one, stands for the account in requests."""
        has_key = bool(settings.api_key_sid)
        return cls(
            sid=settings.account_sid,
            user=settings.api_key_sid if has_key else settings.account_sid,
            password=(settings.api_key_secret if has_key else settings.auth_token).get_secret_value(),
            api_url=settings.api_url.rstrip("/"),
            timeout_s=settings.timeout_s,
        )

    @property
    def connect_timeout_s(self) -> float:
        """A server that is there lets us in quickly. Always less than the whole time: only when this limit comes
        first is it certain that nothing was sent."""
        return min(5.0, self.timeout_s / 2)

    def address(self, uri: str) -> str:
        """The address to ask instead of the one twilio-python names.

        The SDK knows one host; the setting api_url may name another (a region, the stand-in). Everything but the
        host stays. Credentials go to no third host. Raises ForeignHost.
        """
        if not uri.startswith(PROVIDER_URL + "/"):
            raise ForeignHost
        return self.api_url + uri.removeprefix(PROVIDER_URL)
