"""The provider's own records, for settling what we do not know: small volumes, through the SDK's ordinary client."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, Final

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.base.page import Page
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from worker.domain.errors import BadDefinition, Unavailable
from worker.domain.line import Listed
from worker.domain.messages import Found, FoundCall, Inbound, Outcome
from worker.i18n import _
from worker.twilio import entries, errors
from worker.twilio.account import Account, ForeignHost

# One number rarely has more than a page; a sender may have had 300,000 replies since this morning.
PAGE_SIZE: Final = 100
PAGES_MOST: Final = 5
INBOUND_PAGE_SIZE: Final = 1000
# Neither the second leg of a call nor one that came to us: https://www.twilio.com/docs/voice/api/call-resource
ASKED_FOR: Final = "outbound-api"
TO_US: Final = "inbound"
INBOUND_PAGES_MOST: Final = 400
# The provider tells its time in whole seconds.
TOLD_TO: Final = timedelta(seconds=1)


class Wire(TwilioHttpClient):
    """The SDK's blocking client with a timeout, the configured host, and no memory of what passed through it."""

    def __init__(self, account: Account, clock: Callable[[], datetime]) -> None:
        super().__init__(pool_connections=False, timeout=account.timeout_s)
        self._account = account
        self._clock = clock
        self.clock_ahead = timedelta()  # as of the last answer that told the time
        self._session = requests.Session()
        self._session.trust_env = False

    def request(self, method: str, url: str, **options: Any) -> Response:  # type: ignore[override]
        """One request to the configured host. The SDK's own would put each answer where all threads that ask at once
        find the latest, be it another one's."""
        asked_at = self._clock()
        within = options.pop("timeout", None) or self.timeout
        answer = self._session.request(method, self._account.address(url), timeout=within, **options)
        self._compare_clocks(answer, asked_at)
        return Response(answer.status_code, answer.text, answer.headers)

    def _compare_clocks(self, answer: requests.Response, asked_at: datetime) -> None:
        told = _moment(answer.headers)
        if told is not None:
            self.clock_ahead = ahead_of(told, asked_at=asked_at, answered_at=self._clock())

    def close(self) -> None:
        """Gives the connections back."""
        self._session.close()


class Records:
    """What the provider has on file. Every call raises Unavailable when it cannot be asked."""

    def __init__(self, account: Account, clock: Callable[[], datetime]) -> None:
        self._wire = Wire(account, clock)
        # A non-empty environment keeps TWILIO_EDGE and TWILIO_REGION of the machine from moving the host.
        self._client = Client(
            account.user,
            account.password,
            account.sid,
            http_client=self._wire,
            environment={"TWILIO_ACCOUNT_SID": account.sid},
        )

    def find(self, to: str, sender_address: str, since: datetime) -> list[Found]:
        """Texts to a number created since a moment, at most 500.

        No date filter is sent: it looks at the date of sending, which a text still in the provider's queue lacks.
        A messaging service picks the number itself, so then only the recipient is named.
        """
        source = {} if sender_address.startswith("MG") else {"from_": sender_address}
        with _translated():
            page = self._client.messages.page(to=to, **source, page_size=PAGE_SIZE)
            found = [entries.found(m) for m in _records(page, PAGES_MOST)]
        return [f for f in found if f.created_at >= since]

    def fetch(self, sid: str) -> Found | None:
        """One message; None when the provider has none of that name."""
        with _translated():
            try:
                return entries.found(self._client.messages(sid).fetch())
            except TwilioRestException as error:
                if error.status == 404:
                    return None
                raise

    def find_calls(self, to: str, sender_address: str, since: datetime) -> list[FoundCall]:
        """Calls to a number that we asked for since a moment, at most 500. No date filter is sent: a queued call has no
        start. A caller who was connected to the number by the system is listed too, as a call of another kind.
        """
        with _translated():
            page = self._client.calls.page(to=to, from_=sender_address, page_size=PAGE_SIZE)
            found = [
                entries.found_call(call) for call in _records(page, PAGES_MOST) if str(call.direction) == ASKED_FOR
            ]
        return [f for f in found if f.created_at >= since]

    def fetch_call(self, sid: str) -> FoundCall | None:
        """One call; None when the provider has none of that name."""
        with _translated():
            try:
                return entries.found_call(self._client.calls(sid).fetch())
            except TwilioRestException as error:
                if error.status == 404:
                    return None
                raise

    def dialled_by(self, sid: str) -> list[FoundCall]:
        """The calls that a call of ours had dialled for it: the other side of a bridged one, newest first."""
        with _translated():
            page = self._client.calls.page(parent_call_sid=sid, page_size=PAGE_SIZE)
            return [entries.found_call(call) for call in _records(page, PAGES_MOST)]

    def say_instead(self, sid: str, document: str) -> bool:
        """Gives a call in the air another document; False when it is not in the air any more."""
        with _translated():
            try:
                self._client.calls(sid).update(twiml=document)
            except TwilioRestException as error:
                if error.status < 500 and error.code in _NOT_IN_THE_AIR:
                    return False
                raise
        return True

    def inbound(self, to: str, since: datetime) -> list[Inbound]:
        """All texts that arrived at a sender since a moment. The provider filters by day, in GMT; we by the moment.

        Raises Unavailable also for a list without end: one that was cut short must not be taken for complete.
        """
        day = since.astimezone(UTC).date().isoformat()
        with _translated():
            page = self._client.messages.page(to=to, date_sent_after=day, page_size=INBOUND_PAGE_SIZE)
            heard = [entries.inbound(m) for m in _back_to(since, page) if str(m.direction) == "inbound"]
        return [message for message in heard if message is not None and message.received_at >= since]

    def calls_to_us(self, to: str, since: datetime) -> list[Listed]:
        """All calls that reached a number of ours since a moment. No date filter is sent: it looks at the start, which
        one that rings may lack; nor is there one for the direction. Raises Unavailable as `inbound`.
        """
        with _translated():
            page = self._client.calls.page(to=to, page_size=PAGE_SIZE)
            listed = [entries.listed(call) for call in _back_to(since, page) if str(call.direction) == TO_US]
        return [one for one in listed if one is not None and one.call.began_at >= since]

    def put_through_s(self, sid: str) -> int:
        """For how long whoever rang was connected with another number, by whatever document they were given."""
        with _translated():
            page = self._client.calls.page(parent_call_sid=sid, page_size=PAGE_SIZE)
            return max((entries.seconds(leg) for leg in _records(page, PAGES_MOST)), default=0)

    @property
    def clock_ahead(self) -> timedelta:
        """How far our clock was ahead of the provider's when it last answered; negative when it was behind."""
        return self._wire.clock_ahead

    def verify(self) -> None:
        """Asks for one message, which an API key may do too.

        Raises BadDefinition when the provider refuses us, Unavailable when it cannot be asked.
        """
        with _translated():
            self._client.messages.page(page_size=1)

    def close(self) -> None:
        """Gives the connections back."""
        self._wire.close()


