"""Why no text reaches a household, or none is written to it: what each reason asks for, and what a fate tells."""

from worker.domain.callbacks import TaskReason
from worker.domain.messages import MessageState
from worker.domain.recipients import Reason, RecipientState

# What a person who rings is told.
TASK_OF_REASON = {
    Reason.OPTED_OUT: TaskReason.OPTED_OUT,
    Reason.ON_HOLD: TaskReason.MANUAL,
    Reason.NO_PHONE: TaskReason.NO_MOBILE,
    Reason.LANDLINE_ONLY: TaskReason.NO_MOBILE,
    Reason.ANSWERS_CALLS: TaskReason.PREFERS_CALL,
    Reason.PREFERS_CALL: TaskReason.PREFERS_CALL,
    Reason.CONTACTED_TODAY: TaskReason.MANUAL,
    Reason.UNDELIVERED: TaskReason.UNDELIVERED,
    Reason.NUMBER_REFUSED: TaskReason.UNDELIVERED,
    Reason.EXPIRED: TaskReason.UNDELIVERED,
    Reason.UNKNOWN_OUTCOME: TaskReason.UNDELIVERED,
}

# Which policy of the campaign decides; the rest are the policy's own names.
POLICY = {
    Reason.NUMBER_REFUSED: "undelivered",
    Reason.UNKNOWN_OUTCOME: "undelivered",
    Reason.ANSWERS_CALLS: "landline_only",
}

# Whom the campaign left out, as opposed to whom its text did not reach.
LEFT_OUT = frozenset(
    {
        Reason.OPTED_OUT,
        Reason.ON_HOLD,
        Reason.NO_PHONE,
        Reason.LANDLINE_ONLY,
        Reason.ANSWERS_CALLS,
        Reason.PREFERS_CALL,
        Reason.CONTACTED_TODAY,
    }
)

# No campaign may ask for a call to these: the household said so to a person, or is not there any more.
ONLY_RECORDED = {
    Reason.REFUSED: RecipientState.EXCLUDED,
    Reason.MOVED: RecipientState.UNREACHED,
    Reason.DECEASED: RecipientState.UNREACHED,
}

# Nobody was reached, but an answer may yet come; not where nobody is there any more, or the matter is over.
MAY_YET_ANSWER = frozenset(Reason) - {Reason.MOVED, Reason.DECEASED, Reason.ALL_CLEAR, Reason.EVENT_CANCELLED}

# A text that ended without a word to its recipient, or never was: who relied on it is not forgotten.
REASON_OF_STATE = {
    None: Reason.EXPIRED,
    MessageState.UNDELIVERED: Reason.UNDELIVERED,
    MessageState.FAILED: Reason.UNDELIVERED,
    MessageState.EXPIRED: Reason.EXPIRED,
    MessageState.SUPPRESSED: Reason.OPTED_OUT,
    MessageState.CANCELLED: Reason.EXPIRED,
}

# A text that is under way or arrived: the other number may yet bring an answer.
ALIVE = frozenset(
    {
        MessageState.QUEUED,
        MessageState.SENDING,
        MessageState.UNKNOWN,
        MessageState.SENT,
        MessageState.DELIVERED,
    }
)
