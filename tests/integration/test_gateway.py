"""What leaves for the provider, against a wire that counts and misbehaves: a text leaves at most once."""

import asyncio
import base64
import concurrent.futures
import logging
import multiprocessing
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.integration import wire
from tests.integration.wire import Asked, Provider
from worker.domain.channels import Capability, Sender
from worker.domain.messages import Outcome, OutgoingText, SendResult
from worker.settings_tables import Twilio
from worker.twilio.client import Gateway

SENDERS = {
    "court": Sender("court", "38000", Capability.TWO_WAY),
    "service": Sender("service", "MG" + "0" * 32, Capability.TWO_WAY, messaging_service=True),
}
ACCOUNT = "AC" + "0" * 32
PUBLIC = "https://chalets.example"
Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with wire.running(Provider()) as running:
        yield running


@pytest.fixture
def gateway(provider: Provider) -> Iterator[Gateway]:
    made = a_gateway(provider.url)
    yield made
    made.close()


def a_gateway(url: str, **changes: object) -> Gateway:
    values = {"account_sid": ACCOUNT, "auth_token": SecretStr("token"), "api_url": url, "timeout_s": 1.0}
    return Gateway(Twilio(**values | changes), public_url=PUBLIC)  # type: ignore[arg-type]


def texts(number: int, **changes: object) -> list[OutgoingText]:
    values = {"sender_key": "court", "body": "Tout va bien ?", "segments": 1, "void_at": now() + timedelta(hours=2)}
    return [
        OutgoingText(
            **{"message_id": n, "attempt_id": 1000 + n, "to": f"+3363998{n:04d}"} | values | changes  # type: ignore[arg-type]
        )
        for n in range(1, number + 1)
    ]


def now() -> datetime:
    return datetime.now(UTC)


def send(gateway: Gateway, outgoing: list[OutgoingText], in_flight: int = 10) -> list[SendResult]:
    return gateway.send(outgoing, senders=SENDERS, in_flight=lambda: in_flight)


