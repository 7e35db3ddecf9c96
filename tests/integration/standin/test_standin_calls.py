"""Calls at the stand-in: what is refused, how they end, and what is told of them."""

import re

import pytest

from sandbox.twilio.signing import sign
from tests.integration.standin.conftest import LANDLINE, NUMBER, Telephone

REASONS = [
    ({"To": ""}, 21201),
    ({"From": None}, 21213),
    ({"Url": None}, 21205),
    ({"Url": "http://my_host.example/answer"}, 21205),
    ({"Url": "answer"}, 21205),
    ({"To": "0536490001"}, 21211),
    ({"To": "+15005550001"}, 21217),
    ({"To": "+15005550002"}, 21214),
    ({"To": "+15005550003"}, 21215),
    ({"To": "+15005550004"}, 21216),
    ({"To": "+4930123456"}, 21215),
    ({"From": "+15005550001"}, 21212),
    ({"From": "Les Chalets"}, 21212),
    ({"From": "+33536499999"}, 21210),
    ({"ApplicationSid": "AP" + "a" * 32}, 21218),
    ({"StatusCallback": "status"}, 21609),
    ({"Timeout": "601"}, 20001),
    ({"MachineDetection": "Maybe"}, 20001),
    ({"Url": None, "Twiml": "a" * 4001}, 20001),
]


@pytest.mark.parametrize(("fields", "code"), REASONS)
def test_a_call_is_refused_for_twilios_reasons(phone: Telephone, fields: dict[str, str | None], code: int) -> None:
    reply = phone.call(**{name: value for name, value in fields.items() if name != "To"}, to=fields.get("To", LANDLINE))  # type: ignore[arg-type]

    assert reply.json()["code"] == code
    assert phone.control.calls() == []
    assert [entry["resource"] for entry in phone.control.refused()] == ["calls"]


def test_a_trial_account_calls_only_known_numbers(phone: Telephone) -> None:
    phone.control.settings(trial=True)
    assert phone.call().json()["code"] == 21219


def test_calls_above_the_accounts_limit_are_refused_until_one_ends(phone: Telephone) -> None:
    phone.control.settings(max_calls=1)
    first = phone.called()
    phone.control.clock(jump_s=2)

    assert phone.call("+33536490002").json()["code"] == 10004
    phone.over(first)
    assert phone.call("+33536490002").status_code == 201


def test_calls_leave_one_a_second_and_wait_for_their_turn(phone: Telephone) -> None:
    for n in range(3):
        phone.called(f"+3353649001{n}")
    phone.control.clock(jump_s=1.5)

    assert [call["status"] for call in phone.control.calls()] == ["ringing", "initiated", "queued"]


def test_an_answered_call_is_told_step_by_step_and_signed(phone: Telephone) -> None:
    sid = phone.called()
    done = phone.over(sid)
    told = phone.posts("/status")

    assert [form["CallStatus"] for form in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in told] == ["0", "1", "2", "3"]
    assert {form["CallbackSource"] for form in told} == {"call-progress-events"}
    assert all(form["CallSid"] == sid and form["Timestamp"].endswith("+0000") for form in told)
    assert told[-1]["CallDuration"] == str(round(done["seconds"])) == "2"
    assert told[-1]["Duration"] == "1"
    post = next(post for post in phone.app.posts if post.path == "/answer")
    assert post.headers["x-twilio-signature"] == sign(f"{phone.app.url}/answer", post.form, phone.api.account["token"])
    assert post.form["FromCity"] == ""
    assert (post.form["CallStatus"], post.form["Direction"]) == ("in-progress", "outbound-api")


@pytest.mark.parametrize(
    ("manner", "status", "sip", "told"),
    [
        ("busy", "busy", "486", ["initiated", "busy"]),
        ("no_answer", "no-answer", "487", ["initiated", "ringing", "no-answer"]),
        ("dead", "failed", "404", ["initiated", "failed"]),
        ("declines", "busy", "603", ["initiated", "busy"]),
        ("blocked", "failed", "607", ["initiated", "failed"]),
    ],
)
def test_a_call_nobody_takes_ends_with_the_networks_code(
    phone: Telephone, manner: str, status: str, sip: str, told: list[str]
) -> None:
    phone.control.put_callee(LANDLINE, manner)
    sid = phone.called(Timeout="30")
    phone.over(sid)
    last = phone.posts("/status")[-1]

    assert phone.statuses() == told
    assert (last["SipResponseCode"], last["CallDuration"]) == (sip, "0")
    assert "Duration" not in last
    assert phone.api.call("GET", f"/Calls/{sid}.json").json()["status"] == status


def test_only_the_end_is_told_unless_more_is_asked_for(phone: Telephone) -> None:
    phone.over(phone.called(StatusCallbackEvent=None))

    assert phone.statuses() == ["completed"]
    assert phone.posts("/status")[0]["SequenceNumber"] == "0"


