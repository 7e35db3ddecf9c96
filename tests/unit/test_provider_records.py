"""The provider's own records, through the SDK's blocking client: what is asked, and how each answer is read."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr
from responses import matchers

from worker.domain.errors import BadDefinition, Unavailable
from worker.domain.line import Listed, Ringing
from worker.domain.messages import Found, Inbound
from worker.settings_tables import Twilio
from worker.twilio.account import Account, ForeignHost
from worker.twilio.client import Gateway

ACCOUNT = "AC" + "0" * 32
SID = "SM" + "a" * 32
API = "http://127.0.0.1:9911"
LIST = f"{API}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
SINCE = datetime(2026, 7, 8, 22, 30, tzinfo=UTC)
PHONE = "+33639980001"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    settings = Twilio(account_sid=ACCOUNT, auth_token=SecretStr("token"), api_url=API, timeout_s=2.0)
    made = Gateway(settings, public_url="https://chalets.example")
    yield made
    made.close()


@pytest.fixture
def provider() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def record(at: datetime = SINCE, **changes: Any) -> dict[str, Any]:
    """A message as the provider lists it."""
    return {
        "sid": SID,
        "account_sid": ACCOUNT,
        "to": PHONE,
        "from": "38000",
        "body": "Tout va bien ?",
        "status": "delivered",
        "direction": "outbound-api",
        "error_code": None,
        "date_created": at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "date_sent": None,
        "num_media": "0",
        "num_segments": "1",
    } | changes


def page(*records: dict[str, Any], next_page: str | None = None) -> dict[str, Any]:
    return {"messages": list(records), "page_size": 100, "uri": "/x", "next_page_uri": next_page, "page": 0}


def test_a_text_is_looked_for_by_number_and_sender_without_a_date(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    asked = {"To": PHONE, "From": "38000", "PageSize": "100"}
    provider.get(LIST, json=page(record()), match=[matchers.query_param_matcher(asked)])

    found = gateway.find(PHONE, "38000", SINCE)

    assert found == [Found(SID, PHONE, "Tout va bien ?", "delivered", None, SINCE)]


def test_a_service_chooses_its_number_itself_so_none_is_named(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    asked = {"To": PHONE, "PageSize": "100"}
    provider.get(LIST, json=page(), match=[matchers.query_param_matcher(asked)])

    assert gateway.find(PHONE, "MG" + "0" * 32, SINCE) == []


def test_older_texts_are_left_out_and_an_error_code_is_kept(gateway: Gateway, provider: responses.RequestsMock) -> None:
    old = record(SINCE - timedelta(seconds=1))
    failed = record(SINCE + timedelta(seconds=1), status="undelivered", error_code=30005)
    provider.get(LIST, json=page(old, failed))

    found = gateway.find(PHONE, "38000", SINCE)

    assert [(f.status, f.code) for f in found] == [("undelivered", 30005)]


def test_the_next_pages_are_read_and_a_list_without_end_is_not(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    onward = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageToken=x"
    provider.get(LIST, json=page(record(), next_page=onward))

    found = gateway.find(PHONE, "38000", SINCE)

    assert len(found) == 5
    assert len(provider.calls) == 5


def test_a_listing_that_points_to_another_host_is_not_followed(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    elsewhere = page(record()) | {"meta": {"key": "messages", "next_page_url": "https://evil.example/x"}}
    provider.get(LIST, json=elsewhere)

    with pytest.raises(Unavailable) as raised:
        gateway.find(PHONE, "38000", SINCE)

    assert isinstance(raised.value.__cause__, ForeignHost)
    assert len(provider.calls) == 1


@pytest.mark.parametrize(
    "uri", ["https://api.twilio.com.evil.example/x", "https://evil.example/x", "http://api.twilio.com/x", "/x", ""]
)
def test_credentials_go_to_no_third_host(uri: str) -> None:
    account = Account(sid=ACCOUNT, user=ACCOUNT, password="token", api_url=API, timeout_s=1)

    with pytest.raises(ForeignHost):
        account.address(uri)


def test_one_message_is_fetched(gateway: Gateway, provider: responses.RequestsMock) -> None:
    provider.get(LIST.replace("Messages.json", f"Messages/{SID}.json"), json=record(status="sent"))

    found = gateway.fetch(SID)

    assert found is not None
    assert (found.provider_sid, found.status) == (SID, "sent")


def test_a_message_the_provider_does_not_have_is_none(gateway: Gateway, provider: responses.RequestsMock) -> None:
    body = {"code": 20404, "message": "not found", "status": 404}
    provider.get(LIST.replace("Messages.json", f"Messages/{SID}.json"), json=body, status=404)

    assert gateway.fetch(SID) is None


def test_replies_are_listed_by_day_in_gmt_and_kept_by_the_moment(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    paris = SINCE.astimezone(tz=datetime.now().astimezone().tzinfo)
    asked = {"To": "38000", "DateSent>": "2026-07-08", "PageSize": "1000"}
    incoming = {"from": PHONE, "to": "38000", "direction": "inbound", "status": "received", "body": "1"}
    earlier = record(SINCE - timedelta(minutes=1), **incoming)
    heard = record(SINCE + timedelta(minutes=1), **incoming, num_media="1")
    ours = record(SINCE + timedelta(minutes=2))
    odd = record(SINCE + timedelta(minutes=2), **incoming | {"from": "36105"})
    provider.get(LIST, json=page(ours, odd, heard, earlier), match=[matchers.query_param_matcher(asked)])

    replies = gateway.inbound("38000", paris)

    assert replies == [
        Inbound(SID, "36105", "38000", "1", SINCE + timedelta(minutes=2)),
        Inbound(SID, PHONE, "38000", "1", SINCE + timedelta(minutes=1), media_count=1),
    ]


CALL = "CA" + "a" * 32
CALLS = LIST.replace("Messages.json", "Calls.json")
LINE = "+33939000001"


def rang(at: datetime = SINCE, **changes: Any) -> dict[str, Any]:
    """A call to our line as the provider lists it."""
    told = at.strftime("%a, %d %b %Y %H:%M:%S +0000")
    call = {"sid": CALL, "from": PHONE, "to": LINE, "direction": "inbound", "status": "completed", "duration": "12"}
    return call | {"date_created": told, "start_time": told, "end_time": None} | changes


def calls_page(*records: dict[str, Any]) -> dict[str, Any]:
    return {"calls": list(records), "page_size": 100, "uri": "/x", "next_page_uri": None, "page": 0}


def test_calls_to_us_are_listed_without_a_date_and_told_from_others_by_their_direction(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    asked = {"To": LINE, "PageSize": "100"}
    leg = rang(direction="outbound-dial")
    earlier = rang(SINCE - timedelta(seconds=1))
    withheld = rang(**{"from": "+266696687"})
    provider.get(CALLS, json=calls_page(rang(), leg, withheld, earlier), match=[matchers.query_param_matcher(asked)])

    listed = gateway.calls_to_us(LINE, SINCE)

    over = SINCE + timedelta(seconds=12)
    assert listed == [Listed(Ringing(CALL, number, LINE, SINCE), over, 12) for number in (PHONE, None)]


@pytest.mark.parametrize(
    ("status", "is_over"),
    [
        ("queued", False),
        ("ringing", False),
        ("in-progress", False),
        ("completed", True),
        ("busy", True),
        ("failed", True),
        ("no-answer", True),
        ("canceled", True),
    ],
)
def test_a_call_to_us_is_over_when_the_provider_says_so(
    gateway: Gateway, provider: responses.RequestsMock, status: str, is_over: bool
) -> None:
    provider.get(CALLS, json=calls_page(rang(status=status, duration=None)))

    [listed] = gateway.calls_to_us(LINE, SINCE)

    assert (listed.ended_at, listed.lasted_s) == (SINCE if is_over else None, 0)


def test_replies_are_listed_back_to_the_moment_and_no_further(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    incoming = {"from": PHONE, "to": "38000", "direction": "inbound", "status": "received", "body": "1"}
    onward = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageToken="
    pages, older = 30, SINCE - timedelta(hours=1)
    first = matchers.query_param_matcher({"PageSize": "1000"}, strict_match=False)
    provider.get(LIST, json=page(record(**incoming), next_page=f"{onward}1"), match=[first])
    for number in range(1, pages):
        asked = {"PageToken": str(number)}
        more = page(record(**incoming), next_page=f"{onward}{number + 1}")
        provider.get(LIST, json=more, match=[matchers.query_param_matcher(asked)])
    last = page(record(older, **incoming), next_page=f"{onward}never")
    provider.get(LIST, json=last, match=[matchers.query_param_matcher({"PageToken": str(pages)})])

    replies = gateway.inbound("38000", SINCE)

    assert len(replies) == pages
    assert len(provider.calls) == pages + 1


def test_a_list_of_replies_without_end_is_not_taken_for_complete(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    incoming = {"from": PHONE, "to": "38000", "direction": "inbound", "status": "received", "body": "1"}
    onward = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageToken=x"
    provider.get(LIST, json=page(record(**incoming), next_page=onward))

    with pytest.raises(Unavailable, match="pas de fin"):
        gateway.inbound("38000", SINCE)


def test_right_credentials_are_verified_with_one_small_question(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    provider.get(LIST, json=page(), match=[matchers.query_param_matcher({"PageSize": "1"})])

    gateway.verify()

    assert provider.calls[0].request.headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("told", "ahead_s"),
    [
        ("Wed, 08 Jul 2026 22:30:00 GMT", 0),
        ("Wed, 08 Jul 2026 22:29:59 GMT", 0),  # told in whole seconds
        ("Wed, 08 Jul 2026 22:29:00 GMT", 59),
        ("Wed, 08 Jul 2026 22:31:00 GMT", -60),
        ("the eighth of July", 0),
    ],
)
def test_our_clock_is_compared_with_the_providers(provider: responses.RequestsMock, told: str, ahead_s: int) -> None:
    settings = Twilio(account_sid=ACCOUNT, auth_token=SecretStr("token"), api_url=API)
    gateway = Gateway(settings, public_url="https://chalets.example", clock=lambda: SINCE)
    provider.get(LIST, json=page(), headers={"Date": told})

    gateway.verify()

    assert gateway.clock_ahead() == timedelta(seconds=ahead_s)
    gateway.close()


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (403, 20005), (404, 20404)])
def test_refused_credentials_are_named_with_what_to_mend(
    gateway: Gateway, provider: responses.RequestsMock, status: int, code: int
) -> None:
    provider.get(LIST, json={"code": code, "message": "no", "status": status}, status=status)

    with pytest.raises(BadDefinition, match="COURTOISIE_TWILIO__ACCOUNT_SID") as refused:
        gateway.verify()

    assert f"HTTP {status}" in str(refused.value)
    assert "None" not in str(refused.value)


BROKEN = [
    {"status": 500, "json": {"code": 20500}},
    {"status": 429, "json": {"code": 20429}},
    {"status": 200, "body": "<html>"},
    {"status": 200, "json": {"unexpected": 1, "shape": 2}},
    {"body": requests.ConnectTimeout()},
    {"body": requests.ReadTimeout()},
    {"body": requests.ConnectionError()},
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: str(b.get("status") or type(b["body"]).__name__))
def test_a_provider_that_cannot_be_asked_is_unavailable(
    gateway: Gateway, provider: responses.RequestsMock, broken: dict[str, Any]
) -> None:
    provider.get(LIST, **broken)

    with pytest.raises(Unavailable):
        gateway.find(PHONE, "38000", SINCE)


def test_a_record_without_a_date_is_no_record(gateway: Gateway, provider: responses.RequestsMock) -> None:
    provider.get(LIST, json=page(record(date_created=None)))

    with pytest.raises(Unavailable):
        gateway.find(PHONE, "38000", SINCE)


def test_asking_has_a_time_limit_and_never_follows_a_redirection(
    gateway: Gateway, provider: responses.RequestsMock
) -> None:
    asked = [matchers.request_kwargs_matcher({"timeout": 2.0})]
    provider.get(LIST, status=302, headers={"Location": "http://127.0.0.1:9/"}, match=asked)

    with pytest.raises(BadDefinition):
        gateway.verify()


def test_nothing_about_a_tenant_is_logged_or_remembered(
    gateway: Gateway, provider: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.get(LIST, json=page(record()))

    gateway.find(PHONE, "38000", SINCE)

    assert PHONE.removeprefix("+") not in caplog.text
    wire = gateway._recorder()._wire
    assert (wire._test_only_last_request, wire._test_only_last_response) == (None, None)


def test_the_machines_environment_does_not_redirect_us(
    provider: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, gateway: Gateway
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    provider.get(LIST, json=page(), match=[matchers.request_kwargs_matcher({"proxies": {}})])

    gateway.verify()
