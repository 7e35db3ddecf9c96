"""The next rung where the machine rings too: in its turn, in place of a text, and what follows each end of a call."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import builders
from worker.domain import ladder
from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import Exclusions, Level, Remedy
from worker.domain.ladder import Facts, MakeTask, Move, PlaceCall, SendReminder, SendSecond, Settle, Wait
from worker.domain.messages import MessageState
from worker.domain.recipients import Reason, RecipientState
from worker.domain.rungs import LadderStep, Rung, When
from worker.domain.voice import CallEnd

OPENED = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
VOID = OPENED + 8 * HOUR
LAST_LOOK, DEADLINE = VOID + HOUR, OPENED + 4 * HOUR
CALL_ALL = Exclusions(**dict.fromkeys(Exclusions.__dataclass_fields__, Remedy.CALLBACK))
RECORD_ALL = Exclusions(**dict.fromkeys(Exclusions.__dataclass_fields__, Remedy.RECORD))


def climbing(when: When = When.ALWAYS, *more: LadderStep, exclusions: Exclusions = CALL_ALL) -> Any:
    """A check-in that reminds after an hour, rings after two, and hands over after four."""
    steps = (
        LadderStep(Rung.REMINDER, HOUR, When.SILENT, "heat_reminder"),
        LadderStep(Rung.VOICE, 2 * HOUR, when, script="heat_orange_check"),
        *more,
        LadderStep(Rung.CALLBACK, 4 * HOUR),
    )
    said = {"reply_deadline": None, "reminder_text": None, "reminder_after": None}
    return builders.campaign(**said, ladder=steps, exclusions=exclusions)


SECOND = LadderStep(Rung.SECOND_NUMBER, 3 * HOUR, When.ALWAYS, "heat_orange_check")


def facts(**what: Any) -> Facts:
    """Who was written to at the opening, got it, was reminded, and may be rung from now on; say what matters."""
    values: dict[str, Any] = {
        "campaign": climbing(),
        "reason": None,
        "contacted_at": OPENED,
        "reminded_at": OPENED + HOUR,
        "message_state": MessageState.DELIVERED,
        "reminders_from": OPENED,
        "void_at": VOID,
        "now": OPENED + 2 * HOUR,
        "calls_from": OPENED,
    }
    return Facts(**values | what)


def unwritten(reason: Reason, **what: Any) -> Facts:
    """Who got no text at all, at the opening."""
    nothing = {"contacted_at": None, "reminded_at": None, "message_state": None, "now": OPENED}
    return facts(reason=reason, **nothing | what)


def not_arrived(reason: Reason = Reason.UNDELIVERED, **what: Any) -> Facts:
    """Whose first text left and did not arrive."""
    return facts(reason=reason, **{"message_state": MessageState.UNDELIVERED, "reminded_at": None} | what)


@pytest.mark.parametrize(
    ("what", "move"),
    [
        ({}, PlaceCall(DEADLINE)),
        ({"now": OPENED + 1.5 * HOUR}, Wait(OPENED + 2 * HOUR)),
        ({"now": OPENED + HOUR, "reminded_at": None}, SendReminder(OPENED + 2 * HOUR)),
        # the machine's hours have not begun, begin too late, or there is no line
        ({"calls_from": OPENED + 3 * HOUR}, Wait(OPENED + 3 * HOUR)),
        ({"calls_from": OPENED + 5 * HOUR}, Wait(DEADLINE)),
        ({"calls_from": None}, Wait(DEADLINE)),
        # it was made: its tries have until a person rings
        ({"call_state": MessageState.QUEUED}, Wait(DEADLINE)),
        ({"call_state": MessageState.SENT}, Wait(DEADLINE)),
        ({"now": DEADLINE, "call_state": MessageState.SENT}, MakeTask(TaskReason.NO_REPLY_ORANGE)),
        # a call for whom the text does not reach alone is none for silence
        ({"campaign": climbing(When.UNDELIVERED)}, Wait(DEADLINE)),
    ],
)
def test_who_stays_silent_is_rung_in_their_turn(what: dict[str, Any], move: Move) -> None:
    assert ladder.next_rung(facts(**what)) == move


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (CallEnd.NO_INPUT, TaskReason.CALL_NO_KEY),
        (CallEnd.WRONG_KEY, TaskReason.CALL_NO_KEY),
        (CallEnd.HUNG_UP, TaskReason.CALL_NO_KEY),
        (CallEnd.REJECTED, TaskReason.CALL_FAILED),
        (CallEnd.MACHINE, TaskReason.CALL_UNANSWERED),
        (CallEnd.BUSY, TaskReason.CALL_UNANSWERED),
        (CallEnd.NO_ANSWER, TaskReason.CALL_UNANSWERED),
        (CallEnd.FAX, TaskReason.CALL_FAILED),
        (CallEnd.DEAD, TaskReason.CALL_FAILED),
        (CallEnd.FAILED, TaskReason.CALL_FAILED),
        (CallEnd.CANCELLED, None),
    ],
)
def test_a_person_is_told_what_the_machines_call_came_to(end: CallEnd, told: TaskReason | None) -> None:
    over = {"call_state": MessageState.UNDELIVERED, "call_end": end}
    silent = facts(now=DEADLINE, **over)
    only_called = unwritten(Reason.LANDLINE_ONLY, contacted_at=OPENED, now=OPENED + HOUR, **over)
    first = TaskReason.NO_MOBILE if told in {None, TaskReason.CALL_FAILED} else TaskReason.NO_REPLY_ORANGE

    assert ladder.next_rung(silent) == MakeTask(TaskReason.NO_REPLY_ORANGE, told)
    assert ladder.next_rung(only_called) == MakeTask(first, told)


@pytest.mark.parametrize("reason", [Reason.LANDLINE_ONLY, Reason.ANSWERS_CALLS])
@pytest.mark.parametrize(
    ("what", "move"),
    [
        # in an alert their time runs from when they could be rung, line or no line
        ({}, PlaceCall(DEADLINE)),
        ({"campaign": replace(climbing(), level=Level.NONE)}, PlaceCall(LAST_LOOK)),
        ({"calls_from": OPENED + 3 * HOUR}, PlaceCall(DEADLINE + 3 * HOUR)),
        ({"call_state": MessageState.QUEUED, "call_owed_from": OPENED + HOUR}, Wait(DEADLINE + HOUR)),
        (
            {"call_state": MessageState.QUEUED, "call_owed_from": OPENED, "now": DEADLINE},
            MakeTask(TaskReason.NO_REPLY_ORANGE),
        ),
        # it is being made: its first word starts the time
        ({"call_state": MessageState.SENDING, "call_owed_from": OPENED, "now": DEADLINE}, Wait(LAST_LOOK)),
        ({"call_state": MessageState.SENT, "contacted_at": OPENED}, Wait(DEADLINE)),
        # it is in the air, or its key is not read yet, as their time ends
        *(
            (
                {"call_state": state, "contacted_at": OPENED, "now": DEADLINE, "call_end": end},
                MakeTask(TaskReason.NO_REPLY_ORANGE),
            )
            for state, end in (
                (MessageState.SENDING, None),
                (MessageState.UNKNOWN, None),
                (MessageState.SENT, None),
                (MessageState.DELIVERED, CallEnd.ANSWERED),
            )
        ),
    ],
)
def test_who_is_only_rung_is_rung_at_once(reason: Reason, what: dict[str, Any], move: Move) -> None:
    assert ladder.next_rung(unwritten(reason, **what)) == move


@pytest.mark.parametrize("reason", [Reason.UNDELIVERED, Reason.NUMBER_REFUSED, Reason.LANDLINE_ONLY])
def test_whom_the_text_does_not_reach_is_rung_before_a_person_rings(reason: Reason) -> None:
    assert ladder.next_rung(not_arrived(reason)) == PlaceCall(DEADLINE)
    assert isinstance(ladder.next_rung(not_arrived(reason, calls_from=None)), MakeTask)
    assert isinstance(ladder.next_rung(not_arrived(reason, campaign=climbing(When.SILENT))), MakeTask)


@pytest.mark.parametrize(
    "reason", [Reason.OPTED_OUT, Reason.ON_HOLD, Reason.NO_PHONE, Reason.PREFERS_CALL, Reason.CONTACTED_TODAY]
)
def test_the_machine_does_not_ring_whom_a_wish_or_an_absence_keeps_from_texts(reason: Reason) -> None:
    assert isinstance(ladder.next_rung(unwritten(reason)), MakeTask)


@pytest.mark.parametrize("reason", [Reason.REFUSED, Reason.MOVED, Reason.DECEASED])
def test_who_refused_or_left_is_not_rung_either(reason: Reason) -> None:
    assert isinstance(ladder.next_rung(unwritten(reason)), Settle)


def test_after_a_call_in_vain_the_other_number_is_written_to_and_then_a_person_rings() -> None:
    over = {"call_state": MessageState.UNDELIVERED, "call_end": CallEnd.NO_ANSWER, "texts_from": OPENED}
    climbs = climbing(When.ALWAYS, SECOND)

    assert ladder.next_rung(not_arrived(campaign=climbs, has_second=True, **over)) == SendSecond(DEADLINE)
    assert ladder.next_rung(not_arrived(campaign=climbs, **over)) == MakeTask(
        TaskReason.UNDELIVERED, TaskReason.CALL_UNANSWERED
    )


def test_a_ladder_is_not_climbed_down_from_the_other_number_to_the_call() -> None:
    written = facts(campaign=climbing(When.ALWAYS, SECOND), second_state=MessageState.DELIVERED, now=OPENED + 3 * HOUR)

    assert ladder.next_rung(written) == Wait(DEADLINE)


def test_where_nobody_is_to_ring_a_call_in_vain_is_recorded_as_unreached_and_not_as_left_out() -> None:
    only = climbing(exclusions=RECORD_ALL)
    rung = unwritten(Reason.LANDLINE_ONLY, campaign=only, call_state=MessageState.UNDELIVERED, call_end=CallEnd.FAX)

    assert ladder.next_rung(rung) == Settle(RecipientState.UNREACHED, Reason.LANDLINE_ONLY)
    assert ladder.next_rung(unwritten(Reason.LANDLINE_ONLY, campaign=only, calls_from=None)) == Settle(
        RecipientState.EXCLUDED, Reason.LANDLINE_ONLY
    )


def test_a_call_of_which_nobody_can_tell_is_given_up_in_the_end() -> None:
    lost = unwritten(Reason.LANDLINE_ONLY, call_state=MessageState.UNKNOWN, now=LAST_LOOK)

    assert isinstance(ladder.next_rung(lost), MakeTask)
