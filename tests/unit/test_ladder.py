"""The next rung for a household whose time has come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from worker.domain import ladder, rungs
from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import Exclusions, Kind, Level, Remedy
from worker.domain.ladder import Facts, MakeTask, SendReminder, SendSecond, Settle, Wait
from worker.domain.messages import MessageState
from worker.domain.recipients import FINAL, Reason, RecipientState
from worker.domain.rungs import LadderStep, Rung, When

OPENED = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
VOID = OPENED + timedelta(hours=8)
HOUR = timedelta(hours=1)
CHECK = builders.campaign(
    kind=Kind.CHECK_IN,
    level=Level.ORANGE,
    reply_deadline=4 * HOUR,
    reminder_text="heat_reminder",
    reminder_after=2 * HOUR,
    receipt_wait=2 * HOUR,
    exclusions=Exclusions(),
)
ADVICE = replace(CHECK, kind=Kind.ADVICE, reply_deadline=None, reminder_text=None, reminder_after=None)
RECORD_ALL = Exclusions(**dict.fromkeys(Exclusions.__dataclass_fields__, Remedy.RECORD))
CALL_ALL = Exclusions(**dict.fromkeys(Exclusions.__dataclass_fields__, Remedy.CALLBACK))


def facts(**what: Any) -> Facts:
    """A check-in whose text left at the opening and arrived; say what matters."""
    values: dict[str, Any] = {
        "campaign": CHECK,
        "reason": None,
        "contacted_at": OPENED,
        "reminded_at": None,
        "message_state": MessageState.DELIVERED,
        "reminders_from": OPENED,
        "void_at": VOID,
        "now": OPENED,
    }
    return Facts(**values | what)


@pytest.mark.parametrize(
    ("what", "rung"),
    [
        # before half time, at half time, after
        ({"now": OPENED + HOUR}, Wait(OPENED + 2 * HOUR)),
        ({"now": OPENED + 2 * HOUR}, SendReminder(OPENED + 4 * HOUR)),
        ({"now": OPENED + 3 * HOUR}, SendReminder(OPENED + 4 * HOUR)),
        ({"now": OPENED + 2 * HOUR, "message_state": MessageState.SENT}, SendReminder(OPENED + 4 * HOUR)),
        ({"now": OPENED + 2 * HOUR, "message_state": MessageState.UNKNOWN}, SendReminder(OPENED + 4 * HOUR)),
        # one reminder only
        ({"now": OPENED + 3 * HOUR, "reminded_at": OPENED + 2 * HOUR}, Wait(OPENED + 4 * HOUR)),
        # the window opens again before the deadline, after it, or not while the text is of use
        ({"now": OPENED + 2 * HOUR, "reminders_from": OPENED + 3 * HOUR}, Wait(OPENED + 3 * HOUR)),
        ({"now": OPENED + 2 * HOUR, "reminders_from": OPENED + 4 * HOUR}, Wait(OPENED + 4 * HOUR)),
        ({"now": OPENED + 2 * HOUR, "reminders_from": OPENED + 20 * HOUR}, Wait(OPENED + 4 * HOUR)),
        ({"now": OPENED + 2 * HOUR, "reminders_from": None}, Wait(OPENED + 4 * HOUR)),
        # a campaign without reminder
        ({"now": OPENED + 2 * HOUR, "campaign": replace(CHECK, reminder_text=None)}, Wait(OPENED + 4 * HOUR)),
        ({"now": OPENED + 2 * HOUR, "campaign": replace(CHECK, reminder_after=None)}, Wait(OPENED + 4 * HOUR)),
        # the deadline, by level; late is never too late
        ({"now": OPENED + 4 * HOUR}, MakeTask(TaskReason.NO_REPLY_ORANGE)),
        ({"now": OPENED + 400 * HOUR}, MakeTask(TaskReason.NO_REPLY_ORANGE)),
        ({"now": OPENED + 4 * HOUR, "campaign": replace(CHECK, level=Level.RED)}, MakeTask(TaskReason.NO_REPLY_RED)),
        ({"now": OPENED + 4 * HOUR, "campaign": replace(CHECK, level=Level.YELLOW)}, MakeTask(TaskReason.NO_REPLY)),
        ({"now": OPENED + 4 * HOUR, "campaign": replace(CHECK, level=Level.NONE)}, MakeTask(TaskReason.NO_REPLY)),
        ({"now": OPENED + 4 * HOUR, "reminders_from": None}, MakeTask(TaskReason.NO_REPLY_ORANGE)),
    ],
)
def test_silence_climbs_from_reminder_to_a_call(what: dict[str, Any], rung: ladder.Move) -> None:
    assert ladder.next_rung(facts(**what)) == rung


@pytest.mark.parametrize(
    ("what", "rung"),
    [
        ({"now": OPENED + HOUR, "message_state": MessageState.SENT}, Wait(OPENED + 2 * HOUR)),
        (
            {"now": OPENED + 2 * HOUR, "message_state": MessageState.SENT},
            Settle(RecipientState.INFORMED, Reason.UNCONFIRMED),
        ),
        ({"now": OPENED + HOUR}, Settle(RecipientState.INFORMED, Reason.DELIVERED)),
        # it may never have left, or waits to leave once more: nobody was told anything yet
        *(
            ({"now": OPENED + after, "message_state": state}, Wait(OPENED + max(2 * HOUR, after + ladder.LOOK_AGAIN)))
            for state in (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)
            for after in (HOUR, 2 * HOUR, 8 * HOUR)
        ),
        # and nobody will ever know
        *(
            ({"now": VOID + ladder.GIVE_UP_AFTER, "message_state": state}, MakeTask(TaskReason.UNDELIVERED))
            for state in (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)
        ),
        # it ended, and nobody told the recipient
        ({"now": OPENED + 2 * HOUR, "message_state": MessageState.FAILED}, MakeTask(TaskReason.UNDELIVERED)),
        ({"now": OPENED + 2 * HOUR, "message_state": MessageState.CANCELLED}, MakeTask(TaskReason.UNDELIVERED)),
        ({"now": OPENED + 2 * HOUR, "message_state": None}, MakeTask(TaskReason.UNDELIVERED)),
        (
            {"now": OPENED + HOUR, "reason": Reason.UNDELIVERED, "message_state": MessageState.UNDELIVERED},
            MakeTask(TaskReason.UNDELIVERED),
        ),
    ],
)
def test_advice_owes_a_text_and_no_answer(what: dict[str, Any], rung: ladder.Move) -> None:
    assert ladder.next_rung(facts(campaign=ADVICE, **what)) == rung


@pytest.mark.parametrize(
    ("reason", "task", "state"),
    [
        (Reason.OPTED_OUT, TaskReason.OPTED_OUT, RecipientState.EXCLUDED),
        (Reason.ON_HOLD, TaskReason.MANUAL, RecipientState.EXCLUDED),
        (Reason.NO_PHONE, TaskReason.NO_MOBILE, RecipientState.EXCLUDED),
        (Reason.LANDLINE_ONLY, TaskReason.NO_MOBILE, RecipientState.EXCLUDED),
        (Reason.CONTACTED_TODAY, TaskReason.MANUAL, RecipientState.EXCLUDED),
        (Reason.UNDELIVERED, TaskReason.UNDELIVERED, RecipientState.UNREACHED),
        (Reason.NUMBER_REFUSED, TaskReason.UNDELIVERED, RecipientState.UNREACHED),
        (Reason.EXPIRED, TaskReason.UNDELIVERED, RecipientState.UNREACHED),
        (Reason.UNKNOWN_OUTCOME, TaskReason.UNDELIVERED, RecipientState.UNREACHED),
    ],
)
@pytest.mark.parametrize("campaign", [CHECK, ADVICE])
@pytest.mark.parametrize("contacted_at", [None, OPENED])
def test_whom_a_text_cannot_reach_is_rung_or_recorded_as_the_campaign_says(
    campaign: Any, contacted_at: datetime | None, reason: Reason, task: TaskReason, state: RecipientState
) -> None:
    known = facts(reason=reason, contacted_at=contacted_at, message_state=None)

    rung = ladder.next_rung(replace(known, campaign=replace(campaign, exclusions=CALL_ALL)))
    recorded = ladder.next_rung(replace(known, campaign=replace(campaign, exclusions=RECORD_ALL)))

    assert rung == MakeTask(task)
    assert recorded == Settle(state, reason)


@pytest.mark.parametrize(
    ("state", "now", "rung"),
    [
        (MessageState.QUEUED, VOID, Wait(VOID + ladder.LOOK_AGAIN)),
        (MessageState.SENDING, VOID, Wait(VOID + ladder.LOOK_AGAIN)),
        (MessageState.UNKNOWN, VOID, Wait(VOID + ladder.LOOK_AGAIN)),
        (MessageState.SENT, VOID, Wait(VOID + ladder.LOOK_AGAIN)),
        (MessageState.QUEUED, VOID + ladder.GIVE_UP_AFTER, MakeTask(TaskReason.UNDELIVERED)),
        (MessageState.UNKNOWN, VOID + ladder.GIVE_UP_AFTER, MakeTask(TaskReason.UNDELIVERED)),
        # ended, and nobody told the recipient: another household on the same number, say
        (MessageState.CANCELLED, VOID, MakeTask(TaskReason.UNDELIVERED)),
        (MessageState.FAILED, VOID, MakeTask(TaskReason.UNDELIVERED)),
        (MessageState.UNDELIVERED, VOID, MakeTask(TaskReason.UNDELIVERED)),
        (MessageState.EXPIRED, VOID, MakeTask(TaskReason.UNDELIVERED)),
        (MessageState.SUPPRESSED, VOID, MakeTask(TaskReason.OPTED_OUT)),
        (None, VOID, MakeTask(TaskReason.UNDELIVERED)),
    ],
)
def test_who_was_never_contacted_waits_while_the_text_is_under_way_and_no_longer(
    state: MessageState | None, now: datetime, rung: ladder.Move
) -> None:
    assert ladder.next_rung(facts(contacted_at=None, message_state=state, now=now)) == rung


def test_a_text_that_was_delivered_after_all_counts_as_good_news() -> None:
    known = facts(reason=Reason.UNKNOWN_OUTCOME, message_state=MessageState.DELIVERED, now=OPENED + HOUR)

    assert ladder.next_rung(known) == Wait(OPENED + 2 * HOUR)


MINUTE = timedelta(minutes=1)
REMINDER = LadderStep(Rung.REMINDER, HOUR, When.SILENT, "heat_reminder")
VOICE = LadderStep(Rung.VOICE, 90 * MINUTE)
SECOND = LadderStep(Rung.SECOND_NUMBER, 2 * HOUR, When.ALWAYS, "heat_orange_check")
CALLBACK = LadderStep(Rung.CALLBACK, 4 * HOUR)
LADDER = (REMINDER, VOICE, SECOND, CALLBACK, LadderStep(Rung.TRUSTED_CONTACT), LadderStep(Rung.PARTNER))
WRITTEN = replace(CHECK, reply_deadline=None, reminder_text=None, reminder_after=None, ladder=LADDER)


def climbing(**what: Any) -> Facts:
    """The same on a ladder with every step, in a household with another number."""
    return facts(**{"campaign": WRITTEN, "texts_from": OPENED, "has_second": True} | what)


def test_the_short_form_is_the_same_ladder() -> None:
    written = replace(WRITTEN, ladder=(replace(REMINDER, after=2 * HOUR), CALLBACK))

    assert CHECK.rungs == written.rungs
    assert (CHECK.calls_after, CHECK.reminder) == (written.calls_after, written.reminder)


@pytest.mark.parametrize(
    ("what", "rung"),
    [
        ({"now": OPENED + MINUTE}, Wait(OPENED + HOUR)),
        ({"now": OPENED + HOUR}, SendReminder(OPENED + 2 * HOUR)),
        ({"now": OPENED + HOUR, "reminders_from": None}, Wait(OPENED + 2 * HOUR)),
        # the machine does not ring yet: nobody waits for it
        ({"now": OPENED + 90 * MINUTE, "reminded_at": OPENED + HOUR}, Wait(OPENED + 2 * HOUR)),
        ({"now": OPENED + 2 * HOUR, "reminded_at": OPENED + HOUR}, SendSecond(OPENED + 4 * HOUR)),
        ({"now": OPENED + 2 * HOUR, "reminded_at": OPENED + HOUR, "texts_from": None}, Wait(OPENED + 4 * HOUR)),
        ({"now": OPENED + 2 * HOUR, "reminded_at": OPENED + HOUR, "has_second": False}, Wait(OPENED + 4 * HOUR)),
        # a ladder is climbed upwards only
        ({"now": OPENED + 3 * HOUR, "second_state": MessageState.SENT}, Wait(OPENED + 4 * HOUR)),
        ({"now": OPENED + 3 * HOUR, "second_state": MessageState.FAILED}, Wait(OPENED + 4 * HOUR)),
        ({"now": OPENED + 4 * HOUR, "second_state": MessageState.SENT}, MakeTask(TaskReason.NO_REPLY_ORANGE)),
    ],
)
def test_a_written_ladder_is_climbed_step_by_step(what: dict[str, Any], rung: ladder.Move) -> None:
    assert ladder.next_rung(climbing(**what)) == rung


@pytest.mark.parametrize(
    ("what", "rung"),
    [
        ({}, SendSecond(OPENED + 4 * HOUR)),
        ({"contacted_at": None}, SendSecond(OPENED + 10 * MINUTE + ladder.LOOK_AGAIN)),
        ({"has_second": False}, MakeTask(TaskReason.UNDELIVERED)),
        ({"texts_from": OPENED + HOUR}, MakeTask(TaskReason.UNDELIVERED)),
        ({"now": OPENED + 4 * HOUR}, MakeTask(TaskReason.UNDELIVERED)),
        ({"second_state": MessageState.UNDELIVERED}, MakeTask(TaskReason.UNDELIVERED)),
        ({"second_state": MessageState.DELIVERED}, Wait(OPENED + 4 * HOUR)),
        ({"second_state": MessageState.QUEUED, "contacted_at": None}, Wait(OPENED + 11 * MINUTE)),
        # another number does not help against the household's wish, nor against the hour
        ({"reason": Reason.OPTED_OUT}, MakeTask(TaskReason.OPTED_OUT)),
        ({"reason": Reason.EXPIRED}, MakeTask(TaskReason.UNDELIVERED)),
        ({"reason": Reason.NUMBER_REFUSED}, SendSecond(OPENED + 4 * HOUR)),
        ({"reason": Reason.LANDLINE_ONLY}, SendSecond(OPENED + 4 * HOUR)),
    ],
)
def test_whom_the_text_did_not_reach_is_written_to_elsewhere_at_once(what: dict[str, Any], rung: ladder.Move) -> None:
    failed = {"reason": Reason.UNDELIVERED, "message_state": MessageState.UNDELIVERED, "now": OPENED + 10 * MINUTE}

    assert ladder.next_rung(climbing(**failed | what)) == rung


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], ["trusted_contact", "partner"]),
        (["no_reply", "trusted_contact"], ["partner"]),
        (["partner"], []),
        (["trusted_contact", "partner"], []),
    ],
)
def test_after_the_tries_the_call_climbs_upwards_too(taken: list[str], left: list[str]) -> None:
    assert [step.step for step in rungs.on_the_call(LADDER, taken)] == left


@pytest.mark.parametrize(
    ("reasons", "whom"),
    [
        (["no_reply"], Rung.CALLBACK),
        (["no_reply", "trusted_contact"], Rung.TRUSTED_CONTACT),
        (["no_reply", "partner", "trusted_contact"], Rung.PARTNER),
    ],
)
def test_a_call_says_whom_it_is_for(reasons: list[str], whom: Rung) -> None:
    assert rungs.on_the_line(reasons) is whom


def test_more_time_to_answer_moves_the_call_alone() -> None:
    longer = WRITTEN.longer(HOUR)

    assert longer.calls_after == 5 * HOUR
    assert [s for s in longer.rungs if s.step is not Rung.CALLBACK] == [
        s for s in WRITTEN.rungs if s.step is not Rung.CALLBACK
    ]
    assert CHECK.longer(HOUR).calls_after == 5 * HOUR


moments = st.datetimes(datetime(2026, 7, 7), datetime(2026, 7, 20), timezones=st.just(UTC))  # noqa: DTZ001  # naive bounds
FAILURES = (*Exclusions.__dataclass_fields__, "number_refused", "unknown_outcome")
all_facts = st.builds(
    Facts,
    campaign=st.builds(
        replace,
        st.sampled_from(
            [CHECK, ADVICE, WRITTEN, replace(CHECK, reminder_after=None), replace(CHECK, reply_deadline=None)]
        ),
        level=st.sampled_from(Level),
        exclusions=st.sampled_from([Exclusions(), RECORD_ALL, CALL_ALL]),
    ),
    reason=st.none() | st.sampled_from([Reason(f) for f in FAILURES]),
    contacted_at=st.none() | moments,
    reminded_at=st.none() | moments,
    message_state=st.none() | st.sampled_from(MessageState),
    reminders_from=st.none() | moments,
    void_at=moments,
    now=moments,
    texts_from=st.none() | moments,
    has_second=st.booleans(),
    second_state=st.none() | st.sampled_from(MessageState),
)


@given(all_facts)
def test_nobody_is_forgotten(known: Facts) -> None:
    """Whatever is known, there is a task, a final state, or a time to come at which somebody looks again."""
    match ladder.next_rung(known):
        case SendReminder(due_at):
            assert due_at > known.now
            assert known.reminded_at is None
        case SendSecond(due_at):
            assert due_at > known.now
            assert known.has_second
            assert known.second_state is None
        case Wait(until):
            assert until > known.now
        case Settle(state, _):
            assert state in FINAL
        case MakeTask(reason):
            assert reason in TaskReason


@given(all_facts)
def test_nobody_is_informed_by_a_text_that_the_provider_never_took(known: Facts) -> None:
    move = ladder.next_rung(known)

    if isinstance(move, Settle) and move.state is RecipientState.INFORMED:
        assert known.message_state in {MessageState.SENT, MessageState.DELIVERED}


# What may happen to a text between two looks: nothing, or a word about its fate.
fates = st.lists(st.none() | st.sampled_from(MessageState), min_size=90, max_size=90)


@given(known=all_facts, fates=fates)
def test_who_waits_reaches_an_end_in_a_few_steps_and_takes_none_twice(
    known: Facts, fates: list[MessageState | None]
) -> None:
    taken: list[type] = []
    for fate in fates:
        move = ladder.next_rung(known)
        if isinstance(move, MakeTask | Settle):
            assert len(set(taken)) == len(taken)
            return
        known = _later(known, move, fate)
        taken += [] if isinstance(move, Wait) else [type(move)]
    raise AssertionError(known)


def _later(known: Facts, move: SendReminder | SendSecond | Wait, fate: MessageState | None) -> Facts:
    """When somebody looks again, whatever became of the text to the other number."""
    at = move.until if isinstance(move, Wait) else move.due_at
    second = known.second_state
    if isinstance(move, SendSecond) or second is not None:
        second = fate or second or MessageState.QUEUED
    return replace(
        known,
        now=max(at, known.void_at) if known.contacted_at is None else at,
        reminded_at=known.now if isinstance(move, SendReminder) else known.reminded_at,
        second_state=second,
    )
