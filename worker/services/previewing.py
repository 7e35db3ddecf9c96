"""What a campaign would do if it were launched now: whom, what, at what cost, and who rings whom until when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker import catalogue
from worker.domain.campaigns import Campaign
from worker.domain.channels import Channel, Sender
from worker.domain.pricing import Cost, PriceTable, Spent
from worker.domain.problems import Problem
from worker.rendering import FALLBACK, Rendered, Texts
from worker.services import capacity, events, variables
from worker.services.capacity import Outlook
from worker.services.desk import Desk
from worker.settings import Settings
from worker.store import audience, previews
from worker.store.database import Database
from worker.store.previews import Elsewhere, Group, Household

TEXT, CALL = "text", "voice"
# What a call by the machine comes to, for a first sum: the question, its repeats and the ringing before it.
CALL_LASTS = timedelta(seconds=75)
MINUTES_BILLED = 1
NO_PACE = 0.0


@dataclass(frozen=True, slots=True)
class Rig:
    """What a preview needs."""

    db: Database
    desk: Desk
    texts: Texts
    prices: PriceTable
    settings: Settings


@dataclass(frozen=True, slots=True)
class Row:
    """The text of one language as it would be sent. example: the dwelling of a household that gets it."""

    language: str
    step: str
    rendered: Rendered
    texts: int
    example: str


@dataclass(frozen=True, slots=True)
class Preview:
    """All of it. groups: the audience. ends_at: the last text leaves, at the sender's pace. reminders_at_most: the cost
    if nobody answered before the reminder. calls_end_at: the last first call by the machine, None without any."""

    campaign: Campaign
    groups: Sequence[Group]
    recorded: frozenset[str]
    rows: Sequence[Row]
    cost: Cost
    reminders_at_most: Cost
    calls_cost: Cost
    calls_end_at: datetime | None
    sender: Sender | None
    problems: Sequence[Problem]
    elsewhere: Sequence[Elsewhere]
    outlook: Outlook
    unknown_age: int
    starts_at: datetime
    ends_at: datetime
    void_at: datetime

    @property
    def households(self) -> int:
        return sum(g.households for g in self.groups)

    @property
    def texts(self) -> int:
        return sum(g.texts for g in self.groups)

    @property
    def calls(self) -> int:
        """First calls by the machine, to whom no text can reach; one for those who share a number."""
        return sum(g.calls for g in self.groups)

    @property
    def rung(self) -> int:
        """Households that the machine rings in place of a text."""
        return sum(g.households for g in self.groups if g.fate == CALL)

    @property
    def texted(self) -> int:
        """Households whom a text reaches; some share one."""
        return sum(g.households for g in self.groups if g.fate == TEXT)

    @property
    def segments(self) -> int:
        return sum(r.texts * r.rendered.measured.segments for r in self.rows if r.step == "first")

    @property
    def excluded(self) -> Mapping[str, int]:
        """Households that get neither a text nor a call by the machine, by reason."""
        return _counted((g.fate, g.households) for g in self.groups if g.fate not in {TEXT, CALL})

    @property
    def by_agency(self) -> Mapping[str, int]:
        return _counted((g.agency, g.households) for g in self.groups)

    @property
    def callbacks_at_once(self) -> int:
        return sum(n for fate, n in self.excluded.items() if fate not in self.recorded)

    @property
    def longest(self) -> Row | None:
        """The text that costs most of those that somebody would get."""
        sizes = [(r.rendered.measured.segments, r.rendered.measured.units, r) for r in self.rows if r.texts]
        return max(sizes, key=lambda size: size[:2], default=(0, 0, None))[2]


def preview(rig: Rig, campaign: Campaign, *, now: datetime) -> Preview:
    """Everything an operator wants to know before launching; changes nothing."""
    starts_at, _closes_at = rig.desk.next_opening(campaign.window, now)
    recorded = frozenset(str(r) for r in events.recorded_only(campaign.exclusions))
    sender = rig.settings.sender_table.get(campaign.sender)
    with rig.db.begin() as connection:
        occasion = events.occasion_of(campaign, desk=rig.desk, now=now)
        groups = previews.groups(connection, occasion, destinations=rig.prices.destinations)
        rows = _rows(rig, campaign, groups, starts_at)
        ends_at = _ends_at(rig.desk, campaign, sender, _segments(rows, "first"), starts_at)
        outlook = capacity.outlook(
            connection,
            campaign,
            groups,
            recorded=recorded,
            starts_at=starts_at,
            texts_end_at=ends_at,
            settings=rig.settings,
            desk=rig.desk,
            now=now,
        )
        return Preview(
            campaign=campaign,
            groups=groups,
            recorded=recorded,
            rows=rows,
            cost=rig.prices.cost(_spent(campaign, groups, rows, "first"), on=rig.desk.local_date(now)),
            reminders_at_most=rig.prices.cost(_spent(campaign, groups, rows, "reminder"), on=rig.desk.local_date(now)),
            calls_cost=rig.prices.cost(_rung(rig.desk, groups), on=rig.desk.local_date(now)),
            calls_end_at=_calls_end_at(rig, campaign, sum(g.calls for g in groups), starts_at),
            sender=sender,
            problems=catalogue.problems_of(campaign, senders=rig.settings.sender_table, texts=rig.texts),
            elsewhere=previews.elsewhere(connection, occasion),
            outlook=outlook,
            unknown_age=audience.of_unknown_age(connection),
            starts_at=starts_at,
            ends_at=ends_at,
            void_at=starts_at + campaign.void_after,
        )


def households(
    rig: Rig, campaign: Campaign, *, fate: str | None = None, agency: str | None = None, limit: int, now: datetime
) -> list[Household]:
    """The households behind the figures, by dwelling, without a name."""
    with rig.db.begin() as connection:
        occasion = events.occasion_of(campaign, desk=rig.desk, now=now)
        return previews.households(connection, occasion, fate=fate, agency=agency, limit=limit)


def names(rig: Rig, seen: Sequence[Household]) -> Mapping[int, str]:
    """Who lives there, for the terminal only."""
    with rig.db.begin() as connection:
        return previews.names(connection, [h.household_id for h in seen])


def _rows(rig: Rig, campaign: Campaign, groups: Sequence[Group], starts_at: datetime) -> list[Row]:
    """One row per text and language: all that differs between two households of one campaign."""
    steps = [("first", campaign.text, starts_at)]
    if campaign.reminder is not None and campaign.reminder.text is not None:
        steps.append(("reminder", campaign.reminder.text, starts_at + campaign.reminder.after))
    texted = [g for g in groups if g.texts]
    return [
        Row(
            language,
            step,
            _render(rig, campaign, key, language, at),
            sum(g.texts for g in texted if g.language == language),
            min((g.example for g in texted if g.language == language), default=""),
        )
        for language in sorted({FALLBACK, *(g.language for g in texted)}, key=lambda one: (one != FALLBACK, one))
        for step, key, at in steps
    ]


def _render(rig: Rig, campaign: Campaign, key: str, language: str, at: datetime) -> Rendered:
    values = variables.common(rig.desk, language=language, now=at, campaign=campaign)
    return rig.texts.draft(key, language=language, variables=values)


def _segments(rows: Sequence[Row], step: str) -> int:
    return sum(r.texts * r.rendered.measured.segments for r in rows if r.step == step)


def _spent(campaign: Campaign, groups: Sequence[Group], rows: Sequence[Row], step: str) -> list[Spent]:
    each = {r.language: r.rendered.measured.segments for r in rows if r.step == step}
    return [
        Spent(Channel.SMS, campaign.sender, g.destination, g.texts * each.get(g.language, 0)) for g in groups if g.texts
    ]


def _rung(desk: Desk, groups: Sequence[Group]) -> list[Spent]:
    sender = desk.line.sender if desk.line else ""
    return [Spent(Channel.VOICE, sender, g.destination, g.calls * MINUTES_BILLED) for g in groups if g.calls]


def _calls_end_at(rig: Rig, campaign: Campaign, calls: int, starts_at: datetime) -> datetime | None:
    """When everybody was rung once: by the lines there are, in the hours in which the machine may ring."""
    line = rig.desk.line
    if not calls or line is None:
        return None
    sender = rig.settings.sender_table[line.sender]
    left = max(calls * CALL_LASTS / sender.calls_at_once, timedelta(seconds=calls / sender.calls_per_s))
    opens_at, closes_at = rig.desk.line_opening(campaign, starts_at)
    last = starts_at + campaign.void_after
    while opens_at + left > closes_at and closes_at < last:
        left -= closes_at - opens_at
        opens_at, closes_at = rig.desk.line_opening(campaign, closes_at)
    return opens_at + left


def _ends_at(desk: Desk, campaign: Campaign, sender: Sender | None, segments: int, starts_at: datetime) -> datetime:
    """When the last text leaves: what a window cannot hold waits for the next."""
    per_s = sender.segments_per_s if sender else NO_PACE
    left = timedelta(seconds=segments / per_s) if per_s else timedelta()
    opens_at, closes_at = desk.next_opening(campaign.window, starts_at)
    last = starts_at + campaign.void_after
    while opens_at + left > closes_at and closes_at < last:
        left -= closes_at - opens_at
        opens_at, closes_at = desk.next_opening(campaign.window, closes_at)
    return opens_at + left


def _counted(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, count in pairs:
        counts[name] = counts.get(name, 0) + count
    return dict(sorted(counts.items()))
