"""The next step with its time, for whoever waits or is to be rung."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from worker.domain.campaigns import Kind
from worker.domain.next_steps import Coming, Place, coming
from worker.domain.recipients import FINAL, RecipientState
from worker.domain.reports import NextStep
from worker.domain.rungs import LadderStep, Rung, When

AT = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LADDER = (
    LadderStep(Rung.REMINDER, HOUR, When.SILENT, "heat_reminder"),
    LadderStep(Rung.VOICE, 90 * timedelta(minutes=1)),
    LadderStep(Rung.SECOND_NUMBER, 2 * HOUR, When.ALWAYS, "heat_orange_check"),
    LadderStep(Rung.CALLBACK, 4 * HOUR),
    LadderStep(Rung.PARTNER),
)
CHECK = builders.campaign(reply_deadline=None, reminder_text=None, reminder_after=None, ladder=LADDER)
ADVICE = replace(CHECK, kind=Kind.ADVICE, ladder=())


def place(**what: Any) -> Place:
    """A household whose text left and that is looked at again an hour later."""
    return Place(**{"state": RecipientState.WAITING, "contacted_at": AT, "due_at": AT + HOUR} | what)


@pytest.mark.parametrize(
    ("what", "step", "at"),
    [
        ({}, Rung.REMINDER, AT + HOUR),
        # put off to the opening of the window
        ({"due_at": AT + 90 * timedelta(minutes=1)}, Rung.REMINDER, AT + 90 * timedelta(minutes=1)),
        ({"due_at": AT + 2 * HOUR, "reminded": True}, Rung.SECOND_NUMBER, AT + 2 * HOUR),
        ({"due_at": AT + 4 * HOUR, "reminded": True, "second": True}, Rung.CALLBACK, AT + 4 * HOUR),
        # nobody waits for a step that cannot be taken
        ({"due_at": AT + 2 * HOUR, "reminded": True, "has_other": False}, Rung.CALLBACK, AT + 4 * HOUR),
        ({"due_at": AT + HOUR, "second": True}, Rung.CALLBACK, AT + 4 * HOUR),
        ({"contacted_at": None}, NextStep.TEXT, AT + HOUR),
        ({"contacted_at": None, "second": True}, Rung.SECOND_NUMBER, AT + HOUR),
        ({"state": RecipientState.CALLBACK, "reasons": ["no_reply"]}, Rung.CALLBACK, AT + HOUR),
        ({"state": RecipientState.CALLBACK, "reasons": ["no_reply", "partner"]}, Rung.PARTNER, AT + HOUR),
    ],
)
def test_the_next_step_is_told_with_its_time(what: dict[str, Any], step: Rung | NextStep, at: datetime) -> None:
    assert coming(CHECK, place(**what)) == Coming(step, at)


RINGING = replace(
    CHECK, ladder=tuple(replace(s, script="heat_orange_check") if s.step is Rung.VOICE else s for s in LADDER)
)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("what", "step", "at"),
    [
        ({"due_at": AT + 90 * MINUTE, "reminded": True}, Rung.VOICE, AT + 90 * MINUTE),
        # put off to the hours of the machine, and then waiting for a line or for its next try
        ({"due_at": AT + 110 * MINUTE, "reminded": True}, Rung.VOICE, AT + 110 * MINUTE),
        (
            {"due_at": AT + 4 * HOUR, "called": True, "call_due_at": AT + 50 * MINUTE},
            Rung.VOICE,
            AT + 50 * MINUTE,
        ),
        ({"contacted_at": None, "called": True, "call_due_at": AT}, Rung.VOICE, AT),
        # its tries are over: the next step is the one after it, and never the reminder before it
        ({"due_at": AT + HOUR, "called": True}, Rung.SECOND_NUMBER, AT + 2 * HOUR),
        ({"due_at": AT + HOUR, "called": True, "has_other": False}, Rung.CALLBACK, AT + 4 * HOUR),
        ({"state": RecipientState.CALLBACK, "called": True, "reasons": ["call_unanswered"]}, Rung.CALLBACK, AT + HOUR),
    ],
)
def test_a_call_by_the_machine_is_told_too(what: dict[str, Any], step: Rung, at: datetime) -> None:
    assert coming(RINGING, place(**what)) == Coming(step, at)


def test_an_advice_waits_for_its_receipt() -> None:
    assert coming(ADVICE, place()) == Coming(NextStep.ANSWER, AT + HOUR)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_follows_a_final_state(state: RecipientState) -> None:
    assert coming(CHECK, place(state=state)) is None


@given(
    due=st.integers(0, 600),
    reminded=st.booleans(),
    second=st.booleans(),
    other=st.booleans(),
    contacted=st.booleans(),
    campaign=st.sampled_from([CHECK, ADVICE, builders.campaign()]),
)
def test_whoever_waits_has_a_next_step_not_before_somebody_looks_again(
    *, due: int, reminded: bool, second: bool, other: bool, contacted: bool, campaign: Any
) -> None:
    looked_at = AT + timedelta(minutes=due)
    contacted_at = AT if contacted else None
    found = coming(
        campaign,
        place(due_at=looked_at, contacted_at=contacted_at, reminded=reminded, second=second, has_other=other),
    )

    assert found is not None
    assert found.at >= looked_at