# Not in a state that takes a change; no such call.
_NOT_IN_THE_AIR: Final = frozenset({21220, 20404})


def ahead_of(told: datetime, *, asked_at: datetime, answered_at: datetime) -> timedelta:
    """How far our clock is ahead of one that told its time between two moments of ours; zero when they may agree."""
    return max(asked_at - told - TOLD_TO, timedelta()) - max(told - answered_at, timedelta())


def _moment(headers: Any) -> datetime | None:
    """As the header has it, always in GMT."""
    try:
        return parsedate_to_datetime((headers or {}).get("Date", "")).replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return None


def _records(page: Page, pages_most: int) -> Iterator[Any]:
    """The records of a page and of those that follow it, up to a number of pages."""
    return (record for each in islice(_pages(page), pages_most) for record in each)


def _back_to(since: datetime, page: Page) -> Iterator[Any]:
    """The newest come first, so what follows a page of nothing but older ones is older still."""
    for number, each in enumerate(_pages(page), start=1):
        records: list[Any] = list(each)
        yield from records
        if all(entries.at(record.date_created) < since for record in records):
            return
        if number == INBOUND_PAGES_MOST:
            raise Unavailable(_("La liste chez Twilio n'a pas de fin."))


def _pages(page: Page | None) -> Iterator[Page]:
    while page is not None:
        yield page
        page = page.next_page()


@contextmanager
def _translated() -> Iterator[None]:
    """The SDK's and the network's errors in our words; an answer that is not what it should be is one of them."""
    try:
        yield
    except TwilioException as error:
        raise _refusal(error) from error
    except (requests.RequestException, json.JSONDecodeError, ForeignHost) as error:
        raise Unavailable(_("Twilio ne répond pas ({reason}).").format(reason=type(error).__name__)) from error


def _refusal(error: TwilioException) -> BadDefinition | Unavailable:
    status, code = _status_and_code(error)
    if status and errors.classify(status, code).outcome is Outcome.CONFIGURATION:
        return BadDefinition(
            _(
                "Twilio refuse nos demandes ({what}) : vérifiez COURTOISIE_TWILIO__ACCOUNT_SID, "
                "COURTOISIE_TWILIO__AUTH_TOKEN ou la clé d'API, et COURTOISIE_TWILIO__API_URL."
            ).format(what=_named(status, code))
        )
    return Unavailable(_("Twilio ne répond pas ({reason}).").format(reason=_named(status, code)))


def _named(status: int | None, code: int | None) -> str:
    """As the provider's own pages name it; a page of a list may be refused without a code."""
    named = [_("code {code}").format(code=code) if code else "", f"HTTP {status}" if status else ""]
    return ", ".join(filter(None, named)) or _("sans réponse lisible")


def _status_and_code(error: TwilioException) -> tuple[int | None, int | None]:
    """A failed page is a plain TwilioException that carries the response as its second argument."""
    if isinstance(error, TwilioRestException):
        return error.status, error.code
    response = error.args[1] if len(error.args) > 1 else None
    return getattr(response, "status_code", None), None
