"""The forms in which events are told: each in a list, and the account of one."""

from datetime import datetime

from pydantic import BaseModel, Field

from worker.domain.campaigns import EventState
from worker.web.api.answers import Counts


class Event(BaseModel):
    """An event in a list."""

    event: str = Field(examples=["41"])
    campaign: str = Field(examples=["canicule-orange"])
    occasion: str = Field(examples=["2026-07-08"])
    state: EventState
    opened_at: datetime
    settled_at: datetime | None
    alarm: str | None


class Launched(BaseModel):
    """The event of an occasion. new: this request opened it. state: of one that is `cancelled` nothing leaves; another
    occasion opens another event."""

    event: str = Field(examples=["41"])
    campaign: str = Field(examples=["canicule-orange"])
    occasion: str = Field(examples=["2026-07-08"])
    new: bool
    state: EventState


class Recipients(BaseModel):
    """Every household of the event, once. unaccounted is 0 at every moment."""

    total: int = Field(examples=[253])
    by_state: Counts = Field(examples=[{"fine": 127, "callback": 124, "absent": 2}])
    reasons: dict[str, Counts] = Field(examples=[{"callback": {"no_reply": 20}}])
    unaccounted: int = Field(examples=[0])


class Messages(BaseModel):
    """The event's texts."""

    total: int
    segments: int
    by_state: Counts
    by_channel: Counts


class MachineCalls(BaseModel):
    """Calls by the machine, each try, by what they came to."""

    total: int
    under_way: int
    by_end: Counts = Field(examples=[{"answered": 12, "no_answer": 3}])


class AgencyCount(BaseModel):
    """How many households of one agency are in one state for one reason."""

    agency: str = Field(examples=["01"])
    state: str = Field(examples=["callback"])
    reason: str | None = Field(examples=["no_reply"])
    households: int = Field(examples=[12])


class NextStep(BaseModel):
    """A step to come: of the ladder, else `text_to_send` (the first), `answer_awaited` (of an advice: its receipt)."""

    event: str | None = Field(examples=["41"])
    campaign: str | None = Field(description="its title")
    step: str = Field(examples=["reminder"])
    at: datetime = Field(description="at the earliest")
    households: int = Field(examples=[120])


class Progress(BaseModel):
    """How far the texts have come. ends_at: when the last one will have left, by its pace or else by the last minute's
    rate; null when nobody can tell. pace_per_s: segments a second at most; null: no limit.
    """

    waiting: int = Field(description="still to leave", examples=[430])
    at_carrier: int
    sent: int
    stopped: int
    refused: int
    sent_last_minute: int
    segments_last_minute: int
    sending_since: datetime | None = Field(description="the first text of the last minute")
    segments_each: float
    next_due_at: datetime | None
    answers_until: datetime | None = Field(description="when the last household's time to answer is over")
    pace_per_s: float | None
    ends_at: datetime | None


class Account(BaseModel):
    """The account of an event, computed from its rows."""

    event: str = Field(examples=["41"])
    campaign: str
    occasion: str
    state: EventState
    opened_at: datetime
    alarm: str | None
    recipients: Recipients
    messages: Messages
    progress: Progress
    calls: MachineCalls
    replies: Counts
    callback_tasks: Counts
    by_agency: list[AgencyCount] = Field(description="only the agencies of whoever asks")
    next_steps: list[NextStep] = Field(description="soonest first")
