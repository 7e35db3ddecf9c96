"""A callback task: a call a human owes a household."""

from enum import StrEnum


class TaskState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"
    CANCELLED = "cancelled"


OPEN_STATES = (TaskState.OPEN, TaskState.CLAIMED)


class TaskReason(StrEnum):
    """Why a person should ring (domain rules, section 6.3)."""

    EMERGENCY_WORD = "emergency_word"
    ASKED_CALL = "asked_call"
    NO_REPLY_RED = "no_reply_red"
    NO_REPLY_ORANGE = "no_reply_orange"
    NO_REPLY = "no_reply"
    UNCLEAR = "unclear"
    UNDELIVERED = "undelivered"
    NO_MOBILE = "no_mobile"
    OPTED_OUT = "opted_out"
    WRONG_NUMBER = "wrong_number"
    MANUAL = "manual"
    WEEKLY = "weekly"


# A late "all well" closes a task that exists only for these.
SILENCE = frozenset({TaskReason.NO_REPLY_RED, TaskReason.NO_REPLY_ORANGE, TaskReason.NO_REPLY, TaskReason.WEEKLY})
