"""`python -m bench.console`: how long the console's pages take with a full queue, beside the page that asks nothing.

The baseline is the sign-in page: same process, same frame, no query. A ratio says what a page's own work costs. CPU
time is what our web process and PostgreSQL spent on one page, whatever else the machine was doing.
"""

import argparse
import json
import os
import re
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from bench import cpu, product
from bench.product import Bench
from worker.domain.roles import Person, Role
from worker.services import staffing
from worker.store.database import Database

PASSWORD = "trois mots sans rapport"  # noqa: S105  # for the run's own database
GOAL_MS = 100.0
# The clock of CPU time has ticks of 10 ms.
IN_A_ROW = 20
ADMIN_PAGES = (
    "/board",
    "/campaigns",
    "/schedules",
    "/referrals",
    "/partners",
    "/inbox",
    "/sheets",
    "/import",
    "/users",
    "/audit",
    "/me",
)

_TASKS = text(
    """
INSERT INTO callback_task (household_id, agency_id, state, reasons, priority, score, created_at, due_at)
SELECT h.id, d.agency_id, 'open', '{no_reply_orange}', 30 + h.id % 90, '[["no_reply_orange", 30]]', now(),
       now() + interval '2 hours'
FROM household h JOIN dwelling d ON d.id = h.dwelling_id ORDER BY h.id LIMIT :tasks
"""
)

Page = Callable[[], requests.Response]


@dataclass(slots=True)
class Taken:
    """What the requests of one page took: each one on the clock, all together in CPU seconds by process."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_s: dict[str, float] = field(default_factory=dict)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.console")
    parser.add_argument("--homes", type=int, default=15_000)
    parser.add_argument("--tasks", type=int, default=5_000)
    parser.add_argument("--times", type=int, default=200, help="requests of each page")
    given = parser.parse_args()
    with product.running(homes=given.homes) as bench:
        with bench.db.begin() as connection:
            connection.execute(_TASKS, {"tasks": given.tasks})
            connection.exec_driver_sql("ANALYZE callback_task")
        measured = measure(bench, times=given.times)
    show(measured)


def measure(bench: Bench, *, times: int) -> dict[str, Taken]:
    """What each page took; the pages take turns, so that other load falls on all."""
    url = bench.stack.public_url
    admin = _signed_in(url, bench.db, "admin", Role.ADMIN)
    caller = _signed_in(url, bench.db, "caller", Role.CALLER)
    pages = _pages(url, admin, caller)
    pids = {name: bench.pids[name] for name in ("web", "postgres")}
    for page in pages.values():  # the first ones warm everybody
        _timed(page, 5)
    taken = {name: Taken() for name in pages}
    for _turn in range(max(times // IN_A_ROW, 1)):
        for name, page in pages.items():
            before = cpu.read(pids)
            taken[name].wall_ms += _timed(page, IN_A_ROW)
            for process, spent_s in cpu.spent(before, cpu.read(pids)).items():
                taken[name].cpu_s[process] = taken[name].cpu_s.get(process, 0.0) + spent_s
    return taken


def _timed(page: Page, times: int) -> list[float]:
    wall_ms = []
    for _time in range(times):
        begun = time.perf_counter()
        page().raise_for_status()
        wall_ms.append((time.perf_counter() - begun) * 1000)
    return wall_ms


def _pages(url: str, admin: requests.Session, caller: requests.Session) -> Mapping[str, Page]:
    empty = _session()
    card = _post(caller, url, "/desk", "/desk/next").url
    token = _token(admin, url + "/households")

    def asked(session: requests.Session, where: str) -> Page:
        return lambda: session.get(where, timeout=30)

    def searched(words: str) -> Page:
        return lambda: admin.post(url + "/households", data={"csrf": token, "q": words}, timeout=30)

    return {
        "the sign-in page, which asks nothing (baseline)": asked(empty, url + "/login"),
        "my calls": asked(caller, url + "/desk"),
        "the card": asked(caller, card),
        "news of an open card": asked(caller, card + "/news"),
        "a household": asked(caller, url + "/households/1"),
        "a search that finds one": searched("B-7077"),
        "a search that finds all": searched("essai"),
        **{f"the page {path}": asked(admin, url + path) for path in ADMIN_PAGES},
    }


def show(measured: Mapping[str, Taken]) -> None:
    """A table and, last, one line of JSON."""
    table = Table("page", "median ms", "p95 ms", "times the baseline", "CPU ms: web", "CPU ms: PostgreSQL", "goal")
    base = statistics.median(next(iter(measured.values())).wall_ms)
    figures: dict[str, Any] = {}
    for name, taken in measured.items():
        middle, late = statistics.median(taken.wall_ms), statistics.quantiles(taken.wall_ms, n=20)[-1]
        spent = {process: 1000 * cpu_s / len(taken.wall_ms) for process, cpu_s in taken.cpu_s.items()}
        figures[name] = {"median_ms": middle, "p95_ms": late, "times_baseline": middle / base, "cpu_ms": spent}
        kept = "kept" if late < GOAL_MS else f"over {GOAL_MS:.0f} ms"
        own = [f"{spent[process]:.1f}" for process in ("web", "postgres")]
        table.add_row(name, f"{middle:.1f}", f"{late:.1f}", f"{middle / base:.1f}", *own, kept)
    Console().print(table)
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(json.dumps(figures))


def _signed_in(url: str, db: Database, login: str, role: Role) -> requests.Session:
    root = Person(0, "bench", Role.ADMIN)
    staffing.add(db, login=login, password=PASSWORD, role=role, agencies=(), by=root, now=datetime.now(UTC))
    session = _session()
    _post(session, url, "/login", "/login", login=login, password=PASSWORD, next="/")
    return session


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _post(session: requests.Session, url: str, form: str, to: str, **fields: str) -> requests.Response:
    return session.post(url + to, data={"csrf": _token(session, url + form), **fields}, timeout=30)


def _token(session: requests.Session, where: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', session.get(where, timeout=30).text)
    return found[1] if found else ""


if __name__ == "__main__":
    main()
