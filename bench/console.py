"""`python -m bench.console`: how long the console's pages take with a full queue, beside the page that asks nothing.

The baseline is the sign-in page: same process, same frame, no query. A ratio says what a page's own work costs.
"""

import argparse
import json
import re
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from bench import product
from worker.domain.roles import Person, Role
from worker.services import staffing
from worker.store.database import Database

PASSWORD = "trois mots sans rapport"  # noqa: S105  # for the run's own database
GOAL_MS = 100.0

_TASKS = text(
    """
INSERT INTO callback_task (household_id, agency_id, state, reasons, priority, score, created_at, due_at)
SELECT h.id, d.agency_id, 'open', '{no_reply_orange}', 30 + h.id % 90, '[["no_reply_orange", 30]]', now(),
       now() + interval '2 hours'
FROM household h JOIN dwelling d ON d.id = h.dwelling_id ORDER BY h.id LIMIT :tasks
"""
)

Page = Callable[[], requests.Response]


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
        measured = measure(bench.stack.public_url, bench.db, times=given.times)
    show(measured)


def measure(url: str, db: Database, *, times: int) -> dict[str, list[float]]:
    """Milliseconds of each request, by page; the pages take turns, so that other load falls on all."""
    admin = _signed_in(url, db, "admin", Role.ADMIN)
    caller = _signed_in(url, db, "caller", Role.CALLER)
    pages = _pages(url, admin, caller)
    taken: dict[str, list[float]] = {name: [] for name in pages}
    for turn in range(times + 5):
        for name, page in pages.items():
            begun = time.perf_counter()
            page().raise_for_status()
            if turn >= 5:  # the first ones warm everybody
                taken[name].append((time.perf_counter() - begun) * 1000)
    return taken


def _pages(url: str, admin: requests.Session, caller: requests.Session) -> Mapping[str, Page]:
    empty = _session()
    card = _post(caller, url, "/desk", "/desk/next").url

    def asked(session: requests.Session, where: str) -> Page:
        return lambda: session.get(where, timeout=30)

    return {
        "the sign-in page, which asks nothing (baseline)": asked(empty, url + "/login"),
        "my calls": asked(caller, url + "/desk"),
        "the card": asked(caller, card),
        "news of an open card": asked(caller, card + "/news"),
        "a household": asked(caller, url + "/households/1"),
        "a search by name": lambda: _post(admin, url, "/households", "/households", q="essai"),
        "the board": asked(admin, url + "/board"),
    }


def show(measured: Mapping[str, list[float]]) -> None:
    """A table and, last, one line of JSON."""
    table = Table("page", "median ms", "p95 ms", "times the baseline", "goal")
    base = statistics.median(next(iter(measured.values())))
    figures: dict[str, Any] = {}
    for name, taken in measured.items():
        middle, late = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
        figures[name] = {"median_ms": middle, "p95_ms": late, "times_baseline": middle / base}
        kept = "kept" if late < GOAL_MS else f"over {GOAL_MS:.0f} ms"
        table.add_row(name, f"{middle:.1f}", f"{late:.1f}", f"{middle / base:.1f}", kept)
    Console().print(table)
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
    found = re.search(r'name="csrf" value="([^"]+)"', session.get(url + form, timeout=30).text)
    values = {"csrf": found[1] if found else "", **fields}
    return session.post(url + to, data=values, timeout=30)


if __name__ == "__main__":
    main()
