"""Workers on several hosts, each in a network of its own, over one PostgreSQL and one Redis; one of them is cut off.

Real network namespaces and real silence: see sandbox/hosts.py. Where the kernel has none to give, these are skipped.
"""

import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from sandbox import homes, hosts, stack
from sandbox.hosts import Network
from sandbox.processes import Child
from sandbox.stack import DATABASE
from sandbox.twilio.journal import most_within
from tests.e2e.conftest import QUICK, City, District, inhabited, until
from worker.domain.campaigns import Campaign, Kind
from worker.store import database

pytestmark = pytest.mark.e2e

HOSTS = ("h1", "h2", "h3")
BUDGET = 24
# What the provider takes for an answer while a host is cut off, and how long a request waits for one.
SLOW_S = 2
LIMITS = QUICK | {"TWILIO__MAX_IN_FLIGHT": str(BUDGET), "TWILIO__TIMEOUT_S": "6", "LIMITS__LEASE_S": "8"}
# Both ends give a lost connection up after this long; then whoever waited may go on.
GIVEN_UP_AFTER_S = database.SILENCE_S + 15
# On a machine busy with other things the stand-in reads a text so late, and the next one in time.
LATE_READING_S = 0.05

# A worker that has just locked an event when its host is cut off.
HOLDS_A_LOCK = """
import sys, time
from sqlalchemy import text
from worker.store import database
with database.connect(sys.argv[1]).begin() as connection:
    connection.execute(text("SELECT 1 FROM campaign_event WHERE id = :id FOR UPDATE"), {"id": int(sys.argv[2])})
    print("held", flush=True)
    time.sleep(600)
"""

# A request over a connection that was good a moment ago.
ASKS_TWICE = """
import signal, sys
from datetime import UTC, datetime, timedelta
from worker import settings
from worker.domain.messages import OutgoingText
from worker.twilio.client import Gateway
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
known = settings.load()
gateway = Gateway(known.twilio, public_url=known.public_url)
for number in sys.argv[1:]:
    text = OutgoingText(0, 0, number, "court", "Bonjour", 1, datetime.now(UTC) + timedelta(hours=1))
    print(gateway.send([text], senders=known.sender_table, in_flight=lambda: 1)[0].outcome, flush=True)
    signal.sigwait({signal.SIGUSR1})
"""


@dataclass
class Region:
    """A city whose workers are elsewhere."""

    city: City
    network: Network

    @property
    def database_url(self) -> str:
        """As the hosts have it: over the network, never by the socket that they could reach as files."""
        return self.city.stack.postgres.tcp_url(DATABASE)

    def launch(self, name: str, *command: str) -> Child:
        variables = self.city.stack.variables() | {"COURTOISIE_DATABASE_URL": self.database_url}
        child = self.network.launch(name, [sys.executable, *command], env=variables)
        self.city.stack.children[f"{child.name}: {command[-1]}"] = child  # ended with the stack
        return child

    def at_work(self, district: District) -> set[str]:
        """The hosts that hold a part of the budget, to send a batch."""
        rows = district.all(
            "SELECT split_part(holder, ':', 1) AS host FROM in_flight_share WHERE slots > 0 AND until_at > now()"
        )
        return {row["host"] for row in rows}


@pytest.fixture(scope="module")
def region() -> Iterator[Region]:
    if reason := hosts.missing():
        pytest.skip(reason)
    with homes.home() as home:
        network = Network(home)
        network.start(HOSTS)
        with ExitStack() as ending:
            ending.callback(network.stop)
            ending.enter_context(network.at_the_servers())
            running = ending.enter_context(stack.running(seed="hosts", changes=LIMITS, address=hosts.SERVERS))
            running.start_product(["web", "scheduler"])
            region = Region(ending.enter_context(inhabited(running)), network)
            for name in HOSTS:
                region.launch(name, "-m", "worker", "worker", "--processes", "1", "--threads", "6")
            yield region


@pytest.fixture
def district(region: Region) -> District:
    region.city.stack.control.clear_faults()
    return region.city.district()


def _all_fine(district: District, homes: int, *, after_s: float = 1.0) -> list[str]:
    return [district.household("fine", answers=[(after_s, "1")]).phone for _ in range(homes)]


def _patient(district: District) -> Campaign:
    """Nobody is rung for silence while a host is away."""
    return district.campaign(
        reply_deadline=timedelta(seconds=100), reminder_text=None, reminder_after=None, resend_after_unknown=True
    )


def _accepted_twice(district: District, numbers: list[str]) -> list[str]:
    sent = district.control.messages(direction="outbound-api", contains="Comment allez-vous")
    counted = Counter(m["to"] for m in sent if m["to"] in set(numbers))
    return [number for number, count in counted.items() if count > 1]


