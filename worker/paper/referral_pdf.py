"""The form for a partner as a PDF: what the consent covers, and boxes for their answer."""

from datetime import datetime
from zoneinfo import ZoneInfo

from worker.i18n import _
from worker.labels import label
from worker.paper import pdf, referrals, words
from worker.paper.pdf import BOLD, Block, Style
from worker.services.referral_mail import Letter
from worker.settings import Settings

TITLE, NAME, NUMBER = Style(17, BOLD), Style(14, BOLD), Style(16, BOLD)
HEAD, TEXT, STRONG, SMALL = Style(12, BOLD), Style(10.5), Style(10.5, BOLD), Style(9)


def form(letter: Letter, settings: Settings, *, now: datetime) -> bytes:
    """One page to print or hand over. It names a person."""
    zone = ZoneInfo(settings.timezone)
    blocks = [_head(letter, settings, zone, now), _need(letter, zone), _answer(letter, settings)]
    foot = _("Demande n° {id} – à détruire quand elle est close").format(id=letter.referral_id)
    return pdf.document(blocks, title=_("Demande n° {id}").format(id=letter.referral_id), foot=foot)


def _head(letter: Letter, settings: Settings, zone: ZoneInfo, now: datetime) -> Block:
    block = Block()
    block.say(_("Demande n° {id} à {partner}").format(id=letter.referral_id, partner=letter.partner), TITLE)
    block.space(4)
    block.say(f"{settings.landlord.name} · {letter.agency} · {_ring(letter, settings)}", TEXT)
    block.say(_("Imprimé le {at}").format(at=words.moment(now, zone)), SMALL)
    block.space(8)
    return block


def _need(letter: Letter, zone: ZoneInfo) -> Block:
    block = Block(framed=True)
    block.say(letter.names, NAME)
    if letter.phone:
        block.say(words.phone(letter.phone), NUMBER)
    if letter.address:
        block.say(letter.address, TEXT)
    block.space(4)
    block.say(_("Besoin : {needs}").format(needs=", ".join(label(reason) for reason in letter.reasons)), STRONG)
    block.say(label(letter.urgency), STRONG)
    block.say(_("Réponse attendue avant le {at}").format(at=words.moment(letter.answer_by, zone)), TEXT)
    block.space(4)
    block.say(referrals.consent_said(letter, zone), SMALL)
    return block


def _answer(letter: Letter, settings: Settings) -> Block:
    block = Block()
    block.space(6)
    block.say(_("Réponse du partenaire"), HEAD)
    block.space(3)
    block.choices(
        [_("demande reçue"), _("prise en charge"), _("réglée"), _("non réglée"), _("ne relève pas de nous")],
        TEXT,
        columns=2,
    )
    block.space(4)
    block.say(_("Ce qui a été fait (rien de médical)"), TEXT)
    block.blank()
    block.blank()
    block.fill_in([_("Par"), _("le")], TEXT)
    block.space(6)
    block.say(
        _("À renvoyer à l'agence, ou à dire au {phone} avec le n° {id}. À détruire quand la demande est close.").format(
            phone=_ring(letter, settings), id=letter.referral_id
        ),
        SMALL,
    )
    return block


def _ring(letter: Letter, settings: Settings) -> str:
    return letter.agency_phone or settings.landlord.phone
