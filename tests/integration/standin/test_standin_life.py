"""A message's life after acceptance: queue, carrier, receipts in every order, and a clock that makes hours short."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.integration.standin.conftest import PHONE, SHORT_CODE, Api
from tests.integration.standin.listener import Listener

SERVICE = "MG" + "a" * 32
SLOW = "+33939000001"
Heard = Callable[[int], list[str]]


def status(api: Api, sid: str) -> tuple[str, int | None]:
    message = api.fetch(sid)
    return message["status"], message["error_code"]


def test_receipts_come_in_the_documented_order_after_their_delays(api: Api, app: Listener, receipts: Heard) -> None:
    sid = api.sent(StatusCallback=f"{app.url}/status?m=1")["sid"]
    assert status(api, sid) == ("queued", None)

    api.control.clock(jump_s=0.5)
    assert status(api, sid) == ("sending", None)

    api.control.clock(jump_s=0.6)
    assert receipts(1) == ["sent"]

    api.control.clock(jump_s=2)
    assert receipts(2) == ["sent", "delivered"]
    assert status(api, sid) == ("delivered", None)


def test_a_receipt_has_twilios_fields(api: Api, app: Listener) -> None:
    sid = api.sent(StatusCallback=f"{app.url}/status?m=1")["sid"]
    api.control.clock(jump_s=10)
    sent, delivered = app.wait_for(2)

    assert sent.path == "/status?m=1"
    assert sent.form["MessageSid"] == sent.form["SmsSid"] == sid
    assert sent.form["MessageStatus"] == sent.form["SmsStatus"] == "sent"
    assert (sent.form["To"], sent.form["From"]) == (PHONE, SHORT_CODE)
    assert sent.form["AccountSid"] == api.account["sid"]
    assert "ErrorCode" not in delivered.form
    assert "RawDlrDoneDate" not in sent.form
    assert len(delivered.form["RawDlrDoneDate"]) == len("2607081012")


def test_without_a_callback_nothing_is_posted(api: Api, app: Listener) -> None:
    api.sent()
    api.control.clock(jump_s=10)

    assert app.posts == []
    assert api.control.stats()["by_status"] == {"delivered": 1}


def test_a_service_reports_queued_first(api: Api, app: Listener, receipts: Heard) -> None:
    api.control.put_senders({"address": SERVICE, "pool": [SHORT_CODE], "status_callback": f"{app.url}/service"})
    api.sent(From=None, MessagingServiceSid=SERVICE)
    api.control.clock(jump_s=10)

    assert receipts(3) == ["queued", "sent", "delivered"]
    assert {post.path for post in app.posts} == {"/service"}
    assert {post.form["MessagingServiceSid"] for post in app.posts} == {SERVICE}


FATES = [
    ({"final": "undelivered", "code": 30003}, ["sent", "undelivered"], "30003"),
    ({"final": "undelivered", "code": 30005}, ["sent", "undelivered"], "30005"),
    ({"final": "undelivered", "code": 30006}, ["sent", "undelivered"], "30006"),
    ({"final": "undelivered", "code": 30007}, ["sent", "undelivered"], "30007"),
    ({"final": "undelivered", "code": 30008}, ["sent", "undelivered"], "30008"),
    ({"final": "failed", "code": 30001}, ["failed"], "30001"),
    ({"final": "failed", "code": 30036}, ["failed"], "30036"),
    ({"final": "sent"}, ["sent"], None),
    ({"final": "delivered"}, ["sent", "delivered"], None),
]


@pytest.mark.parametrize(("fate", "expected", "code"), FATES)
def test_every_fate_can_be_scripted(
    api: Api, app: Listener, fate: dict[str, object], expected: list[str], code: str | None
) -> None:
    api.control.add_fault("fate", **fate)
    sid = api.sent(StatusCallback=f"{app.url}/status")["sid"]
    api.control.clock(jump_s=100)

    assert [post.form["MessageStatus"] for post in app.posts] == expected
    assert app.posts[-1].form.get("ErrorCode") == code
    assert status(api, sid) == (expected[-1], int(code) if code else None)


@pytest.mark.parametrize(
    ("behaviour", "code", "end"),
    [("dead", 30005, "undelivered"), ("dead", 30003, "undelivered"), ("no_receipt", None, "sent")],
)
def test_a_phone_has_its_own_fate(api: Api, behaviour: str, code: int | None, end: str) -> None:
    api.control.put_phone(PHONE, behaviour, code=code)
    sid = api.sent()["sid"]
    api.control.clock(jump_s=100)

    assert status(api, sid) == (end, code)


def test_fields_that_twilio_may_add_are_added(api: Api, app: Listener) -> None:
    api.control.settings(receipt_extra={"ChannelToAddress": "+336XXXXXXXX"})
    api.sent(StatusCallback=f"{app.url}/status")
    api.control.clock(jump_s=10)

    assert app.wait_for(2)[0].form["ChannelToAddress"] == "+336XXXXXXXX"


# Receipts out of order


def test_shuffled_receipts_bring_the_final_word_first(api: Api, app: Listener, receipts: Heard) -> None:
    api.control.add_fault("receipts_shuffled")
    api.sent(StatusCallback=f"{app.url}/status")
    api.control.clock(jump_s=10)

    assert receipts(2) == ["delivered", "sent"]


def test_duplicated_receipts_come_twice(api: Api, app: Listener, receipts: Heard) -> None:
    api.control.add_fault("receipts_duplicated")
    api.sent(StatusCallback=f"{app.url}/status")
    api.control.clock(jump_s=10)

    assert sorted(receipts(4)) == ["delivered", "delivered", "sent", "sent"]


def test_lost_receipts_never_come_but_the_api_knows(api: Api, app: Listener) -> None:
    api.control.add_fault("receipts_lost", statuses=["delivered"])
    sid = api.sent(StatusCallback=f"{app.url}/status")["sid"]
    api.control.clock(jump_s=36000)

    assert [post.form["MessageStatus"] for post in app.posts] == ["sent"]
    assert status(api, sid) == ("delivered", None)


def test_late_receipts_come_hours_later(api: Api, app: Listener, receipts: Heard) -> None:
    api.control.add_fault("receipts_late", seconds=4 * 3600)
    sid = api.sent(StatusCallback=f"{app.url}/status")["sid"]
    api.control.clock(jump_s=3 * 3600)
    assert app.posts == []
    assert status(api, sid) == ("delivered", None)

    api.control.clock(jump_s=2 * 3600)
    assert receipts(2) == ["sent", "delivered"]


def test_an_early_receipt_comes_before_the_create_request_is_answered(api: Api, app: Listener) -> None:
    api.control.add_fault("receipts_early")
    reply = api.send(StatusCallback=f"{app.url}/status")

    assert [post.form["MessageStatus"] for post in app.posts] == ["sent"]  # already, on a stopped clock
    assert reply.json()["status"] == "queued"
    assert app.posts[0].form["MessageSid"] == reply.json()["sid"]

    api.control.clock(jump_s=10)
    assert [post.form["MessageStatus"] for post in app.posts] == ["sent", "delivered"]


def test_a_fault_may_strike_one_phone_only_or_so_many_times(api: Api, app: Listener) -> None:
    other = "+33639980002"
    api.control.add_fault("receipts_lost", to=[PHONE])
    api.control.add_fault("fate", final="undelivered", code=30008, times=1, skip=1)
    for number in (PHONE, other, other, other):
        api.sent(number, StatusCallback=f"{app.url}/status")
    api.control.clock(jump_s=10)
    finals = [post.form["MessageStatus"] for post in app.posts if post.form["MessageStatus"] != "sent"]

    assert {post.form["To"] for post in app.posts} == {other}
    assert sorted(finals) == ["delivered", "delivered", "undelivered"]
    assert [fault["hits"] for fault in api.control.faults()] == [1, 1]


def test_a_receipt_can_be_posted_by_hand(api: Api, app: Listener, receipts: Heard) -> None:
    sid = api.sent(StatusCallback=f"{app.url}/status")["sid"]
    api.control.receipt(sid, "undelivered", 30003)

    assert receipts(1) == ["undelivered"]
    assert app.posts[0].form["ErrorCode"] == "30003"


# Queues and time


def test_a_sender_lets_so_many_segments_a_second_pass(api: Api) -> None:
    api.control.put_senders({"address": SLOW, "segments_per_s": 1})
    sids = [api.sent(From=SLOW, Body="a" * 161)["sid"] for _ in range(3)]  # two segments each
    api.control.clock(jump_s=1.9)
    assert [status(api, sid)[0] for sid in sids] == ["sent", "queued", "queued"]

    api.control.clock(jump_s=2)
    assert [status(api, sid)[0] for sid in sids] == ["delivered", "sent", "queued"]


def test_a_queue_of_ten_hours_is_full(api: Api) -> None:
    api.control.put_senders({"address": SLOW, "segments_per_s": 1, "queue_hours": 0.01})  # 36 segments
    codes = [api.send(From=SLOW).status_code for _ in range(37)]
    assert codes == [201] * 36 + [400]
    assert api.send(From=SLOW).json()["code"] == 21611

    api.control.clock(jump_s=5)
    assert api.send(From=SLOW).status_code == 201


def test_a_full_queue_behind_a_service_fails_later_with_30001(api: Api) -> None:
    api.control.put_senders(
        {"address": SLOW, "segments_per_s": 1, "queue_hours": 0.001}, {"address": SERVICE, "pool": [SLOW]}
    )
    sids = [api.sent(From=None, MessagingServiceSid=SERVICE)["sid"] for _ in range(6)]
    api.control.clock(jump_s=1)

    assert status(api, sids[0])[0] != "failed"
    assert status(api, sids[-1]) == ("failed", 30001)


def test_a_message_older_than_its_validity_period_is_not_sent(api: Api, app: Listener, receipts: Heard) -> None:
    api.control.put_senders({"address": SLOW, "segments_per_s": 1})
    for _ in range(100):
        api.sent(From=SLOW)
    sid = api.sent(From=SLOW, ValidityPeriod="60", StatusCallback=f"{app.url}/status")["sid"]
    patient = api.sent(From=SLOW)["sid"]
    api.control.clock(jump_s=59)
    assert status(api, sid) == ("queued", None)

    api.control.clock(jump_s=2)
    assert status(api, sid) == ("failed", 30036)
    assert receipts(1) == ["failed"]

    api.control.clock(jump_s=60)
    assert status(api, patient)[0] == "delivered"


def test_the_clock_runs_as_fast_as_it_is_told(api: Api) -> None:
    sid = api.sent()["sid"]
    api.control.clock(speed=10_000)
    api.control.wait_idle()

    assert status(api, sid) == ("delivered", None)


# Scheduled messages


def scheduled(api: Api, in_s: int, **fields: str | None) -> dict:

    at = datetime.fromisoformat(api.control.clock()["now"]) + timedelta(seconds=in_s)
    form = {"From": None, "MessagingServiceSid": SERVICE, "ScheduleType": "fixed", "SendAt": at.isoformat()}
    return api.send(**form | fields).json()


def test_a_scheduled_message_waits_for_its_time(api: Api) -> None:
    api.control.put_senders({"address": SERVICE, "pool": [SHORT_CODE]})
    message = scheduled(api, 3600)
    assert message["status"] == "scheduled"

    api.control.clock(jump_s=3590)
    assert status(api, message["sid"]) == ("scheduled", None)

    api.control.clock(jump_s=20)
    assert status(api, message["sid"]) == ("delivered", None)


def test_a_scheduled_message_can_be_canceled_and_no_other(api: Api) -> None:
    api.control.put_senders({"address": SERVICE, "pool": [SHORT_CODE]})
    message = scheduled(api, 3600)
    path = f"/Messages/{message['sid']}.json"
    assert api.call("POST", path, data={"Status": "canceled"}).json()["status"] == "canceled"
    assert api.call("POST", path, data={"Status": "canceled"}).json()["code"] == 30409

    api.control.clock(jump_s=7200)
    assert status(api, message["sid"]) == ("canceled", None)


@pytest.mark.parametrize(
    ("in_s", "changes", "code"),
    [
        (60, {}, 35114),
        (36 * 86400, {}, 35114),
        (3600, {"SendAt": None}, 35111),
        (3600, {"SendAt": "tomorrow"}, 35114),
        (3600, {"MessagingServiceSid": None, "From": SHORT_CODE}, 35118),
    ],
)
def test_a_bad_schedule_is_refused(api: Api, in_s: int, changes: dict[str, str | None], code: int) -> None:
    api.control.put_senders({"address": SERVICE, "pool": [SHORT_CODE]})
    assert scheduled(api, in_s, **changes)["code"] == code
