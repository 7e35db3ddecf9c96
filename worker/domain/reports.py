"""What an event came to, in figures that name nobody: they may be kept when everything else is erased."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from worker.domain.recipients import RecipientState

WHOLE = ""  # in place of an agency's code: all of them


class Happening(StrEnum):
    """What is counted by the hour: a first text left, a household was reached (by its reply, by a call, by the text
    alone), a call was made."""

    TEXTED = "texted"
    REPLIED = "reached_by_reply"
    CALLED = "reached_by_call"
    INFORMED = "reached_by_text"
    CALL_MADE = "call_made"


class NextStep(StrEnum):
    """What comes next for a household that was not reached."""

    TEXT = "text_to_send"
    ANSWER = "answer_awaited"
    CALL = "call_to_make"
    NOTHING = "nothing_more"


@dataclass(frozen=True, slots=True)
class Figures:
    """One agency, or the whole. listed: whoever was still to be accounted for when the time began.

    listed = excluded + replied + called + informed + unreached + cancelled + still_open. Medians in seconds: opening to
    first text, first text to reply, task to first call; None where nothing happened. machine_calls: by the machine,
    each try; machine_minutes: begun ones. cost_micro: millionths of a euro.
    """

    agency: str
    listed: int
    excluded: int
    texted: int
    replied: int
    called: int
    informed: int
    unreached: int
    cancelled: int
    still_open: int
    unknown_fates: int
    opt_outs: int = 0
    texts: int = 0
    segments: int = 0
    machine_calls: int = 0
    machine_minutes: int = 0
    cost_micro: int = 0
    unpriced: int = 0
    referrals_sent: int = 0
    referrals_acknowledged: int = 0
    referrals_solved: int = 0
    median_first_text_s: float | None = None
    median_reply_s: float | None = None
    median_call_s: float | None = None

    @property
    def reached(self) -> int:
        return self.replied + self.called + self.informed


@dataclass(frozen=True, slots=True)
class Hour:
    """How often something happened in one local hour."""

    agency: str
    day: date
    hour: int
    what: Happening
    households: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many calls of an event were to be made at the end of a local hour in which that number changed."""

    day: date
    hour: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Summary:
    """An event in figures. day: only that local day; None: from opening to now."""

    event_id: int
    campaign: str
    title: str
    occasion: str
    kind: str
    level: str
    state: str
    opened_at: datetime
    made_at: datetime
    whole: Figures
    agencies: tuple[Figures, ...] = ()
    hours: tuple[Hour, ...] = ()
    day: date | None = None


def next_step(state: RecipientState, *, texted: bool) -> NextStep:
    """What a household in this state waits for."""
    if state is RecipientState.CALLBACK:
        return NextStep.CALL
    if state is RecipientState.WAITING:
        return NextStep.ANSWER if texted else NextStep.TEXT
    return NextStep.NOTHING
