"""Whether the callers can ring everybody a campaign leaves to them: past calls and settings in, a forecast out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from worker.domain import capacity
from worker.domain.campaigns import URGENT_LEVELS, Campaign, Kind
from worker.domain.capacity import Ages, Crew, Forecast, Load, Plan, Proposal
from worker.services import desk as desks
from worker.services.desk import Desk
from worker.settings import Settings
from worker.store import previews, tasks
from worker.store.database import Connection
from worker.store.previews import Group

MEMORY = timedelta(days=90)
# Fewer calls than these say little about how long one takes.
TASKS_AT_LEAST = 20


@dataclass(frozen=True, slots=True)
class Basis:
    """What the forecast rests on. rate: share of texted households that must be rung. *_measured: from what happened,
    not from the settings."""

    rate: float
    rate_measured: bool
    minutes: float
    minutes_measured: bool

    def calls(self, texted: int) -> int:
        """Calls to expect of so many households texted."""
        return ceil(round(self.rate * texted, 6))


@dataclass(frozen=True, slots=True)
class Outlook:
    """How the callers come through. last_at: when the last person is rung; None when nobody can tell."""

    basis: Basis
    deadline: datetime
    agencies: tuple[Forecast, ...]
    proposal: Proposal | None

    @property
    def last_at(self) -> datetime | None:
        ends = [a.last_at for a in self.agencies if a.load.own]
        known = [end for end in ends if end is not None]
        return max(known, default=None) if len(known) == len(ends) else None

    @property
    def fits(self) -> bool:
        return all(a.fits for a in self.agencies)

    @property
    def work(self) -> timedelta:
        """What the campaign adds, in callers' hours."""
        return sum((a.load.own * timedelta(minutes=self.basis.minutes) for a in self.agencies), timedelta())


def outlook(
    connection: Connection,
    campaign: Campaign,
    groups: Sequence[Group],
    *,
    recorded: Collection[str],
    starts_at: datetime,
    texts_end_at: datetime,
    settings: Settings,
    desk: Desk,
    now: datetime,
) -> Outlook:
    """The forecast for a campaign opened now. recorded: reasons for which a household is not rung."""
    basis = basis_of(connection, campaign, settings=settings, now=now)
    plan = _plan(campaign, basis, starts_at=starts_at, texts_end_at=texts_end_at, desk=desk)
    ages = _ages(groups, recorded)
    queued = _queued(connection)
    loads = {a: _load(ages, a, queued.get(a, 0), basis) for a in sorted({g.agency for g in groups})}
    crews = {agency: crew_of(settings, agency) for agency in loads}
    made = tuple(capacity.forecast(agency, load, crews[agency], plan) for agency, load in loads.items())
    return Outlook(basis, plan.deadline, made, capacity.propose(loads, crews, plan, ages=ages, rate=basis.calls))


def basis_of(connection: Connection, campaign: Campaign, *, settings: Settings, now: datetime) -> Basis:
    """How many households must be rung and how long a call takes, by what happened lately or by the settings."""
    wanted = settings.capacity
    rates = {Kind.CHECK_IN: wanted.callbacks_check_in, Kind.ADVICE: wanted.callbacks_advice}
    events, texted, rung = previews.share_rung(connection, kind=campaign.kind, level=campaign.level)
    known_rate = events >= wanted.history_events and texted > 0
    minutes, known_time = minutes_per_call(connection, settings=settings, now=now)
    return Basis(rung / texted if known_rate else rates[campaign.kind], known_rate, minutes, known_time)


def minutes_per_call(connection: Connection, *, settings: Settings, now: datetime) -> tuple[float, bool]:
    """A caller's time for one call, and whether it was measured: by what happened lately or by the settings."""
    called, took = previews.time_per_task(connection, since=now - MEMORY)
    known = called >= TASKS_AT_LEAST
    return max(took / timedelta(minutes=1) / called if known else settings.call_hours.minutes_per_contact, 0.1), known


def _plan(campaign: Campaign, basis: Basis, *, starts_at: datetime, texts_end_at: datetime, desk: Desk) -> Plan:
    """The last person is to be rung when the last silence is due: in heat the same day, else two working days later."""
    urgent = campaign.level in URGENT_LEVELS
    silent_at = texts_end_at + (campaign.calls_after or campaign.receipt_wait)
    return Plan(
        starts_at=starts_at,
        silent_at=silent_at,
        deadline=desk.due_at("P2" if urgent else "P3", silent_at, urgent=urgent),
        per_call=timedelta(minutes=basis.minutes),
        urgent=urgent,
        tz=desk.timezone,
        holidays=desk.holidays(starts_at),
    )


# Fates of households that are asked how they are, by a text or by the machine's call.
_ASKED = frozenset({"text", "voice"})


def _ages(groups: Sequence[Group], recorded: Collection[str]) -> list[Ages]:
    """A household that is queued already is rung once, whatever the campaign adds."""
    return [
        Ages(
            g.agency,
            g.age,
            at_once=g.not_queued if g.fate not in _ASKED and g.fate not in recorded else 0,
            texted=g.not_queued if g.fate in _ASKED else 0,
        )
        for g in groups
    ]


def _load(ages: Sequence[Ages], agency: str, queued: int, basis: Basis) -> Load:
    mine = [a for a in ages if a.agency == agency]
    return Load(queued, sum(a.at_once for a in mine), basis.calls(sum(a.texted for a in mine)))


def _queued(connection: Connection) -> Mapping[str, int]:
    queued: dict[str, int] = {}
    for agency, _state, count in tasks.counts(connection):
        queued[agency] = queued.get(agency, 0) + count
    return queued


def crew_of(settings: Settings, agency: str) -> Crew:
    """The callers of an agency and their hours."""
    hours = settings.call_hours
    own = settings.agencies.get(agency)
    if own is None:
        return Crew(settings.capacity.callers, desks.call_hours(hours.routine, hours.alert))
    return Crew(own.callers, desks.call_hours(own.routine or hours.routine, own.alert or hours.alert))
