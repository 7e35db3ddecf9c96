"""What is wrong in config/courtoisie.toml beyond types: unread keys, impossible senders, hours that never come."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from worker.catalogue import prices
from worker.domain.channels import Capability, Sender
from worker.domain.errors import BadDefinition
from worker.domain.problems import Problem, Weight
from worker.i18n import _
from worker.settings import Settings
from worker.settings_sources import PREFIX, unread
from worker.settings_tables import Landlord

FILE = "config/courtoisie.toml"

_SHORT_CODE = re.compile(r"\d{3,6}")
_NUMBER = re.compile(r"\+\d{8,15}")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}")  # what Twilio takes as an alphanumeric sender
_SERVICE = re.compile(r"MG[0-9a-f]{32}")
# Numbers that ARCEP keeps for films and examples (décision n° 2018-0881): they never reach anybody.
_FOR_FILMS = ("019900", "026191", "035301", "046571", "053649", "063998")
_HOST = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*\.?|[0-9a-f:.]+"
)
# A stand-in for the provider is on this machine.
THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
_EXAMPLE_REMEDY = _("Écrivez ce que vos locataires connaissent, ou landlord.examples_allowed = true si c'est voulu.")
_FRENCH_MOBILE = re.compile(r"\+33[67]\d{8}")


def problems(settings: Settings) -> list[Problem]:
    """All that is wrong with the settings, without asking any server."""
    found = [*_unread_keys(settings), *unread_variables(os.environ)]
    found += [*_landlord(settings), *_timezone(settings), *_hours(settings)]
    found += [*_public_url(settings), *_guests(settings), *_prices(settings), *_elsewhere(settings)]
    for sender in settings.sender_table.values():
        found += _sender(sender)
    return found


def _unread_keys(settings: Settings) -> Iterator[Problem]:
    """A misspelt heading would leave the default in force without a word."""
    path = settings.config_dir / "courtoisie.toml"
    written = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known = list(type(settings).model_fields)
    for key in sorted(set(written) - set(known)):
        close = difflib.get_close_matches(key, known, n=1)
        remedy = _("Vouliez-vous « {name} » ?").format(name=close[0]) if close else _("Retirez-la.")
        yield Problem(FILE, key, _("clé inconnue."), remedy)


def unread_variables(environment: Iterable[str]) -> Iterator[Problem]:
    """A misspelt variable would leave the default in force without a word. A notice: it may be another program's."""
    for variable, close in unread(environment, Settings).items():
        remedy = _("Vouliez-vous « {name} » ?").format(name=close) if close else _("Retirez-la.")
        yield Problem(_("environnement"), variable, _("aucun réglage ne porte ce nom."), remedy, Weight.NOTICE)


def missing_account(settings: Settings) -> list[str]:
    """Variables without which nothing can be asked of the provider, or believed of it: the token signs its hooks."""
    account = settings.twilio
    needed = {"account_sid": account.account_sid, "auth_token": account.auth_token.get_secret_value()}
    if account.api_key_sid:
        needed["api_key_secret"] = account.api_key_secret.get_secret_value()
    return [f"{PREFIX}TWILIO__{name.upper()}" for name, value in needed.items() if not value]


def examples_left(settings: Settings) -> list[str]:
    """Which of the landlord's words real tenants would read as we ship them: keys of the settings, a number kept for
    films too. None with a stand-in for the provider, when the operator says that they are meant, or with a number of
    the landlord's own: the name may well be the one we ship, which is that of a real landlord.
    """
    host, landlord = urlsplit(settings.twilio.api_url).hostname, settings.landlord
    if not settings.twilio.account_sid or host in THIS_MACHINE or landlord.examples_allowed:
        return []
    if not _is_made_up(landlord.phone):
        return []
    return ["landlord.name", "landlord.phone"] if landlord.name.strip() == Landlord().name else ["landlord.phone"]


def _is_made_up(phone: str) -> bool:
    national = re.sub(r"^(?:0{0,2}33)?0?", "0", re.sub(r"\D", "", phone))
    return national.startswith(_FOR_FILMS)


def _landlord(settings: Settings) -> Iterator[Problem]:
    if not settings.landlord.name.strip():
        yield Problem(FILE, "landlord.name", _("ce nom est vide."), _("Écrivez le nom que les locataires connaissent."))
    if not re.search(r"\d", settings.landlord.phone):
        yield Problem(
            FILE,
            "landlord.phone",
            _("« {phone} » n'est pas un numéro.").format(phone=settings.landlord.phone),
            _('Écrivez celui de l\'agence, par exemple "05 36 49 00 01".'),
        )
    for key in examples_left(settings):
        value = settings.landlord.model_dump()[key.removeprefix("landlord.")]
        wrong = _("« {value} » est un exemple : un lancement vers de vrais locataires est refusé.").format(value=value)
        yield Problem(FILE, key, wrong, _EXAMPLE_REMEDY, Weight.NOTICE)


def _timezone(settings: Settings) -> Iterator[Problem]:
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong = _("« {zone} » n'est pas un fuseau horaire.").format(zone=settings.timezone)
        yield Problem(FILE, "timezone", wrong, _('Écrivez par exemple "Europe/Paris".'))


