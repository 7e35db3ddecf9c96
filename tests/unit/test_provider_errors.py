"""Each code of the provider has one meaning; each row of the table is one case."""

import pytest

from worker.domain.messages import NumberFault, Outcome
from worker.twilio import errors

NUMBER, CONTENT, CONFIGURATION = Outcome.REFUSED_NUMBER, Outcome.REFUSED_CONTENT, Outcome.CONFIGURATION
TRANSIENT, UNKNOWN, ACCEPTED = Outcome.TRANSIENT, Outcome.UNKNOWN, Outcome.ACCEPTED
DEAD, BLOCKED, NOT_MOBILE, OPTED_OUT = (
    NumberFault.DEAD,
    NumberFault.BLOCKED,
    NumberFault.NOT_MOBILE,
    NumberFault.OPTED_OUT,
)

# Written from the provider's dictionary of errors, not copied from the table under test.
REPLIES = [
    (401, 20003, CONFIGURATION, None),
    (403, 20005, CONFIGURATION, None),
    (403, 90010, CONFIGURATION, None),
    (403, 20008, CONFIGURATION, None),
    (404, 20404, CONFIGURATION, None),
    (429, 20429, TRANSIENT, None),
    (500, 20500, UNKNOWN, None),
    (503, 20503, UNKNOWN, None),
    (400, 10004, TRANSIENT, None),
    (400, 13225, NUMBER, BLOCKED),
    (400, 13227, CONFIGURATION, None),
    (400, 14107, CONFIGURATION, None),
    (400, 21201, CONFIGURATION, None),
    (400, 21205, CONFIGURATION, None),
    (400, 21210, CONFIGURATION, None),
    (400, 21211, NUMBER, DEAD),
    (400, 21212, CONFIGURATION, None),
    (400, 21213, CONFIGURATION, None),
    (400, 21214, NUMBER, DEAD),
    (400, 21215, CONFIGURATION, None),
    (400, 21216, NUMBER, BLOCKED),
    (400, 21217, NUMBER, DEAD),
    (400, 21218, CONFIGURATION, None),
    (400, 21219, CONFIGURATION, None),
    (400, 21408, CONFIGURATION, None),
    (400, 21601, CONFIGURATION, None),
    (400, 21602, CONTENT, None),
    (400, 21603, CONFIGURATION, None),
    (400, 21604, CONTENT, None),
    (400, 21606, CONFIGURATION, None),
    (400, 21608, CONFIGURATION, None),
    (400, 21609, CONFIGURATION, None),
    (400, 21610, NUMBER, OPTED_OUT),
    (400, 21611, TRANSIENT, None),
    (400, 21612, NUMBER, None),
    (400, 21614, NUMBER, NOT_MOBILE),
    (400, 21617, CONTENT, None),
    (400, 21619, CONTENT, None),
    (400, 21624, CONTENT, None),
    (400, 21635, NUMBER, NOT_MOBILE),
    (400, 21659, CONFIGURATION, None),
    (400, 21661, CONFIGURATION, None),
    (400, 21701, CONFIGURATION, None),
    (400, 21703, CONFIGURATION, None),
    (400, 21704, CONFIGURATION, None),
    (400, 21705, CONFIGURATION, None),
    (400, 90007, CONTENT, None),
]
RECEIPTS = [
    ("failed", 30001, TRANSIENT, None),
    ("failed", 30002, CONFIGURATION, None),
    ("undelivered", 30003, TRANSIENT, None),
    ("undelivered", 30004, NUMBER, BLOCKED),
    ("undelivered", 30005, NUMBER, DEAD),
    ("undelivered", 30006, NUMBER, NOT_MOBILE),
    ("undelivered", 30007, CONTENT, None),
    ("undelivered", 30008, TRANSIENT, None),
    ("undelivered", 30017, TRANSIENT, None),
    ("failed", 30018, CONFIGURATION, None),
    ("undelivered", 30022, TRANSIENT, None),
    ("undelivered", 30023, TRANSIENT, None),
    ("failed", 30032, CONFIGURATION, None),
    ("failed", 30034, CONFIGURATION, None),
    ("failed", 30035, CONFIGURATION, None),
    ("failed", 30036, TRANSIENT, None),
    ("undelivered", 30410, UNKNOWN, None),
    ("failed", 30450, CONFIGURATION, None),
    ("failed", 63017, TRANSIENT, None),
    ("failed", 21610, NUMBER, OPTED_OUT),
]
STATUS_ALONE = [
    (200, ACCEPTED),
    (201, ACCEPTED),
    (301, CONFIGURATION),
    (307, CONFIGURATION),
    (400, CONTENT),
    (401, CONFIGURATION),
    (403, CONFIGURATION),
    (404, CONFIGURATION),
    (408, UNKNOWN),
    (422, CONTENT),
    (429, TRANSIENT),
    (500, UNKNOWN),
    (502, UNKNOWN),
    (504, UNKNOWN),
]


@pytest.mark.parametrize(("status", "code", "outcome", "fault"), REPLIES)
def test_a_refusal_has_the_class_of_its_code(
    status: int, code: int, outcome: Outcome, fault: NumberFault | None
) -> None:
    verdict = errors.classify(status, code)

    assert (verdict.outcome, verdict.fault) == (outcome, fault)


@pytest.mark.parametrize(("status", "code", "outcome", "fault"), RECEIPTS)
def test_a_failed_receipt_has_the_class_of_its_code(
    status: str, code: int, outcome: Outcome, fault: NumberFault | None
) -> None:
    verdict = errors.classify_receipt(status, code)

    assert (verdict.outcome, verdict.fault) == (outcome, fault)


@pytest.mark.parametrize(("status", "outcome"), STATUS_ALONE)
def test_without_a_code_the_status_decides(status: int, outcome: Outcome) -> None:
    assert errors.classify(status, None).outcome is outcome


def test_every_row_of_the_table_is_tried_here() -> None:
    tried = {code for _, code, _, _ in REPLIES} | {code for _, code, _, _ in RECEIPTS}

    assert tried == set(errors.CODES)


@pytest.mark.parametrize("code", [20500, 21610, 99999])
def test_a_server_error_is_an_unknown_fate_whatever_its_code(code: int) -> None:
    assert errors.classify(500, code).outcome is UNKNOWN


@pytest.mark.parametrize("code", [20429, 21610, 99999, None])
def test_too_many_requests_were_certainly_not_processed(code: int | None) -> None:
    assert errors.classify(429, code).outcome is TRANSIENT


def test_a_code_nobody_knows_is_permanent_for_its_message_and_somebody_should_look() -> None:
    for verdict in (errors.classify(400, 99999), errors.classify_receipt("undelivered", 99999)):
        assert verdict == errors.Verdict(CONTENT, alarm=True)


def test_a_wrong_set_up_always_raises_an_alarm() -> None:
    silent = [c for c, v in errors.CODES.items() if v.outcome is CONFIGURATION and not v.alarm]

    assert silent == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("sent", ACCEPTED), ("delivered", ACCEPTED), ("undelivered", TRANSIENT), ("failed", TRANSIENT)],
)
@pytest.mark.parametrize("code", [None, 0])
def test_a_receipt_without_an_error_code_is_read_by_its_status(status: str, outcome: Outcome, code: int | None) -> None:
    assert errors.classify_receipt(status, code).outcome is outcome
