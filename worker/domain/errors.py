"""The failure vocabulary of the whole program, on one screen. A docstring is the default message."""

from collections.abc import Mapping


class CourtoisieError(Exception):
    """Something went wrong. command: what tells more at a terminal; a page or a program is not told of it."""

    def __init__(self, message: str | None = None, *, command: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        self.command = command


class Refused(CourtoisieError):
    """The request is understood and refused; the message says what to do instead."""


class BadDefinition(CourtoisieError):
    """A setting, a campaign or a text is not usable as written."""


class UnknownCampaign(Refused):
    """There is no campaign of that name."""


class NotFilledIn(Refused):
    """Some fields cannot be taken as they are."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """fields: the name of each field -> what is wrong with it."""
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class NotFound(Refused):
    """There is no such thing."""


class NotSignedIn(Refused):
    """Nobody is signed in, or no longer."""


class NotAllowed(Refused):
    """The person is known, and this is not theirs to do."""


class TooManyTries(Refused):
    """Too many wrong tries; the next one has to wait."""

    def __init__(self, message: str, *, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class BadListing(Refused):
    """The file cannot be read as a tenant listing."""


class Unavailable(CourtoisieError):
    """A server we depend on does not answer."""
