"""Before a launch: whom a campaign would reach, what it costs, who rings whom until when; then the launch itself."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.catalogue import prices
from worker.domain import pricing
from worker.domain.campaigns import Campaign, occasion_of
from worker.domain.errors import NotFound, Refused, Unavailable
from worker.domain.roles import Right
from worker.i18n import _, ngettext
from worker.labels import label
from worker.paper import outlooks
from worker.rendering import in_place_of
from worker.services import auditing, events, guests, launching, previewing
from worker.services.auditing import Action
from worker.services.previewing import CALL, TEXT, Preview, Rig, Row
from worker.store.previews import Household
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

LISTED_MOST = 500
# A launch to so many times what asks for a confirmation has its number typed.
LARGE = 10


def routes(parts: Parts) -> list[BaseRoute]:
    previews, launches = Right.PREVIEW, Right.LAUNCH
    return [
        visits.route(parts, "/campaigns", campaigns, right=previews),
        visits.route(parts, "/campaigns/{key}", campaign, right=previews),
        visits.route(parts, "/campaigns/{key}/households", households, right=previews),
        visits.route(parts, "/campaigns/{key}/launch", launch, right=launches, posts=True),
        visits.route(parts, "/campaigns/{key}/test", test, right=launches, posts=True),
    ]


def campaigns(visit: Visit) -> Response:
    """What may be launched."""
    program = visit.program
    return visit.page("campaigns.html", campaigns=program.campaigns.values(), broken=program.broken.values())


def campaign(visit: Visit) -> Response:
    """What a launch would do, in words and figures."""
    return _shown(visit)


def households(visit: Visit) -> Response:
    """The households behind one figure, by dwelling and without a name, each look written down."""
    chosen, asked = _chosen(visit), visit.request.query_params
    fate, agency = asked.get("fate") or None, asked.get("agency") or None
    codes = [agency] if agency else [*(visit.me.agencies or (None,))]
    found: list[Household] = []
    for code in codes:
        if code is None or visit.me.sees(code):
            found += previewing.households(
                _rig(visit), chosen, fate=fate, agency=code, limit=LISTED_MOST, now=visit.now
            )
    found = found[:LISTED_MOST]
    ids = [home.household_id for home in found]
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "household", ids, now=visit.now)
    return visit.page(
        "campaign_households.html",
        campaign=chosen,
        found=found,
        most=LISTED_MOST,
        fate=fate and named(fate),
        agency=agency,
        told=lambda code: _("reçoit le SMS") if code == TEXT else label(code),
        sees_names=visit.me.may(Right.SEE_HOUSEHOLDS),
    )


def launch(visit: Visit) -> Response:
    """Opens the event; the same occasion twice is one event. Without the queue it leaves as soon as that answers."""
    chosen = _chosen(visit)
    desk, settings = visit.program.desk, visit.program.settings
    concerned = launching.allow(visit.parts.db, chosen, settings=settings, desk=desk, now=visit.now)
    try:
        _refuse_unsure(visit, concerned)
    except Refused as unsure:
        return _shown(visit, Notice(str(unsure), "danger"), status=409)
    occasion = visit.said("occasion") or occasion_of(visit.now.astimezone(desk.timezone))
    opened = events.open_event(visit.parts.db, chosen, occasion=occasion, desk=desk, now=visit.now)
    auditing.record(visit.parts.db, visit.me, Action.LAUNCHED, "event", [opened.event_id], now=visit.now)
    if not opened.new:
        return visits.see(f"/events/{opened.event_id}?did=known")
    did = "launched"
    try:
        visit.program.fan_out(opened.event_id)
    except Unavailable:  # the sweep finds the event
        did = "kept"
    return visits.see(f"/events/{opened.event_id}?did={did}")


def test(visit: Visit) -> Response:
    """The text, by the real path, to the staff whom the settings name and nobody else. It leaves with the next tick."""
    chosen, program = _chosen(visit), visit.program
    occasion = guests.occasion_of(visit.now.astimezone(program.desk.timezone))
    numbers = program.settings.guests
    try:
        tested = guests.send_test(
            visit.parts.db, chosen, numbers=numbers, occasion=occasion, desk=program.desk, now=visit.now
        )
    except Refused as refused:
        return _shown(visit, Notice(str(refused), "danger"), status=409)
    auditing.record(visit.parts.db, visit.me, Action.LAUNCHED, "event", [tested.event_id], now=visit.now)
    return visits.see(f"/events/{tested.event_id}?did=tested")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How sure somebody must be: by a tick above the configured number, by typing the number above ten times that."""

    households: int
    ticks: bool
    types: bool


def confirmation(households: int, *, above: int) -> Confirmation:
    """What a launch to so many households asks for."""
    return Confirmation(households, ticks=households > above, types=households > above * LARGE)


