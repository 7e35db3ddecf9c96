"""The control API and the process: what a test can ask, how quickly, and how it starts and ends."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from sandbox import homes
from sandbox.standin import Standin
from sandbox.twilio.control import Control, ControlError
from tests.integration.standin.conftest import ASKS, PHONE, SHORT_CODE, Api
from tests.integration.standin.listener import Listener

OTHER = "+33639980002"


def test_the_journal_tells_all_that_happened_to_a_message(api: Api, app: Listener) -> None:
    sid = api.sent(StatusCallback=f"{app.url}/status?m=1", ValidityPeriod="3600")["sid"]
    api.control.clock(jump_s=10)
    (message,) = api.control.messages(to=PHONE)

    assert (message["sid"], message["to"], message["from"], message["body"]) == (sid, PHONE, SHORT_CODE, "Bonjour")
    assert (message["segments"], message["validity_s"], message["status"]) == (1, 3600, "delivered")
    assert message["status_callback"] == f"{app.url}/status?m=1"
    assert [status for _, status in message["trail"]] == ["sending", "sent", "delivered"]
    assert [(hook["label"], hook["answer"]) for hook in api.control.webhooks(sid=sid)] == [
        ("sent", 204),
        ("delivered", 204),
    ]


def test_the_journal_is_filtered_by_what_one_asks(api: Api) -> None:
    api.sent(Body="un")
    api.sent(OTHER, Body="deux", From="Les Chalets")
    api.control.inbound(PHONE, SHORT_CODE, "trois")
    control = api.control

    assert [m["body"] for m in control.messages()] == ["un", "deux", "trois"]
    assert [m["body"] for m in control.messages(to=OTHER)] == ["deux"]
    assert [m["body"] for m in control.messages(sender="Les Chalets")] == ["deux"]
    assert [m["body"] for m in control.messages(direction="inbound")] == ["trois"]
    assert [m["body"] for m in control.messages(contains="u")] == ["un", "deux"]
    assert [m["body"] for m in control.messages(since=1, limit=1)] == ["deux"]


def test_counts_name_whoever_was_written_to_twice(api: Api) -> None:
    api.sent()
    api.sent()
    api.sent(OTHER)

    assert api.control.counts() == {PHONE: 2, OTHER: 1}
    assert api.control.counts(above=1) == {PHONE: 2}
    assert api.control.stats()["most_to_one_recipient"] == 2


def test_the_peak_of_segments_in_any_second_is_measured_per_sender(api: Api) -> None:
    for _ in range(5):
        api.sent(Body="a" * 161)
    api.sent(From="Les Chalets")
    peaks = api.control.stats()["peak_segments_per_s"]

    assert peaks["Les Chalets"] == 1
    assert 2 <= peaks[SHORT_CODE] <= 10


def test_a_reset_forgets_the_run_and_keeps_the_set_up(api: Api) -> None:
    api.control.put_phones({PHONE: "fine"})
    api.control.add_fault("rate_limit", times=1, skip=5)
    api.sent(Body=ASKS)
    api.control.reset()
    stats = api.control.stats()

    assert (stats["accepted"], stats["pending"]) == (0, 0)
    assert api.control.faults() == []
    assert api.send().status_code == 201  # its sender is still there


def test_a_mistaken_request_is_refused_with_the_reason(twilio: Control) -> None:
    with pytest.raises(ControlError, match="latenzy_ms"):
        twilio.settings(latenzy_ms=(1, 2))
    with pytest.raises(ControlError, match="behaviour"):
        twilio.put_phones({PHONE: "angry"})
    with pytest.raises(ControlError, match="Les Chalets de"):
        twilio.put_senders({"address": "Les Chalets de l'Est"})


def test_questions_about_one_recipient_are_quick_among_thousands_of_messages(api: Api, app: Listener) -> None:
    def send(number: int) -> None:
        api.sent(f"+3363998{number % 3000:04d}", StatusCallback=f"{app.url}/status")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(3000)))
    began = time.perf_counter()
    for number in range(100):
        assert len(api.control.messages(to=f"+3363998{number:04d}")) == 1
    assert (time.perf_counter() - began) / 100 < 0.05
    assert api.list(To="+33639980007")["messages"]


def test_the_same_seed_makes_the_same_account() -> None:
    with homes.home() as home:
        first = Standin(home, seed="one")
        first.start()
        account, port = first.control.account(), first.port
        first.stop()
        first.start()  # a restart keeps its port
        assert (first.control.account(), first.port) == (account, port)
        first.stop()

        second = Standin(home, seed="two")
        second.start()
        assert second.control.account()["sid"] != account["sid"]
        second.stop()


def test_a_taken_port_is_said_plainly(standin_process: Standin) -> None:
    command = [sys.executable, "-m", "sandbox.twilio", "--port", str(standin_process.port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)

    assert done.returncode == 1
    assert f"port {standin_process.port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_listens_on_this_machine_only(standin_process: Standin) -> None:
    listening = [c.laddr for c in psutil.Process(standin_process.child.pid).net_connections() if c.status == "LISTEN"]

    assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", standin_process.port)]
