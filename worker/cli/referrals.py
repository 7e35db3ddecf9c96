"""Needs handed to partners: referral add, list, show, consent, sent, mail, move, print."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from worker.bootstrap import utc_now
from worker.cli import parts
from worker.cli.terminal import local, out, print_json, table, write_private
from worker.domain.errors import Refused
from worker.domain.referrals import (
    BY_THEMSELVES,
    Consent,
    ReferralReason,
    ReferralState,
    SendingOutcome,
    Shared,
    Urgency,
    Via,
)
from worker.i18n import _
from worker.labels import label
from worker.mail import Mailer
from worker.paper import referral_pdf
from worker.paper import referrals as on_paper
from worker.services import desk as desks
from worker.services import referral_mail, referral_views, referring, wishes
from worker.services.referring import Agreed, Need
from worker.services.staffing import TERMINAL
from worker.store.referrals import Referral

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
Id = Annotated[int, typer.Argument(help=_("Numéro de l'orientation, voir « courtoisie referral list »."), metavar="ID")]
referral_commands = typer.Typer(help=_("Orienter un foyer vers un partenaire."), no_args_is_help=True)

# What a partner's answer may be; the others are commands of their own.
ANSWERS = tuple(state for state in ReferralState if state not in {ReferralState.DRAFT, *BY_THEMSELVES})


@referral_commands.command("add", help=_("Préparer une orientation : rien ne part avant l'accord."))
def add(
    who: Annotated[str, typer.Argument(metavar="WHO", help=_("Code du logement, ou un numéro du foyer."))],
    partner: Annotated[int, typer.Option(help=_("Numéro du partenaire."), metavar="ID")],
    reason: Annotated[list[ReferralReason], typer.Option(help=_("Le besoin ; plusieurs fois s'il y en a plusieurs."))],
    *,
    urgency: Annotated[Urgency | None, typer.Option(help=_("Le délai ; par défaut celui du besoin."))] = None,
    task: Annotated[int | None, typer.Option(help=_("L'appel où le besoin a été dit."), metavar="ID")] = None,
) -> None:
    with parts.only_database() as (_settings, db):
        now = utc_now()
        home = wishes.show(db, who, now=now)
        need = Need(home.household_id, partner, tuple(reason), urgency, task)
        made = referring.draft(db, need, by=TERMINAL, now=now)
    out().print(_("Orientation n° {id} préparée. Ensuite : courtoisie referral consent {id}.").format(id=made))


@referral_commands.command("list", help=_("Les orientations en cours, par délai."))
def list_referrals(as_json: Json = False) -> None:
    with parts.only_database() as (settings, db):
        found = referral_views.board(db, TERMINAL)
    if as_json:
        print_json({"referrals": [_described(one) for one in found]})
        return
    listed = table(_("N°"), _("Foyer n°"), _("Partenaire"), _("Besoin"), _("Où en est-elle"), _("Avant"), right=(0, 1))
    for one in found:
        needs, until = ", ".join(label(r) for r in one.reasons), local(one.due_at, settings.timezone)
        listed.add_row(str(one.id), str(one.household_id), one.partner, needs, label(one.state), until)
    out().print(listed)


@referral_commands.command("show", help=_("Une orientation : où elle en est, et ce qui s'est passé."))
def show(referral: Id, as_json: Json = False) -> None:
    with parts.only_database() as (settings, db):
        whole = referral_views.show(db, referral, by=TERMINAL, now=utc_now())
    if as_json:
        history = {"moves": [asdict(m) for m in whole.moves], "sendings": [asdict(s) for s in whole.sendings]}
        print_json({"referral": _described(whole.referral)} | history)
        return
    found, console = whole.referral, out()
    console.print(f"n° {found.id} · {found.partner} · {label(found.state)}", style="bold", markup=False)
    console.print(", ".join(label(r) for r in found.reasons) + " · " + label(found.urgency), markup=False)
    for one in whole.moves:
        words = f" : {one.note}" if one.note else ""
        console.print(f"{local(one.moved_at, settings.timezone)} {label(one.state)} ({one.by}){words}", markup=False)
    if whole.may_become:
        console.print(_("Peut devenir : {states}").format(states=", ".join(whole.may_become)), markup=False)


@referral_commands.command("consent", help=_("Noter l'accord de la personne, ou le danger vital qui en dispense."))
def consent(
    referral: Id,
    *,
    waive: Annotated[
        str, typer.Option(help=_("Sans accord : le danger vital, en quelques mots."), metavar="TEXT")
    ] = "",
    address: Annotated[bool, typer.Option("--address", help=_("L'adresse peut être donnée aussi."))] = False,
    no_phone: Annotated[bool, typer.Option("--no-phone", help=_("Le téléphone ne peut pas être donné."))] = False,
) -> None:
    shared = [*([] if no_phone else [Shared.PHONE]), *([Shared.ADDRESS] if address else [])]
    agreed = Agreed(Consent.WAIVED if waive else Consent.VERBAL, waive, tuple(shared))
    with parts.only_database() as (_settings, db):
        referring.consent(db, referral, agreed, by=TERMINAL, now=utc_now())
    out().print(_("Accord noté pour l'orientation n° {id}.").format(id=referral))


@referral_commands.command("sent", help=_("Noter que le partenaire a été prévenu par téléphone ou sur papier."))
def sent(
    referral: Id,
    on_paper_: Annotated[bool, typer.Option("--paper", help=_("Sur papier ; sans cela, par téléphone."))] = False,
) -> None:
    via = Via.PAPER if on_paper_ else Via.PHONE
    with parts.only_database() as (settings, db):
        referring.hand_over(db, referral, via, by=TERMINAL, desk=desks.of(settings), now=utc_now())
    out().print(_("Orientation n° {id} transmise {via}.").format(id=referral, via=label(via)))


@referral_commands.command("mail", help=_("Envoyer le formulaire au partenaire par e-mail, une seule fois."))
def mail(referral: Id) -> None:
    with parts.only_database() as (settings, db):
        outcome = referral_mail.send(
            db,
            Mailer(settings.smtp, utc_now),
            referral,
            lambda letter, to: on_paper.mail(letter, to, settings),
            by=TERMINAL,
            desk=desks.of(settings),
            now=utc_now(),
        )
    if outcome is not SendingOutcome.DONE:
        raise Refused(SAID[outcome].format(id=referral))
    out().print(_("Orientation n° {id} transmise {via}.").format(id=referral, via=label(Via.EMAIL)))


SAID = {
    SendingOutcome.REFUSED: _("L'e-mail de l'orientation n° {id} n'est pas parti : téléphonez, ou imprimez."),
    SendingOutcome.UNKNOWN: _(
        "L'e-mail de l'orientation n° {id} est peut-être parti : demandez au partenaire avant d'imprimer."
    ),
}


@referral_commands.command("move", help=_("Noter ce que le partenaire a fait, ou retirer l'orientation."))
def move(
    referral: Id,
    to: Annotated[ReferralState, typer.Option(help=_("Où elle en est."))],
    note: Annotated[str, typer.Option(help=_("300 caractères au plus, rien de médical."))] = "",
) -> None:
    if to not in ANSWERS:
        raise Refused(_("Écrivez une de ces réponses : {states}.").format(states=", ".join(ANSWERS)))
    with parts.only_database() as (settings, db):
        referring.move(db, referral, to, note=note, by=TERMINAL, desk=desks.of(settings), now=utc_now())
    out().print(_("Orientation n° {id} : {state}.").format(id=referral, state=label(to)))


@referral_commands.command("print", help=_("Écrire le formulaire à imprimer pour le partenaire."))
def print_form(
    referral: Id,
    file: Annotated[Path, typer.Argument(help=_("Le fichier : .pdf pour un PDF, sinon HTML."), metavar="FILE")],
) -> None:
    with parts.only_database() as (settings, db):
        letter = referral_mail.letter(db, referral, by=TERMINAL, now=utc_now())
    as_pdf = file.suffix.lower() == ".pdf"
    now = utc_now()
    write_private(
        file,
        referral_pdf.form(letter, settings, now=now) if as_pdf else on_paper.page(letter, settings, now=now).encode(),
    )
    out().print(
        _("À imprimer : {path}. Il nomme une personne : à détruire après usage.").format(path=file), markup=False
    )


def _described(found: Referral) -> dict[str, object]:
    return {name: getattr(found, name) for name in Referral.__dataclass_fields__ if name != "names"}


def register(cli: typer.Typer) -> None:
    cli.add_typer(referral_commands, name="referral")
