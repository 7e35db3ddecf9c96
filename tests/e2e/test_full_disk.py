"""The database's disk fills up in the middle of an event: everybody waits, says so once, and goes on where they were.

A real full disk: PostgreSQL's files and its log lie on a small one of their own, which the test fills to the last byte.
Where this machine lets nobody mount one, the tests are skipped.
"""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox import homes
from sandbox.stack import Stack
from tests.e2e.conftest import QUICK, City, District, inhabited, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

DISK = "320m"  # room for the cluster and its log, and for the event
CHUNK = 1 << 20
# Of one outage each process says once what is wrong; and for a moment after a crash, in other words.
LINES = 12
FULL_FOR_S = 6.0


@contextmanager
def _small_disk(at: Path) -> Iterator[Path]:
    """A file system of its own. Skips the test where none can be mounted."""
    at.mkdir()
    owner = homes.server_user() or os.getuid()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},uid={owner},gid={owner},mode=700", "tmpfs", str(at)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no disk of its own can be mounted here: {mounted.stderr.strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    with homes.home() as home, _small_disk(home / "disk") as mounted:
        yield mounted


@pytest.fixture(scope="module")
def town(disk: Path) -> Iterator[City]:
    with ExitStack() as ends:
        running = Stack(disk.parent, seed="full disk", changes=QUICK)
        running.postgres.data = disk / "data"
        ends.callback(running.stop)
        running.start_servers()
        running.start_product()
        yield ends.enter_context(inhabited(running))


@pytest.fixture
def district(town: City) -> District:
    return town.district()


def _fill(disk: Path) -> Path:
    """To the last byte, whatever PostgreSQL would still find."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (CHUNK, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


def _homes(district: District, count: int) -> set[str]:
    return {district.household("fine", answers=[(1.0, "1")]).phone for _ in range(count)}


def _blast(district: District) -> int:
    """A check-in of which the first texts have just left."""
    district.control.settings(latency_ms=[400, 400])
    event = district.launch(
        district.campaign(reminder_text=None, reminder_after=None, reply_deadline=timedelta(minutes=10))
    )
    until(lambda: district.report(event)["messages"]["by_state"]["sent"] >= 20, why="the blast to be under way")
    return event


def _said(district: District) -> dict[str, list[str]]:
    """Every process's log."""
    return {name: child.log.read_text().splitlines() for name, child in district.city.stack.children.items()}


def _since(district: District, before: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: lines[len(before[name]) :] for name, lines in _said(district).items()}


def _complaints(lines: list[str]) -> list[str]:
    """What is said about the outage: warnings, errors, tracebacks. What goes on as ever is told at level info, each
    reply that is read for one, however many come in meanwhile."""
    return [line for line in lines if "level=info" not in line]


def _failures(district: District, before: dict[str, list[str]]) -> list[str]:
    """What no outage explains."""
    return [line for lines in _since(district, before).values() for line in lines if "level=error" in line]


def _pids(district: District) -> dict[str, int]:
    return {name: child.pid for name, child in district.city.stack.children.items()}


def _accepted(district: District, numbers: set[str]) -> Counter[str]:
    sent = district.control.messages(direction="outbound-api", contains="Comment allez-vous")
    return Counter(m["to"] for m in sent if m["to"] in numbers)


def test_a_full_disk_is_waited_out_said_once_and_nobody_is_written_to_twice(district: District, disk: Path) -> None:
    numbers = _homes(district, 300)
    before, pids = _said(district), _pids(district)
    event = _blast(district)

    ballast = _fill(disk)
    until(lambda: "est plein" in "".join(_since(district, before)["worker"]), why="the worker to say what is wrong")
    began = time.monotonic()
    until(lambda: time.monotonic() - began >= FULL_FOR_S, why="a while with a full disk")
    told = {name: _complaints(lines) for name, lines in _since(district, before).items()}
    held = _accepted(district, numbers)
    ballast.unlink()
    account = district.settled(event, timeout_s=120)

    accepted = _accepted(district, numbers)
    assert len(held) < 300, "the disk was full too late"
    assert {name: lines for name, lines in told.items() if len(lines) > LINES} == {}
    assert _pids(district) == pids
    assert district.city.stack.fallen() == ()
    # A request that met no answer on a busy machine, and is not in the provider's list either, is a person's.
    people = account["recipients"]["by_state"]
    assert (people["fine"], people.get("callback", 0)) == (len(accepted), 300 - len(accepted))
    assert people["fine"] >= 290
    assert [number for number, times in accepted.items() if times > 1] == []
    assert _failures(district, before) == []
    until(
        lambda: "receipts_stored_again" in "".join(_since(district, before)["web"]),
        why="the web server to say it is over",
    )
