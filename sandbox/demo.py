"""A heatwave day in half a minute: a listing comes in, a check-in goes out, people answer, callers get their list."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import listing, pace
from sandbox.demo_screen import Screen
from sandbox.stack import DATABASE, Stack
from worker import settings as configuration
from worker.domain.roles import Person, Role
from worker.i18n import _
from worker.services import inbound, reporting, staffing
from worker.store import database
from worker.store.tasks import Task

CAMPAIGN = "canicule-orange"
LOGINS = {"appelante": Role.CALLER, "operatrice": Role.OPERATOR, "administratrice": Role.ADMIN}
# An outcome must come in this time: so long for starting, and so long per household.
PATIENCE_S, PATIENCE_PER_HOUSEHOLD_S = 120.0, 0.06
POLL_S = 0.4
# Of a large town's time, looking at it takes no more than one part in so many.
LOOKS = 10
# People and lines take their time on the telephone even where texts are answered in a wink.
CALLS_FASTER = 25.0
# How long the settled event waits for people who answer late.
LATE_S = 45.0


@dataclass(slots=True)
class Result:
    """What the day came to. problems: promises that did not hold; empty is what we want."""

    figures: dict[str, Any]
    tasks: list[Task]
    seconds: float
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The figures for another program."""
        reasons = Counter(reason for task in self.tasks for reason in task.reasons)
        return self.figures | {
            "callback_list": {"open": len(self.tasks), "by_reason": dict(reasons)},
            "seconds": round(self.seconds, 1),
            "problems": self.problems,
        }


class Demo:
    """One run. The product's processes are real and know nothing of being in a demo."""

    def __init__(self, stack: Stack, *, households: int, speed: float, seed: str) -> None:
        self._stack = stack
        self._households = households
        self._speed = speed
        self._seed = seed
        self._screen = Screen(households)
        self._started = time.monotonic()

    def play(self) -> Result:
        """From the listing to the settled event."""
        self._set_up()
        self._import()
        event_id = self._launch()
        db = database.connect(self._stack.postgres.url(DATABASE), pool_size=2)
        try:
            report = self._watch(db, event_id)
            tasks = reporting.tasks(db)
        finally:
            db.close()
        seconds = time.monotonic() - self._started
        result = Result(reporting.as_json(report), tasks, seconds, self._check(report))
        self._screen.account(report, tasks, result.problems, seconds=seconds, calls=self._stack.control.calls())
        return result

    def invite(self) -> None:
        """How to look around while it stays up: the console with made-up logins, and the commands."""
        password = secrets.token_urlsafe(9) + "-demo"
        db = database.connect(self._stack.postgres.url(DATABASE), pool_size=2)
        try:
            for login, role in LOGINS.items():
                by, now = Person(0, "demo", Role.ADMIN), datetime.now(UTC)
                staffing.add(db, login=login, password=password, role=role, agencies=(), by=by, now=now)
        finally:
            db.close()
        self._screen.invite(self._stack.public_url, self._stack.environment(), logins=list(LOGINS), password=password)
        self._screen.listen(f"{self._stack.standin.url}/_control/heard")

    def _set_up(self) -> None:
        self._screen.step(_("Serveurs : PostgreSQL, Redis et un faux Twilio, sur cette machine seulement."))
        source = configuration.load().config_dir
        config = pace.quickened(source, self._stack.home / "config", speed=self._speed)
        self._stack.changes = {**self._stack.changes, "CONFIG_DIR": str(config)}
        self._stack.control.put_senders({"address": pace.VOICE["address"]})
        self._stack.control.settings(
            reply_speed=self._speed,
            latency_ms=[20, 60],
            call_speed=min(self._speed, CALLS_FASTER),
            calls_per_s=pace.VOICE["calls_per_s"],
        )
        self._stack.start_product()

    def _import(self) -> None:
        path = self._stack.home / "locataires.csv"
        listing.write_listing(path, households=self._households, seed=self._seed, today=datetime.now(UTC).date())
        self._stack.run("import", str(path), "--apply", "--json")
        self._screen.step(_("Liste des locataires lue : {n} logements.").format(n=self._households))

    def _launch(self) -> int:

        opened = json.loads(self._stack.run("launch", CAMPAIGN, "--yes", "--json"))
        self._screen.step(
            _("Prise de nouvelles lancée : un SMS à chaque foyer de 70 ans et plus, un appel à qui n'a qu'un fixe.")
        )
        return int(opened["event"])

    def _watch(self, db: database.Database, event_id: int) -> reporting.Report:
        deadline = time.monotonic() + PATIENCE_S + PATIENCE_PER_HOUSEHOLD_S * self._households
        with self._screen.live():
            while True:
                began = time.monotonic()
                report = reporting.report(db, event_id)
                pause_s = max(POLL_S, LOOKS * (time.monotonic() - began))
                self._screen.show(report)
                settled_at = report.event.settled_at
                late = settled_at is not None and datetime.now(UTC) - settled_at > timedelta(seconds=LATE_S)
                if settled_at is not None and self._quiet(db, report, late=late):
                    return report
                if time.monotonic() > deadline:
                    return report
                time.sleep(pause_s)

    def _quiet(self, db: database.Database, report: reporting.Report, *, late: bool) -> bool:
        """Nobody is about to write, and every text has come to an end or will hear nothing more."""
        stats = self._stack.control.stats()
        if inbound.has_unread(db, now=datetime.now(UTC)):
            return False
        under_way = sum(report.account.messages.get(state, 0) for state in ("queued", "sending", "unknown"))
        under_way += report.account.calls.get("under_way", 0) + stats["calls"]["under_way"]
        return not ((stats["pending"] and not late) or stats["webhooks_under_way"] or under_way)

    def _check(self, report: reporting.Report) -> list[str]:
        """The promises, checked from the stand-in's own journal and the account."""
        account = report.account
        problems = []
        if report.event.state != "settled":
            problems.append(_("L'opération n'est pas arrivée à son terme."))
        if account.unaccounted:
            problems.append(_("{n} foyers sont sans suite.").format(n=account.unaccounted))
        if doubled := self._written_to_twice():
            problems.append(_("{n} numéros ont reçu deux fois le même SMS de campagne.").format(n=doubled))
        if doubled := self._rung_twice():
            problems.append(_("{n} appels ont été passés deux fois.").format(n=doubled))
        if fallen := self._stack.fallen():
            problems.append(_("Processus tombés : {names}.").format(names=", ".join(c.name for c in fallen)))
        return problems

    def _written_to_twice(self) -> int:
        """Numbers that were sent the same campaign text more than once, by what the provider accepted."""
        sent = self._stack.control.messages(direction="outbound-api")
        steps = Counter((m["to"], m["body"]) for m in sent if _is_campaign_text(m))
        return sum(1 for count in steps.values() if count > 1)

    def _rung_twice(self) -> int:
        """Attempts for which the provider accepted more than one call: each attempt has an address of its own."""
        placed = Counter(call["status_callback"] for call in self._stack.control.calls(direction="outbound-api"))
        return sum(1 for count in placed.values() if count > 1)


def _is_campaign_text(message: Mapping[str, Any]) -> bool:
    """Acknowledgements may be repeated; check-in and reminder may not. Both ask for a reply and name the keys."""
    return "1 = " in message["body"] and "faites le 15" in message["body"]
