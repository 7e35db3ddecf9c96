"""A preview on the screen."""

from collections.abc import Mapping, Sequence

from rich.console import Console

from worker.cli.terminal import local, out, span, table
from worker.domain import pricing
from worker.domain.capacity import Forecast
from worker.i18n import _
from worker.labels import label
from worker.paper import outlooks
from worker.rendering import in_place_of
from worker.services.capacity import Outlook
from worker.services.previewing import Preview, Row
from worker.store.previews import Household


def show(seen: Preview, *, timezone: str) -> None:
    """Who, what, at what cost, until when."""
    console = out()
    console.print(
        _("{title} : {n} foyers concernés").format(title=seen.campaign.title, n=seen.households),
        markup=False,
        style="bold",
    )
    _show_fates(console, seen)
    _show_texts(console, seen, timezone)
    _show_leaving(console, seen, timezone)
    _show_elsewhere(console, seen)
    for problem in seen.problems:
        console.print(_("À corriger : {problem}").format(problem=problem), style="bold red", markup=False)
    show_outlook(console, seen.outlook, timezone)


def show_households(households: Sequence[Household], names: Mapping[int, str], *, limit: int) -> None:
    """One line per household; names: only where somebody asked for them."""
    columns = [_("Agence"), _("Logement"), _("Commune"), _("Que se passe-t-il"), _("Âge"), _("Opération")]
    listed = table(*columns, *([_("Noms")] if names else []), right=(4,))
    for h in households:
        cells = [h.agency, h.dwelling, h.commune, _fate(h.fate), "" if h.age is None else str(h.age), _other(h)]
        listed.add_row(*cells, *([names.get(h.household_id, "")] if names else []))
    out().print(listed)
    if len(households) == limit:
        out().print(_("Les {n} premiers ; pour en voir plus : --limit.").format(n=limit))


def _fate(fate: str) -> str:
    told = {"text": _("reçoit le SMS"), "voice": _("reçoit un appel automatique")}
    return told.get(fate) or label(fate)


def _other(household: Household) -> str:
    if household.other_campaign is None:
        return ""
    return f"{household.other_campaign} · {household.other_occasion}"


def _show_fates(console: Console, seen: Preview) -> None:
    rows = table(_("Que se passe-t-il"), _("Foyers"), _("Ensuite"), right=(1,))
    rows.add_row(_("reçoivent le SMS"), str(seen.texted), _("{n} SMS").format(n=seen.texts))
    if seen.rung:
        rows.add_row(_("reçoivent un appel automatique"), str(seen.rung), _("{n} appels").format(n=seen.calls))
    for fate, households in seen.excluded.items():
        rows.add_row(label(fate), str(households), _("noté") if fate in seen.recorded else _("une personne appelle"))
    console.print(rows)
    agencies = " · ".join(f"{agency} {n}" for agency, n in seen.by_agency.items())
    console.print(_("Par agence : {agencies}").format(agencies=agencies or "-"), markup=False)
    console.print(_("Âge inconnu, à compléter : {n} foyers").format(n=seen.unknown_age))


def _show_texts(console: Console, seen: Preview, timezone: str) -> None:
    for row in seen.rows:
        step = _("Texte") if row.step == "first" else _("Rappel")
        console.print(f"{step} ({row.language}) : {row.rendered.text}", markup=False)
    longest = seen.longest
    if longest is not None:
        _show_longest(console, longest)
    cost = _("Coût : {segments} segments, {cost}").format(segments=seen.segments, cost=pricing.euros(seen.cost.micro))
    reminders = seen.reminders_at_most.micro
    more = _(" ; rappels, au plus {cost}").format(cost=pricing.euros(reminders)) if reminders else ""
    console.print(cost + more + _(" (prix de config/prices.toml)"), markup=False)
    if seen.calls:
        said = _("Appels automatiques : {n}, {cost} pour une minute chacun, le dernier vers {at}")
        at = local(seen.calls_end_at, timezone) if seen.calls_end_at else "-"
        told = said.format(n=seen.calls, cost=pricing.euros(seen.calls_cost.micro), at=at)
        console.print(told, markup=False)
    if seen.calls_cost.unpriced:
        console.print(_("Appels sans prix connu : {n} minutes").format(n=seen.calls_cost.unpriced), style="bold red")
    if seen.calls_end_at is not None and seen.calls_end_at > seen.void_at:
        console.print(
            _("Trop peu de lignes : des foyers seraient confiés aux appelants avant d'être appelés par la machine."),
            style="bold red",
        )
    if seen.cost.unpriced:
        console.print(_("Sans prix connu : {n} segments").format(n=seen.cost.unpriced), style="bold red")


