"""What a household told a person: refusals by channel and purpose, absences, language, channel and hours."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta

import structlog

from worker.domain.errors import NotFound, Refused
from worker.domain.messages import MessageState
from worker.domain.recipients import Reason, RecipientState
from worker.i18n import _
from worker.listing import phones
from worker.rendering import Texts
from worker.services import tasks
from worker.services.desk import Desk
from worker.store import inbound, people, recipients
from worker.store import wishes as rows
from worker.store.database import Connection, Database

log = structlog.get_logger()

NONE = "none"
CHANNELS = ("sms", "call")
# Longer than this nobody is away, they have moved.
AWAY_MOST = timedelta(days=366)
REASON_MOST = 40


@dataclass(frozen=True, slots=True)
class Hours:
    """Local hours in which somebody would rather be rung."""

    begins: time
    ends: time


# Said in place of hours: any hour suits again.
ANY_HOUR = Hours(time.min, time.min)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said this time: None says nothing, "none" or ANY_HOUR takes a wish back."""

    language: str | None = None
    channel: str | None = None
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """All that a household wishes, with the refusals that stand and those taken back."""

    household_id: int
    dwelling: str
    refused_at: datetime | None
    away_until: datetime | None
    language: str | None
    channel: str | None
    hours_from: time | None
    hours_until: time | None
    refusals: Sequence[rows.Refusal]
    taken_back: Sequence[rows.Refusal]


@dataclass(frozen=True, slots=True)
class Lifted:
    """How many refusals were taken back. by_text: one came from the telephone itself, which the provider blocks too."""

    lifted: int
    by_text: bool


def show(db: Database, who: str, *, now: datetime) -> Known:
    """A household's wishes. who: a dwelling code, or one of its numbers.

    Raises NotFound when nobody is meant, Refused when several households have the number.
    """
    with db.begin() as connection:
        household, _numbers = _meant(connection, who)
        found = rows.refusals(connection, household)
        return Known(
            **asdict(rows.home(connection, household, now=now)),
            refusals=[r for r in found if r.undone_at is None],
            taken_back=[r for r in found if r.undone_at is not None],
        )


def opt_out(db: Database, who: str, *, channel: str, purpose: str, by: str, now: datetime) -> int:
    """Notes a refusal for a household's numbers, or for the one named; returns how many numbers.

    channel: sms, voice or all; purpose: care, advice or all. Stopping advice leaves the safety checks.
    Raises as `show`.
    """
    with db.begin() as connection:
        household, numbers = _meant(connection, who)
        people.lock(connection, [household])
        rows.opt_out(connection, numbers, channel=channel, purpose=purpose, by=_named(by), now=now)
    log.info("refusal_noted", household_id=household, channel=channel, purpose=purpose)
    return len(numbers)


def opt_in(db: Database, who: str, *, channel: str, purpose: str, by: str, now: datetime) -> Lifted:
    """Takes refusals of a channel and purpose back; they stay as history.

    Raises as `show`, and Refused when a wider refusal would still stand in the way, or when there is none.
    """
    with db.begin() as connection:
        household, numbers = _meant(connection, who)
        people.lock(connection, [household])
        sources = rows.opt_in(connection, numbers, channel=channel, purpose=purpose, by=_named(by), now=now)
        if rows.still_refused(connection, numbers, channel=channel, purpose=purpose):
            raise Refused(_("Un refus plus large tient encore : levez-le d'abord avec --channel all --purpose all."))
    if not sources:
        raise Refused(_("Aucun refus de cette sorte n'était noté."))
    log.info("refusal_lifted", household_id=household, channel=channel, purpose=purpose)
    return Lifted(len(sources), by_text="reply" in sources or "provider" in sources)


