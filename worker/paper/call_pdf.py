"""The callers' list as a PDF: a sheet for each household, with boxes to tick and room to write."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from worker.domain.channels import CONTACTS
from worker.domain.forms import Form
from worker.domain.outcomes import OutcomeCode
from worker.i18n import _
from worker.labels import label, language
from worker.paper import pdf, words
from worker.paper.pdf import BOLD, Block, Style
from worker.services.call_sheets import AgencySheets, Sheet
from worker.settings import Settings

TITLE, NAME, NUMBER = Style(17, BOLD), Style(14, BOLD), Style(16, BOLD)
HEAD, TEXT, STRONG, SMALL = Style(12, BOLD), Style(10), Style(10, BOLD), Style(8.5)


def calls(agencies: Sequence[AgencySheets], settings: Settings, *, now: datetime) -> bytes:
    """All sheets, each agency from a new page. They name people: for their owner alone, destroyed after use."""
    zone = ZoneInfo(settings.timezone)
    at = words.moment(now, zone)
    blocks = [block for agency in agencies for block in _agency(agency, zone, at, now)]
    if not blocks:
        nobody = Block()
        nobody.say(_("Appels à faire"), TITLE)
        nobody.say(_("Personne à appeler."), TEXT)
        blocks = [nobody]
    foot = _("Fait le {at} – {n} appels – à rendre à l'agence, à détruire après saisie").format(
        at=at, n=sum(len(agency.sheets) for agency in agencies)
    )
    return pdf.document(blocks, title=_("Appels à faire"), foot=foot)


def _agency(agency: AgencySheets, zone: ZoneInfo, at: str, now: datetime) -> Iterator[Block]:
    head = Block(new_page=True)
    head.say(f"{_('Appels à faire')} – {agency.name} ({agency.code})", TITLE)
    head.space(4)
    head.say(_("{n} foyer(s), le plus urgent d'abord. Imprimé le {at}.").format(n=len(agency.sheets), at=at), TEXT)
    numbers = [sheet.task.id for sheet in agency.sheets]
    if numbers:
        head.say(_("Appels n° {first} à n° {last}.").format(first=min(numbers), last=max(numbers)), TEXT)
    head.say(_("Noms et téléphones : à rendre à l'agence le soir, à détruire une fois les résultats saisis."), STRONG)
    head.say(_("Danger, malaise : rester en ligne et appeler le 15 ou le 112."), STRONG)
    yield head
    for form in agency.forms:
        yield _guide(form)
    for sheet in agency.sheets:
        yield _card(sheet, zone, now)


def _guide(form: Form) -> Block:
    block = Block()
    block.space(8)
    block.say(_("Pour l'appel"), HEAD)
    block.say(form.opening, TEXT, indent=10)
    for number, question in enumerate(form.questions, 1):
        only_asked = f" ({_('santé : ne rien noter')})" if question.sensitive else ""
        block.say(f"{number}. {question.text}{only_asked}", SMALL, indent=10)
    block.say(f"{_('Conseil')} – {form.advice}", TEXT)
    block.say(form.closing, TEXT)
    return block


def _card(sheet: Sheet, zone: ZoneInfo, now: datetime) -> Block:
    task, block = sheet.task, Block(framed=True)
    block.say(f"{_('N° {id}').format(id=task.id)} · {_names(sheet)}", NAME)
    block.say(_when(sheet, zone), STRONG)
    block.space(3)
    block.say(" · ".join(_number(number) for number in sheet.dial) or _("aucun numéro"), NUMBER)
    block.space(2)
    block.say(_people(sheet, now.astimezone(zone)), TEXT)
    where = [task.residence, task.address, task.address_extra, task.postcode, task.commune]
    block.say(f"{', '.join(part for part in where if part)} ({task.dwelling})", TEXT)
    block.say(_why(sheet), TEXT)
    if sheet.tried:
        block.say(f"{_('Déjà essayé')} : {_tried(sheet, zone)}", SMALL)
    block.space(4)
    for question in sheet.form.questions:
        if not question.sensitive:
            asked = f"{sheet.numbers[question.key]}. {question.text}"
            block.ask(asked, [choice.label for choice in question.choices], SMALL)
    block.space(4)
    block.choices([label(code) for code in OutcomeCode], SMALL, columns=3)
    block.space(3)
    block.say(_("Note (des faits, rien de médical) ; heure de rappel demandée, numéro faux, ou qui est parti :"), SMALL)
    block.blank()
    block.blank()
    block.fill_in([_("Appelé par"), _("le"), _("à")], TEXT)
    return block


def _number(number: Mapping[str, Any]) -> str:
    whose = f" ({label(number['label'])})" if number["label"] in CONTACTS else ""
    return words.phone(number["e164"]) + whose


def _names(sheet: Sheet) -> str:
    names = [" ".join(filter(None, (t["civility"], t["last_name"], t["first_name"]))) for t in sheet.task.tenants or []]
    return " / ".join(names) or _("nom inconnu")


def _when(sheet: Sheet, zone: ZoneInfo) -> str:
    task = sheet.task
    said = [f"{label(sheet.band)} ({task.priority})", _("avant {at}").format(at=words.moment(task.due_at, zone))]
    if task.not_before:
        said.append(_("pas avant {at}").format(at=words.moment(task.not_before, zone)))
    if task.claimed_by:
        said.append(_("en main : {who}").format(who=task.claimed_by))
    return " · ".join(said)


def _people(sheet: Sheet, local: datetime) -> str:
    people = []
    for t in sheet.task.tenants or []:
        spoken = f" ({_('parle')} {language(t['language'])})" if t["language"] != "fr" else ""
        people.append(f"{t['first_name'] or t['last_name']}, {words.age(t, local.date())}{spoken}")
    alone = f" · {_('vit seul')}" if sheet.task.lives_alone == "yes" else ""
    return " ; ".join(people) + alone


def _why(sheet: Sheet) -> str:
    task = sheet.task
    said = f"{_('Pourquoi')} : {', '.join(label(reason) for reason in task.reasons)}"
    return said + (f" – {_('a répondu « tout va bien » depuis')}" if task.said_fine else "")


def _tried(sheet: Sheet, zone: ZoneInfo) -> str:
    return " ; ".join(
        f"{_('SMS') if t.kind == 'text' else _('appel')} {words.moment(t.at, zone)}, {label(t.result)}"
        + (f" ({t.who})" if t.who else "")
        for t in sheet.tried
    )