def _cut_in_mid_air(region: Region, district: District, host: str) -> None:
    """Cuts a host off while the provider still has requests of it to answer: the answers take long meanwhile."""
    address = region.network.hosts[host].address
    district.control.settings(latency_ms=[1000 * SLOW_S, 1000 * SLOW_S])
    soon_answered_until = time.monotonic() + SLOW_S
    until(
        lambda: time.monotonic() > soon_answered_until and district.control.stats()["in_flight_from"].get(address),
        why=f"{host} to have requests in the air",
    )
    region.network.cut(host)
    district.control.settings(latency_ms=[200, 200])


@pytest.mark.timeout(480)
def test_a_host_cut_off_in_mid_campaign_loses_nobody_and_sends_nobody_a_second_text(
    region: Region, district: District
) -> None:
    numbers = _all_fine(district, 260, after_s=20)  # when all questions have left: until then only they are in the air
    district.control.settings(latency_ms=[1000, 1000])
    event = district.launch(_patient(district))
    until(lambda: region.at_work(district) == set(HOSTS), why="every host to take part")

    _cut_in_mid_air(region, district, "h2")
    account = district.settled(event, timeout_s=150)
    lost = district.one(
        "SELECT count(*) AS n FROM attempt a JOIN message m ON m.id = a.message_id "
        "WHERE m.event_id = :event AND (a.finished_at IS NULL OR a.outcome = 'unknown')",
        event=event,
    )

    assert lost["n"] > 0, "the host had nothing in the air when it was cut off"
    assert account["recipients"]["by_state"] == {"fine": 260}
    assert account["recipients"]["unaccounted"] == 0
    assert _accepted_twice(district, numbers) == []
    # An answer to a tenant does not wait until its host has a share: each may have one more under way.
    assert district.control.stats()["max_in_flight"] <= BUDGET + len(HOSTS)


def test_a_host_that_comes_back_works_again_and_sends_nothing_stale(region: Region, district: District) -> None:
    seen = len(district.control.messages())
    numbers = _all_fine(district, 60)
    district.control.settings(latency_ms=[300, 300])

    region.network.mend("h2")
    event = district.launch(_patient(district))
    until(lambda: "h2" in region.at_work(district), why="h2 to take part again")
    account = district.settled(event)

    assert account["recipients"]["by_state"] == {"fine": 60}
    assert _accepted_twice(district, numbers) == []
    asked = district.control.messages(direction="outbound-api", contains="Comment allez-vous", since=seen)
    assert {m["to"] for m in asked} == set(numbers), "a question of the campaign before left after all"


def test_the_locks_of_a_vanished_host_are_given_back(region: Region, district: District) -> None:
    district.household("silent")
    event = district.launch(_patient(district))
    until(lambda: district.report(event)["messages"]["by_state"]["delivered"], why="the text to arrive")
    holder = region.launch("h3", "-c", HOLDS_A_LOCK, region.database_url, str(event))
    until(lambda: "held" in holder.tail(), why="the lock to be taken")
    free = "SELECT 1 FROM campaign_event WHERE id = :id FOR UPDATE SKIP LOCKED"
    assert district.all(free, id=event) == []

    region.network.cut("h3")
    until(lambda: district.all(free, id=event), timeout_s=GIVEN_UP_AFTER_S, why="the lock to be given back")
    region.network.mend("h3")
    holder.kill()


def _may_carry_it(connection: str) -> bool:
    """Whether what `ss` tells of a connection may still bring the request. One that was idle too long on a slow machine
    is closed before the request, and has only its FIN to send."""
    state, _received, unsent, *_ends = connection.split()
    return state != "ESTAB" and not (state == "FIN-WAIT-1" and int(unsent) <= 1)


def test_a_request_that_was_given_up_does_not_leave_when_the_network_is_back(
    region: Region, district: District
) -> None:
    first, second = (district.household("silent").phone for _ in range(2))
    caller = region.launch("h1", "-c", ASKS_TWICE, first, second)
    until(lambda: "accepted" in caller.tail(), why="the first request to be answered")

    region.network.cut("h1")
    caller.process.send_signal(signal.SIGUSR1)
    until(lambda: "unknown" in caller.tail(), why="the second request to be given up")
    standin = urlsplit(district.city.stack.standin.url)
    still_tried = region.network.hosts["h1"].run("ss", "-tanH", f"dst {standin.hostname}:{standin.port}")
    region.network.mend("h1")

    assert [line for line in still_tried.splitlines() if _may_carry_it(line)] == []
    assert district.control.messages(to=second) == []
    caller.kill()


def test_all_hosts_together_keep_a_senders_pace(region: Region, district: District) -> None:
    for _ in range(60):
        district.household("silent")
    district.control.settings(latency_ms=[20, 20])
    advice = district.campaign(
        kind=Kind.ADVICE,
        sender="alpha",
        text="heat_yellow_advice",
        reminder_text=None,
        reminder_after=None,
        reply_deadline=None,
    )
    seen = len(district.control.messages())
    event = district.launch(advice)

    district.settled(event)
    came = sorted(
        (m["came_in"], m["segments"]) for m in district.control.messages(direction="outbound-api", since=seen)
    )
    assert len(came) == 60
    assert most_within(1 - LATE_READING_S, came) <= 10
