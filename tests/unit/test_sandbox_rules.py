"""The stand-in's pure rules: segments, URLs, overrides, queues, TwiML, opt-out words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.twilio import optouts, overrides, segments, twiml, urls
from sandbox.twilio.overrides import Overrides
from sandbox.twilio.queues import Queue
from sandbox.twilio.senders import Sender, Senders, kind_of
from worker.domain import segments as product

USUAL = Overrides(retries=1, policies=frozenset({"ct"}), connect_s=5, read_s=15, total_s=15)


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 20, 2),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("👍" * 35, 1),
        ("👍" * 36, 2),
        ("a" * 1600, 11),
        ("ê" * 1600, 24),
        ("", 1),
    ],
)
def test_segments_are_counted_as_twilio_does(body: str, parts: int) -> None:
    assert segments.count(body) == parts


@given(st.text(alphabet="aé€[ç👍 ", min_size=1, max_size=400))
def test_the_stand_in_and_the_product_count_alike_although_written_apart(body: str) -> None:
    assert segments.count(body) == product.measure(body).segments


@pytest.mark.parametrize(
    ("url", "valid", "strict", "loopback"),
    [
        ("http://127.0.0.1:8000/status?m=1#rc=5", True, False, True),
        ("http://localhost:8000/", True, False, True),
        ("http://[::1]:8000/", True, False, True),
        ("http://127.9.9.9/", True, False, True),
        ("https://chalets.example/status", True, True, False),
        ("https://chalets.example:8443/status", True, True, False),
        ("https://chalets.example:port/status", False, False, False),
        ("http://127.0.0.1.chalets.example/", True, True, False),
        ("http://my_host.example/", False, False, False),
        ("http://chalets/", True, False, False),
        ("ftp://chalets.example/", False, False, False),
        ("/status", False, False, False),
        ("", False, False, False),
        ("http://chalets.example/a b", False, False, False),
        ("http://chalets.example/\r\nX: 1", False, False, False),
        ("http://0.0.0.0/", True, True, False),
    ],
)
def test_urls_are_judged_as_twilio_does(url: str, valid: bool, strict: bool, loopback: bool) -> None:
    assert urls.is_valid(url, strict=False) is valid
    assert urls.is_valid(url, strict=True) is strict
    assert urls.is_loopback(url) is loopback


def test_a_public_base_is_rewritten_only_where_it_ends() -> None:
    table = {"https://chalets.example": "http://127.0.0.1:8000"}

    assert urls.rewritten("https://chalets.example/a?b", table) == "http://127.0.0.1:8000/a?b"
    assert urls.rewritten("https://chalets.example.evil/a", table) == "https://chalets.example.evil/a"


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", USUAL),
        ("rc=3&rp=all&ct=3000&rt=5000", Overrides(3, frozenset({"all"}), 3, 5, 15)),
        ("rp=4xx,5xx&tt=2000", Overrides(1, frozenset({"4xx", "5xx"}), 5, 15, 2)),
        ("rc=6&ct=1&rt=99999&rp=never", USUAL),
        ("rc=-1", USUAL),
        ("chapter", USUAL),
    ],
)
def test_a_fragment_overrides_what_it_names(fragment: str, expected: Overrides) -> None:
    assert overrides.read(fragment, USUAL) == expected


def test_a_queue_spaces_messages_by_their_segments() -> None:
    queue = Queue(rate=2, longest_s=10)

    assert [queue.place(segments=4, now=0, validity_s=100) for _ in range(3)] == [0, 2, 4]
    assert queue.backlog_s(0) == 6
    assert queue.place(segments=1, now=0, validity_s=3) is None  # expires, and takes no place
    assert queue.place(segments=1, now=20, validity_s=3) == 20
    assert not queue.is_full(20)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("38000", "short_code"),
        ("+33939000001", "number"),
        ("Les Chalets", "alphanumeric"),
        ("CHALETS31", "alphanumeric"),
        ("MG" + "0" * 32, "service"),
        ("Les Chalets!", None),
        ("Les Chalets 31", None),
        ("", None),
    ],
)
def test_a_sender_is_known_by_its_look(address: str, kind: str | None) -> None:
    assert kind_of(address) == kind


def test_a_sender_that_is_changed_keeps_its_queue() -> None:
    senders = Senders()
    senders.put([Sender(address="38000", segments_per_s=1)])
    senders.queue("38000").place(10, 0, 100)
    senders.put([Sender(address="38000", segments_per_s=100)])

    assert senders.queue("38000").backlog_s(0) == 10
    assert senders.queue("38000").rate == 100


@pytest.mark.parametrize(
    ("opt_out", "body", "word"),
    [
        ("none", "STOP", None),
        ("default", "stop", "STOP"),
        ("default", "Unsubscribe ", "STOP"),
        ("default", "ARRET", None),
        ("advanced", "arret", "STOP"),
        ("default", "info", "HELP"),
        ("default", "stop merci", None),
        ("default", "start", None),  # nobody was blocked
    ],
)
def test_twilio_hears_its_own_words_only(opt_out: str, body: str, word: str | None) -> None:
    sender = Sender(address="38000", opt_out=opt_out, stop_words=("ARRET",))
    assert optouts.OptOuts().hear(sender, "38000", "+33639980001", body) == word


def test_twiml_may_name_another_recipient_and_a_callback() -> None:
    body = b'<Response><Message to="+33639980002" action="http://127.0.0.1/s">Bonjour</Message></Response>'
    (reply,) = twiml.read("text/xml; charset=utf-8", body)

    assert (reply.body, reply.to, reply.callback) == ("Bonjour", "+33639980002", "http://127.0.0.1/s")
