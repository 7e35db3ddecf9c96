"""A test of a campaign: its text, to staff, on the way every text takes; never to a tenant."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

import structlog

from worker import catalogue
from worker.domain.campaigns import Audience, Campaign, EventState, Exclusions, Kind, Level, Remedy, SendWindow
from worker.domain.channels import is_telephone_number
from worker.domain.errors import Refused
from worker.domain.messages import Step
from worker.i18n import _
from worker.rendering import FALLBACK
from worker.services.desk import Desk
from worker.store import events, guests, outbox
from worker.store.database import Connection, Database

log = structlog.get_logger()

# Staff at their desks asked for it: no hour is a wrong one.
_ANY_TIME = SendWindow(time(0, 0), time(23, 59, 59))
_NOBODY = Audience(agencies=(guests.AGENCY,))
_NO_CALLS = Exclusions(**dict.fromkeys(Exclusions.__dataclass_fields__, Remedy.RECORD))


@dataclass(frozen=True, slots=True)
class Tested:
    """The event of a test, and to how many guests it goes."""

    event_id: int
    guests: int


def send_test(
    db: Database, campaign: Campaign, *, numbers: Sequence[str], occasion: str, desk: Desk, now: datetime
) -> Tested:
    """Opens an event for the guests alone: same ledger, workers, sender and receipts as any other.

    It asks for no answer and leads to no call, counts as no heat, and its rows say that it was a test. Raises Refused
    without guests, for a number that is none or that belongs to a tenant, and for an occasion that was used.
    """
    _check(numbers)
    with db.begin() as connection:
        if guests.of_tenants(connection, numbers):
            raise Refused(_("Un numéro de la liste des invités est celui d'un locataire : retirez-le de « guests »."))
        guests.house(connection, numbers, name=_("Essais"), now=now)
        event = _event(campaign, occasion, now)
        tested = _open(connection, event, numbers, desk=desk)
    log.info("test_opened", event_id=tested.event_id, guests=tested.guests)
    return tested


def occasion_of(local: datetime) -> str:
    """The occasion of a test made now: each second its own."""
    return f"essai {local:%Y-%m-%d %H:%M:%S}"


def _check(numbers: Sequence[str]) -> None:
    if not numbers:
        raise Refused(_('Aucun invité pour un essai : écrivez guests = ["+33612345678"] dans config/courtoisie.toml.'))
    wrong = [str(n) for n, number in enumerate(numbers, 1) if not is_telephone_number(number)]
    if wrong:
        raise Refused(
            _("Invité n° {n} : ce numéro n'a pas la forme internationale, par exemple +33612345678.").format(
                n=", ".join(wrong)
            )
        )


def _event(campaign: Campaign, occasion: str, now: datetime) -> dict[str, Any]:
    """Opened as drawn up already: nothing will ever look for its audience."""
    void_at = now + campaign.void_after
    return {
        "campaign": campaign.key,
        "occasion": occasion,
        "kind": Kind.ADVICE,
        "level": Level.NONE,
        "definition": catalogue.freeze(_for_guests(campaign)),
        "state": EventState.RUNNING,
        "opened_at": now,
        "fanned_out_at": now,
        "void_at": void_at,
        "replies_until": void_at + campaign.replies_accepted_for,
        "is_test": True,
    }


def _open(connection: Connection, event: dict[str, Any], numbers: Sequence[str], *, desk: Desk) -> Tested:
    event_id, new = events.open_once(connection, event)
    if not new:
        raise Refused(_("Cette occasion a déjà servi : donnez-en une autre à l'essai."))
    now, void_at, campaign = event["opened_at"], event["void_at"], catalogue.thaw(event["definition"])
    opens_at, closes_at = desk.next_opening(campaign.window, now)
    invited = guests.invite(connection, event_id, numbers, language=FALLBACK, void_at=void_at)
    plan = outbox.Plan(Step.FIRST, campaign.sender, campaign.text, opens_at, closes_at, void_at)
    outbox.queue_texts(connection, event_id, plan, now=now)
    return Tested(event_id, invited)


def _for_guests(campaign: Campaign) -> Campaign:
    """Same text, sender, level and delays, so that the words are those that tenants would read."""
    return replace(
        campaign,
        kind=Kind.ADVICE,
        audience=_NOBODY,
        window=_ANY_TIME,
        exclusions=_NO_CALLS,
        schedule=None,
    )
