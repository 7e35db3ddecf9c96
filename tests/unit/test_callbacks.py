"""Whom to ring first, why, and by when."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import calendar, callbacks
from worker.domain.callbacks import Facts, TaskReason
from worker.domain.campaigns import Level

PARIS = ZoneInfo("Europe/Paris")
NOBODY_SPECIAL = Facts(age=72, lives_alone="no")


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def scored(*reasons: TaskReason, facts: Facts = NOBODY_SPECIAL) -> dict[str, int]:
    return dict(callbacks.score(reasons, facts))


def test_an_old_woman_alone_silent_on_the_third_orange_day_comes_before_noon() -> None:
    facts = Facts(age=83, lives_alone="yes", level=Level.ORANGE, heat_day=3)

    points = callbacks.score([TaskReason.NO_REPLY_ORANGE], facts)

    assert dict(points) == {"no_reply_orange": 30, "age_80": 10, "lives_alone": 15, "orange": 10, "heat_day": 5}
    assert callbacks.priority(points) == 70
    assert callbacks.band(70) == "P1"


def test_a_couple_silent_in_an_ordinary_week_can_wait() -> None:
    points = callbacks.score([TaskReason.WEEKLY], NOBODY_SPECIAL)

    assert points == (("weekly", 10),)
    assert callbacks.band(callbacks.priority(points)) == "P3"


@pytest.mark.parametrize(
    ("reason", "points"),
    [
        (TaskReason.EMERGENCY_WORD, 100),
        (TaskReason.ASKED_CALL, 60),
        (TaskReason.NO_REPLY_RED, 45),
        (TaskReason.UNCLEAR, 40),
        (TaskReason.MANUAL, 40),
        (TaskReason.RANG_UNHEARD, 40),
        (TaskReason.NO_REPLY_ORANGE, 30),
        (TaskReason.UNDELIVERED, 30),
        (TaskReason.NO_MOBILE, 25),
        (TaskReason.WEEKLY, 10),
    ],
)
def test_each_reason_has_its_weight(reason: TaskReason, points: int) -> None:
    assert scored(reason) == {reason: points}


def test_every_reason_has_a_weight() -> None:
    assert set(callbacks.POINTS) == set(TaskReason)


@pytest.mark.parametrize(
    ("facts", "code", "points"),
    [
        (Facts(age=79, lives_alone="no"), None, 0),
        (Facts(age=80, lives_alone="no"), "age_80", 10),
        (Facts(age=84, lives_alone="no"), "age_80", 10),
        (Facts(age=85, lives_alone="no"), "age_85", 20),
        (Facts(age=104, lives_alone="no"), "age_85", 20),
        (Facts(age=None, lives_alone="no"), "age_unknown", 5),
        (Facts(age=0, lives_alone="no"), None, 0),
        (Facts(age=72, lives_alone="yes"), "lives_alone", 15),
        (Facts(age=72, lives_alone="unknown"), "lives_alone_unknown", 5),
        (Facts(age=72, lives_alone="no", no_support=True), "no_support", 15),
        (Facts(age=72, lives_alone="no", fragile=True), "fragile", 15),
        (Facts(age=72, lives_alone="no", level=Level.RED, heat_day=1), "red", 25),
        (Facts(age=72, lives_alone="no", level=Level.ORANGE, heat_day=2), "orange", 10),
        (Facts(age=72, lives_alone="no", level=Level.YELLOW, heat_day=9), None, 0),
        (Facts(age=72, lives_alone="no", silent_events=1), "silent_before", 5),
        (Facts(age=72, lives_alone="no", silent_events=3), "silent_before", 15),
        (Facts(age=72, lives_alone="no", silent_events=9), "silent_before", 15),
        (Facts(age=72, lives_alone="no", waiting_min=29), None, 0),
        (Facts(age=72, lives_alone="no", waiting_min=30), "waiting_long", 1),
        (Facts(age=72, lives_alone="no", waiting_min=10_000), "waiting_long", 15),
        (Facts(age=72, lives_alone="no", waiting_min=-500), None, 0),
        (Facts(age=72, lives_alone="no", fine_recently=True), "fine_recently", -30),
    ],
)
def test_each_fact_adds_its_points_and_says_so(facts: Facts, code: str | None, points: int) -> None:
    assert scored(TaskReason.UNCLEAR, facts=facts) == {"unclear": 40} | ({code: points} if code else {})


@pytest.mark.parametrize("reason", [TaskReason.ASKED_CALL, TaskReason.EMERGENCY_WORD])
def test_having_been_well_yesterday_does_not_weaken_a_call_for_help(reason: TaskReason) -> None:
    facts = Facts(age=72, lives_alone="no", fine_recently=True)

    assert "fine_recently" not in scored(reason, TaskReason.NO_REPLY, facts=facts)


def test_the_strongest_reason_counts_in_full_and_the_others_a_little() -> None:
    silent_then_asked = scored(TaskReason.NO_REPLY_ORANGE, TaskReason.ASKED_CALL)

    assert silent_then_asked == {"asked_call": 60, "further_reasons": 10}


def test_a_pile_of_reasons_does_not_look_like_an_emergency() -> None:
    everything_but = [r for r in TaskReason if r not in {TaskReason.EMERGENCY_WORD, TaskReason.ASKED_CALL}]

    assert callbacks.priority(callbacks.score(everything_but, NOBODY_SPECIAL)) == 45 + 20


@pytest.mark.parametrize(
    ("value", "band"),
    [(250, "P0"), (100, "P0"), (99, "P1"), (60, "P1"), (59, "P2"), (35, "P2"), (34, "P3"), (0, "P3"), (-30, "P3")],
)
def test_the_bands_begin_where_the_rules_say(value: int, band: str) -> None:
    assert callbacks.band(value) == band


def test_an_emergency_or_a_call_for_help_is_never_left_for_the_day_after() -> None:
    least = {r: callbacks.band(callbacks.priority(callbacks.score([r], NOBODY_SPECIAL))) for r in TaskReason}

    assert least[TaskReason.EMERGENCY_WORD] == "P0"
    assert least[TaskReason.ASKED_CALL] == "P1"
    assert least[TaskReason.UNCLEAR] == "P2"


reasons = st.sets(st.sampled_from(TaskReason), min_size=1)
some_facts = st.builds(
    Facts,
    age=st.none() | st.integers(0, 120),
    lives_alone=st.sampled_from(["yes", "no", "unknown"]),
    fragile=st.booleans(),
    no_support=st.booleans(),
    level=st.sampled_from(Level),
    heat_day=st.integers(0, 30),
    silent_events=st.integers(0, 30),
    waiting_min=st.floats(-1e6, 1e6),
    fine_recently=st.booleans(),
)


@given(reasons=reasons, facts=some_facts)
def test_the_sum_is_explained_to_the_last_point(reasons: set[TaskReason], facts: Facts) -> None:
    points = callbacks.score(reasons, facts)

    assert callbacks.priority(points) == sum(p for _, p in points)
    assert all(p for _, p in points)
    assert {code for code, _ in points} <= set(TaskReason) | set(callbacks.SCORE_CODES)
    assert len({code for code, _ in points}) == len(points)


@given(reasons=reasons, new=st.sampled_from(TaskReason), facts=some_facts)
def test_a_further_reason_never_lowers_a_task(reasons: set[TaskReason], new: TaskReason, facts: Facts) -> None:
    before = callbacks.priority(callbacks.score(reasons, facts))
    after = callbacks.priority(callbacks.score(callbacks.merge(reasons, [new]), facts))

    assert after >= before


def test_reasons_merge_strongest_first_each_once_in_any_order() -> None:
    three = (TaskReason.NO_REPLY_ORANGE, TaskReason.ASKED_CALL, TaskReason.UNCLEAR)

    merged = {callbacks.merge(order, [*order, TaskReason.UNCLEAR]) for order in permutations(three)}

    assert merged == {(TaskReason.ASKED_CALL, TaskReason.UNCLEAR, TaskReason.NO_REPLY_ORANGE)}


@given(reasons)
def test_a_late_all_well_closes_only_what_silence_opened_or_that_nothing_could_be_asked_before(
    reasons: set[TaskReason],
) -> None:
    silence = {TaskReason.NO_REPLY, TaskReason.NO_REPLY_ORANGE, TaskReason.NO_REPLY_RED, TaskReason.WEEKLY}
    silence |= {TaskReason.CALL_NO_KEY, TaskReason.CALL_UNANSWERED, TaskReason.RANG_UNHEARD}

    assert callbacks.closes_on_late_ok(reasons) == (not reasons - silence)
    unasked = {TaskReason.NO_MOBILE, TaskReason.PREFERS_CALL}
    assert callbacks.closes_on_late_ok(reasons, were_asked=True) == (not reasons - silence - unasked)


@pytest.mark.parametrize(
    ("band", "now", "urgent", "due"),
    [
        ("P0", "2026-07-08 03:00", False, "2026-07-08 03:15"),
        ("P0", "2026-07-11 23:50", True, "2026-07-12 00:05"),
        ("P1", "2026-07-08 10:00", False, "2026-07-08 12:00"),
        ("P1", "2026-07-08 18:00", False, "2026-07-09 11:30"),
        ("P1", "2026-07-08 18:00", True, "2026-07-09 10:00"),
        ("P2", "2026-07-08 10:00", False, "2026-07-08 18:30"),
        ("P2", "2026-07-08 10:00", True, "2026-07-08 19:00"),
        ("P2", "2026-07-08 18:15", False, "2026-07-09 12:30"),
        ("P2", "2026-07-11 10:00", False, "2026-07-13 12:30"),
        ("P2", "2026-07-11 10:00", True, "2026-07-11 19:00"),
        ("P3", "2026-07-08 10:00", False, "2026-07-10 18:30"),
        ("P3", "2026-07-09 10:00", False, "2026-07-13 18:30"),
    ],
)
def test_each_band_has_its_hour(band: str, now: str, urgent: bool, due: str) -> None:
    found = callbacks.due_at(band, paris(now), calendar.CallHours(), urgent=urgent, tz=PARIS, holidays=())

    assert found == paris(due)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001  # naive bounds


@given(now=moments, urgent=st.booleans())
def test_who_is_more_urgent_is_due_no_later(now: datetime, urgent: bool) -> None:
    hours = calendar.CallHours()
    dues = [
        callbacks.due_at(band, now, hours, urgent=urgent, tz=PARIS, holidays=()) for band in ("P0", "P1", "P2", "P3")
    ]

    assert dues[0] == now + timedelta(minutes=15)
    assert now < dues[1] <= dues[3]
    assert dues[2] <= dues[3]
