"""A recipient: one household inside one campaign event, the obligation to be accounted for."""

from enum import StrEnum


class RecipientState(StrEnum):
    """Exactly one at a time; the sum over states is the audience.

    WAITING has a message under way or a running deadline; CALLBACK has an open callback task;
    the others are final.
    """

    WAITING = "waiting"
    CALLBACK = "callback"
    FINE = "fine"
    INFORMED = "informed"
    ABSENT = "absent"
    REACHED = "reached"
    UNREACHED = "unreached"
    EXCLUDED = "excluded"
    CANCELLED = "cancelled"


FINAL = frozenset(RecipientState) - {RecipientState.WAITING, RecipientState.CALLBACK}


class Reason(StrEnum):
    """Why a recipient is where it is: an exclusion, a failure, or how it settled."""

    REFUSED = "refused"
    OPTED_OUT = "opted_out"
    ON_HOLD = "on_hold"
    NO_PHONE = "no_phone"
    LANDLINE_ONLY = "landline_only"
    ANSWERS_CALLS = "answers_calls"
    PREFERS_CALL = "prefers_call"
    CONTACTED_TODAY = "contacted_today"
    UNDELIVERED = "undelivered"
    NUMBER_REFUSED = "number_refused"
    EXPIRED = "expired"
    UNKNOWN_OUTCOME = "unknown_outcome"
    NO_REPLY = "no_reply"
    REPLIED = "replied"
    DELIVERED = "delivered"
    UNCONFIRMED = "unconfirmed"
    HEARD = "heard"
    TOLD_MACHINE = "told_machine"
    EVENT_CANCELLED = "event_cancelled"
    ALL_CLEAR = "all_clear"
    CALLED = "called"
    MOVED = "moved"
    DECEASED = "deceased"
