"""What the provider posts: is it the provider, and what does it say."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.datastructures import ImmutableMultiDict

from worker.domain.messages import Inbound, Receipt
from worker.twilio import webhooks

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
SID = "SM" + "0123456789abcdef" * 2
# The vector Twilio publishes with its own libraries.
VECTOR_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
VECTOR_FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
VECTOR_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def sign(url: str, pairs: list[tuple[str, str]], token: str) -> str:
    """The provider's rule, written down again from its documentation."""
    signed = url + "".join(key + value for key, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def test_the_published_signature_is_right() -> None:
    assert sign(VECTOR_URL, list(VECTOR_FORM.items()), "12345") == VECTOR_SIGNATURE
    assert webhooks.is_authentic(VECTOR_URL, VECTOR_FORM, VECTOR_SIGNATURE, ["12345"])


@pytest.mark.parametrize(
    "url",
    [
        "http://mycompany.com/myapp.php?foo=1&bar=2",
        "https://mycompany.com/myapp.php?bar=2&foo=1",
        "https://mycompany.com/myapp.php",
        "https://other.com/myapp.php?foo=1&bar=2",
    ],
)
def test_another_address_has_another_signature(url: str) -> None:
    assert not webhooks.is_authentic(url, VECTOR_FORM, VECTOR_SIGNATURE, ["12345"])


def test_one_changed_digit_is_enough_to_be_refused() -> None:
    assert not webhooks.is_authentic(VECTOR_URL, VECTOR_FORM | {"Digits": "1235"}, VECTOR_SIGNATURE, ["12345"])


def test_the_old_and_the_new_token_both_count_during_a_rotation() -> None:
    assert webhooks.is_authentic(VECTOR_URL, VECTOR_FORM, VECTOR_SIGNATURE, ["new", "12345"])
    assert not webhooks.is_authentic(VECTOR_URL, VECTOR_FORM, VECTOR_SIGNATURE, ["new", "newer"])


def test_an_empty_token_never_signs() -> None:
    signature = sign(VECTOR_URL, list(VECTOR_FORM.items()), "")

    assert not webhooks.is_authentic(VECTOR_URL, VECTOR_FORM, signature, ["", ""])
    assert not webhooks.is_authentic(VECTOR_URL, VECTOR_FORM, signature, [])


@pytest.mark.parametrize(
    "pairs",
    [
        [("Body", "")],
        [("Body", "Ça va, merci à vous !"), ("FromCity", "")],
        [("From", "+33639980001"), ("Body", "1+1")],
        [("Body", "😀 œuvre € ’")],
        [("Media", "a"), ("Media", "b")],
        [],
    ],
    ids=["empty", "accents", "plus", "beyond latin", "twice", "no form"],
)
def test_odd_but_honest_forms_are_authentic(pairs: list[tuple[str, str]]) -> None:
    url = "https://chalets.example/hooks?m=1"

    assert webhooks.is_authentic(url, ImmutableMultiDict(pairs), sign(url, pairs, "secret"), ["secret"])


@pytest.mark.parametrize("signature", [None, "", "x", "é", "=" * 500])
@pytest.mark.parametrize("params", [{}, {"a": ["b"]}, {"a": None}, {"a": 1}, b"a=b", "a=b", 7, [1]])
def test_nonsense_is_refused_and_never_raises(signature: str | None, params: Any) -> None:
    assert not webhooks.is_authentic("https://chalets.example/hooks", params, signature, ["secret"])


@pytest.mark.parametrize("url", ["", "https://chalets.example:notaport/", "https://[::1/hooks"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert not webhooks.is_authentic(url, {}, "x" * 28, ["secret"])


def a_receipt(**changes: str) -> dict[str, str]:
    return {"MessageSid": SID, "SmsSid": SID, "MessageStatus": "undelivered", "ErrorCode": "30005"} | changes


def test_a_receipt_says_which_message_what_and_why() -> None:
    read = webhooks.receipt(a_receipt(RawDlrDoneDate="2607080800", Tomorrow="x"), message_id="41", now=NOW)

    assert read == Receipt(41, SID, "undelivered", 30005, NOW)


@pytest.mark.parametrize("own_id", [None, "", "0", "-1", "1 OR 1=1", "٤١", "9" * 30, "9223372036854775808", "1.0"])
def test_a_receipt_without_a_usable_own_id_is_still_a_receipt(own_id: str | None) -> None:
    read = webhooks.receipt(a_receipt(), message_id=own_id, now=NOW)

    assert read is not None
    assert read.message_id is None


@pytest.mark.parametrize("code", ["", "0", "no", "-3", "99999999999"])
def test_an_error_code_that_is_none_is_none(code: str) -> None:
    read = webhooks.receipt(a_receipt(ErrorCode=code), message_id="41", now=NOW)

    assert read is not None
    assert read.code is None


def test_a_receipt_speaks_the_older_words_too() -> None:
    read = webhooks.receipt({"SmsSid": SID, "SmsStatus": "sent"}, message_id="41", now=NOW)

    assert read == Receipt(41, SID, "sent", None, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"MessageSid": "", "SmsSid": ""},
        {"MessageSid": "SM123"},
        {"MessageSid": "CA" + "0" * 32},
        {"MessageSid": SID + "\n"},
        {"MessageStatus": "", "SmsStatus": ""},
        {"MessageStatus": "sent\x00"},
        {"MessageStatus": "x" * 40},
    ],
)
def test_what_names_no_message_or_no_status_is_no_receipt(changes: dict[str, str]) -> None:
    assert webhooks.receipt(a_receipt(**changes), message_id="41", now=NOW) is None


def a_text(**changes: str) -> dict[str, str]:
    return {"MessageSid": SID, "From": "+33639980001", "To": "38000", "Body": "ça va", "NumMedia": "0"} | changes


def test_a_text_from_a_phone() -> None:
    read = webhooks.inbound(a_text(FromCountry="FR", SmsStatus="received"), now=NOW)

    assert read == Inbound(SID, "+33639980001", "38000", "ça va", NOW)


@pytest.mark.parametrize(
    ("word", "kept"), [("STOP", "STOP"), ("start", "START"), ("HELP", "HELP"), ("", None), ("X", None)]
)
def test_the_providers_own_reading_of_stop_is_kept(word: str, kept: str | None) -> None:
    read = webhooks.inbound(a_text(OptOutType=word), now=NOW)

    assert read is not None
    assert read.opt_out_type == kept


def test_a_picture_is_counted_and_an_empty_text_is_a_text() -> None:
    read = webhooks.inbound(a_text(MessageSid="MM" + "0" * 32, Body="", NumMedia="2"), now=NOW)

    assert read is not None
    assert (read.body, read.media_count) == ("", 2)


def test_a_nul_in_a_text_does_not_cost_us_the_text() -> None:
    read = webhooks.inbound(a_text(Body="à l'aide\x00"), now=NOW)

    assert read is not None
    assert read.body == "à l'aide"


@pytest.mark.parametrize("sid", ["", "SM12"])
def test_what_the_provider_gave_no_id_is_no_text(sid: str) -> None:
    assert webhooks.inbound(a_text(MessageSid=sid), now=NOW) is None


@pytest.mark.parametrize("sender", ["", "38000", "Les Chalets", "anonymous", "whatsapp:+33612345678", "+0"])
def test_a_text_from_no_number_is_a_text(sender: str) -> None:
    read = webhooks.inbound(a_text(From=sender), now=NOW)

    assert read is not None
    assert read.e164 == sender
