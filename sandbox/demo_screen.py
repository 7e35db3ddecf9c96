"""What a newcomer sees of the day: steps, live figures, the account of every household, the callers' list."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from worker.domain.callbacks import band
from worker.domain.voice import CallEnd
from worker.i18n import _
from worker.labels import CALL_ENDS, label
from worker.services import reporting
from worker.store.tasks import Task

SHOWN_TASKS = 12
LINE_EVERY_S = 5.0
BAR = 40
# The order in which a day fills up.
STATES = ("waiting", "fine", "callback", "absent", "informed", "reached", "unreached", "excluded", "cancelled")


class Screen:
    """Rich on a terminal; plain lines, a few seconds apart, in a pipe."""

    def __init__(self, households: int) -> None:
        self._households = households
        self._console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
        self._live: Live | None = None
        self._last_line = 0.0

    def step(self, sentence: str) -> None:
        """One step of the day has been done."""
        self._console.print(f"• {sentence}", markup=False)

    @contextmanager
    def live(self) -> Iterator[None]:
        """Figures that move, while it lasts."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, refresh_per_second=4) as self._live:
            yield
        self._live = None

    def show(self, report: reporting.Report) -> None:
        """The account as it is now."""
        if self._live is not None:
            self._live.update(Group(*_bars(report)))
        elif time.monotonic() - self._last_line >= LINE_EVERY_S:
            self._last_line = time.monotonic()
            parts = [f"{label(s)} {n}" for s in STATES if (n := report.account.recipients.get(s))]
            self._console.print("  " + " · ".join(parts), markup=False)

    def account(
        self,
        report: reporting.Report,
        tasks: Sequence[Task],
        problems: Sequence[str],
        *,
        seconds: float,
        calls: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Where everybody ended, who is to be rung and why, whether the promises held."""
        self._console.print()
        self._console.print(_account_table(report))
        self._console.print()
        if any(report.account.calls.values()):
            self._console.print(_call_table(report))
            self._console.print()
        if (example := _example(calls)) is not None:
            self._console.print(example)
            self._console.print()
        self._console.print(_task_table(tasks))
        self._console.print(_reasons(tasks), markup=False)
        self._console.print()
        for line in problems:
            self._console.print(f"✗ {line}", style="bold red", markup=False)
        if not problems:
            self._console.print(
                f"✓ {_('Chaque foyer est dans un seul état, et leur somme est la liste.')}", style="green"
            )
            self._console.print(
                f"✓ {_('Aucun numéro n’a reçu deux fois le même SMS (vérifié chez le faux Twilio).')}", style="green"
            )
        self._console.print(_("Durée : {s:.0f} s.").format(s=seconds))

    def invite(self, url: str, environment: Mapping[str, str], *, logins: Sequence[str], password: str) -> None:
        """How to look around. The logins and their password are made up for this run."""
        self._console.print()
        self._console.print(
            _("Tout reste ouvert jusqu'à Ctrl-C. Dans un navigateur : {url}").format(url=url), style="bold"
        )
        told = _("  identifiants {logins} ; mot de passe {password}")
        self._console.print(told.format(logins=", ".join(logins), password=password), markup=False)
        self._console.print(_("Dans un autre terminal :"), style="bold")
        for name, value in environment.items():
            if name.endswith(("DATABASE_URL", "BROKER_URL", "CONFIG_DIR")):
                self._console.print(f"  export {name}='{value}'", markup=False, soft_wrap=True)
        for command in (
            "tasks",
            "event show 1",
            "report 1 --csv compte.csv",
            "task done 1 --outcome REACHED_OK --caller odile",
        ):
            self._console.print(f"  .venv/bin/courtoisie {command}", markup=False)
        self._console.print(_("Santé et mesures : {url}/readyz et {url}/metrics").format(url=url), markup=False)

    def listen(self, url: str) -> None:
        """Where what people heard on the telephone can be read."""
        self._console.print(
            _("Ce qui a été entendu au téléphone, appel par appel : {url}").format(url=url), markup=False
        )


def _bars(report: reporting.Report) -> Iterator[Text | Table]:
    total = max(report.account.total, 1)
    table = Table(box=None, pad_edge=False, show_header=False)
    for state in STATES:
        count = report.account.recipients.get(state, 0)
        if count:
            table.add_row(label(state), str(count), "█" * round(BAR * count / total))
    yield table
    texts = " · ".join(f"{label(s)} {n}" for s, n in report.account.messages.items() if n)
    yield Text(_("SMS : {texts}").format(texts=texts or "0"), style="dim")
    if calls := " · ".join(f"{_end(e)} {n}" for e, n in report.account.calls.items() if n):
        yield Text(_("Appels automatiques : {calls}").format(calls=calls), style="dim")


def _account_table(report: reporting.Report) -> Table:
    table = Table(title=_("Le compte de tous les foyers"), title_justify="left", box=None, pad_edge=False)
    table.add_column(_("État"))
    table.add_column(_("Pourquoi"))
    table.add_column(_("Foyers"), justify="right")
    for state in STATES:
        for reason, count in report.account.reasons.get(state, {}).items():
            table.add_row(label(state), label(reason) if reason else "", str(count))
    table.add_row(_("Total"), "", str(report.account.total), style="bold")
    return table


def _call_table(report: reporting.Report) -> Table:
    table = Table(title=_("Appels automatiques"), title_justify="left", box=None, pad_edge=False)
    table.add_column(_("Issue"))
    table.add_column(_("Appels"), justify="right")
    for end, count in report.account.calls.items():
        if count:
            table.add_row(_end(end), str(count))
    return table


def _end(end: str) -> str:
    return CALL_ENDS[CallEnd(end)] if end in set(CallEnd) else _("en cours")


def _example(calls: Sequence[Mapping[str, Any]]) -> Table | None:
    """One call as it was heard: the longest in which a key was pressed."""
    talked = [call for call in calls if any(p["listened"] for p in call["pressed"])]
    if not talked:
        return None
    call = max(talked, key=lambda call: len(call["heard"]))
    said = [(line["at_s"], line["text"] + ("" if line["whole"] else "…")) for line in call["heard"]]
    said += [(p["at_s"], _("[touche {key}]").format(key=p["keys"])) for p in call["pressed"]]
    table = Table(title=_("Un de ces appels, tel qu'il a été entendu"), title_justify="left", box=None, pad_edge=False)
    table.add_column("s", justify="right")
    table.add_column("")
    began = min(at_s for at_s, _text in said)
    for at_s, text in sorted(said):
        table.add_row(f"{at_s - began:.0f}", Text(text))
    return table


def _task_table(tasks: Sequence[Task]) -> Table:
    title = _("À appeler : {n} foyers, les premiers").format(n=len(tasks))
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in (_("Priorité"), _("Foyer"), _("Pourquoi"), _("Réponse")):
        table.add_column(name)
    for task in tasks[:SHOWN_TASKS]:
        names = " / ".join(f"{t['civility']} {t['last_name']}".strip() for t in task.tenants or [])
        why = ", ".join(f"{label(code)} {points:+d}" for code, points in task.score)
        table.add_row(f"{band(task.priority)} {task.priority}", names, why, (task.last_reply or "")[:60])
    return table


def _reasons(tasks: Sequence[Task]) -> str:
    counted = Counter(task.reasons[0] for task in tasks)
    return _("En tout : {reasons}.").format(reasons=", ".join(f"{label(r)} {n}" for r, n in counted.most_common()))
