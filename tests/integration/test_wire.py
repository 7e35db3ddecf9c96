"""Answers as HTTP lets them come, over connections that are kept: each request has its own answer, or none."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.integration import mail_server, wire
from tests.integration.test_gateway import a_gateway, says, send, texts
from tests.integration.wire import Asked, Provider
from worker.domain.messages import Outcome

BODY = '{"sid": "SM' + "7" * 32 + '"}'
WHOLE = wire.reply(201, BODY)
CHUNKED = (
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:9].encode(), BODY[9:].encode()))
    + b"0\r\n\r\n"
)


@pytest.fixture
def provider() -> Provider:
    return Provider()


def closes_after(answer: bytes) -> Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]:
    async def write(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    return write


async def in_crumbs(_: Asked, writer: asyncio.StreamWriter) -> None:
    for byte in WHOLE:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "answer",
    [
        says(WHOLE),
        says(CHUNKED),
        says(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + WHOLE),
        closes_after(b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n" + BODY.encode()),
        closes_after(b"HTTP/1.0 201 Created\r\n\r\n" + BODY.encode()),
        in_crumbs,
    ],
    ids=["whole", "in chunks", "announced", "until the end", "of the old kind", "byte by byte"],
)
def test_an_acceptance_is_read_however_http_lets_it_come(
    provider: Provider, answer: Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]
) -> None:
    with wire.running(provider):
        provider.answer = answer
        gateway = a_gateway(provider.url)
        results = [result for _ in range(3) for result in send(gateway, texts(1))]
        gateway.close()

    assert [(r.outcome, r.provider_sid) for r in results] == [(Outcome.ACCEPTED, "SM" + "7" * 32)] * 3


@pytest.mark.parametrize("more", [WHOLE, WHOLE[:20], b"\x00"], ids=["another", "half of one", "rubbish"])
def test_what_comes_after_an_answer_is_never_taken_for_the_next_ones(provider: Provider, more: bytes) -> None:
    """The text after it has its own name from the provider, on a connection of its own."""

    async def once_too_much(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if len(provider.asked) == 1:
            writer.write(WHOLE + more)
        else:
            await provider.accept(asked, writer)

    with wire.running(provider):
        provider.answer = once_too_much
        gateway = a_gateway(provider.url)
        [first], [second] = send(gateway, texts(1)), send(gateway, texts(1))
        gateway.close()

    assert (first.outcome, second.outcome) in {
        (Outcome.ACCEPTED, Outcome.ACCEPTED),
        (Outcome.UNKNOWN, Outcome.ACCEPTED),  # rubbish in the same breath: not an answer to rely on
    }
    assert second.provider_sid == f"SM{1:032x}"
    assert provider.connections == 2


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_is_not_given_to_the_next_request_when_that_has_none(
    provider: Provider, status: int
) -> None:
    async def once_and_no_more(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if len(provider.asked) == 1:
            writer.write(f"HTTP/1.1 {status} X\r\n\r\n".encode())
        else:
            await writer.drain()
            writer.close()

    with wire.running(provider):
        provider.answer = once_and_no_more
        gateway = a_gateway(provider.url)
        [first], [second] = send(gateway, texts(1)), send(gateway, texts(1))
        gateway.close()

    assert (first.http_status, second.http_status) == (status, None)
    assert second.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "answer",
    [
        says(wire.reply(201, BODY + " " * 2_000_000)),
        says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
        closes_after(CHUNKED[:-5]),
    ],
    ids=["endless", "another protocol", "a chunk short"],
)
def test_what_is_no_answer_leaves_a_fate_unknown(
    provider: Provider, answer: Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]
) -> None:
    with wire.running(provider):
        provider.answer = answer
        gateway = a_gateway(provider.url)
        [result] = send(gateway, texts(1))
        gateway.close()

    assert result.outcome is Outcome.UNKNOWN
    assert len(provider.asked) == 1


def test_a_connection_out_of_use_for_too_long_is_not_used_again(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.twilio.transport.KEEP_ALIVE_S", 0.0)
    with wire.running(provider):
        gateway = a_gateway(provider.url)
        for _ in range(3):
            send(gateway, texts(1))
        gateway.close()

    assert provider.connections == 3


def test_the_provider_is_who_its_certificate_says_or_nothing_leaves(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, key = mail_server.certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    with wire.running(provider, context):
        strangers = a_gateway(provider.url)
        [to_a_stranger] = send(strangers, texts(1))
        strangers.close()
        assert provider.asked == []

        monkeypatch.setenv("SSL_CERT_FILE", str(made))
        gateway = a_gateway(provider.url)
        known = send(gateway, texts(20))
        gateway.close()

    assert to_a_stranger.outcome is Outcome.TRANSIENT
    assert [result.outcome for result in known] == [Outcome.ACCEPTED] * 20
