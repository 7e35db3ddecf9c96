"""`courtoisie check`: the table of texts, then a numbered list of what is wrong."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol

from rich.markup import escape

from worker.bootstrap import utc_now
from worker.cli.terminal import out, print_json, table
from worker.domain.errors import BadDefinition
from worker.domain.problems import Problem, Weight
from worker.i18n import _, ngettext
from worker.services import checking, checking_settings, probing
from worker.services.checking import Report
from worker.services.probing import Answer, Probe
from worker.settings import Settings
from worker.store.database import Database

_WEIGHTS = {Weight.ERROR: _("erreur"), Weight.NOTICE: _("à savoir")}


class Verifier(Protocol):
    """What is asked of the gateway here."""

    def verify(self) -> None: ...
    def clock_ahead(self) -> timedelta: ...


def check(
    settings: Settings,
    *,
    online: bool,
    as_json: bool,
    gateway: Verifier | None = None,
    db: Callable[[], Database] | None = None,
    broker_ping: Callable[[], None] | None = None,
) -> int:
    """Shows all that is wrong; returns the exit code, 1 when something must be mended."""
    seen = checking.report(settings)
    asked = _probes(settings, gateway, db, broker_ping) if online else ()
    if as_json:
        answered = list(probing.answers(asked))
        print_json(_as_json(seen, answered))
    else:
        _show_texts(seen)
        answered = _show_servers(asked)
        _show_problems(seen.problems)
        _show_silent(answered)
    return 0 if _is_well(seen, answered) else 1


def _probes(
    settings: Settings,
    gateway: Verifier | None,
    db: Callable[[], Database] | None,
    broker_ping: Callable[[], None] | None,
) -> Sequence[Probe]:
    return probing.probes(
        db=db,
        ping_broker=broker_ping,
        verify_provider=(lambda: _verify(settings, gateway)) if gateway else None,
        url=settings.public_url,
        provider_url=settings.twilio.api_url,
        now=utc_now,
    )


def _verify(settings: Settings, gateway: Verifier) -> timedelta:
    """How far our clock is ahead of the provider's.

    Raises BadDefinition without asking anybody when there is nothing to ask with.
    """
    missing = checking_settings.missing_account(settings)
    if missing:
        raise BadDefinition(_("Il manque {variables} : voyez la console Twilio.").format(variables=", ".join(missing)))
    gateway.verify()
    return gateway.clock_ahead()


def _is_well(seen: Report, answered: Sequence[Answer]) -> bool:
    return not seen.errors and all(answer.is_well for answer in answered)


def _show_texts(seen: Report) -> None:
    rows = table(_("Texte"), _("Langue"), _("Codage"), _("Unités"), _("Segments"), right=(3, 4))
    for line in seen.lines:
        measured = line.measured
        rows.add_row(line.key, line.language, measured.encoding, str(measured.units), str(measured.segments))
    spoken = table(_("Texte dit au téléphone"), _("Langue"), _("Secondes"), right=(2,))
    for script in seen.scripts:
        spoken.add_row(script.key, script.language, str(round(script.seconds)))
    console = out()
    console.print(rows)
    if seen.scripts:
        console.print(spoken)
    console.print(
        _("{texts} textes au plus long, {campaigns} campagnes : {keys}").format(
            texts=len(seen.lines), campaigns=len(seen.campaigns), keys=", ".join(sorted(seen.campaigns)) or "-"
        ),
        markup=False,
    )


def _show_servers(asked: Sequence[Probe]) -> list[Answer]:
    console, answered = out(), []
    for answer in probing.answers(asked):
        console.print(f"{answer.label} : {answer.wrong or _('en ordre')}", markup=False)
        answered.append(answer)
    return answered


def _show_problems(problems: Sequence[Problem]) -> None:
    console = out()
    errors = sum(problem.weight is Weight.ERROR for problem in problems)
    for number, problem in enumerate(problems, start=1):
        console.print(f"{number}. [bold]{_WEIGHTS[problem.weight]}[/bold]  {escape(str(problem))}", soft_wrap=True)
    if errors:
        said = ngettext("{n} erreur à corriger avant tout envoi.", "{n} erreurs à corriger avant tout envoi.", errors)
        console.print(said.format(n=errors))
    else:
        console.print(_("Réglages, campagnes et textes : aucune erreur."))


def _show_silent(answered: Sequence[Answer]) -> None:
    """The last line says how it ended, servers included."""
    wrong = [answer.label for answer in answered if not answer.is_well]
    if wrong:
        out().print(_("À corriger avant tout envoi : {what}.").format(what=", ".join(wrong)), markup=False)


def _as_json(seen: Report, answered: Sequence[Answer]) -> dict[str, Any]:
    return {
        "ok": _is_well(seen, answered),
        **checking.as_json(seen),
        "servers": [{"name": a.name, "ok": a.is_well, "wrong": a.wrong} for a in answered],
    }
