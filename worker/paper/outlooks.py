"""What a forecast of the calls says, in sentences: for the terminal and for the console."""

from datetime import datetime
from zoneinfo import ZoneInfo

from worker.domain import wording
from worker.domain.capacity import Proposal
from worker.i18n import _
from worker.services.capacity import Outlook


def conclusion(made: Outlook, timezone: str) -> str:
    """Whether everybody is rung in time."""
    deadline = day(made.deadline, timezone)
    if not any(a.load.own for a in made.agencies):
        return _("Personne à appeler.")
    if made.last_at is None:
        return _("La dernière personne ne serait pas appelée avant deux semaines ; échéance : {deadline}.").format(
            deadline=deadline
        )
    said = (
        _("La dernière personne sera appelée {last} ; échéance : {deadline}.")
        if made.fits
        else _("La dernière personne ne serait appelée que {last} ; échéance : {deadline}.")
    )
    return said.format(last=day(made.last_at, timezone), deadline=deadline)


def proposal_lines(proposal: Proposal, *, deadline: str) -> list[str]:
    """What to do about it, a sentence each."""
    lines = [
        _("par priorité : {first} des {of} appels seraient faits avant {day}, les plus urgents d'abord").format(
            first=proposal.first, of=proposal.of, day=deadline
        )
    ]
    if proposal.from_age is not None:
        lines.append(
            _("d'abord les plus âgés : à partir de {age} ans, tout serait fait à temps").format(age=proposal.from_age)
        )
    if proposal.days is not None:
        lines.append(_("étaler sur {n} jours").format(n=proposal.days))
    if proposal.more_callers:
        more = ", ".join(f"{agency} +{n}" for agency, n in proposal.more_callers.items())
        lines.append(_("plus de personnes au téléphone : {more}").format(more=more))
    return lines


def day(moment: datetime, timezone: str) -> str:
    """A day and an hour as one says them: "vendredi 10/07 à 11:00"."""
    there = moment.astimezone(ZoneInfo(timezone))
    return _("{day} {date} à {hour}").format(
        day=wording.jour(there.date()), date=f"{there:%d/%m}", hour=f"{there:%H:%M}"
    )