def hold(db: Database, who: str, *, last_day: date, reason: str, desk: Desk, now: datetime) -> datetime:
    """Notes an absence; texts and checks begin again at the moment returned, the midnight after the last day.

    Raises as `show`, and Refused for a day that is past or too far away, or a long reason.
    """
    today = desk.local_date(now)
    if not today <= last_day <= today + AWAY_MOST:
        raise Refused(_("Le dernier jour d'absence doit être à venir, dans un an au plus."))
    if not 0 < len(reason.strip()) <= REASON_MOST:
        raise Refused(_("La raison tient en un mot ou deux."))
    until = datetime.combine(last_day + timedelta(days=1), time(), tzinfo=desk.timezone)
    with db.begin() as connection:
        household, _numbers = _meant(connection, who)
        people.lock(connection, [household])
        people.end_holds(connection, [household], now=now)  # the newest word counts, also when it is shorter
        people.hold(connection, [household], reason=reason.strip(), source="operator", until=until, now=now)
        _stop_asking(connection, household, until, now)
    log.info("absence_noted", household_id=household)
    return until


def _stop_asking(connection: Connection, household: int, until: datetime, now: datetime) -> None:
    """Nobody waits for an answer that cannot come: as when the household itself wrote that it is away."""
    standings = recipients.of_households(connection, [household], now=now)
    missed = [
        s.id for s in standings if s.state is RecipientState.WAITING and s.due_at is not None and s.due_at <= until
    ]
    if missed:
        recipients.settle(connection, [(i, RecipientState.ABSENT, Reason.ON_HOLD) for i in missed], now=now)
        inbound.withdraw_texts(connection, missed, state=MessageState.CANCELLED, now=now)
    closed = tasks.close_if_only_silence(connection, [household], now=now)
    recipients.settle_by_task(connection, closed, state=RecipientState.ABSENT, reason=Reason.ON_HOLD, now=now)


def back(db: Database, who: str, *, now: datetime) -> bool:
    """They are back before the date; False when no absence was noted. Raises as `show`."""
    with db.begin() as connection:
        household, _numbers = _meant(connection, who)
        people.lock(connection, [household])
        away = rows.running_holds(connection, household, now=now)
        people.end_holds(connection, [household], now=now)
    return away > 0


def prefer(db: Database, who: str, wished: Wishes, *, texts: Texts) -> None:
    """Notes what the household would rather have. Raises as `show`, and Refused for what we do not have."""
    said = _said(wished, texts)
    with db.begin() as connection:
        household, _numbers = _meant(connection, who)
        people.lock(connection, [household])
        rows.prefer(connection, household, said)
    log.info("wishes_noted", household_id=household, wishes=sorted(said))


def _said(wished: Wishes, texts: Texts) -> dict[str, object]:
    said: dict[str, object] = {}
    if wished.language is not None:
        keys = texts.keys()
        known = sorted({language for key in keys for language in texts.languages(key)})
        said["language"] = _one_of(wished.language, known, _("langue"))
    if wished.channel is not None:
        said["channel"] = _one_of(wished.channel, CHANNELS, _("canal"))
    if wished.hours is not None:
        said |= _hours(wished.hours)
    if not said:
        raise Refused(_("Dites au moins un souhait : --language, --channel ou --hours."))
    return said


def _one_of(value: str, known: Sequence[str], what: str) -> str | None:
    if value == NONE:
        return None
    if value not in known:
        raise Refused(
            _("« {value} » : {what} inconnu(e). Choix : {known}, none.").format(
                value=value, what=what, known=", ".join(known)
            )
        )
    return value


def _hours(hours: Hours) -> dict[str, object]:
    if hours == ANY_HOUR:
        return {"hours_from": None, "hours_until": None}
    if hours.begins >= hours.ends:
        raise Refused(_("Les heures souhaitées finissent avant de commencer."))
    return {"hours_from": hours.begins, "hours_until": hours.ends}


def _meant(connection: Connection, who: str) -> tuple[int, list[str]]:
    """The household meant, and the numbers it is about: all of them, or the one that was named."""
    household = rows.in_dwelling(connection, who)
    if household is not None:
        return household, rows.numbers_of(connection, household)
    number = phones.typed(who)
    found = rows.with_number(connection, number) if number else []
    if not found or number is None:
        raise NotFound(_("Aucun foyer n'a ce code de logement ni ce numéro."))
    if len(found) > 1:
        raise Refused(
            _("Plusieurs foyers ont ce numéro : dites lequel par son logement ({codes}).").format(
                codes=", ".join(code for _household, code in found)
            )
        )
    return found[0][0], [number]


def _named(by: str) -> str:
    if not by.strip():
        raise Refused(_("Dites qui le note."))
    return by.strip()
