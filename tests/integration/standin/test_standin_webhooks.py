"""How the application is called: signed, in time, retried as Twilio does and no more, and only on this machine."""

import socket

import pytest
from twilio.request_validator import RequestValidator

from sandbox.twilio.control import Control
from sandbox.twilio.signing import sign
from tests.integration.standin.conftest import PHONE, SHORT_CODE, Api
from tests.integration.standin.listener import Listener, Post, Reply


def is_signed(post: Post, base: str, token: str) -> bool:
    """Whether Twilio's own library takes the signature."""
    return RequestValidator(token).validate(base + post.path, post.form, post.headers["x-twilio-signature"])


def attempts(control: Control) -> list[int | str]:
    return control.webhooks()[-1]["attempts"]


# Signature


def test_the_signature_of_twilios_documentation_comes_out() -> None:
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234"}
    fields |= {"From": "+14158675309", "To": "+18005551212"}

    assert sign("https://mycompany.com/myapp.php?foo=1&bar=2", fields, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_receipts_are_signed_with_their_query(api: Api, app: Listener) -> None:
    api.sent(StatusCallback=f"{app.url}/status?m=17&x=a+b%20c&empty=")
    api.control.clock(jump_s=10)
    post = app.wait_for(2)[0]

    assert post.path == "/status?m=17&x=a+b%20c&empty="
    assert is_signed(post, app.url, api.account["token"])
    assert not is_signed(post, app.url, api.account["secondary_token"])
    assert not is_signed(post, app.url.replace("http:", "https:"), api.account["token"])


@pytest.mark.parametrize(
    "body", ["1", "Ça va ? Là-bas, c'est l'été à 40° !", "1+1=2 & 100%", "👍", "", "ligne\r\nligne"]
)
def test_inbound_texts_of_every_kind_are_signed(api: Api, app: Listener, body: str) -> None:
    api.control.inbound(PHONE, SHORT_CODE, body)
    (post,) = app.wait_for(1)

    assert post.form["Body"] == body
    assert post.form["FromCity"] == ""  # empty fields are sent, and signed
    assert is_signed(post, app.url, api.account["token"])


def test_the_public_address_is_signed_and_the_one_on_this_machine_called(api: Api, app: Listener) -> None:
    api.control.settings(rewrites={"https://chalets.example": app.url})
    api.sent(StatusCallback="https://chalets.example/status?m=1")
    api.control.clock(jump_s=10)
    post = app.wait_for(2)[0]

    assert is_signed(post, "https://chalets.example", api.account["token"])
    assert not is_signed(post, app.url, api.account["token"])


def test_a_wrong_signature_can_be_had(api: Api, app: Listener) -> None:
    api.control.settings(signature="wrong")
    api.control.inbound(PHONE, SHORT_CODE, "1")
    assert not is_signed(app.wait_for(1)[0], app.url, api.account["token"])

    api.control.settings(signature="missing")
    api.control.inbound(PHONE, SHORT_CODE, "1")
    assert "x-twilio-signature" not in app.wait_for(2)[1].headers


def test_single_posts_can_be_forged(api: Api, app: Listener) -> None:
    api.control.add_fault("receipts_forged", times=1)
    api.control.add_fault("inbound_forged", times=1)
    api.control.inbound(PHONE, SHORT_CODE, "1")
    api.control.inbound(PHONE, SHORT_CODE, "1")
    signed = [is_signed(post, app.url, api.account["token"]) for post in app.wait_for(2)]

    assert sorted(signed) == [False, True]


def test_after_a_rotation_hooks_are_signed_with_the_promoted_token(api: Api, app: Listener) -> None:
    account = api.control.rotate()
    api.control.inbound(PHONE, SHORT_CODE, "1")

    assert account["signing_token"] == api.account["secondary_token"]
    assert is_signed(app.wait_for(1)[0], app.url, api.account["secondary_token"])


# Retries


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_an_error_answer_is_not_retried_by_default(api: Api, app: Listener, status: int) -> None:
    app.usual = Reply(status)
    api.sent(StatusCallback=f"{app.url}/status")
    api.control.clock(jump_s=1.1)

    assert attempts(api.control) == [status]
    assert len(app.posts) == 1
    assert api.control.alerts(code=11200)


def test_a_failed_connection_is_retried_once_by_default(api: Api) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    api.sent(StatusCallback=f"http://127.0.0.1:{port}/status")
    api.control.clock(jump_s=1.1)

    assert attempts(api.control) == ["ct", "ct"]
    assert api.control.alerts(code=11205)


RETRIES = [
    ("#rc=3&rp=all", [500, 500, 204], [500, 500, 204]),
    ("#rc=1&rp=all", [500, 500, 204], [500, 500]),
    ("#rc=5&rp=5xx", [503, 403, 204], [503, 403]),
    ("#rc=5&rp=4xx,5xx", [503, 403, 204], [503, 403, 204]),
    ("#rc=0&rp=all", [500, 204], [500]),
    ("#rc=9&rp=all", [500, 500, 204], [500, 500]),  # out of range: the default of one
    ("#rc=2&rp=ct", [500, 204], [500]),
]


@pytest.mark.parametrize(("fragment", "replies", "expected"), RETRIES)
def test_the_fragment_of_the_address_says_what_is_retried(
    api: Api, app: Listener, fragment: str, replies: list[int], expected: list[int]
) -> None:
    app.replies = [Reply(status) for status in replies]
    api.sent(StatusCallback=f"{app.url}/status?m=1{fragment}")
    api.control.clock(jump_s=1.1)

    assert attempts(api.control) == expected
    assert {post.path for post in app.posts} == {"/status?m=1"}  # the fragment is not sent
    assert all(is_signed(post, app.url, api.account["token"]) for post in app.posts)  # nor signed


def test_retries_carry_the_same_token_and_other_events_another(api: Api, app: Listener) -> None:
    app.replies = [Reply(500), Reply(500)]
    api.sent(StatusCallback=f"{app.url}/status#rc=5&rp=all")
    api.control.clock(jump_s=10)
    tokens = [post.headers["i-twilio-idempotency-token"] for post in app.wait_for(4)]

    assert len(set(tokens[:3])) == 1
    assert tokens[3] != tokens[0]


def test_an_answer_that_takes_too_long_is_given_up(api: Api, app: Listener) -> None:
    app.replies = [Reply(after_s=0.6)]
    api.sent(StatusCallback=f"{app.url}/status#rt=200")
    api.control.clock(jump_s=1.1)

    assert attempts(api.control) == ["rt"]
    assert api.control.webhooks()[0]["took_ms"] < 500


def test_a_slow_answer_may_be_asked_for_again(api: Api, app: Listener) -> None:
    app.replies = [Reply(after_s=0.6)]
    api.sent(StatusCallback=f"{app.url}/status#rt=200&rc=1&rp=rt")
    api.control.clock(jump_s=1.1)

    assert attempts(api.control) == ["rt", 204]


def test_all_attempts_share_one_limit_of_time(api: Api, app: Listener) -> None:
    app.usual = Reply(after_s=0.3)
    api.sent(StatusCallback=f"{app.url}/status#rt=200&tt=500&rc=5&rp=all")
    api.control.clock(jump_s=1.1)

    made = attempts(api.control)
    assert set(made) == {"rt"}
    assert 2 <= len(made) < 6  # six were allowed by their number alone


def test_an_answer_that_breaks_off_is_not_taken_for_one(api: Api, app: Listener) -> None:
    app.replies = [Reply(status=None)]
    api.sent(StatusCallback=f"{app.url}/status")
    api.control.clock(jump_s=1.1)

    assert attempts(api.control)[0] in {"rt", "ct"}


def test_a_kept_connection_that_was_closed_meanwhile_loses_nothing(api: Api, app: Listener) -> None:
    api.control.inbound(PHONE, SHORT_CODE, "1")
    app.wait_for(1)
    app.hang_up()
    api.control.inbound(PHONE, SHORT_CODE, "2")

    assert [post.form["Body"] for post in app.wait_for(2)] == ["1", "2"]


# Only this machine


@pytest.mark.parametrize(
    "url", ["https://chalets.example/status", "http://192.0.2.1/status", "http://127.0.0.1.example/"]
)
def test_no_other_machine_is_ever_called(api: Api, url: str) -> None:
    api.sent(StatusCallback=url)
    api.control.clock(jump_s=1.1)

    assert attempts(api.control) == ["not loopback"]


def test_redirects_are_not_followed(api: Api, app: Listener) -> None:
    app.usual = Reply(307)
    api.sent(StatusCallback=f"{app.url}/status")
    api.control.clock(jump_s=1.1)

    assert attempts(api.control) == [307]
    assert len(app.posts) == 1
