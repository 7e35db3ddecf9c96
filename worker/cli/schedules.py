"""When campaigns open by themselves: schedule, schedule extend|pause|resume|seen."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from worker.bootstrap import App
from worker.catalogue.values import WEEKDAYS
from worker.cli import parts
from worker.cli.events import Json
from worker.cli.terminal import out, print_json, table
from worker.domain.errors import Refused
from worker.i18n import _
from worker.labels import label
from worker.services import timetable
from worker.services.rounds import Week
from worker.services.timetable import Line
from worker.store.occasions import Missed
from worker.store.rounds import Day

Key = Annotated[str, typer.Argument(metavar="CAMPAIGN", help=_("Clé de la campagne, voir « courtoisie schedule »."))]
commands = typer.Typer(help=_("Quand les campagnes s'ouvrent seules."))


@commands.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    number: Annotated[int, typer.Option("--next", min=1, max=100, help=_("Combien d'occasions par campagne."))] = 8,
    as_json: Json = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    with parts.whole() as app:
        lines = timetable.lines(app.db, app.campaigns, desk=app.desk, now=app.clock(), most=number)
        missed = timetable.missed(app.db, now=app.clock())
        timezone = app.desk.timezone
    if as_json:
        print_json(
            {
                "schedules": [timetable.as_json(line) for line in lines],
                "missed": [timetable.missed_as_json(one) for one in missed],
            }
        )
        return
    _show_campaigns(lines)
    _show_coming(lines, timezone)
    _show_missed(missed, timezone)
    for line in lines:
        if line.week is not None:
            _show_week(line, line.week)


@commands.command("extend", help=_("Donner à une campagne un dernier jour plus tardif que celui de son fichier."))
def extend(
    campaign: Key,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help=_("Dernier jour compris : 2027-05-11."))],
) -> None:
    with parts.whole() as app:
        day = _day(until)
        timetable.extend(app.db, app.campaign(campaign), until=day, desk=app.desk, now=app.clock())
        _tell_next(app, campaign, _("« {campaign} » court jusqu'au {day}.").format(campaign=campaign, day=_on(day)))


@commands.command("pause", help=_("Plus rien ne s'ouvre seul ; les opérations en cours continuent."))
def pause(campaign: Key) -> None:
    with parts.whole() as app:
        timetable.pause(app.db, app.campaign(campaign), now=app.clock())
    out().print(_("« {campaign} » ne s'ouvre plus seule, jusqu'à « schedule resume ».").format(campaign=campaign))


@commands.command("resume", help=_("Ouvrir de nouveau ce qui vient ; rien de la pause n'est rattrapé."))
def resume(campaign: Key) -> None:
    with parts.whole() as app:
        timetable.resume(app.db, app.campaign(campaign), now=app.clock())
        _tell_next(app, campaign, _("« {campaign} » s'ouvre de nouveau seule.").format(campaign=campaign))


@commands.command("seen", help=_("Noter qu'on a vu les occasions manquées : l'alarme s'arrête."))
def seen(campaign: Key) -> None:
    with parts.only_database() as (_settings, db):
        number = timetable.take_note(db, campaign, now=db.now())
    out().print(_("{n} occasions manquées vues.").format(n=number))


def _show_campaigns(lines: Sequence[Line]) -> None:
    if not lines:
        out().print(_("Aucune campagne ne s'ouvre seule : voyez schedule dans config/campaigns/canicule-orange.toml."))
        return
    listed = table(_("Campagne"), _("Rythme"), _("État"), _("Premier jour"), _("Dernier jour"))
    for line in lines:
        recurrence = line.campaign.recurrence
        ends_on = _on(line.ends_on)
        if line.ends_on != line.file_ends_on:
            ends_on = _("{day} (prolongée)").format(day=ends_on)
        listed.add_row(
            line.campaign.key, ", ".join(_rhythm(line)), label(line.state), _on(recurrence.starts_on), ends_on
        )
    out().print(listed)


def _rhythm(line: Line) -> Iterator[str]:
    recurrence = line.campaign.recurrence
    yield str(line.campaign.schedule)
    if recurrence.every_days > 1:
        yield _("tous les {n} jours").format(n=recurrence.every_days)
    if recurrence.skip_holidays:
        yield _("sauf jours fériés")
    if recurrence.spread:
        yield _("répartie sur la semaine")


def _show_coming(lines: Sequence[Line], timezone: ZoneInfo) -> None:
    coming = sorted((one.at, line.campaign.key, line.campaign.title) for line in lines for one in line.coming)
    if coming:
        listed = table(_("Prochaines occasions"), _("Campagne"), _("Titre"))
        for at, key, title in coming:
            listed.add_row(_at(at, timezone), key, title)
        out().print(listed)


def _show_missed(missed: Sequence[Missed], timezone: ZoneInfo) -> None:
    if not missed:
        return
    listed = table(_("Occasions manquées"), _("Campagne"), _("Vue"))
    for one in missed:
        style = "bold red" if one.seen_at is None else None
        noted = _("non : courtoisie schedule seen {campaign}").format(campaign=one.campaign)
        listed.add_row(
            _at(one.due_at, timezone), one.campaign, _at(one.seen_at, timezone) if one.seen_at else noted, style=style
        )
    out().print(listed)


def _show_week(line: Line, week: Week) -> None:
    title = _("Tournée de « {campaign} », semaine du {day}").format(
        campaign=line.campaign.key, day=_on(week.round.week)
    )
    listed = table(
        _("Jour"),
        _("Agence"),
        _("Foyers"),
        _("Ouverts"),
        _("À venir"),
        _("Partis du public"),
        _("Laissés"),
        title=title,
        right=(2, 3, 4, 5, 6),
    )
    for day in week.days:
        listed.add_row(_on(day.day), day.agency, *map(str, _counts(day)), style="bold red" if day.left_out else None)
    total = [sum(column) for column in zip(*map(_counts, week.days), strict=True)] or [0] * 5
    listed.add_row(_("Total"), "", *map(str, total), style="bold")
    out().print(listed)
    for agency, calls in week.round.beyond.items():
        out().print(
            _("Agence {agency} : environ {n} appels de plus que ses appelants n'en peuvent faire.").format(
                agency=agency, n=calls
            ),
            style="bold red",
        )


def _counts(day: Day) -> tuple[int, ...]:
    return day.households, day.opened, day.to_come, day.gone, day.left_out


def _tell_next(app: App, campaign: str, said: str) -> None:
    line = timetable.line(app.db, app.campaign(campaign), desk=app.desk, now=app.clock(), most=1)
    following = [_("Prochaine occasion : {at}.").format(at=_at(one.at, app.desk.timezone)) for one in line.coming]
    out().print(" ".join([said, *following]))


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Refused(
            _("« {value} » n'est pas une date. Écrivez année, mois, jour : 2027-05-11.").format(value=written)
        ) from None


def _on(day: date | None) -> str:
    return "" if day is None else f"{WEEKDAYS[day.weekday()]} {day:%d/%m/%Y}"


def _at(moment: datetime, timezone: ZoneInfo) -> str:
    at = moment.astimezone(timezone)
    return f"{_on(at.date())} {at:%H:%M}"


def register(cli: typer.Typer) -> None:
    cli.add_typer(commands, name="schedule")
