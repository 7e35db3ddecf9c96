"""When the machine rings whom first: at once in an alert, else when they have answered so far."""

from collections.abc import Mapping
from datetime import datetime

from worker import catalogue
from worker.domain import voice
from worker.domain.campaigns import URGENT_LEVELS
from worker.services.desk import Desk
from worker.store import call_numbers
from worker.store.database import Connection
from worker.store.events import Event

Span = tuple[datetime, datetime]


def of(
    connection: Connection, wanted: Mapping[int, datetime], event: Event, *, desk: Desk, now: datetime
) -> list[tuple[Span, list[int]]]:
    """Whom to ring from when until when. wanted: recipient id -> when somebody looks again at the household."""
    campaign = catalogue.thaw(event.definition)
    usual = {} if campaign.level in URGENT_LEVELS else _usual(connection, wanted, desk)
    found: dict[Span, list[int]] = {}
    for recipient, looks_again in wanted.items():
        at = voice.first_call(
            usual.get(recipient),
            now=now,
            until=min(looks_again, event.void_at),
            opening=lambda at: desk.line_opening(campaign, at)[0],
            tz=desk.timezone,
        )
        found.setdefault((at, desk.line_opening(campaign, at)[1]), []).append(recipient)
    return sorted(found.items())


def _usual(connection: Connection, wanted: Mapping[int, datetime], desk: Desk) -> dict[int, voice.Half | None]:
    habits = call_numbers.habits(
        connection, list(wanted), timezone=str(desk.timezone), noon=voice.NOON, keys=voice.KEYS_THAT_TELL
    )
    return {recipient: voice.usual_half(habit.keys, habit.mornings) for recipient, habit in habits.items()}
