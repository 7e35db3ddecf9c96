"""Households found and read, and what they wish: shown with its source, changed, and taken back."""

from collections.abc import Callable, Mapping
from datetime import date, time

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import CourtoisieError, NotFound, Refused
from worker.domain.roles import Right
from worker.i18n import _, ngettext
from worker.services import asking, auditing, files, learning, next_steps, refusing, wishes
from worker.services.auditing import Action
from worker.services.wishes import Hours, Wishes
from worker.store.histories import Home
from worker.web import pages
from worker.web.console import brought, needs
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

CHANNELS = ("sms", "voice", "all")
PURPOSES = ("all", "advice", "care")


def routes(parts: Parts) -> list[BaseRoute]:
    sees, rings = Right.SEE_HOUSEHOLDS, Right.RING
    return [
        visits.route(parts, "/households", search, right=sees),
        visits.route(parts, "/households", search, right=sees, posts=True),
        visits.route(parts, "/households/{id}", household, right=sees),
        *(
            visits.route(parts, f"/households/{{id}}/{what}", _changing(do), right=rings, posts=True)
            for what, do in _CHANGES.items()
        ),
        visits.route(parts, "/households/{id}/lift", _changing(_lift), right=Right.LIFT_REFUSALS, posts=True),
    ]


def search(visit: Visit) -> Response:
    """By name, number or dwelling. The words come in the body, so that no name is in an address or a log."""
    words = visit.said("q")
    found = files.search(visit.parts.db, words, agencies=visit.me.scope) if len(words) > 1 else []
    auditing.record(visit.parts.db, visit.me, Action.SEARCHED, "household", [h.id for h in found], now=visit.now)
    return visit.page("households.html", q=words, found=found)


def household(visit: Visit) -> Response:
    """One household with its whole history."""
    return _shown(visit, _visible(visit))


def _visible(visit: Visit) -> Home:
    home = files.home(visit.parts.db, visit.id(), now=visit.now)
    if home is None or not visit.me.sees(home.agency):
        raise NotFound(_("Aucun foyer n° {id}.").format(id=visit.id()))
    return home


def _shown(visit: Visit, home: Home, *notices: Notice, status: int = 200) -> Response:
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "household", [home.id], now=visit.now)
    here = home.gone_at is None
    answer = visit.page(
        "household.html",
        *notices,
        home=home,
        history=files.history(visit.parts.db, home.id),
        coming=next_steps.of_household(visit.parts.db, home.id),
        today=visit.program.desk.local_date(visit.now),
        wishes=wishes.show(visit.parts.db, home.dwelling, now=visit.now) if here else None,
        call=asking.open_call(visit.parts.db, home.id) if here else None,
        may_change=here and visit.me.may(Right.RING),
        may_lift=visit.me.may(Right.LIFT_REFUSALS),
        channels=CHANNELS,
        purposes=PURPOSES,
        languages=_languages(visit),
        health=brought.health(visit, home.id),
        **needs.around(visit, home),
    )
    answer.status_code = status
    return answer


def _languages(visit: Visit) -> list[str]:
    texts = visit.program.texts
    return sorted({language for key in texts.keys() for language in texts.languages(key)})  # noqa: SIM118  # a method


# ---- changes, each told afterwards and to be taken back -------------------------

Change = Callable[[Visit, Home], Notice]


def _changing(do: Change) -> visits.Handler:
    def changed(visit: Visit) -> Response:
        home = _visible(visit)
        if home.gone_at is not None:
            raise Refused(_("Le foyer n° {id} a quitté le logement.").format(id=home.id))
        try:
            notice = do(visit, home)
        except CourtoisieError as error:
            return _shown(visit, home, Notice(str(error), "danger"), status=409)
        auditing.record(visit.parts.db, visit.me, Action.EDITED, "household", [home.id], now=visit.now)
        return _shown(visit, _visible(visit), notice)

    return changed


def _call(visit: Visit, home: Home) -> Notice:
    task = asking.ask(visit.parts.db, home.id, desk=visit.program.desk, now=visit.now)
    return Notice(_("L'appel n° {id} est demandé ; il est dans la liste.").format(id=task))


def _opt_out(visit: Visit, home: Home) -> Notice:
    kinds = {"channel": _one_of(visit, "channel", CHANNELS), "purpose": _one_of(visit, "purpose", PURPOSES)}
    n = wishes.opt_out(visit.parts.db, home.dwelling, **kinds, by=visit.me.login, now=visit.now)
    return Notice(ngettext("Refus noté pour {n} numéro.", "Refus noté pour {n} numéros.", n).format(n=n))


def _opt_in(visit: Visit, home: Home) -> Notice:
    kinds = {"channel": _one_of(visit, "channel", CHANNELS), "purpose": _one_of(visit, "purpose", PURPOSES)}
    lifted = wishes.opt_in(visit.parts.db, home.dwelling, **kinds, by=visit.me.login, now=visit.now)
    if lifted.by_text:
        return Notice(
            _("Refus levé. Ce téléphone avait répondu STOP : Twilio le bloque tant qu'il n'a pas répondu DEMARRER."),
            "warn",
        )
    return Notice(_("Refus levé ; il reste dans l'histoire."))


def _hold(visit: Visit, home: Home) -> Notice:
    try:
        last_day = date.fromisoformat(visit.said("until"))
    except ValueError:
        raise Refused(_("Dites le dernier jour d'absence.")) from None
    desk, reason = visit.program.desk, visit.said("reason") or "absent"
    until = wishes.hold(visit.parts.db, home.dwelling, last_day=last_day, reason=reason, desk=desk, now=visit.now)
    return Notice(_("Ni SMS ni appel avant le {at}.").format(at=pages.moment(until, desk.timezone, visit.now)))


def _back(visit: Visit, home: Home) -> Notice:
    if wishes.back(visit.parts.db, home.dwelling, now=visit.now):
        return Notice(_("Retour noté : le foyer sera de nouveau contacté."))
    return Notice(_("Aucune absence n'était notée."), "info")


def _prefer(visit: Visit, home: Home) -> Notice:
    wished = Wishes(
        language=visit.said("language") or wishes.NONE,
        channel=visit.said("channel") or wishes.NONE,
        hours=_hours(visit.said("hours_from"), visit.said("hours_until")),
    )
    wishes.prefer(visit.parts.db, home.dwelling, wished, texts=visit.program.texts)
    return Notice(_("Souhaits notés."))


def _forget_health(visit: Visit, home: Home) -> Notice:
    learning.forget_health(visit.parts.db, home.id)
    return Notice(_("Les réponses sur la santé sont effacées."))


def _lift(visit: Visit, home: Home) -> Notice:
    refusing.lift(visit.parts.db, home.id, now=visit.now)
    return Notice(_("Le foyer sera de nouveau contacté, dès la prochaine opération."))


_CHANGES: Mapping[str, Change] = {
    "call": _call,
    "opt-out": _opt_out,
    "opt-in": _opt_in,
    "hold": _hold,
    "back": _back,
    "prefer": _prefer,
    "forget-health": _forget_health,
}


def _hours(begins: str, ends: str) -> Hours:
    if not begins and not ends:
        return wishes.ANY_HOUR
    try:
        return Hours(time.fromisoformat(begins), time.fromisoformat(ends))
    except ValueError:
        raise Refused(_("Dites les deux heures, par exemple de 14:00 à 16:00, ou aucune.")) from None


def _one_of(visit: Visit, name: str, known: tuple[str, ...]) -> str:
    value = visit.said(name)
    if value not in known:
        raise Refused(_("Choisissez dans la liste."))
    return value