def test_a_busy_line_may_be_free_the_next_time(phone: Telephone) -> None:
    phone.control.put_callee(LANDLINE, "busy_once")

    assert [phone.over(phone.called())["status"] for _ in range(2)] == ["busy", "completed"]


def test_calls_are_listed_by_number_status_and_time(phone: Telephone) -> None:
    phone.control.put_callee("+33536490002", "busy")
    for to in (LANDLINE, "+33536490002", LANDLINE):
        phone.over(phone.called(to))
    phone.called()

    def found(**query: str) -> int:
        return len(phone.api.call("GET", "/Calls.json", params=query).json()["calls"])

    assert found() == 4
    assert found(To=LANDLINE) == found(To=LANDLINE, From=NUMBER) == 3
    assert found(Status="busy") == found(Status="queued") == 1
    assert found(To=LANDLINE, From="+33536490002") == 0
    assert found(**{"StartTime>": "2020-01-01"}) == 3
    assert found(**{"EndTime<": "2020-01-01"}) == 0
    first = phone.api.call("GET", "/Calls.json", params={"PageSize": "3"}).json()
    assert re.search(r"/Calls\.json\?PageSize=3&Page=1&PageToken=PACA", first["next_page_uri"])
    rest = phone.api.session.get(phone.control.url + first["next_page_uri"], auth=phone.api.login, timeout=5).json()
    assert len(rest["calls"]) == 1


def test_a_call_can_be_ended_or_given_other_words_only_while_it_is_in_the_air(phone: Telephone) -> None:
    phone.control.put_callee(LANDLINE, "silent")
    sid = phone.called()

    def update(**fields: str) -> int:
        reply = phone.api.call("POST", f"/Calls/{sid}.json", data=fields)
        return int(reply.json().get("code", 0))

    assert update(Twiml="<Response/>") == 21220
    phone.control.clock(jump_s=8)
    assert update(Status="canceled") == 21220
    assert update(Twiml="<Response><Say>Vous pouvez nous rappeler.</Say></Response>") == 0
    done = phone.over(sid)
    assert update(Status="completed") == 21220
    assert [line["text"] for line in done["heard"]] == ["Si tout va", "Vous pouvez nous rappeler."]
    assert not done["heard"][0]["whole"]


def test_a_waiting_call_is_cancelled_and_rings_nobody(phone: Telephone) -> None:
    phone.called()
    sid = phone.called("+33536490002")
    phone.api.call("POST", f"/Calls/{sid}.json", data={"Status": "canceled"})
    done = phone.over(sid)

    assert [status for _, status in done["trail"]] == ["canceled"]


FAULTS = [
    ({"kind": "rate_limit"}, 429, 0),
    ({"kind": "error_before"}, 500, 0),
    ({"kind": "error_after"}, 500, 1),
    ({"kind": "not_json"}, 201, 1),
    ({"kind": "refuse", "code": 10004}, 400, 0),
]


@pytest.mark.parametrize(("fault", "status", "calls"), FAULTS)
def test_requests_for_calls_go_wrong_as_those_for_texts(
    phone: Telephone, fault: dict[str, object], status: int, calls: int
) -> None:
    phone.control.add_fault(**fault, resource="calls")  # type: ignore[arg-type]

    assert phone.call().status_code == status
    assert len(phone.control.calls()) == calls
    assert phone.api.send("+33639980001").status_code == 201


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"kind": "receipts_lost", "statuses": ["completed"]}, ["initiated", "ringing", "in-progress"]),
        (
            {"kind": "receipts_duplicated"},
            [*["initiated"] * 2, *["ringing"] * 2, *["in-progress"] * 2, *["completed"] * 2],
        ),
        ({"kind": "receipts_late", "seconds": 1000}, []),
        ({"kind": "fate", "final": "busy"}, ["initiated", "busy"]),
    ],
)
def test_what_is_told_of_a_call_may_be_lost_doubled_or_late(
    phone: Telephone, fault: dict[str, object], told: list[str]
) -> None:
    phone.control.add_fault(**fault)  # type: ignore[arg-type]
    phone.over(phone.called())

    assert phone.statuses() == told


def test_of_a_call_the_end_may_be_told_first_and_the_rest_in_any_order(phone: Telephone) -> None:
    phone.control.add_fault("receipts_shuffled")
    phone.over(phone.called())

    end, *rest = phone.statuses()
    assert (end, sorted(rest)) == ("completed", ["in-progress", "initiated", "ringing"])


def test_the_first_word_may_come_before_the_answer_to_the_request(phone: Telephone) -> None:
    phone.control.add_fault("receipts_early")
    phone.called()

    assert phone.statuses() == ["initiated"]
    phone.control.clock(jump_s=200)
    assert phone.statuses() == ["initiated", "ringing", "in-progress", "completed"]


def test_a_status_can_be_told_that_the_calls_life_does_not_ask_for(phone: Telephone) -> None:
    sid = phone.called()
    phone.over(sid)
    phone.control.call_status(sid, "ringing")

    assert phone.app.wait_for(5, matching=lambda p: p.path == "/status")[-1].form["CallStatus"] == "ringing"