def _show_longest(console: Console, row: Row) -> None:
    measured = row.rendered.measured
    console.print(
        _("Le plus long : {units} unités {encoding}, {n} segment(s), par exemple logement {example}").format(
            units=measured.units, encoding=measured.encoding, n=measured.segments, example=row.example
        ),
        markup=False,
    )
    if measured.offenders:
        console.print(
            _("Ces caractères imposent UCS-2 : {offenders}. {remedy}").format(
                offenders=" ".join(measured.offenders), remedy=in_place_of(measured.offenders)
            ),
            style="bold red",
            markup=False,
        )


def _show_leaving(console: Console, seen: Preview, timezone: str) -> None:
    sender = seen.sender
    if sender is not None:
        replies = _("reçoit les réponses") if sender.takes_replies else _("ne reçoit pas de réponse, pas même STOP")
        console.print(
            _("Émetteur : {address} ({key}), {replies}").format(
                address=sender.address, key=sender.key, replies=replies
            ),
            markup=False,
        )
    console.print(
        _("Départ : du {start} au {end}").format(
            start=local(seen.starts_at, timezone), end=local(seen.ends_at, timezone)
        )
    )
    if seen.ends_at > seen.void_at:
        console.print(_("Trop lent : des SMS seraient périmés avant de partir."), style="bold red")


def _show_elsewhere(console: Console, seen: Preview) -> None:
    for other in seen.elsewhere:
        console.print(
            _(
                "Déjà contactés ce jour par « {campaign} · {occasion} » : {n} foyers ; {again} auraient un autre SMS"
            ).format(campaign=other.campaign, occasion=other.occasion, n=other.households, again=other.again),
            markup=False,
        )


# ---- who rings whom, until when ------------------------------------------------


def show_outlook(console: Console, made: Outlook, timezone: str) -> None:
    """The calls to expect, by agency, and what to do when there are too many."""
    basis = made.basis
    console.print(
        _("Appels attendus : {n}, soit {span} de travail ({minutes} min par appel, {source})").format(
            n=sum(a.load.own for a in made.agencies),
            span=span(made.work),
            minutes=f"{basis.minutes:.1f}".replace(".", ","),
            source=_("mesuré") if basis.minutes_measured else _("réglage"),
        ),
        style="bold",
    )
    console.print(
        _("Sur cent foyers ayant reçu le SMS, {n:.0f} à appeler ({source})").format(
            n=basis.rate * 100, source=_("mesuré") if basis.rate_measured else _("réglage")
        )
    )
    listed = table(
        _("Agence"),
        _("Personnes"),
        _("En attente"),
        _("Dès l'ouverture"),
        _("Ensuite"),
        _("Dernier appel"),
        right=(1, 2, 3, 4),
    )
    for agency in made.agencies:
        listed.add_row(*_agency(agency, timezone), style=None if agency.fits else "bold red")
    console.print(listed)
    console.print(outlooks.conclusion(made, timezone), style="bold" if made.fits else "bold red", markup=False)
    if made.proposal is not None:
        for line in outlooks.proposal_lines(made.proposal, deadline=outlooks.day(made.deadline, timezone)):
            console.print(f"- {line}", markup=False)


def _agency(made: Forecast, timezone: str) -> tuple[str, ...]:
    last = outlooks.day(made.last_at, timezone) if made.last_at else ("-" if not made.load.total else _("nul ne sait"))
    return (
        made.agency,
        str(made.callers),
        str(made.load.queued),
        str(made.load.at_once),
        str(made.load.later),
        last,
    )
