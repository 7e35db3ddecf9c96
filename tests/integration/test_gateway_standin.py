"""The gateway against the stand-in for Twilio: what it accepts, refuses, loses, and has on file."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from pydantic import SecretStr

from sandbox.twilio.control import Control
from worker.domain.channels import Capability, Sender
from worker.domain.errors import BadDefinition
from worker.domain.messages import NumberFault, Outcome, OutgoingText, SendResult
from worker.settings_tables import Twilio
from worker.twilio.client import Gateway

SHORT_CODE = "38000"
SERVICE = "MG" + "0" * 32
SENDERS = {
    "court": Sender("court", SHORT_CODE, Capability.TWO_WAY),
    "service": Sender("service", SERVICE, Capability.TWO_WAY, messaging_service=True),
    "wrong": Sender("wrong", "39999", Capability.TWO_WAY),
}
PHONE = "+33639980001"
HOUSEHOLD = "+33536490001"
LINE = Sender("voix", "+33939000001", Capability.VOICE)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def twilio(standin: Control) -> Control:
    """With one short code, a service, silent phones and a clock that stands still."""
    standin.clock(speed=0)
    standin.put_senders({"address": SHORT_CODE, "segments_per_s": 1000}, {"address": SERVICE, "pool": [SHORT_CODE]})
    standin.set_mix({"silent": 1})
    return standin


@pytest.fixture
def gateway(twilio: Control) -> Iterator[Gateway]:
    made = a_gateway(twilio)
    yield made
    made.close()


def a_gateway(twilio: Control, **changes: object) -> Gateway:
    account = twilio.account()
    values = {"account_sid": account["sid"], "auth_token": SecretStr(account["token"]), "timeout_s": 1.0}
    settings = Twilio(**values | {"api_url": twilio.url} | changes)  # type: ignore[arg-type]
    return Gateway(settings, public_url="https://chalets.example")


def text(number: int = 1, **changes: object) -> OutgoingText:
    values = {"to": PHONE, "sender_key": "court", "body": "Tout va bien ?", "segments": 1}
    void_at = datetime.now(UTC) + timedelta(hours=2)
    return OutgoingText(number, 1000 + number, **values | {"void_at": void_at} | changes)  # type: ignore[arg-type]


def send(gateway: Gateway, *outgoing: OutgoingText) -> list[SendResult]:
    return gateway.send(outgoing or [text()], senders=SENDERS, in_flight=lambda: 20)


def test_an_accepted_text_is_in_the_journal_under_the_sid_we_were_told(gateway: Gateway, twilio: Control) -> None:
    [result] = send(gateway)

    [line] = twilio.messages(to=PHONE)
    assert (result.outcome, result.provider_sid) == (Outcome.ACCEPTED, line["sid"])
    assert line["body"] == "Tout va bien ?"


def test_a_service_takes_texts_too(gateway: Gateway) -> None:
    [result] = send(gateway, text(sender_key="service"))

    assert result.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("changes", "code", "outcome", "fault"),
    [
        ({"to": "+33536490001"}, {21614, 21635}, Outcome.REFUSED_NUMBER, NumberFault.NOT_MOBILE),
        ({"to": "+336399"}, {21211}, Outcome.REFUSED_NUMBER, NumberFault.DEAD),
        ({"to": "+4915112345678"}, {21408}, Outcome.CONFIGURATION, None),
        ({"sender_key": "wrong"}, {21606, 21659}, Outcome.CONFIGURATION, None),
        ({"body": "x" * 1601}, {21617}, Outcome.REFUSED_CONTENT, None),
        ({"body": ""}, {21602, 21619}, Outcome.REFUSED_CONTENT, None),
    ],
)
def test_refusals_are_understood(
    gateway: Gateway, changes: dict[str, object], code: set[int], outcome: Outcome, fault: NumberFault | None
) -> None:
    [result] = send(gateway, text(**changes))

    assert result.code in code
    assert (result.outcome, result.fault) == (outcome, fault)


def test_who_refused_texts_at_the_provider_is_known_as_such(gateway: Gateway, twilio: Control) -> None:
    twilio.add_fault("refuse", code=21610)

    [result] = send(gateway)

    assert (result.code, result.fault) == (21610, NumberFault.OPTED_OUT)


@pytest.mark.parametrize("fault", ["error_after", "drop_after", "not_json", "slow"])
def test_a_text_whose_fate_is_unknown_was_sent_once_and_is_found(gateway: Gateway, twilio: Control, fault: str) -> None:
    twilio.add_fault(fault, seconds=3)

    [result] = send(gateway)

    assert result.outcome is Outcome.UNKNOWN
    found = gateway.find(PHONE, SHORT_CODE, LONG_AGO)
    assert [(f.to, f.body) for f in found] == [(PHONE, "Tout va bien ?")]
    assert twilio.counts() == {PHONE: 1}


@pytest.mark.parametrize("fault", ["error_before", "drop_before"])
def test_a_text_whose_fate_is_unknown_and_that_never_was_is_not_found(
    gateway: Gateway, twilio: Control, fault: str
) -> None:
    twilio.add_fault(fault)

    [result] = send(gateway)

    assert result.outcome is Outcome.UNKNOWN
    assert gateway.find(PHONE, SHORT_CODE, LONG_AGO) == []


def test_too_many_at_once_is_transient_with_the_time_to_wait(gateway: Gateway, twilio: Control) -> None:
    twilio.add_fault("rate_limit", retry_after_s=4)

    [result] = send(gateway)

    assert (result.outcome, result.http_status, result.retry_after_s) == (Outcome.TRANSIENT, 429, 4.0)


def test_a_share_within_the_providers_limit_meets_no_refusal(gateway: Gateway, twilio: Control) -> None:
    twilio.settings(max_in_flight=25, latency_ms=(5, 15))  # we use 20; a slow answer of the last test may still run

    results = send(gateway, *(text(n, to=f"+3363998{n:04d}") for n in range(1, 301)))

    assert {(r.outcome, r.http_status) for r in results} == {(Outcome.ACCEPTED, 201)}
    assert twilio.counts(above=1) == {}


def test_a_redirection_stops_with_the_set_up(gateway: Gateway, twilio: Control) -> None:
    twilio.add_fault("redirect", status=307)

    [result] = send(gateway)

    assert result.outcome is Outcome.CONFIGURATION
    assert twilio.counts() == {}


def test_wrong_credentials_are_a_matter_of_set_up(twilio: Control) -> None:
    gateway = a_gateway(twilio, auth_token=SecretStr("wrong"))
    [result] = send(gateway)

    assert (result.outcome, result.code, result.http_status) == (Outcome.CONFIGURATION, 20003, 401)
    with pytest.raises(BadDefinition):
        gateway.verify()
    gateway.close()


def test_an_api_key_may_send_and_ask(twilio: Control) -> None:
    account = twilio.account()
    secret = SecretStr(account["api_key_secret"])
    gateway = a_gateway(twilio, api_key_sid=account["api_key_sid"], api_key_secret=secret)

    gateway.verify()
    [result] = send(gateway)
    gateway.close()

    assert result.outcome is Outcome.ACCEPTED


def test_the_provider_tells_how_a_text_stands(gateway: Gateway, twilio: Control) -> None:
    [result] = send(gateway)
    assert result.provider_sid is not None
    twilio.clock(jump_s=60)

    found = gateway.fetch(result.provider_sid)

    assert found is not None
    assert (found.status, found.to) == ("delivered", PHONE)
    assert gateway.fetch("SM" + "0" * 32) is None


def test_of_calls_only_those_we_asked_for_are_found(gateway: Gateway, twilio: Control) -> None:
    """A caller who is connected to a household rings it too; that leg is not the machine's call."""
    twilio.put_senders({"address": LINE.address})
    twilio.put_callee(HOUSEHOLD, "silent")
    own_phone = f'<Response><Dial callerId="{LINE.address}"><Number>{HOUSEHOLD}</Number></Dial></Response>'
    account = twilio.account()
    calls = f"{twilio.url}/2010-04-01/Accounts/{account['sid']}/Calls.json"
    for to, twiml in ((PHONE, own_phone), (HOUSEHOLD, "<Response><Say>Bonjour.</Say></Response>")):
        order = {"To": to, "From": LINE.address, "Twiml": twiml}
        reply = requests.post(calls, data=order, auth=(account["sid"], account["token"]), timeout=10)
        assert reply.status_code == 201
    twilio.put_callee(PHONE, "silent")
    twilio.clock(jump_s=60)

    found = gateway.find_calls(HOUSEHOLD, LINE.address, LONG_AGO)

    legs = twilio.calls(to=HOUSEHOLD)
    assert sorted(leg["direction"] for leg in legs) == ["outbound-api", "outbound-dial"]
    assert [f.provider_sid for f in found] == [leg["sid"] for leg in legs if leg["direction"] == "outbound-api"]


def test_replies_that_missed_us_are_on_file(gateway: Gateway, twilio: Control) -> None:
    send(gateway)
    sid = twilio.inbound(PHONE, SHORT_CODE, "Ça va, merci")

    [reply] = gateway.inbound(SHORT_CODE, LONG_AGO)

    assert (reply.provider_sid, reply.e164, reply.to_address, reply.body) == (sid, PHONE, SHORT_CODE, "Ça va, merci")