def _refuse_unsure(visit: Visit, concerned: int) -> None:
    wanted = confirmation(concerned, above=visit.program.settings.limits.confirm_above)
    if wanted.ticks and visit.said("sure") != "yes":
        raise Refused(_("Cochez la case pour confirmer ; rien n'a été lancé."))
    if wanted.types and visit.said("number").replace(" ", "").replace("\u202f", "") != str(concerned):
        raise Refused(
            _("Écrivez le nombre de foyers concernés, {n}, pour confirmer ; rien n'a été lancé.").format(n=concerned)
        )


def _shown(visit: Visit, *notices: Notice, status: int = 200) -> Response:
    chosen, program = _chosen(visit), visit.program
    seen = previewing.preview(_rig(visit), chosen, now=visit.now)
    occasion = occasion_of(visit.now.astimezone(program.desk.timezone))
    answer = visit.page(
        "campaign.html",
        *notices,
        campaign=chosen,
        seen=seen,
        rows=[_row(row) for row in seen.rows],
        longest=_row(seen.longest) if seen.longest else None,
        fates=_fates(seen),
        by_agency=_by_agency(visit, seen),
        cost=pricing.euros(seen.cost.micro),
        reminders=pricing.euros(seen.reminders_at_most.micro) if seen.reminders_at_most.micro else "",
        outlook=_outlook(visit, seen),
        open_now=seen.starts_at <= visit.now,
        occasion=occasion,
        may_launch=visit.me.may(Right.LAUNCH),
        confirmation=confirmation(seen.households, above=program.settings.limits.confirm_above),
        existing=events.of_occasion(visit.parts.db, chosen.key, occasion),
        guests=len(program.settings.guests),
    )
    answer.status_code = status
    return answer


def _fates(seen: Preview) -> list[dict[str, Any]]:
    """Each fate with how many households meet it, and what follows."""
    texted = {"code": TEXT, "name": named(TEXT), "households": seen.texted}
    then = ngettext("{n} SMS", "{n} SMS", seen.texts).format(n=seen.texts)
    others = [
        {
            "code": fate,
            "name": label(fate),
            "households": households,
            "then": _("noté") if fate in seen.recorded else _("une personne appelle"),
        }
        for fate, households in seen.excluded.items()
    ]
    return [texted | {"then": then}, *_rung(seen), *others]


def _rung(seen: Preview) -> list[dict[str, Any]]:
    """Those whom the machine rings in place of a text, where there are any."""
    if not seen.rung:
        return []
    then = ngettext("{n} appel automatique", "{n} appels automatiques", seen.calls).format(n=seen.calls)
    return [{"code": CALL, "name": named(CALL), "households": seen.rung, "then": then}]


def _by_agency(visit: Visit, seen: Preview) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for group in seen.groups:
        if visit.me.sees(group.agency):
            mine = counts.setdefault(group.agency, {})
            mine[group.fate] = mine.get(group.fate, 0) + group.households
    return dict(sorted(counts.items()))


def _row(row: Row) -> dict[str, Any]:
    measured = row.rendered.measured
    return {
        "language": row.language,
        "step": row.step,
        "text": row.rendered.text,
        "texts": row.texts,
        "segments": measured.segments,
        "units": measured.units,
        "encoding": measured.encoding,
        "offenders": " ".join(measured.offenders),
        "remedy": in_place_of(measured.offenders),
        "example": row.example,
    }


def _outlook(visit: Visit, seen: Preview) -> dict[str, Any]:
    made, timezone = seen.outlook, str(visit.program.desk.timezone)
    deadline = outlooks.day(made.deadline, timezone)
    return {
        "calls": sum(a.load.own for a in made.agencies),
        "work": made.work.total_seconds(),
        "basis": made.basis,
        "minutes": f"{made.basis.minutes:.1f}".replace(".", ","),
        "agencies": [a for a in made.agencies if visit.me.sees(a.agency)],
        "fits": made.fits,
        "conclusion": outlooks.conclusion(made, timezone),
        "lines": outlooks.proposal_lines(made.proposal, deadline=deadline) if made.proposal else [],
    }


def _chosen(visit: Visit) -> Campaign:
    key = str(visit.request.path_params["key"])
    if key in visit.program.broken:
        raise Refused(visit.program.broken[key])
    found = visit.program.campaigns.get(key)
    if found is None:
        raise NotFound(_("Cette campagne n'existe pas."))
    return found


def _rig(visit: Visit) -> Rig:
    program = visit.program
    return Rig(visit.parts.db, program.desk, program.texts, prices.load(program.settings.config_dir), program.settings)


def named(fate: str) -> str:
    """What happens to a household, as a column's title."""
    told = {TEXT: _("reçoivent le SMS"), CALL: _("reçoivent un appel automatique")}
    return told.get(fate) or label(fate)