def says(answer: bytes) -> Answer:
    async def write(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return write


async def hangs_up(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def resets(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def stops_in_the_middle(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"sid": "SM')
    await writer.drain()
    writer.close()


async def says_nothing(_: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def trickles(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n")
    for _second in range(300):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)


def test_each_text_has_its_result_in_the_order_given(provider: Provider, gateway: Gateway) -> None:
    results = send(gateway, texts(50))

    assert [(r.message_id, r.attempt_id, r.outcome) for r in results] == [
        (n, 1000 + n, Outcome.ACCEPTED) for n in range(1, 51)
    ]
    assert len({r.provider_sid for r in results}) == 50
    assert len(provider.asked) == 50


def test_a_text_leaves_as_the_provider_documents_it(provider: Provider, gateway: Gateway) -> None:
    send(gateway, texts(1, body="Il fait chaud : ça va ? é+&="))

    asked = provider.asked[0]
    assert asked.line == f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1"
    assert asked.headers["authorization"].startswith("Basic ")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert 7190 <= int(asked.form["ValidityPeriod"]) <= 7200
    assert {k: v for k, v in asked.form.items() if k != "ValidityPeriod"} == {
        "To": "+33639980001",
        "From": "38000",
        "Body": "Il fait chaud : ça va ? é+&=",
        "StatusCallback": f"{PUBLIC}/hooks/twilio/sms/status?m=1#rc=5&rp=all",
    }


def test_an_api_key_stands_for_the_account(provider: Provider) -> None:
    gateway = a_gateway(provider.url, api_key_sid="SK" + "1" * 32, api_key_secret=SecretStr("secret"))
    send(gateway, texts(1))
    gateway.close()

    user = base64.b64decode(provider.asked[0].headers["authorization"].split()[1]).decode()
    assert user == "SK" + "1" * 32 + ":secret"
    assert ACCOUNT in provider.asked[0].line


@pytest.mark.parametrize(
    "misbehaviour", [hangs_up, resets, stops_in_the_middle, says_nothing, trickles, says(b"SMTP ready\r\n\r\n")]
)
def test_after_the_request_left_no_answer_is_an_unknown_fate_and_nothing_is_posted_twice(
    provider: Provider, gateway: Gateway, misbehaviour: Answer
) -> None:
    provider.answer = misbehaviour

    [result] = send(gateway, texts(1))

    assert (result.outcome, result.http_status) == (Outcome.UNKNOWN, None)
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (500, '{"code": 20500}', Outcome.UNKNOWN),
        (503, "<html>", Outcome.UNKNOWN),
        (201, "<html>", Outcome.UNKNOWN),
        (400, '{"code": 21610}', Outcome.REFUSED_NUMBER),
        (400, '{"code": 99999}', Outcome.REFUSED_CONTENT),
        (401, '{"code": 20003}', Outcome.CONFIGURATION),
        (429, '{"code": 20429}', Outcome.TRANSIENT),
    ],
)
def test_whatever_the_answer_nothing_is_posted_twice(
    provider: Provider, gateway: Gateway, status: int, body: str, outcome: Outcome
) -> None:
    provider.answer = says(wire.reply(status, body))

    [result] = send(gateway, texts(1))

    assert (result.outcome, result.http_status) == (outcome, status)
    assert len(provider.asked) == 1


def test_a_redirection_is_not_followed(provider: Provider, gateway: Gateway) -> None:
    provider.answer = says(wire.reply(307, "", Location=f"{provider.url}/elsewhere"))

    [result] = send(gateway, texts(1))

    assert result.outcome is Outcome.CONFIGURATION
    assert len(provider.asked) == 1


def test_the_provider_says_when_to_come_back(provider: Provider, gateway: Gateway) -> None:
    provider.answer = says(wire.reply(429, '{"code": 20429}', Retry_After="7"))

    [result] = send(gateway, texts(1))

    assert result.retry_after_s == 7.0


def test_one_request_too_many_is_felt_by_the_very_next_ones(provider: Provider, gateway: Gateway) -> None:
    """Of 200 texts at 40 in flight, where the provider takes 8, some 32 + 12 + 2 are refused; not four in five."""
    under_way = 0

    async def takes_eight(asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way
        under_way += 1
        crowded = under_way > 8
        await asyncio.sleep(0.05)
        under_way -= 1
        await (says(wire.reply(429, '{"code": 20429}'))(asked, writer) if crowded else provider.accept(asked, writer))

    provider.answer = takes_eight
    results = send(gateway, texts(200), in_flight=40)

    assert sum(r.http_status == 429 for r in results) < 100


def test_a_refused_connection_is_certainly_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        gateway = a_gateway(f"http://127.0.0.1:{taken.getsockname()[1]}")
        [result] = send(gateway, texts(1))
        gateway.close()

    assert result == SendResult(1, 1001, Outcome.TRANSIENT)


def test_a_broken_handshake_is_certainly_not_sent(provider: Provider) -> None:
    provider.greeting = b"220 I speak no TLS\r\n"
    gateway = a_gateway(provider.url.replace("http:", "https:"))
    [result] = send(gateway, texts(1))
    gateway.close()

    assert result == SendResult(1, 1001, Outcome.TRANSIENT)
    assert provider.asked == []


def test_no_connection_in_time_is_certainly_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, never shakes hands
        gateway = a_gateway(f"https://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.3)
        [result] = send(gateway, texts(1))
        gateway.close()

    assert result == SendResult(1, 1001, Outcome.TRANSIENT)


def test_connections_are_kept(provider: Provider, gateway: Gateway) -> None:
    send(gateway, texts(30), in_flight=3)
    send(gateway, texts(30), in_flight=3)

    assert len(provider.asked) == 60
    assert provider.connections <= 3


def test_a_connection_the_provider_dropped_meanwhile_is_not_used_again(provider: Provider, gateway: Gateway) -> None:
    async def accepts_and_hangs_up(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await provider.accept(asked, writer)
        await hangs_up(asked, writer)

    provider.answer = accepts_and_hangs_up

    results = []
    for _ in range(4):
        a_moment_later = texts(1, leave_at=now() + timedelta(seconds=0.1))
        results += [result.outcome for result in send(gateway, a_moment_later)]

    assert results == [Outcome.ACCEPTED] * 4


def test_all_threads_together_stay_within_the_share(provider: Provider, gateway: Gateway) -> None:
    provider.latency_s = 0.01
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        batches = [pool.submit(send, gateway, texts(50), 7) for _ in range(4)]
        results = [r for batch in batches for r in batch.result()]

    assert {r.outcome for r in results} == {Outcome.ACCEPTED}
    assert len(provider.asked) == 200
    assert provider.most_under_way == 7


def test_an_answer_to_a_person_does_not_wait_behind_a_batch(provider: Provider, gateway: Gateway) -> None:
    provider.latency_s = 0.02
    [answer] = texts(1, answer=True, message_id=99, to="+33639980099")

    results = send(gateway, [*texts(20), answer], in_flight=2)

    assert {r.outcome for r in results} == {Outcome.ACCEPTED}
    assert "+33639980099" in [asked.form["To"] for asked in provider.asked[:4]]


def test_a_text_that_finds_no_place_within_a_second_goes_back_where_a_cancel_reaches_it(
    provider: Provider, gateway: Gateway
) -> None:
    provider.latency_s = 0.6
    [answer] = texts(1, answer=True, message_id=99, to="+33639980099")

    results = send(gateway, [*texts(3), answer], in_flight=1)

    assert [(r.outcome, r.asked) for r in results] == [
        (Outcome.ACCEPTED, True),
        (Outcome.TRANSIENT, False),
        (Outcome.TRANSIENT, False),
        (Outcome.ACCEPTED, True),  # a person waits for it
    ]
    assert len(provider.asked) == 2


def test_one_texts_fate_does_not_touch_the_others(provider: Provider, gateway: Gateway) -> None:
    async def moody(asked: Asked, writer: asyncio.StreamWriter) -> None:
        unlucky = asked.form["To"].endswith("3")
        await (hangs_up if unlucky else provider.accept)(asked, writer)

    provider.answer = moody

    results = send(gateway, texts(20))

    assert [r.message_id for r in results if r.outcome is Outcome.UNKNOWN] == [3, 13]
    assert sum(r.outcome is Outcome.ACCEPTED for r in results) == 18


def test_our_own_mistake_with_one_text_is_loud_and_does_not_lose_the_others(
    provider: Provider, gateway: Gateway
) -> None:
    outgoing = [*texts(3), *texts(1, body="half a character: \ud83d")]

    with capture_logs() as events:
        results = send(gateway, outgoing)

    assert [r.outcome for r in results] == [Outcome.ACCEPTED] * 3 + [Outcome.UNKNOWN]
    assert [(e["event"], e["log_level"], e["error"]) for e in events] == [
        ("send_crashed", "error", "UnicodeEncodeError")
    ]


def test_a_sender_nobody_configured_is_our_mistake_and_nothing_leaves(provider: Provider, gateway: Gateway) -> None:
    with pytest.raises(KeyError):
        send(gateway, [*texts(5), *texts(1, sender_key="nobody")])

    assert provider.asked == []


def test_a_text_waits_for_its_moment_and_does_not_hold_a_place_meanwhile(provider: Provider, gateway: Gateway) -> None:
    moment = now() + timedelta(seconds=0.4)
    later = texts(1, leave_at=moment)
    at_once = [OutgoingText(2, 1002, "+33639980002", "court", "Bonjour", 1, now() + timedelta(hours=1))]

    results = send(gateway, [*later, *at_once], in_flight=1)

    assert now() >= moment
    assert [r.outcome for r in results] == [Outcome.ACCEPTED] * 2
    assert [a.form["To"] for a in provider.asked] == ["+33639980002", "+33639980001"]


@pytest.mark.parametrize("leave_in", [None, 0.3])
def test_a_void_text_never_leaves(provider: Provider, gateway: Gateway, leave_in: float | None) -> None:
    leave_at = now() + timedelta(seconds=leave_in) if leave_in else None
    void_at = now() + timedelta(seconds=0.9)

    results = send(gateway, texts(1, void_at=void_at, leave_at=leave_at))

    assert [(r.outcome, r.code, r.http_status) for r in results] == [(Outcome.REFUSED_CONTENT, 30036, None)]
    assert provider.asked == []


def test_a_text_whose_request_could_outlive_its_lease_does_not_leave(provider: Provider, gateway: Gateway) -> None:
    """Another batch may have it by the time the request would end."""
    results = send(gateway, texts(1, lease_until=now() + timedelta(seconds=0.5)))

    assert [(r.outcome, r.http_status, r.asked) for r in results] == [(Outcome.TRANSIENT, None, False)]
    assert provider.asked == []


def test_a_text_that_missed_its_moment_asks_for_another_one_also_the_first(
    provider: Provider, gateway: Gateway
) -> None:
    results = send(gateway, texts(2, leave_at=now() - timedelta(seconds=1)))

    assert [(r.outcome, r.asked) for r in results] == [(Outcome.TRANSIENT, False)] * 2
    assert provider.asked == []


def test_on_a_machine_that_is_late_with_everything_one_text_leaves_all_the_same(
    provider: Provider, gateway: Gateway
) -> None:
    results = send(gateway, texts(3, leave_at=now() - timedelta(seconds=15)))

    assert [(r.outcome, r.asked) for r in results] == [
        (Outcome.ACCEPTED, True),
        (Outcome.TRANSIENT, False),
        (Outcome.TRANSIENT, False),
    ]


def test_a_service_is_named_instead_of_a_number(provider: Provider, gateway: Gateway) -> None:
    send(gateway, texts(1, sender_key="service"))

    assert provider.asked[0].form["MessagingServiceSid"] == "MG" + "0" * 32
    assert "From" not in provider.asked[0].form


def test_the_machines_environment_does_not_redirect_us(
    provider: Provider, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = {"TWILIO_EDGE": "dublin", "TWILIO_REGION": "ie1", "TWILIO_ACCOUNT_SID": "AC" + "f" * 32}
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:9")
    for name, value in (elsewhere | proxies).items():
        monkeypatch.setenv(name, value)

    [result] = send(gateway, texts(1))

    assert result.outcome is Outcome.ACCEPTED
    assert ACCOUNT in provider.asked[0].line


def test_nothing_about_a_tenant_is_logged(
    provider: Provider, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.answer = says(wire.reply(400, '{"code": 99999, "message": "+33639980001 is odd"}'))

    with capture_logs() as events:
        send(gateway, texts(20, body="Madame Durand"))

    said = caplog.text + repr(events)
    assert "3363998" not in said
    assert "Durand" not in said
    assert [(e["event"], e["code"], e["texts"]) for e in events] == [("provider_refused", 99999, 20)]


def test_nothing_starts_before_the_first_text_and_nothing_is_left_after_closing(provider: Provider) -> None:
    before = threading.active_count()
    gateway = a_gateway(provider.url)
    assert send(gateway, []) == []
    assert threading.active_count() == before

    send(gateway, texts(1))
    assert threading.active_count() == before + 1

    gateway.close()
    gateway.close()
    assert threading.active_count() == before


def test_closing_lets_nobody_wait_for_ever(provider: Provider) -> None:
    provider.answer = says_nothing
    gateway = a_gateway(provider.url, timeout_s=30)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(send, gateway, texts(3))
        while not provider.under_way:
            assert not waiting.done()
        gateway.close()

        with pytest.raises(concurrent.futures.CancelledError):
            waiting.result(5)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")  # the test's own server is a thread
def test_a_gateway_built_before_a_fork_sends_after_it(provider: Provider) -> None:
    gateway = a_gateway(provider.url)
    queue = multiprocessing.get_context("fork").SimpleQueue()
    child = multiprocessing.get_context("fork").Process(
        target=lambda: queue.put([r.outcome for r in send(gateway, texts(2))])
    )
    child.start()
    child.join(20)
    gateway.close()

    assert child.exitcode == 0
    assert queue.get() == [Outcome.ACCEPTED] * 2
