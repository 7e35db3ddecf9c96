"""Asks each server the program depends on whether it is there: the online half of the check."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from urllib.parse import urlsplit

from worker.domain.errors import BadDefinition, CourtoisieError, Unavailable
from worker.i18n import _
from worker.services.checking_settings import THIS_MACHINE
from worker.store import schema_version
from worker.store.database import Database

PATIENCE_S = 10
CLOCKS_APART = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to ask. ask: returns when all is well, raises CourtoisieError with what is wrong and what to do."""

    name: str
    label: str
    ask: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one probe came to. wrong: empty when all is well."""

    name: str
    label: str
    wrong: str = ""

    @property
    def is_well(self) -> bool:
        return not self.wrong


def probes(
    *,
    db: Callable[[], Database] | None,
    ping_broker: Callable[[], None] | None,
    verify_provider: Callable[[], timedelta] | None,
    url: str,
    provider_url: str,
    now: Callable[[], datetime],
) -> tuple[Probe, ...]:
    """The probes for the parts there are; None leaves a part out. db: connects, or tells why its address is none.

    url: what the provider reaches us by; provider_url: where the provider is. now: this machine's clock.
    verify_provider: tries the credentials, and tells how far this machine's clock is ahead of the provider's.
    """
    wanted: tuple[tuple[str, str, Callable[[], None] | None], ...] = (
        ("database", _("Base de données"), (lambda: db().ping()) if db else None),
        ("schema", _("Schéma de la base"), (lambda: schema(db())) if db else None),
        ("clock", _("Horloge"), (lambda: clock(db(), now=now)) if db else None),
        ("broker", _("File d'attente"), ping_broker),
        ("twilio", _("Compte Twilio"), (lambda: provider(verify_provider)) if verify_provider else None),
        ("public_url", _("Adresse publique"), lambda: public_url(url, provider_url=provider_url)),
    )
    return tuple(Probe(name, label, ask) for name, label, ask in wanted if ask is not None)


def answers(asked: Sequence[Probe]) -> Iterator[Answer]:
    """Asks one after the other, so that each answer can be shown as it comes."""
    for probe in asked:
        try:
            probe.ask()
        except CourtoisieError as error:
            yield Answer(probe.name, probe.label, str(error))
        else:
            yield Answer(probe.name, probe.label)


def schema(db: Database) -> None:
    """Raises Unavailable when the database has another schema than this code was written for."""
    with db.begin() as connection:
        if not schema_version.is_current(connection):
            raise Unavailable(_("Le schéma de la base n'est pas à jour : lancez « courtoisie migrate »."))


def clock(db: Database, *, now: Callable[[], datetime]) -> None:
    """Raises BadDefinition when this host's clock is not the database's: hosts end each other's leases by it."""
    before = now()
    server = db.now()
    away = max(before - server, server - now(), timedelta())
    if away > CLOCKS_APART:
        raise BadDefinition(
            _(
                "L'horloge de cette machine s'écarte de {seconds} s de celle de la base : réglez-les sur la même "
                "source de temps (NTP)."
            ).format(seconds=round(away.total_seconds()))
        )


def provider(verify: Callable[[], timedelta]) -> None:
    """Raises BadDefinition or Unavailable as `verify` does, and BadDefinition when this host's clock is not the
    provider's: whether it has a text is seen from when it took it. The database's may be as wrong as ours."""
    away = abs(verify())
    if away > CLOCKS_APART:
        raise BadDefinition(
            _(
                "L'horloge de cette machine s'écarte de {seconds} s de celle de Twilio : réglez-la sur une source de "
                "temps (NTP), sans quoi un SMS au sort inconnu pourrait être cherché au mauvais moment."
            ).format(seconds=round(away.total_seconds()))
        )


def public_url(url: str, *, provider_url: str) -> None:
    """Raises BadDefinition for an address the provider cannot use, Unavailable when our web process is not there.

    Plain http will do only for a stand-in of the provider on this machine.
    """
    if not url:
        raise BadDefinition(_("COURTOISIE_PUBLIC_URL manque : l'adresse https à laquelle Twilio atteint ce serveur."))
    schemes = {"https", "http"} if urlsplit(provider_url).hostname in THIS_MACHINE else {"https"}
    if urlsplit(url).scheme not in schemes:
        raise BadDefinition(
            _("COURTOISIE_PUBLIC_URL ({url}) doit commencer par https:// : Twilio y envoie les réponses.").format(
                url=url
            )
        )
    if not _is_ours(_fetch(f"{url}/healthz")):
        raise Unavailable(
            _("{url}/healthz répond, mais ce n'est pas Courtoisie : vérifiez le mandataire (proxy).").format(url=url)
        )


def _fetch(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:  # noqa: S310  # the scheme was checked
            return bytes(answer.read(1024))
    except urllib.error.HTTPError as error:
        wrong = _("{address} répond {reason} au lieu de 200 : « courtoisie web » tourne-t-il ?")
        reason: object = error.code
    except (OSError, HTTPException) as error:
        wrong = _("{address} ne répond pas ({reason}) : vérifiez le nom, le certificat et le pare-feu.")
        reason = getattr(error, "reason", error)
    raise Unavailable(wrong.format(address=address, reason=reason))


def _is_ours(body: bytes) -> bool:
    try:
        return bool(json.loads(body) == {"alive": True})
    except ValueError:
        return False
