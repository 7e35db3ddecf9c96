"""The moves a message may make on the provider's word, and how long a refused request waits."""

from collections.abc import Mapping
from datetime import timedelta

from worker.domain.messages import MessageState

FINAL = frozenset(
    {
        MessageState.DELIVERED,
        MessageState.UNDELIVERED,
        MessageState.FAILED,
        MessageState.EXPIRED,
        MessageState.SUPPRESSED,
        MessageState.CANCELLED,
    }
)

# The provider's words. Those that are not here (scheduled, receiving, ...) say nothing about our texts.
_STATE_OF_STATUS: Mapping[str, MessageState] = {
    "accepted": MessageState.SENT,
    "queued": MessageState.SENT,
    "sending": MessageState.SENT,
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "undelivered": MessageState.UNDELIVERED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.CANCELLED,
}

VALIDITY_EXPIRED = 30036

# A word may come before our own record of the request, so every state before the final ones may move.
# The first final word wins: there is no move out of a final state.
_UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN, MessageState.SENT)
_BY_WORD = (
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
    MessageState.EXPIRED,
    MessageState.CANCELLED,
)
ALLOWED = frozenset((a, b) for a in _UNDER_WAY for b in _BY_WORD) | frozenset(
    (a, MessageState.SENT) for a in _UNDER_WAY if a is not MessageState.SENT
)
ALLOWED_PAIRS = tuple(sorted(f"{a}>{b}" for a, b in ALLOWED))

BACKOFF_FIRST_S = 2.0
BACKOFF_MOST_S = 300.0
_DOUBLINGS_MOST = 8  # beyond these the ceiling is reached, and a power would only grow


def state_of(status: str, code: int | None) -> MessageState | None:
    """Our state for a word of the provider's; None for a word that changes nothing."""
    state = _STATE_OF_STATUS.get(status)
    expired = code == VALIDITY_EXPIRED and state in {MessageState.FAILED, MessageState.UNDELIVERED}
    return MessageState.EXPIRED if expired else state


def is_final(state: MessageState) -> bool:
    """Whether a message in this state moves no more."""
    return state in FINAL


def backoff(attempt_no: int, *, retry_after_s: float | None, jitter: float) -> timedelta:
    """How long to wait after the n-th refused request (1 = the first): full jitter below a doubling ceiling.

    jitter: 0 to 1. retry_after_s: the provider's own wish, which is a floor; the jitter comes on top, so that
    those who were told the same do not come back together.
    """
    doublings = min(max(attempt_no - 1, 0), _DOUBLINGS_MOST)
    ceiling = min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2**doublings)
    return timedelta(seconds=max(retry_after_s or 0.0, 0.0) + ceiling * jitter)
