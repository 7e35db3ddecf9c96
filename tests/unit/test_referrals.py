"""What a referral may become, by when somebody looks again, and whom a need is proposed to."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.catalogue import forms
from worker.domain import partners, referrals
from worker.domain.callbacks import OF_REFERRALS, POINTS, SILENCE, TaskReason, closes_on_late_ok
from worker.domain.partners import Partner, PartnerKind, Place
from worker.domain.referrals import (
    DELAYS,
    HELP_WITHIN,
    MOVES,
    OF_NEED,
    OPEN_STATES,
    ReferralReason,
    ReferralState,
    Times,
    Urgency,
    chase,
    due_at,
    first_check,
    may_move,
)

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
S, U, R = ReferralState, Urgency, TaskReason
CONFIG = Path(__file__).parents[2] / "config"

ENDS = (S.SOLVED, S.NOT_SOLVED, S.DECLINED, S.NO_FEEDBACK, S.WITHDRAWN)
ALLOWED = {
    *((S.DRAFT, new) for new in (S.CONSENTED, S.WITHDRAWN)),
    *((S.CONSENTED, new) for new in (S.SENT, S.WITHDRAWN)),
    *((S.SENT, new) for new in (S.ACKNOWLEDGED, S.IN_PROGRESS, *ENDS)),
    *((S.ACKNOWLEDGED, new) for new in (S.IN_PROGRESS, *ENDS)),
    *((S.IN_PROGRESS, new) for new in ENDS),
}


@pytest.mark.parametrize("old", S)
@pytest.mark.parametrize("new", S)
def test_a_referral_moves_as_the_table_says_and_no_other_way(old: ReferralState, new: ReferralState) -> None:
    assert may_move(old, new) == ((old, new) in ALLOWED)


def test_what_is_over_stays_over() -> None:
    assert {state for state in S if not MOVES[state]} == set(ENDS)


@pytest.mark.parametrize(("urgency", "hours"), [(U.IMMEDIATE, 1), (U.DAY, 24), (U.THREE_DAYS, 72), (U.WEEK, 7 * 24)])
def test_the_partner_has_the_time_its_urgency_names(urgency: Urgency, hours: int) -> None:
    assert due_at(urgency, NOW) == NOW + timedelta(hours=hours)
    assert first_check(S.SENT, urgency, now=NOW) == NOW + timedelta(hours=hours / 2)


@pytest.mark.parametrize("urgency", U)
@pytest.mark.parametrize("state", S)
def test_whatever_is_open_is_looked_at_again_and_nothing_else_is(state: ReferralState, urgency: Urgency) -> None:
    check = first_check(state, urgency, now=NOW)

    assert (check is not None) == (state in OPEN_STATES)
    if check is not None:
        assert NOW < check <= NOW + max(DELAYS[urgency], HELP_WITHIN[urgency])


def _sent(urgency: Urgency = U.DAY, after: timedelta = timedelta()) -> Times:
    return Times(S.SENT, urgency, NOW + after, due_at(urgency, NOW))


@pytest.mark.parametrize(
    ("times", "after_h", "reason", "again_h"),
    [
        (_sent(after=timedelta(hours=12)), 11, None, None),
        (_sent(after=timedelta(hours=12)), 12, R.REFERRAL_REMINDER, 24),
        (_sent(after=timedelta(hours=24)), 24, R.REFERRAL_OVERDUE, 48),
        (_sent(after=timedelta(hours=12)), 30, R.REFERRAL_OVERDUE, 54),
        (_sent(U.IMMEDIATE, timedelta(minutes=30)), 0.5, R.REFERRAL_REMINDER, 1),
        (_sent(U.IMMEDIATE, timedelta(hours=1)), 1, R.REFERRAL_OVERDUE, 2),
        (Times(S.DRAFT, U.DAY, NOW + timedelta(hours=12)), 12, R.REFERRAL_TO_FINISH, 36),
        (Times(S.CONSENTED, U.IMMEDIATE, NOW + timedelta(minutes=30)), 0.5, R.REFERRAL_TO_FINISH, 1.5),
        (Times(S.ACKNOWLEDGED, U.DAY, NOW + timedelta(days=3)), 72, R.REFERRAL_RING_BACK, 144),
        (Times(S.IN_PROGRESS, U.WEEK, NOW + timedelta(days=14)), 14 * 24, R.REFERRAL_RING_BACK, 28 * 24),
    ],
)
def test_what_nobody_answers_for_comes_back_in_time(
    times: Times, after_h: float, reason: TaskReason | None, again_h: float | None
) -> None:
    found = chase(times, now=NOW + timedelta(hours=after_h))

    assert (found.reason if found else None) == reason
    assert (found.next_check if found else None) == (None if again_h is None else NOW + timedelta(hours=again_h))


@given(
    state=st.sampled_from(OPEN_STATES),
    urgency=st.sampled_from(Urgency),
    waits=st.lists(st.integers(1, 40 * 24 * 60), min_size=1, max_size=12),
)
def test_however_late_the_clock_ticks_the_next_look_lies_ahead(
    state: ReferralState, urgency: Urgency, waits: list[int]
) -> None:
    check = first_check(state, urgency, now=NOW)
    assert check is not None
    due = due_at(urgency, NOW) if state is S.SENT else None
    now, looks = NOW, [check]
    for minutes in waits:
        now += timedelta(minutes=minutes)
        found = chase(Times(state, urgency, looks[-1], due), now=now)
        assert (found is None) == (now < looks[-1])
        if found is not None:
            assert now < found.next_check <= now + max(referrals.MOST_APART, HELP_WITHIN[urgency], DELAYS[urgency])
            looks.append(found.next_check)

    assert all(a < b for a, b in pairwise(looks))


# ---- needs and partners -------------------------------------------------------


def test_every_need_of_a_shipped_form_is_a_reason_of_a_referral() -> None:
    needs = {need for form in forms.load(CONFIG) for question in form.questions for need in question.needs}

    assert needs - set(OF_NEED) == set()


def test_a_need_that_only_the_landlord_knows_is_told_by_voice() -> None:
    assert referrals.of_needs(["chats_a_nourrir"]) == (ReferralReason.OTHER_NEED,)


def test_every_reason_has_somebody_who_helps_and_a_delay() -> None:
    assert set(referrals.KINDS) == set(referrals.URGENCIES) == set(ReferralReason)
    assert all(referrals.KINDS.values())


def test_the_soonest_of_several_needs_counts() -> None:
    assert referrals.urgency_for([ReferralReason.REGISTER, ReferralReason.GROCERIES]) is U.DAY


def test_a_referral_is_never_closed_by_a_text_that_says_all_is_well() -> None:
    assert set(OF_REFERRALS) & SILENCE == set()
    assert all(not closes_on_late_ok([reason]) and POINTS[reason] for reason in OF_REFERRALS)


TOULOUSE = Place("31555", "31000", "TOULOUSE")


def _partner(id_: int, kind: PartnerKind = PartnerKind.CCAS, **where: tuple[str, ...]) -> Partner:
    return Partner(id_, kind, f"Partenaire {id_}", **where)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "serves"),
    [
        ({"insee_codes": ("31555",)}, True),
        ({"postcodes": ("31000",)}, True),
        ({"communes": ("Toulouse",)}, True),
        ({}, True),
        ({"insee_codes": ("31069",), "communes": ("Blagnac",)}, False),
        ({"postcodes": ("31555",)}, False),
    ],
)
def test_a_partner_serves_where_it_says(where: dict[str, tuple[str, ...]], serves: bool) -> None:
    assert partners.serves(_partner(1, **where), TOULOUSE) is serves


def test_accents_and_hyphens_of_a_commune_do_not_matter() -> None:
    place = Place(None, "", "SAINT JEAN DU FALGA")

    assert partners.serves(_partner(1, communes=("Saint-Jean-du-Falga",)), place)


def test_an_unknown_place_is_served_by_those_who_work_everywhere_only() -> None:
    found = partners.suggested([_partner(1, communes=("Toulouse",)), _partner(2)], Place(), [PartnerKind.CCAS])

    assert [p.id for p in found] == [2]


def test_who_helps_first_and_near_stands_first() -> None:
    known = [
        _partner(1, PartnerKind.ASSOCIATION),
        _partner(2, PartnerKind.CCAS),
        _partner(3, PartnerKind.CCAS, communes=("Toulouse",)),
        _partner(4, PartnerKind.CCAS, communes=("Blagnac",)),
    ]

    found = partners.suggested(known, TOULOUSE, referrals.kinds_for([ReferralReason.GROCERIES]))

    assert [p.id for p in found] == [3, 2, 1]