def _public_url(settings: Settings) -> Iterator[Problem]:
    """The provider calls this address letter by letter: what it cannot call would leave every reply unread."""
    wrong = _wrong_with(settings.public_url) if settings.public_url else ""
    if wrong:
        yield Problem(
            _("environnement"), f"{PREFIX}PUBLIC_URL", wrong, _("Écrivez par exemple https://appels.exemple.fr.")
        )
    elif settings.twilio.account_sid and not settings.public_url:
        missing = _("l'adresse https à laquelle Twilio atteint ce serveur manque.")
        remedy = _("Écrivez par exemple https://appels.exemple.fr.")
        yield Problem(_("environnement"), f"{PREFIX}PUBLIC_URL", missing, remedy)


def _wrong_with(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "", parts.port)[0]
    except ValueError:
        return _("« {url} » n'est pas une adresse.").format(url=url)
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host):
        return _("« {url} » n'est pas une adresse qui commence par https:// et un nom de serveur.").format(url=url)
    if parts.username is not None or parts.query or parts.fragment or "?" in url or "#" in url:
        return _("cette adresse porte un nom d'utilisateur, un « ? » ou un « # », que nous ne pouvons pas compléter.")
    return ""


def _hours(settings: Settings) -> Iterator[Problem]:
    for key, spans in _all_hours(settings).items():
        if not spans or not all(_in_order(*span) for span in spans):
            yield Problem(
                FILE,
                key,
                _("ces heures d'appel ne sont pas lisibles, ou vides."),
                _('Écrivez des paires dans l\'ordre : [["10:00", "12:30"], ["14:00", "18:30"]].'),
            )


def _all_hours(settings: Settings) -> Mapping[str, tuple[tuple[str, str], ...]]:
    own = {
        f"agencies.{code}.{name}": spans
        for code, agency in settings.agencies.items()
        for name, spans in (("routine", agency.routine), ("alert", agency.alert))
        if spans is not None
    }
    people = {"call_hours.routine": settings.call_hours.routine, "call_hours.alert": settings.call_hours.alert}
    machine = {"calls.routine": settings.calls.routine, "calls.alert": settings.calls.alert}
    return people | machine | own


def _guests(settings: Settings) -> Iterator[Problem]:
    for position, number in enumerate(settings.guests, 1):
        if not _NUMBER.fullmatch(number):
            # The number itself is not repeated: it is somebody's own.
            wrong = _("le numéro n° {n} n'a pas la forme internationale.").format(n=position)
            yield Problem(FILE, "guests", wrong, _('Écrivez "+33612345678", sans espace.'))


def _prices(settings: Settings) -> Iterator[Problem]:
    try:
        prices.load(settings.config_dir)
    except BadDefinition as error:
        yield Problem(prices.FILE, "", str(error), "")


def _elsewhere(settings: Settings) -> Iterator[Problem]:
    """Sign-in that could let nobody in."""
    oidc = settings.oidc
    if not oidc.passwords_allowed and not oidc.issuer:
        wrong = _("sans mot de passe ni fournisseur d'identité, personne ne peut se connecter.")
        yield Problem(FILE, "oidc.passwords_allowed", wrong, _("Réglez oidc.issuer, ou remettez true."))
    if oidc.issuer and not (oidc.client_id and settings.public_url):
        wrong = _("la connexion par l'organisation demande oidc.client_id et public_url.")
        yield Problem(FILE, "oidc.client_id", wrong, _("Écrivez ceux que votre fournisseur d'identité connaît."))
    if oidc.create_accounts and not oidc.role_claim:
        wrong = _("un compte ne se crée qu'avec un rôle, que role_claim doit donner.")
        yield Problem(FILE, "oidc.create_accounts", wrong, _("Réglez oidc.role_claim et oidc.roles, ou mettez false."))


def _in_order(opens: str, closes: str) -> bool:
    try:
        return time.fromisoformat(opens) < time.fromisoformat(closes)
    except ValueError:
        return False


def _sender(sender: Sender) -> Iterator[Problem]:
    key = f"senders.{sender.key}.address"
    forms = [_SERVICE] if sender.messaging_service else [_SHORT_CODE, _NUMBER]
    if sender.capability is Capability.ONE_WAY and not sender.messaging_service:
        forms.append(_NAME)
    if sender.messaging_service and sender.takes_replies:
        wrong = _("les réponses arrivent à un numéro, qu'un service de messagerie ne dit pas.")
        yield Problem(FILE, key, wrong, _("Écrivez le numéro court du service, sans messaging_service."))
    elif not any(form.fullmatch(sender.address) for form in forms):
        wrong = _("« {address} » ne peut pas être l'adresse d'un émetteur {capability}.").format(
            address=sender.address, capability=sender.capability
        )
        yield Problem(FILE, key, wrong, _address_remedy(sender))
    elif sender.capability is not Capability.VOICE and _FRENCH_MOBILE.fullmatch(sender.address):
        wrong = _("en France, un numéro en 06 ou 07 n'a pas le droit d'envoyer des SMS automatiques.")
        remedy = _("Demandez un numéro court (two_way) ou un nom d'émetteur (one_way).")
        yield Problem(FILE, key, wrong, remedy, Weight.NOTICE)


def _address_remedy(sender: Sender) -> str:
    if sender.messaging_service:
        return _("Écrivez l'identifiant du service, qui commence par MG.")
    if sender.capability is Capability.ONE_WAY:
        return _("Écrivez un nom de 11 lettres ou chiffres au plus, sans accent, ou un numéro court.")
    return _("Écrivez un numéro court (38000) ou un numéro comme +33123456789 ; un nom ne reçoit pas de réponse.")
