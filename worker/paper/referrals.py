"""The form a partner gets: on paper, or as the plain text of an e-mail. Both say the same, and no more."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from worker import paper
from worker.domain.referrals import Consent
from worker.i18n import _
from worker.labels import label
from worker.mail import Mail
from worker.paper import words
from worker.services.referral_mail import Letter
from worker.settings import Settings


def page(letter: Letter, settings: Settings, *, now: datetime) -> str:
    """A page of HTML to print, with room for the partner's answer. It names a person."""
    return paper.render(
        "referral.html",
        timezone=ZoneInfo(settings.timezone),
        language=settings.language,
        now=now,
        letter=letter,
        landlord=settings.landlord,
    )


def mail(letter: Letter, to: str, settings: Settings) -> Mail:
    """The same as an e-mail. The subject names nobody: it is read on locked screens."""
    timezone = ZoneInfo(settings.timezone)
    subject = _("{landlord} : demande n° {id}, {urgency}").format(
        landlord=settings.landlord.name, id=letter.referral_id, urgency=label(letter.urgency)
    )
    return Mail(to, subject, "\n".join(_lines(letter, settings, timezone)), f"referral-{letter.referral_id}")


def _lines(letter: Letter, settings: Settings, timezone: ZoneInfo) -> Iterator[str]:
    landlord = settings.landlord
    yield _("Bonjour,")
    yield ""
    yield _("{landlord}, bailleur, vous transmet la demande d'un de ses locataires.").format(landlord=landlord.name)
    yield ""
    yield _("Personne : {names}").format(names=letter.names)
    if letter.phone:
        yield _("Téléphone : {phone}").format(phone=words.phone(letter.phone))
    if letter.address:
        yield _("Adresse : {address}").format(address=letter.address)
    yield _("Besoin : {needs}").format(needs=", ".join(label(reason) for reason in letter.reasons))
    yield _("Réponse attendue avant le {at}").format(at=words.moment(letter.answer_by, timezone))
    yield ""
    yield consent_said(letter, timezone)
    yield _("Merci de nous dire que vous l'avez reçue, puis ce qui a été fait, au {phone} ({agency}).").format(
        phone=letter.agency_phone or landlord.phone, agency=letter.agency
    )
    yield _("Rappelez le n° {id}, sans autre nom, dans vos réponses par e-mail.").format(id=letter.referral_id)
    yield ""


def consent_said(letter: Letter, timezone: ZoneInfo) -> str:
    """On what ground the partner is told."""
    at = words.moment(letter.consent_at, timezone)
    if letter.consent is Consent.WAIVED:
        return _("Transmis sans accord préalable pour un danger vital, le {at}.").format(at=at)
    return _(
        "La personne a donné son accord de vive voix le {at} pour que ces informations vous soient données."
    ).format(at=at)
