"""How a call ended, and when to ring again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import calendar, outcomes
from worker.domain.campaigns import ATTEMPTS_OF_LEVEL, Attempts, Level
from worker.domain.outcomes import RULES, OutcomeCode
from worker.domain.recipients import FINAL, Reason, RecipientState

PARIS = ZoneInfo("Europe/Paris")
HOURS = calendar.CallHours()
BASTILLE = frozenset({date(2026, 7, 14)})


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def of_level(level: Level) -> dict[str, Any]:
    """What a campaign of that level says about tries when its file says nothing."""
    return {"tries": ATTEMPTS_OF_LEVEL[level], "urgent": level in {Level.ORANGE, Level.RED}}


def next_try(
    code: OutcomeCode, at: str, *, level: Level = Level.NONE, made: int = 1, **more: datetime
) -> datetime | None:
    return outcomes.next_try(
        code, calls_made=made, **of_level(level), now=paris(at), hours=HOURS, tz=PARIS, holidays=BASTILLE, **more
    )


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (OutcomeCode.REACHED_OK, RecipientState.REACHED),
        (OutcomeCode.REACHED_OK_PROXY, RecipientState.REACHED),
        (OutcomeCode.REACHED_NEED, RecipientState.REACHED),
        (OutcomeCode.REACHED_URGENT, RecipientState.REACHED),
        (OutcomeCode.REFUSED_TODAY, RecipientState.REACHED),
        (OutcomeCode.REFUSED_ALWAYS, RecipientState.REACHED),
        (OutcomeCode.ABSENT, RecipientState.ABSENT),
        (OutcomeCode.HOSPITAL, RecipientState.ABSENT),
        (OutcomeCode.MOVED, RecipientState.UNREACHED),
        (OutcomeCode.DECEASED, RecipientState.UNREACHED),
        (OutcomeCode.UNREACHABLE, RecipientState.UNREACHED),
        (OutcomeCode.CALL_LATER, None),
        (OutcomeCode.NO_ANSWER, None),
        (OutcomeCode.BUSY, None),
        (OutcomeCode.VOICEMAIL, None),
        (OutcomeCode.WRONG_NUMBER, None),
        (OutcomeCode.NOT_IN_SERVICE, None),
        (OutcomeCode.LANGUAGE, None),
    ],
)
def test_each_ending_settles_the_household_or_leaves_the_call_owed(
    code: OutcomeCode, state: RecipientState | None
) -> None:
    assert RULES[code].state is state
    assert state is None or state in FINAL


def test_every_ending_has_its_rule() -> None:
    assert set(RULES) == set(OutcomeCode)


def test_what_else_follows_is_said_for_those_it_follows_from() -> None:
    assert {c for c, r in RULES.items() if r.hold} == {OutcomeCode.ABSENT, OutcomeCode.HOSPITAL, OutcomeCode.DECEASED}
    assert {c: r.tenants_become for c, r in RULES.items() if r.tenants_become} == {
        OutcomeCode.MOVED: "left",
        OutcomeCode.DECEASED: "deceased",
    }
    assert {c for c, r in RULES.items() if r.bad_number} == {OutcomeCode.WRONG_NUMBER, OutcomeCode.NOT_IN_SERVICE}
    assert {c for c, r in RULES.items() if r.refuses_all} == {OutcomeCode.REFUSED_ALWAYS}
    assert {c for c, r in RULES.items() if r.of_whom} == {OutcomeCode.DECEASED}
    assert {c for c, r in RULES.items() if r.takes_hour} == {OutcomeCode.CALL_LATER, OutcomeCode.LANGUAGE}
    assert {c: r.follow_up for c, r in RULES.items() if r.follow_up} == {
        OutcomeCode.REACHED_OK_PROXY: timedelta(hours=48),
        OutcomeCode.DECEASED: timedelta(hours=48),
    }
    assert {c: r.reason for c, r in RULES.items() if r.reason is not Reason.CALLED} == {
        OutcomeCode.REFUSED_ALWAYS: Reason.REFUSED,
        OutcomeCode.MOVED: Reason.MOVED,
        OutcomeCode.DECEASED: Reason.DECEASED,
    }


@pytest.mark.parametrize(
    ("level", "called", "again"),
    [
        # routine: the other half of the next working day
        (Level.NONE, "2026-07-08 10:15", "2026-07-09 14:00"),
        (Level.YELLOW, "2026-07-08 15:00", "2026-07-09 10:00"),
        (Level.NONE, "2026-07-10 11:00", "2026-07-13 14:00"),
        (Level.NONE, "2026-07-13 15:00", "2026-07-15 10:00"),
        # orange: ninety minutes later, and not before late morning
        (Level.ORANGE, "2026-07-08 09:05", "2026-07-08 11:00"),
        (Level.ORANGE, "2026-07-08 11:00", "2026-07-08 12:30"),
        (Level.ORANGE, "2026-07-08 16:00", "2026-07-08 17:30"),
        (Level.ORANGE, "2026-07-08 18:00", "2026-07-09 09:00"),
        (Level.ORANGE, "2026-07-12 16:00", "2026-07-12 17:30"),
        # red: three within two hours
        (Level.RED, "2026-07-08 09:05", "2026-07-08 09:50"),
        (Level.RED, "2026-07-14 18:30", "2026-07-15 09:00"),
    ],
)
def test_who_did_not_answer_is_tried_again_as_the_level_asks(level: Level, called: str, again: str) -> None:
    assert next_try(OutcomeCode.NO_ANSWER, called, level=level) == paris(again)
    assert next_try(OutcomeCode.VOICEMAIL, called, level=level) == paris(again)


def test_three_tries_in_a_red_heat_fit_into_two_hours() -> None:
    second = next_try(OutcomeCode.NO_ANSWER, "2026-07-08 10:00", level=Level.RED)
    assert second is not None
    third = outcomes.next_try(
        OutcomeCode.NO_ANSWER, calls_made=2, **of_level(Level.RED), now=second, hours=HOURS, tz=PARIS, holidays=()
    )

    assert third is not None
    assert third - paris("2026-07-08 10:00") <= timedelta(hours=2)


def test_three_routine_tries_fall_on_three_days_and_both_halves() -> None:
    times = [paris("2026-07-08 10:15")]
    for made in (1, 2):
        found = outcomes.next_try(
            OutcomeCode.NO_ANSWER,
            calls_made=made,
            **of_level(Level.NONE),
            now=times[-1],
            hours=HOURS,
            tz=PARIS,
            holidays=(),
        )
        assert found is not None
        times.append(found.astimezone(PARIS))

    assert [(t.date().day, t.hour) for t in times] == [(8, 10), (9, 14), (10, 10)]


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("code", [OutcomeCode.NO_ANSWER, OutcomeCode.BUSY, OutcomeCode.VOICEMAIL])
def test_after_three_tries_the_household_counts_as_unreachable(code: OutcomeCode, level: Level) -> None:
    tries = [next_try(code, "2026-07-08 10:15", level=level, made=made) is not None for made in (1, 2, 3, 4)]

    assert tries == [True, True, False, False]


@pytest.mark.parametrize("code", [OutcomeCode.CALL_LATER, OutcomeCode.LANGUAGE])
def test_who_asked_for_another_time_or_needs_another_caller_is_never_given_up(code: OutcomeCode) -> None:
    assert next_try(code, "2026-07-08 10:15", made=50) is not None


@pytest.mark.parametrize(
    ("asked_for", "again"),
    [
        ("2026-07-08 15:00", "2026-07-08 15:00"),
        ("2026-07-08 20:00", "2026-07-09 10:00"),  # outside call hours: at the next opening
        ("2026-07-01 15:00", "2026-07-08 10:15"),  # an hour that has passed: now
    ],
)
def test_the_hour_a_person_asks_for_is_kept(asked_for: str, again: str) -> None:
    assert next_try(OutcomeCode.CALL_LATER, "2026-07-08 10:15", asked_for=paris(asked_for)) == paris(again)


def test_a_busy_line_is_tried_again_soon() -> None:
    assert next_try(OutcomeCode.BUSY, "2026-07-08 10:15") == paris("2026-07-08 10:30")


@pytest.mark.parametrize("code", [c for c, r in RULES.items() if r.state is not None or r.bad_number])
def test_a_call_that_is_over_has_no_next_try(code: OutcomeCode) -> None:
    with pytest.raises(ValueError, match="not tried again"):
        next_try(code, "2026-07-08 10:15")


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001  # naive bounds


@given(
    code=st.sampled_from(sorted(outcomes.TRIED_AGAIN)),
    made=st.integers(1, 4),
    level=st.sampled_from(Level),
    now=moments,
    asked_for=st.none() | moments,
)
def test_the_next_try_lies_ahead_in_call_hours_or_there_is_none(
    code: OutcomeCode, made: int, level: Level, now: datetime, asked_for: datetime | None
) -> None:
    found = outcomes.next_try(
        code, calls_made=made, **of_level(level), now=now, hours=HOURS, tz=PARIS, holidays=(), asked_for=asked_for
    )
    urgent = level in {Level.ORANGE, Level.RED}

    assert found is None or found >= now
    assert found is None or calendar.is_calling_time(found, HOURS, urgent=urgent, tz=PARIS, holidays=())


@pytest.mark.parametrize("most", [1, 2, 5])
def test_a_campaign_says_how_often_is_tried_and_how_far_apart(most: int) -> None:
    tries = Attempts(most, timedelta(minutes=20))
    now = paris("2026-07-08 10:15")

    found = [
        outcomes.next_try(
            OutcomeCode.NO_ANSWER, calls_made=n, tries=tries, urgent=True, now=now, hours=HOURS, tz=PARIS, holidays=()
        )
        for n in range(1, most + 1)
    ]

    assert found == [now + timedelta(minutes=20)] * (most - 1) + [None]
