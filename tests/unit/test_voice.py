"""What a call by the machine comes to, in whatever order that is told, and when it is tried again."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import voice
from worker.domain.messages import MessageState
from worker.domain.replies import Intent
from worker.domain.voice import Call, CallEnd, Tried, Word

PARIS = ZoneInfo("Europe/Paris")
MORNING = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)  # 10:00 in Paris
MINUTE = timedelta(minutes=1)
COMPLETED = Word(status="completed", sequence=3, duration_s=20)

ENDINGS = {
    "a key is pressed": ([COMPLETED, Word(key="1")], CallEnd.ANSWERED),
    "a key is pressed before anything else is told": ([Word(key="2")], CallEnd.ANSWERED),
    "a key proves a person where a machine was suspected": (
        [Word(answered_by="machine_start"), Word(key="1"), COMPLETED],
        CallEnd.ANSWERED,
    ),
    "picked up and nothing more": ([COMPLETED], CallEnd.HUNG_UP),
    "heard out in silence": ([Word(heard_out=True), COMPLETED], CallEnd.NO_INPUT),
    "a key that means nothing": ([Word(key="5"), Word(heard_out=True), COMPLETED], CallEnd.WRONG_KEY),
    "two keys at once are none": ([Word(key="12"), COMPLETED], CallEnd.WRONG_KEY),
    "asking to repeat is no answer and no slip": ([Word(key="3"), COMPLETED], CallEnd.HUNG_UP),
    "a machine": ([Word(answered_by="machine_start"), COMPLETED], CallEnd.MACHINE),
    "a machine after the beep": ([Word(answered_by="machine_end_beep"), COMPLETED], CallEnd.MACHINE),
    "a machine that heard the question out": (
        [Word(answered_by="machine_start"), Word(heard_out=True), COMPLETED],
        CallEnd.MACHINE,
    ),
    "a fax": ([Word(answered_by="fax"), COMPLETED], CallEnd.FAX),
    "somebody, says the detection": ([Word(answered_by="human"), COMPLETED], CallEnd.HUNG_UP),
    "nobody knows who": ([Word(answered_by="unknown"), COMPLETED], CallEnd.HUNG_UP),
    "busy": ([Word(status="busy", sequence=2, sip_code=486)], CallEnd.BUSY),
    "not answered": ([Word(status="no-answer", sequence=2, sip_code=487)], CallEnd.NO_ANSWER),
    "a number that is dead": ([Word(status="failed", sequence=2, sip_code=404)], CallEnd.DEAD),
    "a call that failed": ([Word(status="failed", sequence=2, sip_code=503)], CallEnd.FAILED),
    "a call that failed without a reason": ([Word(status="failed")], CallEnd.FAILED),
    "declined by hand": ([Word(status="busy", sequence=2, sip_code=603)], CallEnd.REJECTED),
    "a caller id that is refused": ([Word(status="failed", sequence=2, sip_code=403)], CallEnd.REJECTED),
    "unwanted": ([Word(status="failed", sequence=2, sip_code=607)], CallEnd.REJECTED),
    "rejected by a filter": ([Word(status="no-answer", sequence=2, sip_code=608)], CallEnd.REJECTED),
    "a filter that let it through": ([Word(status="completed", sequence=2, sip_code=603)], CallEnd.HUNG_UP),
    "cancelled": ([Word(status="canceled")], CallEnd.CANCELLED),
    "still ringing": ([Word(status="ringing", sequence=1)], None),
    "picked up, still talking": ([Word(status="in-progress", sequence=2), Word(answered_by="human")], None),
    "a word nobody knows": ([Word(status="teleported")], None),
}


def told(words: list[Word]) -> Call:
    call = Call()
    for word in words:
        call = voice.after(call, word)
    return call


@pytest.mark.parametrize("what", ENDINGS)
def test_a_call_comes_to_one_thing(what: str) -> None:
    words, end = ENDINGS[what]

    assert voice.end_of(told(words)) is end


STORY = st.sampled_from([words for words, _end in ENDINGS.values()])
EARLY = [
    Word(status="queued"),
    Word(status="initiated", sequence=0),
    Word(status="ringing", sequence=1),
    Word(status="in-progress", sequence=2),
    Word(key="3"),
]


@given(STORY.flatmap(lambda words: st.tuples(st.just(words), st.permutations([*words, *words, *EARLY]))))
def test_any_order_of_words_and_any_repetition_comes_to_the_same(told_of: tuple[list[Word], list[Word]]) -> None:
    words, shuffled = told_of

    assert voice.end_of(told(shuffled)) is voice.end_of(told([*EARLY, *words]))
    assert told(shuffled) == told([*EARLY, *words])


@given(st.permutations([Word(key="1"), Word(key="2"), Word(key="9"), COMPLETED]))
def test_of_several_keys_the_call_for_help_weighs_most(words: list[Word]) -> None:
    assert told(list(words)).key == "2"


def test_a_late_word_never_reopens_a_call() -> None:
    call = told([COMPLETED, Word(status="ringing", sequence=1)])

    assert call.is_over
    assert call.status == "completed"


def test_only_a_key_counts_as_delivered() -> None:
    delivered = {end for end, state in voice.STATE_OF_END.items() if state is MessageState.DELIVERED}

    assert delivered == {CallEnd.ANSWERED}


def test_the_keys_mean_what_the_question_offers() -> None:
    assert voice.INTENT_OF_KEY == {"1": Intent.OK, "2": Intent.HELP, "9": Intent.STOP}


def tried(**changes: object) -> Tried:
    values = {"calls": 1, "alike": 1, "most": 3, "ended_at": MORNING, "until": MORNING + 4 * 60 * MINUTE, "spread": 0.5}
    return Tried(**values | changes)  # type: ignore[arg-type]


def again(end: CallEnd, **changes: object) -> datetime | None:
    return voice.next_call(end, tried(**changes), opening=lambda at: at, tz=PARIS)


AGAIN = {
    CallEnd.BUSY: (10, 30),
    CallEnd.NO_ANSWER: (30, 60),
    CallEnd.FAILED: (10, 30),
}


@pytest.mark.parametrize("end", AGAIN)
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_the_machine_rings_again_after_a_while(end: CallEnd, spread: float) -> None:
    earliest, latest = AGAIN[end]

    assert again(end, spread=spread) == MORNING + (latest if spread else earliest) * MINUTE


def test_who_did_not_take_the_call_is_rung_in_the_other_half_of_the_day_outside_alerts() -> None:
    afternoon = datetime(2026, 7, 8, 11, 0, tzinfo=UTC)

    assert again(CallEnd.NO_ANSWER, apart=None) == afternoon


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_in_an_alert_calls_that_nobody_takes_are_as_far_apart_as_those_of_people(spread: float) -> None:
    apart = timedelta(minutes=90)

    assert again(CallEnd.NO_ANSWER, apart=apart, spread=spread) == MORNING + apart + spread * 30 * MINUTE


@pytest.mark.parametrize("apart", [None, timedelta(minutes=90)])
def test_a_call_that_nobody_took_is_made_again_sooner_where_the_usual_distance_comes_too_late(
    apart: timedelta | None,
) -> None:
    assert again(CallEnd.NO_ANSWER, apart=apart, until=MORNING + 80 * MINUTE, spread=0.0) == MORNING + 30 * MINUTE


@pytest.mark.parametrize("end", [CallEnd.BUSY, CallEnd.FAILED])
def test_a_busy_line_is_tried_again_soon_at_any_level(end: CallEnd) -> None:
    assert again(end, apart=None, spread=0.0) == MORNING + 10 * MINUTE


@pytest.mark.parametrize("end", sorted(set(CallEnd) - set(voice.AGAIN)))
def test_who_picked_up_or_cannot_be_rung_is_not_rung_again(end: CallEnd) -> None:
    assert again(end) is None


def test_three_calls_are_enough() -> None:
    assert again(CallEnd.BUSY, calls=2) is not None
    assert again(CallEnd.BUSY, calls=3) is None


def test_a_call_that_would_come_too_late_is_not_made() -> None:
    assert again(CallEnd.BUSY, until=MORNING + 5 * MINUTE) is None


def test_after_a_machine_one_more_call_in_the_other_half_of_the_day() -> None:
    afternoon = datetime(2026, 7, 8, 11, 0, tzinfo=UTC)

    assert again(CallEnd.MACHINE) == afternoon
    assert again(CallEnd.MACHINE, alike=2, calls=2) is None


def test_after_a_machine_soon_where_the_other_half_of_the_day_is_too_late() -> None:
    assert again(CallEnd.MACHINE, until=MORNING + 120 * MINUTE, spread=0.0) == MORNING + 60 * MINUTE


def test_after_a_machine_of_an_evening_the_next_morning_when_there_is_time() -> None:
    evening = datetime(2026, 7, 8, 15, 0, tzinfo=UTC)
    at = again(CallEnd.MACHINE, ended_at=evening, until=evening + timedelta(days=2))

    assert at == datetime(2026, 7, 8, 22, 0, tzinfo=UTC)  # midnight in Paris: the hours of the line do the rest


def test_the_next_call_falls_into_the_hours_of_the_line() -> None:
    opens = MORNING + 120 * MINUTE
    at = voice.next_call(CallEnd.BUSY, tried(), opening=lambda at: max(at, opens), tz=PARIS)

    assert at == opens


@pytest.mark.parametrize(
    ("keys", "mornings", "half"),
    [
        (3, 3, voice.Half.MORNING),
        (3, 0, voice.Half.AFTERNOON),
        (3, 1, None),
        (3, 2, None),
        (2, 2, None),
        (0, 0, None),
    ],
)
def test_only_several_keys_of_one_half_of_the_day_tell_when_somebody_is_in(
    keys: int, mornings: int, half: voice.Half | None
) -> None:
    assert voice.usual_half(keys, mornings) is half
