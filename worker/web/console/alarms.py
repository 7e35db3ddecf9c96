"""What an operator must not overlook, each with what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.domain.campaigns import EventState
from worker.i18n import _, ngettext
from worker.services.boards import Agency, Board, Event
from worker.services.desk import Desk

# The workers take what is due every few seconds: a longer silence is no chance.
STUCK_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Alarm:
    """what: what is wrong. todo: what to do about it. href and link: where that is done, if there is such a page."""

    what: str
    todo: str
    href: str = ""
    link: str = ""
    tone: str = "danger"


def of(board: Board, *, broken: Sequence[str], desk: Desk, now: datetime) -> list[Alarm]:
    """The alarms of a board, what concerns people at risk first."""
    return [
        *(alarm for agency in board.agencies for alarm in _of_agency(agency, desk, now)),
        *(alarm for event in board.events for alarm in _of_event(event, now)),
        *_of_answers(board),
        *(
            Alarm(
                _("« {campaign} » : l'occasion du {day} a été manquée, personne n'a été contacté.").format(
                    campaign=one.campaign, day=one.occasion
                ),
                _("Lancez la campagne si elle sert encore, puis marquez l'occasion comme vue."),
                "/schedules",
                _("Voir le calendrier"),
            )
            for one in board.missed
        ),
        *(
            Alarm(
                _("« {campaign} » : le fichier de cette campagne est à corriger ; elle ne s'ouvre pas.").format(
                    campaign=key
                ),
                _("Corrigez le fichier, puis redémarrez le service."),
                "/campaigns",
                _("Voir ce qui ne va pas"),
            )
            for key in broken
        ),
    ]


def _of_agency(agency: Agency, desk: Desk, now: datetime) -> Iterator[Alarm]:
    """Nobody rings, or they will not be through before they go home."""
    finish, sheets = agency.finish, f"/sheets?agency={agency.code}"
    ringing = desk.callers_are_there(now, urgent=True)
    at_once = agency.by_band.get("P0", 0)
    if at_once and (not finish.present or agency.overdue):
        yield Alarm(
            ngettext(
                "{agency} : {n} appel à passer tout de suite.", "{agency} : {n} appels à passer tout de suite.", at_once
            ).format(agency=agency.name, n=at_once),
            _("Faites appeler maintenant ; en cas de danger, le 15 ou le 112."),
            "/desk",
            _("Prendre un appel"),
        )
    waiting = agency.tasks - agency.later
    if waiting and not finish.present and ringing:
        yield Alarm(
            ngettext(
                "{agency} : {n} appel attend et personne n'appelle.",
                "{agency} : {n} appels attendent et personne n'appelle.",
                waiting,
            ).format(agency=agency.name, n=waiting),
            _("Prévenez les appelants, ou imprimez les feuilles d'appel."),
            sheets,
            _("Feuilles d'appel"),
        )
    elif finish.late and finish.present:
        yield Alarm(
            _("{agency} : à ce rythme, tout ne sera pas appelé aujourd'hui.").format(agency=agency.name),
            _("Ajoutez des appelants ; les plus urgents passent d'abord."),
            sheets,
            _("Feuilles d'appel"),
            tone="warn",
        )


def _of_event(event: Event, now: datetime) -> Iterator[Alarm]:
    row, progress = event.row, event.progress
    href, link = f"/events/{row.id}", _("Ouvrir l'opération")
    if row.alarm:
        yield Alarm(f"{row.title} : {row.alarm}", _("Une fois la cause levée, reprenez l'opération ici."), href, link)
    elif (
        row.state == EventState.RUNNING
        and progress is not None
        and progress.texts.waiting
        and not progress.texts.sent_last_minute
        and (progress.texts.next_due_at or now) < now - STUCK_AFTER
    ):
        yield Alarm(
            _("{title} : des SMS attendent et aucun ne part.").format(title=row.title),
            _("Vérifiez que les processus tournent (« courtoisie check ») ; rien n'est perdu."),
            href,
            link,
        )


def _of_answers(board: Board) -> Iterator[Alarm]:
    """Who wrote to us gets no answer, and no operation is stopped for it."""
    refused = board.refused
    if refused.texts:
        said = [
            _("code {code}").format(code=refused.code) if refused.code else "",
            f"HTTP {refused.http_status}" if refused.http_status else "",
        ]
        yield Alarm(
            ngettext(
                "Twilio refuse {n} réponse automatique ({what}) : la configuration est à corriger.",
                "Twilio refuse {n} réponses automatiques ({what}) : la configuration est à corriger.",
                refused.texts,
            ).format(n=refused.texts, what=", ".join(filter(None, said))),
            _("Lancez « courtoisie check --online ». Une fois la cause levée, elles partent si elles servent encore."),
        )
