"""The forms of what the interface answers. They stay when rows of the database change."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from worker.domain import rungs
from worker.domain.callbacks import TaskState, band
from worker.domain.campaigns import Kind, Level
from worker.domain.occasions import ScheduleState
from worker.domain.roles import Role
from worker.domain.rungs import Rung
from worker.store import tasks as task_rows

Counts = dict[str, int]


class FromRow(BaseModel):
    """Filled from a row by the names of its fields."""

    model_config = ConfigDict(from_attributes=True)


class Myself(BaseModel):
    """Who a token stands for."""

    login: str = Field(examples=["odile"])
    role: Role
    agencies: list[str] = Field(description="codes; empty: all", examples=[["02"]])
    rights: list[str] = Field(examples=[["see_tasks", "ring", "see_households"]])


class Campaign(BaseModel):
    """A campaign as it is defined today."""

    key: str = Field(examples=["canicule-orange"])
    title: str = Field(examples=["Canicule, vigilance orange"])
    kind: Kind
    level: Level
    priority: int = Field(description="1 to 9: whose texts leave first when several events have some", examples=[7])
    sender: str = Field(examples=["court"])
    text: str = Field(examples=["heat_orange_check"])
    reply_deadline_s: float | None = Field(examples=[14400])
    schedule: str | None


class Coming(BaseModel):
    """An occasion to come."""

    occasion: str = Field(examples=["2026-07-13"])
    at: datetime


class Missed(BaseModel):
    """An occasion that could not be opened while it was useful. seen_at: an operator took note."""

    campaign: str = Field(examples=["appel-courtoisie"])
    occasion: str = Field(examples=["2026-07-06"])
    due_at: datetime
    noted_at: datetime
    seen_at: datetime | None


class RoundDay(BaseModel):
    """Households of an agency whose day it is: their event is open, or to come, or was not opened (left_out), or they
    had left the audience when it was (gone)."""

    day: date
    agency: str = Field(examples=["01"])
    households: int
    opened: int
    to_come: int
    left_out: int
    gone: int


class Round(BaseModel):
    """A week of a campaign that spreads its households. beyond: by agency, calls beyond what its callers can make."""

    week: date = Field(description="its Monday")
    households: int
    days: list[RoundDay]
    beyond: Counts


class Schedule(BaseModel):
    """A campaign that opens by itself. extended: ends_on is an operator's, later than the file's. round: the latest."""

    campaign: str = Field(examples=["appel-courtoisie"])
    title: str
    schedule: str = Field(examples=["0 10 * * mon"])
    state: ScheduleState
    starts_on: date | None
    ends_on: date | None
    extended: bool
    every_days: int
    skip_holidays: bool
    spread: bool
    coming: list[Coming]
    missed: list[Missed]
    round: Round | None


class Tenant(BaseModel):
    """Somebody who lives in the household."""

    civility: str = Field(examples=["Mme"])
    last_name: str = Field(examples=["DURAND"])
    first_name: str = Field(examples=["Odette"])
    birth_date: date | None = None
    birth_precision: str = Field(default="unknown", description="`day`, `year` or `unknown`")
    language: str = Field(examples=["fr"])


class Phone(BaseModel):
    """A number of the household. bad: it is known to be wrong or dead."""

    e164: str = Field(examples=["+33639980001"])
    kind: str = Field(examples=["mobile"])
    label: str = Field(examples=["self"])
    bad: bool


class Task(FromRow):
    """A call that a person owes a household, with what one needs before dialling."""

    id: int
    state: TaskState
    band: str = Field(description="`P0` (at once) to `P3`", examples=["P1"])
    priority: int
    score: list[list[Any]] = Field(
        description="code and points, adding up to the priority", examples=[[["age_85", 15]]]
    )
    reasons: list[str] = Field(examples=[["no_reply_orange"]])
    step: Rung = Field(description="whom the call is for now: `callback` (the household), `trusted_contact`, `partner`")
    news: list[Any]
    due_at: datetime
    not_before: datetime | None
    created_at: datetime
    calls: int
    claimed_by: str | None
    claimed_until: datetime | None
    event_id: int | None
    campaign: str | None
    household_id: int
    agency: str
    dwelling: str
    address: str
    postcode: str
    commune: str
    residence: str | None
    lives_alone: str = Field(description="`yes`, `no` or `unknown`")
    tenants: list[Tenant]
    phones: list[Phone]
    last_reply: str | None


def task(row: task_rows.Task) -> Task:
    """A row of the callers' list in its outer form."""
    shown = {name: getattr(row, name) for name in Task.model_fields if name in type(row).__dataclass_fields__}
    step = rungs.on_the_line(row.reasons)
    return Task(
        **shown | {"band": band(row.priority), "step": step, "tenants": row.tenants or [], "phones": row.phones or []}
    )


class Held(BaseModel):
    """A task in a caller's hands until a moment, unless renewed."""

    task: Task
    held_until: datetime


class HeldUntil(BaseModel):
    held_until: datetime


class Ended(FromRow):
    """What follows a call. closed: the task is over."""

    closed: bool
    next_call_at: datetime | None
    then: str | None = Field(description="whom to ring instead, where the tries are used up", examples=["partner"])


class Undone(BaseModel):
    """The outcome that was taken back."""

    outcome: str = Field(examples=["NO_ANSWER"])


class Refusing(FromRow):
    """A household that wants neither texts nor calls."""

    household_id: int
    agency: str
    dwelling: str
    commune: str
    refused_at: datetime


class User(FromRow):
    """An account. Never its password or codes."""

    login: str
    role: Role
    agencies: list[str]
    created_at: datetime
    disabled_at: datetime | None
    asks_code: bool
    seen_at: datetime | None
    tokens: int
    has_phone: bool = Field(description="a telephone of their own is known, for bridged calls; it is never told")


class AuditEntry(FromRow):
    """Who did what to which object, when."""

    id: int
    at: datetime
    who: str = Field(examples=["odile"])
    via: str = Field(examples=["token 3"])
    action: str = Field(examples=["viewed"])
    kind: str = Field(examples=["household"])
    object_id: str = Field(examples=["1204"])
