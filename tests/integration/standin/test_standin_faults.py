"""What goes wrong on purpose: before acceptance nothing is sent, after it everything is, and the client cannot tell."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox.twilio.control import Control, ControlError
from tests.integration.standin.conftest import PHONE, SHORT_CODE, Api

OTHER = "+33639980002"


def accepted(api: Api) -> int:
    return api.control.stats()["accepted"]


# Before acceptance


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "error_before"}, 500, 20500),
        ({"kind": "error_before", "status": 503, "code": 20503}, 503, 20503),
        ({"kind": "rate_limit"}, 429, 20429),
        ({"kind": "refuse", "code": 20003}, 401, 20003),
        ({"kind": "refuse", "code": 20005}, 403, 20005),
        ({"kind": "refuse", "code": 21612}, 400, 21612),
        ({"kind": "refuse", "code": 21611}, 400, 21611),
        ({"kind": "refuse", "code": 29999, "status": 422}, 422, 29999),
    ],
)
def test_an_error_before_acceptance_sends_nothing(api: Api, fault: dict[str, object], status: int, code: int) -> None:
    api.control.add_fault(**fault)
    reply = api.send()

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert accepted(api) == 0
    assert api.control.refused(to=PHONE)[0]["code"] == code


def test_a_connection_dropped_before_acceptance_sends_nothing(api: Api) -> None:
    api.control.add_fault("drop_before", times=1)
    with pytest.raises(requests.ConnectionError):
        api.send()

    assert accepted(api) == 0
    assert api.control.refused()[0]["reason"] == "drop_before"
    assert api.send().status_code == 201


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_sends_nothing_and_stays_on_this_machine(api: Api, status: int) -> None:
    api.control.add_fault("redirect", status=status)
    reply = api.send()

    assert reply.status_code == status
    assert reply.headers["Location"].startswith("/2010-04-01/")
    assert accepted(api) == 0


@pytest.mark.parametrize("retry_after_s", [None, 3])
def test_a_rate_limit_may_say_when_to_come_back(api: Api, retry_after_s: int | None) -> None:
    api.control.add_fault("rate_limit", retry_after_s=retry_after_s)

    assert api.send().headers.get("Retry-After") == (None if retry_after_s is None else str(retry_after_s))


# While it is accepted


def test_a_request_that_lies_about_is_accepted_although_its_caller_has_gone(api: Api) -> None:
    api.control.add_fault("accepted_late", seconds=0.6)
    with pytest.raises(requests.ReadTimeout):
        api.call("POST", "/Messages.json", data={"To": PHONE, "From": SHORT_CODE, "Body": "Bonjour"}, timeout=0.2)

    assert accepted(api) == 0
    deadline = time.monotonic() + 10
    while not api.control.messages(to=PHONE) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert api.control.messages(to=PHONE)[0]["faults"] == ["accepted_late"]


# After acceptance


def test_an_error_after_acceptance_has_sent_the_message(api: Api) -> None:
    api.control.add_fault("error_after", status=503)
    reply = api.send()

    assert (reply.status_code, reply.json()["code"]) == (503, 20500)
    assert accepted(api) == 1
    assert api.control.messages(to=PHONE)[0]["faults"] == ["error_after"]
    assert len(api.list(To=PHONE)["messages"]) == 1


def test_a_connection_dropped_after_acceptance_has_sent_the_message(api: Api) -> None:
    api.control.add_fault("drop_after")
    with pytest.raises(requests.ConnectionError):
        api.send()

    assert accepted(api) == 1


def test_a_201_that_is_no_json_has_sent_the_message(api: Api) -> None:
    api.control.add_fault("not_json")
    reply = api.send()

    assert (reply.status_code, reply.headers["Content-Type"]) == (201, "text/html")
    assert accepted(api) == 1
    with pytest.raises(ValueError, match="Expecting value"):
        reply.json()


def test_an_answer_after_the_clients_patience_has_sent_the_message(api: Api) -> None:
    api.control.add_fault("slow", seconds=1.0)
    with pytest.raises(requests.ReadTimeout):
        api.call("POST", "/Messages.json", data={"To": PHONE, "From": "38000", "Body": "1"}, timeout=0.2)

    assert accepted(api) == 1
    api.control.clock(jump_s=10)
    api.control.wait_idle()  # the answer nobody waits for any more


# Reading


def test_reading_fails_only_when_asked_to(api: Api) -> None:
    sid = api.sent()["sid"]
    api.control.add_fault("error_before", on="read", status=503, times=2)

    assert api.call("GET", "/Messages.json").status_code == 503
    assert api.call("GET", f"/Messages/{sid}.json").status_code == 503
    assert api.call("GET", "/Messages.json").status_code == 200
    assert api.send().status_code == 201


# The number under way


def test_more_requests_at_once_than_allowed_get_429(api: Api) -> None:
    api.control.settings(max_in_flight=3, latency_ms=(300, 300), retry_after_s=2)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: api.send(f"+3363998{n:04d}"), range(8)))
    refused = [reply for reply in replies if reply.status_code == 429]

    assert len(refused) == 5
    assert {reply.json()["code"] for reply in refused} == {20429}
    assert {reply.headers["Retry-After"] for reply in refused} == {"2"}
    assert max(int(reply.headers["Twilio-Concurrent-Requests"]) for reply in replies) > 3
    assert accepted(api) == 3
    assert api.control.stats()["max_in_flight"] > 3


def test_latency_is_as_configured(api: Api) -> None:
    assert api.send().elapsed.total_seconds() < 0.15
    api.control.settings(latency_ms=(200, 200))
    assert 0.2 <= api.send().elapsed.total_seconds() < 1.0


# The script


def test_chance_strikes_the_same_phones_for_the_same_seed(api: Api) -> None:
    numbers = [f"+3363998{n:04d}" for n in range(60)]

    def struck() -> set[str]:
        api.control.reset("a seed")
        api.control.add_fault("refuse", code=21612, probability=0.3)
        return {number for number in numbers if api.send(number).status_code == 400}

    first = struck()
    assert first == struck()
    assert 5 < len(first) < 35


def test_a_fault_names_its_phones_its_sender_and_its_turn(api: Api) -> None:
    api.control.add_fault("refuse", code=21612, to=[PHONE])
    assert [api.send(number).status_code for number in (PHONE, OTHER)] == [400, 201]

    api.control.clear_faults()
    api.control.add_fault("refuse", code=21612, sender="Les Chalets")
    assert [api.send(From=sender).status_code for sender in ("38000", "Les Chalets")] == [201, 400]

    api.control.clear_faults()
    api.control.add_fault("refuse", code=21612, skip=1, times=2)
    assert [api.send().status_code for _ in range(4)] == [201, 400, 400, 201]


def test_a_fault_that_does_not_exist_is_refused_with_the_reason(twilio: Control) -> None:
    with pytest.raises(ControlError, match="kind"):
        twilio.add_fault("earthquake")
    with pytest.raises(ControlError, match="sometimes"):
        twilio.add_fault("refuse", sometimes=True)
