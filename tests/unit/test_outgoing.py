"""One text as the provider's form, and its answer as our result."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from worker.domain.channels import Capability, Sender
from worker.domain.messages import NumberFault, Outcome, OutgoingText, SendResult
from worker.twilio import outgoing

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
SID = "SM" + "0123456789abcdef" * 2
COURT = Sender("court", "38000", Capability.TWO_WAY)
SERVICE = Sender("service", "MG" + "0" * 32, Capability.TWO_WAY, messaging_service=True)


def a_text(**changes: object) -> OutgoingText:
    values = {
        "message_id": 41,
        "attempt_id": 7,
        "to": "+33639980001",
        "sender_key": "court",
        "body": "Fortes chaleurs. Tout va bien ? Répondez 1",
        "segments": 1,
        "void_at": NOW + timedelta(hours=2),
    }
    return OutgoingText(**values | changes)  # type: ignore[arg-type]


def answer(status: int, body: object, **headers: str) -> SendResult:
    said = body if isinstance(body, str) else json.dumps(body)
    return outgoing.result(a_text(), status=status, body=said, headers=headers, now=NOW)


def test_the_receipt_address_carries_our_own_id_and_asks_for_retries() -> None:
    form = outgoing.draft(a_text(), COURT, public_url="https://chalets.example").form

    assert form["StatusCallback"] == "https://chalets.example/hooks/twilio/sms/status?m=41#rc=5&rp=all"


def test_a_number_sends_by_from_and_a_service_by_its_sid() -> None:
    by_number = outgoing.draft(a_text(), COURT, public_url="https://x.example").form
    by_service = outgoing.draft(a_text(), SERVICE, public_url="https://x.example").form

    assert by_number["From"] == "38000"
    assert "MessagingServiceSid" not in by_number
    assert by_service["MessagingServiceSid"] == SERVICE.address
    assert "From" not in by_service


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(hours=2), 7200),
        (timedelta(days=3), 36000),
        (timedelta(seconds=1, milliseconds=900), 1),
        (timedelta(milliseconds=900), 0),
        (timedelta(0), 0),
        (timedelta(minutes=-5), -300),
    ],
)
def test_the_validity_is_what_is_left_until_void_and_ten_hours_at_most(left: timedelta, seconds: int) -> None:
    assert outgoing.validity_s(NOW + left, NOW) == seconds


def test_an_accepted_text_has_its_sid() -> None:
    result = answer(201, {"sid": SID, "status": "queued", "error_code": None})

    assert result == SendResult(41, 7, Outcome.ACCEPTED, provider_sid=SID, http_status=201)


@pytest.mark.parametrize(
    "body", ["<html>Bad gateway</html>", "", "[]", "null", {}, {"sid": None}, {"sid": "CA" + "0" * 32}, {"sid": "SM12"}]
)
def test_an_acceptance_that_names_no_message_is_an_unknown_fate(body: object) -> None:
    result = answer(201, body)

    assert (result.outcome, result.provider_sid, result.http_status) == (Outcome.UNKNOWN, None, 201)


def test_a_refusal_keeps_its_code_and_teaches_about_the_number() -> None:
    result = answer(400, {"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400})

    assert result == SendResult(41, 7, Outcome.REFUSED_NUMBER, code=21610, http_status=400, fault=NumberFault.OPTED_OUT)


@pytest.mark.parametrize("body", ["not json", {"code": "21610"}, {"code": True}, {"message": "no code"}])
def test_a_refusal_without_a_readable_code_is_judged_by_its_status(body: object) -> None:
    result = answer(401, body)

    assert (result.outcome, result.code) == (Outcome.CONFIGURATION, None)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("3", 3.0),
        ("0", 0.0),
        ("86400", 3600.0),
        ("Wed, 08 Jul 2026 08:00:30 GMT", 30.0),
        ("Wed, 08 Jul 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("Wed, 08 Jul 2026 08:00:30", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert outgoing.retry_after_s(header, NOW) == seconds


def test_a_full_provider_says_when_to_come_back() -> None:
    result = answer(429, {"code": 20429}, **{"Retry-After": "7"})

    assert (result.outcome, result.retry_after_s) == (Outcome.TRANSIENT, 7.0)


def test_a_void_text_cannot_be_taken_for_a_refused_one() -> None:
    result = outgoing.void(a_text())

    assert (result.outcome, result.code, result.http_status) == (Outcome.REFUSED_CONTENT, 30036, None)
