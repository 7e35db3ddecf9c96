"""A message moves on the provider's word, never backwards, and the first final word wins."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import moves
from worker.domain.messages import MessageState

UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN, MessageState.SENT)
WORDS = ("accepted", "queued", "sending", "sent", "delivered", "read", "undelivered", "failed", "canceled", "scheduled")


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("accepted", None, MessageState.SENT),
        ("queued", None, MessageState.SENT),
        ("sending", None, MessageState.SENT),
        ("sent", None, MessageState.SENT),
        ("delivered", None, MessageState.DELIVERED),
        ("read", 0, MessageState.DELIVERED),
        ("undelivered", 30005, MessageState.UNDELIVERED),
        ("undelivered", None, MessageState.UNDELIVERED),
        ("failed", 30001, MessageState.FAILED),
        ("failed", 30036, MessageState.EXPIRED),
        ("undelivered", 30036, MessageState.EXPIRED),
        ("delivered", 30036, MessageState.DELIVERED),
        ("canceled", None, MessageState.CANCELLED),
        ("scheduled", None, None),
        ("received", None, None),
        ("partially_delivered", None, None),
        ("a word of next year", None, None),
        ("", None, None),
    ],
)
def test_each_word_of_the_provider_is_one_of_our_states_or_none(
    status: str, code: int | None, state: MessageState | None
) -> None:
    assert moves.state_of(status, code) is state


@pytest.mark.parametrize("start", UNDER_WAY)
@pytest.mark.parametrize("word", [w for w in WORDS if w != "scheduled"])
def test_a_text_under_way_takes_any_word_even_one_that_comes_before_our_own_record(
    start: MessageState, word: str
) -> None:
    state = moves.state_of(word, None)

    assert state is start or (start, state) in moves.ALLOWED


@pytest.mark.parametrize("final", sorted(moves.FINAL))
def test_there_is_no_way_out_of_a_final_state(final: MessageState) -> None:
    assert moves.is_final(final)
    assert [pair for pair in moves.ALLOWED if pair[0] is final] == []


def test_every_state_is_either_under_way_or_final() -> None:
    assert set(UNDER_WAY) | moves.FINAL == set(MessageState)
    assert [state for state in UNDER_WAY if moves.is_final(state)] == []


def test_no_word_moves_a_text_back() -> None:
    back = {(a, b) for a, b in moves.ALLOWED if b in {MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN}}

    assert back == set()
    assert (MessageState.SENT, MessageState.SENT) not in moves.ALLOWED


def test_the_pairs_for_the_database_say_the_same() -> None:
    assert set(moves.ALLOWED_PAIRS) == {f"{a}>{b}" for a, b in moves.ALLOWED}


def heard(start: MessageState, words: list[str]) -> MessageState:
    state = start
    for word in words:
        to = moves.state_of(word, None)
        if to is not None and (state, to) in moves.ALLOWED:
            state = to
    return state


@given(
    start=st.sampled_from(UNDER_WAY),
    final=st.sampled_from(["delivered", "undelivered", "failed", "canceled"]),
    noise=st.lists(st.sampled_from(["queued", "sending", "sent", "accepted", "scheduled", "unheard of"]), max_size=6),
    times=st.integers(1, 3),
    data=st.data(),
)
def test_with_one_final_word_order_and_repetition_do_not_matter(
    start: MessageState, final: str, noise: list[str], times: int, data: st.DataObject
) -> None:
    words = data.draw(st.permutations([*noise, *[final] * times]))

    assert heard(start, words) is moves.state_of(final, None)


@given(start=st.sampled_from(UNDER_WAY), words=st.lists(st.sampled_from(WORDS), max_size=10))
def test_the_first_final_word_wins(start: MessageState, words: list[str]) -> None:
    states = [moves.state_of(word, None) for word in words]
    first = next((state for state in states if state is not None and moves.is_final(state)), None)

    assert first is None or heard(start, words) is first


@given(n=st.integers(-1, 10_000), jitter=st.floats(0, 1), wish=st.none() | st.floats(0, 3600))
def test_a_refused_request_waits_no_longer_than_the_ceiling_and_no_less_than_it_was_told(
    n: int, jitter: float, wish: float | None
) -> None:
    waited = moves.backoff(n, retry_after_s=wish, jitter=jitter)

    assert timedelta(seconds=wish or 0) <= waited + timedelta(microseconds=1)
    assert waited <= timedelta(seconds=(wish or 0) + moves.BACKOFF_MOST_S + 1)


def test_the_ceiling_doubles_from_try_to_try() -> None:
    waits = [moves.backoff(n, retry_after_s=None, jitter=1.0).total_seconds() for n in (1, 2, 3, 4, 8, 9, 50)]

    assert waits == [2, 4, 8, 16, 256, 300, 300]


def test_those_who_were_told_the_same_do_not_come_back_together() -> None:
    waits = {moves.backoff(1, retry_after_s=30, jitter=jitter) for jitter in (0.0, 0.5, 1.0)}

    assert len(waits) == 3
